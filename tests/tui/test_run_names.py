"""Runs are called on the screen as they were called where they were logged."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from shutil import copyfile

from tests.tui.states import make_state
from tuimon.monitor.once import read_once
from tuimon.output.run_query import parse_query
from tuimon.output.summary import summary_lines
from tuimon.sources.naming import Root
from tuimon.tui.run_names import shown_names

WRITTEN = Path(__file__).parents[1] / "fixtures" / "wandb" / "offline.wandb"
FOLDER = "wandb/offline-run-20260101_000000-abc"


def test_a_run_of_wandb_has_the_name_that_was_given_to_it(tmp_path: Path) -> None:
    path = tmp_path / FOLDER / "run-abc.wandb"
    path.parent.mkdir(parents=True)
    copyfile(WRITTEN, path)
    (state,) = read_once([Root(tmp_path, None)]).runs
    assert state.name.endswith(FOLDER)
    assert shown_names([state]) == [state.given_name]
    assert parse_query(state.given_name[:6])(state)
    assert f"{state.name} ({state.given_name})" in next(iter(summary_lines(state)))


def test_a_name_that_does_not_tell_runs_apart_is_not_used() -> None:
    plain = [make_state([], name=f"wandb/run-{number}") for number in range(3)]
    assert shown_names(plain) == ["run-0", "run-1", "run-2"]
    first, second, third = (replace(state, given_name="sun-12") for state in plain)
    assert shown_names([first, second, third]) == ["run-0", "run-1", "run-2"]
    assert shown_names([first, plain[1], replace(third, given_name="moon-13")]) == [
        "sun-12",
        "run-1",
        "moon-13",
    ]
