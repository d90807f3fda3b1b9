"""The chapter of one run: verdict, curves, findings with their curves, tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from tuimon.analysis.findings.finding import Finding
from tuimon.analysis.incidents import Incident, incidents_of
from tuimon.analysis.placing import choose_axis, place
from tuimon.charts.scales import Limits
from tuimon.core.roles import HARDWARE_ROLES, Role
from tuimon.monitor.snapshot import RunState
from tuimon.output.axes import X_LABELS, panel_limits, reach, x_ticks
from tuimon.output.checked import Checked
from tuimon.output.curves import folded
from tuimon.output.figure import Curve, Panel
from tuimon.output.panels import Choice, Group, curve_panel, expected, grouped, shared_reach
from tuimon.output.quantity import quantity
from tuimon.output.report import Chapter, Charts, Entry, Findings, Section
from tuimon.output.report_tables import tables
from tuimon.output.report_verdict import facts, verdict
from tuimon.output.signs import finding_signs
from tuimon.store.axis import Axis
from tuimon.store.run import RunView

# A column for each second pixel of a panel: narrower ones are not seen.
_CHOICE = Choice(columns=300)
_FINDING_CHOICE = Choice(columns=150)
_MOST_PANELS = 24
_MOST_ENTRIES, _MOST_ENTRY_PANELS = 20, 8
# Around a finding this part of the run is shown.
_AROUND = 0.12
# Sensors that are worth a curve; those of all GPUs share a panel.
_SENSORS = (
    (Role.GPU_UTILISATION, "GPU utilisation"),
    (Role.GPU_MEMORY_USED, "GPU memory"),
    (Role.GPU_MEMORY_PCT, "GPU memory"),
    (Role.GPU_TEMPERATURE, "GPU temperature"),
    (Role.GPU_POWER, "GPU power"),
    (Role.CPU_UTILISATION, "CPU utilisation"),
    (Role.HOST_MEMORY_PCT, "host memory"),
)
_MOST_SENSOR_CURVES = 8


def run_chapter(checked: Checked, *, curves: bool = True) -> Chapter:
    """Return everything about one run.

    Args:
        checked: The run with its findings.
        curves: Whether its curves are drawn; of very many runs only the comparison has some.
    """
    state = checked.state
    return Chapter(
        title=state.name,
        status=state.status,
        verdict=verdict(checked),
        fraction=state.progress.fraction,
        facts=tuple(facts(checked)),
        sections=tuple(_sections(checked, curves=curves)),
    )


def _sections(checked: Checked, *, curves: bool) -> Iterator[Section]:
    state = checked.state
    groups = grouped([state.run])
    axis = choose_axis([state.run], None)
    main, others, sensors = _charts(state, groups, axis) if curves else (None, None, None)
    if main is not None:
        yield main
    if state.findings:
        yield _findings(checked, groups, axis, curves=curves)
    yield from (charts for charts in (others, sensors) if charts is not None)
    yield from tables(state)


def _charts(
    state: RunState, groups: Sequence[Group], axis: Axis
) -> tuple[Charts | None, Charts | None, Charts | None]:
    """Return the panels that people expect, those of the other metrics, and those of the sensors."""
    shared = shared_reach(groups, [state.run], axis)
    metrics = [group for group in groups if group.role not in HARDWARE_ROLES]
    main = [make([state], _CHOICE, axis, shared) for make in expected(metrics)]
    titles = {panel.title for panel in main}
    drawn = [curve_panel(g, [state], _CHOICE, axis, shared) for g in metrics[: _MOST_PANELS + len(main)]]
    left = len(metrics) - len(drawn)
    note = f"{left} more curves: `tuimon plot --tag` draws them" if left else ""
    others = [panel for panel in drawn if panel.title not in titles]
    sensors = tuple(_sensor_panels(state, axis))
    return (
        Charts("Curves", tuple(_signed(p, state, axis, metrics) for p in main)) if main else None,
        Charts("Other curves", tuple(_signed(p, state, axis, metrics) for p in others), note)
        if others
        else None,
        Charts("Hardware", sensors) if sensors else None,
    )


def _signed(panel: Panel, state: RunState, axis: Axis, groups: Sequence[Group]) -> Panel:
    """Return a panel with the findings about its curves."""
    names = {curve.name for curve in panel.curves}
    tags = {m.series.tag for g in groups for m in g.members if m.series.tag in names}
    signs = finding_signs(state.run, state.findings, axis, tags)
    return replace(panel, signs=(*panel.signs, *signs)) if signs else panel


def _findings(checked: Checked, groups: Sequence[Group], axis: Axis, *, curves: bool) -> Findings:
    """Return what was found, one matter of each kind, those that are open and the worst first."""
    state = checked.state
    kinds: dict[tuple[str, str], list[Incident]] = {}
    for incident in sorted(incidents_of(state.findings), key=lambda i: (not i.open, -i.severity)):
        kinds.setdefault((incident.first.rule, incident.first.series), []).append(incident)
    entries = []
    for number, (worst, *others) in enumerate(list(kinds.values())[:_MOST_ENTRIES]):
        wanted = curves and number < _MOST_ENTRY_PANELS
        panel = _panel_around(worst, state, groups, axis) if wanted else None
        entries.append(Entry(worst.first, worst.consequences, worst.open, len(others), panel))
    notes = []
    if len(kinds) > _MOST_ENTRIES:
        notes.append(f"{len(kinds) - _MOST_ENTRIES} more kinds: `tuimon check` has them")
    if checked.first_step is not None:
        notes.append(f"looked for from step {checked.first_step} on; `--all-points` looks at the whole run")
    return Findings("Findings", tuple(entries), "; ".join(notes))


def _panel_around(incident: Incident, state: RunState, groups: Sequence[Group], axis: Axis) -> Panel | None:
    """Return the curve around a matter: its own, and the loss for what is about the run as a whole."""
    run, finding = state.run, incident.first
    group = next((g for g in groups if any(m.series.tag == finding.series for m in g.members)), None)
    if group is None:
        group = next((g for g in groups if g.role is Role.LOSS), None)
    places = [at for each in incident.findings if (at := _place_of(each, run, axis)) is not None]
    whole = None if group is None else reach(((run, m.series) for m in group.members), axis)
    if group is None or whole is None or not places:
        return None
    half = max((whole[1] - whole[0]) * _AROUND / 2, 0.5)
    # At both ends of the run the window is as wide as elsewhere.
    lo = max(whole[0], min(min(places) - half, whole[1] - 2 * half))
    window: Limits = (lo, max(min(max(places) + half, whole[1]), lo + 2 * half))
    panel = curve_panel(group, [state], _FINDING_CHOICE, axis, None, window)
    tags = {finding.series, *(member.series.tag for member in group.members)}
    signs = finding_signs(run, incident.findings, axis, tags)
    title = f"{panel.title} around step {finding.step}"
    return replace(panel, title=title, signs=(*panel.signs, *signs), note="")


def _place_of(finding: Finding, run: RunView, axis: Axis) -> float | None:
    step = finding.accumulated_step if finding.accumulated_step is not None else finding.step
    return None if step is None else place(run, axis, float(step), finding.time)


def _sensor_panels(state: RunState, axis: Axis) -> Iterator[Panel]:
    run = state.run
    for role, title in _SENSORS:
        series = [s for s in run.series.values() if s.role is role and len(s) > 1][:_MOST_SENSOR_CURVES]
        if series:
            own = reach(((run, s) for s in series), axis)
            limits = panel_limits(own, own)
            yield Panel(
                title=title,
                x_label=X_LABELS[axis],
                y_label=quantity(role, series[0].tag),
                x_limits=limits,
                x_ticks=x_ticks([run], axis, limits),
                curves=tuple(
                    Curve(s.tag, folded(run, s, axis, limits, _CHOICE.columns), colour=place_)
                    for place_, s in enumerate(series)
                ),
            )
