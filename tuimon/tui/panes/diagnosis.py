"""What is wrong, since when, why it usually happens, and what to do."""

from __future__ import annotations

from tuimon.analysis.findings.finding import Finding
from tuimon.core.text import clean
from tuimon.core.units import format_clock, format_value
from tuimon.monitor.snapshot import RunState
from tuimon.tui.ink import SEVERITY_INK, SEVERITY_WORD, Ink
from tuimon.tui.rows import Row, Span, fit, wrapped


def listed(state: RunState | None) -> tuple[Finding, ...]:
    """Return the findings in the order of the panel: open ones first, the worst first, then resolved ones."""
    if state is None:
        return ()
    return tuple(sorted(state.findings, key=lambda f: (not f.open, -f.severity, -(f.accumulated_step or 0))))


def diagnosis_title(state: RunState | None) -> Row:
    """Return the pane's title with the count of what is open."""
    if state is None:
        return (("Diagnosis", Ink.TITLE),)
    findings = state.findings
    still_open = sum(f.open for f in findings)
    counted: Span = (f" {still_open} open, {len(findings) - still_open} resolved", Ink.MUTED)
    return (("Diagnosis", Ink.TITLE), counted)


def diagnosis_rows(state: RunState | None, cursor: int, width: int, height: int, now: float) -> list[Row]:
    """Return the findings, the chosen one first with causes and remedies as far as there is room."""
    findings = listed(state)
    if state is None:
        return []
    if not findings:
        return [((_all_clear(state), Ink.GREEN if state.run.series else Ink.MUTED),)]
    cursor = max(0, min(cursor, len(findings) - 1))
    # A line each, and what is left over goes to the reasons of the first ones.
    first = max(0, min(cursor, len(findings) - height))
    shown = findings[first : first + height]
    spare = height - len(shown)
    rows: list[Row] = []
    for index, finding in enumerate(shown, first):
        rows.append(_finding_row(finding, width, now, chosen=index == cursor))
        if spare >= 2 and finding.open:
            reasons = _reason_rows(finding, width)[:spare]
            spare -= len(reasons)
            rows += reasons
    return rows[:height]


def diagnosis_line(state: RunState | None, width: int, now: float) -> Row:
    """Return the worst finding in one line, for screens without room for the pane."""
    findings = listed(state)
    if findings and findings[0].open:
        return _finding_row(findings[0], width, now, chosen=False)
    return fit((("  " + (_all_clear(state) if state else ""), Ink.MUTED),), width)


def explanation_rows(finding: Finding, width: int, now: float) -> list[Row]:
    """Return everything about one finding, wrapped."""
    ink = SEVERITY_INK[finding.severity]
    rows: list[Row] = [
        (
            (f"{SEVERITY_WORD[finding.severity]} ", ink),
            (finding.rule, Ink.STRONG),
            (f"  {clean(finding.series)}", Ink.TEXT),
        ),
        *(((line, ink),) for line in wrapped(clean(finding.message), width)),
        ((_facts(finding, now), Ink.MUTED),),
        (),
        (("Why this usually happens", Ink.TITLE),),
        *_bullets(finding.causes, width),
        (),
        (("What to do", Ink.TITLE),),
        *_bullets(finding.remedies, width),
    ]
    return [fit(row, width) for row in rows]


def _facts(finding: Finding, now: float) -> str:
    parts = [f"spoke at step {finding.step}" if finding.step is not None else "before the first step"]
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


def _finding_row(finding: Finding, width: int, now: float, *, chosen: bool) -> Row:
    # What is resolved is dim, but its word stays: colour is never the only sign.
    ink = SEVERITY_INK[finding.severity] if finding.open else Ink.GREY
    word = SEVERITY_WORD[finding.severity] if finding.open else "ok  "
    where = f"@{finding.step} " if finding.step is not None else ""
    clock = f"{format_clock(finding.time, now)} " if finding.time == finding.time and width >= 60 else ""
    return fit(
        (
            (">" if chosen else " ", Ink.SELECTED),
            (f"{word} ", ink),
            (clock + where, Ink.MUTED),
            (clean(finding.message), Ink.TEXT if finding.open else Ink.GREY),
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
    if not state.checked:
        return "not checked yet"
    if state.checked_step is None:
        return "nothing found; no rule knows these metrics"
    return f"nothing found; checked to step {state.checked_step}"
