"""When a line of a log was logged, as a moment in its text tells: `2026-02-28 16:46:50,123`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from tuimon.core.columns import Float64Array, Int64Array
from tuimon.sources.decimal_text import ByteArray
from tuimon.sources.log_text import LogText

Span = tuple[int, int]
"""Where something stands in a line: its begin and its end."""

_MICROSECOND_DIGITS = 6
_ZERO, _NO_NUMBER = 0x30, 1_000_000
# Where the parts of a moment stand.
_MONTH, _HOUR_END, _MINUTE, _SECOND, _FRACTION = 5, 13, 14, 17, 20


class Moment(NamedTuple):
    """Where a moment stands in the lines of a shape.

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

    @classmethod
    def within(cls, span: Span, runs: Sequence[Span]) -> Moment:
        """Return where a moment stands, by the runs of digits of its line.

        Raises:
            ValueError: It has no digits.
        """
        begin, end = span
        inside = [at for at, (start, stop) in enumerate(runs) if start < end and stop > begin]
        if not inside:
            raise ValueError("a moment without digits")
        lengths = tuple((at, runs[at][1] - runs[at][0]) for at in inside)
        return cls(inside[0], begin - runs[inside[0]][0], max(0, end - begin - _FRACTION), lengths)

    def read(self, block: LogText, starts: Int64Array) -> Float64Array:
        """Return the unix seconds of lines, float64[n] (NaN: none), whose runs begin at int64[r, n]."""
        at = starts[self.run] + self.shift
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
        if self.fraction:
            fraction = _digits(block.text, at + _FRACTION, self.fraction)
            seconds[fraction >= _NO_NUMBER] = np.nan
            seconds += fraction * 10 ** (_MICROSECOND_DIGITS - self.fraction) / 1e6
        return seconds


def _digits(text: ByteArray, at: Int64Array, count: int) -> Int64Array:
    """Return the numbers of so many digits at some places of a text; a million where there is a point."""
    number = np.zeros(len(at), np.int64)
    for place in range(count):
        digit = text[at + place] - np.uint8(_ZERO)
        number *= 10
        number += digit
        number[digit > 9] = _NO_NUMBER
    return number


@lru_cache(maxsize=4096)
def begin_of_hour(text: bytes) -> float:
    """Return the unix seconds of the beginning of an hour of local time, as in `2026-02-28 16`, or NaN."""
    try:
        year, month, day, hour = (int(text[begin:end]) for begin, end in ((0, 4), (5, 7), (8, 10), (11, 13)))
        return datetime(year, month, day, hour).timestamp()  # noqa: DTZ001  # local, as loggers write
    except (ValueError, OverflowError, OSError):
        return math.nan
