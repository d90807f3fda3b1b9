"""Where a replay is: speed, the bar with what happened on it, step and time."""

from __future__ import annotations

from tuimon.analysis.findings.finding import Severity
from tuimon.charts.bars import scrubber
from tuimon.charts.style import Glyphs, Style
from tuimon.core.units import format_clock, format_duration, format_value
from tuimon.monitor.snapshot import Playback, RunState
from tuimon.tui.ink import Ink
from tuimon.tui.rows import Row, fit, grid_rows, row_width

# Unix times are larger; what is smaller are seconds since the start.
_EARLIEST_TIME = 1e8
_LEAST_BAR = 10


def scrubber_row(playback: Playback, state: RunState | None, width: int, glyphs: Glyphs) -> Row:
    """Return the line of a replay, `width` cells wide."""
    span = playback.end - playback.start
    doing = "paused" if playback.paused else "playing"
    left: Row = (
        (f"{doing:<7}", Ink.WARNING if playback.paused else Ink.GREEN),
        (f" {format_value(playback.speed, 3)}x ", Ink.STRONG),
    )
    right: Row = ((_position_text(playback), Ink.TEXT),)
    room = width - row_width(left) - row_width(right) - 1
    if room < _LEAST_BAR or span <= 0:
        return fit((*left, *right), width)

    def fraction(wall_time: float) -> float:
        return (wall_time - playback.start) / span

    marks = [] if state is None else _marks(state)
    signs = [(fraction(time), sign, style) for time, sign, style in marks]
    bar = grid_rows(scrubber(fraction(playback.position), signs, room, glyphs))[0]
    return fit((*left, *bar, (" ", Ink.TEXT), *right), width)


def _marks(state: RunState) -> list[tuple[float, str, int]]:
    """Return the times of what happened so far, with sign and style; the worst last."""
    restarts = [(attempt.start_time, "r", int(Style.RESTART)) for attempt in state.run.attempts[1:]]
    findings = [
        (
            finding.time,
            "!",
            int(Style.FINDING_CRITICAL if finding.severity is Severity.CRITICAL else Style.FINDING_WARNING),
        )
        for finding in sorted(state.findings, key=lambda finding: finding.severity)
        if finding.severity > Severity.INFO
    ]
    # What has no time compares as nowhere.
    return [mark for mark in (*restarts, *findings) if mark[0] == mark[0]]


def _position_text(playback: Playback) -> str:
    step = "" if playback.step is None else f"step {playback.step}  "
    if playback.start > _EARLIEST_TIME:
        at, end = (format_clock(time, playback.end) for time in (playback.position, playback.end))
        return f"{step}{at} of {end}"
    played, whole = playback.position - playback.start, playback.end - playback.start
    return f"{step}{format_duration(played)} of {format_duration(whole)}"
