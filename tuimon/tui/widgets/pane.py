"""A rectangle of rows that sends only the cells that changed."""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter

from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from tuimon.core.text import cell_width
from tuimon.tui.ink import palette
from tuimon.tui.rows import Row

# Above this share of changed cells one refresh of the whole pane costs less than many of spans.
_WHOLE_SHARE = 0.25


class Pane(Widget):
    """Shows rows that somebody else made. Only what differs from the rows before is drawn again."""

    DEFAULT_CSS = "Pane { width: auto; height: auto; background: ansi_default; }"

    def __init__(self, name: str, theme: str) -> None:
        super().__init__(id=name)
        self._palette = palette(theme)
        self._rows: list[Row] = []
        self._strips: list[Strip] = []

    def show(self, rows: list[Row]) -> None:
        """Replace the rows; called in the screen's thread."""
        old, held = self._rows, self._strips
        kept = [y < len(old) and row == old[y] for y, row in enumerate(rows)]
        if all(kept) and len(rows) == len(old):
            return
        self._rows = rows
        self._strips = [held[y] if same else self._strip(rows[y]) for y, same in enumerate(kept)]
        if len(rows) != len(old):
            self.refresh()
            return
        spans = [(y, *_difference(old[y], rows[y])) for y, same in enumerate(kept) if not same]
        if sum(stop - start for _, start, stop in spans) > _WHOLE_SHARE * self.size.area:
            self.refresh()
        else:
            self.refresh(*(Region(start, y, stop - start, 1) for y, start, stop in spans))

    def render_line(self, y: int) -> Strip:
        """Return one line of the pane."""
        if y < len(self._strips):
            return self._strips[y].adjust_cell_length(self.size.width)
        return Strip.blank(self.size.width)

    def _strip(self, row: Row) -> Strip:
        # Neighbours of one ink are sent as one: each change of colour takes about twenty bytes.
        joined = ((ink, "".join(text for text, _ in spans)) for ink, spans in groupby(row, itemgetter(1)))
        return Strip([Segment(text, self._palette[ink]) for ink, text in joined if text])


def _difference(old: Row, new: Row) -> tuple[int, int]:
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
