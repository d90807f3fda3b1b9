"""GPUs and host: from this machine's sensors for a live run, from the run's own logs for any run."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tuimon.charts.bars import gauge
from tuimon.charts.sparkline import sparkline
from tuimon.charts.style import Glyphs
from tuimon.core.frozen import frozen
from tuimon.core.roles import Role, gpu_index
from tuimon.core.text import clean
from tuimon.core.units import UNKNOWN, format_bytes, format_value
from tuimon.monitor.snapshot import RunState, Snapshot
from tuimon.store.run import HARDWARE_STREAM, RunView
from tuimon.store.series import SeriesView
from tuimon.tui.ink import Ink
from tuimon.tui.rows import Row, Span, fit, grid_rows, row_width

if TYPE_CHECKING:
    from tuimon.core.hardware import GpuSample, HardwareSample

_GB = 2**30
_GPU = "GPU"
_HISTORY = 60
# Low use of a GPU that has work is what costs money; a full memory is what ends a run.
_LOW_USE = (0.5, 0.25)
_FULL_MEMORY = (0.9, 0.97)
# What of the host a run may log itself, with its unit.
_UNITS = {
    Role.CPU_UTILISATION: "%",
    Role.HOST_MEMORY_PCT: "%",
    Role.PROCESS_MEMORY: "",
    Role.DISK_PCT: "%",
    Role.MEMORY: "",
}

SHOWN_ROLES = frozenset(
    {
        *_UNITS,
        Role.GPU_UTILISATION,
        Role.GPU_MEMORY_USED,
        Role.GPU_MEMORY_TOTAL,
        Role.GPU_TEMPERATURE,
        Role.GPU_POWER,
    }
)
"""What the pane shows of a run's own logs."""


@frozen
class GpuGauge:
    """What is shown of one GPU; everything unknown is None. Memory is in bytes."""

    label: str
    utilisation_pct: float | None = None
    memory_used: float | None = None
    memory_total: float | None = None
    temperature_c: float | None = None
    power_w: float | None = None
    note: str = ""
    history: tuple[float | None, ...] = ()


@frozen
class Gauges:
    """All gauges of the pane, and where they come from."""

    origin: str
    gpus: tuple[GpuGauge, ...]
    host: tuple[Row, ...]


def gauges(snapshot: Snapshot, state: RunState | None) -> Gauges:
    """Return this machine's gauges for a live run, and those that the run logged itself for any other."""
    sensed = bool(snapshot.hardware) and snapshot.playback is None
    if state is None:
        return _from_sensors(snapshot.hardware) if sensed else Gauges("", (), ())
    if state.status.live and sensed and (snapshot.hardware[-1].gpus or not _logged_gpus(state.run)):
        return _from_sensors(snapshot.hardware)
    return Gauges("as logged", _logged_gpus(state.run), _logged_host(state.run))


def hardware_title(shown: Gauges) -> Row:
    """Return the pane's title: how many GPUs, their mean use, where the figures come from."""
    spans: list[Span] = [("Hardware", Ink.TITLE)]
    known = [g.utilisation_pct for g in shown.gpus if g.utilisation_pct is not None]
    count = sum(gpu.label.startswith(_GPU) for gpu in shown.gpus)  # parts of a GPU are indented below it
    if count:
        spans.append((f" {count} GPU" + ("s" if count > 1 else ""), Ink.TEXT))
    if known:
        spans.append((f" avg {sum(known) / len(known):.0f}%", Ink.TEXT))
    power = [g.power_w for g in shown.gpus if g.power_w is not None]
    if power:
        spans.append((f" {format_value(sum(power), 3)}W", Ink.TEXT))
    spans.append((f" {shown.origin}", Ink.MUTED))
    return tuple(spans)


def hardware_rows(shown: Gauges, width: int, height: int, glyphs: Glyphs) -> list[Row]:
    """Return a line per GPU (two GPUs side by side where they do not fit otherwise) and the host's line."""
    gpus = shown.gpus
    # The host may take several lines where that costs no GPU its own.
    host = _packed(shown.host, width)[: max(height - len(gpus), 1)]
    room = height - len(host)
    if not gpus:
        nothing = "no GPU was seen on this machine" if "machine" in shown.origin else "the run logged no GPU"
        return [*([fit(((nothing, Ink.MUTED),), width)] if room else []), *host][:height]
    if len(gpus) > room and width >= 76:
        half = (width - 2) // 2
        pairs = [gpus[i : i + 2] for i in range(0, len(gpus), 2)]
        rows: list[Row] = []
        for pair in pairs:
            spans: list[Span] = []
            for gpu in pair:
                spans += [*fit(_gpu_row(gpu, half, glyphs), half), ("  ", Ink.TEXT)]
            rows.append(fit(spans, width))
    else:
        rows = [fit(_gpu_row(gpu, width, glyphs), width) for gpu in gpus]
    if len(rows) > room > 0:
        more = f"{len(rows) - room + 1} more lines of {len(gpus)} GPUs: make the pane higher"
        rows = [*rows[: room - 1], fit(((more, Ink.MUTED),), width)]
    return [*rows, *host][:height]


def _packed(items: tuple[Row, ...], width: int) -> list[Row]:
    """Put as many items on a line as fit, and the others on further lines."""
    rows: list[Row] = []
    for item in items:
        if rows and row_width((*rows[-1], *item)) <= width:
            rows[-1] = (*rows[-1], *item)
        else:
            rows.append(item)
    return [fit(row, width) for row in rows]


def _gpu_row(gpu: GpuGauge, width: int, glyphs: Glyphs) -> list[Span]:
    if gpu.note and gpu.utilisation_pct is None and gpu.memory_used is None:
        return [(f"{gpu.label:<5} ", Ink.STRONG), (gpu.note, Ink.RED)]
    bar = 10 if width >= 52 else 5 if width >= 34 else 0
    use = None if gpu.utilisation_pct is None else gpu.utilisation_pct / 100
    spans: list[Span] = [
        (f"{gpu.label:<5} ", Ink.STRONG),
        (f"{_number(gpu.utilisation_pct)}% ".rjust(6), Ink.TEXT),
    ]
    if bar:
        spans += grid_rows(gauge(use, bar, glyphs, thresholds=_LOW_USE))[0]
        spans.append((" ", Ink.TEXT))
    if gpu.memory_used is not None:
        total = f"/{format_bytes(gpu.memory_total)}" if gpu.memory_total else ""
        spans.append((f"{format_bytes(gpu.memory_used)}{total} ".rjust(10), Ink.TEXT))
        if bar and gpu.memory_total and width >= 66:
            spans += grid_rows(
                gauge(gpu.memory_used / gpu.memory_total, bar, glyphs, thresholds=_FULL_MEMORY)
            )[0]
            spans.append((" ", Ink.TEXT))
    if gpu.temperature_c is not None:
        spans.append(
            (f"{_number(gpu.temperature_c)}C ", Ink.WARNING if gpu.temperature_c >= 84 else Ink.TEXT)
        )
    if gpu.power_w is not None:
        spans.append((f"{_number(gpu.power_w)}W ", Ink.TEXT))
    if gpu.note:
        spans.append((f"{gpu.note} ", Ink.WARNING))
    rest = width - sum(len(text) for text, _ in spans)
    if rest >= 12 and any(value is not None for value in gpu.history):
        spans += grid_rows(
            sparkline(gpu.history[-min(rest, _HISTORY) :], min(rest, _HISTORY), glyphs, limits=(0, 100))
        )[0]
    return spans


def _number(value: float | None) -> str:
    return UNKNOWN if value is None else f"{value:.0f}"


def _from_sensors(samples: tuple[HardwareSample, ...]) -> Gauges:
    newest = samples[-1]
    history: dict[str, list[float | None]] = {}
    for sample in samples[-_HISTORY:]:
        for gpu in sample.gpus:
            history.setdefault(_gpu_label(gpu), []).append(gpu.utilisation_pct)
    shown = tuple(
        replace(_sensor_gauge(gpu), history=tuple(history.get(_gpu_label(gpu), ()))) for gpu in newest.gpus
    )
    return Gauges("this machine", shown, _host_items(newest))


def _gpu_label(gpu: GpuSample) -> str:
    return f"{_GPU}{gpu.index}" if gpu.mig_parent is None else f" {gpu.mig_parent}.{gpu.index}"


def _sensor_gauge(gpu: GpuSample) -> GpuGauge:
    note = (
        "lost: it no longer answers" if gpu.lost else "MIG" if gpu.mig or gpu.mig_parent is not None else ""
    )
    if gpu.throttle_reasons and gpu.throttle_reasons & 0x60:
        note = "throttled by heat"
    return GpuGauge(
        _gpu_label(gpu),
        gpu.utilisation_pct,
        gpu.memory_used_bytes,
        gpu.memory_total_bytes,
        gpu.temperature_c,
        gpu.power_w,
        note,
    )


def _host_items(sample: HardwareSample) -> tuple[Row, ...]:
    host = sample.host
    if host is None:
        return ()
    items = []
    if host.cpu_pct is not None:
        items.append(_item("CPU", f"{host.cpu_pct:.0f}%"))
    if host.memory_used_bytes is not None:
        used, total = format_bytes(host.memory_used_bytes), format_bytes(host.memory_total_bytes)
        items.append(_item("RAM", f"{used}/{total}"))
    if host.disk_free_bytes is not None:
        low = host.disk_total_bytes is not None and host.disk_free_bytes < 0.05 * host.disk_total_bytes
        items.append(
            _item("disk", f"{format_bytes(host.disk_free_bytes)} free", Ink.WARNING if low else Ink.TEXT)
        )
    for label, received, sent in (
        ("net", host.net_received_bytes_per_s, host.net_sent_bytes_per_s),
        ("io", host.disk_read_bytes_per_s, host.disk_write_bytes_per_s),
    ):
        if received is not None and sent is not None:
            items.append(_item(label, f"{format_bytes(received)}/{format_bytes(sent)}/s"))
    return tuple(items)


def _item(label: str, value: str, ink: int = Ink.TEXT) -> Row:
    return ((f"{label} ", Ink.MUTED), (f"{value}  ", ink))


def _logged_gpus(run: RunView) -> tuple[GpuGauge, ...]:
    """Return gauges from hardware series of the run: their last values and recent use."""
    found: dict[int, GpuGauge] = {}
    for series in run.series.values():
        index = gpu_index(series.tag)
        if index is None or not len(series):
            continue
        gauge_of = found.get(index, GpuGauge(f"GPU{index}"))
        last = float(series.values[-1])
        match series.role:
            case Role.GPU_UTILISATION:
                history = tuple(series.values[-_HISTORY:].tolist())
                gauge_of = replace(gauge_of, utilisation_pct=last, history=history)
            case Role.GPU_MEMORY_USED:
                gauge_of = replace(gauge_of, memory_used=last * _memory_unit(series))
            case Role.GPU_MEMORY_TOTAL:
                gauge_of = replace(gauge_of, memory_total=last * _memory_unit(series))
            case Role.GPU_TEMPERATURE:
                gauge_of = replace(gauge_of, temperature_c=last)
            case Role.GPU_POWER:
                gauge_of = replace(gauge_of, power_w=last)
            case _:
                continue
        found[index] = gauge_of
    return tuple(gauge_of for _, gauge_of in sorted(found.items()))


def _memory_unit(series: SeriesView) -> float:
    """Return how many bytes one unit of a memory series is, by its name and else by its size."""
    name = series.tag.lower()
    for word, size in (("gb", _GB), ("gib", _GB), ("mb", 2**20), ("mib", 2**20), ("bytes", 1)):
        if word in name:
            return float(size)
    largest = series.statistics.maximum or 0.0
    return 1.0 if largest > 1e7 else float(2**20) if largest > 2000 else float(_GB)


def _logged_host(run: RunView) -> tuple[Row, ...]:
    """Return the host's figures, and others about memory, that the run logged itself."""
    return tuple(
        _item(
            clean(series.tag.removeprefix("Memory/")),
            f"{format_value(series.statistics.last, 3)}{_UNITS[series.role]}",
        )
        for series in run.series.values()
        if series.role in _UNITS and len(series) and series.stream != HARDWARE_STREAM
    )
