"""What the live screen tells beside its cells, in a terminal; and that a replay tells nothing."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

from tests.terminal.conftest import SAMPLE_RUNS
from tests.terminal.terminal import Terminal, tuimon
from tests.watching import rows, write
from tuimon.alerts.terminal import KEEP_TITLE, RESTORE_TITLE


def test_a_finding_rings_notifies_and_sets_a_command_off(
    start: Callable[..., Terminal], tmp_path: Path
) -> None:
    log, out = tmp_path / "runs" / "alpha.jsonl", tmp_path / "out"
    begin = time.time() - 100
    write(log, [{"time": begin, "config": {"max_steps": 1000}}, *rows(range(1, 101), begin)])
    # The person's own settings; one of them is a command.
    config = tmp_path / "home" / "config" / "tuimon"
    config.mkdir(parents=True)
    (config / "config.toml").write_text(f'bell = true\nnotify = "osc9"\non_finding = "cat > {out}"\n')
    terminal = start(tuimon("watch", str(log)))
    terminal.wait_for("alpha RUNNING", "nothing found")
    terminal.wait_until(lambda: "● alpha 10% loss".encode() in terminal.sent, "title")
    assert b"\x1b]9;" not in terminal.sent
    write(log, [{"step": 101, "time": time.time(), "loss": float("nan")}], mode="a")
    terminal.wait_until(out.exists, "command")
    terminal.wait_until(
        lambda: b"\x1b]9;tuimon: alpha: critical nan_inf at step 101" in terminal.sent, "note"
    )
    terminal.wait_until(lambda: json.loads(out.read_text() or "{}").get("event") == "finding", "document")
    terminal.press("q")
    assert terminal.wait_for_end() == 0
    assert terminal.sent.count(KEEP_TITLE.encode()) == terminal.sent.count(RESTORE_TITLE.encode()) == 1
    assert terminal.sent.rstrip(b"\r\n").endswith(RESTORE_TITLE.encode())


def test_a_title_can_be_left_alone(start: Callable[..., Terminal]) -> None:
    terminal = start(tuimon("watch", str(SAMPLE_RUNS / "overfit")), TUIMON_TITLE="no")
    terminal.wait_for("overfit DONE")
    terminal.settle()
    assert b"\x1b]2;" not in terminal.sent


def test_a_replay_tells_nobody_anything(start: Callable[..., Terminal], tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = tuimon("replay", str(SAMPLE_RUNS / "diverged"), "--speed", "100000x")
    terminal = start(command, TUIMON_BELL="1", TUIMON_NOTIFY="osc9", TUIMON_ON_FINDING=f"cat > {out}")
    terminal.wait_for("run failed", "CRIT crashed")
    terminal.settle()
    assert b"\x1b]9;" not in terminal.sent
    assert b"\x1b]2;" not in terminal.sent
    assert not out.exists()
