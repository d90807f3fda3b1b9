"""Where everything goes: rectangles, edges that a person can move, and the plan of a screen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from tuimon.core.frozen import frozen

BORDERS = ("side", "runs", "middle", "middle split", "bottom", "bottom split", "diagnosis", "hardware")


class Rect(NamedTuple):
    """A rectangle of cells."""

    x: int
    y: int
    width: int
    height: int

    def holds(self, x: int, y: int) -> bool:
        """Return whether a cell lies in it."""
        return 0 <= x - self.x < self.width and 0 <= y - self.y < self.height


def neighbours(rects: Sequence[Rect], at: int, dy: int) -> list[int]:
    """Return which rectangles lie in the next row below one (`dy` 1) or above it (-1), the nearest first."""
    here = rects[at] if 0 <= at < len(rects) else rects[0]
    beyond = [i for i, rect in enumerate(rects) if (rect.y - here.y) * dy > 0]
    row = min((abs(rects[i].y - here.y) for i in beyond), default=0)
    beside = [i for i in beyond if abs(rects[i].y - here.y) == row]
    return sorted(beside, key=lambda i: abs(rects[i].x - here.x))


@frozen
class Border:
    """An edge between two sides, of which one has a size that is chosen and the other one the rest.

    Attributes:
        name: One of `BORDERS`, as in `View.sizes`.
        edge: The first column (or row) behind the edge.
        cells: What the mouse takes hold of: what lies directly before and behind the edge.
        is_vertical: Whether it moves to the left and the right.
        whole: Cells that both sides have together.
        size: How many of these the sized side has.
        is_behind: Whether that is the side behind the edge.
        sized: The panes of the sized side.
        rest: The panes of the other one.
    """

    name: str
    edge: int
    cells: Rect
    is_vertical: bool
    whole: int
    size: int
    is_behind: bool
    sized: tuple[str, ...]
    rest: tuple[str, ...]

    def moved(self, by: int) -> float:
        """Return the share of the sized side once the edge has moved by some cells to the right or down."""
        return max(0.0, min((self.size + (-by if self.is_behind else by)) / self.whole, 1.0))

    def grown(self, pane: str, by: int) -> float | None:
        """Return the share of the sized side once a pane is larger by some cells; None where it cannot be."""
        if pane not in (*self.sized, *self.rest):
            return None
        return self.moved(by if (pane in self.sized) is not self.is_behind else -by)


@dataclass(slots=True)
class Plan:
    """Where everything goes.

    Attributes:
        panes: By name: `header`, `footer`, `scrubber`, `sparks`, and those of `view.PANES` but `charts`.
            Panes without a place are missing.
        charts: One rectangle per visible chart, the largest first.
        strip: The list of runs is a single line.
        bare: Panes without a frame although they are high enough for one.
        borders: The edges that can be moved.
    """

    panes: dict[str, Rect] = field(default_factory=dict)
    charts: list[Rect] = field(default_factory=list)
    strip: bool = False
    bare: set[str] = field(default_factory=set)
    borders: list[Border] = field(default_factory=list)
