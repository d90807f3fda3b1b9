"""The answer in two lines: alive? how far? when done? anything wrong?"""

from __future__ import annotations

import math

from tuimon.analysis.progress import EtaState, Progress
from tuimon.analysis.status import Status
from tuimon.charts.bars import progress_bar
from tuimon.charts.style import Glyphs
from tuimon.core.roles import Role
from tuimon.core.text import clean, shorten, shorten_middle
from tuimon.core.units import (
    format_clock,
    format_count,
    format_duration,
    format_percent,
    format_rate,
    format_value,
)
from tuimon.monitor.snapshot import Playback, RunState, Snapshot
from tuimon.output.eta import Deadline
from tuimon.tui.ink import SEVERITY_INK, STATUS_GLYPH, STATUS_GLYPH_ASCII, STATUS_INK, Ink
from tuimon.tui.panes.diagnosis import open_incidents, unchecked_text
from tuimon.tui.rows import Row, Span, fit, grid_rows, row_width, spread, text_row

# Cells that what is wrong has at least.
_LEAST_TITLE = 8
# What the second line says about the run's metrics, in this order.
_SHOWN = (
    (Role.LOSS, "loss"),
    (Role.EVAL_LOSS, "eval"),
    (Role.REWARD, "reward"),
    (Role.LEARNING_RATE, "lr"),
    (Role.GRAD_NORM, "grad"),
)
# From here on a long name of a run costs the bar nothing that matters.
_WIDE = 100


def header_rows(
    snapshot: Snapshot,
    state: RunState | None,
    width: int,
    height: int,
    glyphs: Glyphs,
    *,
    deadline: float | None = None,
) -> list[Row]:
    """Return the header's rows, each `width` cells wide.

    Args:
        snapshot: What is shown.
        state: The open run.
        width: Cells.
        height: Rows.
        glyphs: Braille or ASCII.
        deadline: When the run has to be over, in unix seconds, if the person said so.
    """
    if state is None:
        return [fit(_no_run(snapshot), width)] + [fit((), width)] * (height - 1)
    rows = [_first_line(snapshot, state, width, glyphs)]
    if height > 1:
        rows.append(_second_line(state, width, snapshot.now, deadline))
    return [fit(row, width) for row in rows]


def eta_text(progress: Progress, status: Status, now: float) -> str:
    """Return the ETA as people want it: how long, how sure, and the time on the clock."""
    if not status.live:
        return ""
    if progress.eta_state is EtaState.KNOWN and progress.eta_s is not None:
        text = f"ETA {format_duration(progress.eta_s)}"
        if progress.eta_low_s is not None and progress.eta_high_s is not None:
            half = (progress.eta_high_s - progress.eta_low_s) / 2
            # A range that rounds to nothing beside the figure itself would only be noise.
            if half > 0.02 * progress.eta_s:
                text += f" ±{format_duration(half)}"
        return f"{text} ({format_clock(progress.finish_time, now)})"
    if progress.pause and progress.eta_s is not None:
        # It stands still: what the pause will cost is not known before it is over.
        return f"ETA {format_duration(progress.eta_s)} {progress.pause}"
    return f"ETA {progress.eta_state}"


def _no_run(snapshot: Snapshot) -> Row:
    place = ", ".join(str(root) for root in snapshot.roots)
    doing = "looking for runs in" if snapshot.listing else "waiting for runs in"
    return text_row(("tuimon ", Ink.TITLE), (f"{doing} {clean(place)}", Ink.MUTED))


def _first_line(snapshot: Snapshot, state: RunState, width: int, glyphs: Glyphs) -> Row:
    progress = state.progress
    glyph = (STATUS_GLYPH if glyphs == "braille" else STATUS_GLYPH_ASCII)[state.status]
    ink = STATUS_INK[state.status]
    name_width = max(12, width // 4) if width < _WIDE else width * 3 // 10
    name = state.given_name or state.name
    start: list[Span] = [(f"{glyph} ", ink), (shorten_middle(clean(name), name_width), Ink.STRONG)]
    start.append((f" {state.status.upper()} ", ink))
    where = f"{_counted(progress.step)}"
    if progress.total_steps:
        where += f"/{_counted(progress.total_steps)}"
    if where != "-":
        start.append((f" {where} ", Ink.TEXT))
    end: list[Span] = []
    if snapshot.playback is not None:
        end.append((_playback_text(snapshot.playback), Ink.MAGENTA))
    elif eta := eta_text(progress, state.status, snapshot.now):
        end.append((eta, Ink.STRONG))
    elif progress.elapsed_s is not None:
        end.append((f"took {format_duration(progress.elapsed_s)}", Ink.MUTED))
    if progress.steps_per_s:
        end.append((f"  {format_rate(progress.steps_per_s)}", Ink.TEXT))
    middle: list[Span] = []
    if progress.fraction is not None:
        room = width - row_width(start) - row_width(end) - 10
        middle.append((f"{format_percent(progress.fraction):>6} ", Ink.STRONG))
        if room >= 8:
            middle += grid_rows(progress_bar(progress.fraction, min(room, 40), glyphs, style=ink))[0]
        middle.append((" ", Ink.TEXT))
    return spread((*start, *middle), tuple(end), width)


def _deadline_part(state: RunState, now: float, given: float | None) -> list[tuple[str, str, int]]:
    """Return what a deadline means for a run, or the end of its job, unless it is done by then."""
    ends = state.process.job_end_time if given is None and state.process is not None else given
    verdict = None if ends is None or not state.status.live else Deadline(ends).verdict(state.progress)
    if ends is None or verdict is None or (given is None and verdict == "in time"):
        return []
    ink = Ink.TEXT if verdict == "in time" else Ink.WARNING
    return [("job ends" if given is None else "deadline", f"{format_clock(ends, now)}: {verdict}", ink)]


def _second_line(state: RunState, width: int, now: float, deadline: float | None) -> Row:
    progress = state.progress
    parts = _deadline_part(state, now, deadline)
    if state.process is not None and state.process.alive and state.process.suspended:
        parts.append(("process", "suspended", Ink.WARNING))
    if progress.epoch is not None:
        total = f"/{format_value(progress.total_epochs, 3)}" if progress.total_epochs else ""
        parts.append(("epoch", f"{progress.epoch:.2f}{total}", Ink.TEXT))
    parts += _value_parts(state)
    if progress.elapsed_s is not None:
        parts.append(("elapsed", format_duration(progress.elapsed_s), Ink.TEXT))
    for label, per_second in (("tok/s", progress.tokens_per_s), ("samples/s", progress.samples_per_s)):
        if per_second:
            parts.append(("", f"{format_count(per_second)} {label}", Ink.TEXT))
    if len(state.run.attempts) > 1:
        parts.append(("attempt", str(len(state.run.attempts)), Ink.MAGENTA))
    if state.loaded < 1:
        parts.append(("read", format_percent(state.loaded), Ink.WARNING))
    right = _findings_row(state, width)
    spans: list[Span] = [("  ", Ink.TEXT)]
    for label, text, ink in parts:
        piece: list[Span] = [(f"{label} " if label else "", Ink.MUTED), (text, ink), ("  ", Ink.TEXT)]
        # What does not fit is left out as a whole: half a number is a wrong number.
        if row_width([*spans, *piece]) + row_width(right) <= width + 1:
            spans += piece
    return spread(tuple(spans[:-1]), right, width) if row_width(right) < width else fit(right, width)


def _value_parts(state: RunState) -> list[tuple[str, str, int]]:
    parts: list[tuple[str, str, int]] = []
    for role, label in _SHOWN:
        series = state.run.with_role(role)
        if series and len(series[0]):
            value = series[0].statistics.last
            plain = Ink.STRONG if role is Role.LOSS else Ink.TEXT
            parts.append((label, format_value(value), plain if math.isfinite(value) else Ink.CRITICAL))
    return parts


def _findings_row(state: RunState, width: int) -> Row:
    wrong = open_incidents(state)
    if not wrong and (behind := unchecked_text(state)):
        return ((behind, Ink.MUTED),)
    if not wrong:
        return (("no open finding", Ink.GREEN),)
    title = shorten(wrong[0].title, max(width // 2 - len("! 10 open: "), _LEAST_TITLE))
    return ((f"! {len(wrong)} open: {title}", SEVERITY_INK[wrong[0].severity]),)


def _playback_text(playback: Playback) -> str:
    span = playback.end - playback.start
    fraction = (playback.position - playback.start) / span if span > 0 else 1.0
    doing = "paused" if playback.paused else "replay"
    return f"{doing} {format_value(playback.speed, 3)}x {format_percent(fraction)}"


def _counted(step: int | None) -> str:
    return "-" if step is None else f"{step}" if abs(step) < 10_000_000 else format_count(step)
