"""Blocks of a text log into rows of metrics, and the lines that are none."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np

from tuimon.core.columns import Int64Array
from tuimon.sources.dialect_reader import DialectReader
from tuimon.sources.log_block import LogBlock
from tuimon.sources.log_dialects import DIALECTS, Dialect
from tuimon.sources.log_general import CHINESE_WORDS, WORDS, GeneralReader, Reading
from tuimon.sources.log_lines import (
    FAILURE_WORDS,
    SHOWN_LINES,
    TIME_WITHIN,
    other_lines,
    time_in,
    time_span,
)
from tuimon.sources.log_shape import Described
from tuimon.sources.log_tables import Cut
from tuimon.sources.rows import Row
from tuimon.sources.word_search import WordSearch

_MOST_UNCONFIRMED = 200
_SURE_WITHOUT_COUNTER = 4


class LogReader:
    """Reads the blocks of one log.

    The first line of a known dialect decides for all that follow, unless lines of no known dialect did so
    before it.
    """

    def __init__(self) -> None:
        self._dialect: DialectReader | None = None
        self._general = GeneralReader()
        self._is_confirmed = False
        self._unconfirmed: list[tuple[int, Row]] = []
        self._counted: dict[str, object] = {}
        self._uncounted: dict[tuple[str, ...], int] = {}

    @property
    def dialect(self) -> Dialect | None:
        """The dialect in which it is written, if it is a known one."""
        return None if self._dialect is None else self._dialect.dialect

    @property
    def has_unsure_lines(self) -> bool:
        """Whether there were lines that look like metrics, but too few to be sure."""
        return bool(self._unconfirmed)

    def prepared(self, text: bytes) -> bytes:
        """Return whole lines as they are best read: what is printed behind a bar gets a line of its own."""
        return text if self._dialect is None else self._dialect.prepared(text)

    def knows(self, described: Described) -> bool:
        """Tell whether lines of a shape mean now what they meant when one of them was described."""
        if self._dialect is None:
            return described.context == self._general.context(described)
        return self._dialect.knows(described)

    def read(self, text: bytes) -> LogBlock:
        """Return what whole lines hold."""
        return self.read_rest(Cut(text)) or LogBlock()

    def read_rest(self, cut: Cut, shown: int = SHOWN_LINES) -> LogBlock | None:
        """Return what whole lines hold, but for the lines that were cut out of them.

        These get the columns that hang on other lines; where the other lines say that the meaning of
        these is another one, None is returned, and nothing is remembered.

        Args:
            cut: The lines.
            shown: How many of the last other lines are wanted.
        """
        text = cut.rest
        block = LogBlock()
        began = replace(self._general.at)
        if self._dialect is not None:
            metric_lines, failures = self._dialect.search.lines(text)
            if not self._dialect.bars.number_tables(cut):
                return None
            self._dialect.read(text, metric_lines, block)
        else:
            search = _general_search(is_ascii=text.isascii(), is_confirmed=self._is_confirmed)
            lines, failures, marked = search.lines(text)
            begin = len(text)
            if not self._is_confirmed:
                dialect, begin = _first_dialect(text, sorted({*lines, *marked}))
                self._dialect = None if dialect is None else DialectReader(dialect)
            self._read_general(cut, [line for line in lines if line[0] < begin], block)
            if not all(map(self.knows, (table.described for table in cut.tables))):
                self._general.at = began
                return None
            if self._dialect is not None:
                metric_lines, _ = self._dialect.search.lines(text)
                self._dialect.read(text, [line for line in metric_lines if line[0] >= begin], block)
        block.lines = other_lines(text, failures, block.starts, shown)
        return block

    def describe(self, line: bytes) -> Described | None:
        """Return what the numbers of a metric line mean, or None where that depends on other lines."""
        if self._dialect is None:
            return self._general.describe(line, time_span(line, len(line)))
        return self._dialect.describe(line)

    def _read_general(self, cut: Cut, lines: Sequence[tuple[int, int]], block: LogBlock) -> None:
        text = cut.rest
        begins = np.array([begin for begin, _ in lines] + [len(text)], np.int64)
        before = list(zip(*cut.rows_before(begins), strict=True)) if cut.tables else []
        passed: tuple[int, ...] = (0,) * len(cut.tables)
        epochs = [self._general.at.epoch]
        for number, (begin, stop) in enumerate(lines):
            if before and before[number] != passed:
                self._pass_by(cut, passed, before[number])
                passed = before[number]
            reading = self._general.read(text[begin:stop])
            epochs.append(self._general.at.epoch)
            block.totals.update(reading.totals)
            if not reading.values:
                continue
            time = time_in(text, begin, min(stop, begin + TIME_WITHIN))
            row = reading.values if math.isnan(time) else {**reading.values, "_timestamp": time}
            if self._is_confirmed:
                block.rows.append(row)
                block.starts.append(begin)
            elif len(self._unconfirmed) < _MOST_UNCONFIRMED:
                self._unconfirmed.append((begin, row))
                if self._confirms(reading):
                    self._is_confirmed = True
                    block.rows += [kept for _, kept in self._unconfirmed]
                    block.starts += [start for start, _ in self._unconfirmed]
                    self._unconfirmed = []
        if before:
            self._pass_by(cut, passed, before[-1])
        self._unconfirmed = [(-1, row) for _, row in self._unconfirmed]  # of a block that is gone
        self._carry_epochs(cut, cut.original(begins[:-1]), epochs)

    def _carry_epochs(self, cut: Cut, begins: Int64Array, epochs: Sequence[int | None]) -> None:
        """Give tables whose lines do not tell it the epoch of the line before.

        Args:
            cut: The tables.
            begins: int64[n], where lines that were read one by one begin.
            epochs: The epoch before the first of these, and behind each of them.
        """
        carrying = [table for table in cut.tables if table.described.carries_epoch]
        if not carrying:
            return
        telling = [
            (table.begins, column) for table in cut.tables if (column := table.column("epoch")) is not None
        ]
        places = np.concatenate([np.append(-1, begins), *(places for places, _ in telling)])
        known = np.concatenate(
            [np.array([epoch or 0 for epoch in epochs], np.int64), *(each for _, each in telling)]
        )
        rank = places.argsort(kind="stable")
        places, known = places[rank], known[rank]
        for table in carrying:
            table.with_column("epoch", known[places.searchsorted(table.begins) - 1])

    def _pass_by(self, cut: Cut, passed: tuple[int, ...], now: tuple[int, ...]) -> None:
        """Note the counters in cut lines, by how many of each table there were before and are now."""
        latest = [
            (table, count - 1)
            for table, old, count in zip(cut.tables, passed, now, strict=True)
            if count > old
        ]
        for table, row in sorted(latest, key=lambda each: int(each[0].begins[each[1]])):
            steps, epochs = table.column("step"), table.column("epoch")
            if steps is not None:
                epoch = None if epochs is None else int(epochs[row])
                self._general.pass_by(table.described, int(steps[row]), epoch)

    def _confirms(self, reading: Reading) -> bool:
        """Tell whether a line makes it sure that lines like it are metrics.

        Source code and tables of options hold names and numbers too, but no step that rises.
        """
        if not reading.is_counted:
            names = tuple(reading.values)
            self._uncounted[names] = self._uncounted.get(names, 0) + 1
            return self._uncounted[names] >= _SURE_WITHOUT_COUNTER
        step = reading.values.get("step")
        for name in reading.values:
            before = self._counted.setdefault(name, step)
            if (
                name not in ("step", "epoch")
                and isinstance(step, int)
                and isinstance(before, int)
                and step > before
            ):
                return True
        return False


def _first_dialect(text: bytes, lines: Sequence[tuple[int, int]]) -> tuple[Dialect | None, int]:
    """Return whose metric line comes first, and where it begins (the end of the text if there is none)."""
    for begin, stop in lines:
        line = text[begin:stop]
        found = [
            (match.start(), number)
            for number, dialect in enumerate(DIALECTS)
            for mark in dialect.marks
            if mark.stands_in(line) and (match := mark.pattern.search(text, begin, stop)) is not None
        ]
        if found:
            return DIALECTS[min(found)[1]], begin
    return None, len(text)


@cache
def _general_search(*, is_ascii: bool, is_confirmed: bool) -> WordSearch:
    """Return what finds lines that may hold metrics, that tell of failures, and that may be of a dialect."""
    literals = {literal.lower() for each in DIALECTS for mark in each.marks for literal in mark.literals}
    words = WORDS if is_ascii else (*WORDS, *CHINESE_WORDS)
    return WordSearch(words, FAILURE_WORDS, () if is_confirmed else sorted(literals))
