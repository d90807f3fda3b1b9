"""Writes the databases of MLflow and Trackio for tests: their tables as far as they are read."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from datetime import UTC, datetime

Losses = Iterable[tuple[int, float]]

START_MS = 1_700_000_000_000
_MLFLOW = """
CREATE TABLE experiments (experiment_id INTEGER PRIMARY KEY, name TEXT, lifecycle_stage TEXT);
CREATE TABLE runs (run_uuid TEXT PRIMARY KEY, name TEXT, status TEXT, start_time BIGINT, end_time BIGINT,
    lifecycle_stage TEXT, experiment_id INTEGER);
CREATE TABLE metrics (key TEXT, value FLOAT, timestamp BIGINT, run_uuid TEXT, step BIGINT, is_nan BOOLEAN,
    PRIMARY KEY (key, timestamp, step, run_uuid, value, is_nan));
CREATE INDEX index_metrics_run_uuid ON metrics (run_uuid);
CREATE TABLE latest_metrics (key TEXT, value FLOAT, timestamp BIGINT, step BIGINT, is_nan BOOLEAN,
    run_uuid TEXT);
CREATE TABLE params (key TEXT, value TEXT, run_uuid TEXT);
INSERT INTO experiments VALUES (1, 'digits', 'active');
"""
_TRACKIO = """
CREATE TABLE metrics (id INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT, timestamp TEXT, run_name TEXT,
    step INTEGER, metrics TEXT);
CREATE TABLE configs (id INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT, run_name TEXT, config TEXT);
"""


def mlflow(losses: Losses) -> bytes:
    """Return a database that holds one run."""
    return mlflow_of({"first": losses})


def mlflow_of(
    runs: Mapping[str, Losses], status: str = "RUNNING", script: str = "", *, total: int = 1000
) -> bytes:
    """Return a database of several runs, as MLflow writes it; `script` is run at last."""
    with closing(sqlite3.connect(":memory:")) as database:
        database.executescript(_MLFLOW)
        for number, (name, losses) in enumerate(runs.items()):
            key, start = f"{number:032x}", START_MS + number
            row = (key, name, status, start, None if status == "RUNNING" else start + 60_000, "active", 1)
            database.execute("INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?)", row)
            database.execute("INSERT INTO params VALUES ('max_steps', ?, ?)", (str(total), key))
            database.executemany(
                "INSERT INTO metrics VALUES ('loss', ?, ?, ?, ?, ?)",
                [(_stored(loss), start + 1000 * step, key, step, math.isnan(loss)) for step, loss in losses],
            )
        database.executescript(script)
        return database.serialize()


def trackio(losses: Losses, *, total: int = 1000) -> bytes:
    """Return a project that holds one run."""
    with closing(sqlite3.connect(":memory:")) as database:
        database.executescript(_TRACKIO)
        config = json.dumps({"max_steps": total, "_Username": None})
        database.execute("INSERT INTO configs VALUES (1, 'a1', 'first', ?)", (config,))
        database.executemany(
            "INSERT INTO metrics VALUES (NULL, 'a1', ?, 'first', ?, ?)",
            [(_moment(step), step, json.dumps({"loss": loss})) for step, loss in losses],
        )
        return database.serialize()


def _stored(loss: float) -> float:
    """Return a number as MLflow stores it: NaN as 0 with a mark, infinities as the largest numbers."""
    if math.isnan(loss):
        return 0.0
    return math.copysign(1.7976931348623157e308, loss) if math.isinf(loss) else loss


def _moment(step: int) -> str:
    return datetime.fromtimestamp(START_MS / 1000 + step, UTC).isoformat()
