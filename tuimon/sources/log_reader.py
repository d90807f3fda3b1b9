"""Blocks of a text log into rows of metrics, and the lines that are none."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np
import orjson

from tuimon.core.columns import Int64Array
from tuimon.sources.decimal_text import MARGIN
from tuimon.sources.log_dialects import DIALECTS, Dialect, Mark
from tuimon.sources.log_general import CHINESE_WORDS, WORDS, GeneralReader, Reading
from tuimon.sources.log_lines import (
    FAILURE_WORDS,
    SHOWN_LINES,
    TIME_WITHIN,
    other_lines,
    time_in,
    time_span,
)
from tuimon.sources.log_shape import Described, Span
from tuimon.sources.log_tables import Cut
from tuimon.sources.progress_bars import BAR, BAR_SIGN, last_bars
from tuimon.sources.rows import Row, as_float
from tuimon.sources.word_search import WordSearch

_MOST_NAMES = 10_000
_MOST_UNCONFIRMED = 200
_LARGEST_STEP = 2.0**62
_SURE_WITHOUT_COUNTER = 4
_STEP_NAMES = ("num_updates", "train_num_updates", "valid_num_updates", "test_num_updates")
_JSON_PAIR = re.compile(rb'"([^"\\\n]+)": ?"?([-+]?[0-9][0-9.eE+-]*)"?(?=[,}])')


@dataclass(slots=True)
class LogBlock:
    """What a block of whole lines holds.

    Attributes:
        rows: The metric lines, as rows of named values.
        starts: Where each of them begins.
        lines: The places of other lines, `(begin, end)`, rising.
        totals: Where the run ends, as far as the block says.
    """

    rows: list[Row] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    lines: list[tuple[int, int]] = field(default_factory=list)
    totals: dict[str, int] = field(default_factory=dict)


class LogReader:
    """Reads the blocks of one log.

    The first line of a known dialect decides for all that follow, unless lines of no known dialect did so
    before it.
    """

    def __init__(self) -> None:
        self.dialect: Dialect | None = None
        self._general = GeneralReader()
        self._is_confirmed = False
        self._unconfirmed: list[tuple[int, Row]] = []
        self._counted: dict[str, object] = {}
        self._uncounted: dict[tuple[str, ...], int] = {}
        self._names: dict[bytes, str] = {}
        self._bar: tuple[int, int] | None = None
        self._bar_total = 0

    @property
    def has_unsure_lines(self) -> bool:
        """Whether there were lines that look like metrics, but too few to be sure."""
        return bool(self._unconfirmed)

    def prepared(self, text: bytes) -> bytes:
        """Return whole lines as they are best read: what is printed behind a bar gets a line of its own."""
        is_behind_bars = self.dialect is not None and self.dialect.step_from_bar
        return text.replace(b"]{'", b"]\n{'") if is_behind_bars else text

    def knows(self, described: Described) -> bool:
        """Tell whether lines of a shape mean now what they meant when one of them was described."""
        if self.dialect is None:
            return described.context == self._general.context(described)
        return not described.step_from_bar or bool(self._bar_total) or self._bar is None

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
        if self.dialect is not None:
            metric_lines, failures = _search_for(self.dialect).lines(text)
            if not self._add_bars(cut):
                return None
            self._read_dialect(self.dialect, text, metric_lines, block)
        else:
            search = _general_search(is_ascii=text.isascii(), is_confirmed=self._is_confirmed)
            lines, failures, marked = search.lines(text)
            begin = len(text)
            if not self._is_confirmed:
                self.dialect, begin = _first_dialect(text, sorted({*lines, *marked}))
            self._read_general(cut, [line for line in lines if line[0] < begin], block)
            if not all(map(self.knows, (table.described for table in cut.tables))):
                self._general.at = began
                return None
            if self.dialect is not None:
                metric_lines, _ = _search_for(self.dialect).lines(text)
                later = [line for line in metric_lines if line[0] >= begin]
                self._read_dialect(self.dialect, text, later, block)
        block.lines = other_lines(text, failures, block.starts, shown)
        return block

    def describe(self, line: bytes) -> Described | None:
        """Return what the numbers of a metric line mean, or None where that depends on other lines."""
        if self.dialect is None:
            return self._general.describe(line, time_span(line, len(line)))
        if BAR.search(line) is not None:
            return None
        found = [(match, mark) for mark in self.dialect.marks for match in mark.pattern.finditer(line)]
        if len(found) != 1:
            return None
        match, mark = found[0]
        time = time_span(line, match.start())
        if mark.pairs is None:
            return _described_json(line, match.end(), time)
        groups = match.groupdict()
        values = {}
        for pair in mark.pairs.finditer(line, match.end()):
            name = self._name(pair[1], mark.prefix)
            values[self.dialect.renamed.get(name, name)] = pair.span(2)
        counts = {name: match.span(name) for name in ("step", "epoch") if groups.get(name)}
        fixed = tuple(match.span(name) for name in ("total", "of") if groups.get(name))
        batches = 0
        if groups.get("within"):
            batches, counts["batch"] = _count(match["of"]), match.span("within")
        has_place = bool(counts) or self.dialect.step_from_bar
        if not values or not has_place or any(name in values for name in counts):
            return None
        return Described(
            values,
            counts,
            fixed,
            time,
            is_padded=mark.is_padded,
            padded=tuple("batch" if name == "within" else name for name in mark.padded),
            batches=batches,
            first_epoch=int(batches > 0),
            step_from_bar=self.dialect.step_from_bar,
        )

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

    def _add_bars(self, cut: Cut) -> bool:
        """Give tables the steps of progress bars; tell whether these are known."""
        for table in cut.tables:
            if not table.described.step_from_bar or cut.text is None:
                continue
            if not self._bar_total:
                if BAR_SIGN in cut.rest:
                    return False
                continue
            bars = last_bars(cut.text, table.ends + MARGIN, self._bar_total)
            if self._bar is None and not bars.found.all():
                return False
            before = self._bar[0] if self._bar is not None else 0
            table.with_column("step", np.where(bars.found, bars.counts, before))
        return True

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

    def _read_dialect(
        self, dialect: Dialect, text: bytes, lines: Sequence[tuple[int, int]], block: LogBlock
    ) -> None:
        found = sorted(
            (match.start(), match, mark)
            for begin, stop in lines
            for mark in dialect.marks
            for match in mark.pattern.finditer(text, begin, stop)
        )
        if dialect.total_from_bar:
            self._take_totals(text, block)
        begin = 0
        for index, (start, match, mark) in enumerate(found):
            if dialect.step_from_bar:
                self._take_last_bar(text, begin, start)
                begin = start
            end = text.find(b"\n", match.end())
            if index + 1 < len(found):
                end = min(end, found[index + 1][0])
            row = self._row(mark, match, text, end)
            if not row:
                continue
            if dialect.step_from_bar:
                self._add_step_of_bar(row, block)
            if "total" in match.groupdict() and match["total"]:
                block.totals["total_steps"] = _count(match["total"])
            names = dialect.renamed
            self._add(
                block, text, start, {names.get(name, name): row[name] for name in row} if names else row
            )
        if dialect.step_from_bar:
            self._take_last_bar(text, begin, len(text))

    def _row(self, mark: Mark, match: re.Match[bytes], text: bytes, end: int) -> Row:
        if mark.pairs is None:
            return _json_row(text[match.end() : end])
        row: Row = {}
        for name, number in mark.pairs.findall(text, match.end(), end):
            row[self._name(name, mark.prefix)] = _number(number)
        if row:
            groups = match.groupdict()
            for counter in ("step", "epoch"):
                if groups.get(counter):
                    row[counter] = _count(groups[counter])
            if groups.get("within"):
                row["step"] = (_count(groups["epoch"]) - 1) * _count(groups["of"]) + _count(groups["within"])
        return row

    def _name(self, name: bytes, prefix: str) -> str:
        known = self._names.get(name)
        if known is None:
            known = name.decode("utf-8", "replace").strip()
            if len(self._names) < _MOST_NAMES:
                self._names[name] = known
        return prefix + known

    def _take_totals(self, text: bytes, block: LogBlock) -> None:
        """Note how many steps the last bar of the training counts."""
        at = len(text)
        while (at := text.rfind(b"raining", 0, at)) >= 0:
            begin = text.rfind(b"\n", 0, at) + 1
            bars = list(BAR.finditer(text, text.find(b"raining", begin), text.find(b"\n", at)))
            if bars:
                block.totals["total_steps"] = _count(bars[-1][2])
                return
            at = begin

    def _take_last_bar(self, text: bytes, begin: int, end: int) -> None:
        """Note how far the last progress bar is; an evaluation has a bar of its own, with another total."""
        at = end
        while (at := text.rfind(BAR_SIGN, begin, at)) >= 0:
            bar = BAR.match(text, at)
            if bar is not None and self._bar_total in (0, _count(bar[2])):
                self._bar = _count(bar[1]), _count(bar[2])
                return

    def _add_step_of_bar(self, row: Row, block: LogBlock) -> None:
        if self._bar is None:
            return
        if not self._bar_total and "loss" in row:
            self._bar_total = self._bar[1]
        if self._bar_total:
            block.totals["total_steps"] = self._bar_total
        row["step"] = self._bar[0]

    def _add(self, block: LogBlock, text: bytes, start: int, row: Row) -> None:
        """Take up a row; the time of the log stands in its line before `start`."""
        begin = text.rfind(b"\n", 0, start) + 1
        time = time_in(text, begin, min(start, begin + TIME_WITHIN))
        if not math.isnan(time):
            row["_timestamp"] = time
        block.rows.append(row)
        block.starts.append(start)


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
def _search_for(dialect: Dialect) -> WordSearch:
    """Return what finds the metric lines of a dialect, and those that tell of failures."""
    literals = {literal.lower() for mark in dialect.marks for literal in mark.literals}
    return WordSearch(sorted(literals), FAILURE_WORDS)


@cache
def _general_search(*, is_ascii: bool, is_confirmed: bool) -> WordSearch:
    """Return what finds lines that may hold metrics, that tell of failures, and that may be of a dialect."""
    literals = {literal.lower() for each in DIALECTS for mark in each.marks for literal in mark.literals}
    words = WORDS if is_ascii else (*WORDS, *CHINESE_WORDS)
    return WordSearch(words, FAILURE_WORDS, () if is_confirmed else sorted(literals))


def _described_json(line: bytes, begin: int, time: Span | None) -> Described | None:
    """Return what the numbers in a line mean that ends with JSON from `begin` on."""
    row = _json_row(line[begin:])
    spans = {pair[1].decode("utf-8", "replace"): pair.span(2) for pair in _JSON_PAIR.finditer(line, begin)}
    steps = [name for name in _STEP_NAMES if name in spans]
    values = {name: span for name, span in spans.items() if name not in steps}
    if not steps or "step" in values or values.keys() | {"step"} != row.keys():
        return None
    if any(as_float(line[slice(*span)].decode()) != row[name] for name, span in values.items()):
        return None
    return Described(values, {"step": spans[steps[0]]}, time=time)


def _json_row(text: bytes) -> Row:
    """Return the row that fairseq logs as JSON, whose numbers are texts."""
    try:
        found = orjson.loads(text.strip())
    except ValueError:
        return {}
    if not isinstance(found, dict):
        return {}
    row: Row = {name: number for name, value in found.items() if (number := as_float(value)) is not None}
    steps = [row.pop(name) for name in _STEP_NAMES if name in row]
    if steps and isinstance(steps[0], float) and abs(steps[0]) < _LARGEST_STEP:
        row["step"] = int(steps[0])
    return row


def _number(text: bytes) -> float:
    try:
        return float(text)
    except ValueError:
        return float(text.replace(b",", b""))


def _count(text: bytes) -> int:
    return int(text[:18])
