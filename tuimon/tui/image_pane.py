"""Paints the place of the charts with a logged image, and remembers what was drawn last."""

from __future__ import annotations

from collections.abc import Callable

from tuimon.charts.style import Glyphs
from tuimon.core.batch import ImageRecord
from tuimon.core.file_part import FilePart
from tuimon.monitor.images import ImageLoader, load_image
from tuimon.monitor.snapshot import RunState
from tuimon.tui.panes.images import chosen_image, image_rows, image_title
from tuimon.tui.rows import PLAIN, ROUND, Row, framed
from tuimon.tui.scene import Picture, Scene


class ImagePane:
    """Paints images. Only the screen's thread uses it.

    Args:
        glyphs: Braille or ASCII.
        coloured: Whether colours can be shown.
        wake: Called in another thread when an image is there; None reads every image at once.
    """

    def __init__(self, glyphs: Glyphs, *, coloured: bool, wake: Callable[[], None] | None) -> None:
        self._glyphs = glyphs
        self._coloured = coloured
        self._loader = None if wake is None else ImageLoader(wake)
        self._drawn: tuple[FilePart, tuple[int, int], list[Row]] | None = None

    def paint(self, picture: Picture, scene: Scene, state: RunState) -> None:
        """Paint the image that the view means; the run has one."""
        if not picture.plan.charts:
            return
        rect = picture.plan.charts[0]
        images, view = state.run.images, scene.view
        _, record = chosen_image(images, view)
        title, right_title = image_title(images, view, scene.snapshot.now, rect.width - 8)
        picture.panes["chart0"] = framed(
            self._rows(record, (rect.height - 2, rect.width - 2)),
            rect.width,
            rect.height,
            title,
            right_title=right_title,
            focused=view.focus == "charts",
            frame=ROUND if self._glyphs == "braille" else PLAIN,
        )

    def _rows(self, record: ImageRecord, size: tuple[int, int]) -> list[Row]:
        if self._drawn is not None and self._drawn[:2] == (record.content, size):
            return self._drawn[2]
        found = load_image(record.content) if self._loader is None else self._loader.look(record)
        rows = image_rows(found, size, self._glyphs, coloured=self._coloured)
        self._drawn = None if found is None else (record.content, size, rows)
        return rows
