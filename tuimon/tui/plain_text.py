"""What the screen says as plain text: to be copied, or written into a file."""

from __future__ import annotations

from collections.abc import Iterable

from tuimon.charts.style import Glyphs
from tuimon.core.text import cell_width
from tuimon.monitor.snapshot import RunState
from tuimon.tui.ink import Ink
from tuimon.tui.panes.diagnosis import explanation_rows, listed
from tuimon.tui.rows import Row
from tuimon.tui.scene import Picture
from tuimon.tui.view import View

# Copied sentences are wrapped by whoever reads them.
_WIDE = 10_000
_FRAMES = (Ink.FRAME, Ink.FRAME_FOCUSED)


def copied_text(picture: Picture, state: RunState | None, view: View, now: float) -> tuple[str, str]:
    """Return what `Y` copies, and what that is called: what the pane with the focus says.

    On the charts these are the values at the cursor, or without a cursor the charts as they are drawn; in the
    diagnosis everything about the chosen finding; in the list of runs where the run is.
    """
    findings = listed(state)
    if state is not None and findings and (view.focus == "diagnosis" or view.explaining):
        finding = findings[min(view.line("diagnosis"), len(findings) - 1)]
        return _lines(explanation_rows(finding, _WIDE, now)), "the finding"
    if state is not None and view.focus == "runs":
        return f"{state.path}\n", "where the run is"
    charts = [picture.panes[name] for name in _charts(picture)]
    if view.images and charts:
        return _lines(charts[0][:1]), "what image it is"
    if view.focus == "charts" and view.crosshair is not None and state is not None:
        titles = [rows[0] for rows in charts if rows]
        return f"{state.name}  {picture.page}\n{_lines(titles)}", "the values at the cursor"
    if view.focus != "charts" and view.focus in picture.panes:
        return _lines(picture.panes[view.focus]), f"the pane {view.focus}"
    return "\n".join(_lines(rows) for rows in charts), "the charts"


def screen_text(picture: Picture, glyphs: Glyphs) -> str:
    """Return the whole screen, its panes at their places, frames and all."""
    places = dict(picture.plan.panes)
    places |= {name: picture.plan.charts[index] for index, name in enumerate(_charts(picture))}
    height = max((rect.y + rect.height for rect in places.values()), default=0)
    lines: list[str] = []
    for y in range(height):
        line, at = "", 0
        for rect, name in sorted((rect, name) for name, rect in places.items()):
            rows = picture.panes.get(name, [])
            if 0 <= y - rect.y < min(len(rows), rect.height):
                text = "".join(text for text, _ in rows[y - rect.y])
                line += " " * (rect.x - at) + text
                at = rect.x + cell_width(text)
        lines.append(line.rstrip())
    text = "\n".join(lines) + "\n"
    return text if glyphs == "braille" else text.encode("ascii", "replace").decode()


def _charts(picture: Picture) -> list[str]:
    return [f"chart{n}" for n in range(len(picture.plan.charts)) if f"chart{n}" in picture.panes]


def _lines(rows: Iterable[Row]) -> str:
    """Return rows without what frames them, a line each; blank ones at both ends are left out."""
    lines = ["".join(text for text, ink in row if ink not in _FRAMES).rstrip() for row in rows]
    return "\n".join(lines).strip("\n") + "\n"
