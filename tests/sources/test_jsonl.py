from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sources import truth
from tests.sources.reading import Points, of_kind, points_by_tag, read_all
from tuimon.core.batch import ConfigRecord, LifecycleRecord, LogLine, ScalarBatch
from tuimon.sources.base import UNBOUNDED, Confidence, ReadBudget
from tuimon.sources.jsonl import JsonlSource
from tuimon.sources.jsonl_sniff import JsonlFactory
from tuimon.sources.rows import MAX_TAGS

NAN = float("nan")
INF = float("inf")
Write = Callable[..., JsonlSource]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write lines (texts, or values to be dumped) to a file and open it."""

    def written(*lines: object, name: str = "metrics.jsonl") -> JsonlSource:
        texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
        path = tmp_path / name
        path.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
        return JsonlSource((path,))

    return written


def series(source: JsonlSource) -> dict[str, Points]:
    return points_by_tag(read_all(source))


def test_rows_of_one_shape_are_one_batch(write: Write) -> None:
    rows = [{"step": n, "time": 1.7e9 + n, "train/loss": 2.0 - n / 10, "lr": 1e-4} for n in range(5)]
    (batch,) = of_kind(read_all(write(*rows)), ScalarBatch)
    assert batch.tags == ("train/loss", "lr")
    assert batch.order.tolist() == batch.steps.tolist() == [0, 1, 2, 3, 4]
    assert batch.wall_times.tolist() == [1.7e9 + n for n in range(5)]
    assert batch.values[0].tolist() == [2.0, 1.9, 1.8, 1.7, 1.6]
    assert batch.order.dtype == batch.steps.dtype == np.int64
    assert batch.values[0].dtype == np.float64


def test_nested_names_are_joined_by_slashes(write: Write) -> None:
    found = series(
        write({"step": 1, "train": {"loss": 2, "opt": {"lr": 0.1}}}, {"step": 2, "train": {"loss": 1}})
    )
    assert found["train/loss"].values.tolist() == [2, 1]
    assert found["train/opt/lr"].steps.tolist() == [1]


def test_sparse_names_cost_only_themselves(write: Write) -> None:
    source = write(*({"step": n, "loss": 1.0} | ({"eval_loss": 2.0} if n % 4 == 3 else {}) for n in range(8)))
    found = series(source)
    assert found["loss"].steps.tolist() == list(range(8))
    assert found["eval_loss"].steps.tolist() == found["eval_loss"].order.tolist() == [3, 7]


def test_rows_without_a_step_carry_the_last_one(write: Write) -> None:
    found = series(
        write({"gpu.0.util": 1}, {"step": 7, "loss": 1}, {"gpu.0.util": 2}, {"step": 9, "loss": 1})
    )
    assert found["gpu.0.util"].steps.tolist() == [0, 7]


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ("step", "iteration"),
        ("global_step", "epoch"),
        ("current_steps", "epoch"),
        ("_step", "train/global_step"),
    ],
)
def test_the_best_known_name_is_the_step(write: Write, better: str, worse: str) -> None:
    found = series(write({worse: 3, better: 40, "loss": 1}, {worse: 3, "loss": 1}))
    assert found["loss"].steps.tolist() == [40, 40]
    assert better not in found
    assert found[worse].values.tolist() == [3, 3]


def test_an_epoch_is_a_step_where_nothing_better_is_logged(write: Write) -> None:
    found = series(write({"epoch": 4, "loss": 1}, {"epoch": 5, "loss": 1}))
    assert found["loss"].steps.tolist() == [4, 5]
    assert found["epoch"].values.tolist() == [4, 5]


def test_a_fractional_epoch_is_no_step(write: Write) -> None:
    found = series(write({"epoch": 0.5, "loss": 1}, {"gpu.0.util": 3}, {"epoch": 1.0, "loss": 1}))
    assert found["loss"].steps.tolist() == [0, 1]
    assert found["gpu.0.util"].steps.tolist() == [0]


def test_rows_of_a_file_without_steps_are_numbered(write: Write) -> None:
    rows = [{"loss": 1}, {"loss": 2}, {"cpu.util": 9}, {"loss": 3}, {"iter": 70, "loss": 4}, {"loss": 5}]
    found = points_by_tag(read_all(write(*rows), ReadBudget(12)))
    assert found["loss"].steps.tolist() == [0, 1, 2, 70, 70]
    assert found["cpu.util"].steps.tolist() == [1]


def test_large_steps_are_exact(write: Write) -> None:
    found = series(
        write({"step": 2**60 + 1, "loss": 1, "tokens": 2**70}, {"step": "12", "loss": 1, "tokens": 5})
    )
    assert found["loss"].steps.tolist() == [2**60 + 1, 12]
    assert found["tokens"].values.tolist() == [2.0**70, 5]


@pytest.mark.parametrize(
    ("spelling", "value"),
    [
        ("NaN", NAN),
        ("Infinity", INF),
        ("-Infinity", -INF),
        ("1e400", INF),
        ("1" * 400, INF),
        ("null", NAN),
        ('"NaN"', NAN),
        ('"nan"', NAN),
        ('"inf"', INF),
        ('"Infinity"', INF),
        ('"-Infinity"', -INF),
        ('"2.5"', 2.5),
        ("true", 1.0),
        ("false", 0.0),
    ],
)
def test_every_spelling_of_a_number_is_kept(write: Write, spelling: str, value: float) -> None:
    lines = '{"step": 1, "loss": 2.0}', f'{{"step": 2, "loss": {spelling}}}', '{"step": 3, "loss": 1.5}'
    result = write(*lines).read(UNBOUNDED)
    assert result.problems == ()
    np.testing.assert_array_equal(points_by_tag(result.records)["loss"].values, [2.0, value, 1.5])


def test_a_null_of_a_row_filled_to_all_names_is_nothing(write: Write) -> None:
    rows: list[dict[str, object]] = [{"step": 0, "loss": None, "eval_loss": 3.0}]
    rows += [{"step": n, "loss": 1.0, "eval_loss": None} for n in range(1, 4)]
    rows += [{"step": 4, "loss": None, "eval_loss": 2.0}]
    found = series(write(*rows))
    assert found["loss"].steps.tolist() == [1, 2, 3]
    assert found["eval_loss"].values.tolist() == [3.0, 2.0]


def test_text_and_lists_are_no_points(write: Write) -> None:
    row = {
        "step": 1,
        "loss": 1,
        "name": "run",
        "grads": [1, 2],
        "long": "9" * 60,
        "since": "1 day, 2:03:04",
    }
    assert set(series(write(row))) == {"loss"}


@pytest.mark.parametrize(
    ("name", "logged"),
    [
        ("time", 1752758669.5),
        ("_timestamp", 1752758669.5),
        ("timestamp", 1752758669500),
        ("timestamp", "1752758669.5"),
        ("wall_time", 1752758669500000),
        ("ts", "2025-07-17T13:24:29.500+00:00"),
        ("timestamp", "2025-07-17 13:24:29.5Z"),
    ],
)
def test_clocks_become_unix_seconds(write: Write, name: str, logged: object) -> None:
    found = series(write({"step": 1, name: logged, "loss": 1}, {"step": 2, "loss": 1}))
    assert set(found) == {"loss"}
    np.testing.assert_allclose(found["loss"].wall_times, [1752758669.5, NAN], rtol=0, atol=1e-6)


def test_seconds_per_iteration_are_no_clock(write: Write) -> None:
    found = series(write({"iteration": 19, "time": 2.2, "total_loss": 1}, {"iteration": 39, "time": 2.3}))
    assert found["time"].values.tolist() == [2.2, 2.3]
    assert np.isnan(found["total_loss"].wall_times).all()


def test_a_config_line_is_flattened(write: Write) -> None:
    config = {
        "lr": 1e-4,
        "model": {"layers": 12, "name": "gpt", "tie": True},
        "betas": [0.9, 0.99],
        "seed": None,
    }
    records = read_all(write({"time": 1.7e9, "config": config}, {"step": 1, "loss": 1}))
    (found,) = of_kind(records, ConfigRecord)
    assert dict(found.values) == {
        "lr": 1e-4,
        "model.layers": 12,
        "model.name": "gpt",
        "model.tie": True,
        "betas": "[0.9, 0.99]",
        "seed": None,
    }
    assert found.wall_time == 1.7e9
    assert set(points_by_tag(records)) == {"loss"}


def test_totals_are_facts_once(write: Write) -> None:
    rows = [{"current_steps": n, "total_steps": 100 if n < 3 else 200, "loss": 1} for n in range(5)]
    records = read_all(write(*rows), ReadBudget(60))
    assert [dict(record.values) for record in of_kind(records, ConfigRecord)] == [
        {"total_steps": 100},
        {"total_steps": 200},
    ]


def test_events_are_lifecycle_records_and_words_are_log_lines(write: Write) -> None:
    records = read_all(
        write(
            {"event": "resumed", "step": 3},
            {"step": 4, "loss": 1, "event": "train"},
            {"event": "nothing known", "message": "a word", "time": 1.7e9},
            {"message": "slow \u001b[31m", "level": "warning"},
            {"event": "finished", "step": 9, "message": "all well"},
            {"event": "finished", "exit_code": 1},
        )
    )
    events = of_kind(records, LifecycleRecord)
    assert [(event.kind, event.order, event.step, event.text) for event in events] == [
        ("writer", 0, 3, "resumed"),
        ("finished", 4, 9, "all well"),
        ("failed", 5, 9, "finished"),
    ]
    assert [(line.order, line.level, line.text) for line in of_kind(records, LogLine)] == [
        (2, "info", "nothing known: a word"),
        (3, "warning", "slow \u001b[31m"),
    ]


def test_bad_lines_are_told_with_their_place_and_the_rest_is_read(write: Write) -> None:
    source = write(
        {"step": 0, "loss": 1}, "Traceback (most recent call last):", "[1, 2]", "   ", {"step": 1, "loss": 2}
    )
    result = source.read(UNBOUNDED)
    found = points_by_tag(result.records)["loss"]
    assert (found.order.tolist(), found.steps.tolist()) == ([0, 4], [0, 1])
    assert [problem.offset for problem in result.problems] == [23, 58]


def test_many_bad_lines_are_few_problems(write: Write) -> None:
    result = write(*(["no json"] * 500), {"step": 1, "loss": 1}).read(UNBOUNDED)
    assert len(result.problems) == 6
    assert len(points_by_tag(result.records)["loss"].values) == 1


def test_a_git_lfs_pointer_is_called_one(write: Write) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1", "oid sha256:00", "size 1234"
    result = write(*pointer).read(UNBOUNDED)
    assert [problem.message for problem in result.problems] == ["Git LFS pointer: run git lfs pull"]
    assert result.records == ()


def test_hostile_lines_are_survived(tmp_path: Path) -> None:
    path = tmp_path / "hostile.jsonl"
    deep = b'{"a":' * 900 + b"1" + b"}" * 900
    bomb = b"[" * 100_000
    wide = json.dumps({f"key{n}": n for n in range(100_000)}).encode()
    long = b'{"step": 1, "text": "' + b"x" * 10_000_000 + b'"}'
    junk = bytes(range(256)).replace(b"\n", b"") * 20
    good = b'{"step": 2, "loss": 1.5, "bad\\ud800name": 1, "\xff": 2}'
    path.write_bytes(b"\n".join([b'{"step": 0, "loss": 2.5}', deep, bomb, long, junk, good, wide]) + b"\n")
    result = JsonlSource((path,)).read(UNBOUNDED)
    found = points_by_tag(result.records)
    assert found["loss"].values.tolist() == [2.5, 1.5]
    assert 4 < len(found) <= MAX_TAGS
    for tag in found:
        tag.encode()
    messages = " ".join(problem.message for problem in result.problems)
    assert "nested deeper" in messages
    assert "different names" in messages
    assert "more than 8388608 bytes" in messages


def test_a_last_line_without_an_end_is_taken_once_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    path.write_text('{"step": 1, "loss": 3}\n{"step": 2, "lo')
    source = JsonlSource((path,))
    assert series(source)["loss"].steps.tolist() == [1]
    with path.open("a") as file:
        file.write('ss": 2}')
    assert series(source)["loss"].steps.tolist() == [2]
    with path.open("a") as file:
        file.write('\n{"step": 3, "loss": 1}')
    found = series(source)["loss"]
    assert (found.steps.tolist(), found.order.tolist()) == ([3], [2])


def test_a_rewritten_file_goes_on_in_order_as_another_writer(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    path.write_text("".join(f'{{"step": {n}, "loss": 1}}\n' for n in range(5)))
    source = JsonlSource((path,))
    read_all(source)
    path.write_text('{"step": 0, "loss": 9}\n')
    result = source.read(UNBOUNDED)
    (writer,) = of_kind(result.records, LifecycleRecord)
    found = points_by_tag(result.records)["loss"]
    assert (writer.kind, writer.order) == ("writer", 5)
    assert (found.order.tolist(), found.values.tolist()) == ([5], [9])
    assert len(result.problems) == 1


def test_a_file_that_does_not_exist_yet_is_read_when_it_comes(tmp_path: Path) -> None:
    source = JsonlSource((tmp_path / "m.jsonl",))
    assert len(source.read(UNBOUNDED).problems) == 1
    assert source.read(UNBOUNDED).problems == ()
    (tmp_path / "m.jsonl").write_text('{"step": 1, "loss": 1}\n')
    assert series(source)["loss"].steps.tolist() == [1]


def test_further_files_follow_in_order(tmp_path: Path) -> None:
    first, second = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    for path in (first, second):
        path.write_text('{"step": 1, "loss": 1}\n{"step": 2, "loss": 1}\n')
    source = JsonlSource((first,))
    assert series(source)["loss"].order.tolist() == [0, 1]
    source.add_paths((first, second))
    assert series(source)["loss"].order.tolist() == [2, 3]
    assert source.total_bytes == first.stat().st_size + second.stat().st_size


LOG = [
    '{"time": 1700000000, "config": {"max_steps": 9}}',
    '{"gpu.0.util": 5, "time": 1700000001}',
    '{"epoch": 1, "loss": null, "val": {"acc": 0.5}}',
    '{"epoch": 1, "loss": 2.5, "val": {"acc": null}, "名前": 1}',
    "no json",
    '{"step": 10, "loss": NaN, "val": {"acc": 0.25, "f1": "nan"}, "time": 1700000002}',
    '{"step": 20, "loss": null, "time": 1700000003, "total_steps": 100}',
    '{"loss": 1e400, "step": 30}',
    '{"step": 5, "event": "resumed", "loss": 1}',
]


@given(cuts=st.lists(st.integers(0, 600), max_size=12), budget=st.integers(1, 200))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_how_the_bytes_arrive_changes_nothing(tmp_path: Path, cuts: list[int], budget: int) -> None:
    data = "".join(f"{line}\r\n" for line in LOG).encode()
    whole, growing = tmp_path / "whole.jsonl", tmp_path / "growing.jsonl"
    whole.write_bytes(data)
    growing.write_bytes(b"")
    source = JsonlSource((growing,))
    records = []
    done = 0
    for cut in [*sorted(cuts), len(data)]:
        with growing.open("ab") as file:
            file.write(data[done : max(cut, done)])
        done = max(cut, done)
        records += read_all(source, ReadBudget(budget))
    found, expected = points_by_tag(records), series(JsonlSource((whole,)))
    assert found.keys() == expected.keys()
    for tag, points in expected.items():
        for column, expected_column in zip(found[tag], points, strict=True):
            np.testing.assert_array_equal(column, expected_column)


@pytest.mark.parametrize(
    ("name", "text", "confidence"),
    [
        ("a.jsonl", '{"step": 1, "loss": 2}\n', Confidence.CERTAIN),
        ("a.ndjson", '{"x": 1.5}\n', Confidence.LIKELY),
        ("a.jsonl", '{"config": {"lr": 1}}\n', Confidence.CERTAIN),
        ("a.jsonl", '{"train": {"step": 1, "loss": 2}}\n', Confidence.LIKELY),
        ("metrics.json", '{"iteration": 19, "lr": 1}\n', Confidence.CERTAIN),
        ("log.txt", '{"epoch": 1, "train_loss": 1}\n', Confidence.CERTAIN),
        ("log.txt", '{"train_loss": 1, "test": [' + "1, " * 3000, Confidence.LIKELY),
        ("odd.log", '{"step": 1, "loss": 2}\n{"step": 2, "loss": 2}\n', Confidence.CERTAIN),
        ("metrics.jsonl", "", Confidence.LIKELY),
        ("other.jsonl", "", Confidence.POSSIBLE),
        ("set.jsonl", '{"question": "how many apples?", "answer": 3}\n', Confidence.POSSIBLE),
        ("set.jsonl", '{"text": "words only"}\n', Confidence.NO),
        ("config.json", '{"epoch": 3, "lr": 1}', Confidence.NO),
        ("metrics.json", '{"accuracy": 0.9}', Confidence.NO),
        ("log.txt", "----\n| loss | 1 |\n", Confidence.NO),
        ("a.jsonl", "\x00\x01\x02 junk", Confidence.NO),
        ("a.csv", "step,loss\n", Confidence.NO),
    ],
)
def test_content_tells_json_lines(name: str, text: str, confidence: Confidence) -> None:
    assert JsonlFactory().sniff(Path(name), text.encode()[:4096]).confidence is confidence


def test_a_hundred_thousand_points_take_a_moment(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    with path.open("w") as file:
        for n in range(10_000):
            file.write(
                json.dumps({"step": n, "time": 1.7e9 + n, **{f"m{k}": n / (k + 1) for k in range(10)}}) + "\n"
            )
            file.write(json.dumps({"time": 1.7e9 + n, "gpu.0.util": n % 100}) + "\n")
    begin_s = time.process_time()
    records = read_all(JsonlSource((path,)), ReadBudget())
    assert time.process_time() - begin_s < 2
    assert sum(len(points.values) for points in points_by_tag(records).values()) == 110_000
    assert len(records) < 20


@pytest.mark.shared
def test_real_files_agree_with_the_reference_reader(capsys: pytest.CaptureFixture[str]) -> None:
    compared, wrong = 0, []
    kinds = "jsonl", "llamafactory_trainer_log", "metrics_json", "jsonlines_log_txt"
    files: dict[Path, dict[str, Any]] = truth.entries(*kinds)
    for path, entry in files.items():
        count, faults = truth.disagreements(path, entry, JsonlSource((path,)))
        compared += count
        wrong += faults
    with capsys.disabled():
        print(f"\nJSON lines: {compared - len(wrong)} of {compared} columns in {len(files)} files agree")  # noqa: T201 the count is the result
    assert not wrong
    assert compared > 100
