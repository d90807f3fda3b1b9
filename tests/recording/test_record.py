"""`tuimon record` over real commands, in pipes and in a terminal."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.commands import Outcome, environment, only_run, run, start

TRAIN = """
import sys
print("steps:", sys.argv[1:], flush=True)
for step in range(1, 21):
    print(f"step {step} | loss {3 / step:.4f}", flush=True)
    print(f"\\rdone {step}", end="", file=sys.stderr, flush=True)
print("terminal:", sys.stdout.isatty(), sys.stderr.isatty(), flush=True)
sys.exit(3 if "--fail" in sys.argv else 0)
"""
# Only a broken program takes as long.
PATIENCE_S = 30.0


def recorded(path: Path, *command: str) -> Outcome:
    return start("record", "-o", path, "-n", "0.05", "--", *command)


def rows(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_output_passes_unchanged_and_its_metrics_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "first" / "metrics.jsonl"
    outcome = recorded(path, sys.executable, "-c", TRAIN, "--lr", "3e-4", "--max_steps", "20")
    alone = subprocess.run(
        [sys.executable, "-c", TRAIN, "--lr", "3e-4", "--max_steps", "20"], check=True, capture_output=True
    )
    assert (outcome.code, outcome.out) == (0, alone.stdout.decode())
    assert outcome.err == alone.stderr.decode()
    found = only_run(tmp_path)
    assert (found["status"], found["step"], found["total_steps"]) == ("done", 20, 20)
    assert found["config"]["lr"] == 3e-4
    assert (found["series"]["loss"]["count"], found["series"]["loss"]["last"]) == (20, 0.15)
    assert found["series"]["host.mem_used_pct"]["count"] >= 1
    assert found["series"]["proc.alive"]["last"] == 0


def test_the_exit_code_is_passed_on_and_the_run_has_failed(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    assert recorded(path, sys.executable, "-c", TRAIN, "--fail").code == 3
    assert only_run(path)["status"] == "failed"
    assert rows(path)[-1]["message"] == "exit code 3"
    assert recorded(path, "sh", "-c", "kill -9 $$").code == 128 + signal.SIGKILL
    assert rows(path)[-1]["message"] == "ended by SIGKILL"
    assert only_run(path)["attempts"] == 1


def test_what_cannot_be_run_says_so(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    missing = run("record", "-o", path, "--", "no-such-command")
    assert (missing.code, missing.err) == (
        127,
        "tuimon: no-such-command: cannot be run: No such file or directory\n",
    )
    assert run("record", "-o", path, "--", tmp_path).code == 126
    assert run("record", "-o", path).code == 2
    assert run("record", "-o", path, "-n", "0", "--", "true").code == 2
    folder = run("record", "-o", tmp_path, "--", "true")
    assert (folder.code, folder.err) == (1, f"tuimon: {tmp_path}: Is a directory\n")


def test_a_closed_output_leads_nowhere(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    command = [sys.executable, "-m", "tuimon", "record", "-o", str(path), "--", sys.executable, "-c", TRAIN]
    code = subprocess.run(["sh", "-c", '"$@" >&-', "sh", *command], check=False, env=environment()).returncode
    assert code == 0
    assert only_run(path)["step"] == 20
    assert {"steps:", "done"}.isdisjoint(path.read_text().split())
    rows(path)


def test_what_cannot_be_written_is_told_in_a_line() -> None:
    outcome = recorded(Path("/dev/full"), "echo", "hello")
    assert (outcome.code, outcome.out) == (0, "hello\n")
    assert outcome.err == "tuimon: /dev/full cannot be written: No space left on device\n"


def test_what_it_left_in_the_background_does_not_hold_it_up(tmp_path: Path) -> None:
    # The sleeper outlives the test by no more than its own patience, and holds the output until then.
    script = "sleep 30 & echo $!"
    outcome = recorded(tmp_path / "metrics.jsonl", "sh", "-c", script)
    os.kill(int(outcome.out), signal.SIGKILL)
    assert outcome.code == 0


def test_a_signal_that_is_sent_to_it_reaches_the_command(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    script = "trap 'echo saved; exit 5' USR1; echo ready; while :; do sleep 0.05; done"
    process = subprocess.Popen(
        [sys.executable, "-m", "tuimon", "record", "-o", str(path), "--", "sh", "-c", script],
        stdout=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    end = time.monotonic() + PATIENCE_S
    while "host.rss_gb" not in path.read_text(encoding="utf-8") and time.monotonic() < end:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)  # as the keys of a terminal do, which reach the command by themselves
    process.send_signal(signal.SIGUSR1)
    out, _ = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, out) == (5, "saved\n")
    assert only_run(path)["series"]["host.rss_gb"]["last"] > 0


def test_nobody_who_reads_its_output_any_more_ends_nothing(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    process = subprocess.Popen(
        [sys.executable, "-m", "tuimon", "record", "-o", str(path), "--", sys.executable, "-c", TRAIN],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment(),
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.wait(timeout=PATIENCE_S) == 0
    assert only_run(path)["series"]["loss"]["count"] == 20


def test_on_a_terminal_the_command_sees_one_of_the_same_size(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    leader, follower = pty.openpty()
    os.set_blocking(leader, False)
    subprocess.run(["stty", "rows", "31", "cols", "97"], stdin=follower, check=True)
    script = f"stty size <&1; {sys.executable} -c '{TRAIN}'; printf 'a\\nb\\n'"
    process = subprocess.Popen(
        [sys.executable, "-m", "tuimon", "record", "-o", str(path), "--", "sh", "-c", script],
        stdin=subprocess.DEVNULL,
        stdout=follower,
        stderr=follower,
        env=environment(),
    )
    os.close(follower)
    shown = b""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        try:
            piece = os.read(leader, 65536)
        except BlockingIOError:
            time.sleep(0.01)
            continue
        except OSError:
            break
        shown += piece
    os.close(leader)
    assert process.wait(timeout=PATIENCE_S) == 0
    text = shown.decode()
    assert text.startswith("31 97\r\n")
    assert "terminal: True True\r\n" in text
    assert text.endswith("a\r\nb\r\n")
    assert re.findall(r"\r?done (\d+)", text) == [str(step) for step in range(1, 21)]
    assert only_run(path)["series"]["loss"]["count"] == 20


@pytest.mark.parametrize("name", ["-h", "--help"])
def test_options_behind_the_command_are_its_own(tmp_path: Path, name: str) -> None:
    outcome = recorded(tmp_path / "metrics.jsonl", sys.executable, name)
    assert outcome.out.startswith("usage: ")
    assert sys.executable.rpartition("/")[2] in outcome.out or "python" in outcome.out
