"""Which pane goes where, for any size of the screen. Pure arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from tuimon.core.frozen import frozen
from tuimon.tui.plan import Border, Plan, Rect
from tuimon.tui.view import View

# No pane is drawn smaller than this (a pane of one line has no frame).
_LEAST_CHART_WIDTH, _LEAST_CHART_HEIGHT = 20, 5
_LEAST_FRAMED = 3
_WIDE, _TALL, _TALL_WITH_LOG = 100, 30, 36
_VERY_WIDE, _VERY_TALL = 160, 48
# Rows of the side bar that a list of few runs leaves to the facts.
_LEAST_FACTS, _LEAST_RUNS = 12, 7
_LEAST_WITH_SCRUBBER = 8
_LEAST_WITH_CHARTS = 8
MOST_CHARTS = 16


@frozen
class Needs:
    """What there is to show: runs, charts, GPUs, findings, any sensor at all, the place of a replay."""

    runs: int = 1
    charts: int = 1
    gpus: int = 0
    hardware: bool = True
    findings: int = 0
    replay: bool = False


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
    # On a small screen the list of findings makes room for what is said of one, and for its curve.
    explains = view.explaining and needs.findings > 0 and not (wide and tall)
    if view.full_chart or view.images or explains:
        plan.charts = [body] if body.height >= _LEAST_FRAMED else []
        return plan
    body = _place_bottom(plan, body, view, tall=wide and height >= _TALL_WITH_LOG)
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
        return _grid(area, columns, rows, count)
    if area.height < 2 * _LEAST_CHART_HEIGHT + 2 or count == 1:
        columns = max(1, min(count, area.width // 38))
        return _grid(area, columns, 1, count)
    columns = max(1, min(count - 1, area.width // 30, 4))
    wanted = -(-(count - 1) // columns)
    rows = max(1, min(wanted, (area.height - 8) // 9))
    first = max(area.height * 11 // 20 if rows == 1 else area.height * 8 // 20, 7)
    if rows == 1:
        first = max(first, area.height - max(12, area.height * 7 // 20))
    below = Rect(area.x, area.y + first, area.width, area.height - first)
    return [Rect(area.x, area.y, area.width, first), *_grid(below, columns, rows, count - 1)]


def _grid(area: Rect, columns: int, rows: int, count: int) -> list[Rect]:
    """Return up to `count` equal rectangles; a last row that is not full is divided between those in it."""
    count = min(count, rows * columns)
    rows = -(-count // columns)
    ys = [area.y + area.height * i // rows for i in range(rows + 1)]
    rects = []
    for row, (top, bottom) in enumerate(pairwise(ys)):
        inside = min(columns, count - row * columns)
        xs = [area.x + area.width * i // inside for i in range(inside + 1)]
        rects += [Rect(left, top, right - left, bottom - top) for left, right in pairwise(xs)]
    return rects


def _place_runs(plan: Plan, body: Rect, view: View, needs: Needs, *, wide: bool) -> Rect:
    """Place the list of runs: a side bar where there is room, else a line of names."""
    shown = view.shown.get("runs")
    plain = 36 if body.width >= _VERY_WIDE else 26
    # Behind the side bar two panes beside each other have room.
    most = max(body.width - 3 * _LEAST_CHART_WIDTH, _LEAST_CHART_WIDTH)
    side = _size(view, "side", body.width, plain, _LEAST_CHART_WIDTH, most)
    fits = body.width >= side + _LEAST_CHART_WIDTH and body.height >= _LEAST_FRAMED
    if fits and (shown or (shown is None and wide)):
        bar, rest = _split_at(body, side, is_vertical=True)
        panes: tuple[str, ...] = ("runs",)
        is_large = body.width >= _VERY_WIDE and body.height >= _VERY_TALL - 3
        wanted = max(3 + 2 * needs.runs, _LEAST_RUNS)  # a frame, two lines for each run, a blank one
        if view.shown.get("facts", True) and (is_large or wanted + _LEAST_FACTS <= body.height):
            panes = ("runs", "facts")
            plain = min(wanted, body.height // 2)
            height = _size(view, "runs", bar.height, plain, 5, bar.height - 5)
            plan.borders.append(_border("runs", bar, height, ("runs",), ("facts",)))
            bar, plan.panes["facts"] = _split_at(bar, height)
        plan.panes["runs"] = bar
        plan.borders.append(_border("side", body, side, panes, ("charts", "log"), is_vertical=True))
        return rest
    if shown is None and needs.runs > 1 and body.height >= 10:
        plan.panes["runs"], rest = _split_at(body, 1)
        plan.strip = True
        return rest
    return body


def _place_bottom(plan: Plan, body: Rect, view: View, *, tall: bool) -> Rect:
    """Place the event log, and the facts beside it where they have no place of their own."""
    log = view.shown.get("log", tall)
    facts = view.shown.get("facts", False) and "facts" not in plan.panes
    if not (log or facts) or body.height < 12:
        return body
    plain = min(max(body.height // 5, 6), 10) if tall else min(8, body.height // 2)
    if facts:
        plain = max(plain, min(14, body.height // 2))
    height = _size(view, "bottom", body.height, plain, _LEAST_FRAMED, max(body.height - 10, _LEAST_FRAMED))
    above, bottom = _split_at(body, body.height - height)
    if log and facts and body.width >= 2 * 36:
        _place_beside(plan, bottom, view, "bottom split", ("log", "facts"), body.width // 2)
    else:
        plan.panes["facts" if facts else "log"] = bottom
    plan.borders.append(_border("bottom", body, height, ("log", "facts"), ("charts",), is_behind=True))
    return above


def _place_middle(plan: Plan, body: Rect, view: View, needs: Needs, *, wide: bool, tall: bool) -> Rect:
    """Place hardware and diagnosis: side by side where there is room, else above each other."""
    hardware = view.shown.get("hardware", needs.hardware and body.height >= 12)
    diagnosis = view.shown.get("diagnosis", True)
    # Without sensors their place beside the diagnosis goes to the facts, where these have none yet.
    facts = not hardware and view.shown.get("facts", True) and "facts" not in plan.panes
    if not (wide and tall and (hardware or diagnosis)):
        return _stack_middle(plan, body, view, needs, hardware=hardware, diagnosis=diagnosis)
    # A line for each GPU and the host; findings with their reasons, of which the first ones are enough.
    lines = max(1 + needs.gpus, 3) if hardware else 0
    lines = max(lines, 5 if facts or needs.findings else 1)
    most = min(max(body.height // 3, min(3 + needs.gpus, body.height // 2)), 16)
    plain = max(_LEAST_FRAMED, min(2 + lines, most))
    height = _size(view, "middle", body.height, plain, _LEAST_FRAMED, max(body.height - 7, _LEAST_FRAMED))
    above, middle = _split_at(body, body.height - height)
    left = "hardware" if hardware else "facts" if facts else ""
    if left and diagnosis:
        share = body.width // 2 if needs.gpus else min(36, body.width // 3)
        _place_beside(plan, middle, view, "middle split", (left, "diagnosis"), share)
    else:
        plan.panes["diagnosis" if diagnosis else left] = middle
    sized = (left, "diagnosis") if diagnosis else (left,)
    plan.borders.append(_border("middle", body, height, sized, ("charts",), is_behind=True))
    return above


def _stack_middle(
    plan: Plan, body: Rect, view: View, needs: Needs, *, hardware: bool, diagnosis: bool
) -> Rect:
    """Place hardware without a frame above a few lines of findings; on a small screen charts get the rest."""
    left = body
    if diagnosis:
        has_frame = left.height >= 12 and needs.findings > 0
        plain = 4 + (left.height >= 20 and needs.findings > 2) if has_frame else 1
        lines = _size(view, "diagnosis", left.height, plain, 1, max(left.height - 7, 1))
        plan.borders.append(_border("diagnosis", left, lines, ("diagnosis",), ("charts",), is_behind=True))
        left, plan.panes["diagnosis"] = _split_at(left, left.height - lines)
    if hardware and left.height >= 9:
        plain = min(1 + -(-needs.gpus // 2), max(3, left.height // 3 + 1))
        lines = _size(view, "hardware", left.height, plain, 1, left.height - 7)
        plan.borders.append(_border("hardware", left, lines, ("hardware",), ("charts",), is_behind=True))
        left, plan.panes["hardware"] = _split_at(left, left.height - lines)
        plan.bare.add("hardware")
    return left


def _place_beside(plan: Plan, area: Rect, view: View, name: str, panes: tuple[str, str], plain: int) -> None:
    """Place two panes beside each other."""
    width = _size(view, name, area.width, plain, _LEAST_CHART_WIDTH, area.width - _LEAST_CHART_WIDTH)
    plan.borders.append(_border(name, area, width, panes[:1], panes[1:], is_vertical=True))
    plan.panes[panes[0]], plan.panes[panes[1]] = _split_at(area, width, is_vertical=True)


def _size(view: View, name: str, whole: int, plain: int, least: int, most: int) -> int:
    """Return the size of one side of a border: the chosen one within limits, else the plain one."""
    share = view.sizes.get(name)
    return plain if share is None else max(least, min(round(share * whole), most))


def _split_at(area: Rect, size: int, *, is_vertical: bool = False) -> tuple[Rect, Rect]:
    """Return the first cells of an area, and the others: from the top, or from the left."""
    if is_vertical:
        first = Rect(area.x, area.y, size, area.height)
        return first, Rect(area.x + size, area.y, area.width - size, area.height)
    first = Rect(area.x, area.y, area.width, size)
    return first, Rect(area.x, area.y + size, area.width, area.height - size)


def _border(
    name: str,
    area: Rect,
    size: int,
    sized: tuple[str, ...],
    rest: tuple[str, ...],
    *,
    is_vertical: bool = False,
    is_behind: bool = False,
) -> Border:
    """Return the edge that gives one side of an area its size."""
    whole = area.width if is_vertical else area.height
    edge = (area.x if is_vertical else area.y) + (whole - size if is_behind else size)
    cells = Rect(edge - 1, area.y, 2, area.height) if is_vertical else Rect(area.x, edge - 1, area.width, 2)
    return Border(name, edge, cells, is_vertical, whole, size, is_behind, sized, rest)
