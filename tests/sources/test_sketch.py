"""A sketch holds points of the file and nothing else, its first and its last one among them."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from tests.sources.event_writer import event, frame, simple, summary, version
from tuimon.core.batch import Record, ScalarBatch
from tuimon.core.columns import Columns
from tuimon.sources import sketch
from tuimon.sources.base import UNBOUNDED, SourceRef
from tuimon.sources.registry import open_source
from tuimon.sources.sketch import read_sketch
from tuimon.store.axis import Axis
from tuimon.store.run_store import RunStore

COUNT = 4000


@pytest.fixture(autouse=True)
def _small_files_count_as_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sketch, "LARGE_BYTES", 10_000)
    monkeypatch.setattr(sketch, "_WINDOW_BYTES", 1000)


def value_at(step: int) -> float:
    return math.sin(step / 300)


def jsonl(
    path: Path, steps: Iterable[int], value: Callable[[int], float] = value_at, *, numbered: bool = False
) -> SourceRef:
    rows = ({"loss": value(step)} if numbered else {"step": step, "loss": value(step)} for step in steps)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return SourceRef("jsonl", (path,))


def events(path: Path, steps: Iterable[int], value: Callable[[int], float] = value_at) -> SourceRef:
    frames = (frame(event(summary(simple("loss", value(step))), step)) for step in steps)
    path.write_bytes(version() + b"".join(frames))
    return SourceRef("tfevents", (path,))


def text(path: Path, steps: Iterable[int], value: Callable[[int], float] = value_at) -> SourceRef:
    """Write a log whose lines have the steps of the progress bars before them."""
    lines = (
        f" 10%|# | {step}/{COUNT} [00:01<00:09, 1.5it/s]\r{{'loss': {value(step)}, 'epoch': {step / 100}}}\n"
        for step in steps
    )
    path.write_text("".join(lines))
    return SourceRef("text", (path,))


def points(records: Iterable[Record] | None) -> list[tuple[int, float]]:
    batches = [record for record in records or () if isinstance(record, ScalarBatch)]
    return [
        (int(step), float(value))
        for batch in batches
        for step, value in zip(batch.steps, batch.values[batch.tags.index("loss")], strict=True)
    ]


WRITERS = [
    (jsonl, "metrics.jsonl", COUNT),
    (events, "events.out.tfevents.1700000000.host", 1200),
    (text, "train.log", 1200),
]


@pytest.mark.parametrize(("write", "name", "count"), WRITERS)
def test_a_sketch_is_a_thin_part_of_the_file_from_end_to_end(
    tmp_path: Path, write: Callable[..., SourceRef], name: str, count: int
) -> None:
    found = points(read_sketch(write(tmp_path / name, range(count)), 12))
    assert found[0][0] == 0
    assert found[-1][0] == count - 1
    assert 50 < len(found) < count / 2
    steps = np.array([step for step, _ in found])
    assert (np.diff(steps) > 0).all()
    assert np.diff(steps).max() < count / 8
    assert all(value == pytest.approx(value_at(step), rel=1e-6) for step, value in found)
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(("write", "name"), [(write, name) for write, name, _ in WRITERS])
def test_a_sketch_lies_within_the_curve_that_replaces_it(
    tmp_path: Path, write: Callable[..., SourceRef], name: str
) -> None:
    count = 1500
    noisy = np.random.default_rng(0).normal(0, 0.2, count) + np.sin(np.arange(count) / 200)
    spikes = {333: 50.0, 1111: -40.0}
    noisy[list(spikes)] = list(spikes.values())
    exact = noisy.astype(np.float32).astype(np.float64)
    ref = write(tmp_path / name, range(count), lambda step: float(exact[step]))
    edges = np.linspace(0, count - 1, 31)
    drawn = columns_of(read_sketch(ref, 20) or (), edges)
    loaded = columns_of(open_source(ref).read(UNBOUNDED).records, edges)
    # Of column i, the neighbourhood is what lies between the columns beside it.
    for column in np.flatnonzero(drawn.count):
        beside = slice(max(0, column - 1), column + 2)
        assert loaded.lo[beside].min() <= drawn.lo[column] <= drawn.hi[column] <= loaded.hi[beside].max()
    assert 10 < np.count_nonzero(drawn.count) < 30
    assert drawn.count.sum() < count
    parts = [exact[(edges[n] <= np.arange(count)) & (np.arange(count) < edges[n + 1])] for n in range(29)]
    assert loaded.lo[:29].tolist() == [part.min() for part in parts]
    assert loaded.hi[:29].tolist() == [part.max() for part in parts]
    assert (loaded.hi.max(), loaded.lo.min(), loaded.count.sum()) == (50.0, -40.0, count)


def columns_of(records: Iterable[Record], edges: npt.NDArray[np.float64]) -> Columns:
    """Return the columns of a chart of the loss."""
    store = RunStore()
    store.extend(0, records)
    return store.freeze().series["loss"].window(Axis.STEP, edges)


def test_several_files_share_the_windows_by_their_sizes(tmp_path: Path) -> None:
    first = jsonl(tmp_path / "a.jsonl", range(3000)).paths
    second = jsonl(tmp_path / "b.jsonl", range(3000, 3010)).paths
    steps = [step for step, _ in points(read_sketch(SourceRef("jsonl", first + second), 10))]
    assert {0, 2999, 3000, 3009} <= set(steps)
    assert steps[-10:] == list(range(3000, 3010))


def test_damage_and_broken_lines_are_left_out(tmp_path: Path) -> None:
    ref = jsonl(tmp_path / "a.jsonl", range(COUNT))
    raw = bytearray(ref.paths[0].read_bytes())
    raw[len(raw) // 2 :: 5000] = b"\xff" * len(raw[len(raw) // 2 :: 5000])
    ref.paths[0].write_bytes(raw)
    found = points(read_sketch(ref, 12))
    assert len(found) > 50
    assert all(value == pytest.approx(value_at(step)) for step, value in found)


def test_rows_that_are_merely_numbered_have_no_sketch(tmp_path: Path) -> None:
    assert read_sketch(jsonl(tmp_path / "a.jsonl", range(COUNT), numbered=True), 12) is None


def test_small_gone_and_packed_files_and_other_formats_have_none(tmp_path: Path) -> None:
    small = jsonl(tmp_path / "small.jsonl", range(5))
    assert read_sketch(small, 12) is None
    assert read_sketch(SourceRef("jsonl", (tmp_path / "gone.jsonl",)), 12) is None
    large = jsonl(tmp_path / "large.jsonl", range(COUNT))
    assert read_sketch(SourceRef("hf", large.paths), 12) is None
    assert read_sketch(SourceRef("jsonl", (tmp_path / "x.jsonl.gz", *large.paths)), 12) is None
    assert read_sketch(SourceRef("jsonl", (tmp_path / "gone.jsonl", *large.paths)), 12) is not None


def test_a_log_whose_step_falls_has_no_sketch(tmp_path: Path) -> None:
    assert read_sketch(text(tmp_path / "a.log", range(COUNT)), 12) is not None
    assert read_sketch(text(tmp_path / "b.log", [*range(1000), *range(500, 1500)]), 12) is None
