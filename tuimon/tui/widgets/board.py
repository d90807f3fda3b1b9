"""The screen's canvas: panes of rows at the places of a plan, of which only changed cells are sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.segment import Segment
from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tuimon.tui.ink import style_of
from tuimon.tui.plan import Border, Rect
from tuimon.tui.rows import Row
from tuimon.tui.widgets.difference import changed_cells

# Above this share of changed cells one refresh of everything costs less than many of spans.
_WHOLE_SHARE = 0.25


class Board(Widget, inherit_css=False):
    """Shows all panes. It is one widget: a pane is a rectangle of it, which costs no styles and no layout."""

    class Resized(Message):
        """The board has another size now."""

    class Pressed(Message):
        """A pane was clicked: its name, and where in it."""

        def __init__(self, pane: str, x: int, y: int) -> None:
            super().__init__()
            self.pane = pane
            self.x = x
            self.y = y

    class Scrolled(Message):
        """The wheel was turned over a pane; `by` is 1 downwards."""

        def __init__(self, pane: str, by: int) -> None:
            super().__init__()
            self.pane = pane
            self.by = by

    class Dragged(Message):
        """A border between panes was taken hold of and moved: its name, and where its edge is meant to be."""

        def __init__(self, border: str, edge: int) -> None:
            super().__init__()
            self.border = border
            self.edge = edge

    DEFAULT_CSS = "Board { width: 1fr; height: 1fr; background: ansi_default; }"

    def __init__(self, theme: str) -> None:
        super().__init__()
        self._theme = theme
        self._places: dict[str, Rect] = {}
        self._borders: Sequence[Border] = ()
        # The border that the mouse holds, and by how many cells before its edge.
        self._held: tuple[Border, int] | None = None
        self._has_dragged = False
        self._rows: dict[str, Sequence[Row]] = {}
        self._strips: dict[str, list[Strip]] = {}
        self._lines: dict[int, Strip] = {}

    def on_resize(self) -> None:
        """Say that another plan is needed."""
        self.post_message(self.Resized())

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Take hold of a border."""
        self._has_dragged = False
        border = next((each for each in self._borders if each.cells.holds(event.x, event.y)), None)
        if border is not None:
            self._held = border, border.edge - (event.x if border.is_vertical else event.y)
            self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Say where the border that is held is meant to be."""
        if self._held is not None:
            border, before = self._held
            self._has_dragged = True
            self.post_message(
                self.Dragged(border.name, (event.x if border.is_vertical else event.y) + before)
            )

    def on_mouse_up(self) -> None:
        """Let go of a border."""
        if self._held is not None:
            self._held = None
            self.release_mouse()

    def on_click(self, event: events.Click) -> None:
        """Say which pane was clicked; where a border was moved, none was."""
        if self._has_dragged:
            return
        found = self._pane_at(event.x, event.y)
        if found is not None:
            name, rect = found
            self.post_message(self.Pressed(name, event.x - rect.x, event.y - rect.y))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Say over which pane the wheel was turned."""
        self._say_scrolled(event, 1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Say over which pane the wheel was turned."""
        self._say_scrolled(event, -1)

    def _say_scrolled(self, event: events.MouseEvent, by: int) -> None:
        found = self._pane_at(event.x, event.y)
        if found is not None:
            self.post_message(self.Scrolled(found[0], by))

    def _pane_at(self, x: int, y: int) -> tuple[str, Rect] | None:
        for name, rect in self._places.items():
            if rect.holds(x, y):
                return name, rect
        return None

    def show(
        self,
        places: Mapping[str, Rect],
        rows: Mapping[str, Sequence[Row]],
        borders: Sequence[Border] = (),
    ) -> None:
        """Show each pane's rows at its place, called in the screen's thread.

        Args:
            places: Where each pane goes; what is nowhere is not shown.
            rows: The rows of at least these panes, each as wide as its place.
            borders: What can be moved with the mouse.
        """
        self._borders = borders
        moved = places != self._places
        changed: list[Region] = []
        strips: dict[str, list[Strip]] = {}
        for name, rect in places.items():
            old, held, new = self._rows.get(name, ()), self._strips.get(name, ()), rows[name]
            strips[name] = []
            for y, row in enumerate(new[: rect.height]):
                before = old[y] if y < len(held) else ()
                same = bool(before) and row == before
                strips[name].append(held[y] if same else self._strip(row, rect.width))
                if not same and not moved:
                    start, stop = changed_cells(before, row)
                    changed.append(Region(rect.x + start, rect.y + y, stop - start, 1))
            # Rows that are there no more leave blanks.
            gone = range(len(strips[name]), len(held))
            changed += [Region(rect.x, rect.y + y, rect.width, 1) for y in gone]
        self._places, self._strips = dict(places), strips
        self._rows = {name: rows[name] for name in places}
        if moved or sum(region.width for region in changed) > _WHOLE_SHARE * self.size.area:
            self._lines.clear()
            self.refresh()
        elif changed:
            for region in changed:
                self._lines.pop(region.y, None)
            self.refresh(*changed)

    def render_line(self, y: int) -> Strip:
        """Return one line of the board."""
        line = self._lines.get(y)
        if line is None or line.cell_length != self.size.width:
            line = self._lines[y] = self._joined(y)
        return line

    def _joined(self, y: int) -> Strip:
        """Put the panes' pieces of a line beside each other."""
        crossing = [(rect.x, name) for name, rect in self._places.items() if 0 <= y - rect.y < rect.height]
        pieces: list[Strip] = []
        at = 0
        for x, name in sorted(crossing):
            line = y - self._places[name].y
            if line < len(self._strips[name]) and x >= at:
                pieces += [Strip.blank(x - at), self._strips[name][line]]
                at = x + pieces[-1].cell_length
        return Strip.join(pieces).adjust_cell_length(self.size.width)

    def _strip(self, row: Row, width: int) -> Strip:
        # Neighbours of one ink are sent as one, and blanks with either neighbour: each change of colour takes
        # about twenty bytes.
        joined: list[tuple[str, int]] = []
        for text, ink in row:
            last_text, last_ink = joined[-1] if joined else ("", ink)
            if ink == last_ink or (text.isspace() and self._is_clear(ink) and self._is_clear(last_ink)):
                joined[-1:] = [(last_text + text, last_ink)]
            elif last_text.isspace() and self._is_clear(ink) and self._is_clear(last_ink):
                joined[-1:] = [(last_text + text, ink)]
            else:
                joined.append((text, ink))
        strip = Strip([Segment(text, style_of(self._theme, ink)) for text, ink in joined if text])
        return strip.adjust_cell_length(width)

    def _is_clear(self, ink: int) -> bool:
        """Return whether a blank in this ink looks like any other blank."""
        style = style_of(self._theme, ink)
        return not (style.reverse or style.underline or style.bgcolor)
