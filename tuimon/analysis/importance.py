"""Which hyper-parameters a metric depends on, over the runs of a sweep.

Everything is reckoned on ranks, so that neither the scale of a setting (a learning rate is chosen on a log
scale) nor an outlier of the metric matters. Of each setting two things are told:

- The rank correlation with the metric (Spearman's), which has a direction. Its interval is Fisher's, with the
  variance that E. C. Fieller, H. O. Hartley and E. S. Pearson found for ranks: 1.06 / (n - 3), Biometrika 44
  (1957).
- The importance: how much of the metric's spread the setting accounts for, the other settings held. All
  settings are fitted at once (standardised rank regression, R. L. Iman and W. J. Conover, Technometrics 21,
  1979): a number as a line, with a parabola where the runs ask for one, since a learning rate has its best
  value in the middle; a name as a level of its own. The importance is the spread of a setting's part of the
  fit over that of the metric, less what noise alone would give. Its interval comes from leaving out each run
  in turn (the jackknife).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from tuimon.core.batch import ConfigValue
from tuimon.core.columns import Float64Array
from tuimon.core.frozen import frozen

FEWEST_RUNS = 8
"""With fewer runs any order of settings is as likely as not."""

# Normal quantile of an interval that holds with 95 %.
_QUANTILE = 1.96
# More columns than this share of the runs would fit anything.
_MOST_COLUMNS_SHARE = 0.5
# A parabola is worth its column where it explains so many times what noise does: F(1, 20) with 99 %.
_LEAST_GAIN = 8.0
# A number that takes as few values as this has no parabola of its own.
_FEWEST_LEVELS_OF_PARABOLA = 4
_MOST_NAMES = 6
# Columns that are equal but for rounding are one.
_RCOND = 1e-8


@frozen
class Importance:
    """What one setting does to the metric.

    Attributes:
        name: The setting.
        same_as: Settings that sort the runs in the same way, which nothing can tell apart from it.
        importance: 0 (none) to 1 (all of the metric's spread), the other settings held.
        low: Lower end of the 95 % interval of the importance.
        high: Upper end.
        correlation: Rank correlation with the metric, -1 to 1; None for a setting that is no number.
        correlation_low: Lower end of its 95 % interval.
        correlation_high: Upper end.
    """

    name: str
    same_as: tuple[str, ...]
    importance: float
    low: float
    high: float
    correlation: float | None
    correlation_low: float | None
    correlation_high: float | None


@frozen(eq=False)
class _Setting:
    """A setting as columns of a fit, float64[n, k]; `parabola` float64[n] is one that may be added."""

    name: str
    same_as: tuple[str, ...]
    ranks: Float64Array | None
    columns: Float64Array
    parabola: Float64Array | None = None


def importances(settings: Mapping[str, Sequence[ConfigValue]], metric: Float64Array) -> list[Importance]:
    """Return what each setting does to a metric, the most important one first.

    Args:
        settings: The values of each, one per run. A setting with a single value says nothing and is left out,
            and so is a name that is another one in nearly every run, such as a folder.
        metric: float64[n], one per run.

    Returns:
        Nothing where there are fewer than `FEWEST_RUNS` runs with a finite metric.
    """
    known = np.isfinite(metric)
    count = int(np.count_nonzero(known))
    if count < FEWEST_RUNS:
        return []
    target = _standard(ranks_of(metric[known]))
    kept = {name: [v for v, k in zip(values, known, strict=True) if k] for name, values in settings.items()}
    found = _bent(_distinct(kept), target)
    if not found or not target.any():
        return []
    whole = _importances(found, target)
    without = np.array(
        [_importances(found, target, np.arange(count) != left_out) for left_out in range(count)]
    )
    spread = math.sqrt((count - 1) / count) * np.sqrt(((without - without.mean(axis=0)) ** 2).sum(axis=0))
    told = [
        _told(setting, float(value), float(error), target)
        for setting, value, error in zip(found, whole, spread, strict=True)
    ]
    return sorted(told, key=lambda each: -each.importance)


def ranks_of(values: Float64Array) -> Float64Array:
    """Return the ranks of values from 1 on, equal ones with their mean rank, float64[n]."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    ranks: Float64Array = (ends - (counts - 1) / 2)[inverse.reshape(-1)]
    return ranks


def rank_correlation(first: Float64Array, second: Float64Array) -> tuple[float, float, float]:
    """Return Spearman's correlation of two float64[n], n > 3, and the ends of its 95 % interval."""
    correlation = float(np.clip(np.mean(_standard(ranks_of(first)) * _standard(ranks_of(second))), -1, 1))
    if abs(correlation) > 1 - 1e-12:
        return round(correlation), round(correlation), round(correlation)
    middle, reach = math.atanh(correlation), _QUANTILE * math.sqrt(1.06 / (len(first) - 3))
    return correlation, math.tanh(middle - reach), math.tanh(middle + reach)


def _distinct(settings: Mapping[str, Sequence[ConfigValue]]) -> list[_Setting]:
    """Return the settings that can be told apart."""
    by_order: dict[bytes, list[str]] = {}
    for name, values in settings.items():
        code = _code_of(values)
        if code is not None:
            by_order.setdefault(code.tobytes(), []).append(name)
    return [_setting(names, settings[names[0]]) for names in by_order.values()]


def _bent(settings: Sequence[_Setting], target: Float64Array) -> list[_Setting]:
    """Add the parabolas that the runs ask for, the most telling one first."""
    chosen = list(settings)
    while chosen:
        design = np.concatenate([np.ones((len(target), 1)), *(each.columns for each in chosen)], axis=1)
        free = len(target) - design.shape[1] - 1
        if design.shape[1] > len(target) * _MOST_COLUMNS_SHARE:
            break
        project = design @ np.linalg.pinv(design, rcond=_RCOND)
        left = target - project @ target
        gains = [_gain(each.parabola, project, left, free) for each in chosen]
        best = int(np.argmax(gains))
        parabola = chosen[best].parabola
        if parabola is None or gains[best] < _LEAST_GAIN:
            break
        columns = np.column_stack([chosen[best].columns, parabola])
        chosen[best] = replace(chosen[best], columns=columns, parabola=None)
    return chosen


def _gain(parabola: Float64Array | None, project: Float64Array, left: Float64Array, free: int) -> float:
    """Return how many times what noise explains a parabola would explain of what a fit has left (its F)."""
    if parabola is None:
        return 0.0
    fresh = parabola - project @ parabola
    length = float(fresh @ fresh)
    if length < _RCOND * len(left):
        return 0.0
    explained = float(left @ fresh) ** 2 / length
    return explained / max((float(left @ left) - explained) / free, 1e-300)


def _code_of(values: Sequence[ConfigValue]) -> Float64Array | None:
    """Return what is equal for settings that divide the runs in the same way; None for no setting."""
    numbers = _numbers(values)
    if numbers is not None:
        ranks = ranks_of(numbers)
        # What falls where another rises divides the runs in the same way.
        code = ranks if ranks[0] <= ranks[-1] else len(ranks) + 1 - ranks
        return code if ranks.min() < ranks.max() else None
    names = list(dict.fromkeys(values))
    if not 1 < len(names) <= min(_MOST_NAMES, len(values) // 3):
        return None
    return np.array([names.index(value) for value in values], np.float64) - 0.5


def _numbers(values: Sequence[ConfigValue]) -> Float64Array | None:
    if not all(isinstance(value, int | float) and math.isfinite(value) for value in values):
        return None
    return np.array(values, np.float64)


def _setting(names: Sequence[str], values: Sequence[ConfigValue]) -> _Setting:
    numbers = _numbers(values)
    name, *same_as = names
    if numbers is None:
        levels = list(dict.fromkeys(values))[1:]
        columns = np.array([[value == level for level in levels] for value in values], np.float64)
        return _Setting(name, tuple(same_as), None, columns)
    ranks = ranks_of(numbers)
    line = _standard(ranks)
    parabola = None
    if len(np.unique(ranks)) >= _FEWEST_LEVELS_OF_PARABOLA:
        square = line**2 - np.mean(line**2)
        parabola = _standard(square - line * np.mean(square * line))
    return _Setting(name, tuple(same_as), ranks, line[:, np.newaxis], parabola)


def _importances(
    settings: Sequence[_Setting],
    target: Float64Array,
    chosen: np.ndarray[tuple[int], np.dtype[np.bool_]] | None = None,
) -> Float64Array:
    """Return the importance of each setting over the chosen runs, float64[k]."""
    if chosen is not None:
        target = target[chosen]
    groups = [each.columns if chosen is None else each.columns[chosen] for each in settings]
    if sum(group.shape[1] for group in groups) <= len(target) * _MOST_COLUMNS_SHARE:
        return _parts_of_fit(groups, target)
    return np.concatenate([_parts_of_fit([group], target) for group in groups])


def _parts_of_fit(groups: Sequence[Float64Array], target: Float64Array) -> Float64Array:
    """Fit all groups of columns at once; return how much of the target's spread each group makes up."""
    design = np.concatenate(groups, axis=1)
    design = design - design.mean(axis=0)
    centred = target - target.mean()
    inverse = np.linalg.pinv(design, rcond=_RCOND)
    weights = inverse @ centred
    free = len(target) - 1 - design.shape[1]
    noise = float(np.sum((centred - design @ weights) ** 2)) / max(free, 1)
    covariance = inverse @ inverse.T * noise
    total = float(np.mean(centred**2)) or 1.0
    found, start = [], 0
    for group in groups:
        part = slice(start, start + group.shape[1])
        start = part.stop
        columns = design[:, part]
        spread = float(np.mean((columns @ weights[part]) ** 2))
        by_chance = float(np.sum(columns @ covariance[part, part] * columns)) / len(target)
        found.append(math.sqrt(min(max(spread - by_chance, 0.0) / total, 1.0)))
    return np.array(found)


def _told(setting: _Setting, importance: float, error: float, target: Float64Array) -> Importance:
    low, high = max(importance - _QUANTILE * error, 0.0), min(importance + _QUANTILE * error, 1.0)
    if setting.ranks is None:
        return Importance(setting.name, setting.same_as, importance, low, high, None, None, None)
    correlation = rank_correlation(setting.ranks, target)
    return Importance(setting.name, setting.same_as, importance, low, high, *correlation)


def _standard(values: Float64Array) -> Float64Array:
    """Return values with mean 0 and spread 1; zeros where all are equal."""
    centred = values - values.mean()
    spread = math.sqrt(float(np.mean(centred**2)))
    return centred / spread if spread > 0 else np.zeros(len(values))
