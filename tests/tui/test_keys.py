"""One table for bindings, help, footer and README: it is complete, and everything in it works."""

from __future__ import annotations

import inspect
from collections import Counter

from textual.keys import Keys, format_key

from tests.tui.states import sample_snapshot, snapshot_of
from tuimon.tui.actions import Actions
from tuimon.tui.app import TuimonApp
from tuimon.tui.keys import KEYS, Key, footer_keys, help_groups, markdown_table
from tuimon.tui.panes.footer import footer_row
from tuimon.tui.panes.help import help_rows
from tuimon.tui.rows import row_width
from tuimon.tui.view import View


def action_of(key: Key) -> tuple[str, tuple[object, ...]]:
    name, _, arguments = key.action.partition("(")
    return name, eval(f"({arguments[:-1]},)") if arguments else ()  # noqa: S307  # the program's own table


def test_every_action_of_the_table_exists_and_takes_its_arguments() -> None:
    for key in KEYS:
        name, arguments = action_of(key)
        method = getattr(TuimonApp, f"action_{name}")
        inspect.signature(method).bind(None, *arguments)


def test_every_action_of_ours_is_in_the_table() -> None:
    ours = {name.removeprefix("action_") for name in dir(Actions) if name.startswith("action_")}
    assert ours - {action_of(key)[0] for key in KEYS} == set()


def test_no_key_stands_twice() -> None:
    counted = Counter(name for key in KEYS for name in key.keys.split(","))
    assert [name for name, count in counted.items() if count > 1] == []


def test_textual_knows_every_key_of_the_table() -> None:
    named = {key.value for key in Keys}
    for name in (name for key in KEYS for name in key.keys.split(",")):
        assert len(name) == 1 or name in named or len(format_key(name)) == 1, name


def test_what_is_shown_names_each_key_that_is_bound() -> None:
    for key in KEYS:
        assert len(key.shown.split()) <= len(key.keys.split(",")), key.shown
        assert key.label
        assert key.help
        assert not key.help.endswith(".")


def test_ctrl_c_leaves() -> None:
    assert [key.action for key in KEYS if "ctrl+c" in key.keys.split(",")] == ["quit"]


def test_the_help_shows_every_key() -> None:
    text = "\n".join("".join(span for span, _ in row) for row in help_rows(100, [], "braille"))
    for key in KEYS:
        assert key.shown in text
        assert key.help in text


def test_the_help_fits_on_a_large_screen_in_two_columns() -> None:
    rows = help_rows(196, ["a.jsonl: broken"], "braille")
    assert {row_width(row) for row in rows} == {196}
    assert len(rows) < 57
    columns = ["\n".join("".join(span for span, _ in row)[x : x + 98] for row in rows) for x in (0, 98)]
    words = " ".join(" ".join(columns).split())
    assert all(key.help.split()[-1] in words for key in KEYS)
    assert "a.jsonl: broken" in columns[0].splitlines()[1]
    assert columns[0].startswith("What could not be read")
    assert columns[1].splitlines()[3].strip() in dict(help_groups())


def test_the_groups_hold_every_key_once() -> None:
    listed = [key for _, keys in help_groups() for key in keys]
    assert sorted(listed, key=KEYS.index) == list(KEYS)


def test_the_markdown_table_has_a_line_for_every_key() -> None:
    lines = markdown_table().splitlines()
    assert lines[0] == "| key | what it does |"
    assert len(lines) == 2 + len(help_groups()) + len(KEYS)
    assert all(line.count("|") == 3 for line in lines)
    assert "| `q` `ctrl+c` | Leave; the training goes on |" in lines


def test_the_footer_shows_help_and_quit_at_every_width_and_more_where_there_is_room() -> None:
    snapshot, view = sample_snapshot(), View()
    for width in range(20, 201):
        row = footer_row(snapshot, view, width)
        text = "".join(span for span, _ in row)
        assert row_width(row) == width
        assert text.startswith("? help")
        assert "q quit" in text
    assert len(footer_keys(replay=False)) >= 8


def test_keys_of_the_replay_are_in_the_footer_of_a_replay_only() -> None:
    live, replay = footer_keys(replay=False), footer_keys(replay=True)
    assert not any(key.replay_only for key in live)
    assert {key for key in replay if key.replay_only}


def test_the_footer_says_what_is_filtered_paused_and_wrong() -> None:
    view = View(filter_text="loss", paused=True, message="no run is named x")
    text = "".join(span for span, _ in footer_row(snapshot_of(), view, 100))
    assert "filter loss" in text
    assert "PAUSED" in text
    assert "no run is named x" in text
