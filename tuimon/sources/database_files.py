"""SQLite databases of runs: MLflow's tracking database, and Trackio's projects."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tuimon.sources.base import Confidence, Sniff, Source, StoredRun, Trainer

# What reads them is imported only where there is such a file.

_MAGIC = b"SQLite format 3\0"
# Columns of the table of metrics, by which a database is known.
_OF_MLFLOW = frozenset({"key", "value", "timestamp", "run_uuid", "step", "is_nan"})
_OF_TRACKIO = frozenset({"id", "run_name", "step", "timestamp", "metrics"})


class MlflowDatabaseFactory:
    """Recognises MLflow's database by its tables, and tells the runs in it."""

    format = "mlflow-sqlite"
    trainers: tuple[Trainer, ...] = (Trainer("MLflow", "`mlflow.db` (SQLite), a run for each run in it"),)

    def sniff(self, path: Path, head: bytes) -> Sniff:
        """Tell whether `path`, which begins with `head`, is a tracking database of MLflow."""
        return _sniff(path, head, _OF_MLFLOW, "MLflow")

    def open(self, paths: tuple[Path, ...]) -> Source:
        """Return a source over runs in databases, as a rule one."""
        from tuimon.sources.line_files import LineFilesSource  # noqa: PLC0415
        from tuimon.sources.mlflow_database import MlflowRun  # noqa: PLC0415

        return LineFilesSource(self.format, MlflowRun, paths)

    def runs(self, path: Path) -> tuple[StoredRun, ...]:
        """Return the runs in a database, the oldest first; none where it cannot be read now."""
        from tuimon.sources.mlflow_database import runs_in  # noqa: PLC0415

        return runs_in(path)


class TrackioFactory:
    """Recognises Trackio's projects by their tables, and tells the runs in them."""

    format = "trackio"
    trainers: tuple[Trainer, ...] = (Trainer("Trackio", "`<project>.db` (SQLite), a run for each run in it"),)

    def sniff(self, path: Path, head: bytes) -> Sniff:
        """Tell whether `path`, which begins with `head`, is a project of Trackio."""
        return _sniff(path, head, _OF_TRACKIO, "Trackio")

    def open(self, paths: tuple[Path, ...]) -> Source:
        """Return a source over runs in databases, as a rule one."""
        from tuimon.sources.line_files import LineFilesSource  # noqa: PLC0415
        from tuimon.sources.trackio import TrackioRun  # noqa: PLC0415

        return LineFilesSource(self.format, TrackioRun, paths)

    def runs(self, path: Path) -> tuple[StoredRun, ...]:
        """Return the runs in a project, the oldest first; none where it cannot be read now."""
        from tuimon.sources.trackio import runs_in  # noqa: PLC0415

        return runs_in(path)


def _sniff(path: Path, head: bytes, needed: Iterable[str], name: str) -> Sniff:
    if not head.startswith(_MAGIC):
        return Sniff(Confidence.NO, "")
    from tuimon.sources.sqlite_file import DatabaseFault, columns_of, sqlite_file  # noqa: PLC0415

    try:
        is_known = columns_of(sqlite_file(path), "metrics").issuperset(needed)
    except DatabaseFault as fault:
        return Sniff(Confidence.NO, str(fault))
    if is_known:
        return Sniff(Confidence.CERTAIN, f"a SQLite database with the tables of {name}")
    return Sniff(Confidence.NO, "a SQLite database without known tables of metrics")
