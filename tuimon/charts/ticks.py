"""Where the ticks of an axis are, and how numbers are written beside them."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

from tuimon.charts.scales import Axis

_UNITS = ((12, "T"), (9, "G"), (6, "M"), (3, "k"))
# Powers of ten. Below 10,000, four digits are as short as a unit and easier to compare.
_FIRST_WITH_UNIT = 4
_FIRST_SCIENTIFIC = 15
_LAST_PLAIN = -3
_MOST_DECIMALS = 15
_BASE_DIGITS = 3


@lru_cache(maxsize=1024)
def ticks_of(axis: Axis, count: int) -> tuple[float, ...]:
    """About `count` round values on an axis, ascending, as they suit its scale."""
    if axis.scale.kind == "log":
        return log_ticks(*axis.limits, count)
    if axis.scale.kind == "symlog":
        return symlog_ticks(*axis.limits, count)
    return linear_ticks(*axis.limits, count)


def linear_ticks(lo: float, hi: float, count: int) -> tuple[float, ...]:
    """Multiples of 1, 2 or 5 times a power of ten from `lo` to `hi`; at most `count + 1`, the smallest step.

    Each is the float nearest to its decimal form: 0.3, never 0.30000000000000004.
    """
    count = max(count, 1)
    # Divided before subtraction: the span of the largest floats has no float of its own.
    smallest_step = min(hi / count - lo / count, sys.float_info.max)
    if not smallest_step > max(abs(lo), abs(hi)) * 1e-14 + 1e-300:
        return (lo,)
    mantissa, exponent = _round_step(smallest_step)
    step = mantissa * 10.0**exponent
    first, last = math.ceil(lo / step - 1e-9), math.floor(hi / step + 1e-9)
    return tuple(float(f"{index * mantissa}e{exponent}") for index in range(first, last + 1))


def round_step(smallest: float) -> float:
    """The smallest of 1, 2 or 5 times a power of ten that is not below `smallest` (above 0)."""
    mantissa, exponent = _round_step(smallest)
    return float(f"{mantissa}e{exponent}")


def _round_step(smallest: float) -> tuple[int, int]:
    exponent = math.floor(math.log10(smallest))
    # A little tolerance: a tenth of 3 is not the float 0.3. Ten and more come from logarithms just below one.
    return next((m, exponent) for m in (1, 2, 5, 10, 20) if m * 10.0**exponent >= smallest * (1 - 1e-9))


def log_ticks(lo: float, hi: float, count: int) -> tuple[float, ...]:
    """Powers of ten from `lo` to `hi` (both positive), with 2 and 5 between them where there is room.

    With many decades each second, third, ... one; with less than one decade linear ticks.
    """
    count = max(count, 1)
    lowest, highest = math.ceil(math.log10(lo) - 1e-9), math.floor(math.log10(hi) + 1e-9)
    decades = highest - lowest + 1
    if decades > count:
        stride = math.ceil(decades / count)
        return tuple(float(f"1e{e}") for e in range(lowest, highest + 1) if e % stride == 0)
    # Checked against the limits with a little tolerance: the limits themselves are often round.
    candidates = [float(f"{m}e{e}") for e in range(lowest - 1, highest + 1) for m in (1, 2, 5)]
    dense = tuple(tick for tick in candidates if lo * (1 - 1e-9) <= tick and tick * (1 - 1e-9) <= hi)
    if len(dense) <= count + 1 and len(dense) > 2:
        return dense
    if decades >= 2:
        return tuple(float(f"1e{e}") for e in range(lowest, highest + 1))
    return dense if 2 <= len(dense) <= count + 1 else linear_ticks(lo, hi, count)


def symlog_ticks(lo: float, hi: float, count: int) -> tuple[float, ...]:
    """Zero and powers of ten to both sides of it, down to the part where the scale is linear."""
    largest = max(abs(lo), abs(hi))
    top = math.floor(math.log10(largest) + 1e-9) if largest > 0 else 0
    bottom = top - 2
    sides = (lo < 0) + (hi > 0)
    stride = max(math.ceil(sides * (top - bottom + 1) / max(count - 1, 1)), 1)
    powers = [float(f"1e{e}") for e in range(top, bottom - 1, -stride)]
    candidates = [*(-power for power in powers), 0.0, *reversed(powers)]
    inside = tuple(tick for tick in candidates if lo <= tick <= hi)
    return inside if len(inside) >= 2 else linear_ticks(lo, hi, count)


def axis_number(value: float, digits: int = 4) -> str:
    """Write a number for an axis, with up to `digits` significant digits: `1.832`, `12.48k`, `1.5e-4`."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "inf" if value > 0 else "-inf"
    # The exponent after rounding, by Python's own formatting: 999.96 has four digits before the point.
    mantissa, exponent_text = f"{value:.{digits - 1}e}".split("e")
    magnitude = int(exponent_text)
    if value == 0:
        return "0"
    if not _LAST_PLAIN <= magnitude < _FIRST_SCIENTIFIC:
        return f"{_without_zeros(mantissa)}e{magnitude}"
    exponent, suffix = _unit(magnitude)
    number = float(f"{mantissa}e{magnitude - exponent}")
    decimals = max(digits - 1 - (magnitude - exponent), 0)
    return _without_zeros(f"{number:.{decimals}f}") + suffix


@lru_cache(maxsize=1024)
def tick_labels(ticks: Sequence[float], width: int, *, uniform: bool = True) -> tuple[str, ...]:
    """Label the ticks of one axis so that neighbours differ, in at most `width` characters where possible.

    Args:
        ticks: ascending; a tuple, since labels are cached.
        width: cells that a label may take.
        uniform: ticks at equal distances share one unit and number of decimals (`0.5`, `1.0`); others, as
            on a log scale, are written one by one.

    Returns:
        One label per tick. When the digits that tell neighbours apart do not fit, all but the first are
        distances from the first (`~12.3k`, `+0.1`, `+0.2`); what still does not fit is empty.
    """
    single = tuple(axis_number(tick) for tick in ticks)
    choices = [_uniform_labels(ticks), single] if uniform else [single]
    if len(ticks) > 1:
        distances = _uniform_labels(tuple(tick - ticks[0] for tick in ticks))
        base = _base_label(ticks[0], (ticks[1] - ticks[0]) * 0.1, width)
        choices.append((base, *("+" + distance for distance in distances[1:])))
    for labels in choices:
        if all(len(label) <= width for label in labels) and len(set(labels)) == len(labels):
            return labels
    return tuple(label if len(label) <= width else "" for label in choices[-1])


def _base_label(tick: float, tolerance: float, width: int) -> str:
    """Return what distances are counted from, in as many digits as fit: without it they say nothing."""
    label = ""
    for digits in range(_BASE_DIGITS, 0, -1):
        exact = abs(float(f"{tick:.{digits - 1}e}") - tick) < tolerance
        label = ("" if exact else "~") + axis_number(tick, digits)
        if len(label) <= width:
            break
    return label


def _uniform_labels(ticks: Sequence[float]) -> tuple[str, ...]:
    steps = [after - before for before, after in pairwise(ticks)]
    step = min(steps, default=0.0)
    magnitude = max((abs(tick) for tick in ticks), default=0.0)
    if not 1e-290 < step <= magnitude * 2 < 1e300:
        return tuple(axis_number(tick) for tick in ticks)
    exponent, suffix = _unit(math.floor(math.log10(magnitude) + 1e-9))
    decimals = max(exponent - math.floor(math.log10(step) + 1e-9), 0)
    if decimals > _MOST_DECIMALS:
        return tuple(axis_number(tick) for tick in ticks)
    return tuple(f"{tick / 10.0**exponent:.{decimals}f}{suffix}" if tick else "0" for tick in ticks)


def _unit(magnitude: int) -> tuple[int, str]:
    """The power of ten to divide by, for numbers of 10 ** `magnitude`, and the sign that stands for it."""
    if not _LAST_PLAIN <= magnitude < _FIRST_SCIENTIFIC:
        return magnitude, f"e{magnitude}"
    if magnitude < _FIRST_WITH_UNIT:
        return 0, ""
    return next((exponent, suffix) for exponent, suffix in _UNITS if magnitude >= exponent)


def _without_zeros(number: str) -> str:
    return number.rstrip("0").rstrip(".") if "." in number else number
