"""What `tuimon watch` costs the training beside it: the step time of a real training loop, with and without.

One training process (see benchmarks/training.py) and one `tuimon watch` in a terminal of 120x40 go on through
the whole benchmark. In each round there is one stretch in which tuimon runs and one in which it is stopped
(SIGSTOP) and takes no time at all, in the order A B, B A, A B, ... So both sides have the same processes,
memory and files, and stretches can be short enough for other work on the machine to be much the same in both.
What tuimon missed while it was stopped it catches up with when it runs. Ratios are of the two stretches of a
round; what they would be without any cause, the machine's noise, is told by neighbouring stretches of the
same kind.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import psutil

from benchmarks.measure import (
    ROOT,
    environment,
    in_turn,
    machine_watched,
    make_parser,
    print_table,
    spread,
    tuimon_command,
)
from benchmarks.terminal import Terminal

_ALONE, _WATCHED = "alone", "with tuimon watch"
_GOAL = "< 1.02 (aim: < 1.01)"
# The training's first steps are slow, and there must be a curve to draw before anything is measured.
_WARM_UP_S = 8.0
_SETTLE_S = 4.0
_PATIENCE_S = 30.0


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of time that is measured, in seconds of `time.perf_counter`.

    Attributes:
        kind: With tuimon or without.
        start: When it began.
        stop: When it ended.
        training_cpu_s: CPU seconds of the training process.
        tuimon_cpu_s: CPU seconds of tuimon; 0 without it.
    """

    kind: str
    start: float
    stop: float
    training_cpu_s: float
    tuimon_cpu_s: float


@dataclass(frozen=True, slots=True)
class Steps:
    """The step times of one stretch, in seconds."""

    kind: str
    count: int
    mean_s: float
    median_s: float
    cpu_s: float


def main() -> None:
    """Measure and print."""
    parser = make_parser(__doc__)
    parser.add_argument("--rounds", type=int, default=40, help="stretches of each kind (default: 40)")
    parser.add_argument("--seconds", type=float, default=3.0, help="length of a stretch (default: 3)")
    parser.add_argument(
        "--log-every", type=int, default=1, help="steps between two logged points (default: 1)"
    )
    parser.add_argument("--threads", type=int, help="threads of PyTorch (default: its own choice)")
    parser.add_argument("--trainer", default=sys.executable, help="Python that trains, say one with PyTorch")
    args = parser.parse_args()
    if args.quick:
        args.rounds = 4
    with tempfile.TemporaryDirectory() as name, machine_watched("a good guest"):
        stretches, times = _measure(args, Path(name))
    steps = [_steps_within(times, stretch) for stretch in stretches]
    _print_kinds(stretches, steps)
    _print_ratios(steps)


def _measure(args: argparse.Namespace, folder: Path) -> tuple[list[Stretch], npt.NDArray[np.float64]]:
    """Return all stretches, and float64[n, 2]: when each step of the training began and ended."""
    times_path = folder / "times.npy"
    command = [args.trainer, "-m", "benchmarks.training", str(folder / "runs" / "live"), str(times_path)]
    command += ["--log-every", str(args.log_every)]
    command += ["--threads", str(args.threads)] if args.threads else []
    training = subprocess.Popen(command, cwd=ROOT, env=environment())
    try:
        time.sleep(_WARM_UP_S)
        with Terminal(tuimon_command("watch", str(folder / "runs"))) as terminal:
            if not terminal.read(_PATIENCE_S, lambda: terminal.braille_count() > 0):
                raise RuntimeError("tuimon watch showed no curve")
            terminal.read(_SETTLE_S)
            stretches = [
                _stretch(kind, psutil.Process(training.pid), terminal, args.seconds)
                for _, kind in in_turn((_ALONE, _WATCHED), args.rounds)
            ]
            # A stopped process would not end when it is told to.
            os.kill(terminal.pid, signal.SIGCONT)
    finally:
        training.send_signal(signal.SIGTERM)
        training.wait(_PATIENCE_S)
    return stretches, np.load(times_path)


def _stretch(kind: str, training: psutil.Process, terminal: Terminal, seconds: float) -> Stretch:
    """Let tuimon run or stop it for a while."""
    os.kill(terminal.pid, signal.SIGCONT if kind == _WATCHED else signal.SIGSTOP)
    cpu_s, own_s, start = _cpu_s(training), terminal.cpu_s(), time.perf_counter()
    terminal.read(seconds)
    stop = time.perf_counter()
    return Stretch(kind, start, stop, _cpu_s(training) - cpu_s, terminal.cpu_s() - own_s)


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _steps_within(times: npt.NDArray[np.float64], stretch: Stretch) -> Steps:
    """Return what the steps took that lie in a stretch from their beginning to their end."""
    inside = times[(times[:, 0] >= stretch.start) & (times[:, 1] <= stretch.stop)]
    if len(inside) < 2:
        raise RuntimeError("too few steps in a stretch: give longer ones with --seconds")
    # From one step's beginning to the next one's, so that logging counts.
    mean_s = float(inside[-1, 0] - inside[0, 0]) / (len(inside) - 1)
    median_s = float(np.median(np.diff(inside[:, 0])))
    cpu_s = stretch.training_cpu_s * mean_s / (stretch.stop - stretch.start)
    return Steps(stretch.kind, len(inside), mean_s, median_s, cpu_s)


def _print_kinds(stretches: list[Stretch], steps: list[Steps]) -> None:
    rows = []
    for kind in (_ALONE, _WATCHED):
        each = [step for step in steps if step.kind == kind]
        shares = [s.tuimon_cpu_s / (s.stop - s.start) for s in stretches if s.kind == kind]
        rows.append(
            (
                kind,
                str(sum(step.count for step in each)),
                spread([step.median_s for step in each]).text(1e3, 2),
                spread([step.mean_s for step in each]).text(1e3, 2),
                spread([step.cpu_s for step in each]).text(1e3, 2),
                spread(shares).text(100, 2) if kind == _WATCHED else "",
            )
        )
    header = ("training", "steps", "median step, ms", "mean step, ms", "CPU ms a step", "tuimon, % of a core")
    print_table(header, rows)


def _print_ratios(steps: list[Steps]) -> None:
    measures = {
        "median step time": [step.median_s for step in steps],
        "mean step time": [step.mean_s for step in steps],
        "training's CPU time a step": [step.cpu_s for step in steps],
    }
    rows = []
    for name, values in measures.items():
        rounds = [
            second / first if steps[index].kind == _ALONE else first / second
            for index, first, second in zip(range(0, len(steps), 2), values[::2], values[1::2], strict=True)
        ]
        # The second stretch of a round and the first one of the next are of one kind.
        noise = [max(pair) / min(pair) for pair in zip(values[1::2], values[2::2], strict=False)]
        rows.append((name, spread(rounds).text(1, 3), spread(noise).text(1, 3) if noise else "", _GOAL))
    print_table(
        (
            "watched / alone, of each round",
            "ratio, median (quartiles)",
            "same kind, larger / smaller",
            "goal",
        ),
        rows,
    )


if __name__ == "__main__":
    main()
