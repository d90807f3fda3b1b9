"""Step, total, share and ETA of each format: a row of the table in `docs/formats.md` each."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.commands import only_run
from tests.sources import databases, event_writer, wandb_writer

PAGE = (Path(__file__).parents[1] / "docs" / "formats.md").read_text(encoding="utf-8")
Files = dict[str, str | bytes]
Row = dict[str, Any]


def lines(rows: Iterable[Row]) -> str:
    return "".join(f"{json.dumps(row)}\n" for row in rows)


def table(header: str, rows: Iterable[Iterable[object]], separator: str = ",") -> str:
    body = "".join(separator.join(map(str, row)) + "\n" for row in rows)
    return header.replace(",", separator) + "\n" + body


def event_files() -> Files:
    records = [event_writer.scalar("train/loss", step, 1.0) for step in range(1, 41)]
    records.append(event_writer.scalar("Config/total_steps", 40, 100.0))
    return {"events.out.tfevents.1700000000.host.1.0": event_writer.version() + b"".join(records)}


def trainer_state() -> Files:
    history = [{"step": step, "epoch": step / 50, "loss": 1.0} for step in range(10, 41, 10)]
    state = {"global_step": 40, "max_steps": 100, "num_train_epochs": 2, "log_history": history}
    return {"trainer_state.json": json.dumps(state)}


def llama_factory() -> Files:
    row = {"total_steps": 100, "loss": 1.0, "remaining_time": "1 day, 0:00:00"}
    rows = (
        {"current_steps": step, "percentage": step, "elapsed_time": f"0:{step:02}:00", **row}
        for step in range(5, 41, 5)
    )
    return {"trainer_log.jsonl": lines(rows)}


def detectron2() -> Files:
    rows = (
        {"iteration": at, "total_loss": 1.0, "time": 0.5, "eta_seconds": 0.5 * (99 - at)}
        for at in range(3, 40, 4)
    )
    return {"metrics.json": lines(rows)}


def mmengine() -> Files:
    rows: list[Row] = []
    for step in range(2, 41, 2):
        epoch = (step - 1) // 10 + 1
        rows.append({"loss": 1.0, "time": 0.5, "epoch": epoch, "iter": step, "step": step})
        if step % 10 == 0:
            rows.append({"coco/bbox_mAP": 0.5, "time": 0.1, "step": epoch})
    config = "train_cfg = dict(max_epochs=10, type='EpochBasedTrainLoop')\n"
    return {"vis_data/scalars.json": lines(rows), "vis_data/config.py": config}


def mmcv() -> Files:
    rows = [
        {"mode": "train", "epoch": epoch, "iter": at, "loss": 1.0, "time": 0.5}
        for epoch in (1, 2, 3, 4)
        for at in (5, 10)
    ]
    return {"20260101_120000.log.json": lines(rows), "config.json": '{"max_epochs": 10}'}


def lightning() -> Files:
    rows = [(step // 10, step, 1.0) for step in range(4, 41, 4)]
    return {"metrics.csv": table("epoch,step,train_loss", rows), "hparams.yaml": "max_steps: 100\nlr: 0.1\n"}


def ultralytics() -> Files:
    rows = [(epoch, 12.5 * epoch, 1.0, 0.5) for epoch in range(1, 41)]
    return {"results.csv": table("epoch,time,train/box_loss,lr/pg0", rows), "args.yaml": "epochs: 100\n"}


def keras() -> Files:
    return {"training.log": table("epoch,loss,val_loss", [(epoch, 1.0, 2.0) for epoch in range(41)])}


def baselines() -> Files:
    rows = [(step, step * 2, 1.0) for step in range(1, 41)]
    return {"progress.csv": table("time/total_timesteps,time/time_elapsed,train/loss", rows)}


def monitor() -> Files:
    rows = [(1.0, 4, 2.5 * episode) for episode in range(1, 11)]
    return {"0.monitor.csv": '#{"t_start": 1700000000.0}\n' + table("r,l,t", rows)}


def dvclive() -> Files:
    rows = [(1_700_000_000_000 + 1000 * step, step, 1.0) for step in range(1, 41)]
    metric = table("timestamp,step,loss", rows, separator="\t")
    return {"dvclive/plots/metrics/train/loss.tsv": metric, "params.yaml": "train:\n  max_steps: 100\n"}


def flair() -> Files:
    rows = [(epoch, "17:00:00", 0.1, 1.0) for epoch in range(1, 41)]
    return {"loss.tsv": table("EPOCH,TIMESTAMP,LEARNING_RATE,TRAIN_LOSS", rows, separator="\t")}


def detr() -> Files:
    return {"log.txt": lines({"epoch": epoch, "train_loss": 1.0, "test_loss": 2.0} for epoch in range(41))}


def ml_agents() -> Files:
    config = "behaviors:\n  Walker:\n    max_steps: 100\n"
    records = (event_writer.scalar("Losses/Policy Loss", step, 1.0) for step in range(1, 41))
    events = event_writer.version() + b"".join(records)
    return {"configuration.yaml": config, "Walker/events.out.tfevents.1700000000.host.1.0": events}


def generic() -> Files:
    rows = ({"step": step, "time": 1.7e9 + step, "max_steps": 100, "loss": 1.0} for step in range(1, 41))
    return {"metrics.jsonl": lines(rows)}


def wandb() -> Files:
    start = 1_700_000_000
    records = [wandb_writer.run({"max_steps": "100"}, start=start)]
    for step in range(41):
        time = str(start + step)
        row = wandb_writer.history({"_step": str(step), "_timestamp": time, "loss": "1.0"}, step=step)
        records.append(row)
    return {"run-20231114_221320-abc/run-abc.wandb": wandb_writer.file_of(records)}


def mlflow_database() -> Files:
    rows = [(step, 1.0) for step in range(41)]
    return {"mlflow.db": databases.mlflow_of({"first": rows}, total=100)}


def mlflow_store() -> Files:
    rows = (f"{1_700_000_000_000 + 1000 * step} 1.0 {step}\n" for step in range(41))
    meta = "run_id: a1\nrun_name: first\nstatus: 1\nlifecycle_stage: active\n"
    run = "mlruns/1/a1"
    files = {"meta.yaml": meta, "metrics/loss": "".join(rows), "params/max_steps": "100"}
    return {f"{run}/{name}": text for name, text in files.items()}


def trackio() -> Files:
    return {"digits.db": databases.trackio(((step, 1.0) for step in range(41)), total=100)}


def megatron() -> Files:
    rows = (
        f"[2026-01-01 12:00:{step:02}] iteration {step:8}/     100 | lm loss: 1.0E+00 |\n"
        for step in range(1, 41)
    )
    return {"train.log": "".join(rows)}


def hugging_face_output() -> Files:
    parts = []
    for step in range(10, 41, 10):
        parts.append(f"\r {step}%|##   | {step}/100 [00:01<00:09, 1.00it/s]\n")
        parts.append(f"{{'loss': '1.0', 'learning_rate': '5e-05', 'epoch': '{step / 50}'}}\n")
    return {"train.log": "".join(parts)}


def mmengine_log() -> Files:
    rows = (
        f"2026/01/01 12:00:{step:02} - mmengine - INFO - Iter(train) [ {step}/100]  lr: 1.0e-02  eta: 0:01:00"
        f"  time: 1.0  data_time: 0.01  memory: 1234  loss: 2.5\n"
        for step in range(4, 41, 4)
    )
    return {"20260101_120000.log": "".join(rows)}


# Name in the table of the page; files; total (None: only --total tells); whether speed and ETA are known.
FORMATS: tuple[tuple[str, Callable[[], Files], int | None, bool], ...] = (
    ("TensorBoard", event_files, 100, True),
    ("Hugging Face Trainer", trainer_state, 100, False),
    ("LLaMA-Factory", llama_factory, 100, True),
    ("detectron2", detectron2, 99, True),
    ("mmengine", mmengine, 100, True),
    ("mmcv", mmcv, 100, True),
    ("Lightning CSVLogger", lightning, 100, False),
    ("Ultralytics", ultralytics, 100, True),
    ("Keras CSVLogger", keras, None, False),
    ("Stable-Baselines3, Baselines", baselines, None, True),
    ("monitor.csv", monitor, None, True),
    ("DVCLive", dvclive, 100, True),
    ("Flair", flair, None, False),
    ("DETR, MAE", detr, None, False),
    ("ML-Agents", ml_agents, 100, True),
    ("JSON lines", generic, 100, True),
    ("W&B", wandb, 100, True),
    ("MLflow, database", mlflow_database, 100, True),
    ("MLflow, file store", mlflow_store, 100, True),
    ("Trackio", trackio, 100, True),
    ("Megatron-LM, output", megatron, 100, True),
    ("mmengine, mmcv, output", mmengine_log, 100, True),
    ("Hugging Face, output", hugging_face_output, 100, False),
)
REACHED = {"detectron2": 39}


@pytest.mark.parametrize(("name", "files", "total", "has_eta"), FORMATS, ids=[each[0] for each in FORMATS])
def test_how_far_a_run_is(
    name: str, files: Callable[[], Files], total: int | None, *, has_eta: bool, tmp_path: Path
) -> None:
    for path, content in files().items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content.encode() if isinstance(content, str) else content)
    found = only_run(tmp_path)
    step = REACHED.get(name, 40)
    assert (found["step"], found["total_steps"]) == (step, total)
    assert found["fraction"] == (None if total is None else pytest.approx(step / total))
    assert (found["steps_per_s"] is not None) == has_eta
    if total is not None and found["status"] != "stopped":  # what wrote in 2023 and no more has no end
        assert (found["eta_s"] is not None) == has_eta


def test_the_page_has_a_row_for_each() -> None:
    rows = dict(re.findall(r"^\| ([^|]+?) \| [^|]* \| [^|]* \| ([^|]*) \|$", PAGE, flags=re.MULTILINE))
    for name, _, _, has_eta in FORMATS:
        assert rows[name].startswith("no") == (not has_eta), name
    assert len(rows) == len(FORMATS) + 1  # the head of the table
