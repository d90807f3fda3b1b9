from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

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
