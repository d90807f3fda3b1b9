"""Keys that choose which panes are shown and which one has the keyboard."""

from __future__ import annotations

from tuimon.tui.actions.base import ActionBase
from tuimon.tui.scene import Picture
from tuimon.tui.view import LOGS, PANES


class PaneActions(ActionBase):
    """Shows, hides and focuses panes."""

    def action_focus_next_pane(self) -> None:
        """Go to the next pane that is on the screen."""
        self._focus(1)

    def action_focus_previous_pane(self) -> None:
        """Go to the previous pane that is on the screen."""
        self._focus(-1)

    def _focus(self, by: int) -> None:
        if self.picture is None:
            return
        visible = [
            p for p in PANES if p in self.picture.plan.panes or (p == "charts" and self.picture.plan.charts)
        ]
        if visible:
            at = visible.index(self.view.focus) if self.view.focus in visible else -by
            self.view.focus = visible[(at + by) % len(visible)]
        self.draw()

    def action_toggle_pane(self, name: str) -> None:
        """Show or hide a pane."""
        if self.view.run_table:  # it would cover the pane
            self.view.run_table = False
            self.draw()
        plan = self.picture.plan if self.picture is not None else None
        visible = self.picture is not None and _has_place(self.picture, name)
        if name == "runs" and plan is not None and plan.strip:
            visible = False
        self.view.shown[name] = not visible
        if visible and self.view.focus == name:
            self.view.focus = "charts"
        elif not visible:
            self.view.focus = name
        self.draw()
        if not visible and self.picture is not None and not _has_place(self.picture, name):
            self.say("there is no room for it on a screen of this size")
            self.draw()

    def action_resize(self, dx: int, dy: int) -> None:
        """Make the pane that has the focus wider or higher by a cell or two, or narrower or lower."""
        view = self.view
        borders = self.picture.plan.borders if self.picture is not None else []
        for border in reversed(borders):  # the edge of the charts is the last one
            by = 2 * dx if border.is_vertical else dy
            share = border.grown(view.focus, by) if by else None
            if share is not None:
                view.sizes[border.name] = share
                break
        else:
            self.say("this pane has no border there that could move")
        self.draw()

    def action_other_log(self) -> None:
        """Show another log in the pane, and the pane if it is not there."""
        view = self.view
        if self.picture is not None and _has_place(self.picture, "log"):
            view.log_shows = LOGS[(LOGS.index(view.log_shows) + 1) % len(LOGS)]
            view.cursor["log"] = 0
            self.draw()
        else:
            self.action_toggle_pane("log")

    def action_reset_layout(self) -> None:
        """Show the panes that fit."""
        self.view.shown.clear()
        self.view.sizes.clear()
        self.view.columns = 0
        self.view.full_chart = self.view.full_log = self.view.explaining = False
        self.draw()


def _has_place(picture: Picture, name: str) -> bool:
    return bool(picture.plan.charts) if name == "charts" else name in picture.plan.panes
