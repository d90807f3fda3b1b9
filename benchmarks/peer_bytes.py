"""Bytes that live screens send: `tuimon watch` beside W&B LEET on one offline run, nine charts at 120x40.

`--wandb` names the Python of an environment with wandb 0.31 or newer, which writes the run: a loop that logs
nine metrics. Both watch it at the same time, each in a terminal of its own, so that they see the same points:
from the start to nine charts of 2,000 points, silence, one and three updates a second, and a young run that
begins on the screen. At the end the run is finished, and silence is measured again.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.measure import machine_watched, make_parser, print_table, tuimon_command
from benchmarks.terminal import Terminal, braille_cells

_POINTS = 2000
_PATIENCE_S, _QUIET_S = 60.0, 2.0
# Nine charts on one page: ours has a key for columns; LEET hides its side bars, and has keys for both.
_NINE_CHARTS = {"tuimon": "ccc", "LEET": "[]c3r3"}
_FEWEST_CELLS = 60
_WRITER = """
import math, random, sys
import wandb
run = wandb.init(project="benchmark", settings=wandb.Settings(x_disable_stats=True, console="off"))
noise, step = random.Random(1), 0
for line in sys.stdin:
    for _ in range(int(line)):
        base = 4 * math.exp(-4 * step / 3000)
        run.log({f"train/metric_{tag}": base + tag + noise.gauss(0, 0.1) for tag in range(9)}, step=step)
        step += 1
    print(step, flush=True)
run.finish()
"""


class Writer:
    """A training that logs as many steps as it is told, when it is told; wandb writes them.

    Args:
        python: Has wandb.
        folder: Where wandb shall make its own.
    """

    def __init__(self, python: Path, folder: Path) -> None:
        folder.mkdir()
        settings = {
            "WANDB_MODE": "offline",
            "WANDB_DIR": str(folder),
            "WANDB_SILENT": "true",
            "WANDB_DISABLE_GIT": "true",
        }
        self._folder = folder
        self._process = subprocess.Popen(
            [str(python), "-c", _WRITER],
            cwd=folder,
            env=os.environ | settings,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    @property
    def path(self) -> Path:
        """The run's file."""
        return next(self._folder.rglob("*.wandb"))

    def log(self, steps: int) -> None:
        """Log so many steps."""
        process = self._process
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("the writer has no pipes")
        process.stdin.write(f"{steps}\n")
        process.stdin.flush()
        process.stdout.readline()

    def finish(self) -> None:
        """End the run."""
        if self._process.stdin is not None and not self._process.stdin.closed:
            self._process.stdin.close()
        self._process.wait()


def main() -> None:
    """Measure and print."""
    parser = make_parser(__doc__)
    parser.add_argument("--wandb", type=Path, required=True, metavar="PYTHON", help="a Python that has wandb")
    parser.add_argument("--seconds", type=float, default=60.0, help="length of each stretch (default: 60)")
    parser.add_argument("--show", action="store_true", help="print what the screens show at the end")
    args = parser.parse_args()
    seconds = 6.0 if args.quick else args.seconds
    with machine_watched("peer_bytes"), tempfile.TemporaryDirectory() as name:
        rows = _measure_grown(args.wandb, Path(name) / "grown", seconds, show=args.show)
        rows += _measure_young(args.wandb, Path(name) / "young", seconds)
    print_table((f"nine charts, stretches of {seconds:g} s", *_NINE_CHARTS), rows)


def _measure_grown(python: Path, folder: Path, seconds: float, *, show: bool) -> list[tuple[str, ...]]:
    writer = Writer(python, folder)
    writer.log(_POINTS)
    rows: list[tuple[str, ...]] = []
    with _screens(python, writer.path) as screens:
        for terminal in screens:
            _settle(terminal)
        for terminal, keys in zip(screens, _NINE_CHARTS.values(), strict=True):
            terminal.send(keys)
            _settle(terminal)
        rows.append(("from the start to nine charts", *(f"{t.byte_count / 1e3:.1f} kB" for t in screens)))
        rows.append(("no update, the run goes on", *_rates(screens, seconds)))
        rows.append(("1 update a second", *_rates(screens, seconds, writer, 1.0)))
        rows.append(("3 updates a second", *_rates(screens, seconds, writer, 3.0)))
        writer.finish()
        for terminal in screens:
            _settle(terminal)
        rows.append(("no update, the run has ended", *_rates(screens, seconds)))
        if show:
            for terminal in screens:
                print("\n".join(_display(terminal)))
    return rows


def _measure_young(python: Path, folder: Path, seconds: float) -> list[tuple[str, ...]]:
    writer = Writer(python, folder)
    writer.log(2)
    with _screens(python, writer.path) as screens:
        for terminal, keys in zip(screens, _NINE_CHARTS.values(), strict=True):
            terminal.read(_QUIET_S)
            terminal.send(keys)
            _settle(terminal)
        rates = _rates(screens, seconds, writer, 3.0)
        writer.finish()
    return [("a young run, 3 updates a second", *rates)]


@contextmanager
def _screens(python: Path, path: Path) -> Iterator[list[Terminal]]:
    """Open all programs on a run."""
    commands = (tuimon_command("watch", str(path)), [str(python.parent / "wandb"), "leet", str(path)])
    with ExitStack() as stack:
        yield [stack.enter_context(Terminal(command)) for command in commands]


def _settle(terminal: Terminal) -> None:
    """Wait until curves are there and nothing more comes for a while."""
    terminal.read(_PATIENCE_S, lambda: terminal.braille_count() > _FEWEST_CELLS)
    terminal.read_until_quiet(_QUIET_S, 5 * _QUIET_S)
    if not terminal.running:
        raise RuntimeError("a program ended")


def _rates(
    screens: Sequence[Terminal], seconds: float, writer: Writer | None = None, per_s: float = 0.0
) -> list[str]:
    """Return what each program sends in a second, while so many steps a second are logged."""
    before, begun, logged = [terminal.byte_count for terminal in screens], time.perf_counter(), 0
    while (elapsed_s := time.perf_counter() - begun) < seconds:
        if writer is not None and logged < elapsed_s * per_s:
            writer.log(1)
            logged += 1
        for terminal in screens:
            terminal.read(0.02)
    rates = [(t.byte_count - old) / elapsed_s for t, old in zip(screens, before, strict=True)]
    return [f"{rate / 1e3:.2f} kB/s" if rate >= 10 else f"{rate:.0f} B/s" for rate in rates]


def _display(terminal: Terminal) -> list[str]:
    screen = None
    for _, screen in terminal.screens():  # noqa: B007  # the last one is wanted
        pass
    lines = [] if screen is None else [str(line).rstrip() for line in screen.display]
    return [*lines, f"{sum(map(braille_cells, lines))} cells with dots"]


if __name__ == "__main__":
    main()
