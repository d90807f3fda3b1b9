"""The application: keys in, pictures out."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType

from tuimon.charts.style import Glyphs
from tuimon.core.share import TimeShare
from tuimon.monitor.snapshot import Snapshot
from tuimon.tui.actions import Actions
from tuimon.tui.announcer import Announcer
from tuimon.tui.arrange import MOST_CHARTS
from tuimon.tui.away import Absence
from tuimon.tui.keys import KEYS
from tuimon.tui.picture import Painter
from tuimon.tui.remembered import recall, remember
from tuimon.tui.scene import Picture
from tuimon.tui.view import View
from tuimon.tui.widgets.board import Board
from tuimon.tui.widgets.spans import SpanScreen

if TYPE_CHECKING:
    from tuimon.alerts.herald import ScreenHerald
    from tuimon.monitor.feed import Feed

# Pictures that new points ask for take this share of the time: a trainer that logs twenty times a second must
# not make twenty pictures a second. Keys never wait for it. While a core is idle it is more: a slow machine
# has time for a picture of nine charts a second, too.
_SHARE, _IDLE_SHARE = 0.02, 0.04
_BURST_S = 0.05
_LONGEST_REST_S = 0.9
# ... and so soon follows a picture that the last one asked for: keys that were pressed meanwhile get a turn.
# So long after a key its own picture is out: Textual sends sixty a second.
_TURN_S, _FRAME_S = 0.002, 0.02
# After so long without a key it is noted what the person has seen.
_LEAVING_S = 60.0
# Keys that work while a line is being typed too.
_ALWAYS = frozenset({"escape", "ctrl+c", "f1", "tab", "shift+tab", "ctrl+l", "ctrl+z"})

_ACTIONS = {name: key.action for key in KEYS for name in key.keys.split(",")}


def _bindings() -> list[BindingType]:
    return [
        Binding(name, key.action, key.help, show=False, priority=name in _ALWAYS)
        for key in KEYS
        for name in key.keys.split(",")
    ]


class TuimonApp(Actions, App[int], inherit_css=False):
    """Shows snapshots of a feed.

    Args:
        feed: The live monitor or a replay; it is started and stopped by the application.
        theme_name: A key of `ink.THEMES`.
        glyphs: Braille or ASCII.
        run_name: The run to open first; None opens the one that changed last.
        interval_s: The shortest time between two pictures.
        memory: The file that keeps lasting choices from one start to the next; None remembers nothing.
        make_herald: Makes who tells of what happens, beside the screen; None tells nobody.
        deadline: When the runs have to be over, in unix seconds; None if nobody said so.
    """

    # Textual's own styles are for widgets that are not here; to parse them takes a while.
    CSS = """
    TuimonApp, SpanScreen { background: ansi_default; color: ansi_default; }
    SpanScreen { overflow: hidden hidden; layers: board prompt; }
    #prompt { layer: prompt; dock: bottom; height: 1; border: none; padding: 0; background: ansi_default; }
    """
    BINDINGS: ClassVar[list[BindingType]] = _bindings()
    ENABLE_COMMAND_PALETTE = False
    # For texts of widgets; at each press of a button the whole screen would be sent again.
    ALLOW_SELECT = False
    AUTO_FOCUS = None  # keys go to the application; the prompt takes them while it is open

    def __init__(
        self,
        feed: Feed,
        *,
        theme_name: str = "dark",
        glyphs: Glyphs = "braille",
        run_name: str | None = None,
        interval_s: float = 0.1,
        memory: Path | None = None,
        make_herald: Callable[[], ScreenHerald] | None = None,
        deadline: float | None = None,
    ) -> None:
        super().__init__(ansi_color=True)
        self.feed = feed
        self.view = View(run_name=run_name, deadline=deadline)
        self._memory = memory
        if memory is not None:
            recall(self.view, memory, feed.snapshot.roots)
        self.helping = False
        self.prompting: str | None = None
        self.picture: Picture | None = None
        self._theme_name = theme_name
        self._painter = Painter(glyphs, coloured=theme_name != "mono", wake=self._draw_again)
        self._shown: Snapshot = feed.snapshot
        self._drawn_at = 0.0
        self._share = TimeShare(_SHARE, _BURST_S, _LONGEST_REST_S, idle_share=_IDLE_SHARE)
        self._draw_pending = self._draws_again = False
        self._key_at = 0.0
        self._opened_gate = False
        self._interval_s = interval_s
        self._absence = Absence()
        self.announcer = Announcer(self, make_herald)
        self.animation_level = "none"
        # Nothing here uses them, and each is a widget with styles to be parsed before the first picture.
        self._disable_notifications = self._disable_tooltips = True

    def get_default_screen(self) -> SpanScreen:
        """Return the screen that sends no more than the cells that changed."""
        return SpanScreen()

    def compose(self) -> ComposeResult:
        """Make the board for the panes."""
        yield Board(self._theme_name)

    def on_mount(self) -> None:
        """Start the feed, and listen to what ends a terminal program."""
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGHUP):
            with contextlib.suppress(NotImplementedError, ValueError, RuntimeError):
                loop.add_signal_handler(name, self.exit, 128 + name)
        # Back from the shell (ctrl+z, fg): nothing of the screen is there any more.
        self.app_resume_signal.subscribe(self, lambda _app: self.action_repaint())
        # Who presses no key for a while has gone, whether or not the terminal tells.
        self._leaving = self.set_timer(_LEAVING_S, lambda: self._absence.begin(self.state))
        self.feed.subscribe(lambda: self._wake(loop))
        self.feed.start()

    def on_unmount(self) -> None:
        """Let the feed's threads end, and remember the choices that last."""
        if self._memory is not None:
            remember(self.view, self._memory, self.feed.snapshot.roots)
        self.feed.subscribe(None)
        self.feed.stop()

    def on_board_resized(self) -> None:
        """Make a plan for the new size; the application's own resize event comes before its size."""
        self.draw()

    def on_app_focus(self) -> None:
        """Show what came while another window had the keyboard, and say what of it matters."""
        self._come_back()
        self.draw()

    def on_app_blur(self) -> None:
        """Note what the person has seen who goes to another window now."""
        self._absence.begin(self.state)

    def _come_back(self) -> None:
        """Say what happened while nobody looked, if that was long ago."""
        text = self._absence.end(self.feed.snapshot.run(self.view.run_name))
        if text:
            self.say(text)

    async def on_event(self, event: events.Event) -> None:
        """Let keys go first: the reader waits until their picture is out."""
        if isinstance(event, events.Key):
            self._key_at = time.monotonic()
            self.feed.gate.close()
            if not event.is_forwarded:
                self.view.message = ""
                self._come_back()
                self._leaving.reset()
            if event.is_forwarded or not await self._take_key(event):
                await super().on_event(event)
            self.call_after_refresh(self._open_gate)
        elif isinstance(event, events.Paste) and self.prompting is not None:
            # At once, as with keys: what is pasted right behind the key that asks for it is not lost.
            self.paste(event.text)
        else:
            await super().on_event(event)

    async def _take_key(self, event: events.Key) -> bool:
        """Do at once what a key does, so that the keys behind it meet the result; return whether it did."""
        if self.prompting is not None and event.key not in _ALWAYS:
            return await self.type_key(event)
        if self.awaited is not None and event.key not in _ALWAYS - {"escape"}:
            self.take_letter(event)
            return True
        action = _ACTIONS.get(event.key)
        if action is not None:
            await self.run_action(action)
        return action is not None

    def draw(self) -> None:
        """Draw the newest snapshot now, or the last one while the picture is paused."""
        self._drawn_at = time.monotonic()
        if not self.view.paused:
            self._shown = self.feed.snapshot
        self._open_first_run()
        size = self.size
        board = next(iter(self.query(Board)), None)
        # A feed may wake the screen before it is there, and once more while it is taken down.
        if not size.width or not size.height or board is None or not board.is_attached:
            return
        picture = self._painter.paint(
            self._shown,
            self.view,
            size.width,
            size.height,
            helping=self.helping,
            commanding=self.typed_command,
        )
        is_first, self.picture = self.picture is None, picture
        places = dict(picture.plan.panes)
        places |= {
            f"chart{i}": rect
            for i, rect in enumerate(picture.plan.charts[:MOST_CHARTS])
            if f"chart{i}" in picture.panes
        }
        if self.prompting is not None:
            places.pop("footer", None)
        board.show(places, picture.panes, picture.plan.borders)
        has_first_curve = bool(picture.specs) and not self._opened_gate
        if (is_first or has_first_curve) and isinstance(self.screen, SpanScreen):
            self.screen.show_now()
        if has_first_curve:
            self._opened_gate = True
            self.call_after_refresh(self.feed.gate.open)

    def _open_first_run(self) -> None:
        """Open the run that changed last, until the person chooses another."""
        if self._shown.run(self.view.run_name) is None and self._shown.runs:
            # In the first snapshot most runs are still unread, and look as if they waited for their start.
            newest = max(
                self._shown.runs,
                key=lambda run: (bool(run.run.series), run.status.live, run.changed_at),
            )
            self.view.run_name = newest.name
            self.feed.focus(newest.name)

    def _wake(self, loop: asyncio.AbstractEventLoop) -> None:
        """Ask for a picture; called in any thread. At most one is pending."""
        if self._draw_pending:
            return
        self._draw_pending = True
        with contextlib.suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(self._draw_soon)

    def _draw_again(self) -> None:
        """Draw what the last picture asked for and is there now; called in any thread.

        Textual takes message after message and looks for keys only when none is left, so that this may not be
        among them at once.
        """
        if self._loop is None or self._draws_again:
            return
        self._draws_again = True
        with contextlib.suppress(RuntimeError):  # the application has ended
            self._loop.call_soon_threadsafe(self._loop.call_later, _TURN_S, self.call_later, self._draw_rest)

    def _draw_rest(self) -> None:
        """Draw what the last picture left behind; the picture of a key goes out first."""
        wait = self._key_at + _FRAME_S - time.monotonic()
        if wait > 0:
            asyncio.get_running_loop().call_later(wait, self.call_later, self._draw_rest)
            return
        self._draws_again = False
        self._close_gate()
        self.draw()
        self.call_after_refresh(self._open_gate)

    def _draw_soon(self) -> None:
        """Draw at once after a pause, else when the interval since the last picture is over."""
        # Nobody waits for the first curve because an empty screen has just been drawn.
        is_first = self.picture is None or not self.picture.specs
        pause = 0.0 if is_first else max(self._interval_s, self._share.rest_s)
        wait = self._drawn_at + pause - time.monotonic()
        # As a message, so that an error in drawing ends the program instead of the drawing. A timer of
        # Textual would be a task of its own and two more messages.
        if wait > 0:
            asyncio.get_running_loop().call_later(wait, self.call_later, self._draw_now)
        else:
            self.call_later(self._draw_now)

    def _draw_now(self) -> None:
        self._draw_pending = False
        self.announcer.look()
        if not self.view.paused or self._shown.playback is not None:
            self._share.begin()
            self._close_gate()
            self.draw()
            # What Textual makes of it counts too.
            self.call_after_refresh(self._end_picture)

    def _end_picture(self) -> None:
        """Note that what was published is on the screen."""
        self._share.end()
        if self._opened_gate:
            self._open_gate()

    def _close_gate(self) -> None:
        """Let the reader wait for a picture that no key asked for, so that a key behind it comes soon.

        With a reader at work it would take several times as long.
        """
        if self._opened_gate:
            self.feed.gate.close()

    def _open_gate(self) -> None:
        """Let the reader go on, unless there is more to be smoothed."""
        if self.picture is None or not self.picture.is_behind:
            self.feed.gate.open()
