"""Logged images, read and decoded beside the screen: only those that somebody looks at."""

from __future__ import annotations

import queue
import threading
from collections import OrderedDict
from collections.abc import Callable

import numpy as np

from tuimon.core.batch import ImageRecord
from tuimon.core.file_part import FilePart
from tuimon.monitor.png import NoPictureError, Pixels, decode_png

_MOST_BYTES = 1 << 25
# More pixels than any screen has cells; images are held smaller than they are.
_LONGEST_HELD = 512
_MOST_HELD = 32
# How images of a kind that is not shown begin, and how their names end.
_KINDS = {
    b"\xff\xd8\xff": ("JPEG", ".jpg"),
    b"GIF8": ("GIF", ".gif"),
    b"RIFF": ("WebP", ".webp"),
    b"BM": ("BMP", ".bmp"),
    b"II*\0": ("TIFF", ".tif"),
    b"MM\0*": ("TIFF", ".tif"),
}


class ImageLoader:
    """Hands out images once they are read, in a thread of its own that begins with the first one.

    Args:
        wake: Called in that thread when an image that was asked for is there.
    """

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._held: OrderedDict[FilePart, Pixels | str] = OrderedDict()
        self._asked: queue.LifoQueue[FilePart] = queue.LifoQueue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def look(self, record: ImageRecord) -> Pixels | str | None:
        """Return an image, why it cannot be shown, or None while it is read; called in the screen's thread.

        An image whose longer side has more than 512 pixels is made smaller.
        """
        with self._lock:
            found = self._held.get(record.content)
            if found is not None:
                self._held.move_to_end(record.content)
                return found
        if self._thread is None:
            self._thread = threading.Thread(target=self._load, name="images", daemon=True)
            self._thread.start()
        self._asked.put(record.content)
        return None

    def _load(self) -> None:
        while True:
            # The newest wish first: who holds a key down wants the last image.
            part = self._asked.get()
            with self._lock:
                known = part in self._held
            if known:
                continue
            found = load_image(part)
            with self._lock:
                self._held[part] = found
                while len(self._held) > _MOST_HELD:
                    self._held.popitem(last=False)
            self._wake()


def load_image(part: FilePart) -> Pixels | str:
    """Return an image, made smaller where it is large, or why it cannot be shown. Never raises on content."""
    try:
        content = part.read(_MOST_BYTES)
        return shrunk(decode_png(content), _LONGEST_HELD, _LONGEST_HELD)
    except OSError as error:
        return f"not shown: the file {error.strerror or error}"
    except NoPictureError as error:
        kind = _kind_of(content)
        return f"not shown: {error if kind is None else kind[0]}"


def image_ending(part: FilePart) -> str:
    """Return how the name of a file with an image ends, such as `.jpg`; `.png` where that is not known."""
    try:
        kind = _kind_of(part.read(_MOST_BYTES))
    except OSError:  # who writes it is told
        return ".png"
    return ".png" if kind is None else kind[1]


def _kind_of(content: bytes) -> tuple[str, str] | None:
    return next((kind for begin, kind in _KINDS.items() if content.startswith(begin)), None)


def shrunk(pixels: Pixels, height: int, width: int) -> Pixels:
    """Return an image that fits into `height` x `width` pixels, its sides in proportion; never a larger one.

    Each pixel is the mean of those that it stands for.
    """
    rows, columns = pixels.shape[:2]
    share = min(height / rows, width / columns, 1.0)
    if share == 1.0:
        return pixels
    return resized(pixels, max(round(rows * share), 1), max(round(columns * share), 1))


def resized(pixels: Pixels, height: int, width: int) -> Pixels:
    """Return an image of exactly so many pixels: means where it gets smaller, repeats where larger."""
    smaller = pixels.astype(np.float32)
    for axis, size in enumerate((height, width)):
        old = smaller.shape[axis]
        begins = np.arange(size) * old // size
        if size <= old:
            counts = np.diff(begins, append=old).reshape((-1, 1, 1) if axis == 0 else (1, -1, 1))
            smaller = np.add.reduceat(smaller, begins, axis=axis) / counts
        else:
            smaller = smaller.take(begins, axis=axis)
    return smaller.round().astype(np.uint8)
