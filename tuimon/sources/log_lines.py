"""Lines of a text log that are no metric lines: which of them are shown, and the moments before them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence

from tuimon.sources.log_moment import begin_of_hour
from tuimon.sources.progress_bars import BAR, BAR_SIGN

SHOWN_LINES, PASSED_LINES = 500, 100
"""Logs are shown by their last lines: of a block, no more than these and those that tell of failures; fewer
of a block behind which more is waiting, as these lines are soon followed by others."""
# In lower case. What else `console_lines` knows stands in lines that hold one of these too.
FAILURE_WORDS = (
    b"error", b"warn", b"critical", b"fatal", b"exception", b"traceback", b"watchdog", b"out of memory",
    b"segmentation fault", b"oom-kill",
)  # fmt: skip
_MOST_FAILURES = 500
_TRACEBACK = b"Traceback (most recent"
_LONGEST_TRACEBACK = 20_000
_TIME = re.compile(rb"\d{4}[-/]\d\d[-/]\d\d[ T]\d\d:\d\d:\d\d(?:[.,](\d{1,6}))?")
# The moment of a line stands at its start.
TIME_WITHIN = 80


def time_span(line: bytes, before: int) -> tuple[int, int] | None:
    """Return where the moment stands that `time_in` reads."""
    found = _TIME.search(line, 0, min(before, TIME_WITHIN))
    return None if found is None else found.span()


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


def other_lines(
    text: bytes, failures: Sequence[tuple[int, int]], starts: Sequence[int], most: int
) -> list[tuple[int, int]]:
    """Return the places of lines that are no metric lines: the last ones, and those that tell of failures.

    Args:
        text: Whole lines.
        failures: The lines that hold one of `FAILURE_WORDS`, rising.
        starts: Where metric lines begin, or their metrics do.
        most: How many of the last lines, metric lines counted.
    """
    found = set(failures[-_MOST_FAILURES:])
    for begin, stop in list(found):
        if text.find(_TRACEBACK, begin, stop) >= 0:
            found.update(_traceback(text, stop + 1))
    end = len(text)
    for _ in range(most):
        if end <= 0:
            break
        begin = text.rfind(b"\n", 0, end - 1) + 1
        found.add((begin, end - 1))
        end = begin
    metric_lines = {text.rfind(b"\n", 0, start) + 1 for start in starts if start >= 0}
    return [
        (begin, stop)
        for begin, stop in sorted(found)
        if stop > begin and begin not in metric_lines and not _is_bar(text, begin, stop)
    ]


def _is_bar(text: bytes, begin: int, stop: int) -> bool:
    return text.find(BAR_SIGN, begin, stop) >= 0 and BAR.search(text, begin, stop) is not None


def _traceback(text: bytes, begin: int) -> Iterator[tuple[int, int]]:
    """Give the lines of a traceback behind its first, up to the one that says what was raised."""
    last = begin + _LONGEST_TRACEBACK
    while begin < min(last, len(text)):
        stop = text.find(b"\n", begin)
        yield begin, stop
        if text[begin : begin + 1] not in (b" ", b"\t", b"\n"):
            return
        begin = stop + 1
