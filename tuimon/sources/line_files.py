"""Sources whose files hold a record per line."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from tuimon.core.batch import Problem, Record
from tuimon.core.frozen import frozen
from tuimon.sources.base import ReadBudget, ReadResult
from tuimon.sources.sniffing import LFS_ADVICE

# The first ones tell the story; a file of a million bad lines is one problem.
_LISTED_BAD_LINES = 5


@frozen
class FileRead:
    """What one read of one file brought.

    Attributes:
        records: In the order in which they were written.
        rows: How many numbers of `order` the records took.
        more: Whether another read would bring more at once.
        bytes_read: How many bytes were read.
        problems: What could not be read. Each problem is reported once.
    """

    records: list[Record]
    rows: int
    more: bool
    bytes_read: int
    problems: list[Problem]


class LineFile(Protocol):
    """One file with a record per line, read block by block."""

    path: Path

    @property
    def size(self) -> int:
        """Its size in bytes when it was read last."""

    def read(self, max_bytes: int, first_order: int) -> FileRead:
        """Read on; the first new row has the number `first_order` in its source. Never raises."""


class OpenLineFile(Protocol):
    """What opens a file of one format: its class, as a rule."""

    def __call__(self, path: Path, /) -> LineFile:
        """Return the file; it need not exist yet, or any more."""


class LineFilesSource:
    """Reads on in the files of one writer, one after another. Used by one thread.

    `order` is the number of the row, counted over all files and generations of them from 0.

    Args:
        format: Name of the format.
        open_file: Opens one of its files.
        paths: The files, the oldest first. They need not exist any more, or yet.
    """

    def __init__(self, format: str, open_file: OpenLineFile, paths: tuple[Path, ...]) -> None:  # noqa: A002  # the contract's word
        self.format = format
        self._open_file = open_file
        self._files = [open_file(path) for path in paths]
        self._next_order = 0

    @property
    def next_order(self) -> int:
        """The number of the next row."""
        return self._next_order

    @property
    def total_bytes(self) -> int:
        """Size of all files when they were read last."""
        return sum(file.size for file in self._files)

    def read(self, budget: ReadBudget) -> ReadResult:
        """Read on from where the last call stopped. Never raises on bad content."""
        records: list[Record] = []
        problems: list[Problem] = []
        bytes_left = budget.max_bytes
        waiting = list(self._files)
        while waiting and bytes_left > 0:
            read = waiting[0].read(bytes_left, self._next_order)
            self._next_order += read.rows
            records += read.records
            problems += read.problems
            bytes_left -= read.bytes_read
            if not read.more:
                del waiting[0]
        return ReadResult(tuple(records), bool(waiting), budget.max_bytes - bytes_left, tuple(problems))

    def add_paths(self, paths: tuple[Path, ...]) -> None:
        """Read these files too, after those known."""
        known = {file.path for file in self._files}
        self._files += [self._open_file(path) for path in paths if path not in known]

    def close(self) -> None:
        """Let go of open files: none stays open between reads."""


class BadLines:
    """Tells of the first bad lines of a file, and that there are more."""

    def __init__(self, path: Path) -> None:
        self._path = str(path)
        self._count = 0

    def note(self, fault: str, offset: int, problems: list[Problem]) -> None:
        """Note a bad line."""
        self._count += 1
        if self._count <= _LISTED_BAD_LINES:
            problems.append(Problem(self._path, fault, offset))
        elif self._count == _LISTED_BAD_LINES + 1:
            problems.append(Problem(self._path, "further bad lines are skipped without a word", offset))

    def note_pointer(self, problems: list[Problem]) -> None:
        """Note that the file is a Git LFS pointer: its other lines say nothing new."""
        problems.append(Problem(self._path, LFS_ADVICE))
        self._count = _LISTED_BAD_LINES + 1
