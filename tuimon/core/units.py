"""Numbers as people read them."""

from __future__ import annotations

import math
import re
from datetime import datetime, timedelta

UNKNOWN = "-"
_CLOCK = re.compile(r"(?:(?:(\d{4})-)?(\d\d?)-(\d\d?)[ T])?(\d\d?):(\d\d)(?::(\d\d))?")


def format_duration(seconds: float | None) -> str:
    """Format a duration with its two largest units: `12ms`, `45s`, `3m12s`, `2h05m`, `4d03h`."""
    if seconds is None or not math.isfinite(seconds):
        return UNKNOWN
    length = abs(seconds)
    whole, minutes, hours = round(length), round(length / 60), round(length / 3600)
    if 5e-5 <= seconds < 0.0995:
        text = f"{1e3 * length:.2g}ms"
    elif length < 9.95:
        text = f"{length:.1f}s"
    elif whole < 60:
        text = f"{whole}s"
    elif whole < 3600:
        text = f"{whole // 60}m{whole % 60:02d}s"
    elif minutes < 24 * 60:
        text = f"{minutes // 60}h{minutes % 60:02d}m"
    else:
        text = f"{hours // 24}d{hours % 24:02d}h"
    return "-" + text if round(seconds, 1) < 0 else text


def format_count(count: float | None) -> str:
    """Format a count in at most five characters and a sign: `999`, `9.5`, `12.5k`, `150M`, `6e19`."""
    if count is None or not math.isfinite(count):
        return UNKNOWN
    for divisor, unit in ((1, ""), (1e3, "k"), (1e6, "M"), (1e9, "G"), (1e12, "T")):
        scaled = count / divisor
        if abs(round(scaled)) < (1000 if unit else 10_000):
            # A decimal is worth its place while the number has at most three digits, or two and a unit.
            decimals = 1 if abs(scaled) < (99.95 if unit else 999.95) else 0
            return f"{round(scaled, decimals) + 0.0:.{decimals}f}".removesuffix(".0") + unit
    return f"{count:.0e}".replace("e+", "e")


def format_bytes(size_bytes: float | None) -> str:
    """Format a size in binary units: `512B`, `1.5K`, `71G`."""
    if size_bytes is None or not math.isfinite(size_bytes):
        return UNKNOWN
    scaled, unit = float(size_bytes), "B"
    for larger in "KMGT":
        if abs(round(scaled)) < 1024:
            break
        scaled, unit = scaled / 1024, larger
    decimals = 0 if unit == "B" or abs(scaled) >= 9.95 else 1
    return f"{scaled:.{decimals}f}{unit}"


def format_value(value: float | None, digits: int = 4) -> str:
    """Format a metric value with `digits` significant digits: `1.832`, `2e-5`, `NaN`, `Inf`."""
    if value is None:
        return UNKNOWN
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Inf" if value > 0 else "-Inf"
    mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
    rounded = float(f"{mantissa}e{exponent}")
    if rounded and not (abs(rounded) >= 1e-3 and abs(value) < 10 ** max(digits + 1, 5)):
        trimmed = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
        return f"{trimmed}e{int(exponent)}"
    text = f"{rounded + 0.0:.{digits}g}"
    return f"{value:.0f}" if "e" in text else text


def format_rate(per_second: float | None, unit: str = "it") -> str:
    """Format a speed as `2.1 it/s`, or as `3.4 s/it` where one takes longer than a second."""
    if per_second is None or not math.isfinite(per_second) or per_second <= 0:
        return UNKNOWN
    if per_second < 1:
        return f"{format_value(1 / per_second, 3)} s/{unit}"
    return f"{format_count(per_second) if per_second >= 1000 else format_value(per_second, 3)} {unit}/s"


def format_percent(fraction: float | None) -> str:
    """Format a fraction as `41.6%`."""
    if fraction is None or not math.isfinite(fraction):
        return UNKNOWN
    return f"{round(100 * fraction, 1) + 0.0:.1f}%"


def format_clock(wall_time: float | None, now: float | None = None) -> str:
    """Format a wall time as local `14:02`, with the date where it is not the day of `now`."""
    if wall_time is None or not math.isfinite(wall_time):
        return UNKNOWN
    try:
        moment = datetime.fromtimestamp(wall_time).astimezone()
        today = None if now is None else datetime.fromtimestamp(now).astimezone().date()
    except (OverflowError, OSError, ValueError):
        return UNKNOWN
    if today is None or moment.date() == today:
        return moment.strftime("%H:%M")
    return moment.strftime("%m-%d %H:%M")


def parse_clock(text: str, latest: float) -> float | None:
    """Return the unix seconds of a local time: `14:02`, `14:02:30`, `03-02 14:02` or `2026-03-02 14:02`.

    Args:
        text: A time as `format_clock` or `format_date` writes it.
        latest: Without a date, or a year, the last such time up to this one is meant, in unix seconds.

    Returns:
        None where it is no time.
    """
    found = _CLOCK.fullmatch(text.strip())
    if found is None or not math.isfinite(latest):
        return None
    year, month, day, hour, minute, second = (None if part is None else int(part) for part in found.groups())
    try:
        last = datetime.fromtimestamp(latest).astimezone().replace(tzinfo=None)
        time = last.replace(hour=hour or 0, minute=minute or 0, second=second or 0, microsecond=0)
        if month is None or day is None:
            return (time if time <= last else time - timedelta(days=1)).astimezone().timestamp()
        time = time.replace(year=last.year if year is None else year, month=month, day=day)
        if year is None and time > last:
            time = time.replace(year=time.year - 1)
        return time.astimezone().timestamp()
    except (OverflowError, OSError, ValueError):
        return None


def format_date(wall_time: float | None) -> str:
    """Format a wall time as local `2026-03-02 09:00`."""
    try:
        moment = None if wall_time is None else datetime.fromtimestamp(wall_time).astimezone()
    except (OverflowError, OSError, ValueError):
        moment = None
    return UNKNOWN if moment is None else moment.strftime("%Y-%m-%d %H:%M")
