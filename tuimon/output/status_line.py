"""One short line about a run: for tmux's status-right, prompts and titles."""

from __future__ import annotations

from tuimon.analysis.charted import telling_series
from tuimon.analysis.findings.finding import Severity
from tuimon.analysis.progress import EtaState
from tuimon.analysis.status import Status
from tuimon.core.roles import Role
from tuimon.core.text import clean, shorten_middle
from tuimon.core.units import format_clock, format_duration, format_value
from tuimon.monitor.snapshot import RunState

STATUS_GLYPH = {
    Status.RUNNING: "●",
    Status.DONE: "✓",
    Status.WAITING: "~",
    Status.FAILED: "✗",
    Status.STOPPED: "○",
    Status.UNKNOWN: "?",
}
STATUS_GLYPH_ASCII = {
    Status.RUNNING: "*",
    Status.DONE: "=",
    Status.WAITING: "~",
    Status.FAILED: "x",
    Status.STOPPED: "o",
    Status.UNKNOWN: "?",
}
# tmux's names of the terminal's own colours, which fit any theme.
_STATUS_COLOUR = {
    Status.RUNNING: "green",
    Status.DONE: "blue",
    Status.WAITING: "yellow",
    Status.FAILED: "red",
    Status.STOPPED: "default",
    Status.UNKNOWN: "default",
}
_SEVERITY_COLOUR = {Severity.CRITICAL: "red", Severity.WARNING: "yellow", Severity.INFO: "blue"}
_NAME_WIDTH = 24


def status_text(state: RunState, now: float, *, ascii_only: bool = False) -> str:
    """Return the line as plain text: `● healthy 62% loss 0.6242 ETA 14m02s (17:40) !2`."""
    return " ".join(text for text, _ in _parts(state, now, ascii_only=ascii_only))


def status_tmux(state: RunState, now: float, *, ascii_only: bool = False) -> str:
    """Return the line with tmux's colours. No text of the run can be a command to tmux."""
    return " ".join(_coloured(text, colour) for text, colour in _parts(state, now, ascii_only=ascii_only))


def _coloured(text: str, colour: str | None) -> str:
    # tmux expands what begins with `#`; a doubled one is itself.
    plain = text.replace("#", "##")
    return f"#[fg={colour}]{plain}#[default]" if colour is not None else plain


def _parts(state: RunState, now: float, *, ascii_only: bool) -> list[tuple[str, str | None]]:
    """Return the words of the line with their colours; None is the colour of the line around them."""
    progress = state.progress
    glyph = (STATUS_GLYPH_ASCII if ascii_only else STATUS_GLYPH)[state.status]
    parts: list[tuple[str, str | None]] = [(glyph, _STATUS_COLOUR[state.status])]
    parts.append((shorten_middle(clean(state.name), _NAME_WIDTH), None))
    if progress.fraction is not None:
        # Downwards: 100 % is the end and nothing before it.
        parts.append((f"{int(100 * progress.fraction)}%", None))
    elif progress.step is not None:
        parts.append((f"@{progress.step}", None))
    told = telling_series(state.run)
    if told is not None:
        word = "loss" if told.role in (Role.LOSS, Role.EVAL_LOSS) else told.role.value.replace("_", " ")
        parts.append((f"{word} {format_value(told.statistics.last)}", None))
    if state.status.live and progress.eta_s is not None:
        at = f" ({format_clock(progress.finish_time, now)})" if progress.finish_time is not None else ""
        parts.append((f"ETA {format_duration(progress.eta_s)}{at} {progress.pause}".rstrip(), None))
    elif not state.status.live:
        parts.append((state.status.value, _STATUS_COLOUR[state.status]))
    elif progress.eta_state is EtaState.STALLED:
        parts.append(("stalled", "red"))
    findings = state.open_findings
    if findings:
        parts.append((f"!{len(findings)}", _SEVERITY_COLOUR[findings[0].severity]))
    return parts
