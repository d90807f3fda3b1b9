"""What files are, where a person knows better than the guess."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands import run, summarised

TABLE = "step,loss\n" + "".join(f"{step},{1 / step}\n" for step in range(1, 30))
LOG = "".join(f"step {step}/100 | loss: {1 / step}\n" for step in range(1, 30))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a table by a name that says nothing, and a log that is of no interest."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "curve.dat").write_text(TABLE)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "train.log").write_text(LOG)
    return tmp_path


def found(*arguments: str | Path) -> dict[str, list[str]]:
    return {each["run"]: each["formats"] for each in summarised(*arguments)["runs"]}


def test_a_pattern_takes_files_in_and_leaves_files_out(folder: Path) -> None:
    assert found(folder) == {"b": ["text"]}
    assert found(folder, "--format", "*.dat=csv") == {"a/curve": ["csv"], "b": ["text"]}
    assert found(folder, "--format", "*.dat=csv", "--format", "b/*=none") == {"a/curve": ["csv"]}


def test_a_file_that_is_named_is_what_it_is_said_to_be(folder: Path) -> None:
    assert "is no log of metrics" in run("summary", folder / "a" / "curve.dat").err
    assert found(folder / "a" / "curve.dat", "--format", "csv") == {"curve": ["csv"]}


def test_a_replay_is_told_so_too(folder: Path) -> None:
    outcome = run("replay", folder / "a" / "curve.dat", "--format", "csv")
    assert (outcome.code, outcome.err) == (
        2,
        "tuimon: replay needs a terminal; try `tuimon summary` or `tuimon check`\n",
    )


def test_a_status_and_a_wait_are_told_so_too(folder: Path) -> None:
    file = folder / "a" / "curve.dat"
    assert " curve @29 loss " in run("status", file, "--format", "csv").out
    outcome = run("wait", file, "--format", "csv", "--until", "step=20", "--timeout", "20s")
    assert (outcome.code, outcome.out) == (0, "curve: step 29\n")


def test_settings_say_so_too(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    (folder / "tuimon.toml").write_text('[formats]\n"*.dat" = "csv"\n"train.log" = "none"\n')
    assert found(folder) == {"a/curve": ["csv"]}
    assert found(folder, "--format", "train.log=text") == {"a/curve": ["csv"], "b": ["text"]}
    told = run("doctor", folder).out
    assert "curve.dat: csv (certain): is so, as tuimon.toml or --format says" in told
    assert "train.log: not read: is left out, as tuimon.toml or --format says" in told


@pytest.mark.parametrize("said", ["cvs", "*.dat=cvs", "="])
def test_an_unknown_format_is_wrong_usage_that_names_those_known(said: str, folder: Path) -> None:
    outcome = run("summary", folder, "--format", said)
    assert outcome.code == 2
    assert "one of tfevents, jsonl" in outcome.err


def test_a_file_that_is_not_what_it_is_said_to_be_is_read_as_far_as_it_goes(folder: Path) -> None:
    outcome = run("summary", folder / "b" / "train.log", "--format", "tfevents")
    assert outcome.code == 0
    assert "problem: " in outcome.out
