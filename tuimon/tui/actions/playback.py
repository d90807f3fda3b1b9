"""Keys that stop time, and steer a replay."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from tuimon.tui.actions.base import ActionBase

if TYPE_CHECKING:
    from tuimon.monitor.feed import PlaybackControls


class PlaybackActions(ActionBase):
    """Pauses the picture or the replay, and moves within a replay."""

    def action_pause(self) -> None:
        """Pause the picture, or the replay."""
        if self._shown.playback is not None:
            cast("PlaybackControls", self.feed).toggle_pause()
        else:
            self.view.paused = not self.view.paused
        self.draw()

    def action_playback_step(self, by: int) -> None:
        """Go one logged step on or back."""
        if self._replaying():
            cast("PlaybackControls", self.feed).step(by)

    def _replaying(self) -> bool:
        """Return whether this is a replay; if it is not, say so."""
        if self.feed.snapshot.playback is None:
            self.say("this run is watched live; `tuimon replay` plays one again")
            self.draw()
        return self.feed.snapshot.playback is not None

    def action_playback_speed(self, direction: int) -> None:
        """Double or halve the speed of the replay."""
        # The newest position, not the one on the screen: keys may come faster than pictures.
        playback = self.feed.snapshot.playback
        if self._replaying() and playback is not None:
            cast("PlaybackControls", self.feed).set_speed(playback.speed * (2.0 if direction > 0 else 0.5))

    def action_playback_seek(self, direction: int) -> None:
        """Jump by a twentieth of the run."""
        playback = self.feed.snapshot.playback
        if self._replaying() and playback is not None:
            span = playback.end - playback.start
            at = (playback.position - playback.start) / span if span > 0 else 0.0
            cast("PlaybackControls", self.feed).seek_fraction(at + 0.05 * direction)
