"""Blocks of a text log into rows of metrics, and the lines that are none."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import orjson

from tuimon.sources.log_dialects import BAR, BAR_SIGN, DIALECTS, Dialect, Mark
from tuimon.sources.log_general import CHINESE_WORDS, WORDS, GeneralReader, Reading
from tuimon.sources.log_shape import Described, begin_of_hour
from tuimon.sources.rows import Row, as_float

# Logs are shown by their last lines: of a block, no more than these and those that tell of failures.
SHOWN_LINES = 500
# In lower case. What else `console_lines` knows stands in lines that hold one of these too.
_FAILURE_WORDS = (
    b"error", b"warn", b"critical", b"fatal", b"exception", b"traceback", b"watchdog", b"out of memory",
    b"segmentation fault", b"oom-kill",
)  # fmt: skip
_MOST_FAILURES = 500
_MOST_NAMES = 10_000
# Lines of a known dialect hold one of these, or of the words of lines of none.
_DIALECT_WORDS = (b" : up. ", b" trl:", b" tel:", b"iteration ", b"iter(", b"iter [")
_MOST_UNCONFIRMED = 200
_LARGEST_STEP = 2.0**62
_SURE_WITHOUT_COUNTER = 4
_TRACEBACK = b"Traceback (most recent"
_LONGEST_TRACEBACK = 20_000
_TIME = re.compile(rb"\d{4}[-/]\d\d[-/]\d\d[ T]\d\d:\d\d:\d\d(?:[.,](\d{1,6}))?")
_TIME_WITHIN = 80
_STEP_NAMES = ("num_updates", "train_num_updates", "valid_num_updates", "test_num_updates")


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

    def read(self, text: bytes) -> LogBlock:
        """Return what whole lines hold."""
        block = LogBlock()
        begin = 0
        lowered = text.lower()
        if self.dialect is None:
            words = WORDS if text.isascii() else (*WORDS, *CHINESE_WORDS)
            lines = lines_holding(lowered, words)
            begin = len(text)
            if not self._is_confirmed and (lines or any(word in lowered for word in _DIALECT_WORDS)):
                self.dialect, begin = first_dialect(text)
            self._read_general(text, [line for line in lines if line[0] < begin], block)
        if self.dialect is not None:
            self._read_dialect(self.dialect, text, begin, block)
        block.lines = _other_lines(text, lowered, block.starts)
        return block

    def describe(self, line: bytes) -> Described | None:
        """Return what the numbers of a metric line mean, or None where that depends on other lines."""
        if self.dialect is None:
            return self._general.describe(line, _time_span(line, len(line)))
        if self.dialect.step_from_bar or BAR.search(line) is not None:
            return None
        found = [(match, mark) for mark in self.dialect.marks for match in mark.pattern.finditer(line)]
        if len(found) != 1:
            return None
        match, mark = found[0]
        groups = match.groupdict()
        if mark.pairs is None or groups.get("within"):
            return None
        values = {}
        for pair in mark.pairs.finditer(line, match.end()):
            name = self._name(pair[1], mark.prefix)
            values[self.dialect.renamed.get(name, name)] = pair.span(2)
        counts = {name: match.span(name) for name in ("step", "epoch") if groups.get(name)}
        fixed = (match.span("total"),) if groups.get("total") else ()
        if not values or not counts or any(name in values for name in counts):
            return None
        time = _time_span(line, match.start())
        return Described(values, counts, fixed, time, is_padded=mark.is_padded)

    def _read_general(self, text: bytes, lines: Sequence[tuple[int, int]], block: LogBlock) -> None:
        for begin, stop in lines:
            reading = self._general.read(text[begin:stop].decode("utf-8", "replace"))
            block.totals.update(reading.totals)
            if not reading.values:
                continue
            time = time_in(text, begin, min(stop, begin + _TIME_WITHIN))
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
        self._unconfirmed = [(-1, row) for _, row in self._unconfirmed]  # of a block that is gone

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

    def _read_dialect(self, dialect: Dialect, text: bytes, begin: int, block: LogBlock) -> None:
        found = sorted(
            (match.start(), match, mark)
            for mark in dialect.marks
            if mark.stands_in(text)
            for match in mark.pattern.finditer(text, begin)
        )
        if dialect.total_from_bar:
            self._take_totals(text, begin, block)
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
                block,
                text,
                start,
                start,
                {names.get(name, name): row[name] for name in row} if names else row,
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

    def _take_totals(self, text: bytes, begin: int, block: LogBlock) -> None:
        """Note how many steps a bar of the training counts."""
        for bar in BAR.finditer(text, begin):
            if b"raining" in text[text.rfind(b"\n", 0, bar.start()) + 1 : bar.start()]:
                block.totals["total_steps"] = _count(bar[2])

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

    def _add(self, block: LogBlock, text: bytes, start: int, before: int, row: Row) -> None:
        """Take up a row; the time of the log stands in its line before `before`."""
        begin = text.rfind(b"\n", 0, start) + 1
        time = time_in(text, begin, min(before, begin + _TIME_WITHIN))
        if not math.isnan(time):
            row["_timestamp"] = time
        block.rows.append(row)
        block.starts.append(start)


def _time_span(line: bytes, before: int) -> tuple[int, int] | None:
    """Return where the moment stands that `time_in` reads."""
    found = _TIME.search(line, 0, min(before, _TIME_WITHIN))
    return None if found is None else found.span()


def first_dialect(text: bytes) -> tuple[Dialect | None, int]:
    """Return whose metric line comes first in a text, and where it begins (the end if there is none)."""
    best: Dialect | None = None
    begin = len(text)
    for dialect in DIALECTS:
        for mark in dialect.marks:
            found = mark.pattern.search(text, 0, begin) if mark.stands_in(text) else None
            if found is not None:
                best, begin = dialect, found.start()
    return best, (text.rfind(b"\n", 0, begin) + 1 if best else begin)


def lines_holding(text: bytes, words: Sequence[bytes]) -> list[tuple[int, int]]:
    """Return the places of the lines in which one of `words` stands, rising."""
    found: set[tuple[int, int]] = set()
    for word in words:
        at = text.find(word)
        while at >= 0:
            stop = text.find(b"\n", at)
            found.add((text.rfind(b"\n", 0, at) + 1, stop))
            at = text.find(word, stop)
    return sorted(found)


def time_in(text: bytes, begin: int, end: int) -> float:
    """Return the moment that a logger wrote at the start of a line (local time), or NaN."""
    found = _TIME.search(text, begin, end)
    if found is None:
        return math.nan
    at, fraction = found.start(), found[1]
    minute, second = int(text[at + 14 : at + 16]), int(text[at + 17 : at + 19])
    if minute > 59 or second > 59:
        return math.nan
    seconds = begin_of_hour(text[at : at + 13]) + (minute * 60 + second)
    return seconds + int(fraction.ljust(6, b"0")) / 1e6 if fraction else seconds


def _other_lines(text: bytes, lowered: bytes, starts: Sequence[int]) -> list[tuple[int, int]]:
    """Return the places of lines that are no metric lines: the last ones, and those that tell of failures."""
    found = set(lines_holding(lowered, _FAILURE_WORDS)[-_MOST_FAILURES:])
    for begin, stop in list(found):
        if text.find(_TRACEBACK, begin, stop) >= 0:
            found.update(_traceback(text, stop + 1))
    end = len(text)
    for _ in range(SHOWN_LINES):
        if end <= 0:
            break
        begin = text.rfind(b"\n", 0, end - 1) + 1
        found.add((begin, end - 1))
        end = begin
    metric_lines = {text.rfind(b"\n", 0, start) + 1 for start in starts if start >= 0}
    return [
        (begin, stop)
        for begin, stop in sorted(found)
        if stop > begin and begin not in metric_lines and BAR.search(text, begin, stop) is None
    ]


def _traceback(text: bytes, begin: int) -> Iterator[tuple[int, int]]:
    """Give the lines of a traceback behind its first, up to the one that says what was raised."""
    last = begin + _LONGEST_TRACEBACK
    while begin < min(last, len(text)):
        stop = text.find(b"\n", begin)
        yield begin, stop
        if text[begin : begin + 1] not in (b" ", b"\t", b"\n"):
            return
        begin = stop + 1


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
