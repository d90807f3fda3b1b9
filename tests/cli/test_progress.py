from __future__ import annotations

import io
import sys
import time

import pytest

from tuimon.cli.progress import progress_line


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def test_progress_is_shown_on_a_terminal_and_wiped_out(
    monkeypatch: pytest.MonkeyPatch, clock: list[float]
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with progress_line("reading") as tell:
        tell(0.1, "quick")
        assert terminal.getvalue() == ""
        clock[0] = 1.0
        tell(0.5, "run\x1b[2J1")
        tell(0.6, "not yet again")
        assert terminal.getvalue() == "\r\x1b[K 50% reading run\N{REPLACEMENT CHARACTER}[2J1"
    assert terminal.getvalue().endswith("\r\x1b[K")


def test_nothing_is_said_where_nobody_watches(monkeypatch: pytest.MonkeyPatch, clock: list[float]) -> None:
    pipe = io.StringIO()
    monkeypatch.setattr(sys, "stderr", pipe)
    with progress_line("reading") as tell:
        clock[0] = 1.0
        tell(0.5, "run")
    assert pipe.getvalue() == ""
