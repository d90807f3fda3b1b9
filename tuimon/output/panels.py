"""Which panels a picture of runs has: the four that people expect of a training, or those of chosen tags."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from tuimon.analysis.charted import MAY_RUN_AWAY, by_chart, chart_rank, is_curve
from tuimon.analysis.placing import choose_axis
from tuimon.charts.scales import Limits
from tuimon.core.frozen import frozen
from tuimon.core.roles import HARDWARE_ROLES, Role, is_evaluation
from tuimon.core.text import clean
from tuimon.monitor.snapshot import RunState
from tuimon.output.axes import X_LABELS, panel_limits, reach, x_ticks
from tuimon.output.curves import folded, smoothed
from tuimon.output.distribution import distribution
from tuimon.output.figure import Curve, Figure, Panel
from tuimon.output.quantity import quantity
from tuimon.output.signs import restart_signs
from tuimon.store.axis import Axis
from tuimon.store.run import RunView
from tuimon.store.series import SeriesView

# As many colours as can be told apart.
MOST_RUNS = 8
_MOST_PANELS = 24
_FOUR = 4
# What has run away over such a factor is read on a log axis.
_LOG_SPAN = 1e4
# Learning rates of several runs that lie so far apart are compared on a log axis; a zero has no place there.
_SMALL_OR_LARGE, _APART = frozenset({Role.LEARNING_RATE}), 50.0
# On the other axes attempts lie over each other.
_OVERLAID = (Axis.STEP, Axis.RELATIVE)


@frozen
class Choice:
    """What the person asked a picture to show.

    Attributes:
        tags: Tags that match any of these are shown; none: the panels that people expect.
        axis: What x counts; None for what suits the runs.
        smoothing: Weight of the exponential average, 0 for none; None for what suits the curve.
        columns: Columns that each curve is folded into.
    """

    tags: tuple[re.Pattern[str], ...] = ()
    axis: Axis | None = None
    smoothing: float | None = None
    columns: int = 600


@frozen
class Member:
    """A series of one of the runs, with the number of that run."""

    number: int
    series: SeriesView


@frozen
class Group:
    """The series that share a panel: training and evaluation of one metric, in all runs."""

    key: str
    members: tuple[Member, ...]

    @property
    def role(self) -> Role:
        """What the values are: the first role in the order of charts."""
        return min((member.series.role for member in self.members), key=chart_rank)


def make_figure(states: Sequence[RunState], choice: Choice) -> Figure:
    """Return the picture of one run or of several that share its panels.

    Args:
        states: At least one; at most `MOST_RUNS` can be told apart.
        choice: What to show.
    """
    runs = [state.run for state in states]
    axis = choose_axis(runs, choice.axis)
    groups = grouped(runs)
    left_out = 0
    if choice.tags:
        chosen = [g for g in groups if any(p.search(m.series.tag) for p in choice.tags for m in g.members)]
        makers = [_maker(group) for group in chosen[:_MOST_PANELS]]
        left_out = len(chosen) - len(makers)
    else:
        makers = expected(groups)
    shared = shared_reach(groups, runs, axis)
    panels = tuple(make(states, choice, axis, shared) for make in makers)
    named = tuple((clean(state.name), number) for number, state in enumerate(states))
    several = len(states) > 1
    return Figure("" if several else named[0][0], panels, named if several else (), left_out)


def shared_reach(groups: Sequence[Group], runs: Sequence[RunView], axis: Axis) -> Limits | None:
    """Return the x limits that the panels of a picture share; sensors go their own ways."""
    counted = (
        (runs[m.number], m.series)
        for group in groups
        for m in group.members
        if m.series.role not in HARDWARE_ROLES
    )
    return reach(counted, axis)


def grouped(runs: Sequence[RunView]) -> tuple[Group, ...]:
    """Return the panels that runs can have, those worth most first.

    Training and evaluation of one metric share a panel, and so do runs that spell it differently. Series of
    one point and constant ones are facts, not curves.
    """
    groups: dict[str, list[Member]] = {}
    for number, run in enumerate(runs):
        for key, series in by_chart(filter(is_curve, run.series.values())):
            groups.setdefault(key, []).append(Member(number, series))
    made = [Group(key, tuple(members)) for key, members in groups.items()]
    # Sorting is stable: groups of one role stay in the order in which their tags appeared.
    return tuple(sorted(made, key=lambda group: chart_rank(group.role)))


def curve_panel(
    group: Group,
    states: Sequence[RunState],
    choice: Choice,
    axis: Axis,
    shared: Limits | None,
    window: Limits | None = None,
) -> Panel:
    """Return the panel of a group.

    Args:
        group: Its series.
        states: All runs of the picture.
        choice: What the person asked for.
        axis: What x counts.
        shared: The x limits that all panels of the picture share.
        window: The part of the x axis to show, instead of all.
    """
    runs = [state.run for state in states]
    ordered = sorted(group.members, key=lambda m: is_evaluation(m.series.tag))
    limits = window or panel_limits(reach(((runs[m.number], m.series) for m in ordered), axis), shared)
    curves: list[Curve] = []
    for place, member in enumerate(ordered):
        run = runs[member.number]
        several = len(runs) > 1
        name = clean(states[member.number].name if several else member.series.tag)
        if several and is_evaluation(member.series.tag):
            name += " (evaluation)"
        colour = member.number if several else place
        curves += _curves(run, member.series, choice, axis, limits, name=name, colour=colour)
    signs = restart_signs(runs[0], axis) if len(runs) == 1 else ()
    tags = list(dict.fromkeys(member.series.tag for member in ordered))
    return Panel(
        title=clean(tags[0]) + (f" and {clean(tags[1])}" if len(tags) == 2 and len(runs) == 1 else ""),
        x_label=X_LABELS[axis],
        y_label=quantity(group.role, tags[0]),
        x_limits=limits,
        x_ticks=x_ticks(runs, axis, limits),
        curves=tuple(curves),
        signs=signs,
        log=_is_log(group),
        note=_note(group),
    )


Maker = Callable[[Sequence[RunState], Choice, Axis, Limits | None], Panel]


def expected(groups: Sequence[Group]) -> list[Maker]:
    """Return what makes the four panels that people expect, as far as a run has them.

    These are loss, learning rate, gradient norm and distribution of the loss; others take the places of those
    that are not logged.
    """
    by_role = {group.role: group for group in reversed(groups)}
    loss = by_role.get(Role.LOSS)
    if loss is None:
        return [_maker(group) for group in groups[:_FOUR]]
    wanted = (loss, by_role.get(Role.LEARNING_RATE), by_role.get(Role.GRAD_NORM))
    chosen = [group for group in wanted if group is not None]
    others = [group for group in groups if group not in chosen and group.role not in HARDWARE_ROLES]
    chosen += others[: _FOUR - 1 - len(chosen)]
    return [*map(_maker, chosen), _distribution_maker(loss)]


def _maker(group: Group) -> Maker:
    return lambda states, choice, axis, shared: curve_panel(group, states, choice, axis, shared)


def _distribution_maker(group: Group) -> Maker:
    training = tuple(m for m in group.members if m.series.role is Role.LOSS)
    return lambda states, _choice, _axis, _shared: distribution(
        [(clean(states[m.number].name) if len(states) > 1 else "", m.number, m.series) for m in training]
    )


def _curves(
    run: RunView,
    series: SeriesView,
    choice: Choice,
    axis: Axis,
    limits: Limits,
    *,
    name: str,
    colour: int,
) -> list[Curve]:
    """Return the lines of a series: one, or one for each attempt where these lie over each other."""
    average = smoothed(series, choice.smoothing)
    overlaid = axis in _OVERLAID and len(series.segments) > 1
    numbers: list[int | None] = [s.attempt.number for s in series.segments] if overlaid else [None]
    made = []
    for number in numbers:
        columns = folded(run, series, axis, limits, choice.columns, number)
        dashed = is_evaluation(series.tag) or number != numbers[-1]
        if average is None or number != numbers[-1]:
            made.append(Curve(name, columns, None, colour, dashed))
        else:
            line = folded(run, average, axis, limits, choice.columns, number)
            made.append(Curve(name, line, columns, colour, dashed))
    return [*(replace(curve, name="") for curve in made[:-1]), made[-1]]


def _is_log(group: Group) -> bool:
    known = [member.series.statistics for member in group.members]
    positive = [(s.minimum, s.maximum) for s in known if s.minimum is not None and s.maximum is not None]
    if group.role is Role.GRAD_NORM:
        return any(hi > 0 for _, hi in positive)
    peaks = [hi for _, hi in positive]
    if group.role in _SMALL_OR_LARGE and peaks and 0 < min(peaks) * _APART < max(peaks):
        return True
    runs_away = any(lo > 0 and hi > lo * _LOG_SPAN for lo, hi in positive)
    return group.role in MAY_RUN_AWAY and runs_away and all(lo > 0 for lo, _ in positive)


def _note(group: Group) -> str:
    """Return what no line can show."""
    known = [member.series.statistics for member in group.members]
    nan, inf = sum(s.nan for s in known), sum(s.inf for s in known)
    parts = [f"{count} {word}" for count, word in ((nan, "NaN"), (inf, "Inf")) if count]
    if _is_log(group) and any((s.minimum or 0.0) <= 0 for s in known):
        parts.append("values <= 0 are not shown")
    return ", ".join(parts)
