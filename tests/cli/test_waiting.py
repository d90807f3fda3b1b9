"""`status`, `wait`, `check --follow`, `eta --deadline`: what scripts and prompts use."""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.commands import SAMPLES, environment, run, start
from tests.watching import rows, write
from tuimon.cli.paths import duration_seconds, moment

PATIENCE_S = 20.0


def live_log(folder: Path, lines: int = 100, total: int = 1000) -> Path:
    """Write a run of a line a second that goes on at this moment."""
    begin = time.time() - lines
    log = folder / "alpha.jsonl"
    return write(log, [{"time": begin, "config": {"max_steps": total}}, *rows(range(1, lines + 1), begin)])


def add(log: Path, step: int, **values: object) -> None:
    write(log, [{"step": step, "time": time.time(), **values}], mode="a")


def test_a_line_per_run() -> None:
    lines = run("status", SAMPLES).out.splitlines()
    # How many rules speak of the diverged run is the rules' matter.
    lines[0] = re.sub(r"!\d+$", "!N", lines[0])
    assert lines == [
        "✗ diverged 56% loss NaN failed !N",
        "✓ healthy 100% loss 0.6242 done",
        "✓ huggingface 100% loss 0.9021 done",
        "✓ overfit 100% loss 0.0949 done !1",
        "✓ resumed 100% loss 0.5349 done",
    ]


def test_one_line_is_that_of_the_run_that_changed_last(tmp_path: Path) -> None:
    write(tmp_path / "beta.jsonl", rows(range(1, 30)))
    os.utime(tmp_path / "beta.jsonl", (1.7e9, 1.7e9))
    live_log(tmp_path)
    outcome = run("status", tmp_path, "--line", "--ascii")
    assert outcome.code == 0
    (line,) = outcome.out.splitlines()
    assert line.isascii()
    assert line.startswith("* alpha 10% loss 0.009901 ETA 15m")
    assert run("status", tmp_path, "--line", "--run", "beta").out.startswith(
        "○ beta @29 loss 0.03333 stopped"
    )


def test_nothing_in_a_name_is_a_command_to_tmux(tmp_path: Path) -> None:
    hostile = "#[fg=red]#(touch x)#S"
    write(tmp_path / f"{hostile}.jsonl", rows(range(1, 30)))
    outcome = run("status", tmp_path, "--line", "--style", "tmux")
    assert f" {hostile.replace('#', '##')} " in outcome.out
    assert "#[fg=default]○#[default] " in outcome.out


def test_a_status_line_is_cheap() -> None:
    """The goal is 0.3 s of CPU; a loaded machine may take three times as long."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert start("status", SAMPLES, "--line").code == 0
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 1.0


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["healthy"], 0, "healthy: done at step 873 of 873"),
        (["healthy", "--until", "step=500"], 0, "healthy: step 873"),
        (["diverged"], 1, ""),
        (["diverged", "--until", "failed"], 0, "diverged: failed at step 339 of 600"),
        (["diverged", "--until", "done", "--until", "finding=critical"], 0, "diverged: critical "),
        (["healthy", "--until", "finding"], 1, ""),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_has_come_is_said_and_what_cannot_come_ends_the_waiting(
    arguments: list[str], code: int, said: str
) -> None:
    outcome = run("wait", SAMPLES / arguments[0], *arguments[1:])
    assert outcome.code == code
    assert outcome.out.startswith(said)
    assert bool(outcome.out) == (code == 0)
    assert ("nothing more to wait for" in outcome.err) == (code == 1)


@pytest.mark.parametrize("there", [True, False])
def test_time_is_over(tmp_path: Path, *, there: bool) -> None:
    if there:
        live_log(tmp_path)
    outcome = run("wait", tmp_path / ("alpha.jsonl" if there else "nowhere"), "--timeout", "1s")
    assert (outcome.code, outcome.out) == (124, "")
    assert outcome.err.startswith("tuimon: time is over: " + ("alpha is running" if there else "no run came"))


def test_a_run_without_a_step_is_told_without_one(tmp_path: Path) -> None:
    (tmp_path / "alpha.jsonl").write_text(f'{{"time": {time.time()}, "config": {{"lr": 0.1}}}}\n')
    outcome = run("wait", tmp_path / "alpha.jsonl", "--timeout", "1s")
    assert (outcome.code, outcome.out) == (124, "")
    assert "time is over: " in outcome.err
    assert "None" not in outcome.err


@pytest.mark.parametrize(
    "arguments",
    [["--until", "lunch"], ["--until", "step=x"], ["--until", "finding=never"], ["--timeout", "soon"]],
)
def test_nothing_that_there_is_to_wait_for(arguments: list[str]) -> None:
    assert run("wait", SAMPLES / "healthy", *arguments).code == 2


def test_which_of_several_runs_must_be_said() -> None:
    outcome = run("wait", SAMPLES)
    assert outcome.code == 2
    assert "--run one of: diverged, healthy" in outcome.err
    assert run("wait", SAMPLES, "--run", "healthy").code == 0


def follow(*arguments: str | Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tuimon", "check", "--follow", *map(str, arguments)],
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_findings_are_followed_as_they_open_and_resolve_and_set_commands_off(tmp_path: Path) -> None:
    log, out = live_log(tmp_path / "runs"), tmp_path / "out"
    add(log, 101, loss=float("nan"), grad_norm=1.0)
    add(log, 102, loss=0.01, grad_norm=float("inf"))
    process = follow(log, "--json", "--on-event", "finding", f"cat >> {out}; exit 9")
    assert process.stdout is not None
    with process:
        first = [json.loads(process.stdout.readline()) for _ in range(2)]
        assert {each["series"] for each in first} == {"loss", "grad_norm"}
        assert {each["event"] for each in first} <= {"open", "finding"}
        for step in range(103, 125):
            add(log, step, loss=0.01, grad_norm=1.0)
        resolved = [json.loads(process.stdout.readline()) for _ in range(2)]
        assert {each["event"] for each in resolved} == {"resolved"}
        add(log, 125, eval_loss=float("nan"))
        opened = json.loads(process.stdout.readline())
        assert (opened["event"], opened["series"], opened["rule"]) == ("finding", "eval_loss", "nan_inf")
        wait_until(lambda: out.exists() and "eval_loss" in out.read_text())
        told = [json.loads(line) for line in out.read_text().splitlines()]
        assert told[-1]["finding"]["series"] == "eval_loss"
        assert process.stderr is not None
        assert process.stderr.readline() == "tuimon: the command for finding ended with 9\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_S) == 130


def test_following_ends_when_nobody_reads_on(tmp_path: Path) -> None:
    log = live_log(tmp_path)
    add(log, 101, loss=float("nan"))
    process = follow(log)
    assert process.stdout is not None
    assert "nan_inf" in process.stdout.readline()
    process.stdout.close()
    add(log, 102, eval_loss=float("nan"))
    assert process.wait(PATIENCE_S) == 0
    assert process.stderr is not None
    assert process.stderr.read() == ""
    process.stderr.close()


@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "--on-event", "done", "true"],
        ["check", "--follow", "--on-event", "lunch", "true"],
        ["watch", "--on-event", "lunch", "true"],
        ["watch", "--on-event", "done", " "],
    ],
)
def test_an_event_that_there_is_not_and_a_command_that_would_never_run_are_refused(
    arguments: list[str],
) -> None:
    outcome = run(arguments[0], SAMPLES / "healthy", *arguments[1:])
    assert outcome.code == 2
    assert "--on-event" in outcome.err


@pytest.mark.parametrize("name", ["on_done", "on_failed", "on_best", "on_finding", "send_to"])
def test_a_file_beside_runs_can_run_and_send_nothing(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tuimon.toml").write_text(f'{name} = "touch oops"\n')
    monkeypatch.chdir(tmp_path)
    outcome = run("watch", "--once", SAMPLES / "healthy")
    assert outcome.code == 2
    assert f"{name!r} may not be set" in outcome.err


@pytest.mark.parametrize(
    ("deadline", "verdict"),
    [("+2h", "in time"), ("+2m", "will not finish"), ("2020-01-01T00:00", "will not finish")],
)
def test_a_deadline_is_met_or_not(tmp_path: Path, deadline: str, verdict: str) -> None:
    log = live_log(tmp_path)
    outcome = run("eta", log, "--deadline", deadline)
    assert outcome.out.rstrip().endswith(f": {verdict}")
    (document,) = run("eta", log, "--deadline", deadline, "--json").documents
    assert document["deadline_verdict"] == verdict


def test_a_run_that_has_ended_has_no_deadline() -> None:
    assert "deadline" not in run("eta", SAMPLES / "healthy", "--deadline", "+2h").out


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("90s", 90), ("1.5s", 1.5), ("30m", 1800), ("6h", 21600), ("1d2h", 93600)],
)
def test_durations(text: str, seconds: float) -> None:
    assert duration_seconds(text) == seconds


def test_a_time_of_day_is_the_next_one() -> None:
    now = time.time()
    assert all(now < moment(f"{hour}:30") <= now + 90_000 for hour in range(24))
    assert moment("2026-03-02T17:00+00:00") == 1_772_470_800
