from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.store.logged import START, batch
from tuimon.store.rows import RowReader, Rows
from tuimon.store.run_store import RunStore

Point = tuple[str, int, float, float]


def points_of(rows: Rows) -> list[Point]:
    columns = (rows.tag_index.tolist(), rows.steps.tolist(), rows.wall_times.tolist(), rows.values.tolist())
    return [(rows.tags[tag], *point) for tag, *point in zip(*columns, strict=True)]


@given(
    records=st.lists(
        st.tuples(st.lists(st.sampled_from("abcd"), min_size=1, max_size=4, unique=True), st.integers(0, 9)),
        max_size=40,
    ),
    seed=st.integers(0, 999),
)
def test_every_point_comes_once_and_in_order_for_any_chunking(
    records: list[tuple[list[str], int]], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    store, reader = RunStore(), RowReader(lambda _: True)
    found: list[Point] = []
    wanted: list[Point] = []
    for order, (tags, step) in enumerate(records):
        store.extend(0, [batch(tags, [step], [order / 7], first_order=order)])
        wanted += [(tag, step, START + order, order / 7) for tag in tags]
        if rng.random() < 0.3:
            found += points_of(reader.read(store.freeze()))
    found += points_of(reader.read(store.freeze()))
    assert [point[1:] for point in found] == [point[1:] for point in wanted]
    assert sorted(found) == sorted(wanted)
    assert len(reader.read(store.freeze())) == 0


@given(
    records=st.lists(
        st.tuples(st.sets(st.sampled_from("abcd"), min_size=1, max_size=4), st.integers(1, 5)), max_size=12
    ),
    most=st.integers(1, 30),
)
def test_a_few_points_at_a_time_are_the_same_rows(records: list[tuple[set[str], int]], most: int) -> None:
    store, order = RunStore(), 0
    for tags, count in records:
        store.extend(0, [batch(sorted(tags), list(range(count)), first_order=order)])
        order += count
    view, reader = store.freeze(), RowReader(lambda _: True)
    pieces = [reader.read(view, most)]
    while reader.has_left:
        pieces.append(reader.read(view, most))
        assert 0 < len(pieces[-1]) <= max(most, 4)
    whole = RowReader(lambda _: True).read(view)
    assert [point for piece in pieces for point in points_of(piece)] == points_of(whole)
    assert sum(piece.record[-1] for piece in pieces if len(piece)) == (whole.record[-1] if len(whole) else 0)


def test_only_wanted_tags_come() -> None:
    store = RunStore()
    store.extend(0, [batch(["loss", "noise", "lr"], [1, 2])])
    rows = RowReader(lambda tag: tag != "noise").read(store.freeze())
    assert rows.tags == ("loss", "lr")
    assert rows.tag_index.tolist() == [0, 1, 0, 1]


def test_points_of_one_record_share_its_number() -> None:
    store = RunStore()
    store.extend(0, [batch(["loss", "lr"], [1, 2]), batch("eval_loss", [2], first_order=2)])
    rows = RowReader(lambda _: True).read(store.freeze())
    assert np.diff(rows.record).tolist() == [0, 1, 0, 1]


def test_streams_are_merged_by_time() -> None:
    store = RunStore()
    store.extend(0, [batch("loss", [1, 2, 3], wall_times=START + np.array([0, 10, 20]))])
    store.extend(1, [batch("gpu.0.util", [0, 0, 0, 0], wall_times=START + np.array([5, 10, 12, 40]))])
    rows = RowReader(lambda _: True).read(store.freeze())
    assert (rows.wall_times - START).tolist() == [0, 5, 10, 10, 12, 20, 40]
    assert rows.tag_index.tolist() == [0, 1, 0, 1, 1, 0, 1]
    assert (np.diff(rows.record) == 1).all()


def test_a_point_without_a_time_stays_behind_the_one_before_it() -> None:
    store = RunStore()
    store.extend(0, [batch("loss", [1, 2, 3], wall_times=[START, math.nan, START + 20])])
    store.extend(1, [batch("speed", [0, 0], wall_times=[START + 5, START + 9])])
    rows = RowReader(lambda _: True).read(store.freeze())
    assert [rows.tags[index] for index in rows.tag_index] == ["loss", "loss", "speed", "speed", "loss"]
    assert rows.steps.tolist() == [1, 2, 0, 0, 3]


def test_a_clock_that_jumps_back_does_not_change_the_order_within_a_stream() -> None:
    store = RunStore()
    store.extend(0, [batch("loss", [1, 2, 3], wall_times=START + np.array([0, -3600, -3599]))])
    store.extend(1, [batch("speed", [0], wall_times=[START + 1])])
    rows = RowReader(lambda _: True).read(store.freeze())
    assert rows.steps[rows.tag_index == rows.tags.index("loss")].tolist() == [1, 2, 3]


def test_a_part_of_the_rows_is_cut_from_every_column() -> None:
    store = RunStore()
    store.extend(0, [batch(["loss", "lr"], [1, 2, 3], [7, 8, 9])])
    part = RowReader(lambda _: True).read(store.freeze()).part(1, 4)
    assert points_of(part) == [
        ("lr", 1, START, 7.0),
        ("loss", 2, START + 1, 8.0),
        ("lr", 2, START + 1, 8.0),
    ]


def test_no_points_make_no_rows() -> None:
    rows = RowReader(lambda _: True).read(RunStore().freeze())
    assert len(rows) == 0
    assert rows.tags == ()
    assert rows.values.dtype == np.float64


def test_points_without_times_get_those_of_a_series_that_tells_the_same() -> None:
    store = RunStore()
    steps, values = list(range(0, 500, 10)), [1 / (step + 1) for step in range(500)]
    # Behind step 200 it paused for an hour.
    times = START + np.array(steps) + 3600 * (np.array(steps) > 200)
    store.extend(0, [batch("train/loss", steps, values[::10], wall_times=times)])
    store.extend(1, [batch("loss", list(range(500)), values, wall_times=[math.nan] * 500)])
    store.extend(2, [batch("gpu.0.util", [0, 0], wall_times=START + np.array([35.5, 3900.5]))])
    view = store.freeze()
    assert set(view.series) == {"loss", "gpu.0.util"}
    rows = RowReader(lambda _: True).read(view)
    is_loss = rows.tag_index == rows.tags.index("loss")
    assert rows.steps[is_loss].tolist() == list(range(500))
    found = rows.wall_times[is_loss] - START
    assert found[[0, 35, 200, 210, 215, 490]].tolist() == [0, 35, 200, 3810, 3815, 4090]
    assert np.isnan(found[201:210]).all()
    assert np.isnan(found[491:]).all()
    # Each reading stands between the steps in which it was taken.
    assert rows.steps[np.flatnonzero(~is_loss) - 1].tolist() == [35, 300]


def test_a_border_lies_behind_a_record() -> None:
    store = RunStore()
    store.extend(0, [batch(["loss", "lr", "norm"], [1, 2]), batch("eval_loss", [2], first_order=2)])
    rows = RowReader(lambda _: True).read(store.freeze())
    assert [rows.border(at) for at in range(1, 9)] == [3, 3, 3, 6, 6, 6, 7, 7]
