"""Bad input is normal input: it is said, everything else goes on, and nothing that was read is lost.

Here each kind is given to the commands; `test_changing_files.py` watches it happen, and
`test_hostile_text.py` is about what files say.
"""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from tests.bad_files import (
    EVENTS,
    LFS_POINTER,
    LONG_AGO,
    Forbid,
    forbidding,
    losses,
    make_old,
    problems_of,
    training,
    write_events,
)
from tests.commands import only_run, run, summarised
from tests.sources import event_writer
from tests.watching import rows, write


@pytest.fixture
def forbid(monkeypatch: pytest.MonkeyPatch) -> Forbid:
    return forbidding(monkeypatch)


# Files that cannot be read, or hold something else


def test_an_unreadable_file_is_said_and_its_neighbours_are_read(tmp_path: Path, forbid: Forbid) -> None:
    write(tmp_path / "good" / "metrics.jsonl", rows(range(10)))
    forbid(write(tmp_path / "bad" / "metrics.jsonl", rows(range(10))))
    assert losses(tmp_path)["count"] == 10
    (told,) = problems_of(tmp_path)
    assert told.startswith(str(tmp_path / "bad" / "metrics.jsonl"))
    assert "cannot be read" in told
    for command in ("summary", "check", "eta"):
        assert "bad/metrics.jsonl: cannot be read" in run(command, tmp_path).err
    only = run("summary", tmp_path / "bad")
    assert (only.code, len(only.err.splitlines())) == (3, 1)


@pytest.mark.parametrize("name", [EVENTS, "metrics.jsonl", "trainer_state.json"])
def test_a_git_lfs_pointer_says_what_to_do(name: str, tmp_path: Path) -> None:
    pointer = tmp_path / "bad" / name
    pointer.parent.mkdir()
    pointer.write_bytes(LFS_POINTER)
    alone = run("summary", pointer.parent)
    assert alone.code == 3
    assert alone.err == f"tuimon: {pointer}: Git LFS pointer: run git lfs pull\n"
    write(tmp_path / "good" / "metrics.jsonl", rows(range(10)))
    assert losses(tmp_path)["count"] == 10
    assert problems_of(tmp_path) == [f"{pointer}: Git LFS pointer: run git lfs pull"]
    assert "git lfs pull" in run("doctor", tmp_path).out


def test_binary_junk_named_jsonl_is_left_out_and_said(tmp_path: Path) -> None:
    (tmp_path / "junk.jsonl").write_bytes(bytes(range(256)) * 64)
    alone = run("summary", tmp_path / "junk.jsonl")
    assert (alone.code, len(alone.err.splitlines())) == (3, 1)
    write(tmp_path / "good.jsonl", rows(range(10)))
    assert losses(tmp_path)["count"] == 10
    assert any("junk.jsonl" in told for told in problems_of(tmp_path))


@pytest.mark.parametrize("size", [0, 40])
def test_an_event_file_of_a_run_that_was_killed_at_once_is_a_run_without_points(
    size: int, tmp_path: Path
) -> None:
    make_old(write_events(tmp_path / "killed" / EVENTS, event_writer.version()[:size]))
    state = only_run(tmp_path / "killed")
    assert (state["series"], state["status"], state["step"]) == ({}, "unknown", None)
    for command in ("summary", "check", "eta", "doctor"):
        assert run(command, tmp_path).code == 0
    write_events(tmp_path / "good" / EVENTS, event_writer.version(), *training(range(10)))
    assert {state["run"] for state in summarised(tmp_path)["runs"]} == {"killed", "good"}


# Damaged records and lines


def test_a_corrupt_event_record_in_the_middle_hides_no_other(tmp_path: Path) -> None:
    records = training(range(20))
    damaged = bytearray(records[7])
    damaged[len(damaged) // 2] ^= 1
    path = write_events(tmp_path / EVENTS, event_writer.version(), *records[:7], bytes(damaged), *records[8:])
    assert (losses(path)["count"], losses(path)["last_step"], losses(path)["last"]) == (19, 19, 19)
    assert any("a record with a wrong checksum was skipped" in told for told in problems_of(path))


def test_garbage_between_event_records_hides_none(tmp_path: Path) -> None:
    records = training(range(20))
    path = write_events(
        tmp_path / EVENTS, event_writer.version(), *records[:9], b"garbage" * 20, *records[9:]
    )
    assert losses(path)["count"] == 20
    assert any("damaged" in told for told in problems_of(path))


def test_a_truncated_event_file_keeps_what_is_whole(tmp_path: Path) -> None:
    records = training(range(20))
    path = make_old(write_events(tmp_path / EVENTS, event_writer.version(), *records[:-1], records[-1][:-5]))
    assert losses(path)["count"] == 19
    assert any("the last record is cut off" in told for told in problems_of(path))


def test_a_bad_line_and_a_line_of_ten_megabytes_are_skipped_alone(tmp_path: Path) -> None:
    path = write(tmp_path / "metrics.jsonl", rows(range(10)))
    with path.open("a", encoding="utf-8") as file:
        file.write('{"step": 10, "loss": \n')
        file.write('{"step": 11, "loss": 1, "note": "' + "x" * (10 << 20) + '"}\n')
        file.write("[1, 2, 3]\n")
    write(path, rows(range(12, 20)), mode="a")
    assert (losses(path)["count"], losses(path)["last_step"]) == (18, 19)
    told = problems_of(path)
    assert len(told) == 3
    assert any("no valid JSON" in each for each in told)
    assert any("a line of more than" in each for each in told)
    assert any("no JSON object" in each for each in told)


def test_a_file_of_nothing_but_bad_lines_is_one_story_not_a_million(tmp_path: Path) -> None:
    path = write(tmp_path / "metrics.jsonl", rows(range(10)))
    with path.open("a", encoding="utf-8") as file:
        file.writelines("{oops\n" for _ in range(5000))
    assert losses(path)["count"] == 10
    assert len(problems_of(path)) < 200
    assert len(run("summary", path).out.splitlines()) < 30


# Steps and clocks that do what they should not


def test_a_step_that_falls_is_another_attempt_and_all_points_are_kept(tmp_path: Path) -> None:
    path = write(tmp_path / "metrics.jsonl", rows(range(1, 31)))
    write(path, rows(range(10, 26), start=LONG_AGO + 600), mode="a")
    state = only_run(path)
    assert (state["attempts"], state["step"], losses(path)["count"]) == (2, 25, 46)
    assert (losses(path)["first_step"], losses(path)["last_step"]) == (1, 25)


@pytest.mark.parametrize("jump_s", [-7200.0, -3.0e7, 7200.0, 3.0e9, 1e300])
def test_a_clock_that_jumps_spoils_no_value(jump_s: float, tmp_path: Path) -> None:
    path = write(tmp_path / "metrics.jsonl", [{"config": {"max_steps": 100}}, *rows(range(1, 41))])
    write(path, rows(range(41, 61), start=LONG_AGO + jump_s), mode="a")
    write(path, rows(range(61, 81)), mode="a")
    state = only_run(path)
    assert (losses(path)["count"], losses(path)["last_step"], state["fraction"]) == (80, 80, 0.8)
    for name in ("elapsed_s", "eta_s", "eta_low_s", "eta_high_s", "steps_per_s"):
        assert state[name] is None or state[name] >= 0, name
    for command in ("summary", "check", "eta"):
        assert run(command, "--total", "100", path).code in (0, 4)
    traced = run("eta", "--trace", "--json", "--total", "100", path).documents
    assert all(document["eta"] is None or document["eta"] >= 0 for document in traced)


@pytest.mark.parametrize("time_", [float("inf"), -float("inf"), float("nan"), 1e300, -1e300])
@pytest.mark.parametrize("every", [1, 2, 40])
def test_a_time_of_an_event_that_is_none_spoils_no_value(time_: float, every: int, tmp_path: Path) -> None:
    records = [
        event_writer.scalar("loss", step, 1 / (step + 1), time_ if step % every == 0 else LONG_AGO + step)
        for step in range(100)
    ]
    path = write_events(tmp_path / EVENTS, event_writer.version(), *records)
    state = only_run(path)
    assert (losses(path)["count"], state["step"]) == (100, 99)
    known = (state["first_wall_time"], state["last_wall_time"])
    assert known == ((None, None) if every == 1 else (LONG_AGO + 1, LONG_AGO + 99))
    assert state["elapsed_s"] is None or state["elapsed_s"] < 100
    for command in ("summary", "check", "eta"):
        outcome = run(command, "--total", "1000", path)
        assert (outcome.code, outcome.err) == (0, "")


@pytest.mark.parametrize("time_", ["soon", None, -1, "NaN", 10**40, [1], "1700000000.5"])
def test_a_time_that_is_none_spoils_no_value(time_: object, tmp_path: Path) -> None:
    path = write(tmp_path / "metrics.jsonl", [{**row, "time": time_} for row in rows(range(10))])
    assert losses(path)["count"] == 10
    for command in ("summary", "check", "eta"):
        assert run(command, path).code == 0


ODD_VALUES: tuple[object, ...] = (
    *(None, True, -1, 2.5, 1e308, -1e308, 2**63 - 1, 2**63, -(2**63), 10**40),
    *(float("nan"), float("inf"), -float("inf")),
    *("NaN", "-inf", "1e5", "", "text", [1, 2], {}, {"loss": {"x": 2}}),
)
COLUMNS = ("step", "time", "epoch", "lr", "grad_norm", "max_steps", "eval_loss", "event", "gpu.0.util")


@pytest.mark.parametrize("odd", ODD_VALUES, ids=repr)
def test_an_odd_value_in_any_column_spoils_no_other_column(odd: object, tmp_path: Path) -> None:
    usual: dict[str, object] = {"epoch": 1, "lr": 1e-3, "grad_norm": 1.0, "eval_loss": 1.0, "gpu.0.util": 90}
    for column in COLUMNS:
        odd_rows = [
            {**row, **usual, **({column: odd} if index % 3 == 1 else {})}
            for index, row in enumerate(rows(range(60)))
        ]
        write(tmp_path / column / "metrics.jsonl", odd_rows)
        trainer = {"log_history": odd_rows, "global_step": 60, "max_steps": 100, column: odd}
        write(tmp_path / f"{column}-hf" / "trainer_state.json", [trainer])
    document = summarised(tmp_path)
    assert len(document["runs"]) == 2 * len(COLUMNS)
    for state in document["runs"]:
        assert state["series"]["loss"]["count"] == 60, state["run"]
        assert state["run"].startswith("lr") or state["series"]["lr"]["count"] == 60, state["run"]
    for arguments in (["summary"], ["check", "--fail-on", "never"], ["eta"], ["eta", "--trace", "--json"]):
        assert run(*arguments, tmp_path).code == 0


# Links, and junk


def test_loops_of_links_end_and_every_run_comes_once(tmp_path: Path) -> None:
    write(tmp_path / "a" / "metrics.jsonl", rows(range(10)))
    (tmp_path / "a" / "up").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "a" / "self").symlink_to("self")
    (tmp_path / "b").symlink_to(tmp_path / "a", target_is_directory=True)
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    assert only_run(tmp_path)["run"] == "a"
    assert run("doctor", tmp_path).code == 0


def test_junk_of_every_kind_beside_a_run_takes_nothing_from_it(tmp_path: Path) -> None:
    """Rounds of random bytes under every name that is looked at."""
    write(tmp_path / "good" / "metrics.jsonl", rows(range(30)))
    generator = random.Random(7)  # noqa: S311  # junk, not secrets
    names = (EVENTS, "trainer_state.json", "metrics.jsonl", "metrics.json", "log.txt", "x.log", "a.ndjson")
    for index, name in enumerate(names * 3):
        head = (b"", b"{", b'{"step": 1, "loss": 2}\n')[index % 3]
        junk = tmp_path / f"junk{index}" / name
        junk.parent.mkdir()
        junk.write_bytes(head + generator.randbytes(5000))
    for command in ("summary", "check", "eta", "doctor"):
        assert run(command, tmp_path).code == 0
    document = summarised(tmp_path)
    (good,) = (state for state in document["runs"] if state["run"] == "good")
    assert good["series"]["loss"]["count"] == 30
    assert json.dumps(document)
