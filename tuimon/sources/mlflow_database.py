"""MLflow's tracking database, which is SQLite by default: `mlflow.db` and the runs in it.

Its tables are those of `mlflow/store/tracking/dbmodels/models.py`, which is public under the Apache licence.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tuimon.core.batch import ConfigRecord, ConfigValue, Record, ScalarBatch
from tuimon.core.columns import Float64Array, Int64Array
from tuimon.sources.base import StoredRun, place_called
from tuimon.sources.database_run import DatabaseRow, DatabaseRun, key_path
from tuimon.sources.rows import as_float
from tuimon.sources.sqlite_file import DatabaseFault, SqliteFile, sqlite_file

ENDS = {"FINISHED": "finished", "FAILED": "failed", "KILLED": "failed"}
"""What a run's status says of its end; a scheduled or running one has none."""

# MLflow writes infinities as the largest numbers of their sign.
_INFINITE = 1.7976931348623157e308
_ROWS = (
    "SELECT rowid, key, value, timestamp, step, is_nan FROM metrics "
    "WHERE run_uuid = ? AND rowid >= ? ORDER BY rowid LIMIT ?"
)
_RUNS = (
    "SELECT runs.run_uuid, experiments.name, runs.name, runs.start_time, runs.end_time, "
    "(SELECT MAX(timestamp) FROM latest_metrics WHERE latest_metrics.run_uuid = runs.run_uuid) "
    "FROM runs LEFT JOIN experiments ON experiments.experiment_id = runs.experiment_id "
    "WHERE runs.lifecycle_stage = 'active' ORDER BY runs.start_time, runs.run_uuid LIMIT 100000"
)
_FIRST = "SELECT run_uuid FROM runs ORDER BY start_time, run_uuid LIMIT 1"


def number_of(value: object) -> int | float:
    """Return a number of the database as int or float; NaN for what is none."""
    return value if isinstance(value, int) else math.nan if (f := as_float(value)) is None else f


def seconds(milliseconds: object) -> float:
    """Return unix seconds, NaN where nothing is told."""
    return number_of(milliseconds) / 1000


class MlflowRun(DatabaseRun):
    """One run; `order` counts rows, which MLflow writes one per metric."""

    def begin(self) -> None:
        """Forget nothing: each row stands for itself."""

    def first_key(self, database: SqliteFile) -> str:
        """Return the run that began first."""
        found = database.query(_FIRST)
        return str(found[0][0]) if found else ""

    def rows_from(self, database: SqliteFile, key: str, number: int, limit: int) -> list[DatabaseRow]:
        """Return rows of `metrics`."""
        return database.query(_ROWS, (key, number, limit))

    def records_of(self, rows: Sequence[DatabaseRow], order: Int64Array) -> list[Record]:
        """Return a batch per metric."""
        if not rows:
            return []
        numbers: dict[str, int] = {}
        tags = np.array([numbers.setdefault(str(row[1]), len(numbers)) for row in rows])
        values = np.array([number_of(row[2]) for row in rows], np.float64)
        times = np.array([seconds(row[3]) for row in rows], np.float64)
        steps = np.array([_step(row[4]) for row in rows], np.int64)
        values[np.array([bool(row[5]) for row in rows])] = np.nan
        return list(batches(list(numbers), tags, order, steps, times, values))

    def facts_of(self, database: SqliteFile, key: str, order: int) -> tuple[list[Record], str, float]:  # noqa: ARG002  # the contract's
        """Return parameters and name, and how the run ended."""
        params = database.query("SELECT key, value FROM params WHERE run_uuid = ? LIMIT 2000", (key,))
        config = {str(name): plain(str(text)) for name, text in params}
        run = database.query("SELECT name, status, end_time FROM runs WHERE run_uuid = ?", (key,))
        if not run:
            return [ConfigRecord(config)], "", math.nan
        name, status, end = run[0]
        config["mlflow.run_name"] = str(name)
        return [ConfigRecord(config)], ENDS.get(str(status), ""), seconds(end)


def runs_in(path: Path) -> tuple[StoredRun, ...]:
    """Return the runs in a database, the oldest first; none where it cannot be read now."""
    try:
        found = sqlite_file(path).query(_RUNS)
    except DatabaseFault:
        return ()
    runs = []
    for key, experiment, name, *told in found:
        place = key_path(path, str(key))
        times = [time for time in map(seconds, told) if math.isfinite(time)]
        called = place_called(path, experiment or "runs", name or key)
        runs.append(StoredRun(place, place, called, max(times, default=math.nan)))
    return tuple(runs)


def batches(
    names: Sequence[str],
    tags: Int64Array,
    order: Int64Array,
    steps: Int64Array,
    wall_times: Float64Array,
    values: Float64Array,
) -> list[ScalarBatch]:
    """Return a batch per tag of n rows that hold one number each.

    Args:
        names: The tags by their numbers.
        tags: int64[n], the number of each row's tag.
        order: int64[n], rising.
        steps: int64[n].
        wall_times: float64[n], unix seconds.
        values: float64[n]; the largest numbers stand for infinities.
    """
    values = np.where(np.abs(values) >= _INFINITE, np.copysign(np.inf, values), values)
    rank = np.argsort(tags, kind="stable")
    cuts = np.flatnonzero(np.diff(tags[rank])) + 1
    return [
        ScalarBatch((names[int(tags[part[0]])],), order[part], steps[part], wall_times[part], (values[part],))
        for part in np.split(rank, cuts)
        if len(part)
    ]


def plain(text: str) -> ConfigValue:
    """Return a parameter, which MLflow keeps as text, as a number if it is one."""
    for number in (int, float):
        try:
            return number(text)
        except ValueError:
            continue
    return {"True": True, "False": False, "None": None}.get(text, text)


def _step(value: object) -> int:
    number = number_of(value)
    return int(number) if abs(number) < 2**62 else 0
