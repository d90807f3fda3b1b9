from __future__ import annotations

import pytest

from tests.analysis.logged_lines import Line, run_of
from tuimon.analysis.totals import find_totals
from tuimon.core.batch import ConfigValue


def losses(last: int, every: int = 10) -> list[Line]:
    return [{"step": step, "time": 1e9 + step, "loss": 2.0} for step in range(every, last + 1, every)]


@pytest.mark.parametrize(
    ("config", "steps"),
    [
        ({"max_steps": 1000}, 1000),
        ({"max_steps": "1e3"}, 1000),
        ({"trainer.max_steps": 1000}, 1000),
        ({"max_steps": -1}, None),
        ({"max_steps": True}, None),
        ({"max_steps": "many"}, None),
        ({"max_steps": float("nan")}, None),
        ({"max_iters": 600000, "max_steps": 1000}, 1000),
        ({"Trainer.Total_Steps": 1000}, 1000),
        ({"max_steps": 50}, None),
        ({"max_steps": 50, "max_iters": 700}, 700),
        ({"env.max_steps": 1000}, None),
        ({"stage.max_steps": 300, "max_steps": 1000}, 1000),
        ({"lr": 0.1}, None),
    ],
)
def test_config_says_the_total(config: dict[str, ConfigValue], steps: int | None) -> None:
    assert find_totals(run_of(losses(200), config=config)).total_steps == steps


def test_what_the_person_says_counts_most() -> None:
    totals = find_totals(run_of(losses(200), config={"max_steps": 1000}), total=500)
    assert (totals.total_steps, totals.source) == (500, "--total")


def test_the_source_is_told() -> None:
    assert find_totals(run_of(losses(200), config={"a.max_steps": 1000})).source == "config a.max_steps"
    assert find_totals(run_of([])).source == ""


def test_scalars_of_event_files_say_the_total() -> None:
    lines = [{"step": 0, "Config/total_steps": 873.0, "Config/num_epochs": 3.0}, *losses(200)]
    totals = find_totals(run_of(lines))
    assert (totals.total_steps, totals.total_epochs) == (873, 3)
    assert totals.source == "scalar Config/total_steps"


def test_a_column_that_counts_is_no_total() -> None:
    counting = [{"step": step, "loss": 2.0, "total_steps": float(step)} for step in range(50)]
    assert find_totals(run_of(counting)).total_steps is None
    assert find_totals(run_of(counting, config={"total_steps": 49})).total_steps is None
    done = [{"step": step, "loss": 2.0, "time/total_timesteps": float(step)} for step in range(50)]
    assert find_totals(run_of(done)).total_steps is None
    still = [{"step": step, "loss": 2.0, "total_steps": 80.0} for step in range(50)]
    assert find_totals(run_of(still)).total_steps == 80


@pytest.mark.parametrize(
    "text",
    [
        '{"max_steps": 1200, "num_train_epochs": 3.0, "output_dir": "x"}',
        "max_steps: 1200\nnum_train_epochs: 3\n",
        "| key | value |\n|---|---|\n| max_steps | 1200 |\n| num_train_epochs | 3 |",
        "Namespace(max_steps=1_200, num_train_epochs=3)",
        "**max_steps**: `1.2e3`  \n**num_train_epochs**: 3",
    ],
)
def test_texts_say_the_total(text: str) -> None:
    totals = find_totals(run_of(losses(200), texts={"args/text_summary": text}))
    assert (totals.total_steps, totals.total_epochs) == (1200, 3)
    assert find_totals(run_of(losses(200), texts={"sample/story": text})).total_steps is None


def test_a_percentage_says_the_total() -> None:
    lines = [{"step": step, "loss": 1.0, "percentage": step / 4} for step in range(5, 101, 5)]
    assert find_totals(run_of(lines)).total_steps == 400


def test_fractional_epochs_say_the_total() -> None:
    lines = [{"step": step, "loss": 1.0, "train/epoch": step / 291} for step in range(1, 583)]
    totals = find_totals(run_of(lines, config={"num_train_epochs": 3, "max_steps": -1}))
    assert totals.total_steps == 873
    assert totals.steps_per_epoch == pytest.approx(291)
    assert totals.from_epochs


@pytest.mark.parametrize("first", [0, 1])
def test_an_epoch_counter_says_the_total(first: int) -> None:
    lines = [{"step": step, "loss": 1.0, "epoch": float(first + step // 100)} for step in range(0, 450, 10)]
    assert find_totals(run_of(lines, config={"epochs": 20})).total_steps == 2000
    assert find_totals(run_of(lines[:9], config={"epochs": 20})).total_steps is None
    assert find_totals(run_of(lines[:12], config={"epochs": 20})).total_steps == 2000


def test_only_the_present_attempt_tells_the_length_of_an_epoch() -> None:
    before = [{"step": step, "loss": 1.0, "epoch": float(step // 100)} for step in range(0, 1000, 10)]
    after = [{"step": step, "loss": 1.0, "epoch": float(step // 200)} for step in range(100, 500, 10)]
    assert find_totals(run_of([*before, *after], config={"epochs": 3})).total_steps == 600


def test_steps_that_are_epochs() -> None:
    lines = [{"step": epoch, "train_loss": 1.0, "epoch": float(epoch)} for epoch in range(1, 12)]
    assert find_totals(run_of(lines, config={"epochs": 300})).total_steps == 300


def test_steps_per_epoch_and_epochs_multiply() -> None:
    totals = find_totals(run_of(losses(200), config={"steps_per_epoch": 250, "num_epochs": 4}))
    assert (totals.total_steps, totals.steps_per_epoch) == (1000, 250)


def test_steps_and_epochs_tell_the_length_of_an_epoch() -> None:
    totals = find_totals(run_of(losses(200), config={"max_steps": 480, "num_epochs": 120}))
    assert (totals.total_steps, totals.steps_per_epoch) == (480, 4)
    overruled = find_totals(run_of(losses(200), config={"max_steps": 480, "num_train_epochs": 3}))
    assert overruled.steps_per_epoch is None


def test_total_epochs_follow_from_the_steps_where_they_are_not_said() -> None:
    lines = [{"step": step, "loss": 1.0, "epoch": step / 250} for step in range(10, 500, 10)]
    assert find_totals(run_of(lines, config={"max_steps": 1000})).total_epochs == pytest.approx(4)


def test_a_run_that_overshot_a_little_keeps_its_total() -> None:
    assert find_totals(run_of(losses(1010), config={"total_timesteps": 1000})).total_steps == 1000
