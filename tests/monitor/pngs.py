"""Writes PNG images with any filter in any row, as the standard says and not as our decoder does."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt


def encode(
    rows: npt.NDArray[np.uint8],
    width: int,
    *,
    depth: int,
    colour: int,
    filters: Sequence[int],
    palette: bytes = b"",
    alpha: bytes = b"",
    interlaced: int = 0,
) -> bytes:
    """Return a PNG whose rows are `rows`, uint8[height, bytes], each filtered by one of `filters` in turn."""
    step = max({0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour] * depth // 8, 1)
    before = [0] * rows.shape[1]
    content = bytearray()
    for number, row in enumerate(rows.tolist()):
        kind = filters[number % len(filters)]
        content.append(kind)
        content += bytes(
            (byte - _expected(kind, row, before, at, step)) & 0xFF for at, byte in enumerate(row)
        )
        before = row
    header = struct.pack(">IIBBBBB", width, len(rows), depth, colour, 0, 0, interlaced)
    packed = zlib.compress(bytes(content))
    parts = [
        (b"IHDR", header),
        (b"PLTE", palette),
        (b"tRNS", alpha),
        (b"IDAT", packed[:7]),
        (b"IDAT", packed[7:]),
    ]
    chunks = [_chunk(name, body) for name, body in parts if body]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks) + _chunk(b"IEND", b"")


def picture(height: int = 4, width: int = 6) -> npt.NDArray[np.uint8]:
    """Return uint8[height, width, 3]: red falls from the left, green from the top, the rest is blue."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[..., 0] = np.linspace(255, 0, width)
    pixels[..., 1] = np.linspace(255, 0, height)[:, None]
    pixels[..., 2] = 128
    return pixels


def png_of(pixels: npt.NDArray[np.uint8]) -> bytes:
    """Return a usual PNG of uint8[height, width, 3]."""
    return encode(pixels.reshape(len(pixels), -1), pixels.shape[1], depth=8, colour=2, filters=(4, 1, 2, 3))


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _expected(kind: int, row: list[int], above: list[int], at: int, step: int) -> int:
    a = row[at - step] if at >= step else 0
    b = above[at]
    c = above[at - step] if at >= step else 0
    if kind < 4:
        return (0, a, b, (a + b) // 2)[kind]
    p = a + b - c
    return min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
