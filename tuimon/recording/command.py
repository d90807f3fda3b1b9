"""Runs a training command, passes on what it prints, and records what that tells."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import selectors
import shlex
import signal
import subprocess
import termios
import threading
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from types import FrameType
from typing import Self

import psutil

from tuimon.core.text import clean
from tuimon.hardware.base import Probe
from tuimon.recording.options import options_of, without_secrets
from tuimon.recording.printed import PrintedMetrics
from tuimon.recording.run_writer import RunWriter

_STANDARD_OUTPUT, _STANDARD_ERROR = 1, 2
_BLOCK_BYTES = 1 << 16
# How long a command that has ended may leave its output to others that it started and that still speak.
_LAST_WORDS_S = 0.5
# How long sensors may still take that were asked when it ended: a short command has a sample, too.
_LAST_SAMPLE_S = 2.0
_BYTES_PER_GB = 2**30
# The keys of a terminal reach the command by themselves; what is sent to tuimon alone is handed on.
_FROM_KEYS = (signal.SIGINT, signal.SIGQUIT)
_HANDED_ON = (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)


def record(command: Sequence[str], writer: RunWriter, probe: Probe, interval_s: float) -> int:
    """Run a command to its end and return its exit code as a shell gives it (128 + N for signal N).

    What it prints appears at once and unchanged; on a terminal it sees a terminal. Nothing that goes wrong
    in recording ends the command. Called by the main thread.

    Args:
        command: The program and its arguments.
        writer: Takes the metrics, hardware samples, failures and the end.
        probe: What is asked for the sensors.
        interval_s: Seconds between two hardware samples.

    Raises:
        OSError: The command cannot be started.
    """
    with _Outputs() as outputs:
        process = subprocess.Popen(command, stdout=outputs.stdout, stderr=outputs.stderr)  # noqa: S603  # the person's own command
        outputs.leave_to_command()
        writer.write({"time": _now(), "config": _config(command)})
        over = threading.Event()
        # A driver that hangs must hold up neither the output nor the end.
        sampler = threading.Thread(
            target=_sample, args=(process.pid, writer, probe, interval_s, over), daemon=True
        )
        sampler.start()
        printed = _Printed(writer)
        with _signals_to(process, outputs):
            for piece, stream in outputs.pieces(process):
                printed.take(piece, stream)
            code = process.wait()
        over.set()
        sampler.join(_LAST_SAMPLE_S)
    printed.finish()
    # Together: a process that is gone without an end has crashed.
    writer.write({"time": _now(), "proc.alive": 0}, {"time": _now(), **_how_it_ended(code)})
    return code if code >= 0 else 128 - code


def _config(command: Sequence[str]) -> dict[str, object]:
    return {**options_of(command), "command": shlex.join(without_secrets(command))}


def _how_it_ended(code: int) -> dict[str, str]:
    if code == 0:
        return {"event": "finished"}
    if code > 0:
        return {"event": "failed", "message": f"exit code {code}"}
    name = f"signal {-code}"
    with contextlib.suppress(ValueError):
        name = signal.Signals(-code).name
    return {"event": "failed", "message": f"ended by {name}"}


def _now() -> float:
    return round(time.time(), 3)


class _Printed:
    """Writes what the output tells. If that fails, it says so once and leaves the command alone."""

    def __init__(self, writer: RunWriter) -> None:
        self._writer = writer
        self._metrics = PrintedMetrics()
        self._has_failed = False

    def take(self, piece: bytes, stream: int) -> None:
        """Take up a piece of output."""
        with self._guarded():
            self._write(self._metrics.take(piece, time.time(), stream))

    def finish(self) -> None:
        """Take up last lines without an end."""
        with self._guarded():
            self._write(self._metrics.finish(time.time()))

    def _write(self, rows: Sequence[Mapping[str, object]]) -> None:
        if not self._has_failed:
            for row in rows:
                self._writer.write(row)

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # noqa: BLE001  # the training is worth more than its record
            if not self._has_failed:
                self._has_failed = True
                warnings.warn(clean(f"recording has stopped: {error!r}"), stacklevel=2)


class _Outputs:
    """The ways of a command's output to ours: a terminal of its own where ours goes to one, else a pipe."""

    def __init__(self) -> None:
        self._ways = {_STANDARD_OUTPUT: _way_to(_STANDARD_OUTPUT)}
        if not os.path.sameopenfile(_STANDARD_OUTPUT, _STANDARD_ERROR):
            self._ways[_STANDARD_ERROR] = _way_to(_STANDARD_ERROR)
        self.stdout = self._ways[_STANDARD_OUTPUT][1]
        self.stderr = self._ways.get(_STANDARD_ERROR, self._ways[_STANDARD_OUTPUT])[1]
        self._is_command_s = False
        self._silent: set[int] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.leave_to_command()
        for reading, _writing in self._ways.values():
            os.close(reading)

    def leave_to_command(self) -> None:
        """Close our copies of the command's ends, so that its end is seen."""
        if not self._is_command_s:
            self._is_command_s = True
            for _, writing in self._ways.values():
                os.close(writing)

    def pieces(self, process: subprocess.Popen[bytes]) -> Iterator[tuple[bytes, int]]:
        """Pass on what the command prints, and yield each piece with the stream it was printed to."""
        with selectors.DefaultSelector() as selector:
            for stream, (reading, _) in self._ways.items():
                selector.register(reading, selectors.EVENT_READ, stream)
            while selector.get_map():
                ready = selector.select(_LAST_WORDS_S)
                for key, _ in ready:
                    piece = _read(key.fd)
                    if piece:
                        self._pass_on(piece, key.data)
                        yield piece, key.data
                    else:
                        selector.unregister(key.fd)
                if not ready and process.poll() is not None:
                    return  # what it left in the background keeps the way open

    def take_size(self) -> None:
        """Give the command's terminals the size of ours."""
        for stream, (reading, _) in self._ways.items():
            with contextlib.suppress(OSError, termios.error):
                termios.tcsetwinsize(reading, termios.tcgetwinsize(stream))

    def _pass_on(self, piece: bytes, stream: int) -> None:
        while piece and stream not in self._silent:
            try:
                piece = piece[os.write(stream, piece) :]
            except BlockingIOError:
                select.select([], [stream], [])
            except OSError:  # nobody looks any more; the training goes on, and so does its record
                self._silent.add(stream)


def _way_to(stream: int) -> tuple[int, int]:
    """Return a reading and a writing end, for a command whose output will go to `stream`."""
    if not os.isatty(stream):
        return os.pipe()
    reading, writing = pty.openpty()
    settings = termios.tcgetattr(writing)
    settings[1] &= ~termios.OPOST  # bytes pass unchanged; our own terminal will do this once
    termios.tcsetattr(writing, termios.TCSANOW, settings)
    with contextlib.suppress(OSError, termios.error):
        termios.tcsetwinsize(writing, termios.tcgetwinsize(stream))
    return reading, writing


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, _BLOCK_BYTES)
    except OSError:  # so ends a terminal on Linux
        return b""


@contextlib.contextmanager
def _signals_to(process: subprocess.Popen[bytes], outputs: _Outputs) -> Iterator[None]:
    def hand_on(number: int, _: FrameType | None) -> None:
        process.send_signal(number)

    handlers = {
        **dict.fromkeys(_FROM_KEYS, lambda *_: None),
        **dict.fromkeys(_HANDED_ON, hand_on),
        signal.SIGWINCH: lambda *_: outputs.take_size(),
    }
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _sample(pid: int, writer: RunWriter, probe: Probe, interval_s: float, over: threading.Event) -> None:
    """Write what the sensors say, until the command is over."""
    told: set[str] = set()
    is_over = False
    while not is_over:
        sample = probe.sample(time.time())
        sizes = {**sample.as_metrics(), "host.rss_gb": _resident_gb(pid)}
        rounded = {name: size if size is None else round(size, 4) for name, size in sizes.items()}
        row = {"time": _now(), **rounded, "proc.alive": 1}
        new = [problem for problem in sample.problems if problem not in told]
        told.update(new)
        # Sensors that took too long may find the command ended, and the file closed.
        with contextlib.suppress(ValueError):
            writer.write(row)
            for problem in new:
                writer.write({"time": _now(), "message": problem})
        is_over = over.wait(interval_s)


def _resident_gb(pid: int) -> float | None:
    """Return the memory that a process and all it started hold, in units of 2**30 bytes."""
    held = 0
    try:
        root = psutil.Process(pid)
        for process in (root, *root.children(recursive=True)):
            with contextlib.suppress(psutil.Error):
                held += process.memory_info().rss
    except psutil.Error:
        return None
    return held / _BYTES_PER_GB
