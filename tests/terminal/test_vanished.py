from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TextIO

from tests.terminal.terminal import PATIENCE_S, environment

SAMPLES = Path(__file__).parents[2] / "sample_runs"


def test_the_program_ends_when_its_terminal_vanishes(tmp_path: Path) -> None:
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "tuimon", "watch", str(SAMPLES)],
        stdin=follower,
        stdout=follower,
        stderr=follower,
        start_new_session=True,
        env=os.environ | {"TERM": "xterm-256color", "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)},
    )
    os.close(follower)
    drawn = b""
    while b"diverged" not in drawn:
        drawn += os.read(leader, 65536)
    os.close(leader)
    try:
        # Without a controlling terminal no signal comes; the reading end of the keys alone tells.
        process.terminate()
        process.wait(timeout=30)
    finally:
        process.kill()
        process.wait()


def test_with_a_live_run_it_ends_by_itself_as_soon_as_it_cannot_write(tmp_path: Path) -> None:
    run = tmp_path / "runs" / "alpha"
    run.mkdir(parents=True)
    leader, follower = pty.openpty()
    with (run / "metrics.jsonl").open("w") as log:
        write_lines(log, 0, 50)
        process = subprocess.Popen(
            [sys.executable, "-m", "tuimon", "watch", str(run.parent)],
            stdin=follower,
            stdout=follower,
            stderr=follower,
            start_new_session=True,
            env=environment(tmp_path / "home"),
        )
        os.close(follower)
        try:
            drawn = b""
            while b"alpha" not in drawn:
                drawn += os.read(leader, 65536)
            os.close(leader)
            end = time.monotonic() + PATIENCE_S
            step = 50
            while process.poll() is None and time.monotonic() < end:
                write_lines(log, step, 1)
                step += 1
                time.sleep(0.1)
            assert process.poll() == 128 + signal.SIGHUP
        finally:
            process.kill()
            process.wait()


def write_lines(log: TextIO, first: int, count: int) -> None:
    for step in range(first, first + count):
        log.write(
            json.dumps({"step": step, "time": time.time(), "loss": 3 / (step + 1), "max_steps": 100_000})
        )
        log.write("\n")
    log.flush()
