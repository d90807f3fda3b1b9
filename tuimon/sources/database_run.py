"""One of the runs that share a database: new rows by their number, each once.

A run in a database has the path of the database with the run's key below it (`mlflow.db/1cab770d…`), although
there is no such file. A path that is a file means the database's first run.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import numpy as np

from tuimon.core.batch import ConfigRecord, ConfigValue, LifecycleRecord, Problem, Record
from tuimon.core.columns import Int64Array
from tuimon.sources.line_files import FileRead
from tuimon.sources.sqlite_file import DatabaseFault, Signature, SqliteFile, sqlite_file

DatabaseRow = tuple[Any, ...]

# What a row takes, about; budgets are in bytes.
_ROW_BYTES = 64
_FEWEST_ROWS, _MOST_ROWS = 64, 50_000
# A fault may pass without a change that shows, such as a lock; a damaged file is not tried for ever.
_ATTEMPTS = 20


def key_path(database: Path, key: str) -> Path:
    """Return the path of a run in a database."""
    return database / quote(key, safe="").replace(".", "%2E")


class DatabaseRun(ABC):
    """Reads one run of a database on (see `LineFile`). Used by one thread.

    The row that was read last is asked for again with the next ones: where it is another one, the database
    was written anew, and all of it is read as a new generation.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        is_inside = path.parent.is_file()
        self._database: SqliteFile = sqlite_file(path.parent if is_inside else path)
        self._key = unquote(path.name) if is_inside else ""
        self._last: DatabaseRow | None = None
        self._seen: Signature = ()
        self._restarted_at: Signature = (-1,)
        self._is_settled = False
        self._goes_on = False
        self._attempts = 0
        self._fault = ""
        self._bytes_read = 0
        self._config: dict[str, ConfigValue] = {}
        self._ended = ""
        self.begin()

    @property
    def size(self) -> int:
        """What was read so far: the database may hold a thousand runs."""
        return self._bytes_read

    def read(self, max_bytes: int, first_order: int) -> FileRead:
        """Read on; the first new row has the number `first_order`. Never raises on bad content."""
        problems: list[Problem] = []
        if not self._has_changed(problems):
            return FileRead([], 0, more=False, bytes_read=0, problems=problems)
        limit = min(max(max_bytes // _ROW_BYTES, _FEWEST_ROWS), _MOST_ROWS)
        records: list[Record] = []
        try:
            if not self._key:
                self._key = self.first_key(self._database)
            rows = self._new_rows(limit, records, first_order)
            order = np.arange(len(rows)) + first_order
            records += self.records_of(rows, order)
            more = len(rows) == limit
            if not more:
                records += self._facts(first_order + len(rows))
        except DatabaseFault as fault:
            self._report(str(fault), problems)
            self._attempts += 1
            self._is_settled = self._attempts >= _ATTEMPTS
            self._goes_on = False
            return FileRead([], 0, more=False, bytes_read=0, problems=problems)
        self._attempts, self._fault = 0, ""
        if rows:
            self._last = rows[-1]
        self._goes_on = more
        self._bytes_read += len(rows) * _ROW_BYTES
        return FileRead(records, len(rows), more, len(rows) * _ROW_BYTES, problems)

    @abstractmethod
    def begin(self) -> None:
        """Forget what is known of the generation before."""

    @abstractmethod
    def first_key(self, database: SqliteFile) -> str:
        """Return the key of the database's first run; "" where there is none."""

    @abstractmethod
    def rows_from(self, database: SqliteFile, key: str, number: int, limit: int) -> list[DatabaseRow]:
        """Return rows of a run whose numbers, their first items, are not below `number`, rising."""

    @abstractmethod
    def records_of(self, rows: Sequence[DatabaseRow], order: Int64Array) -> list[Record]:
        """Return the records of n rows, whose places in the stream are `order` int64[n]."""

    @abstractmethod
    def facts_of(self, database: SqliteFile, key: str, order: int) -> tuple[list[Record], str, float]:
        """Return what else is told of a run, how it ended ("", `finished`, `failed`), and when."""

    def _has_changed(self, problems: list[Problem]) -> bool:
        try:
            found = self._database.signature()
        except OSError as error:
            is_gone = isinstance(error, FileNotFoundError)
            told = "is gone; what was read is kept" if self._last else "does not exist"
            self._report(told if is_gone else f"could not be read: {error.strerror}", problems)
            self._seen = ()
            return False
        if found == self._seen and self._goes_on:
            return True
        if found == self._seen:
            # The clock of a file system ticks slowly: two writes may have one time. So each change is
            # looked at twice.
            was_settled, self._is_settled = self._is_settled, True
            return not was_settled
        self._seen, self._is_settled, self._attempts = found, False, 0
        return True

    def _new_rows(self, limit: int, records: list[Record], first_order: int) -> list[DatabaseRow]:
        before = self._last
        if before is None:
            return self.rows_from(self._database, self._key, 0, limit)
        rows = self.rows_from(self._database, self._key, before[0], limit + 1)
        if rows and repr(rows[0]) == repr(before):  # NaN equals itself in writing
            return rows[1:]
        if self._restarted_at == self._seen:
            raise DatabaseFault("is damaged: the same question has another answer each time")
        rows = self.rows_from(self._database, self._key, 0, limit)
        if not rows:
            return []
        self._restarted_at = self._seen
        self.begin()
        self._ended = ""
        text = f"{self.path.name} was replaced or rewritten"
        records.append(LifecycleRecord("writer", first_order, None, math.nan, text))
        return rows

    def _facts(self, order: int) -> list[Record]:
        records, ended, time = self.facts_of(self._database, self._key, order)
        told: list[Record] = []
        for record in records:
            if isinstance(record, ConfigRecord):
                new = {k: v for k, v in record.values.items() if repr(self._config.get(k)) != repr(v)}
                self._config |= new
                told += [ConfigRecord(new, record.wall_time)] if new else []
            else:
                told.append(record)
        if ended and ended != self._ended:
            self._ended = ended
            told.append(LifecycleRecord(ended, order, None, time))
        return told

    def _report(self, fault: str, problems: list[Problem]) -> None:
        if fault != self._fault:
            self._fault = fault
            problems.append(Problem(str(self._database.path), fault))
