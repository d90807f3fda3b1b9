"""JSON lines: one dictionary per line, flat or nested, of any schema."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np
import orjson

from tuimon.core.batch import LifecycleRecord, Problem, Record
from tuimon.core.columns import Int64Array
from tuimon.sources.lenient_json import parse
from tuimon.sources.line_blocks import LineBlock
from tuimon.sources.line_files import BadLines, FileRead, LineFilesSource
from tuimon.sources.line_tables import TableReader
from tuimon.sources.row_decoder import RowDecoder
from tuimon.sources.row_dialects import SIGNS, RowDialects
from tuimon.sources.rows import NumberTable, Row
from tuimon.sources.sniffing import LFS_PREFIX
from tuimon.sources.tail import LineTail
from tuimon.sources.tailed_file import BLOCK_BYTES

_BAD = object()


class JsonlSource(LineFilesSource):
    """Reads on in the JSON-lines files of one run. Used by one thread.

    Bad lines count in `order`, empty ones do not. The last line is taken without its line end if it is
    complete.

    Args:
        paths: Files of one writer, the oldest first. They need not exist any more, or yet.
    """

    def __init__(self, paths: tuple[Path, ...]) -> None:
        super().__init__("jsonl", _JsonlFile, paths)


class _JsonlFile:
    """One file: where it was left, and what is known of its columns."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._tail = LineTail(path, complete_last=_is_complete)
        self._tables = TableReader(refused=SIGNS)
        self._decoder = RowDecoder()
        self._dialects = RowDialects()
        self._bad_lines = BadLines(path)
        self._reported_limits: set[str] = set()

    @property
    def size(self) -> int:
        """Its size in bytes when it was read last."""
        return self._tail.tail.size

    def read(self, max_bytes: int, first_order: int) -> FileRead:
        """Read one block on. Never raises on bad content."""
        with self._tail.read_block(min(max_bytes, BLOCK_BYTES)) as block:
            problems = list(block.problems)
            records: list[Record] = []
            if block.new_generation:
                text = f"{self.path.name} was replaced or rewritten"
                records.append(LifecycleRecord("writer", first_order, None, float("nan"), text))
            records += self._decode(block, first_order, problems)
            problems += self._new_limits()
            return FileRead(records, len(block), block.more, block.bytes_read, problems)

    def _decode(self, block: LineBlock, first_order: int, problems: list[Problem]) -> list[Record]:
        order = np.arange(first_order, first_order + len(block))
        tables: list[NumberTable] = []
        others = np.arange(len(block))
        if self._dialects.are_plain(()):
            tables, others = self._tables.read(block)
        rows, places = self._parse(block, others, problems)
        if tables and not self._dialects.are_plain(rows):
            # A rule about one row may be about all that follow it.
            tabled = np.concatenate([table.places for table in tables])
            known = dict(zip(places.tolist(), rows, strict=True))
            known |= zip(tabled.tolist(), self._parse(block, tabled, problems)[0], strict=True)
            tables, places = [], np.array(sorted(known), np.int64)
            rows = [known[place] for place in places.tolist()]
        return self._decoder.decode(self._dialects.apply(rows), order, places, tables)

    def _parse(
        self, block: LineBlock, chosen: Int64Array, problems: list[Problem]
    ) -> tuple[list[Row], Int64Array]:
        """Return the rows that the chosen lines hold, and the number of each one's line in the block."""
        lines = block.lines(chosen)
        try:
            parsed: list[object] = list(map(orjson.loads, lines))
        except orjson.JSONDecodeError:
            offsets = block.offsets[chosen].tolist()
            parsed = [
                self._parse_one(bytes(line), offset, problems)
                for line, offset in zip(lines, offsets, strict=True)
            ]
        is_row = [type(row) is dict for row in parsed]
        if all(is_row):
            return cast("list[Row]", parsed), chosen
        for place, row in zip(chosen.tolist(), parsed, strict=True):
            if type(row) is not dict and row is not _BAD:
                offset = int(block.offsets[place])
                self._bad_lines.note("line holds no JSON object and was skipped", offset, problems)
        return [row for row in parsed if type(row) is dict], chosen[is_row]

    def _new_limits(self) -> list[Problem]:
        """Return the limits that this file passed since it was asked last."""
        passed = [limit for limit in self._decoder.limits_passed if limit not in self._reported_limits]
        self._reported_limits.update(passed)
        return [Problem(str(self.path), limit) for limit in passed]

    def _parse_one(self, line: bytes, offset: int, problems: list[Problem]) -> object:
        if not line.strip():
            return {}
        try:
            return parse(line)
        except ValueError:
            if line.startswith(LFS_PREFIX):
                self._bad_lines.note_pointer(problems)
            else:
                self._bad_lines.note("line is no valid JSON and was skipped", offset, problems)
            return _BAD


def _is_complete(line: bytes) -> bool:
    """Tell whether a line without an end is a whole JSON object."""
    if not line.rstrip().endswith(b"}"):
        return False
    try:
        return isinstance(parse(line), dict)
    except ValueError:
        return False
