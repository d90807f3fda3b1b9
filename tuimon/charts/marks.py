"""Marks at a place of the x axis: restarts, evaluations, checkpoints, findings, bookmarks, the cursor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from tuimon.charts.canvas import BoolArray
from tuimon.charts.grid import SPACE, CellGrid
from tuimon.charts.layout import PlotArea
from tuimon.charts.scales import Axis
from tuimon.charts.style import Glyphs, Style
from tuimon.core.frozen import frozen

MarkKind = Literal[
    "event",
    "checkpoint",
    "evaluation",
    "restart",
    "finding_warning",
    "finding_critical",
    "bookmark",
    "cursor",
]


@frozen
class Mark:
    """Something that happened at `x`.

    Attributes:
        x: in the unit of the x axis; a mark outside of the limits is not drawn.
        kind: decides glyph, style and place. Findings and bookmarks stand at the head of the plot, the
            rest at its foot.
        label: a short text below the mark (`r2`), drawn where there is room for it.
        letter: the glyph of a bookmark.
    """

    x: float
    kind: MarkKind
    label: str = ""
    letter: str = ""


@frozen
class _Look:
    style: Style
    foot: str = ""
    head: str = ""
    # Which of every four dots of a full-height bar are set, from the top; ASCII bars use every second one.
    bar: tuple[int, ...] = ()


# In the order in which they are drawn: of two marks in one cell the later kind is seen.
_LOOKS: dict[MarkKind, _Look] = {
    "event": _Look(Style.EVENT, foot="*"),
    "checkpoint": _Look(Style.CHECKPOINT, foot="c"),
    "evaluation": _Look(Style.EVALUATION, foot="e"),
    "restart": _Look(Style.RESTART, foot="r", bar=(1, 0, 1, 0)),
    "finding_warning": _Look(Style.FINDING_WARNING, head="!"),
    "finding_critical": _Look(Style.FINDING_CRITICAL, head="!", bar=(1, 1, 1, 0)),
    "bookmark": _Look(Style.CURSOR, bar=(1, 0, 0, 0)),
    "cursor": _Look(Style.CURSOR, foot="^", bar=(1, 1, 1, 1)),
}
_ORDER = list(_LOOKS)
NONFINITE_GLYPH: dict[Glyphs, str] = {"braille": "×", "ascii": "x"}
_HIDDEN = "v"


def mark_style(kind: MarkKind) -> Style:
    """The style slot of a kind of mark."""
    return _LOOKS[kind].style


def placed_marks(marks: Sequence[Mark], x: Axis) -> list[tuple[Mark, float]]:
    """The marks inside the limits with their fraction of the x axis, in drawing order."""
    if not marks:
        return []
    fractions = x.fractions([mark.x for mark in marks]).tolist()
    inside = [(mark, at) for mark, at in zip(marks, fractions, strict=True) if 0 <= at <= 1]
    return sorted(inside, key=lambda placed: _ORDER.index(placed[0].kind))


def draw_bars(grid: CellGrid, area: PlotArea, placed: Sequence[tuple[Mark, float]]) -> None:
    """Draw the full-height bars of restarts, critical findings and the cursor, before any series."""
    for mark, fraction in placed:
        look = _LOOKS[mark.kind]
        if not look.bar:
            continue
        cell = area.cell_at(fraction)
        chars, styles = grid.chars[: area.height, cell], grid.styles[: area.height, cell]
        if area.glyphs == "ascii":
            inked = np.resize(np.array(look.bar[1:3], dtype=np.bool_), area.height)
            chars[inked] = ord("|")
        else:
            dot_column = min(int(fraction * area.dot_columns), area.dot_columns - 1) % area.dot_set.columns
            bits = area.dot_set.bits[:, dot_column]
            chars[:] = area.dot_set.characters[int(bits @ np.array(look.bar, dtype=np.uint8))]
            inked = np.ones(area.height, dtype=np.bool_)
        styles[inked] = look.style


def draw_signs(grid: CellGrid, area: PlotArea, placed: Sequence[tuple[Mark, float]]) -> None:
    """Draw the glyphs at the head and the foot of the plot, over everything else."""
    for mark, fraction in placed:
        look = _LOOKS[mark.kind]
        cell = area.cell_at(fraction)
        if mark.kind == "cursor":
            column = grid.styles[: area.height, cell]
            column[grid.chars[: area.height, cell] != SPACE] = look.style
        for row, glyph in ((0, mark.letter or look.head), (area.foot_row, look.foot)):
            if glyph:
                grid.chars[row, cell] = ord(glyph)
                grid.styles[row, cell] = look.style


def draw_unshown(grid: CellGrid, area: PlotArea, nonfinite: BoolArray, hidden: BoolArray) -> None:
    """Mark, at the foot, the dot columns that hold points which no line can show.

    Args:
        grid: the chart.
        area: its plot.
        nonfinite: bool[dot_columns], NaN or infinite points.
        hidden: bool[dot_columns], points <= 0 on a log scale.
    """
    for flags, glyph in ((hidden, _HIDDEN), (nonfinite, NONFINITE_GLYPH[area.glyphs])):
        cells = np.flatnonzero(flags.reshape(area.width, -1).any(axis=1)) + area.left
        grid.chars[area.foot_row, cells] = ord(glyph)
        grid.styles[area.foot_row, cells] = Style.NONFINITE
