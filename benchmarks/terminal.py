"""A program in a pseudo-terminal: what it writes is noted with its time, and shown on a pyte screen later."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import psutil
import pyte

from benchmarks.measure import ROOT, environment, tree_cpu_s

# What a program may ask of its terminal, and what an ordinary one answers.
_ANSWERS = (
    (b"\x1b[6n", b"\x1b[1;1R"),
    (b"\x1b[c", b"\x1b[?62;22c"),
    (b"\x1b]11;?", b"\x1b]11;rgb:0000/0000/0000\x1b\\"),
    (b"\x1b[?2026$p", b"\x1b[?2026;2$y"),
    (b"\x1b[?2048$p", b"\x1b[?2048;0$y"),
)
# Braille characters U+2800 to U+28FF in UTF-8, all but the empty one.
_BRAILLE = re.compile(rb"\xe2(?:\xa0[\x81-\xbf]|[\xa1-\xa3][\x80-\xbf])")
_READ_BYTES = 1 << 16
_END_S = 5.0


@dataclass(frozen=True, slots=True)
class Chunk:
    """Bytes that came at once, and when: seconds of `time.perf_counter`."""

    at: float
    content: bytes


class Terminal:
    """A program that was started in a terminal of `columns` x `rows` cells. Use it in a `with` block.

    Nothing is drawn while the program runs, so that drawing does not take the time that is measured.

    Attributes:
        started: When the program was started, in seconds of `time.perf_counter`.
        chunks: Everything that it has written.
    """

    def __init__(self, command: Sequence[str], columns: int = 120, rows: int = 40) -> None:
        self.columns = columns
        self.rows = rows
        self.chunks: list[Chunk] = []
        self._fd, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.started = time.perf_counter()
        self._process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=_terminal_environment(),
            process_group=0,
        )
        os.close(slave)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # LEET is a child of the program that was called, and outlives it.
        children: list[psutil.Process] = []
        with suppress(psutil.Error):
            children = psutil.Process(self.pid).children(recursive=True)
        self._process.terminate()
        self.read(_END_S, lambda: self._process.poll() is not None)
        for child in children:
            with suppress(psutil.Error):
                child.kill()
        self._process.kill()
        self._process.wait()
        os.close(self._fd)

    @property
    def pid(self) -> int:
        """The program's process."""
        return self._process.pid

    @property
    def byte_count(self) -> int:
        """How many bytes it has written so far."""
        return sum(len(chunk.content) for chunk in self.chunks)

    @property
    def running(self) -> bool:
        """Whether the program has not ended."""
        return self._process.poll() is None

    def cpu_s(self) -> float:
        """Return the CPU seconds that it and its children have used so far."""
        return tree_cpu_s(self.pid)

    def send(self, keys: str) -> float:
        """Press keys; return when, in seconds of `time.perf_counter`."""
        at = time.perf_counter()
        os.write(self._fd, keys.encode())
        return at

    def read(self, timeout_s: float, enough: Callable[[], bool] | None = None) -> bool:
        """Take in what the program writes until `enough` or the timeout; return whether it was enough."""
        deadline = time.perf_counter() + timeout_s
        while enough is None or not enough():
            wait_s = deadline - time.perf_counter()
            if wait_s <= 0:
                return False
            # Without bytes, `enough` may hang on something else: look at it again soon.
            ready, _, _ = select.select([self._fd], [], [], wait_s if enough is None else min(wait_s, 0.02))
            if ready and not self._take():
                # The program has closed its end; what is left to wait for is its exit.
                time.sleep(min(0.01, wait_s))
        return True

    def read_until_quiet(self, quiet_s: float, timeout_s: float) -> bool:
        """Take in what the program writes until nothing came for `quiet_s`; return whether that happened."""
        begun = time.perf_counter()
        return self.read(timeout_s, lambda: time.perf_counter() - self._last_at(begun) >= quiet_s)

    def braille_count(self) -> int:
        """Return how many braille characters with dots were written: cheap, and enough to stop waiting."""
        return sum(len(_BRAILLE.findall(chunk.content)) for chunk in self.chunks)

    def screens(self) -> Iterator[tuple[float, pyte.Screen]]:
        """Draw chunk by chunk on a fresh screen; yield the time of each chunk, and the screen after it."""
        screen = pyte.Screen(self.columns, self.rows)
        stream = pyte.ByteStream(screen)
        for chunk in self.chunks:
            stream.feed(chunk.content)
            yield chunk.at, screen

    def first_at(self, shows: Callable[[str], bool]) -> float | None:
        """Return when the text of the screen first fulfilled `shows`, in seconds since the start."""
        for at, screen in self.screens():
            if shows("\n".join(screen.display)):
                return at - self.started
        return None

    def _last_at(self, begun: float) -> float:
        return max(begun, self.chunks[-1].at) if self.chunks else begun

    def _take(self) -> bool:
        """Read once and answer what was asked; return False when the program has closed its end."""
        try:
            content = os.read(self._fd, _READ_BYTES)
        except OSError:  # Linux says EIO where others say end of file
            return False
        if not content:
            return False
        self.chunks.append(Chunk(time.perf_counter(), content))
        for question, answer in _ANSWERS:
            if question in content:
                os.write(self._fd, answer)
        return True


def braille_cells(text: str) -> int:
    """Return how many cells of a screen have braille dots: those of curves, not of frames."""
    return sum("\u2800" < character <= "\u28ff" for character in text)


def _terminal_environment() -> dict[str, str]:
    """Return an environment in which every program sees the same terminal: local, true colour, UTF-8."""
    unwanted = ("SSH_", "TMUX", "NO_COLOR", "TEXTUAL", "TUIMON_", "COLUMNS", "LINES")
    kept = {name: value for name, value in environment().items() if not name.startswith(unwanted)}
    # The layout of whoever measures must not be measured.
    same = {
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "LC_ALL": "C.UTF-8",
        "XDG_STATE_HOME": os.devnull,
    }
    return kept | same
