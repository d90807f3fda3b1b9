"""Keys that link the log with the cursor of the charts."""

from __future__ import annotations

import math

from tuimon.tui.actions.base import ActionBase


class LogActions(ActionBase):
    """Goes from line to line, the cursor of the charts with them."""

    @property
    def _marked_line(self) -> int | None:
        """The line of the log that is at the cursor."""
        linked = self.picture.log if self.picture is not None else None
        return linked.marked if linked is not None else None

    def _go_to_end_of_log(self, direction: int) -> None:
        """Put the cursor where the first or the last line of the log belongs."""
        linked = self.picture.log if self.picture is not None else None
        if linked is not None:
            self._go_to_line(0 if direction < 0 else len(linked.moments) - 1, -direction)

    def _go_to_line(self, line: int, by: int) -> None:
        """Put the cursor where a line of the log belongs, or the next one towards `by` that has a place."""
        state, linked = self.state, self.picture.log if self.picture is not None else None
        if state is None or linked is None:
            return
        axis = self._axis(state).axis
        while 0 <= line < len(linked.moments):
            x = linked.moments[line].on(state.run, axis)
            if x is not None and math.isfinite(x):
                self.view.cursor["log_line"] = line
                self._show_place(x)
                return
            if not by:
                break
            line += by
        if self.view.crosshair is None:
            self.say("no line of this log has a place on this axis: x takes another")
