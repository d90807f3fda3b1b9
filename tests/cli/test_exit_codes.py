from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.commands import SAMPLES, environment, run, start
from tuimon.monitor import once

READING_COMMANDS = ("summary", "check", "eta", "watch")


@pytest.mark.parametrize("command", READING_COMMANDS)
def test_reading_a_run_is_fine(command: str) -> None:
    assert run(command, SAMPLES / "healthy").code == 0


@pytest.mark.parametrize("command", [*READING_COMMANDS, "replay", "doctor"])
@pytest.mark.parametrize("kind", ["missing", "empty", "without runs"])
def test_where_no_run_is_one_clear_line_says_so(command: str, kind: str, tmp_path: Path) -> None:
    path = tmp_path / "outputs"
    if kind != "missing":
        path.mkdir()
    if kind == "without runs":
        (path / "notes.md").write_text("nothing here")
    outcome = run(command, path)
    *notices, line = outcome.err.splitlines()
    assert outcome.code == 3
    assert line.startswith(f"tuimon: {path}: ")
    # Only watch has more to say: that it cannot show its screen here.
    assert len(notices) == (1 if command == "watch" else 0)
    assert command == "doctor" or outcome.out == ""
    if command != "doctor":
        said = {"missing": "does not exist", "empty": "is empty", "without runs": "holds no training run"}
        assert said[kind] in line


@pytest.mark.parametrize("arguments", [("status",), ("status", "--line"), ("watch", "--once"), ("replay",)])
def test_a_run_that_is_not_there_is_no_run(arguments: tuple[str, ...]) -> None:
    outcome = run(*arguments, SAMPLES, "--run", "nobody")
    assert (outcome.code, outcome.out) == (3, "")
    assert outcome.err.startswith("tuimon: --run: no run is named nobody (one of: diverged, healthy,")


@pytest.mark.parametrize("arguments", [("status",), ("watch", "--once")])
def test_only_the_run_asked_for_is_told_of(arguments: tuple[str, ...]) -> None:
    out = run(*arguments, SAMPLES, "--run", "resumed").out
    assert "resumed" in out
    assert "diverged" not in out


@pytest.mark.parametrize(
    "arguments",
    [
        ("summary", "--nonsense"),
        ("check", "--fail-on", "sometimes"),
        ("eta", "--total", "0"),
        ("eta", "--total", "many"),
        ("watch", "--interval", "-1"),
        ("watch", "--theme", "neon"),
        ("replay",),
        ("replay", SAMPLES, "--speed", "0x"),
        ("replay", SAMPLES),
        ("sumary", SAMPLES),
    ],
    ids=lambda arguments: " ".join(Path(argument).name for argument in arguments),
)
def test_wrong_usage(arguments: tuple[str | Path, ...]) -> None:
    outcome = run(*arguments)
    assert outcome.code == 2
    assert outcome.out == ""
    assert outcome.err.splitlines()[-1].startswith("tuimon")


def test_a_wrong_setting_names_the_place_and_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tuimon.toml").write_text("fail_onn = 'info'\n")
    monkeypatch.chdir(tmp_path)
    outcome = run("check", SAMPLES)
    assert outcome.code == 2
    assert "tuimon.toml" in outcome.err
    assert "'fail_on'" in outcome.err


@pytest.mark.parametrize("command", ["replay", "demo"])
def test_a_screen_needs_a_terminal(command: str) -> None:
    outcome = run(command, *([SAMPLES / "overfit"] if command == "replay" else []))
    assert outcome.code == 2
    assert "needs a terminal" in outcome.err


def test_which_run_is_to_be_replayed_can_be_said() -> None:
    assert "needs a terminal" in run("replay", SAMPLES, "--run", "overfit").err


@pytest.mark.parametrize(
    ("run_name", "level", "code"),
    [
        ("diverged", None, 4),
        ("diverged", "critical", 4),
        ("diverged", "never", 0),
        ("overfit", None, 0),
        ("overfit", "critical", 0),
        ("overfit", "warning", 4),
        ("resumed", "warning", 0),
        ("resumed", "info", 4),
        ("healthy", "info", 0),
    ],
)
def test_check_fails_from_the_level_that_was_asked_for(run_name: str, level: str | None, code: int) -> None:
    options = ["--fail-on", level] if level else []
    assert run("check", SAMPLES / run_name, *options).code == code


def interrupt(*_: object, **__: object) -> None:
    signal.raise_signal(signal.SIGINT)


def fail(*_: object, **__: object) -> None:
    raise OSError(5, "Input/output error", "outputs")


@pytest.mark.parametrize(("fate", "code"), [(interrupt, 130), (fail, 1)])
def test_an_interrupt_and_a_failure(
    fate: Callable[..., None], code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(once, "read_once", fate)
    outcome = run("summary", SAMPLES)
    assert outcome.code == code
    assert ("Input/output error" in outcome.err) == (code == 1)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has /dev/full")
def test_output_that_cannot_be_written_is_a_failure() -> None:
    with Path("/dev/full").open("wb") as full:
        command = [sys.executable, "-m", "tuimon", "summary", str(SAMPLES / "overfit")]
        ended = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, text=True, env=environment(), check=False
        )
    assert ended.returncode == 1
    assert ended.stderr.startswith("tuimon: ")
    assert len(ended.stderr.splitlines()) == 1


# As installed (the entry point), and as a module.
STARTS = {
    "script": ["-c", "import sys; from tuimon.cli.main import main; sys.exit(main())"],
    "module": ["-m", "tuimon"],
}


@pytest.mark.parametrize("started", STARTS)
@pytest.mark.parametrize(("arguments", "code"), [(["check", "--json", SAMPLES], 4), (["--help"], 0)])
def test_a_closed_pipe_ends_quietly_and_keeps_the_exit_code(
    started: str, arguments: list[str | Path], code: int
) -> None:
    """Like `| head -1`, but sure: nobody ever reads."""
    read_end, write_end = os.pipe()
    os.close(read_end)
    command = [sys.executable, *STARTS[started], *map(str, arguments)]
    ended = subprocess.run(command, stdout=write_end, stderr=subprocess.PIPE, env=environment(), check=False)
    os.close(write_end)
    assert (ended.returncode, ended.stderr) == (code, b"")


def test_the_exit_code_is_that_of_the_process() -> None:
    assert start("check", SAMPLES / "diverged").code == 4
    assert start("summary", SAMPLES / "nowhere").code == 3
