"""What sources hand on: points as numpy columns, and the records that are not points."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from tuimon.core.columns import Float64Array, Int64Array
from tuimon.core.frozen import frozen

if TYPE_CHECKING:
    from tuimon.core.file_part import FilePart

ValueArray: TypeAlias = npt.NDArray[np.float32] | npt.NDArray[np.float64]
ConfigValue: TypeAlias = str | int | float | bool | None


@frozen(eq=False)
class ScalarBatch:
    """Points of tags that were logged together, as columns.

    NaN and infinities are values like any other. `order` counts the records of one source in the order in
    which they were written; it never falls, across batches too, and rows of one record share it.

    Attributes:
        tags: The full names, as logged.
        order: int64[n].
        steps: int64[n], as logged. Rows without a step of their own (hardware samples) carry the last step
            logged before them; a source that logs no step at all numbers its rows from 0.
        wall_times: float64[n], unix seconds; NaN where none was logged.
        values: One float32[n] or float64[n] per tag, as precise as the source.
    """

    tags: tuple[str, ...]
    order: Int64Array
    steps: Int64Array
    wall_times: Float64Array
    values: tuple[ValueArray, ...]

    def __len__(self) -> int:
        return len(self.order)


@frozen(eq=False)
class HistogramBatch:
    """Histograms of one tag: `edges` float64[k + 1] and `counts` float64[k] for each of n steps."""

    tag: str
    order: Int64Array
    steps: Int64Array
    wall_times: Float64Array
    edges: tuple[Float64Array, ...]
    counts: tuple[Float64Array, ...]


@frozen
class TextRecord:
    """A text that was logged under a tag (`text` is as logged and may hold anything)."""

    tag: str
    order: int
    step: int
    wall_time: float
    text: str


@frozen
class ImageRecord:
    """An encoded image (PNG, GIF, JPEG) that was logged under a tag; it stays in its file until it is shown.

    Attributes:
        width: In pixels as logged; 0 where nothing tells.
        height: Likewise.
        content: Where it stands.
    """

    tag: str
    order: int
    step: int
    wall_time: float
    width: int
    height: int
    content: FilePart


@frozen
class ConfigRecord:
    """Hyper-parameters and other facts of a run, flattened to one level with `.` between names."""

    values: Mapping[str, ConfigValue]
    wall_time: float = float("nan")


@frozen
class LifecycleRecord:
    """Something that happened to a run.

    Attributes:
        kind: `writer` (a new writer took over: another file, process or host), `finished`, `failed`,
            `evaluation`, `checkpoint`, `error`.
        order: Like `ScalarBatch.order`: it lies before the first record that follows it.
        step: The step it belongs to, or None.
        wall_time: Unix seconds; NaN where none is known.
        text: Details for people, as logged.
        host: Of a `writer`: the name of the machine that it runs on, "" where that is not told.
    """

    kind: str
    order: int
    step: int | None
    wall_time: float
    text: str = ""
    host: str = ""


@frozen
class LogLine:
    """A line of a console log that is no metric."""

    order: int
    wall_time: float
    level: str
    text: str


Record: TypeAlias = (
    ScalarBatch | HistogramBatch | TextRecord | ImageRecord | ConfigRecord | LifecycleRecord | LogLine
)


@frozen
class Problem:
    """Something that could not be read, or not as it seems; everything else goes on.

    Attributes:
        path: The file or folder.
        message: What is wrong and what to do, in one line of plain English.
        offset: Byte offset in the file, or None.
    """

    path: str
    message: str
    offset: int | None = None
