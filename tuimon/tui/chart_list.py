"""Which charts a run has, and which of its series are facts rather than curves."""

from __future__ import annotations

from tuimon.analysis.charted import by_chart, chart_rank, is_curve
from tuimon.core.frozen import frozen
from tuimon.core.roles import Role, is_evaluation
from tuimon.store.run import RunView
from tuimon.store.series import SeriesView
from tuimon.tui.view import View


@frozen
class ChartSpec:
    """A chart: its key, which stays the same while the run grows, and the tags that share it.

    A heat map shows the histograms of its tag; all others are curves.
    """

    key: str
    tags: tuple[str, ...]
    role: Role
    is_heatmap: bool = False


def chart_specs(run: RunView, view: View, *, paired: bool = True) -> tuple[ChartSpec, ...]:
    """Return the charts that pass the filter and are in no folded group: favourites, then those worth most.

    Training and evaluation of the same metric share a chart where they are `paired`; where runs are compared
    they are not, for a colour is a run then. Series of one point and constant ones are facts (see `facts`),
    and have none.
    """
    unfolded = (series for series in run.series.values() if group_of(series.tag) not in view.folded)
    curves = filter(is_curve, unfolded)
    groups: dict[str, list[SeriesView]] = {}
    for key, series in by_chart(curves) if paired else ((series.tag, series) for series in curves):
        groups.setdefault(key, []).append(series)
    specs = [
        ChartSpec(
            key,
            tuple(s.tag for s in sorted(group, key=lambda s: is_evaluation(s.tag))),
            min((s.role for s in group), key=chart_rank),
        )
        for key, group in groups.items()
        if any(view.matches(series.tag) for series in group)
    ]
    specs += [
        ChartSpec(f"histogram {tag}", (tag,), Role.OTHER, is_heatmap=True)
        for tag in run.histograms
        if group_of(tag) not in view.folded and view.matches(tag)
    ]
    if view.only_favourites:
        specs = [spec for spec in specs if is_favourite(spec, view)]
    # Sorting is stable: charts of one role stay in the order in which their tags appeared.
    specs.sort(key=lambda spec: (not is_favourite(spec, view), spec.is_heatmap, chart_rank(spec.role)))
    return tuple(specs)


def is_favourite(spec: ChartSpec, view: View) -> bool:
    """Return whether a chart shows a favourite tag."""
    return not view.favourites.isdisjoint(spec.tags)


def group_of(tag: str) -> str:
    """Return the group of a tag: what stands before its last slash."""
    return tag.rpartition("/")[0]


def facts(run: RunView) -> tuple[tuple[str, float], ...]:
    """Return the tags with one point or a constant value, and that value."""
    return tuple(
        (series.tag, series.statistics.last)
        for series in run.series.values()
        if len(series) and not is_curve(series) and series.role is not Role.EPOCH
    )
