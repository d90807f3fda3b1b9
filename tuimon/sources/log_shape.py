"""Lines of a text log that differ in nothing but the digits of their numbers.

A training loop prints the same line again and again. Once a line was read one by one, it is known where its
numbers stand and what they mean; in a line with as many numbers and with the same text between them, they
stand in the same places. The text is compared eight bytes at a time, so that a line is of a shape or is not.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from tuimon.core.columns import Float64Array, Int64Array
from tuimon.core.frozen import frozen
from tuimon.sources.decimal_text import MARGIN, BoolArray, ByteArray, WordArray, read_numbers, words_of

Span = tuple[int, int]

_WORD = 8
_MOST_RUNS = 80
# Positions of so many numbers at once stay in the processor's cache.
_RUNS_AT_ONCE, _FEWEST_AT_ONCE = 48_000, 256
_LONGEST_LINE = 2000
# Numbers are padded with spaces; so many at most.
_MOST_SPACES = 2 * _WORD
_LINE_END = 0x0A
_ZERO, _NO_NUMBER = 0x30, 1_000_000
_POINT, _SLASH_BEHIND_POINT, _DIGITS_AND_POINT = 0x2E, 1, 12
_SPACES = np.uint64(0x2020202020202020)
# The last n bytes of a word.
_LAST_BYTES = np.array([((1 << 8 * n) - 1) << 8 * (_WORD - n) for n in range(_WORD + 1)], np.uint64)
_MICROSECOND_DIGITS = 6
# Where the parts of a moment stand in `2026-02-28 16:46:50,123`.
_MONTH, _HOUR_END, _MINUTE, _SECOND, _FRACTION = 5, 13, 14, 17, 20


@frozen
class Described:
    """What the numbers of one line mean, each by where it stands in the line.

    Attributes:
        values: Where the value of each name stands.
        counts: Where the whole numbers stand that tell the step or the epoch.
        fixed: What has to be the same in every line: the total number of steps.
        time: Where the moment stands, as `2026-02-28 16:46:50,123`.
        is_padded: Any number of spaces may stand before a number where there is one.
    """

    values: Mapping[str, Span]
    counts: Mapping[str, Span]
    fixed: tuple[Span, ...] = ()
    time: Span | None = None
    is_padded: bool = False


class LogText:
    """A block of whole lines, and where digits stand in it.

    Attributes:
        text: uint8[m], with `MARGIN` bytes before and a word behind.
        line_starts: int64[n], in `text`.
        line_ends: int64[n], where the line ends stand.
        run_starts: int64[r], where the runs of digits (and points) begin.
        run_ends: int64[r].
        first_runs: int64[n], the first run in each line.
        run_counts: int64[n].
    """

    def __init__(self, block: bytes) -> None:
        self.text: ByteArray = np.frombuffer(bytes(MARGIN) + block + bytes(_WORD), np.uint8)
        self.words: WordArray = words_of(self.text)
        self.line_ends = np.flatnonzero(self.text == _LINE_END)
        self.line_starts = np.append(MARGIN, self.line_ends[:-1] + 1)
        shifted = self.text - np.uint8(_POINT)
        is_digit = (shifted < _DIGITS_AND_POINT) & (shifted != _SLASH_BEHIND_POINT)
        edges = np.flatnonzero(is_digit[1:] != is_digit[:-1]) + 1
        self.run_starts, self.run_ends = edges[::2], edges[1::2]
        self.first_runs = self.run_starts.searchsorted(self.line_starts)
        self.run_counts = np.diff(np.append(self.first_runs, len(self.run_starts)))

    def __len__(self) -> int:
        return len(self.line_ends)


class Found(NamedTuple):
    """Lines of a shape: which ones (int64[n]), and the numbers in them.

    Attributes:
        places: The lines.
        tags: Names of the k columns.
        values: float64[k, n].
        parsed: Columns that may be step or clock, see `NumberTable`.
    """

    places: Int64Array
    tags: tuple[str, ...]
    values: Float64Array
    parsed: dict[str, Int64Array | None]


class LogShape:
    """The shape of a line.

    Args:
        line: One, without its end.
        described: What is known of it.

    Raises:
        ValueError: The line has no shape that can be relied on.
    """

    def __init__(self, line: bytes, described: Described) -> None:
        text = LogText(line + b"\n")
        runs = list(zip((text.run_starts - MARGIN).tolist(), (text.run_ends - MARGIN).tolist(), strict=True))
        if not 0 < len(runs) <= _MOST_RUNS or len(line) > _LONGEST_LINE:
            raise ValueError("too long, or without numbers")
        self._described = described
        self._runs = len(runs)
        borders = [0, *(place for run in runs for place in run), len(line)]
        self._between = [line[borders[at] : borders[at + 1]] for at in range(0, len(borders), 2)]
        cores = [
            part.rstrip(b" ") if described.is_padded and at < len(runs) else part
            for at, part in enumerate(self._between)
        ]
        self._core = np.array([[len(part)] for part in cores])
        self._spaces = np.array(
            [[len(part) - len(core)] for part, core in zip(self._between, cores, strict=True)]
        )
        words = [(at, *word) for at, core in enumerate(cores) for word in _words(core)]
        self._word_text = np.array([at for at, *_ in words], np.int64)
        self._word_place = np.array([[place] for _, place, _, _ in words], np.int64)
        self._expected = np.array([[expected] for *_, expected, _ in words], np.uint64)
        self._masks = np.array([[mask] for *_, mask in words], np.uint64)
        self._numbers = {name: _located(span, runs) for name, span in described.values.items()}
        self._counts = {name: _located(span, runs) for name, span in described.counts.items()}
        self._fixed = [(_located(span, runs), line[slice(*span)]) for span in described.fixed]
        self._time = _time_places(described.time, runs)

    def is_like(self, other: LogShape) -> bool:
        """Return whether another shape is the same."""
        return self._between == other._between and self._described == other._described

    def find(self, block: LogText) -> Found:
        """Return the lines of a block that have the shape, with what stands in them."""
        places = np.flatnonzero(block.run_counts == self._runs)
        at_once = max(_FEWEST_AT_ONCE, _RUNS_AT_ONCE // self._runs)
        parts = [self._find(block, places[at : at + at_once]) for at in range(0, len(places), at_once)]
        parts = [part for part in parts if len(part.places)]
        if not parts:
            return Found(places[:0], (), np.empty((0, 0)), {})
        first = parts[0]
        if len(parts) == 1:
            return first
        parsed = {
            tag: None if column is None else np.concatenate([part.parsed[tag] for part in parts])
            for tag, column in first.parsed.items()
        }
        values = np.concatenate([part.values for part in parts], axis=1)
        return Found(np.concatenate([part.places for part in parts]), first.tags, values, parsed)

    def _find(self, block: LogText, places: Int64Array) -> Found:
        index = block.first_runs[places] + np.arange(self._runs)[:, np.newaxis]
        starts, ends = block.run_starts[index], block.run_ends[index]
        fits = self._fits(block, places, starts, ends)
        if not fits.all():
            places, starts, ends = places[fits], starts[:, fits], ends[:, fits]
        columns = [*self._numbers.values(), *self._counts.values()]
        first = np.array([starts[run] + shift for run, shift, _, _ in columns]).reshape(len(columns), -1)
        last = np.array([ends[run] + shift for _, _, run, shift in columns]).reshape(len(columns), -1)
        if not len(places):
            return Found(places, (), np.empty((0, 0)), {})
        numbers = read_numbers(block.text, first, last)
        good = ~numbers.odd.any(axis=0) & ~numbers.fractional[len(self._numbers) :].any(axis=0)
        times = self._times(block, starts)
        values = numbers.values
        if not good.all():
            places, values, times = places[good], values[:, good], times[good]
        return self._table(places, values, times)

    def _fits(self, block: LogText, places: Int64Array, starts: Int64Array, ends: Int64Array) -> BoolArray:
        """Return which lines have the same text between their numbers."""
        if not len(places):
            return np.empty(0, np.bool_)
        begins = np.vstack([block.line_starts[places], ends])
        stops = np.vstack([starts, block.line_ends[places]])
        spaces = stops - begins - self._core
        fits: BoolArray = np.where(
            self._spaces > 0, (spaces > 0) & (spaces <= _MOST_SPACES), spaces == 0
        ).all(axis=0)
        found = block.words[np.minimum(begins[self._word_text] + self._word_place, len(block.words) - 1)]
        fits &= ((found & self._masks) == self._expected).all(axis=0)
        padded = np.flatnonzero(self._spaces)
        if len(padded):
            gaps, at = spaces[padded], stops[padded]
            for word in range(_MOST_SPACES // _WORD):
                masks = _LAST_BYTES[np.clip(gaps - word * _WORD, 0, _WORD)]
                found = block.words[at - (word + 1) * _WORD]
                fits &= (((found ^ _SPACES) & masks) == 0).all(axis=0)
        for (run, shift, last_run, last_shift), text in self._fixed:
            begin = starts[run] + shift
            fits &= ends[last_run] + last_shift - begin == len(text)
            for place, character in enumerate(text):
                fits &= block.text[np.minimum(begin + place, len(block.text) - 1)] == character
        for run, length in self._time.lengths if self._time is not None else ():
            fits &= ends[run] - starts[run] == length
        return fits

    def _table(self, places: Int64Array, values: Float64Array, times: Float64Array) -> Found:
        tags, rows = [*self._numbers, *self._counts], [*values]
        parsed = {
            tag: row.astype(np.int64) if tag in self._counts else None
            for tag, row in zip(tags, rows, strict=True)
        }
        if self._time is not None:
            tags.append("_timestamp")
            rows.append(times)
            parsed["_timestamp"] = None
        return Found(places, tuple(tags), np.array(rows), parsed)

    def _times(self, block: LogText, starts: Int64Array) -> Float64Array:
        """Return when each line was logged, in unix seconds."""
        time = self._time
        if time is None:
            return np.zeros(starts.shape[1])
        at = starts[time.run] + time.shift
        # The hour changes seldom: it is read where its words do.
        date, rest = block.words[at], block.words[at + _MONTH]
        changes = np.flatnonzero((date[1:] != date[:-1]) | (rest[1:] != rest[:-1])) + 1
        borders = np.concatenate(([0], changes, [len(at)]))
        hours = [
            begin_of_hour(block.text[begin : begin + _HOUR_END].tobytes())
            for begin in at[borders[:-1]].tolist()
        ]
        minute = _digits(block.text, at + _MINUTE, 2)
        second = _digits(block.text, at + _SECOND, 2)
        seconds: Float64Array = np.repeat(np.array(hours, np.float64), np.diff(borders))
        seconds += minute * 60 + second
        seconds[(minute > 59) | (second > 59)] = np.nan
        if time.fraction:
            fraction = _digits(block.text, at + _FRACTION, time.fraction)
            seconds[fraction >= _NO_NUMBER] = np.nan
            seconds += fraction * 10 ** (_MICROSECOND_DIGITS - time.fraction) / 1e6
        return seconds


class _Time(NamedTuple):
    """Where a moment stands.

    Attributes:
        run: The run of digits that the year is in.
        shift: Where in it the year begins.
        fraction: How many digits the second has behind its point.
        lengths: The runs that it consists of, and how long each has to be.
    """

    run: int
    shift: int
    fraction: int
    lengths: tuple[tuple[int, int], ...]


def _time_places(span: Span | None, runs: list[Span]) -> _Time | None:
    if span is None:
        return None
    begin, end = span
    inside = [at for at, (start, stop) in enumerate(runs) if start < end and stop > begin]
    lengths = tuple((at, runs[at][1] - runs[at][0]) for at in inside)
    return _Time(inside[0], begin - runs[inside[0]][0], max(0, end - begin - _FRACTION), lengths)


def _digits(text: ByteArray, at: Int64Array, count: int) -> Int64Array:
    """Return the numbers of so many digits at some places of a text; a million where there is a point."""
    number = np.zeros(len(at), np.int64)
    for place in range(count):
        digit = text[at + place] - np.uint8(_ZERO)
        number *= 10
        number += digit
        number[digit > 9] = _NO_NUMBER
    return number


def _located(span: Span, runs: list[Span]) -> tuple[int, int, int, int]:
    """Return the runs of digits that a number begins and ends with, and how far beside them it does.

    Raises:
        ValueError: It shares a run with something else, or has none.
    """
    begin, end = span
    inside = [at for at, (start, stop) in enumerate(runs) if start < end and stop > begin]
    if not inside or runs[inside[0]][0] < begin or runs[inside[-1]][1] > end:
        raise ValueError("a number that is part of another one, or has no digits")
    return inside[0], begin - runs[inside[0]][0], inside[-1], end - runs[inside[-1]][1]


def _words(text: bytes) -> list[tuple[int, int, int]]:
    """Return the words of a text: where each begins, what it is, and which of its bytes count."""
    if len(text) < _WORD:
        mask = (1 << 8 * len(text)) - 1
        return [(0, int.from_bytes(text, "little"), mask)] if text else []
    places = [*range(0, len(text) - _WORD, _WORD), len(text) - _WORD]
    return [(at, int.from_bytes(text[at : at + _WORD], "little"), (1 << 64) - 1) for at in places]


@lru_cache(maxsize=4096)
def begin_of_hour(text: bytes) -> float:
    """Return the unix seconds of the beginning of an hour of local time, as in `2026-02-28 16`, or NaN."""
    try:
        year, month, day, hour = (int(text[begin:end]) for begin, end in ((0, 4), (5, 7), (8, 10), (11, 13)))
        return datetime(year, month, day, hour).timestamp()  # noqa: DTZ001  # local, as loggers write
    except (ValueError, OverflowError, OSError):
        return math.nan
