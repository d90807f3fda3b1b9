"""What of a row has to be sent, because the screen shows something else there."""

from __future__ import annotations

from tuimon.core.text import cell_width
from tuimon.tui.rows import Row


def changed_cells(old: Row, new: Row) -> tuple[int, int]:
    """Return the cells [start, stop) of the new row outside of which it looks like the old one."""
    width = sum(cell_width(text) for text, _ in new)
    start = _common(old, new)
    stop = width - _common(_mirrored(old), _mirrored(new))
    return min(start, width), max(stop, start + 1)


def _mirrored(row: Row) -> Row:
    return tuple((text[::-1], ink) for text, ink in reversed(row))


def _common(first: Row, second: Row) -> int:
    """Return how many cells two rows have in common at their beginning."""
    cells = 0
    for (text, ink), (other, other_ink) in zip(first, second, strict=False):
        if (text, ink) == (other, other_ink):
            cells += cell_width(text)
            continue
        if ink == other_ink:
            same = 0
            while same < min(len(text), len(other)) and text[same] == other[same]:
                same += 1
            cells += cell_width(text[:same])
        break
    return cells
