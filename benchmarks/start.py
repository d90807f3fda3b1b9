"""How long it takes to start: short commands, and the first curve of `tuimon watch`.

Each round runs every program once, in turns forwards and backwards. The first curve is timed against an
empty Textual application beside it: absolute times follow the machine, the ratio does not. Then the first
curve of a run of 100 steps is timed against those of two million points in JSON lines, and of ten million
in an event file, which must not take longer.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.empty_app import TEXT
from benchmarks.event_workload import make_workloads
from benchmarks.measure import (
    Cost,
    in_turn,
    machine_watched,
    make_parser,
    print_table,
    run_to_end,
    spread,
    tuimon_command,
)
from benchmarks.terminal import Terminal, braille_cells
from benchmarks.workload import METRICS, write_run

RUNS = "sample_runs"
_COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "import tuimon": [sys.executable, "-c", "import tuimon"],
    "import tuimon.cli.main": [sys.executable, "-c", "import tuimon.cli.main"],
    "tuimon --help": tuimon_command("--help"),
    f"tuimon summary --json {RUNS}": tuimon_command("summary", "--json", RUNS),
    f"tuimon check {RUNS} --json": tuimon_command("check", RUNS, "--json", "--fail-on", "never"),
}
_GOALS = {
    "import tuimon": "< 0.1 s",
    "tuimon --help": "< 0.2 s",
    f"tuimon summary --json {RUNS}": "< 1 s of CPU",
}
_WATCH, _EMPTY = f"tuimon watch {RUNS}", "empty Textual app"
_SMALL, _LINES, _EVENTS = "100 steps", "2M points, JSON lines", "10M points, event file"
# A curve, not a frame with a few dots in it.
_CURVE_CELLS = 100
_PATIENCE_S = 30.0


@dataclass(frozen=True, slots=True)
class Opening:
    """How one program opened its screen: seconds since its start, and CPU seconds."""

    first_byte_s: float
    picture_s: float
    cpu_s: float


def main() -> None:
    """Measure and print."""
    parser = make_parser(__doc__)
    parser.add_argument("--rounds", type=int, default=11, help="rounds of everything (default: 11)")
    args = parser.parse_args()
    rounds = 3 if args.quick else args.rounds
    with machine_watched("short commands"):
        _measure_commands(rounds)
    with machine_watched("first curve"):
        _measure_openings(rounds)
    with tempfile.TemporaryDirectory() as name:
        small_watched = _write_sizes(Path(name), scale=0.02 if args.quick else 1.0)
        with machine_watched("first curve by the size of the data"):
            _measure_sizes(rounds, small_watched)


def _measure_commands(rounds: int) -> None:
    for command in _COMMANDS.values():
        run_to_end(command)  # compiles what was changed, and fills the page cache
    costs: dict[str, list[Cost]] = {name: [] for name in _COMMANDS}
    for _, name in in_turn(tuple(_COMMANDS), rounds):
        costs[name].append(run_to_end(_COMMANDS[name]))
    print_table(
        ("command", "CPU ms, median (quartiles)", "wall ms, median (quartiles)", "goal"),
        [
            (
                name,
                spread([cost.cpu_s for cost in each]).text(1e3, 0),
                spread([cost.wall_s for cost in each]).text(1e3, 0),
                _GOALS.get(name, ""),
            )
            for name, each in costs.items()
        ],
    )


def _measure_openings(rounds: int) -> None:
    openings = _opened_in_turn(
        rounds,
        {
            _EMPTY: partial(
                _open,
                [sys.executable, "-m", "benchmarks.empty_app"],
                lambda text: TEXT in text,
                _text_written,
            ),
            _WATCH: _watching(RUNS),
        },
    )
    pairs = list(zip(openings[_WATCH], openings[_EMPTY], strict=True))
    print_table(
        ("watch / empty app, of each round", "ratio, median (quartiles)", "goal"),
        [
            ("first picture", spread([w.picture_s / e.picture_s for w, e in pairs]).text(1, 2), "<= 1.7"),
            ("CPU until then", spread([w.cpu_s / e.cpu_s for w, e in pairs]).text(1, 2), ""),
            ("first byte", spread([w.first_byte_s / e.first_byte_s for w, e in pairs]).text(1, 2), ""),
        ],
    )


def _write_sizes(folder: Path, scale: float) -> dict[str, Path]:
    """Write runs of few and many points; return the folder of each."""
    write_run(folder / "small", 100, time.time())
    write_run(folder / "lines", round(scale * 2e6 / len(METRICS)), time.time())
    (events,) = make_workloads(folder, scale * 5, "interleaved")
    return {_SMALL: folder / "small", _LINES: folder / "lines", _EVENTS: events.folder}


def _measure_sizes(rounds: int, folders: Mapping[str, Path]) -> None:
    openings = _opened_in_turn(rounds, {name: _watching(str(folder)) for name, folder in folders.items()})
    small = openings.pop(_SMALL)
    rows = []
    for name, each in openings.items():
        ratios = [large.picture_s / least.picture_s for large, least in zip(each, small, strict=True)]
        rows.append((name, spread(ratios).text(1, 2), "<= 1.3"))
    print_table(
        ("first picture / that of 100 steps, of each round", "ratio, median (quartiles)", "goal"), rows
    )


def _opened_in_turn(rounds: int, openers: Mapping[str, Callable[[], Opening]]) -> dict[str, list[Opening]]:
    """Open each program once a round, and print what that took."""
    for opener in openers.values():
        opener()  # compiles what was changed, and fills the page cache
    openings: dict[str, list[Opening]] = {name: [] for name in openers}
    for _, name in in_turn(tuple(openers), rounds):
        openings[name].append(openers[name]())
    print_table(
        ("program", "first byte, ms", "first picture, ms", "from byte to picture, ms", "CPU ms until then"),
        [
            (
                name,
                spread([opening.first_byte_s for opening in each]).text(1e3, 0),
                spread([opening.picture_s for opening in each]).text(1e3, 0),
                spread([opening.picture_s - opening.first_byte_s for opening in each]).text(1e3, 0),
                spread([opening.cpu_s for opening in each]).text(1e3, 0),
            )
            for name, each in openings.items()
        ],
    )
    return openings


def _watching(path: str) -> Callable[[], Opening]:
    """Return what starts `tuimon watch` until a curve is there."""
    return partial(
        _open,
        tuimon_command("watch", path),
        lambda text: braille_cells(text) >= _CURVE_CELLS,
        lambda terminal: terminal.braille_count() >= _CURVE_CELLS,
    )


def _text_written(terminal: Terminal) -> bool:
    return any(TEXT.encode() in chunk.content for chunk in terminal.chunks)


def _open(command: list[str], shows: Callable[[str], bool], written: Callable[[Terminal], bool]) -> Opening:
    """Start a program until its picture is there."""
    with Terminal(command) as terminal:
        terminal.read(_PATIENCE_S, lambda: written(terminal) or not terminal.running)
        cpu_s = terminal.cpu_s()
        picture_s = terminal.first_at(shows)
        if picture_s is None:
            output = b"".join(chunk.content for chunk in terminal.chunks[-4:])
            raise RuntimeError(f"{' '.join(command)} showed no picture; its last output: {output[-500:]!r}")
        return Opening(terminal.chunks[0].at - terminal.started, picture_s, cpu_s)


if __name__ == "__main__":
    main()
