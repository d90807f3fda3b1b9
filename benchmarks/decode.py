"""How fast event files become columns, beside TensorBoard's two readers.

Each round reads every workload once with each program, in a process of its own, in turns forwards and
backwards; the files are in the page cache. Times are CPU seconds of the reading alone, without starting
Python, and for the data server those of its process. tuimon reads in blocks of 4 MB; with "store" it also
keeps what it read. Wall time is told beside it: tuimon reads in one thread, the data server in as many as the
machine has cores; its time is that from its start on, to a fiftieth of a second. TensorBoard's readers run in
the Python given by --peers, as far as it has them: EventAccumulator with all points kept (on a part of the
data: it is slow), and the data server, which checks no checksums, with all samples kept.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.event_workload import Workload, make_workloads
from benchmarks.measure import (
    ROOT,
    environment,
    in_turn,
    machine_watched,
    make_parser,
    own_environment,
    print_table,
    spread,
)

_TUIMON = "tuimon"
_STORED = "tuimon with store"
_ACCUMULATOR = "EventAccumulator"
_SERVER = "data server"
# What a program needs to be installed.
_PEERS = {_ACCUMULATOR: "tensorboard", _SERVER: "tensorboard_data_server, grpc, tensorboard"}


def main() -> None:
    """Measure and print."""
    parser = make_parser(__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="rounds of everything (default: 5)")
    parser.add_argument("--peers", metavar="PYTHON", help="a Python that has tensorboard and its data server")
    parser.add_argument("--only", metavar="TEXT", default="", help="workloads whose name contains TEXT")
    args = parser.parse_args()
    rounds = 1 if args.quick else args.rounds
    pythons = {_TUIMON: sys.executable, _STORED: sys.executable}
    if args.peers:
        pythons |= {name: args.peers for name, needs in _PEERS.items() if _has(args.peers, needs)}
        missing = ", ".join(_PEERS.keys() - pythons.keys())
        print(f"not installed there and left out: {missing}\n" if missing else "")
    with tempfile.TemporaryDirectory() as folder:
        workloads = make_workloads(Path(folder), 0.1 if args.quick else 1.0, args.only)
        small = make_workloads(Path(folder) / "small", 0.02, args.only) if _ACCUMULATOR in pythons else []
        for number, workload in enumerate(workloads):
            with machine_watched(workload.name):
                _measure(workload, small[number] if small else workload, pythons, rounds)


def _has(python: str, modules: str) -> bool:
    command = [python, "-c", f"import {modules}"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _measure(workload: Workload, small: Workload, pythons: dict[str, str], rounds: int) -> None:
    costs: dict[str, list[float]] = {name: [] for name in pythons}
    walls: dict[str, list[float]] = {name: [] for name in pythons}
    for _, name in in_turn(tuple(pythons), rounds):
        cpu_s, wall_s = _cost(name, pythons[name], small if name == _ACCUMULATOR else workload)
        costs[name].append(cpu_s)
        walls[name].append(wall_s)
    own = spread(costs[_TUIMON]).median
    print_table(
        (
            "program",
            "ns of CPU per point, median (quartiles)",
            "M points per CPU second",
            "tuimon is faster by",
            "ns of wall time per point",
        ),
        [
            (
                name,
                spread(each).text(1e9),
                f"{1e-6 / spread(each).median:.2f}",
                f"{spread(each).median / own:.1f}",
                f"{1e9 * spread(walls[name]).median:.1f}",
            )
            for name, each in costs.items()
        ],
    )


def _cost(name: str, python: str, workload: Workload) -> tuple[float, float]:
    """Return the CPU seconds and the wall time per point of one reading.

    Raises:
        RuntimeError: If not all points were read.
    """
    for path in workload.folder.rglob("events.*"):
        path.read_bytes()  # into the page cache
    places = [str(workload.folder), str(workload.last_step), str(workload.runs)]
    command = [python, "-m", "benchmarks.decode_reader", name, *places]
    variables = own_environment() if name in (_TUIMON, _STORED) else environment()
    result = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=True)
    found = json.loads(result.stdout.splitlines()[-1])
    if found["points"] != workload.points:
        raise RuntimeError(f"{name} read {found['points']} of {workload.points} points of {workload.name}")
    return float(found["cpu_s"]) / workload.points, float(found["wall_s"]) / workload.points


if __name__ == "__main__":
    main()
