"""However the program ends, the terminal is as it was before."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Callable

import pytest

from tests.terminal.conftest import SAMPLE_RUNS, Watch
from tests.terminal.terminal import Terminal

# Watches, but the key for looking anew fails.
BREAKS_ON_RESCAN = """
import sys
from tuimon.cli.main import main
from tuimon.monitor.monitor import Monitor

def fail(self):
    raise RuntimeError("on purpose")

Monitor.rescan = fail
sys.exit(main(["watch", sys.argv[1]]))
"""
# What is switched on, and what switches it off again: DEC's private modes, and kitty's stack of key modes.
MODE = re.compile(rb"\x1b\[\?(\d+)([hl])")


def modes(sent: bytes) -> dict[int, bool]:
    """The last state of each private mode that was touched."""
    return {int(number): switch == b"h" for number, switch in MODE.findall(sent)}


def assert_restored(terminal: Terminal) -> None:
    left = modes(bytes(terminal.sent))
    assert left.pop(25), "the cursor stays hidden"
    assert left.pop(7), "lines no longer wrap"
    assert left.pop(1049) is False, "the alternate screen is still there"
    assert {number for number, is_on in left.items() if is_on} == set(), "modes are left on"
    assert {1000, 1003, 1006, 2004} <= set(left), "mouse and pasting were never switched off"
    assert terminal.sent.count(b"\x1b[>") == terminal.sent.count(b"\x1b[<u"), (
        "the keyboard is left in its mode"
    )
    assert terminal.attributes == terminal.attributes_before


@pytest.mark.parametrize("key", ["q", "\x03"], ids=["q", "ctrl+c"])
def test_keys_that_leave(watch: Watch, key: str) -> None:
    terminal = watch(SAMPLE_RUNS)
    terminal.wait_for("Diagnosis", "overfit")
    assert terminal.attributes != terminal.attributes_before
    terminal.press(key)
    assert terminal.wait_for_end() == 0
    assert_restored(terminal)


@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGHUP], ids=lambda name: name.name)
def test_signals_that_end(watch: Watch, name: signal.Signals) -> None:
    terminal = watch(SAMPLE_RUNS)
    terminal.wait_for("Diagnosis", "overfit")
    os.kill(terminal.process.pid, name)
    assert terminal.wait_for_end() == 128 + name
    assert_restored(terminal)


def test_an_exception_is_shown_after_the_terminal_is_restored(start: Callable[..., Terminal]) -> None:
    terminal = start([sys.executable, "-c", BREAKS_ON_RESCAN, str(SAMPLE_RUNS)])
    terminal.wait_for("Diagnosis", "overfit")
    terminal.press("R")
    assert terminal.wait_for_end() == 1
    assert_restored(terminal)
    assert b"on purpose" in terminal.sent[terminal.sent.rindex(b"\x1b[?1049l") :]


def test_the_terminal_that_goes_away_ends_the_program(watch: Watch) -> None:
    terminal = watch(SAMPLE_RUNS)
    terminal.wait_for("Diagnosis", "overfit")
    os.killpg(terminal.process.pid, signal.SIGHUP)
    assert terminal.wait_for_end() == 128 + signal.SIGHUP


def test_leaving_while_it_still_reads(watch: Watch) -> None:
    terminal = watch(SAMPLE_RUNS)
    terminal.wait_until(lambda: b"\x1b[?1049h" in terminal.sent, "screen")
    terminal.press("q")
    assert terminal.wait_for_end() == 0
    assert_restored(terminal)
