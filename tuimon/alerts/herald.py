"""Tells people what happened: looks at snapshots, and sets off what was asked for."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping

from tuimon.alerts.alert import Alert, AlertKind, AlertTracker
from tuimon.alerts.document import alert_document, alert_text
from tuimon.alerts.lane import Lane, Work
from tuimon.alerts.terminal import BELL, KEEP_TITLE, RESTORE_TITLE, notification, title
from tuimon.monitor.snapshot import Snapshot
from tuimon.output.status_line import status_text

# A bell or a note at most this often; a title that changes with every line cannot be read either.
_NOTE_S = 10.0
_TITLE_S = 5.0
# Findings that a person said to know of, as (run, id).
_Acknowledged = Collection[tuple[str, str]]


class Herald:
    """Sets off commands and messages for what happens to runs. Used by one thread; it never waits.

    Args:
        since: When the looking began, in unix seconds.
        commands: What to do for each kind of event.
        messages: What to do with everything urgent; None for nothing.
        kinds: What `look` returns beside what is set off.
        complain: Is told at once what went wrong, in some thread; None keeps it for `complaint`.
    """

    def __init__(
        self,
        since: float,
        commands: Mapping[AlertKind, Work],
        messages: Work | None = None,
        kinds: Iterable[AlertKind] = (),
        complain: Callable[[str], None] | None = None,
    ) -> None:
        self._complaints: deque[str] = deque(maxlen=20)
        tell = complain or self._complaints.append
        self._lanes = {kind: Lane(work, tell) for kind, work in commands.items()}
        self._messages = Lane(messages, tell) if messages is not None else None
        urgent = {AlertKind.DONE, AlertKind.FAILED, AlertKind.FINDING}
        self._tracker = AlertTracker(since, {*kinds, *commands, *urgent})

    def look(self, snapshot: Snapshot, acknowledged: _Acknowledged = ()) -> tuple[Alert, ...]:
        """Set off what has happened since the last look, and return it.

        Args:
            snapshot: The newest one.
            acknowledged: Findings that a person knows of, as (run, id): nobody is told of them any more.
        """
        alerts = tuple(
            alert
            for alert in self._tracker.look(snapshot)
            if alert.finding is None or (alert.state.name, alert.finding.id) not in acknowledged
        )
        for alert in alerts:
            lane = self._lanes.get(alert.kind)
            if lane is not None:
                lane.submit(alert_document(alert))
            if self._messages is not None and alert.urgent:
                self._messages.submit(alert_document(alert))
        return alerts

    def complaint(self) -> str | None:
        """Return what went wrong with a command or a message, each once; None where nothing did."""
        return self._complaints.popleft() if self._complaints else None

    def stop(self) -> None:
        """Begin nothing more."""
        for lane in (*self._lanes.values(), *([self._messages] if self._messages is not None else [])):
            lane.stop()


class ScreenHerald:
    """A herald that also has the terminal to tell by. Used by the screen's thread.

    Args:
        herald: Sets off the rest.
        with_title: Whether the terminal's title shows the open run.
        bell: Whether what is urgent rings.
        notify: `off`, or the kind of notification; see `terminal.notification`.
        ascii_only: Whether the terminal is sent nothing beyond ASCII.
        environ: Tells what terminal this is.
        clock: Seconds of a clock that does not fall.
    """

    def __init__(
        self,
        herald: Herald,
        *,
        with_title: bool,
        bell: bool,
        notify: str,
        ascii_only: bool = False,
        environ: Mapping[str, str] = os.environ,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._herald = herald
        self._with_title = with_title
        self._bell = bell
        self._notify = notify
        self._ascii_only = ascii_only
        self._environ = environ
        self._clock = clock
        self._title = ""
        self._said = ""
        self._titled_at = self._noted_at = float("-inf")
        self._unsaid = 0

    def look(self, snapshot: Snapshot, run_name: str | None, acknowledged: _Acknowledged = ()) -> str:
        """Set off what has happened since the last look.

        Args:
            snapshot: The newest one.
            run_name: The run that is open.
            acknowledged: See `Herald.look`.

        Returns:
            What is to be sent to the terminal; "" where nothing has changed.
        """
        urgent = [alert for alert in self._herald.look(snapshot, acknowledged) if alert.urgent]
        sent = self._titled(snapshot, run_name) + self._noted(urgent)
        return sent.encode("ascii", "replace").decode("ascii") if self._ascii_only else sent

    def complaint(self) -> str | None:
        """Return what went wrong with a command or a message, each once; None where nothing did."""
        return self._herald.complaint()

    def farewell(self) -> str:
        """Begin nothing more; return what gives the terminal its own title back."""
        self._herald.stop()
        return RESTORE_TITLE if self._title else ""

    def _titled(self, snapshot: Snapshot, run_name: str | None) -> str:
        state = snapshot.run(run_name)
        if not self._with_title or state is None or snapshot.playback is not None:
            return ""
        text = status_text(state, snapshot.now, ascii_only=self._ascii_only)
        # What matters shows at once; a loss that changes with every line, now and then.
        said = f"{state.name} {state.status} {len(state.open_findings)}"
        now = self._clock()
        if text == self._title or (said == self._said and now - self._titled_at < _TITLE_S):
            return ""
        keep = "" if self._title else KEEP_TITLE
        self._title, self._said, self._titled_at = text, said, now
        return keep + title(f"{text} - tuimon")

    def _noted(self, urgent: list[Alert]) -> str:
        if not urgent or not (self._bell or self._notify != "off"):
            return ""
        now = self._clock()
        if now - self._noted_at < _NOTE_S:
            self._unsaid += len(urgent)
            return ""
        more = self._unsaid + len(urgent) - 1
        self._noted_at, self._unsaid = now, 0
        text = alert_text(urgent[-1]) + (f" (and {more} more)" if more else "")
        note = notification(text, self._notify, self._environ) if self._notify != "off" else ""
        return note + (BELL if self._bell else "")
