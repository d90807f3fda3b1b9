"""Exported event files hold what the source holds, for tuimon's reader and for TensorBoard's own."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import tuimon
from tests.commands import SAMPLES, run
from tuimon.core.batch import HistogramBatch, ImageRecord, Record, TextRecord
from tuimon.monitor.once import find_runs
from tuimon.monitor.plain import iter_records
from tuimon.sources.naming import Root

NAMES = ("diverged", "healthy", "huggingface", "overfit", "resumed")


@pytest.fixture(scope="module", params=["single", "double"])
def exported(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("board") / str(request.param)
    double = ["--double"] if request.param == "double" else []
    outcome = run("export", SAMPLES, "-o", folder, "--to", "tfevents", *double)
    assert (outcome.code, outcome.err) == (0, "")
    return folder


def as_exported(values: npt.NDArray[Any], folder: Path) -> npt.NDArray[Any]:
    """Return values in the precision in which they were exported."""
    return values.astype(np.float32) if folder.name == "single" else values


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_lost_on_the_way_there_and_back(exported: Path, name: str) -> None:
    (found,) = tuimon.load(exported / name)
    (expected,) = tuimon.load(SAMPLES / name)
    assert set(found) == set(expected)
    for tag, series in expected.items():
        values = as_exported(series.values, exported)
        assert found[tag].values.dtype == values.dtype, tag
        for column, numbers in (series.columns() | {"value": values}).items():
            np.testing.assert_array_equal(found[tag].columns()[column], numbers, err_msg=f"{tag} {column}")
    assert dict(found.config) == dict(expected.config)
    assert len(found.problems) == len(expected.problems) == 0


def rich(path: Path) -> dict[tuple[str, str], list[tuple[object, ...]]]:
    """Return texts, histograms and images by kind and tag."""
    (ref,) = find_runs([Root(path)]).runs
    found: dict[tuple[str, str], list[tuple[object, ...]]] = {}
    for record in iter_records(ref):
        for kind, tag, content in _contents(record):
            found.setdefault((kind, tag), []).append(content)
    return found


def _contents(record: Record) -> list[tuple[str, str, tuple[object, ...]]]:
    if isinstance(record, TextRecord):
        return [("text", record.tag, (record.step, record.wall_time, record.text))]
    if isinstance(record, ImageRecord):
        image = record.step, record.wall_time, record.width, record.height, record.content.read(1 << 20)
        return [("image", record.tag, image)]
    if isinstance(record, HistogramBatch):
        columns = record.steps.tolist(), record.wall_times.tolist(), record.edges, record.counts
        return [
            ("histogram", record.tag, (step, time, edges.tolist(), counts.tolist()))
            for step, time, edges, counts in zip(*columns, strict=True)
        ]
    return []


def test_texts_and_histograms_are_kept_all(exported: Path) -> None:
    expected = rich(SAMPLES / "healthy")
    assert {kind for kind, _ in expected} >= {"text", "histogram"}
    assert rich(exported / "healthy") == expected


def write_run(folder: Path, rows: list[dict[str, object]]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return folder


def test_any_number_and_step_survives(tmp_path: Path) -> None:
    values = [0.1, -0.0, 5e-324, 1.7e308, math.nan, math.inf, -math.inf, 1e16, 2**53 + 2]
    steps = [0, 127, 128, 16384, 2**31, 2**62, 5, -3, 10**6]
    rows: list[dict[str, object]] = [
        {"step": step, "time": 1.75e9 + n / 3, "loss": value, '损失/train,"x"': value}
        for n, (step, value) in enumerate(zip(steps, values, strict=True))
    ]
    source = write_run(tmp_path / "run", rows)
    assert run("export", source, "-o", tmp_path / "board", "--to", "tfevents", "--double").code == 0
    (found,) = tuimon.load(tmp_path / "board")
    (expected,) = tuimon.load(source)
    assert list(found) == list(expected)
    for tag in expected:
        np.testing.assert_array_equal(found[tag].values, values)
        np.testing.assert_array_equal(found[tag].steps, expected[tag].steps)
        np.testing.assert_array_equal(found[tag].wall_times, expected[tag].wall_times)


def test_a_filter_holds_for_everything(tmp_path: Path) -> None:
    assert (
        run("export", SAMPLES / "healthy", "-o", tmp_path, "--to", "tfevents", "--tag", "embedding").code == 0
    )
    (path,) = tmp_path.rglob("events*")
    assert {tag for _, tag in rich(path)} == {
        tag for _, tag in rich(SAMPLES / "healthy") if "embedding" in tag
    }


@pytest.mark.parametrize("name", NAMES)
def test_the_reader_of_tensorboard_sees_the_source(exported: Path, name: str) -> None:
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    make_ndarray: Callable[[object], npt.NDArray[np.float64]]
    make_ndarray = pytest.importorskip("tensorboard.util.tensor_util").make_ndarray
    everything = {"scalars": 0, "tensors": 0, "histograms": 0, "images": 0}
    board = accumulator.EventAccumulator(str(exported / name), size_guidance=everything).Reload()
    (expected,) = tuimon.load(SAMPLES / name)
    scalars = set(board.Tags()["scalars"])
    plugins = board.PluginTagToContent("scalars") if expected and set(expected) - scalars else {}
    assert scalars | set(plugins) == set(expected)
    for tag, series in expected.items():
        events = board.Scalars(tag) if tag in scalars else board.Tensors(tag)
        values = [e.value if tag in scalars else make_ndarray(e.tensor_proto).item() for e in events]
        np.testing.assert_array_equal(values, as_exported(series.values, exported))
        np.testing.assert_array_equal([event.step for event in events], series.steps)
        known = np.nan_to_num(series.wall_times)  # a time that is not known is none for TensorBoard
        np.testing.assert_array_equal([event.wall_time for event in events], known)
