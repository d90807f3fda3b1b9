"""How long it takes to start: short commands, and the first curve of `tuimon watch`.

Each round runs every program once, in turns forwards and backwards. The first curve is timed against an
empty Textual application beside it: absolute times follow the machine, the ratio does not.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from benchmarks.empty_app import TEXT
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
    openers: dict[str, Callable[[], Opening]] = {
        _EMPTY: partial(
            _open, [sys.executable, "-m", "benchmarks.empty_app"], lambda text: TEXT in text, _text_written
        ),
        _WATCH: partial(
            _open,
            tuimon_command("watch", RUNS),
            lambda text: braille_cells(text) >= _CURVE_CELLS,
            lambda terminal: terminal.braille_count() >= _CURVE_CELLS,
        ),
    }
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
    pairs = list(zip(openings[_WATCH], openings[_EMPTY], strict=True))
    print_table(
        ("watch / empty app, of each round", "ratio, median (quartiles)", "goal"),
        [
            ("first picture", spread([w.picture_s / e.picture_s for w, e in pairs]).text(1, 2), "< 2"),
            ("CPU until then", spread([w.cpu_s / e.cpu_s for w, e in pairs]).text(1, 2), "< 2"),
            ("first byte", spread([w.first_byte_s / e.first_byte_s for w, e in pairs]).text(1, 2), ""),
        ],
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
