"""What the screen tells beside its cells: the terminal's title, bells, and who else hears of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tuimon.alerts.herald import ScreenHerald
    from tuimon.tui.app import TuimonApp


class Announcer:
    """Shows every snapshot to a herald, and sends what it says the way that all cells go.

    Args:
        app: The application.
        make_herald: Makes the herald, once the first picture is out; None tells nobody anything.
    """

    def __init__(self, app: TuimonApp, make_herald: Callable[[], ScreenHerald] | None) -> None:
        self._app = app
        self._make_herald = make_herald
        self._herald: ScreenHerald | None = None

    def look(self) -> None:
        """Tell what has happened since the last look; in the screen's thread, whether or not it draws."""
        app = self._app
        # What the snapshots show comes first, and so does its import.
        if self._make_herald is None or app.picture is None or not app.picture.specs:
            return
        if self._herald is None:
            self._herald = self._make_herald()
        sequences = self._herald.look(app.feed.snapshot, app.view.run_name, app.view.acknowledged)
        if sequences:
            self.send(sequences)
        complaint = self._herald.complaint()
        if complaint is not None:
            app.say(complaint)

    def send(self, sequence: str) -> None:
        """Send what Textual does not know the way that all cells go."""
        driver = self._app._driver  # noqa: SLF001  # Textual has no public way
        if driver is not None and not driver.is_headless:
            driver.write(sequence)

    def farewell(self) -> str:
        """Begin nothing more; return what gives the terminal its own title back."""
        return self._herald.farewell() if self._herald is not None else ""
