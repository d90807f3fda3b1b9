"""Trackio's database: a SQLite file per project, and the runs in it.

Its tables are those of `trackio/sqlite_storage.py`, which is public under the MIT licence.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tuimon.core.batch import ConfigRecord, LogLine, Record, ScalarBatch
from tuimon.core.columns import Int64Array
from tuimon.sources.base import StoredRun, place_called
from tuimon.sources.database_run import DatabaseRow, DatabaseRun, key_path
from tuimon.sources.lenient_json import parse
from tuimon.sources.mlflow_database import number_of
from tuimon.sources.row_axes import ClockColumn
from tuimon.sources.row_decoder import RowDecoder
from tuimon.sources.row_notes import flatten_config
from tuimon.sources.rows import RawColumn, Row
from tuimon.sources.sqlite_file import DatabaseFault, SqliteFile, columns_of, sqlite_file

_MOST_SAMPLES = 10_000


class TrackioRun(DatabaseRun):
    """One run; `order` counts rows of metrics. Samples of the machine carry the step before them."""

    def begin(self) -> None:
        """Forget what is known of the generation before."""
        self._decoder = RowDecoder(step_names=("step",), clock_names=("_timestamp",))
        self._samples = RowDecoder(step_names=("step",), clock_names=("_timestamp",))
        self._step = 0
        self._sampled, self._alerted = 0, 0
        self._column = ""

    def first_key(self, database: SqliteFile) -> str:
        """Return the run that was written to first."""
        column = _key_column(database)
        found = database.query(f"SELECT {column} FROM metrics ORDER BY id LIMIT 1")  # noqa: S608  # of two words
        return str(found[0][0]) if found else ""

    def rows_from(self, database: SqliteFile, key: str, number: int, limit: int) -> list[DatabaseRow]:
        """Return rows of `metrics`."""
        self._column = _key_column(database)
        # At first by the index of runs; then by number, as few rows are new (`+` keeps the index out).
        column = f"+{self._column}" if number else self._column
        statement = (
            f"SELECT id, step, timestamp, metrics FROM metrics WHERE {column} = ? AND id >= ? "  # noqa: S608  # of two words
            "ORDER BY id LIMIT ?"
        )
        return database.query(statement, (key, number, limit))

    def records_of(self, rows: Sequence[DatabaseRow], order: Int64Array) -> list[Record]:
        """Return the records of rows, each of which holds an object of JSON."""
        parsed = [{**_metrics(row[3]), "_timestamp": row[2], "step": row[1]} for row in rows]
        found = self._decoder.decode(parsed, order)
        for batch in found:
            if isinstance(batch, ScalarBatch):
                self._step = int(batch.steps[-1])
        return found

    def facts_of(self, database: SqliteFile, key: str, order: int) -> tuple[list[Record], str, float]:
        """Return settings, new samples of the machine and new alerts; nothing tells that a run ended."""
        column = self._column or _key_column(database)
        found: list[Record] = []
        if column in columns_of(database, "configs"):
            told = database.query(
                f"SELECT config FROM configs WHERE {column} = ? ORDER BY id DESC LIMIT 1",  # noqa: S608  # of two words
                (key,),
            )
            values = _metrics(told[0][0]) if told else {}
            found.append(ConfigRecord(flatten_config({k: v for k, v in values.items() if k[:1] != "_"})))
        if column in columns_of(database, "system_metrics"):
            statement = (
                f"SELECT id, timestamp, metrics FROM system_metrics WHERE {column} = ? AND id > ? "  # noqa: S608  # of two words
                "ORDER BY id LIMIT ?"
            )
            samples = database.query(statement, (key, self._sampled, _MOST_SAMPLES))
            if samples:
                self._sampled = samples[-1][0]
                rows = [{**_metrics(row[2]), "_timestamp": row[1], "step": self._step} for row in samples]
                found += self._samples.decode(rows, np.full(len(rows), order))
        if column in columns_of(database, "alerts"):
            statement = (
                f"SELECT id, timestamp, level, title, text FROM alerts WHERE {column} = ? AND id > ? "  # noqa: S608  # of two words
                "ORDER BY id LIMIT 500"
            )
            for number, time, level, *texts in database.query(statement, (key, self._alerted)):
                self._alerted = number
                text = ": ".join(str(part) for part in texts if part)
                kind = {"warn": "warning"}.get(str(level), str(level))
                found.append(LogLine(order, _moment(time), kind, text))
        return found, "", math.nan


def runs_in(path: Path) -> tuple[StoredRun, ...]:
    """Return the runs in a project, the oldest first; none where it cannot be read now."""
    try:
        database = sqlite_file(path)
        column = _key_column(database)
        found = database.query(
            f"SELECT {column}, MAX(run_name), MAX(timestamp) FROM metrics GROUP BY {column} "  # noqa: S608  # of two words
            "ORDER BY MIN(id) LIMIT 100000"
        )
    except DatabaseFault:
        return ()
    runs = []
    for key, name, time in found:
        place = key_path(path, str(key))
        runs.append(StoredRun(place, place, place_called(path, name), _moment(time)))
    return tuple(runs)


def _key_column(database: SqliteFile) -> str:
    """Return what tells runs apart; projects of older versions have their names only."""
    return "run_id" if "run_id" in columns_of(database, "metrics") else "run_name"


def _metrics(text: object) -> Row:
    """Return an object of JSON; of what is no number, only plain values."""
    raw = text.encode() if isinstance(text, str) else text
    try:
        found = parse(raw) if isinstance(raw, bytes) else None
    except ValueError:
        return {}
    if not isinstance(found, dict):
        return {}
    return {
        name: value for name, value in found.items() if not (isinstance(value, dict) and "_type" in value)
    }


def _moment(text: object) -> float:
    """Return unix seconds of a text in ISO 8601, or NaN."""
    column = {"_timestamp": RawColumn([0], [str(text)], None)}
    return float(number_of(ClockColumn(("_timestamp",)).take(column, 1)[0]))
