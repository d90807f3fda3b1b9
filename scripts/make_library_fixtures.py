"""Make `tests/fixtures/libraries/`: small logs as the libraries themselves write them, and what was logged.

Needs the extra `libraries` (and for Keras a backend of its choice) in an environment of its own; run as
`KERAS_BACKEND=jax python -m scripts.make_library_fixtures [NAME ...]`. A library that is missing is told and
left out. Beside each folder lies a JSON file of its name: the points by tag, as the library was given them.
"""

from __future__ import annotations

import gzip
import json
import math
import os
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "tests" / "fixtures" / "libraries"
STEPS = 40
Points = dict[str, list[tuple[int, float]]]


def losses() -> Iterator[tuple[int, float]]:
    """Yield steps with a loss, some of them no finite numbers."""
    for step in range(STEPS):
        yield 5 * step, {7: math.nan, 9: math.inf, 10: -math.inf}.get(step, 2.0 / (step + 1))


def lightning(folder: Path) -> Points:
    """Train for three epochs with Lightning's CSVLogger and TensorBoardLogger."""
    import torch  # noqa: PLC0415
    from lightning.pytorch import LightningModule, Trainer  # noqa: PLC0415
    from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger  # noqa: PLC0415

    points: Points = {"train_loss": [], "val_loss": []}

    class Model(LightningModule):  # type: ignore[misc]  # of a library without types
        def __init__(self, width: int) -> None:
            super().__init__()
            self.save_hyperparameters({"width": width, "max_steps": 60})
            self.layer = torch.nn.Linear(width, 1)

        def training_step(self, batch: Any, number: int) -> Any:  # noqa: ANN401  # as Lightning calls it
            loss = self.layer(batch[0]).square().mean()
            self.log("train_loss", loss)
            if number % 5 == 4:
                points["train_loss"].append((self.global_step, float(loss.detach())))
            return loss

        def validation_step(self, batch: Any, number: int) -> None:  # noqa: ANN401, ARG002
            self.log("val_loss", self.layer(batch[0]).abs().mean())

        def on_validation_epoch_end(self) -> None:
            if not self.trainer.sanity_checking:
                step = self.global_step - 1
                points["val_loss"].append((step, float(self.trainer.callback_metrics["val_loss"])))

        def configure_optimizers(self) -> Any:  # noqa: ANN401
            return torch.optim.SGD(self.parameters(), lr=0.01)

    torch.manual_seed(0)
    batches = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.randn(80, 4)), batch_size=4)
    trainer = Trainer(
        max_epochs=3, log_every_n_steps=5, accelerator="cpu", enable_progress_bar=False,
        enable_checkpointing=False, enable_model_summary=False, num_sanity_val_steps=0,
        logger=[CSVLogger(folder, version=0), TensorBoardLogger(folder, version=0)],
    )  # fmt: skip
    trainer.fit(Model(4), batches, batches)
    return points


def keras(folder: Path) -> Points:
    """Train with Keras' CSVLogger."""
    import keras as library  # noqa: PLC0415
    import numpy as np  # noqa: PLC0415

    library.utils.set_random_seed(0)
    model = library.Sequential([library.Input((4,)), library.layers.Dense(1)])
    model.compile(optimizer="sgd", loss="mse", metrics=["mae"])
    inputs = np.random.default_rng(0).normal(size=(64, 4))
    callback = library.callbacks.CSVLogger(folder / "training.log")
    history = model.fit(
        inputs, inputs.sum(axis=1), epochs=12, validation_split=0.25, verbose=0, callbacks=[callback]
    )
    return {tag: list(enumerate(values)) for tag, values in history.history.items()}


def stable_baselines3(folder: Path) -> Points:
    """Log with Stable-Baselines3's logger, as its algorithms do."""
    from stable_baselines3.common.logger import configure  # noqa: PLC0415

    logger = configure(str(folder), ["csv", "json"])
    points: Points = {"rollout/ep_rew_mean": [], "train/loss": []}
    for step, loss in losses():
        logger.record("time/total_timesteps", 100 * step)
        logger.record("rollout/ep_rew_mean", float(step))
        points["rollout/ep_rew_mean"].append((100 * step, float(step)))
        if step:  # the first line of a run has no losses: the table is rewritten for them
            logger.record("train/loss", loss)
            points["train/loss"].append((100 * step, loss))
        logger.dump(step)
    logger.close()
    (folder / "progress.json").unlink()  # the same once more
    return points


def stable_baselines3_monitor(folder: Path) -> Points:
    """Play with a monitored environment."""
    import gymnasium  # noqa: PLC0415
    from stable_baselines3.common.monitor import Monitor  # noqa: PLC0415

    environment: Any = Monitor(gymnasium.make("CartPole-v1"), str(folder / "0.monitor.csv"))
    environment.action_space.seed(0)
    environment.reset(seed=0)
    for _ in range(500):
        _, _, is_over, is_cut, _ = environment.step(environment.action_space.sample())
        if is_over or is_cut:
            environment.reset()
    environment.close()
    step, points = 0, []
    for reward, length in zip(
        environment.get_episode_rewards(), environment.get_episode_lengths(), strict=True
    ):
        step += length
        points.append((step, float(reward)))
    return {"r": points}


def _mlflow(uri: str) -> Points:
    import mlflow  # noqa: PLC0415

    mlflow.set_tracking_uri(uri)
    mlflow.set_experiment("digits")
    points: Points = {"train/loss": [], "lr": []}
    with mlflow.start_run(run_name="first"):
        mlflow.log_params({"lr": 1e-3, "max_steps": 400, "model": "tiny"})
        for step, loss in losses():
            mlflow.log_metrics({"train/loss": loss, "lr": 1e-3 / (step + 1)}, step=step)
            points["train/loss"].append((step, loss))
            points["lr"].append((step, 1e-3 / (step + 1)))
    return points


def mlflow_store(folder: Path) -> Points:
    """Log into MLflow's file store."""
    os.environ["MLFLOW_ALLOW_FILE_STORE"] = "1"  # newer versions ask for it
    points = _mlflow((folder / "mlruns").as_uri())
    shutil.rmtree(folder / "mlruns" / "0", ignore_errors=True)
    for meta in folder.rglob("meta.yaml"):  # without the places of this machine
        lines = meta.read_text().splitlines(keepends=True)
        meta.write_text("".join(line for line in lines if "file:" not in line))
    for tags in folder.rglob("tags"):
        shutil.rmtree(tags)
    return points


def mlflow_database(folder: Path) -> Points:
    """Log into MLflow's database; packed, as it holds dozens of empty tables."""
    path = folder / "mlflow.db"
    points = _mlflow(f"sqlite:///{path}")
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        for statement in (
            "UPDATE runs SET artifact_uri = '', source_name = ''",
            "UPDATE experiments SET artifact_location = ''",
            "DELETE FROM tags",
            "VACUUM",
        ):
            database.execute(statement)
    _pack(path)
    return points


def trackio(folder: Path) -> Points:
    """Log with Trackio."""
    os.environ["TRACKIO_DIR"] = str(folder)
    import trackio as library  # noqa: PLC0415

    run: Any = library.init(project="digits", name="first", config={"lr": 1e-3, "max_steps": 400})
    points: Points = {"train/loss": []}
    for step, loss in losses():
        library.log({"train/loss": loss, "nested": {"a": step}}, step=step)
        points["train/loss"].append((step, loss))
    library.alert("Loss is high", text="at the beginning")
    run.log_system({"gpu/0/utilization": 50.0})
    library.finish()
    for _ in range(50):  # a thread of its own writes
        if not list(folder.glob("*.db-wal")):
            break
        time.sleep(0.1)
    for path in folder.glob("*.lock"):
        path.unlink()
    _pack(folder / "digits.db")
    return points


def dvclive(folder: Path) -> Points:
    """Log with DVCLive."""
    from dvclive import Live  # noqa: PLC0415

    points: Points = {"train/loss": []}
    with Live(str(folder / "dvclive"), save_dvc_exp=False, dvcyaml=None, report=None) as live:
        live.log_params({"max_steps": 400})
        for step, loss in losses():
            live.step = step
            live.log_metric("train/loss", loss)
            points["train/loss"].append((step, loss))
            live.make_summary()
    return points


FIXTURES: tuple[Callable[[Path], Points], ...] = (
    lightning,
    keras,
    stable_baselines3,
    stable_baselines3_monitor,
    mlflow_store,
    mlflow_database,
    trackio,
    dvclive,
)


def main() -> None:
    """Make the fixtures that are asked for, or all of them."""
    asked = set(sys.argv[1:])
    for make in FIXTURES:
        if asked and make.__name__ not in asked:
            continue
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place) / "run"
            folder.mkdir()
            try:
                points = make(folder)
            except ImportError as error:
                print(f"{make.__name__} is left out: {error}")
                continue
            kept = {tag: [[step, _spelled(value)] for step, value in told] for tag, told in points.items()}
            shutil.rmtree(FOLDER / make.__name__, ignore_errors=True)
            shutil.copytree(folder, FOLDER / make.__name__)
        (FOLDER / f"{make.__name__}.json").write_text(json.dumps(kept) + "\n")
        print(f"{make.__name__}: {', '.join(points)}")


def _spelled(value: float) -> float | str:
    return value if math.isfinite(value) else repr(value)


def _pack(path: Path) -> None:
    packed = gzip.compress(path.read_bytes(), mtime=0)
    path.unlink()
    path.with_name(path.name + ".packed").write_bytes(packed)


if __name__ == "__main__":
    main()
