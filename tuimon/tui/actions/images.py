"""Keys that look at logged images."""

from __future__ import annotations

from tuimon.tui.actions.base import ActionBase

_FAR = 1_000_000


class ImageActions(ActionBase):
    """Shows images, and goes from one to another."""

    def action_images(self) -> None:
        """Show the newest image in the place of the charts, or the charts again."""
        view, state = self.view, self.state
        if state is None or not state.run.images:
            self.say("this run logged no images, or none is read yet")
        else:
            view.images = not view.images
            view.focus, view.run_table, view.explaining = "charts", False, False
            view.cursor["image_back"] = 0
            if not view.shown.get("charts", True):
                del view.shown["charts"]
                view.images = True
            self.draw()
            if view.images and self.picture is not None and not self.picture.plan.charts:
                view.images = False
                self.say("there is no room for images on a screen of this size")
        self.draw()

    def _move_image(self, dx: int, dy: int) -> None:
        """Go so many images on, and so many tags down."""
        view = self.view
        view.move("image_back", -dx, _FAR)
        if dy:
            view.move("image_tag", dy, _FAR)
            view.cursor["image_back"] = 0
