"""Runs as other programs see them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, overload

from tuimon.analysis.best import Best, best_value
from tuimon.analysis.findings.finding import Finding
from tuimon.analysis.progress import Progress
from tuimon.core.batch import ConfigValue, Problem
from tuimon.library.frame import frame
from tuimon.library.series import Series
from tuimon.monitor.snapshot import RunState

if TYPE_CHECKING:
    import pandas as pd


class Run(Mapping[str, Series]):
    """One training run: a mapping of its tags to their series, in the order in which they appeared.

    It never changes; load again for what was logged since.
    """

    def __init__(self, state: RunState) -> None:
        self._state = state
        self._series = {tag: Series(view) for tag, view in state.run.series.items() if len(view)}

    def __getitem__(self, tag: str) -> Series:
        """Return the series of a tag; KeyError if it was not logged."""
        return self._series[tag]

    def __iter__(self) -> Iterator[str]:
        return iter(self._series)

    def __len__(self) -> int:
        """Return the number of tags."""
        return len(self._series)

    def __repr__(self) -> str:
        return f"<Run {self.name!r}: {self.status}, {len(self)} series>"

    @property
    def name(self) -> str:
        """The path below the given folder, or the name that was given."""
        return self._state.name

    @property
    def path(self) -> Path:
        """The run's folder, or its file."""
        return self._state.path

    @property
    def formats(self) -> tuple[str, ...]:
        """What it was read from: `tfevents`, `jsonl`, `hf`, …."""
        return tuple(dict.fromkeys(self._state.formats))

    @property
    def status(self) -> str:
        """`done`, `failed`, `stopped` or `unknown`, as far as the files tell."""
        return self._state.status.value

    @property
    def progress(self) -> Progress:
        """How far the run is, and how fast: `step`, `total_steps`, `epoch`, `steps_per_s`, `elapsed_s`, …."""
        return self._state.progress

    @property
    def config(self) -> Mapping[str, ConfigValue]:
        """Hyper-parameters, as logged."""
        return self._state.run.config

    @property
    def best(self) -> Best | None:
        """The best value of the most telling curve: its `series`, `value`, `step` and `checkpoint`."""
        return best_value(self._state.run)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is wrong with it, in the order in which it was found; empty unless `load` was asked."""
        return self._state.findings

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What could not be read."""
        return self._state.problems

    def to_pandas(self) -> pd.DataFrame:
        """Return all points as a data frame with a row per point: tag, step, wall_time, value, attempt.

        Raises:
            ImportError: pandas is not installed.
        """
        return frame(self.values())


class Runs(Sequence[Run]):
    """Runs in the order of their names, found by number or by name.

    Attributes:
        problems: What is wrong beside the runs: unreadable paths and the like.
    """

    def __init__(self, runs: Iterable[Run], problems: tuple[Problem, ...] = ()) -> None:
        self._runs = tuple(runs)
        self._by_name = MappingProxyType({run.name: run for run in self._runs})
        self.problems = problems

    @overload
    def __getitem__(self, key: int | str) -> Run: ...
    @overload
    def __getitem__(self, key: slice) -> Runs: ...
    def __getitem__(self, key: int | str | slice) -> Run | Runs:
        """Return a run by its number or name, or a slice of them."""
        if isinstance(key, str):
            return self._by_name[key]
        return Runs(self._runs[key], self.problems) if isinstance(key, slice) else self._runs[key]

    def __len__(self) -> int:
        """Return the number of runs."""
        return len(self._runs)

    def __repr__(self) -> str:
        return f"<Runs: {', '.join(map(repr, self._by_name))}>"

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the runs."""
        return tuple(self._by_name)

    def to_pandas(self) -> pd.DataFrame:
        """Return all points of all runs, as `Run.to_pandas` with the column `run` before the others.

        Raises:
            ImportError: pandas is not installed.
        """
        return frame(
            [series for run in self._runs for series in run.values()],
            [(run.name, sum(map(len, run.values()))) for run in self._runs],
        )
