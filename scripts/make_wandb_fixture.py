"""Make `tests/fixtures/wandb/`: an offline run as the W&B library writes it, and what its own reader says.

Needs `pip install wandb numpy` in an environment of its own; run as `python -m scripts.make_wandb_fixture`.
"""

from __future__ import annotations

import math
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import wandb

FOLDER = Path(__file__).parents[1] / "tests" / "fixtures" / "wandb"
EXIT_CODE = 3


def main() -> None:
    """Write a run of 40 rows, and what `wandb leet inspect --json` reads of it."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        _train(folder)
        (written,) = Path(folder).glob("wandb/offline-run-*/run-*.wandb")
        run = FOLDER / "offline.wandb"
        shutil.copy(written, run)
    found = subprocess.run(["wandb", "leet", "inspect", "--json", str(run)], check=True, capture_output=True)
    (FOLDER / "offline.inspected.jsonl").write_bytes(found.stdout)


def _train(folder: str) -> None:
    settings = wandb.Settings(
        mode="offline",
        host="node17",
        x_disable_meta=True,
        x_save_requirements=False,
        x_stats_sampling_interval=0.2,
        disable_git=True,
        disable_code=True,
    )
    config = {"lr": 1e-3, "max_steps": 80, "model": {"layers": 2, "name": "tiny"}}
    run = wandb.init(dir=folder, project="fixtures", name="offline fixture", config=config, settings=settings)
    for row in range(40):
        loss = {7: math.nan, 9: math.inf, 10: -math.inf}.get(row, 2.0 / (row + 1))
        values: dict[str, object] = {"train/loss": loss, "nested": {"a": row, "b": {"c": 2 * row}}}
        values |= {"note": "text", "flag": row % 2 == 0, "train/lr": 1e-3 * row}
        if row % 10 == 9:
            values["weights"] = wandb.Histogram(np_histogram=([1, 2, row], [0.0, 0.5, 1.0, 1.5]))
        if row > 20:
            values["eval/loss"] = None if row == 25 else 1.0 / row
        run.log(values, step=2 * row)
    print("hello from the training")
    time.sleep(1.5)  # for samples of the machine
    run.alert(title="Loss is high", text="at step 78")
    run.finish(exit_code=EXIT_CODE)


if __name__ == "__main__":
    main()
