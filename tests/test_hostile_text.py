"""Text from files, however hostile or foreign: it is shown, and never drives the terminal."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from tests.bad_files import HOSTILE, hostile_folder
from tests.commands import Outcome, run, start, summarised
from tests.watching import wait_for, wait_until_quiet, watching


def hostile_characters(outcome: Outcome) -> set[str]:
    printed = (outcome.out + outcome.err).replace("\n", "")
    return {each for each in printed if unicodedata.category(each) in {"Cc", "Cf", "Cs", "Zl", "Zp"}}


@pytest.mark.parametrize(
    "arguments",
    [
        ["summary"],
        ["summary", "--json"],
        ["summary", "--latest"],
        ["check"],
        ["check", "--json"],
        ["eta"],
        ["eta", "--json"],
        ["eta", "--trace"],
        ["eta", "--trace", "--json"],
        ["doctor"],
        ["watch", "--once"],
        ["replay"],
        ["replay", "--run", HOSTILE],
        ["summary", "--total", HOSTILE],
    ],
    ids=" ".join,
)
def test_no_command_prints_what_could_drive_the_terminal(arguments: list[str], tmp_path: Path) -> None:
    outcome = run(*arguments, hostile_folder(tmp_path / "outputs"))
    codes = {"--run": 3, "replay": 2, "--total": 2, "check": 4}
    assert outcome.code == next((code for word, code in codes.items() if word in arguments), 0)
    assert hostile_characters(outcome) == set()
    assert outcome.out or outcome.err


@pytest.mark.parametrize("command", ["summary", "check", "eta", "doctor", "watch", "replay"])
def test_no_error_prints_what_could_drive_the_terminal(command: str, tmp_path: Path) -> None:
    for given in (tmp_path / f"gone{HOSTILE}", f"{HOSTILE}={tmp_path}", f"--no{HOSTILE}"):
        outcome = run(command, given)
        assert outcome.code in (2, 3)
        assert hostile_characters(outcome) == set()
    assert hostile_characters(run(HOSTILE)) == set()


def test_hostile_and_east_asian_text_is_whole_in_json(tmp_path: Path) -> None:
    document = summarised(hostile_folder(tmp_path))
    for state in document["runs"]:
        if "not-utf8" not in state["run"]:
            series = state["series"]
            assert f"{HOSTILE}/loss" in series
            assert series.keys() & {"损失/loss", "訓練/loss"}
    assert {"损失曲线", "wide🔥"} <= {state["run"] for state in document["runs"]}
    jsonl = next(state for state in document["runs"] if state["run"] == "损失曲线")
    assert jsonl["config"][f"key{HOSTILE}"] == f"value{HOSTILE}"
    assert jsonl["series"]["损失/loss"]["nan"] == 1
    assert any("git lfs pull" in each["message"] for each in document["problems"])
    found = run("check", "--json", tmp_path / "损失曲线.jsonl").documents
    assert {each["series"] for each in found if each["rule"] == "nan_inf"} == {
        f"{HOSTILE}/loss",
        "损失/loss",
    }


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_any_locale_can_be_printed_in(encoding: str, tmp_path: Path) -> None:
    folder = hostile_folder(tmp_path / "outputs")
    text = start("summary", folder, PYTHONIOENCODING=encoding)
    assert (text.code, "损失曲线" in text.out) == (0, encoding == "utf-8")
    parsed = start("summary", "--json", folder, PYTHONIOENCODING=encoding)
    (document,) = parsed.documents
    assert "损失曲线" in {state["run"] for state in document["runs"]}


def test_a_hostile_folder_is_watched_whole(tmp_path: Path) -> None:
    folder = hostile_folder(tmp_path / "outputs")
    expected = len(summarised(folder)["runs"])
    with watching(folder) as monitor:
        whole = wait_for(
            monitor, lambda s: len(s.runs) == expected and all(run.loaded == 1.0 for run in s.runs)
        )
        for state in whole.runs:
            assert not any(unicodedata.category(each) in {"Cc", "Cf", "Cs"} for each in state.name)
        wait_until_quiet(monitor)
