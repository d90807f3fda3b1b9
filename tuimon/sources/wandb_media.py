"""What a W&B run logs as media: histograms in the row itself, images as files beside the run's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

import numpy as np

from tuimon.core.batch import HistogramBatch, ImageRecord
from tuimon.core.columns import Float64Array, Int64Array
from tuimon.core.file_part import FilePart

_IMAGE, _IMAGES = "image-file", "images/separated"
# One row logs a sheet of samples, hardly more.
_MOST_IMAGES = 256


def read_histogram(
    tag: str,
    kind: object,
    found: Mapping[str, object],
    order: Int64Array,
    steps: Int64Array,
    wall_times: Float64Array,
) -> HistogramBatch | None:
    """Return the histogram that a media object is, or None if it is something else."""
    counts = _numbers_in(found.get(f"{tag}.values"))
    edges = _numbers_in(found.get(f"{tag}.bins"))
    packed = [found.get(f"{tag}.packedBins.{name}") for name in ("min", "size", "count")]
    if edges is None and all(isinstance(part, int | float) for part in packed) and counts is not None:
        low, size, count = (float(part) for part in packed if isinstance(part, int | float))
        edges = np.linspace(low, low + size * count, len(counts) + 1) if count == len(counts) else None
    if kind != "histogram" or counts is None or edges is None or len(edges) != len(counts) + 1:
        return None
    return HistogramBatch(tag, order, steps, wall_times, (edges,), (counts,))


def read_images(
    folder: Path,
    tag: str,
    kind: object,
    found: Mapping[str, object],
    place: tuple[int, int, float],
) -> list[ImageRecord]:
    """Return the images that a media object names; none if it is something else.

    Args:
        folder: Below which their files are.
        tag: What they were logged under.
        kind: The `_type` of the object.
        found: The row, flattened.
        place: Order, step and wall time of the row.
    """
    if kind not in (_IMAGE, _IMAGES):
        return []
    names = found.get(f"{tag}.filenames" if kind == _IMAGES else f"{tag}.path")
    width, height = (_size(found.get(f"{tag}.{side}")) for side in ("width", "height"))
    paths = _inside(names if isinstance(names, list) else [names])
    return [ImageRecord(tag, *place, width, height, FilePart(folder / path)) for path in paths]


def _inside(names: list[object]) -> Iterator[PurePosixPath]:
    """Yield the paths that lead to files below the run's folder: the others are nobody's images."""
    for name in names[:_MOST_IMAGES]:
        if isinstance(name, str) and name and "\0" not in name:
            path = PurePosixPath(name)
            if not path.is_absolute() and ".." not in path.parts:
                yield path


def _size(value: object) -> int:
    return int(value) if isinstance(value, int | float) and 0 < value < 1e9 else 0


def _numbers_in(value: object) -> Float64Array | None:
    try:
        return np.array(value, np.float64) if isinstance(value, list) else None
    except (TypeError, ValueError, OverflowError):
        return None
