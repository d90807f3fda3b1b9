"""The source of text logs."""

from __future__ import annotations

import json
import os
import random
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sources.log_samples import CHINESE, DIALECTS
from tests.sources.reading import Points, of_kind, points_by_tag, read_all
from tests.sources.truth import FOLDER
from tuimon.core.batch import ConfigRecord, LifecycleRecord, LogLine, Record
from tuimon.sources.base import UNBOUNDED, Confidence, ReadBudget
from tuimon.sources.console_lines import ConsoleLines
from tuimon.sources.discovery import discover
from tuimon.sources.log_line import parse_line, without_prefix
from tuimon.sources.log_reader import LogReader
from tuimon.sources.log_template import template_of
from tuimon.sources.naming import Root
from tuimon.sources.text_log import TextLogFactory


def records_of(folder: Path, text: str | bytes, name: str = "train.log") -> list[Record]:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_all(TextLogFactory().open((path,)))


def points_of(folder: Path, text: str | bytes) -> dict[str, Points]:
    return points_by_tag(records_of(folder, text))


def totals_of(records: list[Record]) -> dict[str, object]:
    return {name: value for record in of_kind(records, ConfigRecord) for name, value in record.values.items()}


@pytest.mark.parametrize("name", DIALECTS)
def test_the_metric_lines_of_each_dialect_are_read(name: str, tmp_path: Path) -> None:
    text, expected, totals = DIALECTS[name]
    records = records_of(tmp_path, text)
    found = points_by_tag(records)
    for tag, (steps, values) in expected.items():
        assert found[tag].steps.tolist() == steps, tag
        assert np.allclose(found[tag].values, values, rtol=1e-12, equal_nan=True), tag
    assert totals_of(records) == totals


@pytest.mark.parametrize("name", DIALECTS)
def test_how_the_bytes_arrive_changes_nothing(name: str, tmp_path: Path) -> None:
    text = DIALECTS[name][0].encode()
    whole = points_of(tmp_path, text)
    path = tmp_path / "live.log"
    path.write_bytes(b"")
    source = TextLogFactory().open((path,))
    records: list[Record] = []
    for begin in range(0, len(text), 7):
        with path.open("ab") as stream:
            stream.write(text[begin : begin + 7])
        records += source.read(UNBOUNDED).records
    found = points_by_tag(records)
    assert found.keys() == whole.keys()
    for tag, points in whole.items():
        for one, other in zip(points, found[tag], strict=True):
            assert np.array_equal(one, other, equal_nan=True), tag


def test_real_logs_have_as_many_metric_lines_as_the_reference_reader_counted() -> None:
    if not (FOLDER / "truth.json").exists():
        pytest.skip("needs ../shared/data")
    compared = 0
    for name, entry in json.loads((FOLDER / "truth.json").read_text())["files"].items():
        counts = {
            "trl": entry.get("llmc_train"),
            "tel": entry.get("llmc_val"),
            "train_loss": entry.get("train_losses"),
            "val_loss": entry.get("val_losses"),
            "step_avg": entry.get("step_lines"),
            "Cost": entry.get("updates"),
            "consumed samples": entry.get("iterations"),
            "lm loss": entry.get("lm_loss_values"),
        }  # fmt: skip
        if not entry["kind"].endswith("_log") or "lines" not in entry:
            continue
        result = TextLogFactory().open((FOLDER / name,)).read(UNBOUNDED)
        found = points_by_tag(result.records)
        for tag, count in counts.items():
            if count is not None:
                assert (len(found[tag].values) if tag in found else 0) == count, (name, tag)
                compared += 1
        if entry.get("lm_loss_last"):
            assert found["lm loss"].values[-1] == float(entry["lm_loss_last"])
        if "valid_lines" in entry:
            valid = sum(len(points.values) for tag, points in found.items() if tag.startswith("valid/"))
            assert valid == entry["valid_lines"], name
            assert found["Cost"].values[-1] == float(entry["last"][3])
            assert found["sentences"].values[-1] == float(entry["last"][2].replace(",", ""))
    assert compared > 25


def test_time_and_level_of_lines_are_kept(tmp_path: Path) -> None:
    records = records_of(tmp_path, CHINESE)
    warning = next(line for line in of_kind(records, LogLine) if line.level == "warning")
    assert warning.wall_time == datetime(2026, 2, 28, 16, 46, 59, 123000).timestamp()  # noqa: DTZ001  # local, as logged
    times = points_by_tag(records)["损失"].wall_times
    assert np.diff(times).tolist() == [60.0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-02-28 16:46:59,123 - ERROR - disk is full", "disk is full"),
        (
            'Traceback (most recent call last):\n  File "a.py", line 1\n    f()\nValueError: no such key',
            "ValueError: no such key",
        ),
        ("torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB", "CUDA out of memory"),
        (
            "[rank3]:[E ProcessGroupNCCL.cpp:616] Watchdog caught collective operation timeout: WorkNCCL",
            "Watchdog",
        ),
        (
            "slurmstepd: error: *** JOB 7 ON n1 CANCELLED AT 2026-02-28T10:00 DUE TO TIME LIMIT ***",
            "TIME LIMIT",
        ),
    ],
)  # fmt: skip
def test_failures_are_events_behind_the_last_step(text: str, expected: str, tmp_path: Path) -> None:
    records = records_of(tmp_path, f"step 1/9 loss: 2.5\nstep 2/9 loss: 2.4\n{text}\n")
    (event,) = of_kind(records, LifecycleRecord)
    assert (event.kind, event.step, event.order) == ("error", 2, 2)
    assert expected in event.text
    assert {line.level for line in of_kind(records, LogLine)} >= {"error"}


def test_a_traceback_is_one_event_and_all_its_lines_are_kept() -> None:
    lines = [
        "Traceback (most recent call last):",
        '  File "a.py", line 1',
        "    f()",
        "KeyboardInterrupt",
        "done",
    ]
    found = ConsoleLines().take(lines, [0] * 5, [None] * 5, [0.0] * 5)
    assert [record.text for record in found if isinstance(record, LifecycleRecord)] == ["KeyboardInterrupt"]
    assert [record.level for record in found if isinstance(record, LogLine)] == ["error"] * 4 + ["info"]


def test_a_log_may_begin_with_much_source_code(tmp_path: Path) -> None:
    code = "".join(f"    loss = model(x, step={n})  # step {n}: loss: 0.5, lr = 0.1\n" for n in [7] * 20_000)
    lines = "".join(f"step:{n}/50 train_loss:{5 - n / 10} train_time:{n}ms\n" for n in range(50))
    path = tmp_path / "0c1a7a4e-22dd-442a-82ee-d12799249d0f.txt"
    path.write_text(code + lines)
    assert TextLogFactory().sniff(path, path.read_bytes()[:4096]).confidence is Confidence.CERTAIN
    found = points_by_tag(read_all(TextLogFactory().open((path,)), ReadBudget(1 << 16)))
    assert found.keys() == {"train_loss", "train_time"}
    assert found["train_loss"].steps.tolist() == list(range(50))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("README.txt", CHINESE),
        ("train.py", CHINESE),
        ("notes.txt", "The loss: 0.5 at step 3 was fine.\nUse lr = 0.1 and batch size: 32.\n"),
        (
            "code.txt",
            "loss = 0.5\nfor step in range(3):\n    lr = 0.1\n    print('step', step, 'loss', loss)\n",
        ),
        ("options.log", "learning_rate: 0.1\nwarmup_steps: 100\nloss_scale: 5\neval_steps: 100\n"),
        ("data.txt", "1 2 3\n4 5 6\n" * 500),
    ],
)
def test_what_is_no_log_is_not_taken_for_one(name: str, text: str, tmp_path: Path) -> None:
    found = TextLogFactory().sniff(tmp_path / name, text.encode()[:4096])
    assert found.confidence < Confidence.LIKELY


def test_marks_holes_and_line_ends_of_other_systems_are_no_matter(tmp_path: Path) -> None:
    text = b"\xef\xbb\xbfEpoch 1, Loss: 2.5\r\nEpoch 2, Loss: 2.4\r\n\0\0\0\0Epoch 3, Loss: 2.3\r\n"
    assert points_of(tmp_path, text)["Loss"].values.tolist() == [2.5, 2.4, 2.3]


def test_a_last_line_without_end_counts_once_nobody_writes_it(tmp_path: Path) -> None:
    path = tmp_path / "train.log"
    path.write_text("Epoch 1, Loss: 2.5\nEpoch 2, Loss: 2.4")
    source = TextLogFactory().open((path,))
    first = source.read(UNBOUNDED).records
    os.utime(path, (1e9, 1e9))
    second = [record for _ in range(9) for record in source.read(UNBOUNDED).records]
    assert points_by_tag(first) == {}
    assert points_by_tag(second)["Loss"].values.tolist() == [2.5, 2.4]


def test_only_the_last_lines_of_a_long_log_are_records_and_all_its_failures(tmp_path: Path) -> None:
    lines = [f"line {n}" for n in range(5000)]
    lines[100] = "2026-02-28 16:46:59 ERROR early"
    records = records_of(tmp_path, "\n".join(lines) + "\n")
    shown = [line.text for line in of_kind(records, LogLine)]
    assert shown[0].endswith("ERROR early")
    assert shown[-1] == "line 4999"
    assert len(shown) < 1000


@pytest.mark.parametrize(
    "line",
    [
        "2026-02-28 16:46:59,123 - INFO - step {0}/5000 | loss: {1} | lr {2} | 1.5 it/s",
        "Epoch [{0}/10], Step [{0}/600], Loss: {1}, Acc: {2}%",
        "步骤    {0} | 轮次  1/10 | 批次  {0}/500 | 损失 {1} | 学习率 {2}",
        "[rank0]: epoch={0} train_loss={1} val_loss={2}",
        "epoch: {1} loss: {2}",
    ],
)
@given(
    step=st.integers(0, 10**6),
    numbers=st.lists(st.floats(width=16, allow_infinity=False), min_size=2, max_size=2),
)
def test_lines_of_one_shape_mean_what_each_means_by_itself(
    line: str, step: int, numbers: list[float]
) -> None:
    first = line.format(3, 0.25, "1e-05")
    body = without_prefix(first)
    template = template_of(first, body, parse_line(body))
    text = line.format(step, *numbers)
    found = template.read(text) if template is not None else None
    alone = parse_line(without_prefix(text))
    if template is None:
        assert line.startswith("epoch: ")  # a whole epoch is a counter, a part of one a number
    elif found is not None:
        assert found.values.keys() == alone.values.keys()
        assert np.array_equal(list(found.values.values()), list(alone.values.values()), equal_nan=True)
        assert replace(found, values={}) == replace(alone, values={})
    else:
        assert step >= 10**18


@given(st.binary(max_size=300))
def test_no_bytes_whatever_raise(junk: bytes) -> None:
    reader = LogReader()
    reader.read(junk.replace(b"\r", b"\n") + b"\n")
    for text, _, _ in DIALECTS.values():
        content = text.encode().replace(b"\r", b"\n")
        middle = len(content) // 2
        LogReader().read(content[:middle] + junk + content[middle:] + b"\n")


def test_damaged_logs_never_raise() -> None:
    chance = random.Random(5)  # noqa: S311  # the same damage in every run
    for text, _, _ in DIALECTS.values():
        for _ in range(20):
            content = bytearray(text.encode())
            for _ in range(10):
                content[chance.randrange(len(content))] = chance.choice(b"0123456789.,:/|-[]{}'\" eE\n")
            LogReader().read(bytes(content).replace(b"\r", b"\n") + b"\n")


def test_a_log_beside_the_structured_source_of_its_run_is_part_of_it(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "metrics.jsonl").write_text(
        "".join(f'{{"step": {n}, "loss": {n / 8}}}\n' for n in range(9))
    )
    (tmp_path / "out" / "my_run.log").write_text("".join(f"step {n}/8 loss: {n / 8:.1f}\n" for n in range(9)))
    (run,) = discover([Root(tmp_path)]).runs
    assert (run.name, [source.format for source in run.sources]) == ("out", ["jsonl", "text"])


def test_many_logs_in_a_folder_are_as_many_runs(tmp_path: Path) -> None:
    for name in "abcd":
        (tmp_path / f"{name}.log").write_text("".join(f"Epoch {n}, Loss: {9 - n}\n" for n in range(5)))
    (tmp_path / "README.txt").write_text(CHINESE)
    assert [run.name for run in discover([Root(tmp_path)]).runs] == ["a", "b", "c", "d"]


@pytest.mark.parametrize("filling", ["a", " ", "a ", "1,", "a:", "loss ", "'", "{'", "%|", "-", "raining "])
def test_a_line_of_many_bytes_is_read_to_its_end(filling: str) -> None:
    """With a pattern that goes back for each letter this test takes hours."""
    line = (filling * 300_000)[:300_000]
    for begin in (
        "iteration 1/ 2 | ",
        "step:1/2 a:1 ",
        "step:1 - a:1 ",
        "step 1 | loss: ",
        "loss: 0.5 step 1 ",
    ):
        assert len(LogReader().read(f"{begin}{line}\n".encode()).rows) <= 1


def test_an_escape_sequence_that_never_ends_keeps_to_its_line(tmp_path: Path) -> None:
    path = tmp_path / "train.log"
    path.write_bytes(b"a title \x1b]0;without end\nthe next line\nstep 1 | loss: 2.0\n" * 20)
    records = read_all(TextLogFactory().open((path,)))
    texts = {record.text for record in records if isinstance(record, LogLine)}
    assert texts == {"a title", "the next line"}
