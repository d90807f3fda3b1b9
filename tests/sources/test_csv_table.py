from __future__ import annotations

import csv
import os
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sources.reading import Points, of_kind, points_by_tag, read_all
from tuimon.core.batch import ConfigRecord, LifecycleRecord, Problem, Record
from tuimon.sources.base import UNBOUNDED, Confidence, ReadBudget
from tuimon.sources.csv_sniff import CsvFactory
from tuimon.sources.csv_table import CsvSource
from tuimon.sources.rows import MAX_TAGS

NAN = float("nan")


def written(path: Path, *lines: str, end: str = "\n") -> CsvSource:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}{end}" for line in lines), encoding="utf-8", newline="")
    return CsvSource((path,))


def series(source: CsvSource) -> dict[str, Points]:
    return points_by_tag(read_all(source))


def problems(source: CsvSource) -> list[Problem]:
    return list(source.read(UNBOUNDED).problems)


# What the trainers write


def test_rows_with_holes_log_only_what_they_hold(tmp_path: Path) -> None:
    source = written(
        tmp_path / "metrics.csv",
        "epoch,step,train_loss,val_loss",
        "0,49,0.5,",
        "0,99,,0.75",
        "1,149,0.25,",
        "1,199,nan,",
    )
    found = series(source)
    assert found.keys() == {"epoch", "train_loss", "val_loss"}
    assert found["train_loss"].steps.tolist() == [49, 149, 199]
    np.testing.assert_array_equal(found["train_loss"].values, [0.5, 0.25, NAN])
    assert (found["val_loss"].steps.tolist(), found["val_loss"].order.tolist()) == ([99], [1])
    assert found["epoch"].values.tolist() == [0, 0, 1, 1]


class Lightning:
    """Writes as Lightning does: sorted names, and the whole file anew when another key comes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: list[dict[str, float]] = []
        self.names: list[str] = []

    def log(self, **row: float) -> None:
        self.rows.append(row)
        is_known = set(row) <= set(self.names)
        self.names = sorted({*self.names, *row})
        with self.path.open("a" if is_known else "w", newline="") as file:
            writer = csv.DictWriter(file, self.names)
            if not is_known:
                writer.writeheader()
            writer.writerows(self.rows[-1:] if is_known else self.rows)


@pytest.mark.parametrize("budget", [7, 1 << 20])
def test_a_header_that_grows_loses_and_doubles_nothing(tmp_path: Path, budget: int) -> None:
    trainer = Lightning(tmp_path / "metrics.csv")
    source = CsvSource((trainer.path,))
    records: list[Record] = []
    found_problems: list[Problem] = []
    for step in range(60):
        trainer.log(step=step, train_loss=1 / (step + 1), **({"a_val_loss": 0.5} if step % 20 == 19 else {}))
        if step == 45:
            trainer.log(step=step, zz_test_loss=1)
        for _ in range(1000):
            result = source.read(ReadBudget(budget))
            records += result.records
            found_problems += result.problems
            if not result.more:
                break
    found = points_by_tag(records)
    assert found["train_loss"].steps.tolist() == list(range(60))
    assert found["a_val_loss"].steps.tolist() == [19, 39, 59]
    assert found["zz_test_loss"].steps.tolist() == [45]
    orders = np.unique(np.concatenate([points.order for points in found.values()]))
    assert orders.tolist() == list(range(61))
    assert of_kind(records, LifecycleRecord) == []
    assert found_problems == []


def test_a_file_that_is_begun_anew_is_another_writer(tmp_path: Path) -> None:
    source = written(tmp_path / "metrics.csv", "step,loss", "1,3", "2,2", "3,1")
    records = read_all(source)
    written(tmp_path / "metrics.csv", "step,loss", "1,3", "2,2.5", "3,2.25")
    result = source.read(UNBOUNDED)
    found = points_by_tag([*records, *result.records])["loss"]
    assert found.steps.tolist() == [1, 2, 3, 2, 3]
    assert found.order.tolist() == [0, 1, 2, 3, 4]
    assert [record.kind for record in of_kind(result.records, LifecycleRecord)] == ["writer"]
    assert len(result.problems) == 1


def test_padded_tables_of_ultralytics_count_epochs(tmp_path: Path) -> None:
    source = written(
        tmp_path / "results.csv",
        "                  epoch,                   time,         train/box_loss,                 lr/pg0",
        "                      1,                12.5000,                1.50000,                  0.001",
        "                      2,                25.2500,                1.25000,                 0.0005",
    )
    found = series(source)
    assert found.keys() == {"epoch", "elapsed_time", "train/box_loss", "lr/pg0"}
    assert found["train/box_loss"].steps.tolist() == [1, 2]
    assert found["elapsed_time"].values.tolist() == [12.5, 25.25]


def test_keras_counts_epochs_from_0(tmp_path: Path) -> None:
    found = series(written(tmp_path / "training.log", "epoch,accuracy,loss", "0,0.5,2.5", "1,0.75,1.5"))
    assert found["loss"].steps.tolist() == found["epoch"].values.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("name", "header", "steps"),
    [
        ("progress.csv", "time/fps,time/total_timesteps,train/loss", [512, 1024]),
        ("progress.csv", "misc/nupdates,misc/total_timesteps,loss", [512, 1024]),
        ("progress.csv", "loss,timesteps_total,training_iteration", [512, 1024]),
        ("progress.csv", "mean 100 episode reward,value loss,kl", [0, 1]),
    ],
)
def test_progress_of_reinforcement_learning(tmp_path: Path, name: str, header: str, steps: list[int]) -> None:
    found = series(written(tmp_path / name, header, "1,512,3", "2,1024,4"))
    first = header.split(",", maxsplit=1)[0]
    assert found[first].steps.tolist() == steps


def test_episodes_are_placed_by_the_sum_of_their_lengths_and_have_a_time(tmp_path: Path) -> None:
    source = written(
        tmp_path / "0.monitor.csv",
        '#{"t_start": 1600000000.5, "env_id": "Corridor-v1"}',
        "r,l,t",
        "-5.5,100,0.25",
        "-4.5,50,0.75",
        "-3.5,25,1.5",
    )
    records = read_all(source, ReadBudget(30))
    found = points_by_tag(records)
    assert found.keys() == {"r", "l", "t"}
    assert found["r"].steps.tolist() == [100, 150, 175]
    assert found["r"].wall_times.tolist() == [1600000000.75, 1600000001.25, 1600000002.0]
    (config,) = of_kind(records, ConfigRecord)
    assert config.values["env_id"] == "Corridor-v1"


def test_a_metric_of_dvclive_is_named_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "dvclive" / "plots" / "metrics" / "train" / "loss.tsv"
    found = series(written(path, "timestamp\tstep\tloss", "1700000000500\t0\t2.5", "1700000001500\t1\t2.0"))
    assert found.keys() == {"train/loss"}
    assert found["train/loss"].wall_times.tolist() == [1700000000.5, 1700000001.5]


def test_words_in_a_table_of_flair_are_left_out(tmp_path: Path) -> None:
    source = written(
        tmp_path / "loss.tsv",
        "EPOCH\tTIMESTAMP\tLEARNING_RATE\tTRAIN_LOSS\tDEV_LOSS",
        "1\t17:04:05\t0.1000\t2.5\t_",
        "2\t17:05:05\t0.0500\t1.5\t1.25",
    )
    found = series(source)
    assert found.keys() == {"EPOCH", "LEARNING_RATE", "TRAIN_LOSS", "DEV_LOSS"}
    assert found["TRAIN_LOSS"].steps.tolist() == [1, 2]
    assert found["DEV_LOSS"].steps.tolist() == [2]


# Spellings


def test_byte_order_mark_quotes_comments_and_line_ends(tmp_path: Path) -> None:
    source = written(
        tmp_path / "metrics.csv",
        '\ufeff"step","loss, total",note,loss',
        '1,"0.5","a ""b"", c",1',
        "# written by hand",
        "2,0.25,d,2",
        end="\r\n",
    )
    found = series(source)
    assert found.keys() == {"loss, total", "loss"}
    assert found["loss, total"].values.tolist() == [0.5, 0.25]


def test_a_header_behind_a_hash_semicolons_and_columns_without_a_name(tmp_path: Path) -> None:
    found = series(written(tmp_path / "log.csv", "# step;loss;;loss", "1;0.5;7;0.25", "2;0.25;8;0.5"))
    assert found["loss"].values.tolist() == [0.5, 0.25]
    assert found["loss.1"].values.tolist() == [0.25, 0.5]
    assert len(found) == 2


def test_times_become_unix_seconds(tmp_path: Path) -> None:
    source = written(tmp_path / "log.csv", "date,step,loss", "2026-01-02T03:04:05+00:00,1,0.5")
    assert series(source)["loss"].wall_times.tolist() == [1767323045.0]


def test_a_repeated_header_is_another_writer(tmp_path: Path) -> None:
    lines = ("epoch,loss", "0,3", "1,2", "epoch,loss", "1,1.5", "epoch,lr,loss", "2,0.5,1.25", "3,9")
    records = read_all(written(tmp_path / "training.log", *lines))
    found = points_by_tag(records)
    assert found["loss"].values.tolist() == [3, 2, 1.5, 1.25]
    assert found["lr"].steps.tolist() == [2]
    assert [record.order for record in of_kind(records, LifecycleRecord)] == [2, 3]


# Damage


def test_lines_with_too_many_or_too_few_cells_are_told(tmp_path: Path) -> None:
    source = written(tmp_path / "metrics.csv", "step,loss,lr", "1,3,1", "2,2", "3,2,1,4,5", "4,1,1,,")
    assert series(source)["loss"].steps.tolist() == [1, 4]
    told = problems(CsvSource((tmp_path / "metrics.csv",)))
    assert [problem.offset for problem in told] == [19, 23]
    assert "2 cells where the header has 3" in told[0].message


def test_a_table_that_leaves_out_what_was_not_logged_is_read(tmp_path: Path) -> None:
    found = series(written(tmp_path / "metrics.csv", "step,loss,val_loss", "1,3", "2,2,5", "3,1"))
    assert found["loss"].steps.tolist() == [1, 2, 3]
    assert found["val_loss"].steps.tolist() == [2]


def test_a_quote_that_is_never_closed_swallows_no_other_line(tmp_path: Path) -> None:
    found = series(written(tmp_path / "metrics.csv", "step,loss,note", "1,3,x", '2,2,"oops', "3,1,y"))
    assert found["loss"].steps.tolist() == [1, 2, 3]


def test_a_hole_of_nul_bytes_spoils_only_the_lines_that_it_cuts(tmp_path: Path) -> None:
    path = tmp_path / "metrics.csv"
    rows = "".join(f"{step},{step / 4},1,2\n" for step in range(40)).encode()
    path.write_bytes(b"step,loss,a,b\n" + rows[:200] + bytes(64) + rows[264:])
    found = series(CsvSource((path,)))["loss"]
    assert set(found.values * 4 - found.steps) == {0}
    assert len(found.steps) > 30


def test_a_table_without_names_is_not_read_and_said(tmp_path: Path) -> None:
    source = written(tmp_path / "metrics.csv", "1,2,3", "4,5,6")
    result = source.read(UNBOUNDED)
    assert result.records == ()
    assert ["no line that names its columns" in problem.message for problem in result.problems] == [True]
    written(tmp_path / "metrics.csv", "7,8", "9,10")
    assert source.read(UNBOUNDED).records == ()
    written(tmp_path / "metrics.csv", "step,loss", "1,0.5")
    assert series(source)["loss"].values.tolist() == [0.5]


def test_the_last_line_waits_for_its_end_unless_nobody_writes(tmp_path: Path) -> None:
    path = tmp_path / "metrics.csv"
    source = written(path, "step,loss", "1,0.5", "2,0.2", end="\n")
    path.write_text(path.read_text().rstrip("\n"))
    assert series(source)["loss"].values.tolist() == [0.5]
    with path.open("a") as file:
        file.write("5\n")
    assert series(source)["loss"].values.tolist() == [0.25]
    path.write_text("step,loss\n1,0.5\n2,0.125")
    os.utime(path, (1.6e9, 1.6e9))
    assert series(CsvSource((path,)))["loss"].values.tolist() == [0.5, 0.125]


def test_a_million_columns_are_bounded_and_said(tmp_path: Path) -> None:
    names = ",".join(f"m{number}" for number in range(1_000_000))
    values = "1," * 999_999
    source = written(tmp_path / "metrics.csv", f"step,{names}"[: 7 << 20], f"1,{values}", f"2,{values}")
    result = source.read(UNBOUNDED)
    found = points_by_tag(result.records)
    assert len(found) == MAX_TAGS - 1
    assert found["m0"].values.tolist() == [1, 1]
    assert [f"more than {MAX_TAGS} columns" in problem.message for problem in result.problems] == [True]


def test_two_million_cells_take_a_moment(tmp_path: Path) -> None:
    """A quarter of them here; what fails is a Python operation per cell."""
    path = tmp_path / "metrics.csv"
    rows = "".join(f"{step},0.123456,,-1.5e-3,2,3,4,5,6,7\n" for step in range(50_000))
    path.write_text("step,a,b,c,d,e,f,g,h,i\n" + rows)
    begin = time.process_time()
    result = CsvSource((path,)).read(UNBOUNDED)
    assert time.process_time() - begin < 1.5
    assert sum(len(points.values) for points in points_by_tag(result.records).values()) == 400_000


CELLS = st.sampled_from(
    ["", " ", "1", "-2.5", "nan", "inf", "1e400", "x", '"', '"a,b"', "1_0", "\u0664", "#"]
)
HEADERS = st.sampled_from(
    [["step", "epoch", "loss"], ["epoch", "loss"], ["# step"], ["r", "l", "t"], ["loss"]]
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(HEADERS | st.lists(CELLS, min_size=1, max_size=5), max_size=12), budget=st.integers(1, 80)
)
def test_odd_rows_read_alike_however_they_are_split(
    tmp_path: Path, rows: Sequence[Sequence[str]], budget: int
) -> None:
    source = written(tmp_path / "metrics.csv", "step,epoch,loss", *(",".join(row) for row in rows))
    found, whole = (
        points_by_tag(read_all(source, ReadBudget(budget))),
        series(CsvSource((tmp_path / "metrics.csv",))),
    )
    assert found.keys() == whole.keys()
    for tag, points in whole.items():
        for column, expected in zip(found[tag], points, strict=True):
            np.testing.assert_array_equal(column, expected)


# Recognition


@pytest.mark.parametrize(
    ("name", "text", "confidence"),
    [
        ("metrics.csv", "", Confidence.LIKELY),
        ("3.monitor.csv", "", Confidence.LIKELY),
        ("iris.csv", "", Confidence.NO),
        ("any.csv", "step,loss\n1,2\n", Confidence.CERTAIN),
        ("any.tsv", "epoch\tval acc\n1\t0.5\n", Confidence.CERTAIN),
        ("training.log", "epoch,loss\n0,1\n", Confidence.CERTAIN),
        ("progress.txt", "Epoch\tAverageEpRet\tTotalEnvInteracts\n0\t1.5\t4000\n", Confidence.CERTAIN),
        ("progress.csv", "mean reward,kl\n1,2\n", Confidence.LIKELY),
        ("0.monitor.csv", '#{"t_start": 1}\nr,l,t\n1,2,3\n', Confidence.CERTAIN),
        ("x.csv", "loss,acc\n1,2\n", Confidence.POSSIBLE),
        ("x.csv", "step,height,width\n1,2,3\n", Confidence.POSSIBLE),
        ("iris.csv", "sepal,petal\n1,2\n", Confidence.NO),
        ("reviews.csv", "epoch,text,label,loss\n1,so good,positive,x\n", Confidence.NO),
        ("steps.csv", "step,loss\nfirst,0.5\n", Confidence.NO),
        ("numbers.csv", "1,2\n3,4\n", Confidence.NO),
        ("notes.txt", "Dear all, here it is\nwhat I wanted, to say\n", Confidence.NO),
        ("train.log", "INFO start, epoch 1, loss 2\n", Confidence.NO),
        ("data.jsonl", "step,loss\n1,2\n", Confidence.NO),
        ("metrics.json", '{"step": 1, "loss": 2}\n', Confidence.NO),
        ("log.txt", '{"step": 1, "loss": 2}\n{"step": 1, "loss": 2}\n', Confidence.NO),
    ],
)
def test_name_and_content_tell_a_table_of_metrics(name: str, text: str, confidence: Confidence) -> None:
    assert CsvFactory().sniff(Path(name), text.encode()).confidence is confidence


def test_a_header_longer_than_the_head_is_judged_by_its_names() -> None:
    head = ("step,loss," + ",".join(f"metric{number}" for number in range(9999)))[:4096].encode()
    assert CsvFactory().sniff(Path("x.csv"), head).confidence is Confidence.CERTAIN
