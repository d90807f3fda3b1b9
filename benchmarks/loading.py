"""How long a key takes to change the screen while millions of points are read, beside the same key without.

One event file of 10M points is written (579 MB). Each round opens it in `tuimon watch`, in a terminal of
120x40 with nine charts, and presses the key that gives all charts another scale, four times a second. A key
is taken from when it is pressed until the screen names its scale, and belongs to what went on then: the
file was read (until the header no longer says how much of it), the rules looked at what was read, or nothing
was left to do, for which the first round waits. The file is in the page cache.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.event_workload import Workload, make_workloads
from benchmarks.measure import machine_watched, make_parser, percentile, print_table, spread, tuimon_command
from benchmarks.screen import NINE_CHARTS, delays_of
from benchmarks.terminal import Terminal

_STEPS_SCALE = 5.0
_PATIENCE_S = 60.0
_KEY_INTERVAL_S = 0.25
_READ = re.compile(r"\bread [.\d]+%")
# The footer says which scale was chosen.
_SCALE_KEY, _SCALE = "y", re.compile(r"values: \w+")
# A key that redraws nine charts takes less than this share of a core, and whatever else goes on more.
_IDLE_SHARE, _IDLE_KEYS = 0.25, 8
# Ten million points are read within seconds.
_READING_KEYS = 16
_BLOCK_BYTES = 4 << 20
_READING, _JUDGING, _IDLE = "while the file is read", "while rules look at it", "with nothing to do"
_GOALS = {_READING: "p95 <= 1.5 times that with nothing to do, and <= 70 ms"}


def main() -> None:
    """Measure and print."""
    parser = make_parser(__doc__)
    parser.add_argument("--rounds", type=int, default=12, help="how often the file is opened (default: 12)")
    parser.add_argument(
        "--keys", type=int, default=60, help="how many keys are pressed with nothing to do (default: 60)"
    )
    args = parser.parse_args()
    rounds, keys, scale = (1, 8, 0.5) if args.quick else (args.rounds, args.keys, _STEPS_SCALE)
    delays: dict[str, list[float]] = {_READING: [], _JUDGING: [], _IDLE: []}
    with machine_watched("loading"), tempfile.TemporaryDirectory() as name:
        (workload,) = make_workloads(Path(name), scale, "interleaved")
        for number in range(rounds):
            for what, found in _measured(workload, 0 if number else keys).items():
                delays[what] += found
    idle = delays[_IDLE]
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
            (
                what,
                str(len(each)),
                spread(each).text(1e3, 0),
                f"{1e3 * percentile(each, 0.95):.0f}",
                ", ".join(
                    f"{percentile(each, share) / percentile(idle, share):.2f}" for share in (0.5, 0.95)
                ),
                _GOALS.get(what, ""),
            )
            for what, each in delays.items()
            if each
        ],
    )


def _measured(workload: Workload, keys: int) -> dict[str, list[float]]:
    """Press keys from the first curve on; return what they took.

    Args:
        workload: What is opened.
        keys: How many to press when all is done; without any, all is over soon after the reading.
    """
    _into_page_cache(workload.folder)
    with Terminal(tuimon_command("watch", str(workload.folder))) as terminal:
        if not terminal.read(_PATIENCE_S, lambda: terminal.braille_count() > 0):
            raise RuntimeError("tuimon watch showed no curve")
        terminal.send(NINE_CHARTS)
        terminal.read(_KEY_INTERVAL_S)
        pressed: list[float] = []
        used_s: list[float] = []
        while not pressed or (len(pressed) < _READING_KEYS if not keys else not _is_idle(used_s)):
            pressed.append(terminal.send(_SCALE_KEY))
            terminal.read(_KEY_INTERVAL_S)
            used_s.append(terminal.cpu_s())
        done = pressed[-_IDLE_KEYS] if keys else float("inf")
        for _ in range(keys):
            pressed.append(terminal.send(_SCALE_KEY))
            terminal.read(_KEY_INTERVAL_S)
        read = max(
            (at for at, screen in terminal.screens() if _READ.search("\n".join(screen.display))), default=0.0
        )
        found: dict[str, list[float]] = {_READING: [], _JUDGING: [], _IDLE: []}
        for at, delay in zip(pressed, delays_of(terminal, pressed, _SCALE), strict=False):
            found[_READING if at < read else _JUDGING if at < done else _IDLE].append(delay)
        return found


def _is_idle(used_s: Sequence[float]) -> bool:
    """Tell by the CPU seconds after each key whether only the keys cost anything."""
    last = used_s[-_IDLE_KEYS:]
    return len(last) == _IDLE_KEYS and last[-1] - last[0] < _IDLE_SHARE * _KEY_INTERVAL_S * _IDLE_KEYS


def _into_page_cache(folder: Path) -> None:
    for path in folder.rglob("events*"):
        with path.open("rb", buffering=0) as file:
            while file.read(_BLOCK_BYTES):
                pass


if __name__ == "__main__":
    main()
