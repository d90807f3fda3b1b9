"""What is wrong, since when, why it usually happens, and what to do."""

from __future__ import annotations

from functools import lru_cache

from tuimon.analysis.findings.finding import Finding
from tuimon.analysis.incidents import Incident, incidents_of
from tuimon.core.text import clean
from tuimon.core.units import format_clock, format_value
from tuimon.monitor.snapshot import RunState
from tuimon.tui.ink import SEVERITY_INK, SEVERITY_WORD, Ink
from tuimon.tui.rows import Row, fit, wrapped
from tuimon.tui.view import View

# What the rules have still to see of a live run is nothing to speak of up to so many lines, or this share.
_FEW_LINES, _FEW_SHARE = 16, 0.02


@lru_cache(maxsize=64)
def _incidents(findings: tuple[Finding, ...]) -> tuple[Incident, ...]:
    return incidents_of(findings)


def incidents(state: RunState | None) -> tuple[Incident, ...]:
    """Return what is wrong with a run in the order of the panel: open matters first, the worst first."""
    found = () if state is None else _incidents(state.findings)
    return tuple(sorted(found, key=lambda each: (not each.open, -each.severity, -_place(each.first))))


def open_incidents(state: RunState) -> tuple[Incident, ...]:
    """Return what is wrong with a run and still holds, the worst first."""
    return tuple(incident for incident in incidents(state) if incident.open)


def unchecked_text(state: RunState) -> str:
    """Return how far the rules have come with a run; "" where they lag behind by a few lines at most.

    Each new line is on the screen before it is judged; that a live run is checked all the time is the truth.
    """
    progress, seen = state.progress, state.checked_step
    if state.checked:
        return ""
    if seen is None:
        return "not checked yet"
    reached = progress.step or 0
    few = max(_FEW_LINES * (progress.interval_steps or 1), _FEW_SHARE * reached)
    return f"checked to step {seen}" if reached - seen > few else ""


def listed(state: RunState | None) -> tuple[Finding, ...]:
    """Return the findings in the order of the panel: of each incident its first sign, then what followed."""
    return tuple(finding for incident in incidents(state) for finding in incident.findings)


def diagnosis_title(state: RunState | None) -> Row:
    """Return the pane's title with the count of what is open."""
    if state is None:
        return (("Diagnosis", Ink.TITLE),)
    found = incidents(state)
    still_open = sum(incident.open for incident in found)
    text = f" {still_open} open, {len(found) - still_open} resolved"
    if len(state.findings) > len(found):
        text += f"; {len(state.findings)} findings"
    return (("Diagnosis", Ink.TITLE), (text, Ink.MUTED))


def diagnosis_rows(state: RunState | None, view: View, width: int, height: int, now: float) -> list[Row]:
    """Return the findings, what followed from one below it, with reasons as far as there is room."""
    if state is None:
        return []
    lines = [
        (finding, index > 0)
        for incident in incidents(state)
        for index, finding in enumerate(incident.findings)
    ]
    if not lines:
        return [((_all_clear(state), Ink.GREEN if state.run.series else Ink.MUTED),)]
    cursor = max(0, min(view.line("diagnosis"), len(lines) - 1))
    # A line each, and what is left over goes to the reasons of the first ones.
    first = max(0, min(cursor, len(lines) - height))
    shown = lines[first : first + height]
    spare = height - len(shown)
    rows: list[Row] = []
    for index, (finding, follows) in enumerate(shown, first):
        dim = not finding.open or view.is_acknowledged(finding)
        row = _finding_row(finding, width, now, chosen=index == cursor, follows=follows, dim=dim)
        rows.append(row)
        if spare >= 2 and finding.open and not follows:
            reasons = _reason_rows(finding, width)[:spare]
            spare -= len(reasons)
            rows += reasons
    return rows[:height]


def diagnosis_line(state: RunState | None, width: int, now: float) -> Row:
    """Return the worst matter in one line, for screens without room for the pane."""
    found = incidents(state)
    if found and found[0].open:
        worst = max(found[0].findings, key=lambda finding: finding.severity)
        return _finding_row(worst, width, now, chosen=False)
    if state is None:
        return fit((), width)
    return fit((("Diagnosis ", Ink.TITLE), (_all_clear(state), Ink.MUTED)), width)


def _place(finding: Finding) -> int:
    return finding.accumulated_step or 0


def explanation_rows(finding: Finding, width: int, now: float, *, dense: bool = False) -> list[Row]:
    """Return everything about one finding, wrapped; without blank rows if `dense`."""
    ink = SEVERITY_INK[finding.severity]
    rows: list[Row] = [
        (
            (f"{SEVERITY_WORD[finding.severity]} ", ink),
            (finding.rule, Ink.STRONG),
            (f"  {clean(finding.series)}", Ink.TEXT),
        ),
        *(((line, ink),) for line in wrapped(clean(finding.message), width)),
        *(((line, Ink.MUTED),) for line in wrapped(_facts(finding, now), width)),
        (),
        (("Why this usually happens", Ink.TITLE),),
        *_bullets(finding.causes, width),
        (),
        (("What to do", Ink.TITLE),),
        *_bullets(finding.remedies, width),
    ]
    return [fit(row, width) for row in rows if row or not dense]


def related_rows(state: RunState, finding: Finding, width: int) -> list[Row]:
    """Return what else belongs to the matter of a finding, wrapped; nothing where it stands alone."""
    incident = next((each for each in incidents(state) if finding in each.findings), None)
    others = [each for each in incident.findings if each is not finding] if incident is not None else []
    if not others:
        return []
    rows = _bullets(tuple(f"step {each.step}: {each.message}" for each in others), width)
    return [fit(row, width) for row in ((), (("What belongs to it", Ink.TITLE),), *rows)]


def _facts(finding: Finding, now: float) -> str:
    parts = [f"found at step {finding.step}" if finding.step is not None else "found before the first step"]
    if finding.onset_step is not None and finding.onset_step != finding.step:
        parts.insert(0, f"began at step {finding.onset_step}")
    if finding.time == finding.time:
        parts.append(f"at {format_clock(finding.time, now)}")
    if finding.value is not None:
        parts.append(f"value {format_value(finding.value)}")
    if finding.usual is not None:
        parts.append(f"usual {format_value(finding.usual)}")
    parts.append(f"seen {finding.count} times" if finding.count > 1 else "seen once")
    if not finding.open:
        parts.append(f"resolved at step {finding.resolved_step}")
    return ", ".join(parts)


def _bullets(sentences: tuple[str, ...], width: int) -> list[Row]:
    return [
        ((line, Ink.TEXT),)
        for sentence in sentences
        for line in wrapped(f"- {clean(sentence)}", width, indent="  ")
    ]


def _finding_row(
    finding: Finding,
    width: int,
    now: float,
    *,
    chosen: bool,
    follows: bool = False,
    dim: bool | None = None,
) -> Row:
    # What is resolved is dim, but its word stays: colour is never the only sign.
    dim = not finding.open if dim is None else dim
    ink = Ink.GREY if dim else SEVERITY_INK[finding.severity]
    word = SEVERITY_WORD[finding.severity] if finding.open else "ok  "
    where = f"@{finding.step} " if finding.step is not None else ""
    has_clock = finding.time == finding.time and width >= 60 and not follows
    clock = f"{format_clock(finding.time, now)} " if has_clock else ""
    return fit(
        (
            (">" if chosen else " ", Ink.SELECTED),
            ("  then " if follows else "", Ink.MUTED),
            (f"{word} ", ink),
            (clock + where, Ink.MUTED),
            (clean(finding.message), Ink.GREY if dim else Ink.TEXT),
        ),
        width,
    )


def _reason_rows(finding: Finding, width: int) -> list[Row]:
    rows: list[Row] = []
    for word, sentences in (("why", finding.causes), ("do ", finding.remedies)):
        if sentences:
            rows.append(fit(((f"   {word} ", Ink.MUTED), (clean("; ".join(sentences)), Ink.MUTED)), width))
    return rows


def _all_clear(state: RunState) -> str:
    if not state.run.series:
        return "nothing was logged yet"
    if state.checked_step is None:
        return "nothing found; no rule knows these metrics" if state.checked else "not checked yet"
    return f"nothing found; checked to step {state.checked_step}"
