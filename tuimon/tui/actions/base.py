"""What all actions share: the view they change, the feed they steer, and how to show the result."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import App

from tuimon.monitor.snapshot import RunState, Snapshot
from tuimon.tui.chart_axis import ChartAxis, last_x, shared_axis
from tuimon.tui.chart_list import ChartSpec
from tuimon.tui.scene import Picture
from tuimon.tui.view import View

if TYPE_CHECKING:
    from tuimon.monitor.feed import Feed

    class _Application(App[int]):
        """The application that actions are mixed into."""

        def draw(self) -> None:
            """Draw the newest snapshot."""

else:
    _Application = object


class ActionBase(_Application):
    """The state of `TuimonApp` that actions read and change; `view` holds it, `draw` shows it."""

    feed: Feed
    view: View
    helping: bool
    prompting: str | None
    picture: Picture | None
    _shown: Snapshot

    @property
    def state(self) -> RunState | None:
        """The open run as it is on the screen."""
        return self._shown.run(self.view.run_name)

    def say(self, message: str) -> None:
        """Show a line to the person until the next key."""
        self.view.message = message

    def _axis(self, state: RunState) -> ChartAxis:
        """Return the x axis that the charts on the screen share."""
        drawn = self.picture.axis if self.picture is not None else None
        return drawn or shared_axis(state, self.view, None)

    @property
    def _chosen_chart(self) -> ChartSpec | None:
        """The chart that the cursor is on; None where none is on the screen."""
        view = self.view
        if view.run_table or view.full_log or view.images:
            return None
        specs = self.picture.specs if self.picture is not None else ()
        return specs[min(self.view.line("charts"), len(specs) - 1)] if specs else None

    @property
    def _chart_count(self) -> int:
        return len(self.picture.specs) if self.picture is not None else 0

    def _move_crosshair(self, by: int) -> None:
        """Move the cursor by so many hundredths of what is shown; it stays on the curves."""
        state = self.state
        if state is None or self.view.crosshair is None:
            return
        axis = self._axis(state)
        lo, hi = self.view.window or axis.full
        end = min(hi, last_x(state.run, axis.axis) or hi)
        self.view.crosshair = max(lo, min(self.view.crosshair + by * (hi - lo) / 100, end))

    def _show_place(self, x: float) -> None:
        """Put the cursor at a place of the x axis; a zoomed window that does not hold it comes there."""
        view = self.view
        view.crosshair = x
        if view.window is not None and not view.window[0] <= x <= view.window[1]:
            half = (view.window[1] - view.window[0]) / 2
            view.window, view.follow = (x - half, x + half), False

    def _open_run(self, name: str) -> None:
        if name != self.view.run_name:
            self.view.run_name = name
            self.view.window = self.view.crosshair = None
            self.view.explaining = self.view.images = False
            for pane in ("charts", "diagnosis", "log", "facts"):
                self.view.cursor[pane] = 0
            self.feed.focus(name)
