"""The formats that tuimon reads."""

from __future__ import annotations

from functools import cache

from tuimon.core.batch import Problem
from tuimon.sources.base import Source, SourceFactory, SourceRef
from tuimon.sources.config_file import ConfigFactory
from tuimon.sources.csv_sniff import CsvFactory
from tuimon.sources.database_files import MlflowDatabaseFactory, TrackioFactory
from tuimon.sources.event_sniff import TfEventsFactory
from tuimon.sources.jsonl_sniff import JsonlFactory
from tuimon.sources.mlflow_files import MlflowStoreFactory
from tuimon.sources.plugged import PluggedFactory, plugged_factories
from tuimon.sources.text_log import TextLogFactory
from tuimon.sources.trainer_state import TrainerStateFactory
from tuimon.sources.wandb_file import WandbFactory

# Where two sources of a run log the same tag, the earlier format here is shown: event files and JSON lines
# grow with every step and keep times; tables keep none, and a trainer state is written with a checkpoint.
# Text logs round what they print.
FACTORIES: tuple[SourceFactory, ...] = (
    TfEventsFactory(),
    JsonlFactory(),
    WandbFactory(),
    CsvFactory(),
    TrainerStateFactory(),
    TextLogFactory(),
    MlflowDatabaseFactory(),
    MlflowStoreFactory(),
    TrackioFactory(),
    ConfigFactory(),
)


@cache
def plugged() -> tuple[tuple[PluggedFactory, ...], tuple[Problem, ...]]:
    """Return the formats that other installed packages add, and what is wrong with those left out."""
    return plugged_factories(frozenset(factory.format for factory in FACTORIES))


def all_factories() -> tuple[SourceFactory, ...]:
    """Return the formats that are read here, those of other packages last."""
    return (*FACTORIES, *plugged()[0])


def markdown_table() -> str:
    """Return what is read, as a Markdown table: a line per trainer, formats in the order given."""
    lines = [f"| {trainer.name} | {trainer.files} |" for factory in FACTORIES for trainer in factory.trainers]
    return "\n".join(["| written by | files |", "|---|---|", *lines, ""])


def open_source(ref: SourceRef) -> Source:
    """Return a source over the files of `ref`.

    Raises:
        LookupError: No factory is of the format.
    """
    for factory in all_factories():
        if factory.format == ref.format:
            if ref.verify and isinstance(factory, TfEventsFactory):
                source: Source = factory.open(ref.paths, verify=True)
            else:
                source = factory.open(ref.paths)
            if not ref.prefix:
                return source
            from tuimon.sources.prefixed import PrefixedSource  # noqa: PLC0415  # few runs have parts

            return PrefixedSource(source, ref.prefix)
    raise LookupError(f"no source reads the format {ref.format}")
