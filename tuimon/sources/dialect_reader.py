"""Lines of a trainer whose way of logging is known, into rows of metrics."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from functools import cache

import orjson

from tuimon.sources.bar_steps import BarSteps
from tuimon.sources.log_block import LogBlock
from tuimon.sources.log_dialects import Dialect, Mark
from tuimon.sources.log_lines import FAILURE_WORDS, TIME_WITHIN, time_in, time_span
from tuimon.sources.log_moment import Span
from tuimon.sources.log_shape import Described
from tuimon.sources.progress_bars import BAR
from tuimon.sources.rows import Row, as_float
from tuimon.sources.word_search import WordSearch

_MOST_NAMES = 10_000
_LARGEST_STEP = 2.0**62
_STEP_NAMES = ("num_updates", "train_num_updates", "valid_num_updates", "test_num_updates")
_JSON_PAIR = re.compile(rb'"([^"\\\n]+)": ?"?([-+]?[0-9][0-9.eE+-]*)"?(?=[,}])')


class DialectReader:
    """Reads the lines of one log in one dialect.

    Attributes:
        dialect: The dialect.
        search: What finds its metric lines, and those that tell of failures.
        bars: The steps that its progress bars tell.
    """

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.search = _search_for(dialect)
        self.bars = BarSteps()
        self._names: dict[bytes, str] = {}

    def prepared(self, text: bytes) -> bytes:
        """Return whole lines as they are best read: what is printed behind a bar gets a line of its own."""
        return text.replace(b"]{'", b"]\n{'") if self.dialect.step_from_bar else text

    def knows(self, described: Described) -> bool:
        """Tell whether lines of a shape mean now what they meant when one of them was described."""
        return not described.step_from_bar or self.bars.is_settled

    def describe(self, line: bytes) -> Described | None:
        """Return what the numbers of a metric line mean, or None where that depends on other lines."""
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

    def read(self, text: bytes, lines: Sequence[tuple[int, int]], block: LogBlock) -> None:
        """Add what some lines of a text hold to a block."""
        dialect = self.dialect
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
                self.bars.pass_over(text, begin, start)
                begin = start
            end = text.find(b"\n", match.end())
            if index + 1 < len(found):
                end = min(end, found[index + 1][0])
            row = self._row(mark, match, text, end)
            if not row:
                continue
            if dialect.step_from_bar:
                self.bars.number(row, block.totals)
            if "total" in match.groupdict() and match["total"]:
                block.totals["total_steps"] = _count(match["total"])
            names = dialect.renamed
            self._add(
                block, text, start, {names.get(name, name): row[name] for name in row} if names else row
            )
        if dialect.step_from_bar:
            self.bars.pass_over(text, begin, len(text))

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

    def _add(self, block: LogBlock, text: bytes, start: int, row: Row) -> None:
        """Take up a row; the time of the log stands in its line before `start`."""
        begin = text.rfind(b"\n", 0, start) + 1
        time = time_in(text, begin, min(start, begin + TIME_WITHIN))
        if not math.isnan(time):
            row["_timestamp"] = time
        block.rows.append(row)
        block.starts.append(start)


@cache
def _search_for(dialect: Dialect) -> WordSearch:
    """Return what finds the metric lines of a dialect, and those that tell of failures."""
    literals = {literal.lower() for mark in dialect.marks for literal in mark.literals}
    return WordSearch(sorted(literals), FAILURE_WORDS)


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
