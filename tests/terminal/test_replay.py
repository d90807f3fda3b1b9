"""A finished run, played again in a real terminal."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.terminal.conftest import SAMPLE_RUNS
from tests.terminal.terminal import Terminal, tuimon


def test_a_replay_can_be_paused_stepped_sought_and_ends_with_its_findings(
    start: Callable[..., Terminal],
) -> None:
    terminal = start(tuimon("replay", str(SAMPLE_RUNS / "diverged"), "--speed", "1x", "--from", "100"))
    terminal.wait_for("diverged RUNNING", "replay 1x", "0 open")
    terminal.press(" ")
    terminal.wait_for("paused 1x")
    terminal.settle()
    assert terminal.bytes_within(1.0) == b""
    terminal.press(":goto 200\r")
    terminal.wait_for("200/600")
    terminal.press("..")
    terminal.wait_for("202/600")
    terminal.press(",")
    terminal.wait_for("201/600")
    terminal.press(":goto 327\r")
    terminal.wait_for("327/600", "gradient norm became Inf")
    assert "loss became NaN" not in terminal.text
    terminal.press(".")
    terminal.wait_for("328/600", "loss became NaN at step 328")
    terminal.press(">>>>> ")
    terminal.wait_for("diverged FAILED", "339/600", "1 open")
    terminal.press("q")
    assert terminal.wait_for_end() == 0


@pytest.mark.parametrize("name", ["resumed", "huggingface"])
def test_restarts_and_runs_without_times_can_be_played(start: Callable[..., Terminal], name: str) -> None:
    terminal = start(tuimon("replay", str(SAMPLE_RUNS / name), "--speed", "10000x"))
    terminal.wait_for(f"{name} DONE", "100.0%", "paused 10000x 100.0%")
    terminal.press("q")
    assert terminal.wait_for_end() == 0
