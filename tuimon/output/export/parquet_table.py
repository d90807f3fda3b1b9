"""A Parquet file with a row per point, written by pyarrow (the extra `parquet`)."""

from __future__ import annotations

import re
from typing import Any, BinaryIO

import numpy as np

from tuimon.core.errors import TuimonError
from tuimon.output.export.rows import stretch_of
from tuimon.output.export.writer import RunToWrite, tags_of

# Readers take a row group at a time: a million rows are what most of them are made for.
_GROUP_ROWS = 1 << 20


class ParquetTable:
    """Writes run, tag (categories), step, wall time (null where none was logged) and value.

    Args:
        file: Where to write.
        wanted: Which tags; None for all.

    Raises:
        TuimonError: pyarrow is not installed.
    """

    def __init__(self, file: BinaryIO, wanted: re.Pattern[str] | None = None) -> None:
        try:
            import pyarrow as pa  # noqa: PLC0415 - an extra
            from pyarrow import parquet  # noqa: PLC0415 - an extra
        except ImportError as error:
            remedy = "pip install 'tuimon[parquet]'"
            raise TuimonError("needs pyarrow", "--to parquet", remedy) from error
        self._pa = pa
        self._wanted = wanted
        name = pa.dictionary(pa.int32(), pa.string())
        self._schema = pa.schema(
            [
                pa.field("run", name),
                pa.field("tag", name),
                pa.field("step", pa.int64()),
                pa.field("wall_time", pa.float64()),
                pa.field("value", pa.float64()),
            ]
        )
        self._writer = parquet.ParquetWriter(
            file, self._schema, compression="zstd", use_dictionary=["run", "tag"]
        )
        self._held: list[Any] = []

    def write(self, run: RunToWrite) -> int:
        """Write the points of a run, series after series; return how many there are."""
        tags = tags_of(run.view, self._wanted)
        names = self._pa.array([_encodable(tag) for tag in tags], self._pa.string())
        run_name = self._pa.array([_encodable(run.name)], self._pa.string())
        for number, tag in enumerate(tags):
            series = run.view.series[tag]
            for start in range(0, len(series), _GROUP_ROWS):
                points = stretch_of(series, start, min(start + _GROUP_ROWS, len(series)))
                of_run = np.zeros(len(points.order), np.int32)
                columns = [
                    self._pa.DictionaryArray.from_arrays(of_run, run_name),
                    self._pa.DictionaryArray.from_arrays(of_run + np.int32(number), names),
                    self._pa.array(points.steps),
                    self._pa.array(points.wall_times, mask=np.isnan(points.wall_times)),
                    self._pa.array(points.values.astype(np.float64)),
                ]
                self._hold(self._pa.record_batch(columns, self._schema))
        self._flush()
        return sum(len(run.view.series[tag]) for tag in tags)

    def close(self) -> None:
        """Write the file's footer."""
        self._flush()
        self._writer.close()

    def _hold(self, batch: Any) -> None:  # noqa: ANN401 - pyarrow has no types
        self._held.append(batch)
        if sum(each.num_rows for each in self._held) >= _GROUP_ROWS:
            self._flush()

    def _flush(self) -> None:
        if self._held:
            self._writer.write_table(self._pa.Table.from_batches(self._held), row_group_size=_GROUP_ROWS)
            self._held.clear()


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
