"""The small words of the core: batches, columns, clocks, errors."""

from __future__ import annotations

import dataclasses
import time

import numpy as np
import pytest

from tuimon.core.batch import ConfigRecord, Problem, ScalarBatch
from tuimon.core.clock import Clock, SystemClock
from tuimon.core.columns import Columns
from tuimon.core.errors import (
    EXIT_FAILED,
    EXIT_NO_RUN,
    EXIT_USAGE,
    NoRunError,
    TuimonError,
    UsageError,
)


def test_a_batch_and_columns_have_a_length() -> None:
    whole, real = np.arange(3), np.zeros(3)
    assert len(ScalarBatch(("loss",), whole, whole, real, (real,))) == 3
    assert len(Columns(np.zeros(4), real, real, real, real, whole, whole)) == 3


def test_records_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        ConfigRecord({}).wall_time = 1.0  # type: ignore[misc]  # what is tested


def test_equal_problems_are_one() -> None:
    assert len({Problem("a", "bad line", 3), Problem("a", "bad line", 3), Problem("a", "bad line")}) == 2


def test_a_clock_is_the_machines() -> None:
    clock: Clock = SystemClock()
    assert abs(clock.now() - time.time()) < 5


@pytest.mark.parametrize(
    ("error", "text", "exit_code"),
    [
        (TuimonError("it broke"), "it broke", EXIT_FAILED),
        (NoRunError("no training run found", "./outputs"), "./outputs: no training run found", EXIT_NO_RUN),
        (UsageError("unknown key", "a.toml", "remove it"), "a.toml: unknown key (remove it)", EXIT_USAGE),
        (UsageError("unknown key", remedy="remove it"), "unknown key (remove it)", EXIT_USAGE),
    ],
)
def test_errors_say_what_where_and_what_to_do(error: TuimonError, text: str, exit_code: int) -> None:
    assert str(error) == text
    assert error.exit_code == exit_code
