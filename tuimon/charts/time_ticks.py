"""Ticks of time axes: round in seconds, minutes, hours and days instead of in powers of ten."""

from __future__ import annotations

import math
from datetime import datetime, tzinfo

from tuimon.charts.ticks import axis_number, linear_ticks, round_step

_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86400
_STEPS_S = (
    *(1, 2, 5, 10, 15, 30),
    *(step * _MINUTE_S for step in (1, 2, 5, 10, 15, 30)),
    *(step * _HOUR_S for step in (1, 2, 3, 6, 12)),
)
_PATTERNS = ((28 * _DAY_S, "%Y-%m"), (_DAY_S, "%m-%d"), (_MINUTE_S, "%H:%M"), (0, "%H:%M:%S"))
_UNITS = ((_DAY_S, "d"), (_HOUR_S, "h"), (_MINUTE_S, "m"), (1, "s"))


def duration_ticks(lo: float, hi: float, count: int) -> list[tuple[float, str]]:
    """About `count` ticks of an axis of seconds since a start: `0`, `30m`, `1h`, `1h30m`, `2d`."""
    return [(tick, _duration(tick)) for tick in _time_ticks(lo, hi, count, 0.0)]


def clock_ticks(lo: float, hi: float, count: int, zone: tzinfo | None = None) -> list[tuple[float, str]]:
    """About `count` ticks of an axis of unix seconds: `14:02:30`, `14:00`, or `07-31` when days apart.

    Args:
        lo: unix seconds, the start of the axis.
        hi: unix seconds, its end.
        count: ticks wanted.
        zone: the time zone of the labels, and of the midnight at which days begin; None: the machine's.
    """
    start = _local(lo, zone)
    offset = start.utcoffset() if start else None
    # A clock has no parts of a second.
    ticks = _time_ticks(lo, hi, int(max(min(count, hi - lo), 1)), offset.total_seconds() if offset else 0.0)
    step_s = ticks[1] - ticks[0] if len(ticks) > 1 else 1.0
    pattern = next(pattern for least_s, pattern in _PATTERNS if step_s >= least_s)
    moments = [(tick, _local(tick, zone)) for tick in ticks]
    return [(tick, moment.strftime(pattern) if moment else axis_number(tick)) for tick, moment in moments]


def _time_ticks(lo: float, hi: float, count: int, offset_s: float) -> tuple[float, ...]:
    """Multiples of a step of the calendar between `lo` and `hi`, counted from `offset_s` before zero."""
    count = max(count, 1)
    least = hi / count - lo / count
    if not _STEPS_S[0] / 2 < least < _DAY_S * 1e9:
        return linear_ticks(lo, hi, count)
    in_days = max(round_step(least / _DAY_S), 1.0) * _DAY_S
    step = next((float(step) for step in _STEPS_S if step >= least), in_days)
    first, last = math.ceil((lo + offset_s) / step), math.floor((hi + offset_s) / step)
    return tuple(index * step - offset_s for index in range(first, last + 1))


def _duration(seconds: float) -> str:
    if seconds != int(seconds) or abs(seconds) < 1:
        return axis_number(seconds) + ("s" if seconds else "")
    rest, parts = abs(int(seconds)), []
    for unit_s, name in _UNITS:
        amount, rest = divmod(rest, unit_s)
        if amount:
            parts.append(f"{amount}{name}")
    # Two units are enough: ticks that are days apart do not start at odd minutes.
    return ("-" if seconds < 0 else "") + "".join(parts[:2])


def _local(seconds: float, zone: tzinfo | None) -> datetime | None:
    """The moment in the zone; None where the calendar has no such year."""
    try:
        return datetime.fromtimestamp(seconds, zone).astimezone(zone)
    except (OverflowError, OSError, ValueError):
        return None
