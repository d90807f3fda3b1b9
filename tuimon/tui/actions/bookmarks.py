"""Keys that mark places on the charts and go back to them; a letter follows."""

from __future__ import annotations

import math
from typing import Literal

from textual import events

from tuimon.analysis.moments import moment_at
from tuimon.store.axis import Axis
from tuimon.tui.actions.base import ActionBase
from tuimon.tui.chart_axis import last_x, x_text
from tuimon.tui.view import Bookmark

# Where the last jump began.
_BACK = "'"


class BookmarkActions(ActionBase):
    """Marks places of a run by letters."""

    awaited: Literal["mark", "jump"] | None = None

    def action_mark(self) -> None:
        """Wait for the letter to mark this place with."""
        if self._here() is None:
            self.say("there is no curve to mark yet")
        else:
            self.awaited = "mark"
            self.say("mark this place: press a letter, which ' goes back to; Esc leaves it")
        self.draw()

    def action_jump(self) -> None:
        """Wait for the letter of a marked place."""
        letters = " ".join(sorted(self.view.bookmarks))
        if not letters:
            self.say("nothing is marked yet: m and a letter mark the place of the cursor")
        else:
            self.awaited = "jump"
            self.say(f"go to a marked place: {letters}")
        self.draw()

    def take_letter(self, event: events.Key) -> None:
        """Mark a place with the letter that was waited for, or go there."""
        letter, awaited = event.character or "", self.awaited
        self.awaited = None
        if awaited == "jump" and event.key != "escape":
            self._jump(letter)
        elif awaited == "mark" and letter.isalpha() and letter.isascii():
            self._mark(letter)
        elif event.key != "escape":
            self.say("a place is marked with a letter")
        self.draw()

    def _here(self) -> Bookmark | None:
        """Return the place of the cursor, or the end of what is shown; None where there is no curve."""
        state = self.state
        if state is None:
            return None
        axis = self._axis(state)
        end = last_x(state.run, axis.axis)
        if end is None:
            return None
        shown_end = min(end, self.view.window[1]) if self.view.window is not None else end
        at = shown_end if self.view.crosshair is None else self.view.crosshair
        return Bookmark(state.name, moment_at(state.run, axis.axis, at))

    def _mark(self, letter: str) -> None:
        place, state = self._here(), self.state
        if place is not None and state is not None:
            self.view.bookmarks[letter] = place
            self.say(f"{letter} marks {self._told(place)}")

    def _jump(self, letter: str) -> None:
        """Put the cursor on a marked place, in its run; the window follows where it does not hold it."""
        view, place = self.view, self.view.bookmarks.get(letter)
        if place is None:
            told = repr(letter) if letter.isprintable() and letter else "this key"
            self.say("no place to go back to yet" if letter == _BACK else f"nothing is marked with {told}")
            return
        if self._shown.run(place.run_name) is None:
            self.say("its run is not there any more")
            return
        here = self._here()
        self._open_run(place.run_name)
        self.draw()  # on the axis of that run
        state = self.state
        x = place.moment.on(state.run, self._axis(state).axis) if state is not None else None
        if here is not None:
            view.bookmarks[_BACK] = here
        if x is None:
            self.say(f"{self._told(place)} has no place on this axis: x takes another")
            return
        view.focus = "charts"
        self._show_place(x)
        self.say(f"at {self._told(place)}")

    def _told(self, place: Bookmark) -> str:
        """Return a place as people read it: the step that was logged there."""
        state = self._shown.run(place.run_name)
        if state is None:
            return place.run_name
        axis = Axis.WALL if math.isnan(place.moment.step) else Axis.ACCUMULATED
        x = place.moment.on(state.run, axis)
        where = "" if x is None else x_text(state.run, axis, x, self._shown.now)
        return where if place.run_name == self.view.run_name else f"{where} of {place.run_name}"
