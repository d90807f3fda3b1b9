"""The line for typing: filters and commands."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, cast

from textual import events
from textual.binding import Binding
from textual.widgets import Input

from tuimon.analysis.moments import last_time, moment_at
from tuimon.core.text import clean
from tuimon.core.units import parse_clock
from tuimon.monitor.snapshot import RunState
from tuimon.store.axis import Axis
from tuimon.tui.actions.base import ActionBase
from tuimon.tui.palette import matching
from tuimon.tui.run_list import ORDERS

if TYPE_CHECKING:
    from tuimon.monitor.feed import PlaybackControls

# Steps are 64-bit numbers.
_LONGEST_STEP = 20
# What Textual's own line does with other keys than letters.
_EDITING = {
    name: binding.action
    for binding in Input.BINDINGS
    if isinstance(binding, Binding)
    for name in binding.key.split(",")
}


class PromptActions(ActionBase):
    """Opens the line for typing, and does what was typed."""

    async def action_filter(self) -> None:
        """Ask for a filter of the charts, or of the log if that has the focus."""
        if self.view.focus == "log":
            await self._open_prompt(
                "log", self.view.log_filter, "lines of the log: regular expression, ! inverts"
            )
            return
        await self._open_prompt(
            "filter", self.view.filter_text, "filter metrics: regular expression, ! first inverts"
        )

    async def action_filter_runs(self) -> None:
        """Ask which runs to list."""
        await self._open_prompt(
            "runs", self.view.run_filter, "filter runs: part of a name, or loss<2 and status:running"
        )

    async def action_command(self) -> None:
        """Ask for a command."""
        self.view.cursor["palette"] = 0
        await self._open_prompt("command", "", "a command, or a part of what it does")

    @property
    def typed_command(self) -> str | None:
        """What was typed of a command so far; None where none is typed."""
        return self.query_one("#prompt", Input).value if self.prompting == "command" else None

    async def _open_prompt(self, purpose: str, value: str, placeholder: str) -> None:
        prompt = next(iter(self.query("#prompt").results(Input)), None)
        if prompt is None:
            prompt = Input(id="prompt", compact=True, select_on_focus=False)
            prompt.cursor_blink = False  # silence is free
            await self.mount(prompt)
        self.prompting = purpose
        prompt.placeholder = placeholder
        prompt.value = value
        prompt.cursor_position = len(value)
        prompt.display = True
        self.screen.set_focus(prompt)
        self.draw()

    def _close_prompt(self) -> None:
        self.prompting = None
        prompt = self.query_one("#prompt", Input)
        prompt.display = False
        self.screen.set_focus(None)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter while the person types."""
        if self.prompting == "filter":
            self.view.filter_text = event.value
            self.view.cursor["charts"] = 0
            self.draw()
        elif self.prompting == "runs":
            self.view.run_filter = event.value
            self.draw()
        elif self.prompting == "log":
            self.view.log_filter = event.value
            self.draw()
        elif self.prompting == "command":
            self.view.cursor["palette"] = 0
            self.draw()

    async def type_key(self, event: events.Key) -> bool:
        """Do at once what a key does to the line; return whether it does anything."""
        prompt = self.query_one("#prompt", Input)
        if event.key == "enter":
            await self._submit(prompt.value.strip())
        elif event.key in ("up", "down") and self.prompting == "command":
            self.view.move("palette", 1 if event.key == "down" else -1, len(matching(prompt.value)))
            self.draw()
        elif event.key in _EDITING:
            await self.run_action(_EDITING[event.key], prompt)
        elif event.is_printable and event.character is not None:
            prompt.replace(event.character, *prompt.selection)
        else:
            return False
        return True

    def paste(self, text: str) -> None:
        """Put the first line of a pasted text into the line, without what could drive the terminal."""
        prompt = self.query_one("#prompt", Input)
        prompt.replace(clean((text.splitlines() or [""])[0]), *prompt.selection)

    async def _submit(self, text: str) -> None:
        """Do what was typed."""
        purpose = self.prompting
        self._close_prompt()
        self.draw()  # what a command moves within must be on the screen again
        if purpose == "filter":
            self.view.filter_text = text
        elif purpose == "log":
            self.view.log_filter = text
        elif purpose == "runs":
            self._filter_runs(text)
        else:
            await self._run_command(text)
        self.draw()

    def _filter_runs(self, text: str) -> None:
        """List the runs that are meant; say so where the text is no query or means none."""
        from tuimon.output.run_query import QueryError, parse_query  # noqa: PLC0415  # see `run_filter`

        self.view.run_filter = text
        try:
            chosen = parse_query(text)
        except QueryError as error:
            self.say(f"{error}; it is taken as a part of a name")
            return
        if text and not any(chosen(state) for state in self._shown.runs):
            self.say("no run passes the filter")
        elif text and self.picture is not None and "runs" in self.picture.plan.panes:
            self.view.focus = "runs"  # the next key chooses among them

    async def _run_command(self, text: str) -> None:
        """Do the typed command, or the chosen one of those that are meant."""
        name, _, rest = text.partition(" ")
        rest = rest.strip()
        typed = {
            "filter": self._filter_charts,
            "runs": self._filter_runs,
            "sort": self._sort,
            "open": self._open,
            "goto": self._go_to,
        }
        if not text and not self.view.line("palette"):
            return
        if name in typed and (rest or name in ("filter", "runs")):
            typed[name](rest)
        elif not (commands := matching(text)):
            self.say(f"no command is called {text!r}")
        elif chosen := commands[max(0, min(self.view.line("palette"), len(commands) - 1))].action:
            await self.run_action(chosen)
        else:
            self.say(f"{commands[0].name} {commands[0].shown}: {commands[0].help}")

    def _filter_charts(self, text: str) -> None:
        self.view.filter_text = text

    def _sort(self, order: str) -> None:
        if order in ORDERS:
            self.view.run_order = order
        else:
            self.say(f"runs are sorted by one of {', '.join(ORDERS)}")

    def _open(self, text: str) -> None:
        runs = {run.name: f"{run.name} {run.given_name}" for run in self._shown.runs}
        found = (name for name, called in runs.items() if text and text in called)
        chosen = text if text in runs else next(found, None)
        if chosen is None:
            self.say(f"no run is named {text!r}")
        else:
            self._open_run(chosen)

    def _go_to(self, text: str) -> None:
        state = self.state
        if state is None:
            return
        is_step = text.lstrip("-").isdecimal() and len(text) < _LONGEST_STEP
        replay = cast("PlaybackControls", self.feed) if self._shown.playback is not None else None
        latest = last_time(state.run) if replay is None else replay.last_time
        time = None if is_step else parse_clock(text, latest)
        if time is None and not is_step:
            self.say(f"goto needs a step or a time such as 14:02, not {text!r}")
        elif replay is not None and time is not None:
            replay.seek_time(time)
        elif replay is not None:
            replay.seek_step(int(text))
        else:
            self._show_moment(state, *((Axis.STEP, float(text)) if time is None else (Axis.WALL, time)))

    def _show_moment(self, state: RunState, axis: Axis, x: float) -> None:
        """Zoom to a tenth of the run around a place of an axis, whichever axis is on the screen."""
        shown = self._axis(state)
        at = moment_at(state.run, axis, x).on(state.run, shown.axis)
        if at is None or math.isnan(at):
            self.say("that has no place on this axis: x takes another")
            return
        half = (shown.full[1] - shown.full[0]) / 20
        self.view.window, self.view.follow = (at - half, at + half), False
