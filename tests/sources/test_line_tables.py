"""Lines of one shape are read as tables; what comes of them is the same as if each line were parsed."""

from __future__ import annotations

import json
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sources.reading import Points, points_by_tag
from tuimon.core.batch import Problem, Record
from tuimon.sources import jsonl
from tuimon.sources.base import ReadBudget
from tuimon.sources.line_shape import learn_shape
from tuimon.sources.line_tables import TableReader
from tuimon.sources.tail import LineTail

SHAPES = [
    '{"step":#,"time":#,"train/loss":#,"lr":#}',
    '{"step": #, "train": {"loss": #, "acc": #}, "eval": {"loss": #}, "n": {}}',
    '{"a":#}',
    ' {"loss" : # , "b\\"x": #,"step":#}  ',
    '{"epoch":#,"loss":#,"v":{"w":{"x":#}}}',
    '{"time":#,"loss":#}',
    '{"loss":#,"名,前":#,"step_1":#,"mode":"train","list":[1,2]}',
]
NUMBERS = st.one_of(
    st.floats().map(json.dumps),
    st.floats(-9, 9).map(lambda value: f"{value:.4f}"),
    st.integers(0, 3000).map(str),
    st.integers().map(str),
    st.sampled_from(
        ["null", '"2.5"', '"x"', "true", "{}", '{"y":1}', "1.5e-07", "-0", "01", "1e400", "1700000000.5"]
    ),
)


def parsed_only(path: Path, budget: int) -> tuple[list[Record], list[Problem]]:
    """Read a file with every line parsed."""
    with mock.patch("tuimon.sources.line_tables._FEWEST_LINES", 1 << 40):
        return both(path, budget)


def both(path: Path, budget: int) -> tuple[list[Record], list[Problem]]:
    source = jsonl.JsonlSource((path,))
    records: list[Record] = []
    problems: list[Problem] = []
    more = True
    while more:
        result = source.read(ReadBudget(budget))
        records += result.records
        problems += result.problems
        more = result.more
    return records, problems


def assert_same(path: Path, budget: int) -> dict[str, Points]:
    records, problems = both(path, budget)
    expected_records, expected_problems = parsed_only(path, budget)
    found, expected = points_by_tag(records), points_by_tag(expected_records)
    assert found.keys() == expected.keys()
    for tag, points in expected.items():
        for column, expected_column in zip(found[tag], points, strict=True):
            assert column.tobytes() == expected_column.tobytes() or (
                np.isnan(column).tolist() == np.isnan(expected_column).tolist()
                and np.nan_to_num(column).tobytes() == np.nan_to_num(expected_column).tobytes()
            ), tag
    assert sorted(problems, key=str) == sorted(expected_problems, key=str)
    others = [repr(record) for record in records if not hasattr(record, "tags")]
    assert others == [repr(record) for record in expected_records if not hasattr(record, "tags")]
    return found


@st.composite
def logs(draw: st.DrawFn) -> bytes:
    """Return lines of a few shapes, some with other values or damaged."""
    shapes = draw(st.lists(st.sampled_from(SHAPES), min_size=1, max_size=2))
    usual = draw(st.lists(NUMBERS, min_size=1, max_size=4))
    odd = draw(st.lists(st.tuples(st.integers(0, 60), NUMBERS | st.none()), max_size=6))
    lines = []
    for number in range(60):
        line = shapes[number % 7 % len(shapes)]
        for index in range(line.count("#")):
            line = line.replace("#", usual[(index + number) % len(usual)], 1)
        lines.append(line)
    for place, value in odd:
        line = shapes[0].replace("#", value or "}", 1).replace("#", "7")
        lines[place % len(lines)] = line if value else lines[place % len(lines)][1:]
    end = draw(st.sampled_from(["\n", "\r\n", "\n\n"]))
    return "".join(f"{line}{end}" for line in lines).encode()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=logs(), budget=st.sampled_from([1 << 20, 3000, 900]))
def test_tables_hold_what_parsing_finds(tmp_path: Path, text: bytes, budget: int) -> None:
    path = tmp_path / "m.jsonl"
    path.write_bytes(text)
    assert_same(path, budget)


@pytest.mark.parametrize(("first", "later", "steps"), [("0", "0.0", [0, 0, 1]), ("0.0", "0", [0, 1, 2])])
def test_the_first_epoch_tells_whether_epochs_are_steps(
    tmp_path: Path, first: str, later: str, steps: list[int]
) -> None:
    lines = [f'{{"epoch":{first},"loss":0.5}}', f'{{"epoch":{later},"loss":true}}', '{"epoch":true,"loss":1}']
    path = tmp_path / "m.jsonl"
    path.write_text("".join(f"{line}\n" for line in lines * 40))
    assert assert_same(path, 1 << 20)["loss"][1][:3].tolist() == steps


@pytest.mark.parametrize("step", [2**53 + 1, 2**63 - 512, 2**64 - 1066])
def test_a_step_beyond_float64_among_fractions_stays_exact(tmp_path: Path, step: int) -> None:
    path = tmp_path / "m.jsonl"
    path.write_text(f'{{"step":{step},"loss":7,"time":7}}\n' + '{"step":0.0,"loss":0.0,"time":0.0}\n' * 59)
    assert_same(path, 1 << 20)


def test_step_and_time_may_stand_anywhere_in_a_row(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    lines = [f'{{"loss":{n / 64},"step":{n},"lr":1e-05,"time":{n / 4},"n":{n}}}' for n in range(200)]
    lines[100] = lines[100].replace("lr", "rate")
    path.write_text("".join(f"{line}\n" for line in lines))
    assert table_lines(path) == 199
    assert_same(path, 1 << 20)


def rows(count: int) -> list[str]:
    return [
        json.dumps({"step": n, "time": 1.7e9 + n / 3, "loss": 2 - n / 7, "n": {"x": n}}) for n in range(count)
    ]


def table_lines(path: Path) -> int:
    """Return how many lines of a file are read as tables."""
    with LineTail(path).read_block() as block:
        tables, _ = TableReader().read(block)
    return sum(len(table.places) for table in tables)


def test_lines_of_one_shape_are_one_table(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    path.write_text("".join(f"{line}\n" for line in rows(500)))
    assert table_lines(path) == 500
    found = assert_same(path, 1 << 20)
    assert found["loss"].values.tolist() == [2 - n / 7 for n in range(500)]
    assert found["loss"].steps.tolist() == list(range(500))
    assert found["n/x"].wall_times.tolist() == [1.7e9 + n / 3 for n in range(500)]


@pytest.mark.parametrize("place", [0, 1, 150, 298, 299])
@pytest.mark.parametrize(
    "other",
    [
        '{"step": 7, "time": 1700000000.5, "loss": 1.5, "n": {"y": 7}}',
        '{"step": 7, "time": 1700000000.5, "loss": 1.5, "n": {"x": 7}',
        '{"step": 7, "time": 1700000000.5, "loss": 1.5, "n": {"x": 7}}}',
        '{"step": 7, "time": 1700000000.5, "loss": , "n": {"x": 7}}',
        '{"step": 7, "time": 1700000000.5, "loss": null, "n": {"x": 7}}',
        '{"step": 7, "time": 1700000000.5, "loss": "a, b", "n": {"x": 7}}',
        '{"step": 7, "time": 1700000000.5, "loss": 1.5-2, "n": {"x": 7}}',
        '{"step": 7, "time": 1700000000.5, "lo,s": 1.5, "n": {"x": 7}}',
        '{"step": 7, "time": 1700000000.5, "loss": 1.5, "n": {"x": 7}, "event": "finished"}',
        '{"step": 9007199254740993, "time": 1700000000.5, "loss": 1.5, "n": {"x": 7}}',
        '{"step": 7.5, "time": 1700000000, "loss": -1.5e-07, "n": {"x": 7}}',
        "7",
        ",,,",
    ],
)
def test_another_line_costs_only_itself(tmp_path: Path, other: str, place: int) -> None:
    path = tmp_path / "m.jsonl"
    lines = rows(300)
    lines[place] = other
    path.write_text("".join(f"{line}\n" for line in lines))
    assert table_lines(path) >= 299
    assert_same(path, 1 << 20)


def test_blocks_that_are_held_together_have_memory_of_their_own(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / name).write_text(f"{name}1\n{name}2\n")
    for _ in range(2):  # the second time in memory that was used before
        with LineTail(tmp_path / "a").read_block() as a, LineTail(tmp_path / "b").read_block() as b:
            with LineTail(tmp_path / "c").read_block() as c:
                assert [bytes(line) for line in c.lines(np.arange(2))] == [b"c1", b"c2"]
            assert [bytes(line) for line in a.lines(np.arange(2))] == [b"a1", b"a2"]
            assert [bytes(line) for line in b.lines(np.arange(2))] == [b"b1", b"b2"]


def test_shapes_in_turn_are_tables_too(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    lines = rows(300)
    lines[2::3] = [f'{{"step": {n}, "eval/loss": {n / 8}, "loss": 1}}' for n in range(100)]
    path.write_text("".join(f"{line}\n" for line in lines))
    assert table_lines(path) == 300
    assert len(assert_same(path, 1 << 20)["loss"].values) == 300


def test_a_rule_about_a_row_is_about_those_that_follow(tmp_path: Path) -> None:
    path = tmp_path / "scalars.json"
    train = ['{"loss": 1.5, "time": 0.5, "epoch": 3, "iter": 90, "step": 90}']
    path.write_text(
        "".join(f"{line}\n" for line in [*train, *['{"mAP": 0.5, "step": 3}'] * 50, *["no json"] * 2])
    )
    found = assert_same(path, 1 << 20)
    assert found["mAP"].steps.tolist() == [90] * 50


@pytest.mark.parametrize(
    "line",
    [
        b'{"a": 1, "a": 2}',
        b'{"a/b": 1, "a": {"b": 2}}',
        b'{"a": 1, "b": null}',
        b'{"a": 1, "b": [1]}',
        b'{"a": 1, "config": {"lr": 1}}',
        b'{"a": NaN}',
        b'{"a": true}',
        b'{"a": {"b":' * 9 + b"1" + b"}" * 18,
        b"[1]",
        b"{}",
        b"{",
    ],
)
def test_no_shape_is_learned_from_what_needs_a_closer_look(line: bytes) -> None:
    assert learn_shape(line) is None


def test_what_a_null_means_does_not_hang_on_which_lines_are_tables(tmp_path: Path) -> None:
    lines = b'{"time":{},"loss":0.0}\n{"time":0.0,"loss":null}\n{"time":null,"loss":{}}\n'
    path = tmp_path / "m.jsonl"
    path.write_bytes(40 * lines)
    assert_same(path, 1 << 20)
