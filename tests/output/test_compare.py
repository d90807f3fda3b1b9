from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import unified_diff
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.commands import SAMPLES, run
from tuimon.analysis.alignment import Alignment
from tuimon.core.text import cell_width
from tuimon.monitor.once import data_time, read_once
from tuimon.output.checked import Checked, check_run
from tuimon.output.compare import Choice, compare
from tuimon.output.compare_document import comparison_document
from tuimon.output.compare_text import comparison_lines, x_label
from tuimon.sources.naming import Root

GOLDENS = Path(__file__).parent / "goldens"


def checked(path: Path, most_points: int | None = None) -> list[Checked]:
    states = read_once([Root(path)]).runs
    return [check_run(state, data_time(state.run), most_points=most_points) for state in states]


@pytest.fixture(scope="module")
def samples() -> list[Checked]:
    return checked(SAMPLES)


def compared(*arguments: str | Path) -> dict[str, Any]:
    outcome = run("compare", "--json", *arguments)
    assert outcome.code == 0, outcome.err
    (document,) = outcome.documents
    return document


def write_runs(folder: Path, runs: Mapping[str, Sequence[Mapping[str, object]]]) -> Path:
    for name, rows in runs.items():
        (folder / name).mkdir(parents=True)
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (folder / name / "metrics.jsonl").write_text(text, encoding="utf-8")
    return folder


def curve(
    values: Sequence[float], tag: str = "loss", every: int = 1, **config: object
) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = [{"config": config}] if config else []
    return rows + [{"step": every * n, tag: value} for n, value in enumerate(values, 1)]


def ranks(document: dict[str, Any]) -> dict[str, int | None]:
    return {each["run"]: each["rank"] for each in document["runs"]}


@pytest.fixture
def three(tmp_path: Path) -> Path:
    return write_runs(
        tmp_path,
        {
            "falling": curve([4.0, 3.0, 2.0, 1.0], lr=1e-3),
            "bounced": curve([4.0, 0.5, 3.0], lr=1e-2),
            "short": curve([2.5, 2.2], lr=1e-3),
        },
    )


def test_values_are_the_best_the_last_and_those_at_the_place_that_all_have_reached(three: Path) -> None:
    document = compared(three)
    assert (document["metric"], document["goal"], document["align"], document["at"]) == (
        "loss",
        "min",
        "step",
        2.0,
    )
    found = {each["run"]: [each[name] for name in ("best", "last", "at")] for each in document["runs"]}
    assert found["bounced"] == [
        {"value": 0.5, "step": 2},
        {"value": 3.0, "step": 3},
        {"value": 0.5, "step": 2},
    ]
    assert found["falling"][2] == {"value": 3.0, "step": 2}


@pytest.mark.parametrize(
    ("options", "order"),
    [
        ([], ["bounced", "falling", "short"]),
        (["--rank-by", "last"], ["falling", "short", "bounced"]),
        (["--rank-by", "at"], ["bounced", "short", "falling"]),
        (["--goal", "max", "--rank-by", "last"], ["bounced", "short", "falling"]),
        (["--at", "1", "--rank-by", "at"], ["short", "bounced", "falling"]),
    ],
    ids=["best", "last", "at", "max", "first"],
)
def test_runs_are_ranked_by_what_was_asked_for(three: Path, options: list[str], order: list[str]) -> None:
    document = compared(three, *options)
    assert [each["run"] for each in document["runs"]] == order


def test_equal_values_share_a_rank_and_what_is_not_finite_comes_last(tmp_path: Path) -> None:
    lasts = {"a": math.nan, "b": -math.inf, "c": 3.0, "d": 1.0, "e": 1.0}
    runs = {name: curve([2.0, value]) for name, value in lasts.items()}
    folder = write_runs(tmp_path, {**runs, "f": curve([1.0, 2.0], tag="other")})
    assert ranks(compared(folder, "--rank-by", "last", "--metric", "loss")) == {
        "d": 1, "e": 1, "c": 3, "a": 4, "b": 5, "f": None,
    }  # fmt: skip


def test_what_a_run_has_not_reached_it_does_not_tell(three: Path) -> None:
    at = {each["run"]: each["at"] for each in compared(three, "--at", "3")["runs"]}
    assert at == {"falling": {"value": 2.0, "step": 3}, "bounced": {"value": 3.0, "step": 3}, "short": None}


def test_larger_is_better_where_the_metric_says_so(tmp_path: Path) -> None:
    folder = write_runs(
        tmp_path, {"good": curve([0.1, 0.9], "accuracy"), "bad": curve([0.1, 0.2], "accuracy")}
    )
    document = compared(folder)
    assert (document["metric"], document["goal"]) == ("accuracy", "max")
    assert ranks(document) == {"good": 1, "bad": 2}


@pytest.mark.parametrize("metric", ["train/loss", "loss", "Training/Loss"])
def test_a_metric_is_found_under_the_name_that_each_trainer_gives_it(
    metric: str, samples: list[Checked]
) -> None:
    found = {each.state.name: each.series for each in compare(samples, Choice(metric)).runs}
    assert found == {
        "diverged": "train/loss",
        "healthy": "Training/Loss",
        "huggingface": "loss",
        "overfit": "train/loss",
        "resumed": "train/loss",
    }


def test_a_metric_that_nobody_logs_is_wrong_usage() -> None:
    outcome = run("compare", SAMPLES / "huggingface", "--metric", "perplexity_of_the_moon")
    assert (outcome.code, outcome.out) == (2, "")
    assert "no run logs perplexity_of_the_moon" in outcome.err


def test_the_checkpoint_of_the_best_step_is_named() -> None:
    (only,) = compared(SAMPLES / "huggingface")["runs"]
    assert only["checkpoint"] == "checkpoint-600"


def test_findings_are_those_of_check_and_of_long_runs_those_of_the_newest_points() -> None:
    found = {each["run"]: each["findings"] for each in compared(SAMPLES)["runs"]}
    lines = run("check", "--json", SAMPLES).documents
    for name, counted in found.items():
        for severity, count in counted.items():
            assert count == sum((d["run"], d["severity"]) == (name, severity) for d in lines)
    long = compare(checked(SAMPLES / "healthy", 500), Choice())
    assert long.runs[0].checked_from_step is not None
    assert any(
        line.startswith("findings are those of the newest points") for line in comparison_lines(long, 100)
    )


def sweep(folder: Path, runs: int) -> Path:
    random = np.random.default_rng(3)
    found = {}
    for number in range(runs):
        rate, decay = random.uniform(0, 1, 2)
        best = 1 + 2 * rate + 0.3 * decay
        found[f"run{number}"] = curve(
            [best + 1 / n for n in range(1, 40)],
            learning_rate=10 ** (-4 + 2 * rate),
            decay=decay,
            seed=number,
            steps=2,
        )
    return write_runs(folder, found)


def test_settings_that_matter_are_named_in_their_order(tmp_path: Path) -> None:
    document = compared(sweep(tmp_path, 16))
    importance = document["importance"]
    assert (importance["runs"], importance["warning"]) == (16, None)
    assert [each["name"] for each in importance["settings"]] == ["learning_rate", "decay", "seed"]
    assert document["same_config"] == {"steps": 2}


def test_too_few_runs_are_said_to_be_too_few(tmp_path: Path) -> None:
    importance = compared(sweep(tmp_path, 7))["importance"]
    assert importance["settings"] == []
    assert importance["warning"] == "too few runs: 7, of at least 8 that it takes"


Picture = Callable[[list[Checked], Path], Iterator[str]]
PICTURES: dict[str, Picture] = {
    "compare-100-samples": lambda samples, _: comparison_lines(compare(samples, Choice()), 100),
    "compare-80-ascii-time": lambda samples, _: comparison_lines(
        compare(samples, Choice("loss", alignment=Alignment.TIME)), 80, "ascii"
    ),
    "compare-120-sweep": lambda _, folder: comparison_lines(
        compare(checked(sweep(folder, 16)), Choice()), 120
    ),
}


@pytest.mark.parametrize("name", PICTURES)
def test_the_comparison_looks_as_it_did(
    name: str, tmp_path: Path, samples: list[Checked], request: pytest.FixtureRequest
) -> None:
    drawn = "\n".join(PICTURES[name](samples, tmp_path)) + "\n"
    golden = GOLDENS / f"{name}.txt"
    # Known where tests/tui takes part in the run, which declares the option.
    if request.config.getoption("--renew-goldens", default=False):
        golden.write_text(drawn, encoding="utf-8")
    before = golden.read_text(encoding="utf-8").splitlines()
    difference = "\n".join(unified_diff(before, drawn.splitlines(), "before", "now", lineterm=""))
    assert not difference, f"if this is meant, renew the goldens\n{difference}"


@pytest.mark.parametrize("alignment", Alignment)
def test_every_alignment_gives_a_text_and_a_document(alignment: Alignment, samples: list[Checked]) -> None:
    comparison = compare(samples, Choice(alignment=alignment))
    assert comparison_document(comparison)["align"] == alignment.value
    assert any(
        f" by {x_label(alignment)}" in line or "no curves" in line
        for line in comparison_lines(comparison, 80)
    )


def test_hostile_names_are_shown_and_do_not_drive_the_terminal(tmp_path: Path) -> None:
    hostile = "loss\x1b[2J\u202e"
    runs = {name: curve([2.0, 1.0], hostile) for name in ("训练", "b")}
    for name, rows in runs.items():
        rows.insert(0, {"config": {"\x1b]0;x": name}})
    outcome = run("compare", write_runs(tmp_path, runs))
    assert outcome.code == 0
    assert all(line.isprintable() for line in outcome.out.splitlines())
    table = [line for line in outcome.out.splitlines() if "训练" in line or line.startswith("2  b")]
    assert len(table) >= 2
    assert max(cell_width(line) for line in outcome.out.splitlines()) <= 80
    assert "2 runs by best loss\N{REPLACEMENT CHARACTER}[2J" in outcome.out


def test_runs_without_any_metric_are_listed(tmp_path: Path) -> None:
    (tmp_path / "metrics.jsonl").write_text("")
    outcome = run("compare", tmp_path)
    assert outcome.code == 0
    assert "no metric was logged" in outcome.out
    (only,) = compared(tmp_path)["runs"]
    assert only["rank"] is None


@pytest.mark.parametrize("kind", ["txt", "json", "svg"])
def test_a_comparison_is_saved(kind: str, tmp_path: Path) -> None:
    outcome = run("compare", SAMPLES / "huggingface", "--save", tmp_path / f"a.{kind}")
    assert (outcome.code, outcome.out) == (0, "")
    saved = (tmp_path / f"a.{kind}").read_text(encoding="utf-8")
    if kind == "json":
        assert json.loads(saved) == compared(SAMPLES / "huggingface")
    assert "huggingface" in saved
    assert saved.startswith({"txt": "1 run by best", "json": '{"schema":1', "svg": "<svg"}[kind])


def test_a_file_of_no_known_kind_is_wrong_usage(tmp_path: Path) -> None:
    outcome = run("compare", SAMPLES / "huggingface", "--save", tmp_path / "a.xlsx")
    assert outcome.code == 2
    assert "has no ending that says what to write" in outcome.err


def test_names_that_differ_are_never_cut_to_the_same(tmp_path: Path) -> None:
    names = [f"exp-{number:03d}-llama-7b-openwebtext-seed-17-bs-32" for number in range(12)]
    for name in names:
        (tmp_path / name).mkdir()
        (tmp_path / name / "metrics.jsonl").write_text(
            "".join(
                json.dumps({"step": step * 1000, "eval_loss": 1 / step, "time": 60.0 * step}) + "\n"
                for step in range(1, 20)
            )
        )
    lines = run("compare", tmp_path).out.splitlines()
    assert len({line.split()[1] for line in lines[3 : 3 + len(names)]}) == len(names)
