"""The last line: keys that fit, or a message."""

from __future__ import annotations

from tuimon.core.text import clean
from tuimon.monitor.snapshot import Snapshot
from tuimon.tui.ink import Ink
from tuimon.tui.keys import footer_keys
from tuimon.tui.rows import Row, Span, fit, row_width, spread
from tuimon.tui.view import View


def footer_row(snapshot: Snapshot, view: View, width: int, *, page: str = "") -> Row:
    """Return the footer: a message first, else keys; the page of charts and problems at the right edge."""
    right = _right(snapshot, view, page)
    room = width - row_width(right) - 1
    if view.message:
        return spread(fit(((clean(view.message), Ink.WARNING),), room), right, width)
    spans: list[Span] = []
    for key in footer_keys(replay=snapshot.playback is not None):
        piece: list[Span] = [(key.shown.split()[0], Ink.KEY), (f" {key.label}  ", Ink.MUTED)]
        if row_width(spans) + row_width(piece) > room:
            break
        spans += piece
    return spread(tuple(spans), right, width)


def problem_lines(snapshot: Snapshot, view: View) -> list[str]:
    """Return what could not be read, of the whole watch and of the open run."""
    state = snapshot.run(view.run_name)
    problems = (*snapshot.problems, *(state.problems if state is not None else ()))
    return [
        clean(f"{p.path}" + (f" at byte {p.offset}" if p.offset is not None else "") + f": {p.message}")
        for p in problems
    ]


def _right(snapshot: Snapshot, view: View, page: str) -> Row:
    spans: list[Span] = [(f"{page} ", Ink.MUTED)] if page else []
    if view.paused:
        spans.append(("PAUSED ", Ink.WARNING))
    if view.only_favourites:
        spans.append(("favourites ", Ink.WARNING))
    if view.filter_text:
        spans.append((f"filter {clean(view.filter_text)} ", Ink.WARNING))
    problems = problem_lines(snapshot, view)
    if problems:
        word = "problem" if len(problems) == 1 else "problems"
        spans.append((f"! {len(problems)} {word} (? shows)", Ink.WARNING))
    return tuple(spans)
