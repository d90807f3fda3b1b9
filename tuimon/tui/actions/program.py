"""Keys that concern the program as a whole."""

from __future__ import annotations

from tuimon.tui.actions.saving import SavingActions


class ProgramActions(SavingActions):
    """Helps, leaves, steps back, looks again and repaints."""

    def action_help(self) -> None:
        """Show or hide the help."""
        self.helping = not self.helping
        self.view.cursor["help"] = 0
        self.draw()

    async def action_quit(self) -> None:
        """Leave."""
        self.exit(0)

    async def action_back(self) -> None:
        """Step back one level."""
        view = self.view
        if self.prompting is not None:
            self._close_prompt()
        elif self.helping:
            self.helping = False
        else:
            view.step_back()
        view.message = ""
        self.draw()

    def action_rescan(self) -> None:
        """Look for new runs and files now."""
        self.feed.rescan()
        self.say("looking for new runs and files")
        self.draw()

    def action_repaint(self) -> None:
        """Paint the whole screen anew."""
        self.draw()
        self.screen.refresh(layout=True)
        self.refresh(layout=True)
