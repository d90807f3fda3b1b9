"""Tables and JSON lines hold every point, as precise as it was logged."""

from __future__ import annotations

import csv
import io
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tuimon
from tests.commands import SAMPLES, Outcome, run
from tuimon.core.batch import ScalarBatch
from tuimon.output.export import rows as export_rows
from tuimon.output.export.numbers import texts_of
from tuimon.output.export.rows import Stretch, rows_of
from tuimon.store.run_store import RunStore

NAMES = ("diverged", "healthy", "huggingface", "overfit", "resumed")
DOUBLES = st.floats(width=64)
SINGLES = st.floats(width=32)


def export(*arguments: str | Path) -> Outcome:
    outcome = run("export", *arguments)
    assert (outcome.code, outcome.err) == (0, "")
    return outcome


@pytest.fixture(scope="module")
def samples() -> tuimon.Runs:
    return tuimon.load(SAMPLES)


def number(text: str) -> float:
    return float(text) if text else math.nan


def test_the_long_table_has_every_point(samples: tuimon.Runs) -> None:
    rows = list(csv.DictReader(io.StringIO(export(SAMPLES, "--to", "csv").out)))
    points: dict[tuple[str, str], list[dict[str, str]]] = {}
    for row in rows:
        points.setdefault((row["run"], row["tag"]), []).append(row)
    assert list(points) == [(one.name, tag) for one in samples for tag in one]
    for (name, tag), found in points.items():
        series = samples[name][tag]
        np.testing.assert_array_equal([int(row["step"]) for row in found], series.steps)
        np.testing.assert_array_equal([number(row["wall_time"]) for row in found], series.wall_times)
        np.testing.assert_array_equal([float(row["value"]) for row in found], series.values)


def test_the_wide_table_has_every_point_in_the_row_of_its_step(samples: tuimon.Runs) -> None:
    rows = list(csv.DictReader(io.StringIO(export(SAMPLES, "--to", "csv", "--wide").out)))
    for one in samples:
        mine = [row for row in rows if row["run"] == one.name]
        for tag, series in one.items():
            held = [row for row in mine if row[tag]]
            np.testing.assert_array_equal([float(row[tag]) for row in held], series.values)
            np.testing.assert_array_equal([int(row["step"]) for row in held], series.steps)
    healthy = [row for row in rows if row["run"] == "healthy"]
    assert len(healthy) < 2 * len(samples["healthy"]["Training/Loss"])


@pytest.mark.parametrize("name", NAMES)
def test_json_lines_are_read_again_as_the_same_run(tmp_path: Path, samples: tuimon.Runs, name: str) -> None:
    export(SAMPLES / name, "-o", tmp_path / "metrics.jsonl")
    (found,) = tuimon.load(tmp_path / "metrics.jsonl")
    expected = samples[name]
    assert set(found) == set(expected)
    assert dict(found.config) == dict(expected.config)
    for tag, series in expected.items():
        for column in ("step", "wall_time", "value"):
            np.testing.assert_array_equal(found[tag].columns()[column], series.columns()[column], err_msg=tag)
    assert found.progress.total_steps == expected.progress.total_steps


def test_json_lines_of_several_runs_name_their_run(samples: tuimon.Runs) -> None:
    documents = export(SAMPLES, "--to", "jsonl").documents
    assert {document["run"] for document in documents} == set(samples.names)
    values = [d["train/loss"] for d in documents if d["run"] == "diverged" and "train/loss" in d]
    assert values.count("NaN") == 12


def test_names_of_columns_cannot_be_taken_for_tags(tmp_path: Path) -> None:
    (tmp_path / "run.csv").write_text("global_step,train_loss,run,event\n1,0.5,7,8\n2,0.4,7,8\n")
    first, *_ = export(tmp_path / "run.csv", "--to", "jsonl").documents
    assert first == {"step": 1, "train_loss": 0.5, "run/": 7.0, "event/": 8.0}


def test_cells_are_quoted_where_a_table_needs_it(tmp_path: Path) -> None:
    row = {"step": 1, 'a,"b"\n': 0.5, " c": 1.5}
    (tmp_path / "run.jsonl").write_text(json.dumps(row) + "\n")
    for wide in ([], ["--wide"]):
        table = list(csv.reader(io.StringIO(export(tmp_path, "--to", "csv", *wide).out)))
        tags = table[0][3:] if wide else [line[1] for line in table[1:]]
        assert tags == ['a,"b"\n', " c"]


@given(st.lists(DOUBLES) | st.lists(st.integers(-(2**63), 2**63 - 1)))
def test_a_text_stands_for_one_number_only(numbers: list[Any]) -> None:
    column = np.array(numbers, np.int64 if numbers and isinstance(numbers[0], int) else np.float64)
    kind = int if column.dtype.kind == "i" else float
    np.testing.assert_array_equal([kind(text) for text in texts_of(column)], column)


@given(st.lists(SINGLES))
def test_a_single_is_written_as_the_double_that_it_is(numbers: list[float]) -> None:
    column = np.array(numbers, np.float32)
    np.testing.assert_array_equal([float(text) for text in texts_of(column)], column.astype(np.float64))


def test_windows_hold_every_point_once_and_begin_where_a_step_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_rows, "_WINDOW_POINTS", 64)
    monkeypatch.setattr(export_rows, "_SAMPLED_EVERY", 8)
    store = RunStore()
    for stream, tags in enumerate((("a", "b", "c"), ("late",))):
        for number, tag in enumerate(tags):
            order = 3 * np.arange(50 if tag != "b" else 5) + number + (200 if tag == "late" else 0)
            batch = ScalarBatch(
                (tag,), order, order // 3, np.full(len(order), np.nan), (order.astype(float),)
            )
            store.extend(stream, [batch])
    run = store.freeze()
    found = list(export_rows.windows(run, ["a", "b", "c", "late"]))
    assert len(found) > 2
    for tag in ("a", "b", "c", "late"):
        parts = [each.values for window in found for each in window.stretches if each.tag == tag]
        np.testing.assert_array_equal(np.concatenate(parts), run.series[tag].values)
    first = [window.stretches[0] for window in found if window.stream == 0]
    assert all(each.tag == "a" for each in first)
    for window in found:
        assert all(window.stop is None or (each.order < window.stop).all() for each in window.stretches)


def test_no_window_is_empty_where_there_are_more_tags_than_points() -> None:
    tags, order = tuple(map(str, range(300))), np.arange(3)
    store = RunStore()
    store.extend(0, [ScalarBatch(tags, order, order, np.full(3, np.nan), (np.zeros(3),) * len(tags))])
    found = list(export_rows.windows(store.freeze(), tags))
    assert all(window.stretches for window in found)
    assert sum(len(each.order) for window in found for each in window.stretches) == 900


POINTS = st.lists(
    st.tuples(st.integers(0, 20), st.integers(0, 3), st.sampled_from([math.nan, 1.0, 2.0])), min_size=1
)


@settings(max_examples=60)
@given(st.lists(POINTS, min_size=1, max_size=4), st.booleans())
def test_rows_hold_every_point_once_and_of_one_step(
    tags: list[list[tuple[int, int, float]]],
    exact: bool,  # noqa: FBT001 - hypothesis gives it
) -> None:
    stretches = []
    for number_of_tag, points in enumerate(tags):
        order, steps, times = (
            np.array(column) for column in zip(*sorted(points, key=lambda p: p[0]), strict=True)
        )
        values = np.arange(float(len(order)))
        stretches.append(Stretch(str(number_of_tag), order, steps, times.astype(float), values))
    rows = rows_of(stretches, one_time=exact)
    assert [tag for tag, _, _ in rows.cells] == [stretch.tag for stretch in stretches]
    for stretch, (_, places, values) in zip(stretches, rows.cells, strict=True):
        np.testing.assert_array_equal(np.unique(places), places)
        np.testing.assert_array_equal(rows.steps[places], stretch.steps)
        np.testing.assert_array_equal(values, stretch.values)
        if exact:
            np.testing.assert_array_equal(rows.wall_times[places], stretch.wall_times)
    covered = np.concatenate([places for _, places, _ in rows.cells])
    np.testing.assert_array_equal(np.unique(covered), np.arange(len(rows)))
    assert (np.diff(rows.order) >= 0).all()
