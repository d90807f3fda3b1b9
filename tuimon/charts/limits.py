"""Limits of axes that move in steps: a chart whose limits follow each point is sent anew each time."""

from __future__ import annotations

import math
import sys

from tuimon.charts.scales import Limits

_HEADROOM = 0.1
# Limits are multiples of a step of at most this part of the span: less than half of a new axis stays unused.
_STEPS_IN_SPAN = 8
_LEAST_USED = 0.5


def stepped_limits(
    lo: float, hi: float, previous: Limits | None = None, *, log: bool = False
) -> tuple[float, float]:
    """Choose the limits of a y axis for values from `lo` to `hi`.

    The previous limits stay while the values fit in and use half of them. New limits are round and leave at
    least 10 % of the span free on both sides; but values >= 0 get no
    negative axis. A single value lies in the middle.

    Args:
        lo: smallest value shown; not finite where there is none.
        hi: largest value shown.
        previous: limits of the last picture.
        log: room and steps are counted in decades; `lo` must be positive to matter.

    Returns:
        Finite, ascending limits; (0, 1), or (0.1, 1) for `log`, when there is nothing to show and no past.
    """
    if not (math.isfinite(lo) and math.isfinite(hi)) or (log and hi <= 0):
        return previous or ((0.1, 1.0) if log else (0.0, 1.0))
    lo, hi = min(lo, hi), max(lo, hi)
    if log and lo <= 0:
        lo = hi
    if previous and _suits(previous, lo, hi, log=log):
        return previous
    if log and math.log10(hi) - math.log10(lo) >= 1:
        new_lo, new_hi = _decade_limits(lo, hi)
    else:
        new_lo, new_hi = _round_limits(lo, hi)
    if log and new_lo <= 0:
        new_lo = lo / 2
    # Among the largest and smallest floats there is no room left to round to.
    return min(new_lo, lo), max(new_hi, hi)


def stepped_x_limits(first: float, last: float, previous: Limits | None = None) -> tuple[float, float]:
    """Choose the limits of an x axis that shows everything: exact on the left, room to grow on the right.

    A finished run needs no room: its limits are simply its first and last x.
    """
    if not (math.isfinite(first) and math.isfinite(last)):
        return previous or (0.0, 1.0)
    if previous and previous[0] == first and _suits(previous, first, last):
        return previous
    span = last - first
    if not span > 0:
        return first, first + 1.0
    step = _step_below(span / _STEPS_IN_SPAN)
    return first, first + math.ceil(span * (1 + _HEADROOM) / step - 1e-9) * step


def stepped_window(last: float, window: Limits) -> tuple[float, float]:
    """Move a window of fixed length so that it shows `last`, by eighths of its length."""
    start, end = window
    eighth = (end - start) / 8
    if not (math.isfinite(last) and eighth > 0 and not start <= last <= end):
        return window
    moves = math.ceil((last - end) / eighth) if last > end else math.floor((last - start) / eighth)
    return start + moves * eighth, end + moves * eighth


def _suits(limits: Limits, lo: float, hi: float, *, log: bool = False) -> bool:
    """Whether the values fit between `limits` and take enough of the axis."""
    if not limits[0] <= lo <= hi <= limits[1] or (log and limits[0] <= 0):
        return False
    start, lo, hi, end = (math.log(x) if log else x * 0.5 for x in (limits[0], lo, hi, limits[1]))
    return hi - lo >= (end - start) * _LEAST_USED


def _round_limits(lo: float, hi: float) -> Limits:
    half_span = hi * 0.5 - lo * 0.5
    if half_span <= max(abs(lo), abs(hi)) * 1e-12:
        room = abs(lo) * _HEADROOM or 1.0
        return _in_range(lo - room), _in_range(hi + room)
    room = half_span * 2 * _HEADROOM if half_span < 1e307 else half_span * _HEADROOM
    step = _step_below(half_span / _STEPS_IN_SPAN * 2)
    new_lo = _in_range(_multiple_beyond(lo - room, step, up=False))
    return (0.0 if new_lo < 0 <= lo else new_lo), _in_range(_multiple_beyond(hi + room, step, up=True))


def _multiple_beyond(value: float, step: float, *, up: bool) -> float:
    if not math.isfinite(value) or step <= 0:
        return value
    index = math.ceil(value / step - 1e-9) if up else math.floor(value / step + 1e-9)
    # Through the decimal form: 3 * 0.1 is 0.3 on an axis.
    return float(f"{index * step:.15g}")


def _decade_limits(lo: float, hi: float) -> Limits:
    lowest, highest = math.log10(lo), math.log10(hi)
    room = (highest - lowest) * _HEADROOM
    return _leading_digit(lowest - room, up=False), _leading_digit(highest + room, up=True)


def _leading_digit(exponent: float, *, up: bool) -> float:
    """10 ** exponent, rounded outwards to one digit."""
    decade = math.floor(min(max(exponent, -300), 307))
    mantissa = 10.0 ** (exponent - decade)
    digit = math.ceil(mantissa - 1e-9) if up else math.floor(mantissa + 1e-9)
    return float(f"{min(max(digit, 1), 10)}e{decade}")


def _step_below(length: float) -> float:
    """The largest of 1, 2 or 5 times a power of ten that is not above `length`."""
    if not 1e-300 < length < 1e300:
        return length
    exponent = math.floor(math.log10(length) + 1e-9)
    mantissa = next(m for m in (5, 2, 1) if m * 10.0**exponent <= length * (1 + 1e-9))
    return float(f"{mantissa}e{exponent}")


def _in_range(value: float) -> float:
    return min(max(value, -sys.float_info.max), sys.float_info.max)
