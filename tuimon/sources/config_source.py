"""Reads files of hyper-parameters: what a run was started with, and how long it is to be."""

from __future__ import annotations

import os
from pathlib import Path

from tuimon.core.batch import ConfigRecord, ConfigValue, Problem
from tuimon.sources.base import ReadBudget, ReadResult
from tuimon.sources.config_file import FORMAT
from tuimon.sources.config_text import read_config
from tuimon.sources.row_notes import flatten_config

_MOST_BYTES = 1 << 20


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


def _read(path: Path) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        text = file.read(_MOST_BYTES + 1)
    if len(text) > _MOST_BYTES:
        raise ValueError("it is larger than 1 MiB")
    return text
