"""What a picture looks like as text, without Textual."""

from __future__ import annotations

from collections.abc import Iterator

from tuimon.tui.plan import Plan, Rect
from tuimon.tui.rows import Row, row_width
from tuimon.tui.scene import Picture


def places(plan: Plan) -> dict[str, Rect]:
    """All rectangles of a plan by the names of their panes."""
    return plan.panes | {f"chart{index}": rect for index, rect in enumerate(plan.charts)}


def drawn_panes(picture: Picture) -> Iterator[tuple[str, Rect, list[Row]]]:
    """Each pane that is on the screen: its name, its place and its rows, which fill the place exactly."""
    for name, rect in places(picture.plan).items():
        if name not in picture.panes:  # a chart's place without a chart
            continue
        rows = picture.panes[name]
        assert len(rows) == rect.height, f"{name} has {len(rows)} rows, its place {rect.height}"
        widths = {row_width(row) for row in rows}
        assert widths <= {rect.width}, f"{name} is {rect.width} cells wide, its rows {widths}"
        yield name, rect, rows


def text_of(picture: Picture, width: int, height: int) -> str:
    """The whole screen as text, trailing spaces removed."""
    lines = [[" "] * width for _ in range(height)]
    for _, rect, rows in drawn_panes(picture):
        for y, row in enumerate(rows, rect.y):
            x = rect.x
            for text, _ink in row:
                for character in text:
                    lines[y][x] = character
                    x += row_width(((character, 0),))
                    if x > rect.x + 1 and row_width(((character, 0),)) == 2:
                        lines[y][x - 1] = ""
    return "\n".join("".join(line).rstrip() for line in lines) + "\n"


def pane_text(picture: Picture, name: str) -> str:
    return "\n".join("".join(text for text, _ in row).rstrip() for row in picture.panes[name])
