"""Queries mean the runs that a person would point at."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

from tests.tui.states import make_state, sample_states
from tuimon.core.batch import ConfigRecord
from tuimon.output.run_query import _FACTS, QueryError, parse_query, run_value

SCREEN_PAGE = Path(__file__).parent.parent.parent / "docs" / "screen.md"


def named(query: str) -> list[str]:
    chosen = parse_query(query)
    return [state.name for state in sample_states() if chosen(state)]


EVERY = ["diverged", "healthy", "huggingface", "overfit", "resumed"]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", EVERY),
        ("  ", EVERY),
        ("over", ["overfit"]),
        ("!over", ["diverged", "healthy", "huggingface", "resumed"]),
        ("^h.*y$", ["healthy"]),
        ("status:failed", ["diverged"]),
        ("status=DONE and loss<0.7", ["healthy", "overfit", "resumed"]),
        ("status=done loss<0.7", ["healthy", "overfit", "resumed"]),
        ("loss<0.1 or loss=nan", ["diverged", "overfit"]),
        ("not (loss<0.1 or loss=nan)", ["healthy", "huggingface", "resumed"]),
        ("attempts>=2", ["resumed"]),
        ("findings>0", ["diverged", "overfit"]),
        ("finding:overfitting", ["overfit"]),
        ("progress<60%", ["diverged"]),
        ("elapsed>15m", ["healthy", "resumed"]),
        ("step>0.6k and step<=700", ["resumed"]),
        ("name~^h and lr>=1e-5", ["healthy"]),
        ("loss!=nan", ["healthy", "huggingface", "overfit", "resumed"]),
        ("nothing_like_it>3", []),
        ("nothing_like_it!=3", []),
        ("(", None),
        ("loss<", None),
        ("loss<<2", None),
        ("loss<small", None),
        ("<2", None),
        ("healthy)", None),
        ("not", None),
        ("(healthy", None),
    ],
)
def test_query(query: str, names: list[str] | None) -> None:
    if names is None:
        with pytest.raises(QueryError):
            parse_query(query)
    else:
        assert named(query) == names


def test_a_broken_expression_is_taken_literally() -> None:
    assert named("[") == []
    assert named('name~"h["') == []


def test_a_setting_is_found_by_its_last_name() -> None:
    state = make_state([ConfigRecord({"optimizer.lr": 3e-4, "seed": 1, "bf16": True, "model": "tiny"})])
    assert run_value(state, "optimizer.lr") == 3e-4
    assert parse_query("lr=0.0003 and seed=1 and bf16=true and model:TIN")(state)
    assert not parse_query("seed>1")(state)


def test_what_is_not_a_number_is_neither_larger_nor_smaller() -> None:
    diverged = next(state for state in sample_states() if state.name == "diverged")
    value = run_value(diverged, "loss")
    assert isinstance(value, float)
    assert math.isnan(value)
    assert not parse_query("loss<9e99 or loss>=0")(diverged)


def test_the_documentation_names_every_fact() -> None:
    line = next(line for line in SCREEN_PAGE.read_text(encoding="utf-8").splitlines() if "by a fact:" in line)
    documented = re.findall(r"`(\w+)`", line.split("by a fact:")[1])
    assert documented == list(_FACTS)
