"""What the mouse does, for those who have one; everything has a key as well."""

from __future__ import annotations

from tuimon.charts.layout import plot_area
from tuimon.tui.actions.runs import RunActions
from tuimon.tui.panes.runs import run_at
from tuimon.tui.view import PANES
from tuimon.tui.widgets.board import Board

# Lines of a list that one turn of the wheel moves by.
_WHEEL = 3


class MouseActions(RunActions):
    """A click gives a pane the focus and chooses what lies there; the wheel scrolls what lies under it."""

    def on_board_pressed(self, event: Board.Pressed) -> None:
        """Choose what was clicked: a run, a chart, in the chosen chart or log the place to read at."""
        if self.picture is None or self.helping or self.prompting is not None:
            return
        view, pane = self.view, event.pane
        if pane.startswith("chart"):
            self._press_chart(int(pane.removeprefix("chart")), event.x)
        elif pane == "log" and view.focus == "log":
            self._press_line(event.y - 1)
        elif pane in PANES:
            view.focus = pane
            if pane == "runs" and not self.picture.plan.strip:
                height = self.picture.plan.panes["runs"].height - 2
                name = run_at(self.picture.runs, view, event.y - 1, height)
                if name is not None:
                    self._open_run(name)
        self.draw()

    def on_board_scrolled(self, event: Board.Scrolled) -> None:
        """Scroll the pane under the mouse; the charts go a page on or back."""
        if self.helping:
            self.view.move("help", _WHEEL * event.by, 10_000)
        elif event.pane.startswith("chart"):
            self.view.focus = "charts"
            if self.view.images:
                self._move_image(event.by, 0)
            else:
                self.action_page(event.by)
        elif event.pane in PANES:
            self.view.focus = event.pane
            for _ in range(1 if event.pane == "runs" else _WHEEL):
                self.action_move(0, event.by)
        self.draw()

    def on_board_dragged(self, event: Board.Dragged) -> None:
        """Move a border along with the mouse."""
        borders = self.picture.plan.borders if self.picture is not None else []
        border = next((each for each in borders if each.name == event.border), None)
        if border is not None:
            self.view.sizes[border.name] = border.moved(event.edge - border.edge)
            self.draw()

    def _press_line(self, y: int) -> None:
        """Put the cursor of the charts where a line of the log belongs."""
        linked = self.picture.log if self.picture is not None else None
        if self.picture is not None and linked is not None:
            shown = min(self.picture.plan.panes["log"].height - 2, linked.last + 1)
            if 0 <= y < shown:
                self._go_to_line(linked.last + 1 - shown + y, 0)

    def _press_chart(self, index: int, x: int) -> None:
        view, picture = self.view, self.picture
        if picture is None or view.explaining or view.images:
            return
        chosen = picture.first_chart + index
        if view.focus != "charts" or view.line("charts") != chosen:
            view.focus = "charts"
            view.cursor["charts"] = chosen
            return
        state = self.state
        if state is not None:
            rect = picture.plan.charts[index]
            shown = view.window or self._axis(state).full
            share = plot_area((rect.height - 2, rect.width - 2)).fraction_at(x - 1)
            view.crosshair = shown[0] + share * (shown[1] - shown[0])
            self._move_crosshair(0)
