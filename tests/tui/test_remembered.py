"""The screen is tomorrow as it was left today, and a damaged memory harms nobody."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tuimon.analysis.smoothing import SMOOTHING_CYCLE
from tuimon.tui.remembered import FIRST_HINT, recall, remember
from tuimon.tui.view import View


def test_lasting_choices_come_back_and_passing_ones_do_not(tmp_path: Path) -> None:
    left = View(
        "healthy", filter_text="loss", columns=3, rows=2, smoothing=SMOOTHING_CYCLE[2], run_order="best"
    )
    left.shown["log"] = False
    left.sizes["side"] = 0.25
    remember(left, tmp_path / "state" / "screen.json")
    found = View()
    recall(found, tmp_path / "state" / "screen.json")
    assert (found.columns, found.rows, found.smoothing) == (3, 2, SMOOTHING_CYCLE[2])
    assert found.run_order == "best"
    assert found.shown == {"log": False}
    assert found.sizes == {"side": 0.25}
    assert found.run_name is None
    assert found.filter_text == ""
    assert [path.name for path in (tmp_path / "state").iterdir()] == ["screen.json"]


def test_favourites_are_those_of_a_project(tmp_path: Path) -> None:
    memory = tmp_path / "screen.json"
    here, there = tmp_path / "here", Path(os.fsdecode(b"/data/\xff"))
    remember(View(favourites={"train/loss", "lr"}), memory, [here])
    remember(View(favourites={"reward"}), memory, [there])
    found, elsewhere, both = View(), View(), View()
    recall(found, memory, [here])
    recall(elsewhere, memory, [there])
    recall(both, memory, [here, there])
    assert found.favourites == {"train/loss", "lr"}
    assert elsewhere.favourites == {"reward"}
    assert both.favourites == {"train/loss", "lr", "reward"}
    remember(View(), memory, [here])
    recall(found, memory, [here])
    assert found.favourites == set()


def test_the_projects_left_last_are_remembered_where_room_is_short(tmp_path: Path) -> None:
    memory = tmp_path / "screen.json"
    for name in ("first", "second", "third"):
        remember(View(favourites={name * 20_000}), memory, [tmp_path / name])
    found, forgotten = View(), View()
    recall(found, memory, [tmp_path / "third"])
    recall(forgotten, memory, [tmp_path / "first"])
    assert len(found.favourites) == 1
    assert forgotten.favourites == set()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"shown": 3, "columns": "many", "rows": -1, "smoothing": [], "run_order": {}, "log_shows": 1}',
        '{"favourites": {"/": "loss", "/data": [1, null]}}',
        '{"favourites": ["loss"], "sizes": {"side": 7.0, "bottom": true, "elsewhere": 0.5}}',
        '{"shown": {"nothing": true, "log": "yes"}, "columns": 99, "rows": true, "run_order": "colour"}',
    ],
)
def test_a_damaged_memory_changes_nothing(text: str, tmp_path: Path) -> None:
    path = tmp_path / "screen.json"
    path.write_text(text)
    view = View()
    recall(view, path)
    assert view == View()


def test_what_is_no_file_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "screen.json")
    recall(View(), tmp_path / "screen.json")
    recall(View(), tmp_path / "missing.json")


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file, not a folder")
    remember(View(), tmp_path / "state" / "screen.json")


def test_who_is_new_is_told_what_to_press_and_nobody_else(tmp_path: Path) -> None:
    path = tmp_path / "screen.json"
    first, second = View(), View()
    recall(first, path)
    assert first.message == FIRST_HINT
    remember(first, path)
    recall(second, path)
    assert second.message == ""
