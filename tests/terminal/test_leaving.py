"""However the program ends, the terminal is as it was before."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable

import pytest

from tests.terminal.conftest import SAMPLE_RUNS, Watch
from tests.terminal.terminal import Terminal, assert_restored

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
