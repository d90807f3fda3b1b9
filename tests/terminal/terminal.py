"""A program in a terminal of its own: a real pseudo-terminal, read by pyte."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyte

# Bounds for waiting, not expectations: a loaded machine may take its time.
PATIENCE_S = 30.0
QUIET_S = 0.6
# What pyte would print instead of ignoring: kitty's keyboard protocol, and questions about modes.
_UNKNOWN_TO_PYTE = re.compile(rb"\x1b\[[<>=][0-9;]*[a-zA-Z]|\x1b\[\?[0-9;]*\$p")
# Makes standard input the controlling terminal, as a shell does, and becomes the command.
_TAKE_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execvp(sys.argv[1], sys.argv[1:])
"""
# What is switched on, and what switches it off again: DEC's private modes, and kitty's stack of key modes.
_MODE = re.compile(rb"\x1b\[\?(\d+)([hl])")
_PARTIAL = re.compile(rb"\x1b(\[[<>=?]?[0-9;]*)?\$?\Z")


class Terminal:
    """A running program, and what its terminal shows.

    Attributes:
        sent: Everything that the program sent.
        screen: What pyte makes of it.
    """

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        folder: Path,
        size: tuple[int, int] = (120, 40),
    ) -> None:
        self.sent = bytearray()
        width, height = size
        self.screen = pyte.Screen(width, height)
        self._stream = pyte.ByteStream(self.screen)
        self._held_back = b""
        # The test keeps the program's end open too, to read its attributes when the program has gone.
        self._ours, self._theirs = pty.openpty()
        self._set_size(size)
        self.attributes_before = self.attributes
        self.process = subprocess.Popen(
            [sys.executable, "-c", _TAKE_TERMINAL, *command],
            stdin=self._theirs,
            stdout=self._theirs,
            stderr=self._theirs,
            env=dict(environment),
            cwd=folder,
            start_new_session=True,
        )

    @property
    def attributes(self) -> list[Any]:
        """What `stty` would show."""
        return termios.tcgetattr(self._theirs)

    @property
    def text(self) -> str:
        """What the screen shows now."""
        self._read(0)
        return "\n".join(line.rstrip() for line in self.screen.display)

    def wait_for(self, *wanted: str) -> str:
        """Wait until the screen shows all of some texts; return what it shows."""
        return self.wait_until(lambda: all(part in self.text for part in wanted), f"showing {wanted}")

    def wait_until(self, holds: Callable[[], bool], what: str) -> str:
        end = time.monotonic() + PATIENCE_S
        while not holds():
            assert time.monotonic() < end, f"no {what} in {PATIENCE_S} s:\n{self.text}"
            self._read(0.05)
        return self.text

    def settle(self, quiet_s: float = QUIET_S) -> None:
        """Wait until nothing has come for a while."""
        end, quiet = time.monotonic() + PATIENCE_S, 0.0
        while quiet < quiet_s:
            assert time.monotonic() < end, "the screen never comes to rest"
            quiet = 0.0 if self._read(0.05) else quiet + 0.05

    def bytes_within(self, seconds: float) -> bytes:
        """Return what is sent within a time."""
        before, end = len(self.sent), time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._read(left)
        assert self.process.poll() is None, f"it ended by itself: {self.process.returncode}\n{self.text}"
        return bytes(self.sent[before:])

    def press(self, keys: str) -> None:
        os.write(self._ours, keys.encode())

    def resize(self, width: int, height: int) -> None:
        self.screen.resize(height, width)
        self._set_size((width, height))

    def wait_for_end(self) -> int:
        """Wait until the program has ended by itself; return its exit code."""
        end = time.monotonic() + PATIENCE_S
        while self.process.poll() is None:
            assert time.monotonic() < end, f"it does not end:\n{self.text}"
            self._read(0.05)
        while self._read(0.05):
            pass
        return self.process.returncode

    def close(self) -> None:
        """End the program if it still runs."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        os.close(self._ours)
        os.close(self._theirs)

    def _set_size(self, size: tuple[int, int]) -> None:
        # The kernel tells the program by SIGWINCH.
        fcntl.ioctl(self._ours, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))

    def _read(self, timeout_s: float) -> int:
        """Take in what has come, or what comes first within a time; return how much."""
        taken = 0
        while select.select([self._ours], [], [], 0 if taken else timeout_s)[0]:
            try:
                block = os.read(self._ours, 1 << 16)
            except OSError:  # Linux, when nobody has the other end open
                break
            self.sent += block
            taken += len(block)
            self._show(block)
        return taken

    def _show(self, block: bytes) -> None:
        block = self._held_back + block
        partial = _PARTIAL.search(block)
        cut = partial.start() if partial is not None else len(block)
        self._held_back = block[cut:]
        self._stream.feed(_UNKNOWN_TO_PYTE.sub(b"", block[:cut]))


def tuimon(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "tuimon", *arguments]


def environment(home: Path, **changes: str) -> dict[str, str]:
    """A plain user's environment: nothing of the machine that the tests run on but its paths.

    The user has seen the screen before: who has not is told what to press, in place of the keys.
    """
    home.mkdir(exist_ok=True)
    memory = home / "state" / "tuimon" / "screen.json"
    memory.parent.mkdir(parents=True, exist_ok=True)
    memory.write_text("{}")
    kept = {name: os.environ[name] for name in ("PATH", "TMPDIR", "LD_LIBRARY_PATH") if name in os.environ}
    return {
        **kept,
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_CACHE_HOME": str(home / "cache"),
        "XDG_DATA_HOME": str(home / "data"),
        "XDG_STATE_HOME": str(home / "state"),
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        **changes,
    }


def _modes(sent: bytes) -> dict[int, bool]:
    """The last state of each private mode that was touched."""
    return {int(number): switch == b"h" for number, switch in _MODE.findall(sent)}


def assert_restored(terminal: Terminal) -> None:
    """The program has ended, and the terminal is as it was before."""
    left = _modes(bytes(terminal.sent))
    assert left.pop(25), "the cursor stays hidden"
    assert left.pop(7), "lines no longer wrap"
    assert left.pop(1049) is False, "the alternate screen is still there"
    assert {number for number, is_on in left.items() if is_on} == set(), "modes are left on"
    assert {1000, 1003, 1006, 2004} <= set(left), "mouse and pasting were never switched off"
    assert terminal.sent.count(b"\x1b[>") == terminal.sent.count(b"\x1b[<u"), (
        "the keyboard is left in its mode"
    )
    assert terminal.attributes == terminal.attributes_before
