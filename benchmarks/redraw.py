"""What a picture costs in CPU, from a thousand points a chart to ten million: it should always be the same.

No process and no terminal here: nine series are put into a store, folded into columns, drawn, and painted as
the whole screen of 120x40. Then a step is appended, frozen, judged and painted, as while a run goes on.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil

from benchmarks.measure import machine_watched, make_parser, print_table, spread
from benchmarks.workload import METRICS, metric_values, write_run
from tuimon.charts.layout import columns_wanted
from tuimon.charts.lines import Line, draw_lines
from tuimon.core.batch import ScalarBatch
from tuimon.monitor.snapshot import RunState, Snapshot
from tuimon.monitor.watching import RunWatch
from tuimon.sources.base import UNBOUNDED
from tuimon.sources.discovery import Discoverer
from tuimon.sources.naming import Root
from tuimon.store.axis import Axis
from tuimon.tui.picture import Painter
from tuimon.tui.view import View

_SCREEN = (120, 40)
_CHART_SIZE = (8, 29)
_SIZES = (1_000, 100_000, 1_000_000, 10_000_000)
_QUICK_SIZES = (1_000, 100_000)
_BATCH = 500_000
# Values, steps, times and order, twice while a column grows.
_BYTES_PER_POINT = 2 * 4 * 8


@dataclass(slots=True)
class Costs:
    """CPU seconds of each thing done, by its name."""

    samples: dict[str, list[float]] = field(default_factory=dict)

    def measure(self, name: str, work: Callable[[], object], repeats: int) -> None:
        """Do some work again and again, and note what each time cost."""
        for _ in range(repeats):
            started = time.process_time()
            work()
            self.samples.setdefault(name, []).append(time.process_time() - started)


def main() -> None:
    """Measure and print."""
    parser = make_parser(__doc__)
    parser.add_argument("--points", type=int, nargs="+", help="points of each chart (default: 1k to 10M)")
    parser.add_argument("--repeats", type=int, default=50, help="pictures of each size (default: 50)")
    args = parser.parse_args()
    sizes = args.points or (_QUICK_SIZES if args.quick else _SIZES)
    repeats = 10 if args.quick else args.repeats
    columns: dict[int, Costs] = {}
    with machine_watched("redraw"):
        for size in sizes:
            if size * len(METRICS) * _BYTES_PER_POINT > psutil.virtual_memory().available:
                print(f"{size:,} points a chart: left out, they do not fit into free memory")
                continue
            with tempfile.TemporaryDirectory() as name:
                columns[size] = _measure(Path(name) / "run", size, repeats)
    names = list(next(iter(columns.values())).samples)
    print_table(
        ("CPU ms, median (quartiles)", *(f"{size:,} points a chart" for size in columns)),
        [(name, *(spread(costs.samples[name]).text(1e3, 2) for costs in columns.values())) for name in names],
    )


def _measure(folder: Path, size: int, repeats: int) -> Costs:
    """Measure one size."""
    bench = _Bench(folder, size)
    costs = Costs()
    costs.measure("fold nine series", bench.fold, repeats)
    costs.measure("draw nine charts", bench.draw, repeats)
    costs.measure("the first picture of the run", bench.paint, 1)
    costs.measure("a picture of the whole screen", bench.paint, repeats)
    for _ in range(repeats):
        costs.measure("append nine values and freeze", bench.append, 1)
        costs.measure("progress, status, trend", bench.judge, 1)
        costs.measure("the picture after it", bench.paint, 1)
    return costs


class _Bench:
    """A run of `size` points a metric under watch, and the parts of what is done to show it.

    The run is discovered and begins as a file; what is put in later skips the file.
    """

    def __init__(self, folder: Path, size: int) -> None:
        begun = 10
        write_run(folder, begun, _time_of(begun - 1))
        found = Discoverer().discover([Root(folder.parent, None)])
        self._watch = RunWatch(found.runs[0], None, with_rules=False)
        self._watch.read(UNBOUNDED)
        self._size = begun
        while self._size < size:
            self.append(min(_BATCH, size - self._size))
        self._edges = np.linspace(0, size, columns_wanted(_CHART_SIZE) + 1)
        self._lines = self.fold()
        self._painter = Painter("braille")
        self._view = View(run_name=self._watch.name, columns=3)

    def fold(self) -> list[Line]:
        """Fold each series into the columns of its chart."""
        run = self._watch.view
        return [Line(run.window(run.series[tag], Axis.ACCUMULATED, self._edges)) for tag in METRICS]

    def draw(self) -> None:
        """Draw each chart from its columns."""
        for line in self._lines:
            draw_lines([line], _CHART_SIZE, (self._edges[0], self._edges[-1]))

    def append(self, count: int = 1) -> None:
        """Append steps to the store as a source does."""
        steps = np.arange(self._size, self._size + count)
        values = metric_values(steps)
        times = _time_of(0) + steps.astype(np.float64)
        batch = ScalarBatch(tuple(values), steps + 1, steps, times, tuple(values.values()))
        self._watch.reading.store.extend(0, [batch])
        self._watch.thaw()
        self._watch.state = None
        self._size += count

    def judge(self) -> RunState:
        """Bring progress, status and trend up to date."""
        return self._watch.refresh(_time_of(self._size), live=True)

    def paint(self) -> None:
        """Paint the whole screen."""
        state = self._watch.state or self.judge()
        snapshot = Snapshot(self._size, _time_of(self._size), (state.path,), (state,))
        self._painter.paint(snapshot, self._view, *_SCREEN)


def _time_of(step: int) -> float:
    """Return the wall time of a step."""
    return 1_700_000_000.0 + step


if __name__ == "__main__":
    main()
