"""The source of W&B's `.wandb` files."""

from __future__ import annotations

import json
import math
import os
import random
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sources import wandb_writer as writer
from tests.sources.reading import Points, of_kind, points_by_tag, read_all
from tests.sources.truth import FOLDER
from tuimon.core.batch import (
    ConfigRecord,
    HistogramBatch,
    LifecycleRecord,
    LogLine,
    Record,
    ScalarBatch,
    TextRecord,
)
from tuimon.core.roles import Role, role_of
from tuimon.sources.base import UNBOUNDED, Confidence, ReadBudget, ReadResult
from tuimon.sources.discovery import discover
from tuimon.sources.naming import Root
from tuimon.sources.protobuf import DamagedMessageError, fields
from tuimon.sources.protobuf_table import field_table, varint_column
from tuimon.sources.wandb_file import WandbFactory
from tuimon.sources.wandb_items import Items, items_of, split_items

FIXTURE = Path(__file__).parents[1] / "fixtures" / "wandb" / "offline.wandb"
INSPECTED = FIXTURE.with_name("offline.inspected.jsonl")
NONFINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
ROWS = [
    writer.history({"loss": str(1 / (n + 1)), "_step": str(2 * n), "_timestamp": str(2000.5 + n)}, n + 3)
    for n in range(2000)
]


def read(path: Path) -> ReadResult:
    return WandbFactory().open((path,)).read(UNBOUNDED)


def written(folder: Path, *records: bytes) -> Path:
    path = folder / "run-abc.wandb"
    path.write_bytes(writer.file_of(records))
    return path


def points_of(folder: Path, *records: bytes) -> dict[str, Points]:
    return points_by_tag(read(written(folder, *records)).records)


def inspected() -> tuple[dict[str, list[float]], list[int], list[float]]:
    """Return what W&B's own reader finds: numbers by name, steps and times of the rows."""
    numbers: dict[str, list[float]] = defaultdict(list)
    for line in INSPECTED.read_text().splitlines():
        record: dict[str, Any] = json.loads(line)
        for name, value in record.get(record["type"], {}).get("item", {}).items():
            number = NONFINITE.get(value) if isinstance(value, str) else value
            if isinstance(number, int | float):
                numbers[name].append(float(number))
            elif value is None:  # not logged, or NaN: it came behind numbers
                numbers[name].append(math.nan)
    steps = [int(step) for step in numbers.pop("_step")]
    return numbers, steps, numbers.pop("_timestamp")


def test_every_number_of_an_offline_run_is_what_wandb_reads() -> None:
    found = points_by_tag(read(FIXTURE).records)
    expected, steps, times = inspected()
    assert found.keys() == expected.keys()
    for tag, values in expected.items():
        assert np.array_equal(found[tag].values, values, equal_nan=True), tag
    assert found["train/loss"].steps.tolist() == steps
    assert found["train/loss"].wall_times.tolist() == times
    assert found["nested.b.c"].values.tolist() == [2.0 * row for row in range(40)]


def test_an_offline_run_tells_its_config_host_and_end() -> None:
    records = read(FIXTURE).records
    config = {
        name: value for record in of_kind(records, ConfigRecord) for name, value in record.values.items()
    }
    assert config["max_steps"] == 80
    assert config["model.layers"] == 2
    assert config["wandb.display_name"] == "offline fixture"
    begin, end = of_kind(records, LifecycleRecord)
    assert (begin.kind, begin.host) == ("writer", "node17")
    assert (end.kind, end.text, end.step) == ("failed", "exit code 3", 78)
    assert [line.text for line in of_kind(records, LogLine)] == [
        "Loss is high: at step 78",
        "hello from the training",
    ]


def test_histograms_are_read_whole_and_their_numbers_make_no_series() -> None:
    records = read(FIXTURE).records
    histograms = of_kind(records, HistogramBatch)
    assert [(batch.tag, int(batch.steps[0])) for batch in histograms] == [
        ("weights", 18), ("weights", 38), ("weights", 58), ("weights", 78),
    ]  # fmt: skip
    assert histograms[0].counts[0].tolist() == [1, 2, 9]
    assert histograms[0].edges[0].tolist() == [0.0, 0.5, 1.0, 1.5]
    assert not [tag for tag in points_by_tag(records) if tag.startswith("weights")]
    assert {record.tag for record in of_kind(records, TextRecord)} == {"note"}


def wandb_entries() -> dict[Path, dict[str, Any]]:
    if not (FOLDER / "truth.json").exists():
        pytest.skip("needs ../shared/data")
    files = json.loads((FOLDER / "truth.json").read_text())["files"]
    return {FOLDER / name: entry for name, entry in files.items() if entry["kind"] == "wandb_run"}


def test_real_files_agree_with_the_reference_reader() -> None:
    compared = 0
    for path, entry in wandb_entries().items():
        result = read(path)
        found = points_by_tag(result.records)
        for tag, facts in entry["keys"].items():
            if tag in ("_step", "_timestamp") or not facts["numeric"]:
                continue
            values = found[tag].values
            assert (len(values), values[-1]) == (facts["count"], facts["last"]), (path.name, tag)
            assert (np.nanmin(values), np.nanmax(values)) == (facts["min"], facts["max"]), (path.name, tag)
            compared += 1
        assert not {key for key in entry["stats_keys"] if key not in found} - {"network"}
        ends = [r for r in of_kind(result.records, LifecycleRecord) if r.kind in ("finished", "failed")]
        code = entry["exit_code"]
        assert [end.kind for end in ends] == ([] if code is None else ["failed" if code else "finished"])
    assert compared > 150


def test_records_are_the_same_however_the_file_is_read(tmp_path: Path) -> None:
    path = written(tmp_path, writer.run(), *ROWS, writer.output("Traceback (most recent call last):\nError"))
    whole = read_all(WandbFactory().open((path,)))
    parts = read_all(WandbFactory().open((path,)), ReadBudget(max_bytes=1))
    assert len(parts) > len(whole)
    for tag, points in points_by_tag(whole).items():
        for one, other in zip(points, points_by_tag(parts)[tag], strict=True):
            assert np.array_equal(one, other)
    kinds = (LifecycleRecord, LogLine, ConfigRecord)
    assert [r for r in whole if isinstance(r, kinds)] == [r for r in parts if isinstance(r, kinds)]


def test_a_run_is_followed_while_it_is_written(tmp_path: Path) -> None:
    content = writer.file_of([writer.run(), *ROWS[:1200], writer.exit_record(0)])
    path = tmp_path / "run-abc.wandb"
    path.write_bytes(b"")
    source = WandbFactory().open((path,))
    cuts = list(range(0, len(content), len(content) // 40))[1:]
    records: list[Record] = []
    for begin, end in zip([0, *cuts], [*cuts, len(content)], strict=True):
        with path.open("ab") as stream:
            stream.write(content[begin:end])
        result = source.read(UNBOUNDED)
        assert result.problems == ()
        records += result.records
    assert points_by_tag(records)["loss"].steps.tolist() == list(range(0, 2400, 2))
    assert [record.kind for record in of_kind(records, LifecycleRecord)] == ["writer", "finished"]


def test_what_is_not_written_yet_is_read_when_it_is(tmp_path: Path) -> None:
    """On a network file system the end of a file may be NUL bytes until it is written."""
    content = writer.file_of(ROWS[:3])
    path = tmp_path / "run-abc.wandb"
    path.write_bytes(content[:-30] + bytes(30))
    source = WandbFactory().open((path,))
    first = source.read(UNBOUNDED)
    path.write_bytes(content)
    os.utime(path, ns=(1, 1))
    second = source.read(UNBOUNDED)
    assert first.problems == second.problems == ()
    found = points_by_tag([*first.records, *second.records])
    assert found["loss"].steps.tolist() == [0, 2, 4]


@pytest.mark.parametrize("row", [0, 5, 1999])
def test_a_damaged_record_is_told_and_only_that_one_is_missing(tmp_path: Path, row: int) -> None:
    content = writer.file_of(ROWS)
    at = content.index(ROWS[row])
    path = tmp_path / "run-abc.wandb"
    path.write_bytes(content[:at] + b"\xff" + content[at + 1 :])
    result = read(path)
    steps = points_by_tag(result.records)["loss"].steps.tolist()
    assert steps == [2 * n for n in range(2000) if n != row]
    assert [problem.offset for problem in result.problems] == [at - 7]


def test_behind_a_damaged_length_reading_goes_on_at_the_next_block(tmp_path: Path) -> None:
    content = writer.file_of(ROWS)
    at = content.index(ROWS[5]) - 7
    path = tmp_path / "run-abc.wandb"
    path.write_bytes(content[: at + 4] + b"\xff\x7f" + content[at + 6 :])
    result = read(path)
    steps = points_by_tag(result.records)["loss"].steps.tolist()
    missing = sorted(set(range(0, 4000, 2)) - set(steps))
    assert missing == list(range(10, 10 + 2 * len(missing), 2))
    assert steps[-1] == 3998
    assert 0 < len(missing) < 600
    assert [problem.offset for problem in result.problems] == [at]


def test_a_record_longer_than_several_blocks_is_read(tmp_path: Path) -> None:
    wide: dict[str | tuple[str, ...], str] = {f"layer.{n}.norm": str(n / 7) for n in range(3000)}
    wide["_step"] = "4"
    found = points_of(tmp_path, ROWS[0], writer.history(wide), ROWS[9])
    assert len(found) == 3001
    assert found["layer.2999.norm"].values.tolist() == [2999 / 7]
    assert found["loss"].steps.tolist() == [0, 18]


def test_a_file_of_seven_bytes_is_a_run_that_begins(tmp_path: Path) -> None:
    path = written(tmp_path)
    assert path.read_bytes() == writer.HEADER
    assert WandbFactory().sniff(path, writer.HEADER).confidence is Confidence.CERTAIN
    assert WandbFactory().sniff(path, b"").confidence is Confidence.LIKELY
    assert read(path) == ReadResult(bytes_read=7)


def test_a_run_that_was_killed_is_cut_off_and_says_so_once_nobody_writes_it(tmp_path: Path) -> None:
    path = tmp_path / "run-abc.wandb"
    path.write_bytes(writer.file_of(ROWS)[: writer.BLOCK_BYTES])
    os.utime(path, (1e9, 1e9))
    result = read(path)
    (problem,) = result.problems
    assert "cut off" in problem.message
    assert (problem.offset or 0) > writer.BLOCK_BYTES - 200
    assert len(points_by_tag(result.records)["loss"].values) > 300


def test_null_is_nan_only_behind_a_number(tmp_path: Path) -> None:
    rows = [
        writer.history({"loss": text, "_step": str(n)})
        for n, text in enumerate(["null", "1", "null", '"nan"'])
    ]
    found = points_of(tmp_path, *rows)["loss"]
    assert found.steps.tolist() == [1, 2, 3]
    assert np.isnan(found.values).tolist() == [False, True, True]


def test_numbers_of_all_kinds_are_read(tmp_path: Path) -> None:
    texts = [
        "1",
        "-0.5",
        "1e400",
        "NaN",
        "-Infinity",
        "true",
        "123456789012345678901234567890",
        "[1]",
        '"x"',
        "1,2",
    ]
    rows = [writer.history({"value": text, "_step": str(n)}) for n, text in enumerate(texts)]
    found = points_of(tmp_path, *rows)["value"]
    assert found.steps.tolist() == [0, 1, 2, 3, 4, 5, 6, 9]  # `1,2` counts as NaN
    assert found.values[[0, 1, 2, 4, 5]].tolist() == [1, -0.5, math.inf, -math.inf, 1]


def test_a_nested_object_in_one_value_is_taken_apart(tmp_path: Path) -> None:
    packed = '{"_type": "histogram", "values": [1, 2], "packedBins": {"min": 1, "size": 0.5, "count": 2}}'
    row = writer.history({"a": '{"b": {"c": 3, "d": "text"}}', "h": packed, "_step": "7"})
    records = read(written(tmp_path, row)).records
    assert points_by_tag(records)["a.b.c"].values.tolist() == [3]
    (histogram,) = of_kind(records, HistogramBatch)
    assert histogram.edges[0].tolist() == [1, 1.5, 2]
    assert "h.packedBins.min" not in points_by_tag(records)


def test_the_first_byte_of_a_long_length_is_no_length(tmp_path: Path) -> None:
    # Read as what it is, the length of the item is 5 + 18 * 128 bytes.
    item = b"\x0a\x85\x12\x04loss\x82\x01\x7c" + b"1" * 124
    rows = [writer.record(2, item), writer.history({("loss",): "1", "_step": "7"})]
    assert points_of(tmp_path, *rows)["loss"].steps.tolist() == [7]


def test_an_item_that_goes_beyond_its_row_is_none(tmp_path: Path) -> None:
    rows = [writer.history({"_step": str(step), ("loss",): "1.5"}) for step in range(3)]
    item = b"\x12\x04loss\x82\x01"
    rows[1] = rows[1].replace(b"\x0c" + item + b"\x03", b"\x10" + item + b"\x07")
    assert points_of(tmp_path, *rows)["loss"].steps.tolist() == [0, 2]


def test_without_a_step_in_the_items_the_record_states_it(tmp_path: Path) -> None:
    rows = [writer.history({"loss": "1"}, step=step) for step in (0, 130, 5)]
    assert points_of(tmp_path, *rows)["loss"].steps.tolist() == [0, 130, 5]


def test_the_step_in_the_items_comes_before_the_one_that_the_record_states(tmp_path: Path) -> None:
    rows = [
        writer.history({"loss": "1", "_step": "7"}, step=20),
        writer.history({"loss": "1"}, step=21),
        writer.history({"loss": "1", "_step": "9"}, step=22),
        writer.history({"loss": "1"}, step=23),
    ]
    assert points_of(tmp_path, *rows)["loss"].steps.tolist() == [7, 21, 9, 23]


def test_the_metric_that_a_run_defines_as_step_is_its_step(tmp_path: Path) -> None:
    """Hugging Face and Lightning do: `_step` only counts their calls."""
    metric = writer.record(12, writer.part(2, "*") + writer.part(4, "train/global_step"))
    rows = [
        writer.history({"loss": "1", "train/global_step": str(50 * n), "_step": str(n)}) for n in range(1, 4)
    ]
    found = points_of(tmp_path, metric, *rows, writer.history({"late": "1", "_step": "4"}))
    assert found["loss"].steps.tolist() == [50, 100, 150]
    assert found["late"].steps.tolist() == [150]
    assert "train/global_step" not in found


def test_samples_of_the_machine_have_their_roles_and_the_step_before_them(tmp_path: Path) -> None:
    samples = {
        "gpu.0.gpu": "98.0",
        "gpu.0.temp": "53.0",
        "gpu.0.powerWatts": "352.007",
        "network": '{"sent": 5}',
    }
    found = points_of(
        tmp_path, ROWS[3], writer.stats(samples, 1700), writer.exit_record(0), writer.stats(samples, 1701)
    )
    assert found["gpu.0.gpu"].steps.tolist() == [6, 6]
    assert found["gpu.0.gpu"].wall_times.tolist() == [1700.5, 1701.5]
    assert found["network.sent"].values.tolist() == [5, 5]
    roles = [role_of(tag) for tag in ("gpu.0.gpu", "gpu.0.temp", "gpu.0.powerWatts")]
    assert roles == [Role.GPU_UTILISATION, Role.GPU_TEMPERATURE, Role.GPU_POWER]
    # Samples behind the exit are no sign that the run went on.
    assert found["gpu.0.gpu"].order.tolist() == [1, 1]


def test_failures_on_the_console_are_events(tmp_path: Path) -> None:
    pieces = [
        "\r 10%|#   | 1/10\r 20%|##  | 2/10", "\r100%|####| 10/10\n", "Traceback (most recent call last):\n",
        '  File "train.py", line 3\n    step()\n', "torch.OutOfMemoryError: CUDA out of memory.\n",
        "\x1b[31mWARNING\x1b[0m: loss is NaN\n",
    ]  # fmt: skip
    records = read(written(tmp_path, ROWS[3], *map(writer.output, pieces))).records
    lines = [(line.level, line.text) for line in of_kind(records, LogLine)]
    assert lines[0] == ("info", "100%|####| 10/10")
    assert lines[-1] == ("warning", "WARNING: loss is NaN")
    (error,) = of_kind(records, LifecycleRecord)
    assert (error.kind, error.step, error.text) == ("error", 6, "torch.OutOfMemoryError: CUDA out of memory.")


def test_an_exit_with_code_0_is_a_finished_run(tmp_path: Path) -> None:
    records = read(written(tmp_path, writer.run(start=5000), *ROWS[:2], writer.exit_record(0, 60))).records
    end = of_kind(records, LifecycleRecord)[-1]
    assert (end.kind, end.wall_time, end.text) == ("finished", 5060, "")


@pytest.mark.parametrize("seed", range(12))
def test_stretches_of_records_are_read_as_records_one_by_one_are(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As W&B writes them: a row, and the summary that repeats it. A row is damaged, or an end is missing."""
    chance = random.Random(seed)  # noqa: S311  # the same files in every run
    records = [writer.run(name="\x01\x08" * chance.randrange(9))]
    for number in range(800):
        loss = f"0.{'12345678' * chance.randrange(1, 40)}"
        row: dict[str | tuple[str, ...], str] = {"loss": loss, "_step": str(number)}
        records += [writer.history(row, number), writer.summary(row, number)]
        if chance.random() < 0.01:
            records.append(writer.output("x" * chance.choice([1, 40_000, 100_000]) + "\n"))
    content = bytearray(writer.file_of(records))
    row_at = content.index(writer.number(1, 300) + b"\x12")
    content[row_at + chance.choice([-7, -3, -1, 0, 9])] ^= seed % 2
    path = tmp_path / "run-abc.wandb"
    path.write_bytes(bytes(content[: len(content) - chance.choice([0, 1, 700])]))
    found = read(path)
    monkeypatch.setattr("tuimon.sources.wandb_blocks._FEWEST_BYTES", len(content) + 1)
    wanted = read(path)
    assert found.problems == wanted.problems
    assert [r for r in found.records if not isinstance(r, ScalarBatch)] == [
        r for r in wanted.records if not isinstance(r, ScalarBatch)
    ]
    one, other = points_by_tag(found.records), points_by_tag(wanted.records)
    assert one.keys() == other.keys()
    for tag, points in one.items():
        for column, same in zip(points, other[tag], strict=True):
            assert np.array_equal(column, same, equal_nan=True), tag


@pytest.mark.parametrize("room", range(9))
def test_no_record_is_lost_where_a_block_ends(room: int, tmp_path: Path) -> None:
    """A block may end with a record, with a few bytes of padding, or with a piece of a record."""
    before, after = ROWS[:260], ROWS[261:400]
    texts: dict[str | tuple[str, ...], str] = {"loss": "1", "_step": "520"}
    fill = (
        writer.BLOCK_BYTES
        - room
        - len(writer.file_of([*before, writer.history(texts | {"note": "x" * 9999})]))
    )
    records = [*before, writer.history(texts | {"note": "x" * (9999 + fill)}), *after]
    assert len(writer.file_of(records[:261])) == writer.BLOCK_BYTES - room
    result = read(written(tmp_path, *records))
    assert result.problems == ()
    assert points_by_tag(result.records)["loss"].steps.tolist() == list(range(0, 800, 2))


def test_a_damaged_summary_hides_nothing(tmp_path: Path) -> None:
    row: dict[str | tuple[str, ...], str] = {"loss": "1.5", "_step": "7"}
    summaries = [writer.summary(row, number) for number in range(len(ROWS))]
    content = bytearray(writer.file_of(part for pair in zip(ROWS, summaries, strict=True) for part in pair))
    content[content.index(summaries[900]) + 9] ^= 0x55
    path = tmp_path / "run-abc.wandb"
    path.write_bytes(bytes(content))
    result = read(path)
    assert result.problems == ()
    loss = points_by_tag(result.records)["loss"]
    assert loss.steps.tolist() == list(range(0, 2 * len(ROWS), 2))
    assert loss.order.tolist() == list(range(0, 2 * len(ROWS), 2))


def test_no_damage_whatever_raises(tmp_path: Path) -> None:
    content = FIXTURE.read_bytes()
    chance = random.Random(7)  # noqa: S311  # the same damage in every run
    path = tmp_path / "run-abc.wandb"
    for _ in range(60):
        damaged = bytearray(content)
        for _ in range(chance.choice((1, 3, 200))):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        path.write_bytes(bytes(damaged[: chance.randrange(len(damaged))]))
        read(path)


def test_no_content_whatever_of_intact_records_raises(tmp_path: Path) -> None:
    chance = random.Random(8)  # noqa: S311  # the same damage in every run
    path = tmp_path / "run-abc.wandb"
    originals = [
        ROWS[0],
        writer.run({"lr": "1"}),
        writer.stats({"cpu": "1"}, 5),
        writer.output("x\n"),
        writer.exit_record(1),
    ]
    for _ in range(60):
        records = []
        for _ in range(40):
            changed = bytearray(chance.choice(originals))
            changed[chance.randrange(len(changed))] = chance.randrange(256)
            records.append(bytes(changed))
        path.write_bytes(writer.file_of(records))
        assert all(isinstance(batch.tags, tuple) for batch in of_kind(read(path).records, ScalarBatch))


@given(st.lists(st.binary(max_size=40), max_size=40))
def test_many_messages_at_once_have_the_fields_that_they_have_one_by_one(messages: list[bytes]) -> None:
    """Of bytes at random few are messages, so some that are come with them."""
    messages += [writer.history({"loss": "1", "_step": "3"}), writer.stats({"cpu": "1"}, 300)] * 9
    ends = np.cumsum([len(message) for message in messages])
    table, damaged = field_table(b"".join(messages), ends - [len(m) for m in messages], ends)
    bad = set(damaged.tolist())
    columns = (table.message, table.number, table.wire_type, table.end - table.begin)
    found = list(zip(*(column.tolist() for column in columns), strict=True))
    for index, message in enumerate(messages):
        try:
            expected = [(index, f.number, f.wire_type, f.end - f.begin) for f in fields(message)]
        except DamagedMessageError:
            assert index in bad
        else:
            assert index not in bad
            assert [row for row in found if row[0] == index] == expected


@given(st.lists(st.integers(0, 2**63 - 1), min_size=1, max_size=30))
def test_numbers_are_read_as_they_were_written(values: list[int]) -> None:
    messages = [writer.number(1, value) for value in values]
    ends = np.cumsum([len(message) for message in messages])
    data = b"".join(messages)
    table, _ = field_table(data, ends - [len(m) for m in messages], ends)
    assert varint_column(data, table).tolist() == values


def layout(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(writer.file_of([writer.run(), *ROWS[:3]]))


def names_found(folder: Path) -> list[str]:
    return [run.name for run in discover([Root(folder)]).runs]


def test_every_wandb_file_is_a_run_and_the_copy_of_the_latest_none(tmp_path: Path) -> None:
    first, second = "run-20240101_101010-aaaaaaaa", "offline-run-20240102_101010-bbbbbbbb"
    layout(
        tmp_path, f"wandb/{first}/run-aaaaaaaa.wandb", f"wandb/{second}/run-bbbbbbbb.wandb",
        "wandb/latest-run/run-bbbbbbbb.wandb",
    )  # fmt: skip
    (tmp_path / "wandb" / first / "files").mkdir()
    (tmp_path / "wandb" / first / "files" / "metrics.jsonl").write_text('{"step": 1, "loss": 2}\n' * 3)
    assert names_found(tmp_path) == [f"wandb/{second}", f"wandb/{first}"]
    (tmp_path / "flat").mkdir()
    layout(tmp_path, "flat/run-a.wandb", "flat/run-b.wandb")
    assert names_found(tmp_path / "flat") == ["run-a", "run-b"]


def test_a_wandb_run_beside_the_other_logs_of_its_training_is_part_of_it(tmp_path: Path) -> None:
    layout(tmp_path, "out/wandb/run-20240101_101010-aaaaaaaa/run-aaaaaaaa.wandb")
    (tmp_path / "out" / "metrics.jsonl").write_text('{"step": 1, "loss": 2}\n' * 3)
    (run,) = discover([Root(tmp_path)]).runs
    assert (run.name, [source.format for source in run.sources]) == ("out", ["jsonl", "wandb"])


MARK = "\u0082\u0001"  # its bytes hold those of the key of a value
NAMES = st.one_of(st.sampled_from(["a", "b", f"x{MARK}y", "k" * 200]), st.text(max_size=5))


@settings(max_examples=40)
@given(
    rows=st.lists(
        st.dictionaries(
            st.one_of(NAMES, st.tuples(NAMES, NAMES)),
            st.sampled_from(["1", "-2.5e-3", '"t"', f'"{MARK}"', ""]),
        ),
        max_size=8,
    ),
    damage=st.integers(0, 400),
    bit=st.sampled_from([0x80, 0x40, 0x01]),
)
def test_items_found_all_at_once_are_those_found_one_after_the_other(
    rows: list[dict[str | tuple[str, ...], str]], damage: int, bit: int
) -> None:
    content = bytearray(b"".join(writer.history(row, step=number) for number, row in enumerate(rows)))
    if damage < len(content):
        content[damage] ^= bit
    data = bytes(content)
    lengths = [len(writer.history(row, step=number)) for number, row in enumerate(rows)]
    ends = np.cumsum(np.array(lengths, np.int64))
    records, _ = field_table(data, ends - lengths, ends)
    history = records.of(2)
    expected, _ = field_table(data, history.begin, history.end)
    items, rests = split_items(data, history)
    rest, _ = field_table(data, rests.begin, rests.end)
    found = in_order(items.followed_by(items_of(data, rest.of(1))))
    wanted = in_order(items_of(data, expected.of(1)))
    if damage >= len(content):  # of a damaged row, the items before the damage may be found
        assert found == wanted
    assert set(wanted) <= set(found)
    assert all(
        key_begin >= history.begin[row] and end <= history.end[row] for row, key_begin, _, _, end in found
    )


def in_order(items: Items) -> list[tuple[int, ...]]:
    columns = (items.rows, items.key_begins, items.key_ends, items.value_begins, items.value_ends)
    return list(zip(*(column.tolist() for column in columns), strict=True))
