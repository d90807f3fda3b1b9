"""A run that goes on while it is watched: real processes append, end, are killed and come back."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.terminal.conftest import Watch
from tests.terminal.terminal import Terminal, assert_restored, tuimon

_PROGRAM = Path(__file__).with_name("writer.py")


class Training:
    """A process that appends to a log."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.process = subprocess.Popen(
            [sys.executable, str(_PROGRAM), str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def log(self, **row: object) -> None:
        """Write a line and wait until it is in the file."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"time": time.time(), **row}) + "\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "written\n"

    def steps(self, first: int, last: int) -> None:
        for step in range(first, last + 1):
            self.log(step=step, loss=round(4 - step / 100, 4))

    def end(self) -> None:
        self.process.communicate(timeout=30)

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=30)


@pytest.fixture
def train(tmp_path: Path) -> Iterator[Callable[[str], Training]]:
    """`train(name)`: a training process that logs to `runs/NAME/metrics.jsonl`."""
    with ExitStack() as stack:

        def start(name: str) -> Training:
            training = Training(tmp_path / "runs" / name / "metrics.jsonl")
            stack.callback(training.kill)
            return training

        yield start


def test_points_appear_as_they_are_logged_until_the_run_is_done(
    watch: Watch, train: Callable[[str], Training], tmp_path: Path
) -> None:
    training = train("alpha")
    training.log(config={"max_steps": 200})
    training.steps(1, 100)
    terminal = watch(tmp_path / "runs")
    terminal.wait_for("alpha RUNNING", "100/200", "50.0%", "loss 3")
    training.log(step=101, loss=1.2345)
    terminal.wait_for("101/200", "loss 1.234")
    training.steps(102, 199)
    training.log(step=200, loss=0.5)
    training.log(step=200, event="finished")
    training.end()
    terminal.wait_for("alpha DONE", "200/200", "100.0%", "loss 0.5")
    terminal.settle()
    assert terminal.bytes_within(1.5) == b""


def test_a_waiting_screen_fills_when_a_run_begins_and_another_one_joins(
    watch: Watch, train: Callable[[str], Training], tmp_path: Path
) -> None:
    (tmp_path / "runs").mkdir()
    terminal = watch(tmp_path / "runs")
    terminal.wait_for("No training run below")
    train("alpha").steps(1, 30)
    terminal.wait_for("alpha RUNNING", "loss 3.7")
    train("beta").steps(1, 20)
    terminal.wait_for("alpha", "beta", "Runs 2")


def test_a_run_whose_process_is_gone_has_failed(
    watch: Watch, train: Callable[[str], Training], tmp_path: Path
) -> None:
    training = train("alpha")
    training.log(config={"max_steps": 200})
    training.steps(1, 50)
    terminal = watch(tmp_path / "runs")
    terminal.wait_for("alpha RUNNING")
    training.kill()
    # What watches over a process (`tuimon record`) logs that it is gone.
    sampler = train("alpha")
    sampler.log(**{"proc.alive": 0})
    terminal.wait_for("alpha FAILED", "50/200")
    terminal.press("q")
    assert terminal.wait_for_end() == 0
    assert_restored(terminal)


def test_a_run_that_falls_silent_has_stopped_and_a_resumed_one_is_a_second_attempt(
    watch: Watch, train: Callable[[str], Training], tmp_path: Path
) -> None:
    training = train("alpha")
    for step in range(1, 61):
        training.log(step=step, loss=4 - step / 100, time=None)
    terminal = watch(tmp_path / "runs")
    terminal.wait_for("alpha RUNNING")
    training.kill()
    long_ago = time.time() - 7200
    os.utime(training.path, (long_ago, long_ago))
    terminal.wait_until(lambda: re.search("alpha (STOPPED|FAILED)", terminal.text) is not None, "end")
    resumed = train("alpha")
    more = iter(range(41, 2000))

    def goes_on() -> bool:
        step = next(more)
        resumed.log(step=step, loss=4 - step / 1000, time=None)
        return all(part in terminal.text for part in ("alpha RUNNING", "attempt 2", "resumed at step 41"))

    terminal.wait_until(goes_on, "second attempt")
    terminal.wait_for("r2")


def test_a_file_that_shrinks_is_replaced_or_vanishes_is_survived(
    watch: Watch, train: Callable[[str], Training], tmp_path: Path
) -> None:
    training = train("alpha")
    training.steps(1, 40)
    terminal = watch(tmp_path / "runs")
    terminal.wait_for("alpha RUNNING", " 40 ")
    os.truncate(training.path, 0)
    training.steps(41, 45)
    terminal.wait_for(" 45 ")
    fresh = training.path.with_suffix(".new")
    fresh.write_text('{"step": 46, "loss": 2.5}\n{"step": 47, "loss": 2.4321}\n')
    fresh.replace(training.path)
    terminal.wait_for(" 47 ", "loss 2.432")
    training.path.unlink()
    terminal.press("?")
    terminal.wait_for("could not be read")
    terminal.press("q")
    assert terminal.wait_for_end() == 0


def test_a_new_point_sends_no_whole_lines(
    watch: Watch, train: Callable[[str], Training], tmp_path: Path
) -> None:
    training = train("alpha")
    training.log(config={"max_steps": 2000})
    # Even steps: those of a program that writes as fast as it can are no training, and rules say so.
    begun = time.time() - 100.0
    for step in range(1, 1001):
        training.log(step=step, loss=4 - step / 100, time=begun + 0.1 * step)
    terminal = watch(tmp_path / "runs")
    terminal.wait_for("alpha RUNNING", "1000/2000", "checked to step 1000")
    terminal.settle()
    before = len(terminal.sent)
    training.log(step=1001, loss=-6.01, time=begun + 100.1)
    terminal.wait_for("1001/2000", "loss -6.01")
    # The frames at the left edge stand still.
    assert re.search(rb"\x1b\[\d+;1H[^\x1b]*(\x1b\[[\d;]*m)*\xe2\x94\x82", terminal.sent[before:]) is None
    training.end()


def test_what_a_program_prints_is_shown_and_keys_come_from_the_terminal(
    start: Callable[..., Terminal], tmp_path: Path
) -> None:
    log = tmp_path / "kept.log"
    program = 'for s in $(seq 100); do echo "step $s | loss: 2.$s | lr: 0.001"; done; sleep 60'
    command = f"({program}) | {shlex.join(tuimon('watch', '-', '--tee', str(log)))}"
    terminal = start(["bash", "-c", command])
    terminal.wait_for("stdin", "RUNNING", "loss 2.1")
    terminal.press("?")
    terminal.wait_for("Show this help")
    assert log.read_text().count("step ") == 100
    terminal.press("q")
    terminal.wait_until(lambda: "\x1b[?1049l" in terminal.sent.decode(errors="replace"), "normal screen")
