"""Two million points on the screen: `tuimon watch` beside W&B LEET; the goal is an eighth of its time.

`--wandb` names the Python of an environment with wandb 0.31 or newer, which writes the offline run that both
read. All run in turn in a terminal of 120x40, until a program has used less than a twentieth of a core for
two seconds. Everything is drawn when its curves are complete: the time and the CPU that it took until then
are compared. (Beside that tuimon checks the run for what is wrong; LEET has no such thing.)
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.event_workload import make_workloads
from benchmarks.measure import in_turn, machine_watched, make_parser, print_table, spread, tuimon_command
from benchmarks.terminal import Terminal

_TAGS = 20
_EVENTS, _PEER = "tuimon, as many points in an event file", "LEET"
_STEPS, _QUICK_STEPS = 100_000, 10_000
_CALM_S, _CALM_SHARE = 2.0, 0.05
_LOOK_S = 0.1
# What tuimon says while it reads, and what it says of the run when rules look at it.
_READING = re.compile(r"\bread +\d+(\.\d+)?%|\bsketch\b")
_JUDGES = re.compile("Diagnosis")
_PATIENCE_S = 180.0
# The curves of a training: falling with noise. Only wandb writes files that are surely read as wandb's.
_WRITER = """
import math, random, sys
import wandb
steps, tags = int(sys.argv[1]), int(sys.argv[2])
run = wandb.init(project="benchmark", settings=wandb.Settings(x_disable_stats=True, console="off"))
noise = random.Random(1)
for step in range(steps):
    base = 4 * math.exp(-4 * step / steps)
    run.log({f"train/metric_{tag}": base + tag + noise.gauss(0, 0.1) for tag in range(tags)}, step=step)
run.finish()
"""


@dataclass(frozen=True, slots=True)
class Reading:
    """What it took until everything was read and drawn."""

    wall_s: float
    cpu_s: float


def main() -> None:
    """Measure and print."""
    parser = make_parser(__doc__)
    parser.add_argument("--wandb", type=Path, required=True, metavar="PYTHON", help="a Python that has wandb")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of all (default: 5)")
    args = parser.parse_args()
    rounds, steps = (2, _QUICK_STEPS) if args.quick else (args.rounds, _STEPS)
    with machine_watched("peer_screens"), tempfile.TemporaryDirectory() as folder:
        run = _write_run(args.wandb, Path(folder), steps)
        events = make_workloads(Path(folder), steps / _STEPS, only="interleaved")[0]
        commands = {
            "tuimon": tuimon_command("watch", str(run)),
            _EVENTS: tuimon_command("watch", str(events.folder)),
            _PEER: [str(args.wandb.parent / "wandb"), "leet", str(run)],
        }
        found: dict[str, list[Reading]] = {name: [] for name in commands}
        for _, name in in_turn(tuple(commands), rounds):
            found[name].append(_read(commands[name]))
        size = run.stat().st_size
    print(f"{steps * _TAGS:,} points of {_TAGS} metrics, {size / 1e6:.0f} MB as a W&B run, {rounds} rounds")
    rows = [
        (
            name,
            spread([each.wall_s for each in readings]).text(),
            spread([each.cpu_s for each in readings]).text(),
            *_ratios(readings, found[_PEER]),
        )
        for name, readings in found.items()
    ]
    print_table(("all points read and drawn", "seconds", "CPU seconds", "wall / LEET", "CPU / LEET"), rows)


def _ratios(ours: Sequence[Reading], theirs: Sequence[Reading]) -> tuple[str, str]:
    """Return the ratios of wall and CPU time round by round."""
    pairs = list(zip(ours, theirs, strict=True))
    wall = spread([one.wall_s / other.wall_s for one, other in pairs])
    cpu = spread([one.cpu_s / other.cpu_s for one, other in pairs])
    return wall.text(digits=3), cpu.text(digits=3)


def _write_run(python: Path, folder: Path, steps: int) -> Path:
    """Let wandb write an offline run; return its file."""
    environment = os.environ | {
        "WANDB_MODE": "offline",
        "WANDB_DIR": str(folder),
        "WANDB_SILENT": "true",
        "WANDB_DISABLE_GIT": "true",
    }
    subprocess.run(
        [str(python), "-c", _WRITER, str(steps), str(_TAGS)], cwd=folder, env=environment, check=True
    )
    return next(folder.rglob("*.wandb"))


def _read(command: Sequence[str]) -> Reading:
    """Run a program until it is calm; return what it took until it became so.

    Raises:
        RuntimeError: It ended, or never came to rest.
    """
    with Terminal(command) as terminal:
        looks: list[tuple[float, float]] = [(0.0, 0.0)]
        while looks[-1][0] < _PATIENCE_S:
            terminal.read(_LOOK_S)
            if not terminal.running:
                raise RuntimeError(f"{' '.join(command)} ended")
            now = time.perf_counter() - terminal.started, terminal.cpu_s()
            looks.append(now)
            since = next((look for look in reversed(looks) if now[0] - look[0] >= _CALM_S), None)
            if since is not None and now[1] - since[1] <= _CALM_SHARE * (now[0] - since[0]):
                drawn_s = _drawn_s(terminal)
                return Reading(drawn_s, next(cpu_s for at_s, cpu_s in looks if at_s >= drawn_s))
    raise RuntimeError(f"{' '.join(command)} did not come to rest in {_PATIENCE_S:.0f} s")


def _drawn_s(terminal: Terminal) -> float:
    """Return when everything was drawn, in seconds since the start.

    tuimon says how much it has read, and that a curve is a sketch, until that is no longer so. LEET says
    nothing: there it is the last change of a braille cell.
    """
    curves, last, reading = "", 0.0, False
    for at, screen in terminal.screens():
        text = "\n".join(screen.display)
        was_reading, reading = reading, _READING.search(text) is not None
        now = "".join(c if "\u2801" <= c <= "\u28ff" else " " for c in text)
        # What changes on a screen that says so is a mark of a finding.
        drawn = now != curves and not _JUDGES.search(text)
        if reading or was_reading or drawn:
            last = at - terminal.started
        curves = now
    return last


if __name__ == "__main__":
    main()
