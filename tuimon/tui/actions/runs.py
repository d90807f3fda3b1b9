"""Keys that list, sort, select and pin runs."""

from __future__ import annotations

from tuimon.tui.actions.moving import MovingActions
from tuimon.tui.actions.playback import PlaybackActions
from tuimon.tui.run_list import ORDERS


class RunActions(MovingActions, PlaybackActions):
    """Chooses which runs are listed, and which lie under the open one."""

    def action_run_table(self) -> None:
        """Show all runs as a table, or the charts again."""
        view = self.view
        view.run_table = not view.run_table
        view.focus = "runs" if view.run_table else "charts"
        view.explaining = False
        self.draw()

    def action_sort_runs(self) -> None:
        """Sort the runs by something else."""
        order = ORDERS[(ORDERS.index(self.view.run_order) + 1) % len(ORDERS)]
        self.view.run_order = order
        self.say(f"runs sorted by {order}")
        self.draw()

    def action_select_run(self) -> None:
        """Lay the open run's curves under those of others, or no longer; in a replay: pause."""
        view = self.view
        if self._shown.playback is not None or view.paused:
            self.action_pause()
            return
        if view.run_name is None:
            return
        if view.run_name in view.selected:
            view.selected.remove(view.run_name)
            self.say(f"{view.run_name} is no longer selected")
        else:
            view.selected.append(view.run_name)
            self.say(f"{view.run_name} lies under the run that you open next; p pins, Esc clears")
        if view.focus == "runs":
            self._choose_run(1)
        self.draw()

    def action_pin_run(self) -> None:
        """Compare all others with the open run, or with none."""
        view = self.view
        view.pinned = None if view.pinned == view.run_name else view.run_name
        self.say(
            "no run is pinned" if view.pinned is None else f"{view.pinned} is what others are compared with"
        )
        self.draw()
