"""What event files hold beside numbers, as the records that everybody speaks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tuimon.core.batch import ConfigRecord, HistogramBatch, ImageRecord, LifecycleRecord, Record, TextRecord
from tuimon.core.columns import Float64Array
from tuimon.core.file_part import FilePart
from tuimon.sources.event_plugins import (
    read_histogram,
    read_hyper_parameters,
    read_images,
    read_text,
)
from tuimon.sources.event_proto import (
    AUDIO,
    HISTOGRAM,
    IMAGE,
    SESSION_CHECKPOINT,
    SESSION_START,
    Event,
    Value,
)
from tuimon.sources.protobuf import DamagedMessageError


@dataclass(slots=True)
class Writer:
    """Who wrote an event file.

    Attributes:
        host: From the name of the file; "" where it does not tell.
        announced_at: Order of the last record that said that a writer began; None before the first one.
    """

    host: str
    announced_at: int | None = None

    def announce(self, order: int, wall_time: float) -> LifecycleRecord:
        """Return the record that says that this writer began at `order`."""
        self.announced_at = order
        return LifecycleRecord("writer", order, None, wall_time, host=self.host)


class EventConverter:
    """Turns the events of one source into records.

    The name of a plug-in stands only in the first record of a tag, so it is remembered by tag.

    Args:
        others: Counts what is not read, by kind.
    """

    def __init__(self, others: Counter[str]) -> None:
        self._others = others
        self._plugins: dict[str, str] = {}

    def convert(
        self,
        events: list[tuple[int, Event]],
        histograms: list[HistogramBatch],
        writer: Writer,
        report: Callable[[str, int], None],
        locate: Callable[[int], tuple[Path, int]],
    ) -> list[Record]:
        """Return the records of some events; numbers are left to others.

        Args:
            events: Order and content of each.
            histograms: Those that are decoded already.
            writer: Whose events they are.
            report: Takes what is damaged: what is wrong, and the order of the event.
            locate: Tells the file of an event, and where in it the event's record begins.
        """
        records: list[Record] = []
        histograms = histograms.copy()
        for order, event in events:
            records += self._lifecycle(order, event, writer)
            if event.other:
                self._others[event.other] += 1
            for value in event.values:
                try:
                    found = self._convert(order, event, value, locate)
                except DamagedMessageError as error:
                    report(f"a value that cannot be decoded was skipped: {error}", order)
                    continue
                records += [record for record in found if not isinstance(record, HistogramBatch)]
                histograms += [record for record in found if isinstance(record, HistogramBatch)]
        return records + _batches(histograms)

    def _lifecycle(self, order: int, event: Event, writer: Writer) -> Iterator[LifecycleRecord]:
        if event.file_version:
            # PyTorch writes this record twice when a run is resumed with purge_step.
            is_repeated = writer.announced_at == order - 1
            record = writer.announce(order, event.wall_time)
            if not is_repeated:
                yield record
        if event.session_status == SESSION_START:
            yield LifecycleRecord("writer", order, event.step, event.wall_time, host=writer.host)
        elif event.session_status == SESSION_CHECKPOINT:
            yield LifecycleRecord("checkpoint", order, event.step, event.wall_time, event.session_text)
        elif event.session_status:
            self._others["session"] += 1

    def _convert(
        self, order: int, event: Event, value: Value, locate: Callable[[int], tuple[Path, int]]
    ) -> list[Record]:
        plugin = value.plugin or self._plugins.get(value.tag, "")
        if value.plugin:
            self._plugins[value.tag] = plugin
        if value.scalar is not None:
            return []
        if value.kind == IMAGE or plugin == "images":
            found = _images(order, event, value, *locate(order))
        else:
            found = _read_value(plugin, order, event, value)
        if not found:
            self._others[plugin or ("audio" if value.kind == AUDIO else "tensor")] += 1
        return found


def _read_value(plugin: str, order: int, event: Event, value: Value) -> list[Record]:
    """Return what one value holds; nothing if it is of a kind that is not read."""
    place = value.tag, order, event.step, event.wall_time
    if plugin == "hparams":
        parameters = read_hyper_parameters(value.plugin_content)
        return [ConfigRecord(parameters, event.wall_time)] if parameters else []
    if value.kind == HISTOGRAM or plugin == "histograms":
        histogram = read_histogram(event, value)
        return [_histogram(*place, *histogram)] if histogram else []
    text = read_text(event, value.tensor) if plugin == "text" and value.tensor else None
    return [TextRecord(*place, text)] if text is not None else []


def _images(order: int, event: Event, value: Value, path: Path, offset: int) -> list[Record]:
    return [
        ImageRecord(
            value.tag,
            order,
            event.step,
            event.wall_time,
            width,
            height,
            FilePart(path, offset + image.begin, image.end - image.begin),
        )
        for width, height, image in read_images(event, value)
    ]


def _histogram(
    tag: str, order: int, step: int, wall_time: float, edges: Float64Array, counts: Float64Array
) -> HistogramBatch:
    place = np.array([order], np.int64), np.array([step], np.int64), np.array([wall_time], np.float64)
    return HistogramBatch(tag, *place, (edges,), (counts,))


def _batches(histograms: list[HistogramBatch]) -> list[Record]:
    """Return one batch per tag, in the order of their first histograms."""
    by_tag: dict[str, list[HistogramBatch]] = {}
    for batch in sorted(histograms, key=lambda batch: int(batch.order[0])):
        by_tag.setdefault(batch.tag, []).append(batch)
    return [_joined(batches) for batches in by_tag.values()]


def _joined(batches: list[HistogramBatch]) -> HistogramBatch:
    """Return batches of one tag as one."""
    if len(batches) == 1:
        return batches[0]
    order = np.concatenate([batch.order for batch in batches])
    rank = np.argsort(order, kind="stable")
    edges = [one for batch in batches for one in batch.edges]
    counts = [one for batch in batches for one in batch.counts]
    return HistogramBatch(
        batches[0].tag,
        order[rank],
        np.concatenate([batch.steps for batch in batches])[rank],
        np.concatenate([batch.wall_times for batch in batches])[rank],
        tuple(edges[at] for at in rank.tolist()),
        tuple(counts[at] for at in rank.tolist()),
    )
