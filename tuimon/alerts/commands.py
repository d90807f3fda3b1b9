"""Runs the command that a person gave for an event. No text of a run ever becomes a part of it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Callable

from tuimon.output.document import Json, dump

TIME_OUT_S = 60.0
# Between the polite signal and the last one.
_GRACE_S = 2.0


def command_work(
    event: str, command: str, *, time_out_s: float = TIME_OUT_S
) -> Callable[[dict[str, Json]], str | None]:
    """Return the work of a lane: run a command with the document on its standard input.

    The command has a process group of its own, which is ended as a whole when the time is over; its output
    goes nowhere, since the screen is ours.

    Args:
        event: What it is run for, for complaints.
        command: A line for `/bin/sh`, from the command line, the environment or the person's own settings.
        time_out_s: How long it may take.
    """

    def work(document: dict[str, Json]) -> str | None:
        try:
            process = subprocess.Popen(  # noqa: S603  # the person's own command; no text of a run is in it
                ["/bin/sh", "-c", command],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            return f"the command for {event} could not be started: {error}"
        try:
            process.communicate(f"{dump(document)}\n".encode(), timeout=time_out_s)
        except subprocess.TimeoutExpired:
            _end_group(process)
            return f"the command for {event} took longer than {time_out_s:g} s and was ended"
        if process.returncode:
            return f"the command for {event} ended with {process.returncode}"
        return None

    return work


def _end_group(process: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(OSError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE_S)
    if process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.close()
