"""Lines of a text log that differ in nothing but the digits of their numbers.

A training loop prints the same line again and again. Once a line was read one by one, it is known where its
numbers stand and what they mean; in a line with as many numbers and with the same text between them, they
stand in the same places. The text is compared eight bytes at a time, so that a line is of a shape or is not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from tuimon.core.columns import Float64Array, Int64Array
from tuimon.core.frozen import frozen
from tuimon.sources.decimal_text import MARGIN, WORD, BoolArray, ByteArray, read_numbers
from tuimon.sources.log_moment import Moment, Span
from tuimon.sources.log_text import LogText

_NOWHERE: Span = (0, 0)

_MOST_RUNS = 80
# Positions of so many numbers at once stay in the processor's cache.
_RUNS_AT_ONCE, _FEWEST_AT_ONCE = 12_000, 256
_LONGEST_LINE = 2000
# What grows in a progress bar is no text that is compared.
_BAR_BEGIN, _BAR_END = b"%|", b"|"
_LONGEST_BAR = 1000
# Numbers are padded with spaces; so many at most.
_MOST_SPACES = 2 * WORD
_ZERO, _POINT, _COMMA = 0x30, 0x2E, 0x2C
_GROUP_DIGITS = 3
_LONGEST_GROUPED = len("999,999,999,999,999")
_SPACES = np.uint64(0x2020202020202020)
# The last n bytes of a word.
_LAST_BYTES = np.array([((1 << 8 * n) - 1) << 8 * (WORD - n) for n in range(WORD + 1)], np.uint64)


@frozen
class Described:
    """What the numbers of one line mean, each by where it stands in the line.

    Attributes:
        values: Where the value of each name stands.
        counts: Where the whole numbers stand that tell the step or the epoch, or `batch`: a step of an epoch.
        fixed: What has to be the same in every line: the total number of steps.
        time: Where the moment stands, as `2026-02-28 16:46:50,123`.
        is_padded: Any number of spaces may stand before a number where there is one.
        padded: Counts before which any number of spaces may stand, or none.
        batches: How many steps an epoch has; the step is that of the batch. 0: it is not asked for.
        first_epoch: The epoch in which step 0 is; lines of lower epochs mean something else.
        names_step: The step is called so, and not made of epochs or batches.
        carries_epoch: The epoch is that of a line before.
        step_from_bar: The step is that of the last progress bar before the line.
        context: What else was known when it was described, and must be the same.
    """

    values: Mapping[str, Span]
    counts: Mapping[str, Span]
    fixed: tuple[Span, ...] = ()
    time: Span | None = None
    is_padded: bool = False
    padded: tuple[str, ...] = ()
    batches: int = 0
    first_epoch: int = 0
    names_step: bool = False
    carries_epoch: bool = False
    step_from_bar: bool = False
    context: tuple[object, ...] = ()


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

    Attributes:
        described: What is known of the line that it was made from.

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
        self.described = described
        self._runs = len(runs)
        borders = [0, *(place for run in runs for place in run), len(line)]
        self._between = [line[borders[at] : borders[at + 1]] for at in range(0, len(borders), 2)]
        self._numbers = [_located(span, runs) for span in described.values.values()]
        self._counts = [_located(span, runs) for span in described.counts.values()]
        freely = {self._counts[list(described.counts).index(name)].run for name in described.padded}
        parts = [
            _part(text, is_padded=described.is_padded and run < self._runs, is_free=run in freely)
            for run, text in enumerate(self._between)
        ]
        self._length = np.array([[len(part.head) + len(part.tail)] for part in parts])
        self._fewest = np.array([[part.fewest] for part in parts])
        self._most = np.array([[part.most] for part in parts])
        self._padded = np.flatnonzero([part.is_padded for part in parts])
        # Each word stands so far behind the begin of a text, or (in the second half of them) behind its end.
        words = [(at, *word) for at, part in enumerate(parts) for word in _words(part.head)]
        words += [
            (at + len(parts), place - len(part.tail), expected, mask)
            for at, part in enumerate(parts)
            for place, expected, mask in _words(part.tail)
        ]
        self._word_border = np.array([at for at, *_ in words], np.int64)
        self._word_place = np.array([[place] for _, place, _, _ in words], np.int64)
        self._expected = np.array([[expected] for *_, expected, _ in words], np.uint64)
        self._masks = np.array([[mask] for *_, mask in words], np.uint64)
        self._fixed = [(_located(span, runs), line[slice(*span)]) for span in described.fixed]
        self._moment = None if described.time is None else Moment.within(described.time, runs)
        # Of any sign are the values only.
        free = {number.run for number in self._numbers if number.shift == 0}
        self._signed = np.array([run for run in range(self._runs) if run not in free], np.int64)
        signs = [line[runs[run][0]] for run in self._signed]
        self._signs = np.array([[sign if sign < _POINT else 0] for sign in signs], np.uint8)
        elsewhere = replace(
            described, values=dict.fromkeys(described.values, _NOWHERE), counts={}, fixed=(), time=None
        )
        self._key = (
            [(part.head, part.tail, part.fewest, part.most) for part in parts],
            elsewhere,
            self._numbers,
            dict(zip(described.counts, self._counts, strict=True)),
            self._fixed,
            self._moment,
            signs,
        )

    def is_like(self, other: LogShape) -> bool:
        """Return whether another shape is the same."""
        return self._key == other._key

    def find(self, block: LogText, among: BoolArray) -> Found:
        """Return those lines `among` (bool[n]) a block's that have the shape, with what stands in them."""
        places = np.flatnonzero((block.run_counts == self._runs) & among)
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
        if not len(places):
            return Found(places, (), np.empty((0, 0)), {})
        columns = [*self._numbers, *self._counts]
        runs = [column.run for column in columns]
        first = starts[runs] + [[column.shift] for column in columns]
        last = ends[runs] + [[column.end_shift] for column in columns]
        grouped = block.text[last - _GROUP_DIGITS - 1] == _COMMA
        grouped &= last - first > _GROUP_DIGITS + 1
        rows = np.flatnonzero(grouped.any(axis=1)).tolist()
        values, odd, fractional = read_numbers(
            block.text, first, np.where(grouped, first + 1, last) if rows else last
        )
        for row in rows:
            among = np.flatnonzero(grouped[row])
            values[row, among], odd[row, among] = _read_groups(
                block.text, first[row, among], last[row, among]
            )
        good = ~odd.any(axis=0) & ~fractional[len(self._numbers) :].any(axis=0)
        if "epoch" in self.described.counts:
            epoch = list(self.described.counts).index("epoch") + len(self._numbers)
            good &= values[epoch] >= self.described.first_epoch
        times = np.zeros(len(places)) if self._moment is None else self._moment.read(block, starts)
        if not good.all():
            places, values, times = places[good], values[:, good], times[good]
        return self._table(places, values, times)

    def _fits(self, block: LogText, places: Int64Array, starts: Int64Array, ends: Int64Array) -> BoolArray:
        """Return which lines have the same text between their numbers."""
        if not len(places):
            return np.empty(0, np.bool_)
        borders = np.vstack([block.line_starts[places], ends, starts, block.line_ends[places]])
        begins, stops = borders[: self._runs + 1], borders[self._runs + 1 :]
        gaps = stops - begins - self._length
        fits: BoolArray = ((gaps >= self._fewest) & (gaps <= self._most)).all(axis=0)
        at = borders[self._word_border] + self._word_place
        found = block.words[np.minimum(at, len(block.words) - 1)]
        fits &= ((found & self._masks) == self._expected).all(axis=0)
        if len(self._padded):
            spaces, at = gaps[self._padded], stops[self._padded]
            for word in range(_MOST_SPACES // WORD):
                masks = _LAST_BYTES[np.clip(spaces - word * WORD, 0, WORD)]
                found = block.words[at - (word + 1) * WORD]
                fits &= (((found ^ _SPACES) & masks) == 0).all(axis=0)
        for (run, shift, end_shift), text in self._fixed:
            begin = starts[run] + shift
            fits &= ends[run] + end_shift - begin == len(text)
            for place, character in enumerate(text):
                fits &= block.text[np.minimum(begin + place, len(block.text) - 1)] == character
        for run, length in () if self._moment is None else self._moment.lengths:
            fits &= ends[run] - starts[run] == length
        if len(self._signed):
            signs = block.text[starts[self._signed]]
            signs[signs >= _POINT] = 0
            fits &= (signs == self._signs).all(axis=0)
        return fits

    def _table(self, places: Int64Array, values: Float64Array, times: Float64Array) -> Found:
        described = self.described
        rows = dict(zip((*described.values, *described.counts), values, strict=True))
        parsed: dict[str, Int64Array | None] = dict.fromkeys(described.values)
        parsed |= {tag: rows[tag].astype(np.int64) for tag in described.counts}
        if described.batches:
            epochs = rows["epoch"].astype(np.int64) - described.first_epoch
            steps = epochs * described.batches + rows.pop("batch").astype(np.int64)
            del parsed["batch"]
            parsed["step"], rows["step"] = steps, steps.astype(np.float64)
        if self._moment is not None:
            rows["_timestamp"], parsed["_timestamp"] = times, None
        return Found(places, tuple(rows), np.array(list(rows.values())), parsed)


class _Part(NamedTuple):
    """The text between two numbers: `head` and `tail`, and how many bytes may stand between these."""

    head: bytes
    tail: bytes = b""
    fewest: int = 0
    most: int = 0
    is_padded: bool = False


def _part(text: bytes, *, is_padded: bool, is_free: bool) -> _Part:
    body = text.find(_BAR_BEGIN) + len(_BAR_BEGIN)
    if body >= len(_BAR_BEGIN) and (end := text.rfind(_BAR_END)) >= body:
        return _Part(text[:body], text[end:], most=_LONGEST_BAR)
    core = text.rstrip(b" ")
    if is_free:
        return _Part(core, most=_MOST_SPACES, is_padded=True)
    if is_padded and len(core) < len(text):
        return _Part(core, fewest=1, most=_MOST_SPACES, is_padded=True)
    return _Part(text)


class _Place(NamedTuple):
    """Where a number stands: in which run, and how far from its begin and its end."""

    run: int
    shift: int
    end_shift: int


def _located(span: Span, runs: list[Span]) -> _Place:
    """Return where a number stands.

    Raises:
        ValueError: It shares a run with something else, or has none.
    """
    begin, end = span
    for at, (start, stop) in enumerate(runs):
        if start <= begin <= start + 1 and stop - 1 <= end <= stop:
            return _Place(at, begin - start, end - stop)
    raise ValueError("a number that is part of another one, or has no digits")


def _read_groups(text: ByteArray, first: Int64Array, last: Int64Array) -> tuple[Float64Array, BoolArray]:
    """Read numbers as `33,024`, int64[n] each; return their values, and which are none."""
    values, factor = np.zeros(len(first)), 1.0
    odd = last - first > _LONGEST_GROUPED
    for behind in range(min(int((last - first).max()), _LONGEST_GROUPED)):
        at = last - 1 - behind
        inside = at >= first
        character = text[at]
        if behind % (_GROUP_DIGITS + 1) == _GROUP_DIGITS:
            odd |= inside & (character != _COMMA)
            continue
        digit = character - np.uint8(_ZERO)
        odd |= inside & (digit > 9)
        values += np.where(inside, digit * factor, 0.0)
        factor *= 10
    return values, odd


def _words(text: bytes) -> list[tuple[int, int, int]]:
    """Return the words of a text: where each begins, what it is, and which of its bytes count."""
    if len(text) < WORD:
        mask = (1 << 8 * len(text)) - 1
        return [(0, int.from_bytes(text, "little"), mask)] if text else []
    places = [*range(0, len(text) - WORD, WORD), len(text) - WORD]
    return [(at, int.from_bytes(text[at : at + WORD], "little"), (1 << 64) - 1) for at in places]
