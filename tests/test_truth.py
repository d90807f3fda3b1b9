"""`tuimon summary --json` of real files agrees with what reference readers found in them.

Every file is named on the command line by itself, so that no other file is taken for a part of its run.
"""

from __future__ import annotations

import csv
import itertools
import json
import math
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.commands import only_run

FOLDER = Path(__file__).parents[1].parent / "shared" / "data"
EVENT_KINDS = ("tfevents", "tfevents_gz")
ROW_KINDS = ("jsonl", "llamafactory_trainer_log", "metrics_json", "jsonlines_log_txt", "hf_trainer_state")
TABLE_KINDS = ("lightning_metrics_csv", "keras_csvlogger", "rl_progress_csv", "sb3_monitor_csv")
# What the tables there count by, as their trainers document it; rows of others are counted.
TABLE_STEPS = ("step", "time/total_timesteps", "epoch")
# The numbers that COCO's evaluation prints, in its order.
COCO_STATS = ("AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl")
# One event file of its own kind in each folder; where truth.json tells what a packed or damaged file held.
ORIGINAL = FOLDER / (
    "files/AguLeon__LoRA_RoBERTa_AGNews/runs/run0/events.out.tfevents.1744227257.b-3-167.5388.0"
)

Facts = dict[str, Any]

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not (FOLDER / "truth.json").exists(), reason="needs ../shared/data"),
]


@cache
def truth() -> Facts:
    found: Facts = json.loads((FOLDER / "truth.json").read_text(encoding="utf-8"))
    return found


def entries(*kinds: str) -> dict[Path, Facts]:
    return {FOLDER / name: entry for name, entry in truth()["files"].items() if entry["kind"] in kinds}


def is_same(fact: float | str | None, expected: float | str | None) -> bool:
    if fact is None or expected is None:
        return fact is expected
    return float(fact) == float(expected) or (math.isnan(float(fact)) and math.isnan(float(expected)))


def differences(tag: str, found: Facts | None, expected: Facts) -> Iterator[str]:
    if found is None:
        yield f"{tag} is missing"
        return
    for name, value in expected.items():
        if not is_same(found[name], value):
            yield f"{name} of {tag} is {found[name]}, not {value}"


def expected_of_events(entry: Facts) -> dict[str, Facts]:
    """Return what is to be found of each scalar tag; other plug-ins make texts, histograms and images."""
    return {
        tag: {name: facts[name] for name in ("count", "first_step", "last_step", "min", "max", "last")}
        | {"nan": facts["n_nan"], "inf": facts["n_posinf"] + facts["n_neginf"]}
        for tag, facts in entry["tags"].items()
        if facts["plugin"] == "scalars"
    }


def expected_of_rows(path: Path, entry: Facts) -> dict[str, Facts]:
    """Return what is to be found of each column of numbers.

    The step column is no series but the place of all others, so it is compared as their steps; an epoch is
    both. `count` in truth.json counts texts too, `numeric` counts what can be drawn.
    """
    step_name = entry["steps"]["step_key"]
    steps = logged_steps(path, step_name)
    return {
        tag: {"count": facts["numeric"], "min": facts["min"], "max": facts["max"], "last": facts["last"]}
        | {"nan": facts["n_nan"], "inf": facts["n_inf"]}
        | {"first_step": steps[tag][0], "last_step": steps[tag][-1]}
        for tag, facts in entry["columns"].items()
        if facts["numeric"] and (tag != step_name or tag == "epoch")
    }


def expected_of_table(path: Path, entry: Facts) -> dict[str, Facts]:
    """Return what is to be found of each column of a table; its steps are read by the standard library."""
    text = path.read_text(encoding="utf-8-sig")
    table = list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))
    step_name = next((name for name in TABLE_STEPS if name in entry["header"]), None)
    if entry["kind"] == "sb3_monitor_csv":
        row_steps = list(itertools.accumulate(int(row["l"]) for row in table))
    else:
        row_steps = [int(row[step_name]) if step_name else place for place, row in enumerate(table)]
    expected = {}
    for logged_tag, facts in entry["columns"].items():
        tag = logged_tag.removeprefix("\ufeff")
        if tag == step_name != "epoch":
            continue
        steps = [step for step, row in zip(row_steps, table, strict=True) if row[tag]]
        expected[tag] = {
            "count": facts["numeric"],
            **{name: facts[name] for name in ("min", "max", "last")},
            "nan": facts["n_nan"],
            "inf": facts["n_inf"],
            "first_step": steps[0],
            "last_step": steps[-1],
        }
    return expected


def translated(path: Path) -> dict[str, list[float]]:
    """Return what is read of a file beyond its numbers: durations, and COCO's lists of statistics."""
    found: dict[str, list[float]] = {}
    rows = logged_rows(path)
    if path.name == "metrics.json":  # detectron2 logs the seconds of an iteration
        ahead = (
            row["time"] * (row["iteration"] - last["iteration"]) for last, row in itertools.pairwise(rows)
        )
        found["elapsed_time"] = list(itertools.accumulate(ahead, initial=0.0))
    for row in rows:
        for tag in ("elapsed_time", "remaining_time"):
            if tag in row:
                days, _, clock = str(row[tag]).rpartition(", ")
                hours, minutes, seconds = map(int, clock.split(":"))
                of_days = 86400 * int(days.partition(" ")[0] or 0)
                found.setdefault(tag, []).append(of_days + 3600 * hours + 60 * minutes + seconds)
        for place, name in enumerate(COCO_STATS):
            if "test_coco_eval_bbox" in row:
                values = found.setdefault(f"test_coco_eval_bbox/{name}", [])
                values.append(row["test_coco_eval_bbox"][place])
    return found


def logged_steps(path: Path, step_name: str) -> dict[str, list[int]]:
    """Return the steps of each column, read by the standard library: truth.json has those of whole rows."""
    steps: dict[str, list[int]] = {}
    for row in logged_rows(path):
        for tag in row:
            steps.setdefault(tag, []).append(row[step_name])
    return steps


def logged_rows(path: Path) -> list[Facts]:
    """Return the rows of JSON lines or of a trainer state, read by the standard library."""
    text = path.read_text(encoding="utf-8").replace("\0", "\n")
    if text.startswith('{"') and "log_history" not in text[:20_000]:
        return [json.loads(line) for line in text.splitlines() if is_json(line)]
    rows: list[Facts] = json.loads(text)["log_history"]
    return rows


def is_json(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


def is_damaged_inside(entry: Facts) -> bool:
    """Tell whether TensorBoard's reader stopped before the last record."""
    return str(entry["raw"]["end"]).startswith("bad_") and entry["raw"]["records"] < 129


def faults_of_events(entry: Facts, found: Facts) -> Iterator[list[str]]:
    """Yield the faults of each series and text. Of a damaged file more than this is right: see below."""
    series, texts = found["series"], found["texts"]
    expected = expected_of_events(entry)
    for tag, facts in expected.items():
        if is_damaged_inside(entry):
            facts = {"count": facts["count"], "first_step": facts["first_step"]}  # noqa: PLW2901  # at least this
            more = tag in series and series[tag]["count"] > facts["count"]
            yield [] if more else list(differences(tag, series.get(tag), facts))
        else:
            yield list(differences(tag, series.get(tag), facts))
    for tag, facts in entry["tags"].items():
        if facts["plugin"] == "text":
            wanted = {name: facts[name] for name in ("count", "last_step")}
            yield list(differences(tag, texts.get(tag), wanted))
    if not is_damaged_inside(entry):
        yield from ([f"{tag} is too much"] for tag in series.keys() - expected.keys())


def faults_of_rows(path: Path, entry: Facts, found: Facts) -> Iterator[list[str]]:
    """Yield the faults of each column."""
    series = found["series"]
    is_table = entry["kind"] in TABLE_KINDS
    expected = expected_of_table(path, entry) if is_table else expected_of_rows(path, entry)
    for tag, facts in expected.items():
        if entry.get("bad_lines"):
            # A hole of NUL bytes spoils only the line in which it lies; the reference reader lost the line
            # after it too. `last` and the steps are those of whole lines either way.
            assert facts["count"] <= series[tag]["count"] <= facts["count"] + entry["bad_lines"]
            facts["count"] = series[tag]["count"]
        yield list(differences(tag, series.get(tag), facts))
    more = {} if is_table else translated(path)
    for tag, values in more.items():
        if entry.get("bad_lines"):
            continue  # other rows than those of the standard library are whole
        facts = {"count": len(values), "min": min(values), "max": max(values), "last": values[-1]}
        yield list(differences(tag, series.get(tag), facts))
    yield from ([f"{tag} is too much"] for tag in series.keys() - expected.keys() - more.keys())


def test_every_series_of_every_file_agrees(capsys: pytest.CaptureFixture[str]) -> None:
    faults, compared, files = [], 0, 0
    packed = dict.fromkeys(entries("tfevents_gz"), truth()["files"][str(ORIGINAL.relative_to(FOLDER))])
    for path, entry in (entries("tfevents", *ROW_KINDS, *TABLE_KINDS) | packed).items():
        if entry.get("error"):
            continue
        found = only_run(path)
        is_events = entry["kind"] in EVENT_KINDS
        for wrong in faults_of_events(entry, found) if is_events else faults_of_rows(path, entry, found):
            compared += 1
            faults += [f"{path.relative_to(FOLDER)}: {each}" for each in wrong[:1]]
        files += 1
    with capsys.disabled():  # so that CI shows it
        print(  # noqa: T201  # it is what this test is asked to say
            f"\ntruth.json: {compared - len(faults)} of {compared} series in {files} files agree"
        )
    assert faults == []
    assert files == len(entries(*EVENT_KINDS, *ROW_KINDS, *TABLE_KINDS)) - 1
    assert compared > 560


@pytest.mark.parametrize("damage", ["hf_payload_bit_flip", "hf_length_bit_flip"])
def test_behind_a_damaged_record_only_the_damaged_record_is_missing(damage: str) -> None:
    """The same file without damage tells what there is to be found."""
    path = FOLDER / "files" / "derived" / damage / ORIGINAL.name
    found = only_run(path)
    whole = expected_of_events(truth()["files"][str(ORIGINAL.relative_to(FOLDER))])
    missing = {tag: facts["count"] - found["series"][tag]["count"] for tag, facts in whole.items()}
    assert sum(missing.values()) == 1
    for tag, facts in whole.items():
        kept = ("first_step", "last_step", "last") if missing[tag] else tuple(facts)
        assert list(differences(tag, found["series"][tag], {name: facts[name] for name in kept})) == []
    damaged = entries("tfevents")[path]["raw"]["offset"]
    assert [problem["offset"] for problem in found["problems"]] == [damaged]


def test_what_is_cut_off_or_half_written_is_said_and_nothing_else_is() -> None:
    said = {
        path.relative_to(FOLDER / "files").parts[:2]: only_run(path)["problems"]
        for path in entries(*EVENT_KINDS, *ROW_KINDS, *TABLE_KINDS)
    }
    troubled = {name[1] for name, problems in said.items() if problems}
    assert troubled == {
        "hf_payload_bit_flip",
        "hf_length_bit_flip",
        "hf_truncated_in_header",
        "hf_truncated_in_payload",
        "hf_zero_tail",
        "detectron2_nul_hole",
        "trainer_log_partial_last_line",
        "trainer_state_half_written",
    }
    offsets = {name[1]: problems[0]["offset"] for name, problems in said.items() if problems}
    assert None not in offsets.values()


def test_a_state_that_is_cut_off_gives_the_rows_before_the_cut() -> None:
    (path,) = (FOLDER / "files" / "derived" / "trainer_state_half_written").rglob("trainer_state.json")
    text = path.read_text()
    rows = json.loads(text[text.index("[", text.index('"log_history"')) : text.rindex("},") + 1] + "]")
    found = only_run(path)["series"]["loss"]
    losses = [row["loss"] for row in rows if "loss" in row]
    assert (found["count"], found["last"]) == (len(losses), losses[-1])


def test_folders_with_several_event_files_keep_more_than_tensorboard_shows() -> None:
    """TensorBoard forgets what a restart does again; here all points of all files are kept."""
    for name, view in truth()["tensorboard_view_of_dirs_with_several_event_files"].items():
        found = only_run(FOLDER / name)
        files = [entry for path, entry in entries("tfevents").items() if path.parent == FOLDER / name]
        assert len(files) == view["files"]
        for tag, shown in view["tags"].items():
            logged = [entry["tags"][tag] for entry in files if tag in entry["tags"]]
            if logged[0]["plugin"] == "text":
                assert found["texts"][tag]["count"] == sum(facts["count"] for facts in logged)
                continue
            series = found["series"][tag]
            assert series["count"] == sum(facts["count"] for facts in logged) >= shown["count"], tag
            wanted = {fact: shown[fact] for fact in ("first_step", "last_step", "last")}
            assert list(differences(tag, series, wanted)) == []
