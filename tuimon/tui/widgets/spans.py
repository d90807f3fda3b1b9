"""Sends exactly the cells that changed.

Textual sends a changed span from where the widget begins. On a screen that is one widget this would be whole
lines, and over SSH these are most of the bytes.
"""

from __future__ import annotations

from rich.console import Console
from rich.control import Control
from textual._compositor import ChopsUpdate, Compositor, LayoutUpdate
from textual.screen import Screen

from tuimon.tui.widgets.pen import Pen


class SpanUpdate(ChopsUpdate):
    """What a partial update sends: every span from its first cell to its last one."""

    def render_segments(self, console: Console) -> str:
        """Return the spans as text for a terminal."""
        pen = Pen(console)
        sent: list[str] = []
        for y, begin, end in self.spans:
            for stop, (x, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
                left, right = max(x, begin), min(stop, end)
                if strip is not None and left < right:
                    sent.append(Control.move_to(left, y).segment.text)
                    sent.append(pen.write(strip.crop(left - x, right - x)))
        return "".join([*sent, pen.lift()])


class WholeUpdate(LayoutUpdate):
    """What a full update sends: every line."""

    def render_segments(self, console: Console) -> str:
        """Return the lines as text for a terminal."""
        pen = Pen(console)
        sent: list[str] = []
        for y, line in enumerate(self.strips, self.region.y):
            sent.append(Control.move_to(self.region.x, y).segment.text)
            sent += [pen.write(strip) for strip in line]
        return "".join([*sent, pen.lift()])


class SpanCompositor(Compositor):
    """A compositor whose partial updates are spans of cells."""

    def render_partial_update(self) -> SpanUpdate | None:
        """Return what changed since the last update, or None."""
        update = super().render_partial_update()
        return SpanUpdate(update.chops, update.spans, update.chop_ends) if update is not None else None

    def render_full_update(self, simplify: bool = False) -> WholeUpdate:  # noqa: FBT001, FBT002  # Textual's
        """Return the whole screen."""
        update = super().render_full_update(simplify=simplify)
        return WholeUpdate(update.strips, update.region)


class SpanScreen(Screen[None], inherit_css=False):
    """A screen that sends spans, and nothing before there is something to be seen."""

    def __init__(self) -> None:
        super().__init__(id="_default")
        self._compositor = SpanCompositor()
        self._is_blank = True

    def show_now(self) -> None:
        """Send what changed at once, not at Textual's next frame: before the first one it waits."""
        if self._is_blank:
            self._is_blank = False
            # All of it is laid out, and is about to be drawn; Textual would do both again.
            self._layout_required = self._repaint_required = False
        self._on_timer_update()

    def _compositor_refresh(self) -> None:
        if not self._is_blank:
            super()._compositor_refresh()
