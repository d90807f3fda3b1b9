"""Runs in databases: MLflow's and Trackio's, also while they are written; nothing is left beside them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.commands import only_run, run, summarised
from tests.sources import databases
from tests.sources.reading import points_by_tag
from tuimon.core.batch import ConfigRecord, LifecycleRecord, Record
from tuimon.sources import sqlite_file
from tuimon.sources.base import ReadBudget
from tuimon.sources.database_files import MlflowDatabaseFactory, TrackioFactory

ENDLESS = """
CREATE VIEW everything AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n;
"""


def losses(count: int, start: int = 0) -> list[tuple[int, float]]:
    return [(step, 1 / (step + 1)) for step in range(start, start + count)]


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Return the connection of a program that logs to Trackio's database in WAL mode, and keeps it open."""
    path = tmp_path / "digits.db"
    path.write_bytes(databases.trackio([]))
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        yield connection


def log(writer: sqlite3.Connection, step: int) -> None:
    row = (f"2026-11-21T13:39:{step % 60:02}+00:00", step, json.dumps({"loss": 1 / (step + 1)}))
    writer.execute("INSERT INTO metrics VALUES (NULL, 'a1', ?, 'first', ?, ?)", row)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_each_run_of_a_database_is_a_run_with_its_names(tmp_path: Path) -> None:
    runs = {"first": losses(20), "second": losses(30), "../odd\x1b[2J/name": losses(10), "": losses(1)}
    (tmp_path / "mlflow.db").write_bytes(databases.mlflow_of(runs, "FINISHED"))
    found = {each["run"]: each for each in summarised(tmp_path)["runs"]}
    counts = {name: each["series"]["loss"]["count"] for name, each in found.items()}
    assert (counts["mlflow.db/digits/first"], counts["mlflow.db/digits/second"]) == (20, 30)
    assert sorted(counts.values()) == [1, 10, 20, 30]
    assert {each["status"] for each in found.values()} == {"done"}
    assert {each["total_steps"] for each in found.values()} == {1000}
    assert "\x1b" not in run("summary", tmp_path).out
    assert names(tmp_path) == ["mlflow.db"]


def test_a_failed_run_is_failed(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_bytes(databases.mlflow_of({"first": losses(20)}, "KILLED"))
    assert only_run(tmp_path)["status"] == "failed"


def test_a_database_that_is_written_in_wal_mode_is_followed_without_a_trace(
    writer: sqlite3.Connection, tmp_path: Path
) -> None:
    path = tmp_path / "digits.db"
    source = TrackioFactory().open((path,))
    records: list[Record] = []
    for step in range(50):
        log(writer, step)
        if step == 25:
            writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        before = names(tmp_path)
        result = source.read(ReadBudget())
        assert (result.problems, names(tmp_path)) == ((), before)
        records += result.records
        assert points_by_tag(records)["loss"].steps.tolist() == list(range(step + 1))
    writer.close()
    assert names(tmp_path) == ["digits.db"]
    assert source.read(ReadBudget()).records == ()
    assert only_run(tmp_path)["series"]["loss"]["count"] == 50
    assert names(tmp_path) == ["digits.db"]


def test_what_a_writer_has_not_committed_is_not_read(writer: sqlite3.Connection, tmp_path: Path) -> None:
    log(writer, 0)
    writer.execute("BEGIN")
    writer.execute("PRAGMA cache_size = 1")  # so that pages go to the log before the commit
    for step in range(1, 2000):
        log(writer, step)
    source = TrackioFactory().open((tmp_path / "digits.db",))
    found = points_by_tag(source.read(ReadBudget()).records)
    assert found["loss"].steps.tolist() == [0]
    writer.execute("COMMIT")
    found = points_by_tag(source.read(ReadBudget()).records)
    assert found["loss"].steps.tolist() == list(range(1, 2000))


def test_a_log_whose_last_page_is_torn_is_read_up_to_the_commit_before(
    writer: sqlite3.Connection, tmp_path: Path
) -> None:
    for step in range(3):
        log(writer, step)
    copy = tmp_path / "copy"
    copy.mkdir()
    wal = bytearray((tmp_path / "digits.db-wal").read_bytes())
    wal[-100:] = bytes(100)
    (copy / "digits.db").write_bytes((tmp_path / "digits.db").read_bytes())
    (copy / "digits.db-wal").write_bytes(wal)
    source = TrackioFactory().open((copy / "digits.db",))
    assert points_by_tag(source.read(ReadBudget()).records)["loss"].steps.tolist() == [0, 1]
    assert names(copy) == ["digits.db", "digits.db-wal"]


def test_rows_that_come_later_are_read_once_and_the_end_is_told(tmp_path: Path) -> None:
    path = tmp_path / "mlflow.db"
    path.write_bytes(databases.mlflow(losses(10)))
    source = MlflowDatabaseFactory().open((MlflowDatabaseFactory().runs(path)[0].path,))
    records = list(source.read(ReadBudget()).records)
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        add = "INSERT INTO metrics SELECT 'loss', 5.0, 0, run_uuid, 77, 0 FROM runs"
        database.execute(add)
        records += source.read(ReadBudget()).records
        database.execute("UPDATE runs SET status = 'FAILED', end_time = 1700000099000")
        records += source.read(ReadBudget()).records
    assert points_by_tag(records)["loss"].steps.tolist() == [*range(10), 77]
    ends = [record for record in records if isinstance(record, LifecycleRecord)]
    assert [(end.kind, end.wall_time) for end in ends] == [("failed", 1_700_000_099.0)]
    configs = [record.values for record in records if isinstance(record, ConfigRecord)]
    assert configs == [{"max_steps": 1000, "mlflow.run_name": "first"}]


def test_a_query_that_never_ends_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_file, "_MOST_INSTRUCTIONS", 5_000_000)
    path = tmp_path / "mlflow.db"
    path.write_bytes(databases.mlflow_of({}, script=ENDLESS))
    with pytest.raises(sqlite_file.DatabaseFault, match="interrupted"):
        sqlite_file.SqliteFile(path).query("SELECT MAX(i) FROM everything")


def test_a_database_of_something_else_is_none(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "optuna.db")) as database:
        database.execute("CREATE TABLE trials (id INTEGER)")
        database.commit()
    assert "without known tables of metrics" in run("doctor", tmp_path).out


def test_the_file_store_names_a_run_and_tells_its_end(tmp_path: Path) -> None:
    folder = tmp_path / "mlruns" / "1234" / "abcd"
    for name, text in {
        "meta.yaml": "run_id: abcd\nrun_name: first\nstatus: 3\nstart_time: 1700000000000\n"
        "end_time: 1700000060000\nlifecycle_stage: active\n",
        "../meta.yaml": "experiment_id: '1234'\nname: digits\n",
        "metrics/train/loss": "".join(f"{1_700_000_000_000 + s} {1 / s} {s}\n" for s in range(1, 30)),
        "metrics/val_loss": "1700000000000 nan 5\n1700000000001 inf 9\n",
        "params/max_steps": "60",
    }.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    found = only_run(tmp_path)
    assert (found["run"], found["status"]) == ("mlruns/digits/first", "done")
    assert (found["total_steps"], found["step"]) == (60, 29)
    assert {tag: series["count"] for tag, series in found["series"].items()} == {
        "train/loss": 29,
        "val_loss": 2,
    }
    assert only_run(folder)["run"] == "first"
    assert (
        "train/loss: not read: is part of the run that abcd/meta.yaml describes"
        in run("doctor", tmp_path).out
    )
    (folder / "meta.yaml").write_text("run_id: abcd\nlifecycle_stage: deleted\n")
    assert "deleted" in run("doctor", tmp_path).out


def test_a_line_of_the_file_store_whose_step_is_beyond_all_integers_is_skipped(tmp_path: Path) -> None:
    folder = tmp_path / "mlruns" / "1234" / "abcd"
    (folder / "metrics").mkdir(parents=True)
    (folder / "meta.yaml").write_text("run_id: abcd\nlifecycle_stage: active\n")
    (folder / "metrics" / "loss").write_text(
        f"1700000000000 0.5 1\n1700000000001 0.4 {10**19}\n1700000000002 0.3 2\n"
    )
    found = only_run(tmp_path)
    assert (found["series"]["loss"]["count"], found["step"]) == (2, 2)
    (problem,) = found["problems"]
    assert problem["offset"] == 20
