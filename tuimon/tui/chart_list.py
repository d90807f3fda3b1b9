"""Which charts a run has, and which of its series are facts rather than curves."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from dataclasses import replace
from itertools import chain

from tuimon.analysis.charted import by_chart, chart_rank, is_curve
from tuimon.core.frozen import frozen
from tuimon.core.ranks import rank_of, without_rank
from tuimon.core.roles import Role, is_evaluation
from tuimon.store.run import RunView
from tuimon.store.series import SeriesView
from tuimon.tui.view import View, tag_filter


@frozen
class ChartSpec:
    """A chart.

    Attributes:
        key: Stays the same while the run grows.
        tags: Of its curves.
        role: What the chart is about.
        is_heatmap: Whether it shows the histograms of its tag; all others are curves.
        ranks: For each curve, the tags of all ranks that logged it; its own only, as a rule.
    """

    key: str
    tags: tuple[str, ...]
    role: Role
    is_heatmap: bool = False
    ranks: tuple[tuple[str, ...], ...] = ()

    def holds(self, tag: str) -> bool:
        """Return whether a tag is on the chart."""
        return tag in self.tags or any(tag in tags for tags in self.ranks)


def chart_specs(run: RunView, view: View, *, paired: bool = True) -> tuple[ChartSpec, ...]:
    """Return the charts that pass the filter and are in no folded group: favourites, then those worth most.

    Training and evaluation of the same metric share a chart where they are `paired`; where runs are compared
    they are not, for a colour is a run then. The ranks of a training share a curve, as far as they pass the
    filter. Series of one point and constant ones are facts (see `facts`), and have none.
    """
    return passing(every_chart(run, view.folded, paired=paired), view)


def every_chart(run: RunView, folded: AbstractSet[str], *, paired: bool) -> tuple[ChartSpec, ...]:
    """Return the charts that are in no folded group, those worth most first: what typing a filter keeps."""
    curves = by_rank(s for s in run.series.values() if group_of(s.tag) not in folded and is_curve(s))
    ranks = {each[0].tag: tuple(series.tag for series in each) for each in curves.values()}
    firsts = [each[0] for each in curves.values()]
    groups: dict[str, list[SeriesView]] = {}
    for key, series in by_chart(firsts) if paired else ((series.tag, series) for series in firsts):
        groups.setdefault(key, []).append(series)
    specs = []
    for key, group in groups.items():
        tags = tuple(s.tag for s in sorted(group, key=lambda s: is_evaluation(s.tag)))
        role = min((s.role for s in group), key=chart_rank)
        specs.append(ChartSpec(key, tags, role, ranks=tuple(ranks[tag] for tag in tags)))
    # Sorting is stable: charts of one role stay in the order in which their tags appeared.
    specs.sort(key=lambda spec: chart_rank(spec.role))
    heatmaps = (tag for tag in run.histograms if group_of(tag) not in folded)
    specs += [ChartSpec(f"histogram {tag}", (tag,), Role.OTHER, is_heatmap=True) for tag in heatmaps]
    return tuple(specs)


def passing(charts: Iterable[ChartSpec], view: View) -> tuple[ChartSpec, ...]:
    """Return the charts that pass the filter, favourites first; where it lets some ranks pass, these only."""
    if view.filter_text:
        passes = tag_filter(view.filter_text)
        charts = (_narrowed(spec, passes) for spec in charts if any(map(passes, _tags_of(spec))))
    if view.favourites or view.only_favourites:
        charts = sorted(charts, key=lambda spec: not is_favourite(spec, view))
    return tuple(spec for spec in charts if not view.only_favourites or is_favourite(spec, view))


def _tags_of(spec: ChartSpec) -> Iterable[str]:
    return chain.from_iterable(spec.ranks) if spec.ranks else spec.tags


def _narrowed(spec: ChartSpec, passes: Callable[[str], bool]) -> ChartSpec:
    """Return a chart without the ranks that the filter leaves out of those that it lets pass."""
    if all(len(each) == 1 for each in spec.ranks):
        return spec
    ranks = tuple(tuple(filter(passes, each)) or each for each in spec.ranks)
    return replace(spec, tags=tuple(each[0] for each in ranks), ranks=ranks)


def by_rank(series: Iterable[SeriesView]) -> dict[str, list[SeriesView]]:
    """Return series by what the tags of all ranks have in common; rank 0 first."""
    found: dict[str, list[SeriesView]] = {}
    for each in series:
        found.setdefault(without_rank(each.tag), []).append(each)
    for ranks in found.values():
        if len(ranks) > 1:
            ranks.sort(key=lambda each: rank_of(each.tag) or 0)
    return found


def is_favourite(spec: ChartSpec, view: View) -> bool:
    """Return whether a chart shows a favourite tag."""
    return not view.favourites.isdisjoint(spec.tags)


def group_of(tag: str) -> str:
    """Return the group of a tag: what stands before its last slash, the same for all ranks."""
    return without_rank(tag).rpartition("/")[0]


def facts(run: RunView) -> tuple[tuple[str, float], ...]:
    """Return the tags with one point or a constant value, and that value."""
    return tuple(
        (series.tag, series.statistics.last)
        for series in run.series.values()
        if len(series)
        and not is_curve(series)
        and series.role is not Role.EPOCH
        # What every rank says is said once.
        and (rank_of(series.tag) is None or without_rank(series.tag) not in run.series)
    )
