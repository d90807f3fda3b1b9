"""How many megabytes of a text log become columns in a CPU second, dialect by dialect.

Logs are of loops that print the same line with other numbers, and of output in which a metric line is rare.
Each is in the page cache, and read in blocks of a megabyte as `tuimon watch` reads them, by a process of its
own; times are CPU seconds without starting Python. Beside it stands, for a machine that others use too, what
the least loop in Python costs: whether `loss` is in each line.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.log_workload import LOOPS, MIXED, write_loop, write_mixed
from benchmarks.measure import ROOT, environment, in_turn, machine_watched, make_parser, print_table, spread

_MEGABYTE = 1e6


def main() -> None:
    """Measure and print, or be the process that is measured."""
    parser = make_parser(__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="rounds of everything (default: 3)")
    parser.add_argument("--megabytes", type=float, default=32, help="size of each log (default: 32)")
    parser.add_argument("--only", metavar="WORD", default="", help="logs with this in their names")
    parser.add_argument("--read", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.read is not None:
        print(_reading_s(Path(args.read)), _looping_s(Path(args.read)))
        return
    rounds, size = (1, 1_000_000) if args.quick else (args.rounds, int(args.megabytes * _MEGABYTE))
    with machine_watched("text logs"), tempfile.TemporaryDirectory() as folder:
        paths: dict[str, Path] = {}
        for number, name in enumerate(name for name in (*LOOPS, *MIXED) if args.only in name):
            paths[name] = Path(folder) / f"train{number}.log"
            if name in LOOPS:
                write_loop(paths[name], LOOPS[name], size)
            else:
                write_mixed(paths[name], *MIXED[name], size)
        _measure(paths, rounds)


def _measure(paths: dict[str, Path], rounds: int) -> None:
    speeds: dict[str, list[float]] = {name: [] for name in paths}
    ratios: dict[str, list[float]] = {name: [] for name in paths}
    for _, name in in_turn(list(paths), rounds):
        path = paths[name]
        megabytes = len(path.read_bytes()) / _MEGABYTE  # into the page cache
        command = [sys.executable, "-m", "benchmarks.text_logs", "--read", str(path)]
        result = subprocess.run(command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, check=True)
        reading_s, looping_s = map(float, result.stdout.split())
        speeds[name].append(megabytes / reading_s)
        ratios[name].append(reading_s / looping_s)
    print_table(
        ("log", "MB per CPU second, median (quartiles)", "times the loop"),
        [(name, spread(speeds[name]).text(digits=0), f"{spread(ratios[name]).median:.1f}") for name in paths],
    )


def _reading_s(path: Path) -> float:
    from tuimon.sources.base import ReadBudget  # noqa: PLC0415  # only where it is measured
    from tuimon.sources.text_log import TextLogFactory  # noqa: PLC0415

    source = TextLogFactory().open((path,))
    budget = ReadBudget()
    began_s = time.process_time()
    while source.read(budget).more:
        pass
    return time.process_time() - began_s


def _looping_s(path: Path) -> float:
    path.read_bytes()  # into the page cache
    began_s = time.process_time()
    with path.open("rb") as file:
        for line in file:
            _ = b"loss" in line
    return time.process_time() - began_s


if __name__ == "__main__":
    main()
