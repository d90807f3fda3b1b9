"""Puts panes where the plan says."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.geometry import NULL_OFFSET, NULL_SPACING, Region, Size
from textual.layout import ArrangeResult, Layout, WidgetPlacement
from textual.message import Message
from textual.widget import Widget

from tuimon.tui.arrange import Rect
from tuimon.tui.widgets.pane import Pane


class PlanLayout(Layout):
    """Places each child at the rectangle that the board has for its id."""

    name = "plan"

    def __init__(self) -> None:
        self.places: dict[str, Rect] = {}

    def arrange(
        self,
        parent: Widget,
        children: list[Widget],
        size: Size,  # noqa: ARG002  # the plan was made for this size
        greedy: bool = True,  # noqa: ARG002, FBT001, FBT002  # Textual's signature
    ) -> ArrangeResult:
        """Return a placement for each child that has a place."""
        parent.pre_layout(self)
        return [
            WidgetPlacement(Region(*self.places[child.id]), NULL_OFFSET, NULL_SPACING, child)
            for child in children
            if child.id in self.places
        ]


class Board(Widget):
    """Holds all panes; only `place` moves them."""

    class Resized(Message):
        """The board has another size now."""

    DEFAULT_CSS = "Board { width: 1fr; height: 1fr; background: ansi_default; }"

    def __init__(self, theme: str) -> None:
        super().__init__()
        self._theme = theme
        self._plan_layout = PlanLayout()
        self._panes: dict[str, Pane] = {}

    def compose(self) -> ComposeResult:
        """Make the pane that every plan has: with the first of its kind, Textual parses all styles anew."""
        header = self._panes["header"] = Pane("header", self._theme)
        yield header

    def pane(self, name: str) -> Pane:
        """Return the pane of that name; it is made when it is first needed, which keeps a start short."""
        pane = self._panes.get(name)
        if pane is None:
            pane = self._panes[name] = Pane(name, self._theme)
            self.mount(pane)
        return pane

    def on_resize(self) -> None:
        """Say that another plan is needed."""
        self.post_message(self.Resized())

    @property
    def layout(self) -> Layout:
        """The layout that follows the plan."""
        return self._plan_layout

    def place(self, places: dict[str, Rect]) -> bool:
        """Move panes to where they belong now; return whether anything moved."""
        if places == self._plan_layout.places:
            return False
        self._plan_layout.places = dict(places)
        for name, pane in self._panes.items():
            pane.display = name in places
        self.refresh(layout=True)
        return True
