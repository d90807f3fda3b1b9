"""JSON lines: one dictionary per line, flat or nested, of any schema."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import orjson

from tuimon.core.batch import LifecycleRecord, Problem, Record
from tuimon.sources.base import ReadBudget, ReadResult, Sniff, Source, Trainer
from tuimon.sources.jsonl_sniff import sniff_lines
from tuimon.sources.lenient_json import parse
from tuimon.sources.row_decoder import RowDecoder
from tuimon.sources.rows import Row
from tuimon.sources.sniffing import LFS_ADVICE, LFS_PREFIX
from tuimon.sources.tail import LineTail

# The first ones tell the story; a file of a million bad lines is one problem.
_LISTED_BAD_LINES = 5
_BAD = object()


class JsonlSource:
    """Reads on in the JSON-lines files of one run. Used by one thread.

    `order` is the number of the line, counted over all files and generations of them from 0; empty lines
    do not count. The last line is taken without its line end if it is complete.

    Args:
        paths: Files of one writer, the oldest first. They need not exist any more, or yet.
    """

    format = "jsonl"

    def __init__(self, paths: tuple[Path, ...]) -> None:
        self._files = [_RowFile(path) for path in paths]
        self._next_order = 0

    @property
    def total_bytes(self) -> int:
        """Size of all files when they were read last."""
        return sum(file.tail.tail.size for file in self._files)

    def read(self, budget: ReadBudget) -> ReadResult:
        """Read on from where the last call stopped. Never raises on bad content."""
        records: list[Record] = []
        problems: list[Problem] = []
        bytes_left = budget.max_bytes
        waiting = list(self._files)
        while waiting and bytes_left > 0:
            size, more = self._read_block(waiting[0], bytes_left, records, problems)
            bytes_left -= size
            if not more:
                del waiting[0]
        return ReadResult(tuple(records), bool(waiting), budget.max_bytes - bytes_left, tuple(problems))

    def add_paths(self, paths: tuple[Path, ...]) -> None:
        """Read these files too, after those known."""
        known = {file.path for file in self._files}
        self._files += [_RowFile(path) for path in paths if path not in known]

    def close(self) -> None:
        """Let go of open files: none stays open between reads."""

    def _read_block(
        self, file: _RowFile, max_bytes: int, records: list[Record], problems: list[Problem]
    ) -> tuple[int, bool]:
        """Read one block of one file; return its size and whether the file holds more."""
        read = file.tail.read(max_bytes)
        problems += read.problems
        if read.new_generation:
            text = f"{file.path.name} was replaced or rewritten"
            records.append(LifecycleRecord("writer", self._next_order, None, float("nan"), text))
        rows, places = file.parse(read.lines, read.offsets, problems)
        records += file.decoder.decode(rows, np.array(places, np.int64) + self._next_order)
        self._next_order += len(read.lines)
        problems += file.new_limits()
        return read.bytes_read, read.more


class JsonlFactory:
    """Recognises JSON lines by their content."""

    format = "jsonl"
    trainers: tuple[Trainer, ...] = (
        Trainer(
            "anything that logs JSON lines",
            "`*.jsonl`, `*.ndjson`, or `.json`, `.log` and `.txt` that hold them: a flat or nested object "
            "per line, whatever the keys; NaN and Infinity bare or as strings",
        ),
    )

    def sniff(self, path: Path, head: bytes) -> Sniff:
        """Tell whether `path`, which begins with `head`, is a log of metrics in JSON lines."""
        return sniff_lines(path, head)

    def open(self, paths: tuple[Path, ...]) -> Source:
        """Return a source over files of one writer."""
        return JsonlSource(paths)


class _RowFile:
    """One file: where it was left, what is known of its columns, and how many of its lines were bad."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.tail = LineTail(path, complete_last=_is_complete)
        self.decoder = RowDecoder()
        self._bad_lines = 0
        self._reported_limits: set[str] = set()

    def parse(
        self, lines: list[bytes], offsets: list[int], problems: list[Problem]
    ) -> tuple[list[Row], list[int]]:
        """Return the rows that lines hold, and the number of each one's line in the block."""
        try:
            parsed: list[object] = list(map(orjson.loads, lines))
        except orjson.JSONDecodeError:
            parsed = [
                self._parse_one(line, offset, problems) for line, offset in zip(lines, offsets, strict=True)
            ]
        rows: list[Row] = []
        places: list[int] = []
        for place, row in enumerate(parsed):
            if type(row) is dict:
                rows.append(row)
                places.append(place)
            elif row is not _BAD:
                self._note_bad_line("line holds no JSON object and was skipped", offsets[place], problems)
        return rows, places

    def new_limits(self) -> list[Problem]:
        """Return the limits that this file passed since it was asked last."""
        passed = [limit for limit in self.decoder.limits_passed if limit not in self._reported_limits]
        self._reported_limits.update(passed)
        return [Problem(str(self.path), limit) for limit in passed]

    def _parse_one(self, line: bytes, offset: int, problems: list[Problem]) -> object:
        if not line.strip():
            return {}
        try:
            return parse(line)
        except ValueError:
            if line.startswith(LFS_PREFIX):
                problems.append(Problem(str(self.path), LFS_ADVICE))
                self._bad_lines = _LISTED_BAD_LINES + 1  # the pointer's other lines say nothing new
            else:
                self._note_bad_line("line is no valid JSON and was skipped", offset, problems)
            return _BAD

    def _note_bad_line(self, fault: str, offset: int, problems: list[Problem]) -> None:
        self._bad_lines += 1
        if self._bad_lines <= _LISTED_BAD_LINES:
            problems.append(Problem(str(self.path), fault, offset))
        elif self._bad_lines == _LISTED_BAD_LINES + 1:
            problems.append(Problem(str(self.path), "further bad lines are skipped without a word", offset))


def _is_complete(line: bytes) -> bool:
    """Tell whether a line without an end is a whole JSON object."""
    if not line.rstrip().endswith(b"}"):
        return False
    try:
        return isinstance(parse(line), dict)
    except ValueError:
        return False
