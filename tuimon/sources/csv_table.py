"""Tables of metrics in text: comma, tab or semicolon between the cells, names in the first line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from tuimon.core.batch import ConfigRecord, LifecycleRecord, Problem, Record, ScalarBatch
from tuimon.sources.csv_cells import axis_column, delimiter_of, number_column, split_lines
from tuimon.sources.csv_dialects import EpisodeAxes, column_names, start_of
from tuimon.sources.csv_sniff import names_columns
from tuimon.sources.handed_out import HandedOut
from tuimon.sources.lenient_json import parse
from tuimon.sources.line_files import BadLines, FileRead, LineFilesSource
from tuimon.sources.row_axes import STEP_NAMES, names_axis
from tuimon.sources.row_decoder import RowDecoder
from tuimon.sources.row_notes import flatten_config
from tuimon.sources.rows import MAX_TAGS, NumberColumn, RawColumn
from tuimon.sources.sniffing import LFS_PREFIX
from tuimon.sources.tail import LineTail


class CsvSource(LineFilesSource):
    """Reads on in the tables of one run. Used by one thread.

    A file that was rewritten with the same rows, as loggers do to add a column to the header, brings only
    what is new in it. Bad lines do not count in `order`.

    Args:
        paths: Files of one writer, the oldest first. They need not exist any more, or yet.
    """

    def __init__(self, paths: tuple[Path, ...]) -> None:
        super().__init__("csv", CsvFile, paths)


class CsvFile:
    """One table: where it was left, what its columns mean, and which of its rows were handed out."""

    def __init__(self, path: Path) -> None:
        self.path = path
        # Whether a number is complete, only its end tells: a last line without one waits for it, unless
        # nobody seems to be writing the file any more.
        self._tail = LineTail(path, complete_last=lambda _: self._tail.tail.is_settled)
        self._bad_lines = BadLines(path)
        self._told: set[str] = set()
        self._handed = HandedOut()
        self._rewritten: list[Problem] = []
        self._begin()

    @property
    def size(self) -> int:
        """Its size in bytes when it was read last."""
        return self._tail.tail.size

    def read(self, max_bytes: int, first_order: int) -> FileRead:
        """Read one block on. Never raises on bad content."""
        read = self._tail.read(max_bytes)
        problems = list(read.problems)
        if read.new_generation:
            # Whether there is anything to tell shows once its rows differ from those before.
            self._rewritten, problems = problems[:1], problems[1:]
            self._handed.begin_again()
            self._begin()
        block = _Block(first_order, problems)
        body = self._take_head(read.lines, read.offsets, block)
        if self._names and body < len(read.lines):
            self._take_body(read.lines[body:], read.offsets[body:], block)
        return FileRead(block.records, block.next_order - first_order, read.more, read.bytes_read, problems)

    def _begin(self) -> None:
        """Forget the content, but not which rows were handed out."""
        self._decoder = RowDecoder()
        self._header: list[str] = []
        self._names: list[str] = []
        self._delimiter = ","
        self._is_padded: bool | None = None
        self._has_no_header = False
        self._started = float("nan")
        self._episodes: EpisodeAxes | None = None

    def _take_head(self, lines: Sequence[bytes], offsets: Sequence[int], block: _Block) -> int:
        """Take comments and the header, where they were not taken yet; return how many lines they are."""
        for place, line in enumerate(lines):
            if self._names:
                return place
            if self._has_no_header:
                break
            text = line.decode("utf-8", "replace")
            if text.startswith("#") and self._take_comment(text, block):
                continue
            self._delimiter = delimiter_of(text) or ","
            (header,) = split_lines([line.removeprefix(b"#")], self._delimiter)
            if line.startswith(LFS_PREFIX):
                self._has_no_header = True
                self._bad_lines.note_pointer(block.problems)
            elif names_columns(header[:MAX_TAGS]):
                self._adopt(header, block)
            else:
                self._has_no_header = True
                fault = "begins with no line that names its columns, and was not read"
                self._tell(fault, block, offsets[place])
        return len(lines)

    def _take_body(self, lines: Sequence[bytes], offsets: Sequence[int], block: _Block) -> None:
        """Take rows, and what lies between them."""
        rows = split_lines(lines, self._delimiter)
        if self._is_padded is None:
            # A table whose first row is short leaves out what was not logged; else a short row is damaged.
            self._is_padded = 1 < len(rows[0]) < len(self._header)
        if all(map(self._is_plain, rows)):
            self._take_rows(rows, block)
            return
        kept: list[list[str]] = []
        for place, row in enumerate(rows):
            if self._is_plain(row):
                kept.append(row)
            elif row[0].startswith("#") and self._take_comment(
                lines[place].decode("utf-8", "replace"), block
            ):
                continue
            elif self._is_header(row):
                self._take_rows(kept, block)
                kept = []
                block.note_writer("a header stands between the rows: another writer took over")
                self._adopt(row, block)
            elif (fitted := self._fitted(row)) is not None:
                kept.append(fitted)
            else:
                fault = f"line has {len(row)} cells where the header has {len(self._header)}, and was skipped"
                self._bad_lines.note(fault, offsets[place], block.problems)
        self._take_rows(kept, block)

    def _is_plain(self, row: list[str]) -> bool:
        """Return whether a row looks like numbers below the header, as nearly all do."""
        return len(row) == len(self._header) and row[0] != self._header[0] and row[0][:1] != "#"

    def _take_comment(self, text: str, block: _Block) -> bool:
        """Take what a line that begins with `#` holds; return False if it may be the header."""
        try:
            facts = parse(text.removeprefix("#").encode())
        except ValueError:
            return bool(self._names) or delimiter_of(text) is None
        if isinstance(facts, dict):
            block.records.append(ConfigRecord(flatten_config(facts)))
            self._started = start_of(facts)
        return True

    def _adopt(self, header: list[str], block: _Block) -> None:
        """Take a line for the names of the columns below it."""
        self._header = header
        self._names = column_names(self.path, header)[:MAX_TAGS]
        self._episodes = EpisodeAxes(self._started) if EpisodeAxes.fits(self._names) else None
        if len(header) > MAX_TAGS:
            self._tell(f"has more than {MAX_TAGS} columns; those behind them were left out", block)

    def _is_header(self, row: list[str]) -> bool:
        if row == self._header:
            return True
        is_another = len(row) > 1 and all(row) and names_columns(row)
        return is_another and any(cell.strip().lower() in STEP_NAMES for cell in row)

    def _fitted(self, row: list[str]) -> list[str] | None:
        """Return a row with as many cells as the header, or None if it must be damaged."""
        missing = len(self._header) - len(row)
        if missing == 0:
            return row
        if missing < 0:
            return None if any(row[missing:]) else row[:missing]
        return [*row, *[""] * missing] if self._is_padded else None

    def _take_rows(self, rows: Sequence[list[str]], block: _Block) -> None:
        """Turn rows of equal length into columns, and hand out those that are new."""
        if not rows:
            return
        everywhere = np.arange(len(rows))
        numbers: dict[str, NumberColumn] = {}
        axes: dict[str, RawColumn] = {}
        # The cells behind the last column that is read are one cell without a name.
        for name, cells in zip(self._names, zip(*rows, strict=True), strict=False):
            if name and (column := number_column(cells, everywhere)) is not None:
                numbers[name] = column
            if names_axis(name.lower()) and (axis := axis_column(cells)) is not None:
                axes[name] = axis
        known, differs = self._handed.take(numbers, len(rows))
        if differs:
            block.problems += self._rewritten
            block.note_writer(f"{self.path.name} was replaced or rewritten")
        if self._episodes is not None:
            self._episodes.add(axes, numbers)
        order = everywhere + (block.next_order - known)
        records = self._decoder.decode_columns(axes, numbers, order)
        block.records += _from_order(records, block.next_order) if known else records
        block.next_order += len(rows) - known

    def _tell(self, fault: str, block: _Block, offset: int | None = None) -> None:
        """Tell once what is wrong with the file."""
        if fault not in self._told:
            self._told.add(fault)
            block.problems.append(Problem(str(self.path), fault, offset))


class _Block:
    """What one block of a file brings."""

    def __init__(self, next_order: int, problems: list[Problem]) -> None:
        self.records: list[Record] = []
        self.problems = problems
        self.next_order = next_order

    def note_writer(self, text: str) -> None:
        """Note that another writer took over."""
        self.records.append(LifecycleRecord("writer", self.next_order, None, float("nan"), text))


def _from_order(records: Sequence[Record], first_order: int) -> list[Record]:
    """Return records without the points before `first_order`."""
    kept: list[Record] = []
    for record in records:
        if not isinstance(record, ScalarBatch):
            kept.append(record)
        elif begin := int(record.order.searchsorted(first_order)):
            if begin < len(record):
                values = tuple(column[begin:] for column in record.values)
                kept.append(
                    replace(
                        record,
                        order=record.order[begin:],
                        steps=record.steps[begin:],
                        wall_times=record.wall_times[begin:],
                        values=values,
                    )
                )
        else:
            kept.append(record)
    return kept
