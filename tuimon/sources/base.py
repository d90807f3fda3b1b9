"""The contract that every reader of a format keeps."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field, replace
from enum import IntEnum
from pathlib import Path
from typing import Protocol, runtime_checkable

from tuimon.core.batch import Problem, Record
from tuimon.core.frozen import frozen


@frozen
class ReadBudget:
    """How much one call of `Source.read` may do before it returns with `more`.

    The defaults suit a background thread beside a screen: a slice of a few milliseconds. `UNBOUNDED`
    reads to the end.
    """

    max_bytes: int = 1 << 20


UNBOUNDED = ReadBudget(max_bytes=1 << 62)


@frozen
class ReadResult:
    """What one call of `Source.read` brought.

    Attributes:
        records: In the order in which they were written.
        more: Whether another call would bring more at once.
        bytes_read: How many bytes were read, for budgets and progress.
        problems: What could not be read. Each problem is reported once.
    """

    records: tuple[Record, ...] = ()
    more: bool = False
    bytes_read: int = 0
    problems: tuple[Problem, ...] = ()


class Source(Protocol):
    """A resumable reader of the files of one format in one run.

    A source is used by one thread. It holds its place between calls, so that what was read is never read
    again; it never raises on bad data, and never forgets what it handed out: a file that shrank, was
    replaced or vanished becomes a `Problem` and, if it comes back, a new generation.
    """

    format: str

    @property
    def total_bytes(self) -> int:
        """Size of all files, as far as it is known."""

    def read(self, budget: ReadBudget) -> ReadResult:
        """Read on from where the last call stopped."""

    def add_paths(self, paths: tuple[Path, ...]) -> None:
        """Take up files that came since: another event file, another checkpoint."""

    def close(self) -> None:
        """Let go of open files."""


class Confidence(IntEnum):
    """How sure a factory is that a file is of its format."""

    NO = 0
    POSSIBLE = 1
    LIKELY = 2
    CERTAIN = 3


@frozen
class Sniff:
    """What a factory makes of one file, and why (shown by `tuimon doctor`)."""

    confidence: Confidence
    reason: str


@frozen
class Trainer:
    """A trainer or library whose files a factory knows: a line of the README's table of formats.

    Attributes:
        name: What people call it.
        files: Its files, in Markdown, and what is read of them.
    """

    name: str
    files: str


class SourceFactory(Protocol):
    """One format: recognises its files and opens sources on them.

    Attributes:
        format: Its short name, as summaries show it.
        trainers: Who writes it (`python -m scripts.write_format_table` puts them into the README).
    """

    format: str
    trainers: tuple[Trainer, ...]

    def sniff(self, path: Path, head: bytes) -> Sniff:
        """Tell whether `path`, which begins with `head` (up to 4 KiB), is of this format."""

    def open(self, paths: tuple[Path, ...]) -> Source:
        """Return a source over the files of one run. Files need not exist any more."""


@frozen
class StoredRun:
    """One of the runs that a store of runs holds.

    Attributes:
        path: What a source is opened with; it need not exist as a file.
        place: Where it lies, for people.
        called: The place by names where `place` has numbers.
        mtime: When it changed last, in unix seconds; NaN where that is not told.
    """

    path: Path
    place: Path
    called: Path
    mtime: float


def place_called(store: Path, *names: object) -> Path:
    """Return a place below a store by names, which may hold anything."""
    return store.joinpath(*(re.sub(r"[/\0]|^\.+$", "_", str(name)) or "_" for name in names))


@runtime_checkable
class StoreFactory(SourceFactory, Protocol):
    """A format whose files hold any number of runs, or runs whose names stand in the file: a store."""

    def runs(self, path: Path) -> tuple[StoredRun, ...]:
        """Return the runs in a file that `sniff` knew, the oldest first. Never raises."""


@frozen
class SourceRef:
    """The files of one format that belong to one run, oldest first.

    Attributes:
        format: Which factory opens them.
        paths: The files.
        prefix: What goes before their tags (`validation/`), for parts of a run that log the same names.
        verify: Whether every checksum is verified, also those of records that are read as well without.
    """

    format: str
    paths: tuple[Path, ...]
    prefix: str = ""
    verify: bool = False


@frozen
class RunRef:
    """A run that was found: its name, where it lies, and what it is read from.

    Attributes:
        name: The path below the given folder, or the name that tells it apart.
        path: The run's folder, or its file if it is a single file.
        sources: What it is read from, the best source first.
        mtime: When any of its files changed last, in unix seconds.
        notes: Facts that discovery learnt, such as `checkpoint` for a checkpoint named explicitly.
    """

    name: str
    path: Path
    sources: tuple[SourceRef, ...]
    mtime: float
    notes: Mapping[str, str] = field(default_factory=dict)

    def verified(self) -> RunRef:
        """Return the same run, of which every checksum is verified when it is read."""
        return replace(self, sources=tuple(replace(source, verify=True) for source in self.sources))


@frozen
class Discovery:
    """What one look below the given paths found.

    Attributes:
        runs: In the order of their names.
        problems: Paths that could not be read, Git LFS pointers and the like.
        files_seen: How many files were looked at.
    """

    runs: tuple[RunRef, ...]
    problems: tuple[Problem, ...]
    files_seen: int
