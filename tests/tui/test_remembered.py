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
    remember(left, tmp_path / "state" / "screen.json")
    found = View()
    recall(found, tmp_path / "state" / "screen.json")
    assert (found.columns, found.rows, found.smoothing) == (3, 2, SMOOTHING_CYCLE[2])
    assert found.run_order == "best"
    assert found.shown == {"log": False}
    assert found.run_name is None
    assert found.filter_text == ""
    assert [path.name for path in (tmp_path / "state").iterdir()] == ["screen.json"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"shown": 3, "columns": "many", "rows": -1, "smoothing": [], "run_order": {}, "log_shows": 1}',
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
