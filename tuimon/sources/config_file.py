"""Files of hyper-parameters beside a run's metrics: what it was started with, and how long it is to be."""

from __future__ import annotations

import os
from pathlib import Path

from tuimon.core.batch import ConfigRecord, ConfigValue, Problem
from tuimon.sources.base import Confidence, ReadBudget, ReadResult, Sniff, Source, Trainer
from tuimon.sources.config_text import read_config
from tuimon.sources.row_notes import flatten_config

FORMAT = "config"
# What trainers call them. They belong to a run that is known by its metrics, and make none by themselves.
_NAMES = frozenset(
    {
        "args.yaml", "opt.yaml", "hparams.yaml", "params.yaml", "config.yaml", "config.yml", "config.json",
        "configuration.yaml", "adapter_config.json", "hparams.json", "args.json",
        "training_args.bin",
    }
)  # fmt: skip
_MMENGINE = ("vis_data", "config.py")
_MOST_BYTES = 1 << 20


def is_config_name(path: Path) -> bool:
    """Return whether a file is named as trainers name their hyper-parameters."""
    return path.name in _NAMES or (path.parent.name, path.name) == _MMENGINE


class ConfigSource:
    """Reads the hyper-parameters of one run, and again when they change. Used by one thread.

    Args:
        paths: Files of one run. They need not exist any more, or yet.
    """

    format = FORMAT

    def __init__(self, paths: tuple[Path, ...]) -> None:
        self._seen: dict[Path, tuple[int, ...]] = dict.fromkeys(paths, ())
        self._told: dict[str, ConfigValue] = {}
        self._sizes: dict[Path, int] = {}

    @property
    def total_bytes(self) -> int:
        """Size of all files when they were read last."""
        return sum(self._sizes.values())

    def read(self, budget: ReadBudget) -> ReadResult:  # noqa: ARG002  # the files are small
        """Read the files that changed. Never raises on bad content."""
        records: list[ConfigRecord] = []
        problems: list[Problem] = []
        bytes_read = 0
        for path, seen in self._seen.items():
            try:
                found = path.stat()
                signature = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)
                if signature == seen:
                    continue
                self._seen[path] = signature
                text = _read(path)
                bytes_read += len(text)
                self._sizes[path] = len(text)
                values = flatten_config(read_config(text, path.suffix))
            except FileNotFoundError:
                continue  # what was read is kept; a run is not worse without it
            except (OSError, ValueError) as error:
                problems.append(Problem(str(path), f"holds hyper-parameters, but could not be read: {error}"))
                continue
            changed = {key: value for key, value in values.items() if self._is_news(key, value)}
            self._told |= changed
            if changed:
                records.append(ConfigRecord(changed))
        return ReadResult(tuple(records), more=False, bytes_read=bytes_read, problems=tuple(problems))

    def add_paths(self, paths: tuple[Path, ...]) -> None:
        """Read these files too."""
        for path in paths:
            self._seen.setdefault(path, ())

    def close(self) -> None:
        """Let go of open files: none stays open between reads."""

    def _is_news(self, key: str, value: ConfigValue) -> bool:
        return key not in self._told or repr(self._told[key]) != repr(value)  # NaN equals itself in writing


class ConfigFactory:
    """Recognises files of hyper-parameters by their names."""

    format = FORMAT
    trainers: tuple[Trainer, ...] = (
        Trainer(
            "hyper-parameters beside any of these",
            "`args.yaml`, `opt.yaml`, `hparams.yaml`, `params.yaml`, `config.yaml`, `config.json`, "
            "`adapter_config.json`, `vis_data/config.py` (read as text, never run), `configuration.yaml`, "
            "`training_args.bin` (never unpickled)",
        ),
    )

    def sniff(self, path: Path, head: bytes) -> Sniff:
        """Tell whether `path` holds the hyper-parameters of a run."""
        if is_config_name(path) and head.strip():
            return Sniff(Confidence.LIKELY, "is named as the hyper-parameters of the run beside it")
        return Sniff(Confidence.NO, "")

    def open(self, paths: tuple[Path, ...]) -> Source:
        """Return a source over the files of one run."""
        return ConfigSource(paths)


def _read(path: Path) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        text = file.read(_MOST_BYTES + 1)
    if len(text) > _MOST_BYTES:
        raise ValueError("it is larger than 1 MiB")
    return text
