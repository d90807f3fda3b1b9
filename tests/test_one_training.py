"""One training that several sources tell of: each metric is shown once, and its source is named."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

from tests.commands import only_run, run
from tests.sources import event_writer

STEPS = range(10, 410, 10)


def loss(step: int) -> float:
    return 3.0 * 0.99**step + 0.1234567


def rate(step: int) -> float:
    return 2e-4 * (1 - step / 500)


def events(folder: Path, steps: range = STEPS, factor: float = 1.0) -> None:
    parts = [event_writer.version()]
    for step in steps:
        parts.append(event_writer.scalar("train/loss", step, factor * loss(step)))
        parts.append(event_writer.scalar("train/learning_rate", step, rate(step)))
    (folder / "events.out.tfevents.1700000000.host.1.0").write_bytes(b"".join(parts))


def state(folder: Path) -> None:
    rows = [{"step": s, "loss": loss(s), "learning_rate": rate(s), "epoch": s / 200} for s in STEPS]
    rows.append({"step": 200, "eval_loss": 0.75, "epoch": 1.0})
    text = json.dumps({"global_step": 400, "max_steps": 400, "log_history": rows})
    (folder / "trainer_state.json").write_text(text)


def table(folder: Path) -> None:
    rows = "".join(f"{s},{loss(s)},{rate(s)}\n" for s in STEPS)
    (folder / "metrics.csv").write_text("step,train_loss,lr-AdamW\n" + rows)


def console(folder: Path, *, digits: int = 4) -> None:
    lines = (f"INFO - step {s}/400 | 损失: {loss(s):.{digits}f} | lr: {rate(s):.2e}\n" for s in STEPS)
    (folder / "train.log").write_text("".join(lines), encoding="utf-8")


def counts(found: dict[str, dict[str, object]]) -> dict[str, object]:
    return {tag: series["count"] for tag, series in found.items()}


def test_four_sources_of_a_training_show_each_metric_once(tmp_path: Path) -> None:
    for write in (events, state, table, console):
        write(tmp_path)
    found = only_run(tmp_path)
    expected = {"train/loss": 40, "train/learning_rate": 40, "epoch": 41, "eval_loss": 1}
    assert counts(found["series"]) == expected
    assert found["total_steps"] == 400
    told = found["series"]["train/loss"]
    assert told["source"].startswith("events.out.tfevents")
    assert [(each["source"], each["tag"], each["count"]) for each in told["also_in"]] == [
        ("metrics.csv", "train_loss", 40),
        ("trainer_state.json", "loss", 40),
        ("train.log", "损失", 40),
    ]
    assert "also in trainer_state.json, shown from events.out" in run("summary", tmp_path).out


def test_equal_names_with_other_values_are_other_metrics(tmp_path: Path) -> None:
    events(tmp_path, factor=1.5)
    table(tmp_path)
    rows = "".join(f"{s},{-loss(s)},{rate(s)}\n" for s in STEPS)
    (tmp_path / "progress.csv").write_text("step,train_loss,lr-AdamW\n" + rows)
    found = only_run(tmp_path)["series"]
    expected = {"train/loss", "train/learning_rate", "train_loss", "progress.csv/train_loss"}
    assert set(found) == expected
    assert found["progress.csv/train_loss"]["role"] == "loss"
    assert (found["train_loss"]["last"], found["progress.csv/train_loss"]["last"]) == (loss(400), -loss(400))


@pytest.mark.parametrize("kept", [range(10, 200, 10), range(210, 410, 10)])
def test_a_source_that_lacks_half_of_the_run_hides_nothing(kept: range, tmp_path: Path) -> None:
    events(tmp_path, kept)
    table(tmp_path)
    found = counts(only_run(tmp_path)["series"])
    assert (found["train/loss"], found["train_loss"]) == (len(kept), 40)


def test_a_denser_source_is_shown(tmp_path: Path) -> None:
    events(tmp_path, range(10, 410, 50))
    table(tmp_path)
    assert counts(only_run(tmp_path)["series"]) == {"train_loss": 40, "lr-AdamW": 40}


def test_steps_that_fall_too_often_are_said_to_be_no_restarts(tmp_path: Path) -> None:
    steps = [step + back for step in range(0, 800, 2) for back in (1, 0)]
    rows = (json.dumps({"step": step, "loss": 1.0}) + "\n" for step in steps)
    (tmp_path / "metrics.jsonl").write_text("".join(rows))
    assert "metrics.jsonl: the step falls 400 times: several writers in turn" in run("summary", tmp_path).out
    assert only_run(tmp_path)["attempts"] == 1


@pytest.mark.parametrize("timed", [False, True])
def test_a_console_that_tells_more_lets_what_the_sensors_show_be_found(
    *, timed: bool, tmp_path: Path
) -> None:
    """Its lines have no times, or several in a second; the sensors are logged with times elsewhere."""
    records, lines = [event_writer.version()], []
    for step in range(0, 1200, 10):
        time = 1.7e9 + step / 10
        records.append(event_writer.scalar("train/loss", step, loss(step), time))
        busy = {0: 92.0, 1: 92.0, 2: 50.0, 3: 92.0}
        records += [event_writer.scalar(f"gpu.{gpu}.util", step, busy[gpu], time) for gpu in busy]
        stamp = f"{datetime.fromtimestamp(int(time))} " if timed else ""  # noqa: DTZ006  # as loggers write
        lines += [
            f"{stamp}INFO - step {each}/1200 | loss: {loss(each):.6f}\n" for each in range(step, step + 10)
        ]
    (tmp_path / "events.out.tfevents.1700000000.host.1.0").write_bytes(b"".join(records))
    assert "gpu_imbalance" in run("check", tmp_path, "--fail-on", "never").out
    (tmp_path / "train.log").write_text("".join(lines))
    assert only_run(tmp_path)["series"]["loss"]["count"] == 1200
    assert "gpu_imbalance" in run("check", tmp_path, "--fail-on", "never").out


def resumed_twice(folder: Path, console: str) -> None:
    """Write event files of three attempts, and a console log of all of them that has no times."""
    attempts = (range(10, 310, 10), range(210, 510, 10), range(460, 610, 10))
    for number, steps in enumerate(attempts):
        start = 1.7e9 + 1000 * number
        parts = [event_writer.version()]
        parts += [event_writer.scalar("train/loss", step, loss(step), start + step / 5) for step in steps]
        (folder / f"events.out.tfevents.{start:.0f}.host.{number}.0").write_bytes(b"".join(parts))
    lines = (console.format(step=step, lr=rate(step), norm=loss(step) / 2) for a in attempts for step in a)
    (folder / "train.log").write_text("".join(f"INFO - {line}\n" for line in lines))


@pytest.mark.parametrize("printed", ["lr: {lr:.3e}", "grad_norm: {norm:.4f}"], ids=["rate", "norm"])
def test_a_restart_that_the_console_tells_too_is_found_once(printed: str, tmp_path: Path) -> None:
    resumed_twice(tmp_path, "step {step}/600 | " + printed)
    lines = run("check", tmp_path, "--json", "--fail-on", "never").out.splitlines()
    found = [each for each in map(json.loads, lines) if each["rule"] == "restart_detected"]
    assert sum(each["count"] for each in found) == 2
    assert [each["step"] for each in found] == [210, 460]
    assert only_run(tmp_path)["attempts"] == 3
