"""What people ask of a folder of twenty runs: each answer is on the screen after at most five keys."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pytest

from tests.tui.drawing import text_of
from tests.tui.feeds import FixedFeed
from tests.tui.keyboard import press
from tests.tui.states import START, eight_gpus, live_state, make_state, snapshot_of
from tuimon.core.batch import ConfigRecord, LifecycleRecord, LogLine, Record, ScalarBatch
from tuimon.core.hardware import GpuSample
from tuimon.monitor.snapshot import RunState, Snapshot
from tuimon.tui.app import TuimonApp

MOST_KEYS = 5
STEPS = np.arange(10, 401, 10)
OUT_OF_MEMORY = "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.50 GiB."


def ended_run(number: int) -> RunState:
    """A run whose learning rate and evaluation follow from its number; the third one died."""
    rate = (1e-4, 3e-4, 1e-3)[(number + 1) % 3]
    count = 25 if number == 3 else len(STEPS)
    steps = STEPS[:count]
    times = (START + steps).astype(np.float64)
    losses = 1.2 + 2 * np.exp(-steps / 100) + 0.01 * np.sin(steps)
    evaluated = losses[4::5] + 0.04 + 0.01 * (number - 7) ** 2
    records: list[Record] = [
        ConfigRecord({"learning_rate": rate, "seed": number}),
        ScalarBatch(
            ("train/loss", "train/learning_rate"), steps, steps, times, (losses, np.full(count, rate))
        ),
        ScalarBatch(
            ("eval/loss",),
            steps[4::5],
            steps[4::5],
            times[4::5],
            (evaluated,),
        ),
    ]
    if number == 3:
        records.append(LogLine(260, float(times[-1]), "error", OUT_OF_MEMORY))
        records.append(LifecycleRecord("error", 260, None, float(times[-1]), OUT_OF_MEMORY))
        records.append(LifecycleRecord("failed", 261, None, float(times[-1]), "exit code 1"))
    else:
        records.append(LifecycleRecord("finished", 500, None, float(times[-1])))
    return make_state(records, name=f"sft-{number:02d}")


@cache
def twenty_runs() -> Snapshot:
    """Nineteen runs that have ended, and the one that goes on, on a machine with an idle GPU."""
    sample = eight_gpus()
    gpus = [GpuSample(i, f"GPU-{i}", "H100", utilisation_pct=95.0, power_w=600.0 + i) for i in range(4)]
    gpus[2] = replace(gpus[2], utilisation_pct=0.0, power_w=71.0)
    runs = [ended_run(number) for number in range(1, 20)]
    return snapshot_of(*runs, live_state("sft-20"), hardware=(replace(sample, gpus=tuple(gpus)),))


@dataclass(frozen=True)
class Question:
    """What is asked, the keys that are pressed from the first picture on, and what the screen says then."""

    asked: str
    keys: tuple[str, ...]
    told: tuple[str, ...]


QUESTIONS = (
    Question(
        "which run has the best evaluation loss",
        ("t", "O"),
        ("by best eval_loss", "│ ✓ sft-07             1.228     1.268 "),
    ),
    Question(
        "why the third one died",
        ("shift+tab", "g", "j", "j", "e"),
        ("✗ sft-03 FAILED", OUT_OF_MEMORY, "Why this usually happens", "What to do", "Use a smaller batch"),
    ),
    Question(
        "the same from the table", ("t", "g", "j", "j", "e"), ("✗ sft-03 FAILED", OUT_OF_MEMORY, "What to do")
    ),
    Question("when the current one ends", (), ("● sft-20 RUNNING", "ETA 20m00s", "(12:20)")),
    Question("which GPU is idle", (), ("GPU2     0% ", "71W", "GPU3    95% ")),
    Question(
        "how two learning rates compare",
        ("shift+tab", "p", "k"),
        ("Against sft-20", "learning_", "0.0003 -> 0.001", "train/loss 1.228  p 1.237"),
    ),
)


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.asked.replace(" ", "-"))
async def test_the_answer_takes_few_keys(question: Question) -> None:
    assert len(question.keys) <= MOST_KEYS
    app = TuimonApp(FixedFeed(twenty_runs()))
    async with app.run_test(size=(120, 40)) as pilot:
        await press(pilot, *question.keys)
        assert app.picture is not None
        screen = text_of(app.picture, 120, 40)
        assert [text for text in question.told if text not in screen] == []
