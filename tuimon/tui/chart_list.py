"""Which charts a run has, and which of its series are facts rather than curves."""

from __future__ import annotations

from dataclasses import dataclass

from tuimon.core.roles import CHART_ORDER, HARDWARE_ROLES, Role, is_evaluation, pair_key
from tuimon.store.run import RunView
from tuimon.store.series import SeriesView
from tuimon.tui.view import View

_NEVER_CHARTS = frozenset({Role.CONFIG, Role.SUMMARY, Role.EPOCH, Role.PROCESS_ALIVE})
_RANK = {role: rank for rank, role in enumerate(CHART_ORDER)}


@dataclass(frozen=True, slots=True)
class ChartSpec:
    """A chart: its key, which stays the same while the run grows, and the tags that share it.

    A heat map shows the histograms of its tag; all others are curves.
    """

    key: str
    tags: tuple[str, ...]
    role: Role
    is_heatmap: bool = False


def chart_specs(run: RunView, view: View, *, paired: bool = True) -> tuple[ChartSpec, ...]:
    """Return the charts that pass the filter and are in no folded group, the ones worth most first.

    Training and evaluation of the same metric share a chart where they are `paired`; where runs are compared
    they are not, for a colour is a run then. Series of one point and constant ones are facts (see `facts`),
    and have none.
    """
    groups: dict[str, list[SeriesView]] = {}
    for series in run.series.values():
        if is_curve(series) and group_of(series.tag) not in view.folded:
            key = _group_key(series, groups) if paired else series.tag
            groups.setdefault(key, []).append(series)
    specs = [
        ChartSpec(key, tuple(s.tag for s in sorted(group, key=lambda s: is_evaluation(s.tag))), _role(group))
        for key, group in groups.items()
        if any(view.matches(series.tag) for series in group)
    ]
    # Sorting is stable: charts of one role stay in the order in which their tags appeared.
    specs.sort(key=lambda spec: _order(spec.role))
    heatmaps = (
        ChartSpec(f"histogram {tag}", (tag,), Role.OTHER, is_heatmap=True)
        for tag in run.histograms
        if group_of(tag) not in view.folded and view.matches(tag)
    )
    return (*specs, *heatmaps)


def group_of(tag: str) -> str:
    """Return the group of a tag: what stands before its last slash."""
    return tag.rpartition("/")[0]


def is_curve(series: SeriesView) -> bool:
    """Return whether a series is worth a chart."""
    return len(series) > 1 and series.role not in _NEVER_CHARTS and not series.statistics.constant


def facts(run: RunView) -> tuple[tuple[str, float], ...]:
    """Return the tags with one point or a constant value, and that value."""
    return tuple(
        (series.tag, series.statistics.last)
        for series in run.series.values()
        if len(series) and not is_curve(series) and series.role is not Role.EPOCH
    )


def _group_key(series: SeriesView, groups: dict[str, list[SeriesView]]) -> str:
    """Return the chart of a series: with its counterpart if that is the only one, else its own."""
    # A tag may be spelt like what a pair has in common; the space keeps the two kinds of key apart.
    pair = f"{pair_key(series.tag)} "
    present = groups.get(pair, [])
    if series.role in HARDWARE_ROLES or any(
        is_evaluation(s.tag) is is_evaluation(series.tag) for s in present
    ):
        return series.tag
    return pair


def _role(group: list[SeriesView]) -> Role:
    return min((series.role for series in group), key=_order)


def _order(role: Role) -> int:
    if role in HARDWARE_ROLES:
        return len(_RANK) + 1
    return _RANK.get(role, len(_RANK))
