"""Where `export` writes, what it refuses, and that nothing half written stays."""

from __future__ import annotations

import hashlib
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import tuimon
from tests.commands import SAMPLES, environment, run
from tuimon.output.export.csv_table import LongTable
from tuimon.output.export.event_file import EventFile

OVERFIT = SAMPLES / "overfit"


def test_the_name_of_the_file_tells_the_format(tmp_path: Path) -> None:
    for name, begin in (("a.csv", b"run,tag,"), ("a.jsonl", b'{"config"'), ("a.CSV", b"run,tag,")):
        outcome = run("export", OVERFIT, "-o", tmp_path / name)
        points = sum(map(len, tuimon.load(OVERFIT)[0].values()))
        assert (outcome.code, outcome.err) == (0, "")
        assert outcome.out == f"{tmp_path / name}: {points} points of 1 run\n"
        assert (tmp_path / name).read_bytes().startswith(begin)


def test_what_is_written_to_a_file_is_what_is_printed(tmp_path: Path) -> None:
    run("export", SAMPLES, "-o", tmp_path / "a.csv")
    assert run("export", SAMPLES).out == (tmp_path / "a.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--wide", "--to", "jsonl"], "--wide: is for csv"),
        (["--double"], "--double: is for tfevents"),
        (["--tag", "("], "is no regular expression"),
        (["--to", "tfevents"], "one event file cannot hold 5 runs"),
        (["--to", "xlsx"], "invalid choice"),
    ],
    ids=["wide", "double", "regex", "several", "format"],
)
def test_what_cannot_be_is_wrong_usage(arguments: list[str], complaint: str) -> None:
    outcome = run("export", SAMPLES, *arguments)
    assert (outcome.code, outcome.out) == (2, "")
    assert complaint in outcome.err


def test_what_is_read_is_never_overwritten(tmp_path: Path) -> None:
    source = tmp_path / "run" / "metrics.csv"
    source.parent.mkdir()
    source.write_text("step,loss\n1,0.5\n")
    (tmp_path / "link.csv").symlink_to(source)
    for target in (source, tmp_path / "link.csv"):
        outcome = run("export", source.parent, "-o", target)
        assert outcome.code == 2
        assert "is what the run is read from" in outcome.err
    for arguments in ((tmp_path, "--to", "tfevents"), (source.parent / "x.csv",)):
        outcome = run("export", tmp_path / "run", "-o", *arguments)
        assert outcome.code == 2
        assert "lies in the folder of a run" in outcome.err
    assert list(source.parent.iterdir()) == [source]
    assert [path.name for path in sorted(tmp_path.rglob("*"))] == ["link.csv", "run", "metrics.csv"]


def test_a_run_cannot_lead_out_of_the_folder(tmp_path: Path) -> None:
    assert run("export", f"..={OVERFIT}", "-o", tmp_path / "a" / "b", "--to", "tfevents").code == 0
    assert [path.relative_to(tmp_path).parts[:3] for path in tmp_path.rglob("events*")] == [("a", "b", "_")]


def test_no_folder_is_made_for_a_file(tmp_path: Path) -> None:
    outcome = run("export", OVERFIT, "-o", tmp_path / "missing" / "a.csv")
    assert outcome.code == 1
    assert "missing" in outcome.err


def test_an_error_on_the_way_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> int:
        raise OSError(28, "No space left on device")

    target = tmp_path / "a.csv"
    target.write_text("old")
    monkeypatch.setattr(LongTable, "write", fail)
    outcome = run("export", OVERFIT, "-o", target)
    assert outcome.code == 1
    assert "No space left" in outcome.err
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]


def test_an_error_leaves_no_folder_of_a_run_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EventFile, "write", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        run("export", SAMPLES, "-o", tmp_path, "--to", "tfevents")
    assert list(tmp_path.iterdir()) == []


SLOW = """
import sys, time
from tuimon.cli.main import main
from tuimon.output.export.csv_table import LongTable
write = LongTable.write
def slowly(self, run):
    write(self, run)
    print("written", flush=True)
    time.sleep(60)
LongTable.write = slowly
sys.exit(main())
"""


def test_an_interruption_leaves_nothing(tmp_path: Path) -> None:
    arguments = ["export", str(OVERFIT), "-o", str(tmp_path / "a.csv")]
    with subprocess.Popen(
        [sys.executable, "-c", SLOW, *arguments], stdout=subprocess.PIPE, env=environment()
    ) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == b"written\n"
        assert [path.suffix for path in tmp_path.iterdir()] == [".part"]
        program.send_signal(signal.SIGINT)
        assert program.wait(10) == 130
    assert list(tmp_path.iterdir()) == []


def test_the_same_run_gives_the_same_file(tmp_path: Path) -> None:
    for name in ("a", "b"):
        run("export", SAMPLES / "healthy", "-o", tmp_path / name, "--to", "tfevents")
    assert len({hashlib.sha256(path.read_bytes()).hexdigest() for path in tmp_path.rglob("events*")}) == 1


def test_one_run_goes_through_a_pipe_as_an_event_file(tmp_path: Path) -> None:
    outcome = subprocess.run(
        [sys.executable, "-m", "tuimon", "export", str(SAMPLES / "healthy"), "--to", "tfevents"],
        env=environment(),
        capture_output=True,
        check=True,
    )
    assert outcome.stderr == b""
    (tmp_path / "events.out.tfevents.1").write_bytes(outcome.stdout)
    (found,) = tuimon.load(tmp_path)
    assert len(found["Training/Loss"]) == 873


def test_what_could_not_be_read_is_said_on_standard_error(tmp_path: Path) -> None:
    (tmp_path / "metrics.jsonl").write_text(
        '{"step": 1, "loss": 0.5}\n{"step": 2, "loss": broken\n{"step": 3, "loss": 0.25}\n'
    )
    outcome = run("export", tmp_path)
    assert outcome.code == 0
    assert outcome.out.splitlines()[1:] == [
        f"{tmp_path.name},loss,1,,0.5",
        f"{tmp_path.name},loss,3,,0.25",
    ]
    assert "metrics.jsonl" in outcome.err


def test_names_cannot_drive_a_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "metrics.jsonl").write_text('{"step": 1, "loss\\u001b[2J": 0.5}\n')
    assert "\x1b" in run("export", tmp_path).out
    monkeypatch.setattr("tuimon.cli.export._is_terminal", lambda: True)
    outcome = run("export", tmp_path)
    assert "\x1b" not in outcome.out
    assert "loss\N{REPLACEMENT CHARACTER}[2J,1,,0.5\n" in outcome.out
    assert run("export", tmp_path, "--to", "tfevents").code == 2


def test_parquet_asks_for_what_it_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    outcome = run("export", OVERFIT, "-o", tmp_path / "a.parquet")
    assert outcome.code == 1
    assert "pip install 'tuimon[parquet]'" in outcome.err
    assert list(tmp_path.iterdir()) == []


def test_parquet_has_every_point(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    run("export", SAMPLES, "-o", tmp_path / "a.parquet")
    table = parquet.read_table(tmp_path / "a.parquet")
    names = zip(table["run"].to_pylist(), table["tag"].to_pylist(), strict=True)
    expected = [(r.name, tag, series) for r in tuimon.load(SAMPLES) for tag, series in r.items()]
    assert list(names) == [(name, tag) for name, tag, series in expected for _ in range(len(series))]
    for column, of_series in (("step", "step"), ("value", "value"), ("wall_time", "wall_time")):
        found = table[column].to_numpy(zero_copy_only=False)
        assert found.tobytes() == b"".join(
            series.columns()[of_series].astype(found.dtype).tobytes() for _, _, series in expected
        )
