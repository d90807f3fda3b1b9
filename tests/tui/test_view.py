from __future__ import annotations

from tuimon.tui.view import View


def test_moving_stays_within_the_list() -> None:
    view = View()
    view.move("runs", 3, 5)
    assert view.line("runs") == 3
    view.move("runs", 10, 5)
    assert view.line("runs") == 4
    view.move("runs", -100, 5)
    assert view.line("runs") == 0
    assert view.line("log") == 0


def test_moving_in_an_empty_list_stays_at_its_beginning() -> None:
    view = View()
    view.move("diagnosis", 1, 0)
    assert view.line("diagnosis") == 0


def test_two_views_share_nothing() -> None:
    first, second = View(), View()
    first.shown["log"] = False
    first.cursor["log"] = 7
    assert second.shown == {}
    assert second.cursor == {}


def test_a_filter_finds_metrics_by_what_they_are_too() -> None:
    view = View(filter_text="lr")
    assert view.matches("Training/Learning_Rate")
    assert not view.matches("Training/Loss")
    view.filter_text = "!lr"
    assert not view.matches("Training/Learning_Rate")
    assert view.matches("Training/Loss")
    view.filter_text = "gpu_("
    assert view.matches("odd/gpu_(0)")
    assert not view.matches("loss")
