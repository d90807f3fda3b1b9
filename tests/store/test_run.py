from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from tests.store.logged import START, batch
from tuimon.core.batch import (
    ConfigRecord,
    HistogramBatch,
    ImageRecord,
    LifecycleRecord,
    LogLine,
    Record,
    TextRecord,
)
from tuimon.core.file_part import FilePart
from tuimon.core.roles import Role
from tuimon.store.axis import Axis
from tuimon.store.run import RunView
from tuimon.store.run_store import KEPT_HISTOGRAMS, KEPT_LOG_LINES, KEPT_TEXTS, RunStore
from tuimon.store.twins import Duplicate


def run_of(*records: Record) -> RunView:
    store = RunStore()
    store.extend(0, records)
    return store.freeze()


def histogram(step: int) -> HistogramBatch:
    one = np.array([step])
    return HistogramBatch("weights", one, one, one + START, (np.array([0.0, 1.0]),), (np.array([5.0]),))


def test_a_run_without_records_is_empty() -> None:
    run = RunStore().freeze()
    assert (len(run.series), run.attempts, run.log, run.revision) == (0, (), (), 0)
    assert run.with_role(Role.LOSS) == ()
    assert run.logged_at(Axis.EPOCH, np.array([1.0])) is None


def test_every_kind_of_record_is_kept_in_order() -> None:
    saved = LifecycleRecord("checkpoint", 3, 20, START, "checkpoint-20")
    texts = [TextRecord("note", order, order, START, "x" * order) for order in range(3)]
    image = ImageRecord("samples", 0, 0, START, 4, 4, FilePart(Path("events")))
    run = run_of(
        ConfigRecord({"lr": 1e-4, "model": "a"}),
        *texts,
        saved,
        image,
        histogram(1),
        histogram(2),
        ConfigRecord({"lr": 2e-4}),
        LogLine(4, START, "INFO", "hello"),
    )
    assert run.config == {"lr": 2e-4, "model": "a"}
    assert run.lifecycle == (saved,)
    assert run.lifecycle_streams == (0,)
    assert run.texts["note"].kept == tuple(texts)
    assert (run.images["samples"].count, run.images["samples"].newest) == (1, image)
    assert [part.steps.tolist() for part in run.histograms["weights"].kept] == [[1], [2]]
    assert [line.text for line in run.log] == ["hello"]
    assert run.revision == 10


def test_a_frozen_run_never_changes() -> None:
    store = RunStore()
    store.extend(0, [batch("loss", [1, 2]), TextRecord("note", 0, 0, START, "a"), histogram(1)])
    before = store.freeze()
    later: list[Record] = [batch(["loss", "lr"], [1, 2], first_order=2), ConfigRecord({"a": 1}), histogram(2)]
    later += [TextRecord("note", 5, 5, START, "b"), LifecycleRecord("finished", 9, None, START)]
    store.extend(0, later)
    after = store.freeze()
    assert (list(before.series), len(before.series["loss"]), len(before.attempts)) == (["loss"], 2, 1)
    assert (list(after.series), len(after.series["loss"]), len(after.attempts)) == (["loss", "lr"], 4, 2)
    assert (before.config, before.lifecycle) == ({}, ())
    assert [before.texts["note"].count, before.histograms["weights"].count] == [1, 1]
    assert [after.texts["note"].count, after.histograms["weights"].count] == [2, 2]
    assert after.revision > before.revision
    assert store.freeze().series["loss"] is after.series["loss"]


def test_series_stay_in_the_order_in_which_tags_appeared() -> None:
    tags = [f"tag{number}" for number in range(50, 0, -1)]
    store = RunStore()
    store.extend(0, [batch(tags[:30], [1])])
    store.freeze()
    store.extend(0, [batch(tags[::-1], [2], first_order=1)])
    assert list(store.freeze().series) == tags[:30] + tags[:29:-1]


def test_a_tag_with_other_values_in_another_source_has_its_name_before_it() -> None:
    store = RunStore()
    store.name_stream(3, "metrics.csv")
    store.extend(0, [batch("loss", [1, 2], [5, 5])])
    store.extend(3, [batch(["loss", "lr"], [1, 2, 3], [7, 7, 7])])
    run = store.freeze()
    assert run.series["loss"].values.tolist() == [5, 5]
    assert run.series["metrics.csv/loss"].values.tolist() == [7, 7, 7]
    assert run.series["lr"].stream == 3
    assert run.duplicates == {}


def test_a_tag_with_the_same_values_in_another_source_is_set_aside() -> None:
    store = RunStore()
    store.extend(0, [batch("train/loss", range(100), np.sqrt(range(100)))])
    store.extend(3, [batch(["loss"], range(0, 100, 10), np.round(np.sqrt(range(0, 100, 10)), 3))])
    run = store.freeze()
    assert list(run.series) == ["train/loss"]
    assert run.duplicates == {"train/loss": (Duplicate("loss", 3, 10, 90),)}
    store.extend(3, [batch(["loss"], range(100, 1000), np.arange(900.0), first_order=10)])
    assert list(store.freeze().series) == ["train/loss", "loss"]


def test_tags_logged_together_share_their_columns_for_as_long_as_they_are() -> None:
    store = RunStore()
    store.extend(0, [batch(["loss", "lr"], range(1000))])
    # An event file brings each tag in a batch of its own, at times of its own.
    store.extend(
        0, [batch("speed", range(900), first_order=1), batch("speed", range(900, 1000), first_order=901)]
    )
    run = store.freeze()
    assert run.series["loss"].wall_times is run.series["lr"].wall_times
    assert run.series["loss"].steps is run.series["speed"].steps
    assert run.series["loss"].order is not run.series["speed"].order
    store.extend(
        0, [batch("loss", range(1000, 1300), first_order=1001), batch("lr", [7, 8], first_order=1302)]
    )
    later = store.freeze()
    assert later.series["loss"].steps.tolist() == list(range(1300))
    assert later.series["lr"].steps.tolist() == [*range(1000), 7, 8]
    assert later.series["speed"].steps.tolist() == list(range(1000))
    assert run.series["lr"].steps.tolist() == list(range(1000))


def test_of_many_records_the_first_and_the_last_are_kept_and_all_are_counted() -> None:
    store = RunStore()
    early = None
    for step in range(200):
        store.extend(0, [TextRecord("note", step, step, START, str(step)), histogram(step)])
        if step % 50 == 0:
            view = store.freeze()
            early = early or view
    run = store.freeze()
    (first, last), notes = KEPT_TEXTS, run.texts["note"]
    assert notes.count == 200
    assert [note.step for note in notes.kept] == [*range(first), *range(200 - last, 200)]
    assert notes.newest.text == "199"
    assert run.histograms["weights"].count == 200
    assert len(run.histograms["weights"].kept) == sum(KEPT_HISTOGRAMS)
    assert early is not None
    assert (early.texts["note"].count, early.texts["note"].newest.step) == (1, 0)


def test_histograms_of_one_batch_are_counted_one_by_one() -> None:
    rows = np.arange(100)
    edges, counts = np.arange(300.0).reshape(100, 3), np.arange(200.0).reshape(100, 2)
    times = np.full(100, START)
    run = run_of(HistogramBatch("weights", rows, rows, times, tuple(edges), tuple(counts)))
    held = run.histograms["weights"]
    assert held.count == 100
    assert held.newest.edges[0].tolist() == [297, 298, 299]
    assert held.newest.edges[0].base is None
    assert [part.steps.tolist() for part in held.first] == [[row] for row in range(KEPT_HISTOGRAMS[0])]


def test_a_log_keeps_its_last_lines() -> None:
    run = run_of(*(LogLine(order, START, "INFO", str(order)) for order in range(KEPT_LOG_LINES + 5)))
    assert (run.log[0].text, len(run.log)) == ("5", KEPT_LOG_LINES)


def test_the_longest_series_of_a_role_comes_first() -> None:
    run = run_of(
        batch("eval_loss", [1]),
        batch("val_loss", [1, 2, 3], first_order=1),
        batch("loss", [1], first_order=9),
    )
    assert [series.tag for series in run.with_role(Role.EVAL_LOSS)] == ["val_loss", "eval_loss"]


def test_an_empty_batch_leaves_no_trace() -> None:
    assert run_of(batch("loss", [])).series == {}


class TestEpochs:
    def test_epochs_are_told_from_steps_and_beyond(self) -> None:
        run = run_of(batch("epoch", [0, 100, 200], [0, 0.5, 1.0]))
        epochs = run.logged_at(Axis.EPOCH, np.array([-20.0, 50, 200, 300]))
        assert epochs is not None
        assert epochs.tolist() == [-0.1, 0.25, 1.0, 1.5]

    def test_counts_of_epochs_rise_where_one_begins(self) -> None:
        run = run_of(batch("epoch", range(0, 60, 10), [0, 0, 0, 1, 1, 2]))
        epochs = run.logged_at(Axis.EPOCH, np.array([0.0, 30, 40, 50]))
        assert epochs is not None
        assert epochs.tolist() == [0, 1, 1.5, 2]

    def test_a_window_of_epochs_holds_the_points_logged_there(self) -> None:
        steps = np.arange(0, 10_000)
        run = run_of(
            batch("loss", steps), batch("epoch", steps[::50], steps[::50] / 2500, first_order=10_000)
        )
        columns = run.window(run.series["loss"], Axis.EPOCH, np.linspace(0, 4, 5))
        assert columns.edges.tolist() == [0, 1, 2, 3, 4]
        assert columns.count.tolist() == [2500] * 4
        assert columns.first[2] == run.series["loss"].values[5000]

    def test_an_attempt_has_its_own_epochs(self) -> None:
        steps = [0, 100, 200, 100, 200, 300]
        run = run_of(batch("loss", steps), batch("epoch", steps, [0, 1, 2, 1, 2, 3], first_order=0))
        edges = np.array([0.0, 1.5, 3.5])
        assert run.window(run.series["loss"], Axis.EPOCH, edges, attempt=1).count.tolist() == [2, 1]
        assert run.window(run.series["loss"], Axis.EPOCH, edges, attempt=2).count.tolist() == [1, 2]

    def test_epochs_that_are_no_numbers_are_passed_over(self) -> None:
        run = run_of(batch("epoch", [0, 10, 20, 30], [math.nan, 1, math.inf, 2]))
        epochs = run.logged_at(Axis.EPOCH, np.array([10.0, 20, 30]))
        assert epochs is not None
        assert epochs.tolist() == [1, 1.5, 2]

    @pytest.mark.parametrize("epochs", [[1, 1, 1], [3, 2, 1], [math.nan] * 3])
    def test_epochs_that_never_rise_are_none(self, epochs: list[float]) -> None:
        run = run_of(batch("epoch", [0, 10, 20], epochs), batch("loss", [0, 10, 20], first_order=3))
        assert run.logged_at(Axis.EPOCH, np.array([1.0])) is None
        columns = run.window(run.series["loss"], Axis.EPOCH, np.array([0.0, 20]))
        assert columns.count.tolist() == [3]

    def test_ten_million_epochs_cost_what_a_few_thousand_do(self) -> None:
        steps = np.arange(200_000)
        run = run_of(batch("epoch", steps, steps / 100_000))
        epochs = run.logged_at(Axis.EPOCH, np.array([50_000.0, 150_000]))
        assert epochs == pytest.approx(np.array([0.5, 1.5]))


class TestTokens:
    def test_tokens_are_told_from_steps(self) -> None:
        steps = [0, 10, 20, 30]
        run = run_of(batch("loss", steps), batch("train/num_input_tokens_seen", steps, [0, 4e9, 9e9, 13e12]))
        tokens = run.logged_at(Axis.TOKENS, np.array([5.0, 20]))
        assert tokens is not None
        assert tokens.tolist() == [2e9, 9e9]
        columns = run.window(run.series["loss"], Axis.TOKENS, np.array([0.0, 4.5e9, 14e12]))
        assert columns.count.tolist() == [2, 2]

    def test_a_resumed_run_counts_on_where_it_began_again(self) -> None:
        steps = [0, 100, 200, 100, 200, 300]
        run = run_of(batch("loss", steps), batch("tokens_seen", steps, [0, 1e6, 2e6, 1e6, 2e6, 3e6]))
        columns = run.window(run.series["loss"], Axis.TOKENS, np.array([0.0, 1.5e6, 3.5e6]), attempt=2)
        assert columns.count.tolist() == [1, 2]

    @pytest.mark.parametrize(
        ("tag", "counts"),
        [("tokens", [4000, 3800, 4096, 4050]), ("tokens", [0] * 4), ("eval/tokens_seen", [1, 2, 3, 4])],
    )
    def test_what_does_not_count_from_the_start_is_no_axis(self, tag: str, counts: list[float]) -> None:
        run = run_of(batch("loss", [0, 10, 20, 30]), batch(tag, [0, 10, 20, 30], counts))
        assert run.logged_at(Axis.TOKENS, np.array([1.0])) is None
        assert run.window(run.series["loss"], Axis.TOKENS, np.array([0.0, 30])).count.tolist() == [4]


def test_a_number_that_is_no_epoch_spoils_no_axis() -> None:
    steps = np.arange(1.0, 9.0)
    epochs = [0.5, 1.0, 1e308, 1.5, 2.0, math.inf, 2.5, 3.0]
    store = RunStore()
    logged = range(1, 9)
    store.extend(0, [batch("loss", logged, [3.0] * 8), batch("epoch", logged, epochs)])
    run = store.freeze()
    known = run.logged_at(Axis.EPOCH, steps)
    assert known is not None
    assert np.isfinite(known).all()
    edges = np.linspace(0.0, 4.0, 9)
    assert run.window(run.series["loss"], Axis.EPOCH, edges).count.sum() == 8
