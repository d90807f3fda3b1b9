"""Which series of a run's sources tell the same, so that each metric is shown once.

An event file, a trainer state, a table and a console log of one training hold the same losses under
different names and in different precision. Two series are the same metric if their names say so *and* their
values agree where both have a step; a name alone never decides. Of two that are the same, the one that tells
no less is shown, and the other one is set aside.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum

import numpy as np
import numpy.typing as npt

from tuimon.core.columns import Float64Array
from tuimon.core.frozen import frozen
from tuimon.core.roles import Role, is_evaluation, pair_key, role_of
from tuimon.core.tag_words import split_tag
from tuimon.store.series import SeriesView

# So many points of the sparser series are compared, spread over it; a bound for the cost, not for the answer.
_COMPARED = 128
# Of so many compared points one may differ: the last line before a crash is written by one source only.
_ONE_MAY_DIFFER_IN = 50
# float32 holds 24 bits, 6e-8 of a value; what was averaged in another order differs a little more.
_PRECISION = 1e-6
# Names that only play the same role (`lr-AdamW`, `learning_rate`) need more than a few equal values.
_FEWEST, _FEWEST_BY_ROLE = 3, 8
_ROLES = frozenset({Role.LOSS, Role.EVAL_LOSS, Role.LEARNING_RATE, Role.GRAD_NORM, Role.PERPLEXITY})
# TensorBoard's writers write every 120 s what they hold, while a console shows each step at once.
_LATE_S, _LATE_SHARE = 300.0, 0.1
# A source that logs at least so many times as often is worth more than a more exact one.
_DENSER = 2.0
# A pair is compared again when both together have grown by this factor.
_GROWTH = 1.25


@frozen
class Duplicate:
    """A series that was set aside because another source of the run tells the same.

    Attributes:
        tag: Its name, as logged.
        stream: The source that logged it.
        count: How many points it has.
        last_step: Its last step.
    """

    tag: str
    stream: int
    count: int
    last_step: int


class Verdict(Enum):
    """What a comparison of an earlier and a later series says."""

    UNKNOWN = "too few common steps"
    DIFFERENT = "the values differ"
    BOTH = "the same, but each has points that the other one lacks"
    EARLIER = "the same, and the earlier one tells no less"
    LATER = "the same, and the later one tells more"


class Twins:
    """Remembers what was compared, so that the cost follows the growth. Used by one thread."""

    def __init__(self) -> None:
        self._compared: dict[tuple[str, str], tuple[int, Verdict]] = {}
        self._groups: list[list[str]] = []
        self._grouped = 0

    def find(self, views: Mapping[str, SeriesView], names: Mapping[str, str]) -> dict[str, str]:
        """Return which series are set aside, and the one that is shown in place of each.

        Args:
            views: All series of a run, by the name under which each is shown.
            names: The tags as logged, where they are others.
        """
        if len({series.stream for series in views.values()}) < 2:
            return {}
        if self._grouped != len(views):
            self._grouped = len(views)
            self._groups = _groups(views, names)
        aside: dict[str, str] = {}
        for group in self._groups:
            by_source = sorted(group, key=lambda tag: views[tag].stream)
            taken: set[tuple[str, int]] = set()
            for later, earlier in _pairs(by_source, views, names):
                if later in aside or earlier in aside or (earlier, views[later].stream) in taken:
                    continue
                verdict = self._verdict(views[earlier], views[later], names)
                if verdict in (Verdict.EARLIER, Verdict.LATER):
                    taken.add((earlier, views[later].stream))
                    shown, other = (earlier, later) if verdict is Verdict.EARLIER else (later, earlier)
                    aside[other] = shown
        return {tag: _last(shown, aside) for tag, shown in aside.items()}

    def _verdict(self, earlier: SeriesView, later: SeriesView, names: Mapping[str, str]) -> Verdict:
        pair = earlier.tag, later.tag
        count = earlier.statistics.count + later.statistics.count
        known = self._compared.get(pair)
        if known is not None and known[0] <= count < known[0] * _GROWTH:
            return known[1]
        tags = [names.get(tag, tag) for tag in pair]
        verdict = compare(earlier, later, same_name=pair_key(tags[0]) == pair_key(tags[1]))
        self._compared[pair] = count, verdict
        return verdict


def compare(earlier: SeriesView, later: SeriesView, *, same_name: bool = True) -> Verdict:
    """Say whether two series with points tell the same, and which one to show.

    Only what follows the last restart is compared. The cost does not depend on how long the series are.

    Args:
        earlier: The series of the source that is preferred: it is more exact, or knows times.
        later: The other one.
        same_name: Whether the names are the same but for their scope, and not only the roles.
    """
    one, other = _Stretch(earlier), _Stretch(later)
    if not len(one) or not len(other):
        return Verdict.UNKNOWN
    sparse, dense = (one, other) if len(one) <= len(other) else (other, one)
    steps = sparse.steps.take(np.linspace(0, len(sparse) - 1, min(_COMPARED, len(sparse))).astype(np.int64))
    at_sparse = sparse.steps.searchsorted(steps)
    at_dense = np.minimum(dense.steps.searchsorted(steps), len(dense) - 1)
    common = dense.steps.take(at_dense) == steps
    first = sparse.values[at_sparse[common]].astype(np.float64)
    second = dense.values[at_dense[common]].astype(np.float64)
    fewest = min(_FEWEST, len(sparse)) if same_name else _FEWEST_BY_ROLE
    if len(first) < fewest:
        return Verdict.UNKNOWN
    if np.count_nonzero(~_equal(first, second)) > len(first) // _ONE_MAY_DIFFER_IN:
        return Verdict.DIFFERENT
    if not same_name and len(np.unique(first)) < _FEWEST:
        return Verdict.UNKNOWN
    low = max(int(one.steps[0]), int(other.steps[0]))
    high = min(int(one.steps[-1]), int(other.steps[-1]))
    ratio = _within(other, low, high) / max(_within(one, low, high), 1)
    if _covers(earlier, later) and ratio < _DENSER:
        return Verdict.EARLIER
    return Verdict.LATER if _covers(later, earlier) and ratio >= _DENSER else Verdict.BOTH


class _Stretch:
    """The points of a series behind the last fall of its step."""

    def __init__(self, series: SeriesView) -> None:
        falls = series.step_falls
        start = int(falls[-1]) if len(falls) else 0
        self.steps = series.steps.part(start, len(series))
        self.values = series.values[start:]

    def __len__(self) -> int:
        return len(self.values)


def _groups(views: Mapping[str, SeriesView], names: Mapping[str, str]) -> list[list[str]]:
    """Return the series that may be the same: by their names first, then by their roles."""
    by_name: dict[object, list[str]] = {}
    by_role: dict[object, list[str]] = {}
    for tag, series in views.items():
        if series.stream < 0 or not len(series):
            continue
        name = names.get(tag, tag)
        is_test = any("test" in folder for folder in split_tag(name).folders)
        by_name.setdefault((is_evaluation(name), is_test, pair_key(name)), []).append(tag)
        role = role_of(name)
        if role in _ROLES and not any(map(str.isdigit, name)):  # numbers tell ranks and groups apart
            by_role.setdefault((role, is_test), []).append(tag)
    groups = [*by_name.values(), *by_role.values()]
    return [group for group in groups if len({views[tag].stream for tag in group}) > 1]


def _pairs(
    group: list[str], views: Mapping[str, SeriesView], names: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Yield pairs of a later and an earlier series of different sources, those of one name first."""
    pairs = [
        (later, earlier)
        for place, later in enumerate(group)
        for earlier in group[:place]
        if views[earlier].stream < views[later].stream
    ]
    yield from sorted(pairs, key=lambda pair: names.get(pair[0], pair[0]) != names.get(pair[1], pair[1]))


def _last(tag: str, aside: Mapping[str, str]) -> str:
    while tag in aside:
        tag = aside[tag]
    return tag


def _within(part: _Stretch, low: int, high: int) -> int:
    """Return how many points of a stretch have a step between two, both included."""
    begin, end = part.steps.searchsorted(np.array([low, high + 1])).tolist()
    return int(end - begin)


def _covers(series: SeriesView, other: SeriesView) -> bool:
    """Return whether a series begins and ends where another one does, or nearly so."""
    one, two = series.statistics, other.statistics
    slack = _LATE_SHARE * abs(two.last_step - two.first_step)
    is_there = one.last_step >= two.last_step - slack
    if not is_there:
        behind = _Stretch(other)
        at = int(behind.steps.searchsorted(one.last_step, side="right"))
        begin = max(len(other) - len(behind) + at - 1, 0)
        # A comparison with an unknown time says no.
        is_there = bool(other.wall_times[-1] - other.wall_times[begin] <= _LATE_S)
    return is_there and one.first_step <= two.first_step + slack


def _equal(first: Float64Array, second: Float64Array) -> npt.NDArray[np.bool_]:
    """Return where two values are the same but for the digits that a source leaves out."""
    size = np.maximum(np.abs(first), np.abs(second))
    (places, digits), (other_places, other_digits) = _grain(first), _grain(second)
    allowed = np.maximum(max(places, other_places), max(digits, other_digits, _PRECISION) * size)
    # Infinities of one sign are equal, others are not; and no number holds the difference of the largest two.
    with np.errstate(invalid="ignore", over="ignore"):
        same: npt.NDArray[np.bool_] = (np.abs(first - second) <= allowed) & np.isfinite(size)
    same |= (first == second) | (np.isnan(first) & np.isnan(second))
    return same


def _grain(values: Float64Array) -> tuple[float, float]:
    """Return the unit of the last decimal place that the values show, and that of the last digit of each.

    The first is absolute, as `%.4f` makes it, the second a share of the value, as `%.4g` does.
    """
    shown = values[np.isfinite(values) & (values != 0)].tolist()
    units = [_unit(repr(value)) for value in shown]
    return min(units, default=0.0), min((u / abs(v) for u, v in zip(units, shown, strict=True)), default=0.0)


def _unit(spelled: str) -> float:
    """Return the unit of the last decimal place that a number shows; 1 for a whole one."""
    mantissa, _, exponent = spelled.partition("e")
    places = len(mantissa.partition(".")[2].rstrip("0"))
    return 10.0 ** min(int(exponent or 0) - places, 0)
