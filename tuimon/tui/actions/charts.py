"""Keys that change how charts are drawn."""

from __future__ import annotations

from tuimon.analysis.placing import is_told
from tuimon.store.axis import Axis
from tuimon.tui.actions.log import LogActions
from tuimon.tui.chart_axis import LABELS, UNTOLD
from tuimon.tui.chart_list import group_of, is_favourite
from tuimon.tui.view import SCALES

_ZOOM = 1.6
_MOST_ZOOM = 1e-6
_COLUMNS = 5


class ChartActions(LogActions):
    """Smooths, scales, zooms and arranges charts."""

    def action_smooth(self, by: int) -> None:
        """Choose the next or previous smoothing."""
        self.view.smoothing = self.view.smoothing.turned(by)
        self.say(f"smoothing: {self.view.smoothing.label}")
        self.draw()

    def action_scale(self) -> None:
        """Choose the next scale of values."""
        choices = (None, *SCALES)
        self.view.scale = choices[(choices.index(self.view.scale) + 1) % len(choices)]
        self.say(f"values: {self.view.scale or 'as suits each metric'}")
        self.draw()

    def action_axis(self) -> None:
        """Choose what x counts next, of what all runs on the charts tell."""
        state = self.state
        if state is None:
            return
        runs = [state.run, *(other.run for other in map(self._shown.run, self.view.compared) if other)]
        choices = (None, *(axis for axis in Axis if axis is not Axis.ACCUMULATED))
        at = choices.index(self.view.axis)
        untold = []
        for axis in (*choices[at + 1 :], *choices[: at + 1]):
            if axis is None or is_told(runs, axis):
                break
            untold.append(UNTOLD[axis])
        self.view.axis = axis
        self.view.window = self.view.crosshair = None
        missing = f"; there are no {' and no '.join(dict.fromkeys(untold))}" if untold else ""
        self.say(f"x axis: {LABELS[axis or Axis.ACCUMULATED]}{missing}")
        self.draw()

    def action_zoom(self, direction: int) -> None:
        """Zoom in or out: about the end while it is followed, else about the middle."""
        state = self.state
        if state is None:
            return
        axis = self._axis(state)
        lo, hi = self.view.window or axis.full
        width = (hi - lo) / _ZOOM if direction > 0 else (hi - lo) * _ZOOM
        if width >= axis.full[1] - axis.full[0]:
            self.view.window = None
        elif width > (axis.full[1] - axis.full[0]) * _MOST_ZOOM:
            middle = (lo + hi) / 2
            self.view.window = (
                (hi - width, hi) if self.view.follow else (middle - width / 2, middle + width / 2)
            )
        self.draw()

    def action_pan(self, direction: int) -> None:
        """Move the zoomed window by a quarter of its width."""
        state = self.state
        if state is None or self.view.window is None:
            self.say("zoom in first: +")
            self.draw()
            return
        full = self._axis(state).full
        lo, hi = self.view.window
        by = direction * (hi - lo) / 4
        by = max(full[0] - lo, min(by, full[1] - hi))
        self.view.window = (lo + by, hi + by)
        self.view.follow = hi + by >= full[1]
        self.draw()

    def action_fit(self) -> None:
        """Show the whole curve."""
        self.view.window = None
        self.view.follow = True
        self.draw()

    def action_follow(self) -> None:
        """Keep the end in the zoomed window, or let it stand."""
        self.view.follow = not self.view.follow
        self.say("following the end" if self.view.follow else "the window stands still")
        self.draw()

    def action_crosshair(self) -> None:
        """Read all charts at one place, at first at the end of what is shown, or stop doing so.

        From the log, that place is where its last line on the screen belongs.
        """
        state, linked = self.state, self.picture.log if self.picture is not None else None
        if self.view.crosshair is not None or state is None:
            self.view.crosshair = None
        elif self.view.focus == "log" and linked is not None:
            self._go_to_line(linked.last, -1)
        else:
            self.view.crosshair = (self.view.window or self._axis(state).full)[1]
            self._move_crosshair(0)
        self.draw()

    def action_clip(self) -> None:
        """Leave the outermost values out of the limits, or not."""
        self.view.clipped = not self.view.clipped
        self.say("outliers stand at the edge" if self.view.clipped else "everything has its place")
        self.draw()

    def action_rows(self) -> None:
        """Choose the number of chart rows."""
        self.view.rows = (self.view.rows + 1) % _COLUMNS
        self.say(f"chart rows: {self.view.rows or 'as it fits'}")
        self.draw()

    def action_favourite(self) -> None:
        """Make the chosen chart a favourite, or no longer; it stays the chosen one where it goes."""
        chosen = self._chosen_chart
        if chosen is None:
            self.say("no chart is on the screen")
            self.draw()
            return
        view = self.view
        if is_favourite(chosen, view):
            view.favourites.difference_update(chosen.tags)
            self.say(f"{chosen.tags[0]}: no longer a favourite")
        else:
            view.favourites.add(chosen.tags[0])
            self.say(f"{chosen.tags[0]}: a favourite, which comes first; & shows only these")
        self.draw()
        keys = [spec.key for spec in self.picture.specs] if self.picture is not None else []
        if chosen.key in keys:
            view.cursor["charts"] = keys.index(chosen.key)
            self.draw()

    def action_favourites(self) -> None:
        """Show only the favourite charts, or all."""
        if self._chosen_chart is None and not self.view.only_favourites:
            self.say("no chart is on the screen")
        else:
            self.view.only_favourites = not self.view.only_favourites
            self.view.cursor["charts"] = 0
        self.draw()

    def action_fold(self) -> None:
        """Fold the group of the chosen chart away."""
        chosen = self._chosen_chart
        if chosen is None:
            self.say("no chart is on the screen")
        else:
            group = group_of(chosen.tags[0])
            self.view.folded.add(group)
            self.say(f"{group or 'tags without a group'}: folded; Z shows all again")
        self.draw()

    def action_unfold(self) -> None:
        """Show the charts of all groups."""
        self.view.folded.clear()
        self.draw()

    def action_columns(self) -> None:
        """Choose the number of chart columns."""
        self.view.columns = (self.view.columns + 1) % _COLUMNS
        self.say(f"chart columns: {self.view.columns or 'as it fits'}")
        self.draw()
