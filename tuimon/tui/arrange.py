"""Which pane goes where, for any size of the screen. Pure arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from tuimon.core.frozen import frozen
from tuimon.tui.view import View

# No pane is drawn smaller than this (a pane of one line has no frame).
_LEAST_CHART_WIDTH, _LEAST_CHART_HEIGHT = 20, 5
_LEAST_FRAMED = 3
_WIDE, _TALL = 100, 30
_VERY_WIDE, _VERY_TALL = 160, 48
_LEAST_WITH_SCRUBBER = 8
_LEAST_WITH_CHARTS = 8
MOST_CHARTS = 16


class Rect(NamedTuple):
    """A rectangle of cells."""

    x: int
    y: int
    width: int
    height: int


@frozen
class Needs:
    """What there is to show: runs, charts, GPUs, findings, any sensor at all, the place of a replay."""

    runs: int = 1
    charts: int = 1
    gpus: int = 0
    hardware: bool = True
    findings: int = 0
    replay: bool = False


@dataclass(slots=True)
class Plan:
    """Where everything goes.

    Attributes:
        panes: By name: `header`, `footer`, `scrubber`, `sparks`, and those of `view.PANES` but `charts`.
            Panes without a place are missing.
        charts: One rectangle per visible chart, the largest first.
        strip: The list of runs is a single line.
    """

    panes: dict[str, Rect] = field(default_factory=dict)
    charts: list[Rect] = field(default_factory=list)
    strip: bool = False


def arrange(width: int, height: int, view: View, needs: Needs) -> Plan:
    """Divide a screen of `width` x `height` cells between the panes."""
    if height < _LEAST_WITH_CHARTS:
        return _low_plan(width, height)
    plan = Plan()
    plan.panes["header"] = Rect(0, 0, width, 2)
    body = Rect(0, 2, width, height - 3)
    plan.panes["footer"] = Rect(0, height - 1, width, 1)
    if needs.replay and body.height >= _LEAST_WITH_SCRUBBER:
        body = Rect(0, body.y, width, body.height - 1)
        plan.panes["scrubber"] = Rect(0, body.y + body.height, width, 1)
    if view.run_table or view.full_log:
        plan.panes["runs" if view.run_table else "log"] = body
        return plan
    wide, tall = width >= _WIDE, height >= _TALL
    body = _place_runs(plan, body, view, needs, wide=wide)
    if view.full_chart or view.images:
        plan.charts = [body] if body.height >= _LEAST_FRAMED else []
        return plan
    body = _place_bottom(plan, body, view, tall=tall and wide)
    body = _place_middle(plan, body, view, needs, wide=wide, tall=tall)
    if view.shown.get("charts", True) and body.height >= _LEAST_FRAMED:
        plan.charts = chart_grid(body, view, needs)
    return plan


def _low_plan(width: int, height: int) -> Plan:
    """Divide a screen without room for charts: the answer, the worst finding, a line per curve, keys."""
    names = ["header", "diagnosis", "sparks", "footer"][: max(height, 1)]
    heights = dict.fromkeys(names, 1)
    if "sparks" in heights:
        heights["sparks"] += height - len(names)
    # From top to bottom the answer, the curves, what is wrong.
    plan, y = Plan(), 0
    for name in ("header", "sparks", "diagnosis", "footer"):
        if name in heights:
            plan.panes[name] = Rect(0, y, width, heights[name])
            y += heights[name]
    return plan


def bounding(rects: Sequence[Rect]) -> Rect:
    """Return the smallest rectangle around some."""
    x, y = min(rect.x for rect in rects), min(rect.y for rect in rects)
    right, bottom = max(rect.x + rect.width for rect in rects), max(rect.y + rect.height for rect in rects)
    return Rect(x, y, right - x, bottom - y)


def chart_grid(area: Rect, view: View, needs: Needs) -> list[Rect]:
    """Divide an area between charts: the first one large above the others, or all equal by key."""
    count = max(1, min(needs.charts, MOST_CHARTS))
    if view.columns or view.rows:
        columns = view.columns or -(-count // view.rows)
        columns = max(1, min(columns, area.width // _LEAST_CHART_WIDTH, count))
        rows = min(view.rows or count, -(-count // columns))
        rows = max(1, min(rows, area.height // (_LEAST_CHART_HEIGHT + 2)))
        return _grid(area, columns, rows)[:count]
    if area.height < 2 * _LEAST_CHART_HEIGHT + 2 or count == 1:
        columns = max(1, min(count, area.width // 38))
        return _grid(area, columns, 1)
    columns = max(1, min(count - 1, area.width // 30, 4))
    wanted = -(-(count - 1) // columns)
    rows = max(1, min(wanted, (area.height - 8) // 9))
    first = max(area.height * 11 // 20 if rows == 1 else area.height * 8 // 20, 7)
    if rows == 1:
        first = max(first, area.height - 12)
    below = Rect(area.x, area.y + first, area.width, area.height - first)
    return [Rect(area.x, area.y, area.width, first), *_grid(below, columns, rows)][:count]


def _grid(area: Rect, columns: int, rows: int) -> list[Rect]:
    xs = [area.x + area.width * i // columns for i in range(columns + 1)]
    ys = [area.y + area.height * i // rows for i in range(rows + 1)]
    return [
        Rect(xs[c], ys[r], xs[c + 1] - xs[c], ys[r + 1] - ys[r]) for r in range(rows) for c in range(columns)
    ]


def _place_runs(plan: Plan, body: Rect, view: View, needs: Needs, *, wide: bool) -> Rect:
    """Place the list of runs: a side bar where there is room, else a line of names."""
    shown = view.shown.get("runs")
    side_width = 36 if body.width >= _VERY_WIDE else 26
    fits = body.width >= side_width + _LEAST_CHART_WIDTH and body.height >= _LEAST_FRAMED
    if fits and (shown or (shown is None and wide)):
        runs_height = body.height
        facts = view.shown.get("facts", True)
        if body.width >= _VERY_WIDE and body.height >= _VERY_TALL - 3 and facts:
            runs_height = min(max(3 + 2 * needs.runs, 12), body.height // 2)
            plan.panes["facts"] = Rect(body.x, body.y + runs_height, side_width, body.height - runs_height)
        plan.panes["runs"] = Rect(body.x, body.y, side_width, runs_height)
        return Rect(body.x + side_width, body.y, body.width - side_width, body.height)
    if shown is None and needs.runs > 1 and body.height >= 10:
        plan.panes["runs"] = Rect(body.x, body.y, body.width, 1)
        plan.strip = True
        return Rect(body.x, body.y + 1, body.width, body.height - 1)
    return body


def _place_bottom(plan: Plan, body: Rect, view: View, *, tall: bool) -> Rect:
    """Place the event log, and the facts beside it where they have no place of their own."""
    log = view.shown.get("log", tall)
    facts = view.shown.get("facts", False) and "facts" not in plan.panes
    if not (log or facts) or body.height < 12:
        return body
    height = min(max(body.height // 5, 6), 10) if tall else min(8, body.height // 2)
    if facts:
        height = max(height, min(14, body.height // 2))
    y = body.y + body.height - height
    if log and facts and body.width >= 2 * 36:
        half = body.width // 2
        plan.panes["log"] = Rect(body.x, y, half, height)
        plan.panes["facts"] = Rect(body.x + half, y, body.width - half, height)
    else:
        plan.panes["facts" if facts else "log"] = Rect(body.x, y, body.width, height)
    return Rect(body.x, body.y, body.width, body.height - height)


def _place_middle(plan: Plan, body: Rect, view: View, needs: Needs, *, wide: bool, tall: bool) -> Rect:
    """Place hardware and diagnosis: side by side where there is room, else above each other."""
    hardware = view.shown.get("hardware", needs.hardware and body.height >= 12)
    diagnosis = view.shown.get("diagnosis", True)
    # Without sensors their place beside the diagnosis goes to the facts, where these have none yet.
    facts = not hardware and view.shown.get("facts", True) and "facts" not in plan.panes
    if wide and tall and (hardware or diagnosis):
        wanted = min(3 + needs.gpus, body.height // 2)  # a frame, and a line for each GPU and the host
        height = max(7, min(6 + needs.gpus, max(body.height // 3, wanted), 16))
        y = body.y + body.height - height
        share = body.width // 2 if needs.gpus else min(36, body.width // 3)
        split = body.width if not diagnosis else share if hardware or facts else 0
        if split:
            plan.panes["hardware" if hardware else "facts"] = Rect(body.x, y, split, height)
        if diagnosis:
            plan.panes["diagnosis"] = Rect(body.x + split, y, body.width - split, height)
        return Rect(body.x, body.y, body.width, body.height - height)
    # A small screen: hardware without a frame, a few lines of findings, the charts get the rest.
    left = body.height
    if diagnosis:
        lines = 1 if left < 12 else 4 + (left >= 20 and needs.findings > 2)
        left -= lines
        plan.panes["diagnosis"] = Rect(body.x, body.y + left, body.width, lines)
    if hardware and left >= 9:
        lines = min(1 + -(-needs.gpus // 2), max(3, left // 3 + 1))
        left -= lines
        plan.panes["hardware"] = Rect(body.x, body.y + left, body.width, lines)
    return Rect(body.x, body.y, body.width, left)
