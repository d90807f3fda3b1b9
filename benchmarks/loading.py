"""How long a key takes to change the screen while millions of points are read, beside the same key without.

One event file of 10M points is written (579 MB). Each round opens it in `tuimon watch`, in a terminal of
120x40 with nine charts, and presses one key again and again, four times a second on average and at no moment
more than at another: in turns the key that gives all charts another scale, and the one that smooths all
curves in another way. A key is taken from when it is pressed until the screen names what was chosen, and
belongs to what went on then: the file was read (until the header no longer says how much of it), the rules
looked at what was read, or nothing was left to do, for which the first round of each key waits. The file is
in the page cache. Behind a percentile stands where it lies, to 90 %, by the number of keys.
"""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.event_workload import Workload, make_workloads
from benchmarks.measure import (
    machine_watched,
    make_parser,
    percentile,
    percentile_range,
    print_table,
    spread,
    tuimon_command,
)
from benchmarks.screen import NINE_CHARTS, SMOOTHING, SMOOTHING_KEY, delays_of
from benchmarks.terminal import Terminal

_STEPS_SCALE = 5.0
_PATIENCE_S = 60.0
# In a rhythm, keys would meet the same moment of each round.
_SHORTEST_S, _LONGEST_S = 0.15, 0.35
_READ = re.compile(r"\bread [.\d]+%")
# Who uses no more than this share of a core for so long has nothing left to do.
_IDLE_SHARE, _IDLE_S = 0.05, 2.0
_LONGEST_JUDGING_S = 300.0
# Ten million points are read within seconds.
_READING_KEYS = 16
_BLOCK_BYTES = 4 << 20
_READING, _JUDGING, _IDLE = "while the file is read", "while rules look at it", "with nothing to do"
_GOALS = {_READING: "p95 <= 1.5 times that with nothing to do, and <= 70 ms"}


@dataclass(frozen=True, slots=True)
class _Key:
    """A key, what it does, and what on the screen names that."""

    key: str
    does: str
    sign: re.Pattern[str]


# The footer says which scale was chosen, and every title how the curves are smoothed.
_KEYS = (_Key("y", "scale", re.compile(r"values: \w+")), _Key(SMOOTHING_KEY, "smoothing", SMOOTHING))


def main() -> None:
    """Measure and print."""
    parser = make_parser(__doc__)
    parser.add_argument("--rounds", type=int, default=48, help="how often the file is opened (default: 48)")
    parser.add_argument(
        "--keys", type=int, default=80, help="how often each key is pressed with nothing to do (default: 80)"
    )
    args = parser.parse_args()
    rounds, keys, scale = (2, 8, 0.5) if args.quick else (args.rounds, args.keys, _STEPS_SCALE)
    random = np.random.default_rng(0)
    delays = {key: {what: list[float]() for what in (_READING, _JUDGING, _IDLE)} for key in _KEYS}
    with machine_watched("loading"), tempfile.TemporaryDirectory() as name:
        (workload,) = make_workloads(Path(name), scale, "interleaved")
        for number in range(rounds):
            key = _KEYS[number % len(_KEYS)]
            found = _measured(workload, key, keys if number < len(_KEYS) else 0, random)
            for what, each in found.items():
                delays[key][what] += each
    print_table(
        (
            f"a key, {workload.points:,} points",
            "keys",
            "ms, median (quartiles)",
            "p95, ms",
            "of idle: p50, p95",
            "goal",
        ),
        [
            _row(key, what, each, of_key[_IDLE])
            for key, of_key in delays.items()
            for what, each in of_key.items()
            if each
        ],
    )


def _row(key: _Key, what: str, delays: Sequence[float], idle: Sequence[float]) -> tuple[str, ...]:
    low, high = percentile_range(delays, 0.95)
    ratios = (percentile(delays, share) / percentile(idle, share) for share in (0.5, 0.95))
    return (
        f"{key.does}, {what}",
        str(len(delays)),
        spread(delays).text(1e3, 0),
        f"{1e3 * percentile(delays, 0.95):.0f} ({1e3 * low:.0f} to {1e3 * high:.0f})",
        ", ".join(f"{ratio:.2f}" for ratio in ratios),
        _GOALS.get(what, ""),
    )


def _measured(
    workload: Workload, key: _Key, idle_keys: int, random: np.random.Generator
) -> dict[str, list[float]]:
    """Press a key from the first curve on; return what it took.

    Args:
        workload: What is opened.
        key: The key.
        idle_keys: How often to press it when all is done; without any, all is over soon after the reading.
        random: Tells the pauses between.
    """
    _into_page_cache(workload.folder)
    with Terminal(tuimon_command("watch", str(workload.folder))) as terminal:
        if not terminal.read(_PATIENCE_S, lambda: terminal.braille_count() > 0):
            raise RuntimeError("tuimon watch showed no curve")
        terminal.send(NINE_CHARTS)
        terminal.read(random.uniform(_SHORTEST_S, _LONGEST_S))
        pressed: list[float] = []
        for number in range(_READING_KEYS + idle_keys):
            if number == _READING_KEYS:
                _wait_until_idle(terminal)
            pressed.append(terminal.send(key.key))
            terminal.read(random.uniform(_SHORTEST_S, _LONGEST_S))
        read = max(
            (at for at, screen in terminal.screens() if _READ.search("\n".join(screen.display))), default=0.0
        )
        found: dict[str, list[float]] = {_READING: [], _JUDGING: [], _IDLE: []}
        for number, delay in enumerate(delays_of(terminal, pressed, key.sign)):
            is_idle = number >= _READING_KEYS
            found[_IDLE if is_idle else _READING if pressed[number] < read else _JUDGING].append(delay)
        return found


def _wait_until_idle(terminal: Terminal) -> None:
    """Wait until there is nothing left to do.

    Raises:
        RuntimeError: There is something all the time.
    """
    deadline = time.perf_counter() + _LONGEST_JUDGING_S
    while time.perf_counter() < deadline:
        before = terminal.cpu_s()
        terminal.read(_IDLE_S)
        if terminal.cpu_s() - before < _IDLE_SHARE * _IDLE_S:
            return
    raise RuntimeError("tuimon watch is never idle")


def _into_page_cache(folder: Path) -> None:
    for path in folder.rglob("events*"):
        with path.open("rb", buffering=0) as file:
            while file.read(_BLOCK_BYTES):
                pass


if __name__ == "__main__":
    main()
