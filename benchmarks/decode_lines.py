"""How fast JSON lines become columns in the store, beside `json.loads` and `orjson.loads` of the same lines.

Each round reads every workload once with each program, in a process of its own, in turns forwards and
backwards; the files are in the page cache. Times are CPU seconds of the reading alone, without starting
Python. The parsers only parse, line by line, and keep nothing; one of them makes columns, too, as a reader
has to, with a list per name. tuimon reads in blocks of 4 MB and keeps every point.
"""

from __future__ import annotations

import argparse
import importlib
import json
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measure import (
    ROOT,
    in_turn,
    machine_watched,
    make_parser,
    own_environment,
    print_table,
    spread,
)
from tuimon.core.columns import Float64Array

_PARSERS = {"json.loads": "json", "orjson.loads": "orjson"}
_COLUMNS = "json.loads into columns"
_TUIMON = "tuimon with store"
_BLOCK_BYTES = 4 << 20
_TAGS = 20
_GROUPS = 5
_START_S = 1_760_000_000.0


def main() -> None:
    """Measure and print, or be the process that is measured."""
    parser = make_parser(__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="rounds of everything (default: 5)")
    parser.add_argument(
        "--points", type=int, default=2_000_000, help="points of each file (default: 2,000,000)"
    )
    parser.add_argument("--read", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.read is not None:
        print(_cpu_s(args.read[0], Path(args.read[1])))
        return
    rounds, steps = (1, 10_000) if args.quick else (args.rounds, args.points // _TAGS)
    workloads: tuple[tuple[str, Callable[[float], float], bool], ...] = (
        ("flat, six decimals", lambda value: round(value, 6), False),
        ("nested, six decimals", lambda value: round(value, 6), True),
        ("flat, all digits", float, False),
    )
    for name, rounded, is_nested in workloads:
        with machine_watched(name), tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "metrics.jsonl"
            _write(path, steps, rounded, is_nested=is_nested)
            _measure(path, steps * _TAGS, rounds)


def _measure(path: Path, points: int, rounds: int) -> None:
    names = (*_PARSERS, _COLUMNS, _TUIMON)
    costs: dict[str, list[float]] = {name: [] for name in names}
    for _, name in in_turn(names, rounds):
        path.read_bytes()  # into the page cache
        command = [sys.executable, "-m", "benchmarks.decode_lines", "--read", name, str(path)]
        result = subprocess.run(command, cwd=ROOT, env=own_environment(), stdout=subprocess.PIPE, check=True)
        costs[name].append(float(result.stdout) / points)
    own = spread(costs[_TUIMON]).median
    print_table(
        ("program", "ns of CPU per point, median (quartiles)", "tuimon is faster by"),
        [(name, spread(each).text(1e9), f"{spread(each).median / own:.2f}") for name, each in costs.items()],
    )


def _cpu_s(name: str, path: Path) -> float:
    """Return the CPU seconds of reading a file with one program."""
    if name in _PARSERS:
        loads = importlib.import_module(_PARSERS[name]).loads
        began_s = time.process_time()
        with path.open("rb") as file:
            for line in file:
                loads(line)
        return time.process_time() - began_s
    if name == _COLUMNS:
        began_s = time.process_time()
        _read_columns(path)
        return time.process_time() - began_s
    budget = importlib.import_module("tuimon.sources.base").ReadBudget(_BLOCK_BYTES)
    source = importlib.import_module("tuimon.sources.jsonl").JsonlSource((path,))
    store = importlib.import_module("tuimon.store.run_store").RunStore()
    began_s = time.process_time()
    more = True
    while more:
        result = source.read(budget)
        more = result.more
        store.extend(0, result.records)
    return time.process_time() - began_s


def _read_columns(path: Path) -> dict[str, Float64Array]:
    """Read the numbers of lines, nested or not, as one who has only the standard library and numpy would."""
    columns: defaultdict[str, list[float]] = defaultdict(list)

    def take(row: dict[str, Any], prefix: str) -> None:
        for name, value in row.items():
            if isinstance(value, dict):
                take(value, f"{prefix}{name}/")
            else:
                columns[prefix + name].append(value)

    with path.open("rb") as file:
        for line in file:
            take(json.loads(line), "")
    return {name: np.array(values, np.float64) for name, values in columns.items()}


def _write(path: Path, steps: int, rounded: Callable[[float], float], *, is_nested: bool) -> None:
    """Write a line per step with a time and the values of all tags."""
    values = 2 + np.random.default_rng(3).standard_normal((steps, _TAGS))
    with path.open("w", encoding="ascii") as file:
        for step, row in enumerate(values.tolist()):
            line: dict[str, object] = {"step": step, "time": _START_S + step / 4}
            if is_nested:
                for group in range(_GROUPS):
                    members = enumerate(row[group::_GROUPS])
                    line[f"group_{group}"] = {f"value_{index:02}": rounded(value) for index, value in members}
            else:
                line |= {f"metrics/value_{index:02}": rounded(value) for index, value in enumerate(row)}
            file.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main()
