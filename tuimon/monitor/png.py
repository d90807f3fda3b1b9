"""PNG images, decoded with zlib and numpy alone: any depth and colour, not interlaced, of a bounded size.

https://www.w3.org/TR/png-3/
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from tuimon.core.frozen import frozen

Pixels = npt.NDArray[np.uint8]
"""uint8[height, width, 3]: red, green, blue."""

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
MOST_PIXELS = 1 << 22
"""Four million: some tenths of a second, and some tens of megabytes while it is decoded."""
_LONGEST_SIDE = 1 << 14
_GREY, _RGB, _INDEXED, _GREY_ALPHA, _RGBA = 0, 2, 3, 4, 6
_CHANNELS = {_GREY: 1, _RGB: 3, _INDEXED: 1, _GREY_ALPHA: 2, _RGBA: 4}
_DEPTHS = {_GREY: (1, 2, 4, 8, 16), _INDEXED: (1, 2, 4, 8)}
_SUB, _UP, _AVERAGE, _PAETH = 1, 2, 3, 4
# What shows through: the paper that figures are drawn for.
_PAPER = 255


class NoPictureError(ValueError):
    """The bytes are no image that can be decoded; the message says why, for people."""


@frozen
class _Header:
    width: int
    height: int
    depth: int
    colour: int

    @property
    def pixel_bytes(self) -> int:
        """How many bytes a pixel is away from the one beside it, at least 1 as filters count."""
        return max(_CHANNELS[self.colour] * self.depth // 8, 1)

    @property
    def row_bytes(self) -> int:
        """How many bytes a row takes behind the one that names its filter."""
        return -(-self.width * _CHANNELS[self.colour] * self.depth // 8)


def decode_png(content: bytes) -> Pixels:
    """Return the pixels of a PNG; what is transparent lies on white, and of 16 bits the upper 8 count.

    Raises:
        NoPictureError: It is none, is damaged, or is of a kind or size that is not decoded.
    """
    if not content.startswith(_SIGNATURE):
        raise NoPictureError("no PNG")
    header: _Header | None = None
    palette, alpha, packed = b"", b"", []
    for name, chunk in _chunks(content):
        if name == b"IHDR":
            header = _read_header(chunk)
        elif name == b"PLTE":
            palette = chunk
        elif name == b"tRNS":
            alpha = chunk
        elif name == b"IDAT":
            packed.append(chunk)
    if header is None:
        raise NoPictureError("a PNG without a header")
    samples = _samples(header, _unpacked(b"".join(packed), header.height * (header.row_bytes + 1)))
    if header.colour == _INDEXED:
        return _looked_up(samples[..., 0], palette, alpha)
    return _on_paper(samples)


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the name and the content of each chunk that is whole, up to the last one."""
    at = len(_SIGNATURE)
    while at + 12 <= len(content):
        length = int.from_bytes(content[at : at + 4], "big")
        name = content[at + 4 : at + 8]
        if at + 12 + length > len(content) or name == b"IEND":
            return
        yield name, content[at + 8 : at + 8 + length]
        at += 12 + length


def _read_header(chunk: bytes) -> _Header:
    if len(chunk) < 13:
        raise NoPictureError("a PNG with a damaged header")
    width, height = int.from_bytes(chunk[:4], "big"), int.from_bytes(chunk[4:8], "big")
    depth, colour, interlaced = chunk[8], chunk[9], chunk[12]
    if colour not in _CHANNELS or depth not in _DEPTHS.get(colour, (8, 16)) or not (width and height):
        raise NoPictureError("a PNG with a damaged header")
    if interlaced:
        raise NoPictureError("an interlaced PNG")
    if width * height > MOST_PIXELS or max(width, height) > _LONGEST_SIDE:
        raise NoPictureError(f"too large: {width} x {height} pixels")
    return _Header(width, height, depth, colour)


def _unpacked(packed: bytes, size: int) -> bytes:
    """Return exactly so many bytes; what was cut off is black, and what is too much is never unpacked."""
    try:
        content = zlib.decompressobj().decompress(packed, size)
    except zlib.error as error:
        raise NoPictureError("a damaged PNG") from error
    return content.ljust(size, b"\0")


def _samples(header: _Header, content: bytes) -> Pixels:
    """Return uint8[height, width, channels], 0 to 255 but for numbers of a palette."""
    rows = np.frombuffer(content, np.uint8).reshape(header.height, -1)
    if rows[:, 0].max() > _PAETH:
        raise NoPictureError("a damaged PNG")
    plain = _unfiltered(rows[:, 0], rows[:, 1:], header.pixel_bytes)
    channels = _CHANNELS[header.colour]
    if header.depth == 8:
        return plain.reshape(header.height, header.width, channels)
    if header.depth == 16:
        return plain.reshape(header.height, header.width, channels, 2)[..., 0]
    bits = np.unpackbits(plain, axis=1).reshape(header.height, -1, header.depth)
    numbers: Pixels = np.packbits(bits, axis=2)[:, : header.width] >> np.uint8(8 - header.depth)
    if header.colour == _GREY:
        numbers *= 255 // ((1 << header.depth) - 1)
    return numbers


def _unfiltered(filters: Pixels, rows: Pixels, step: int) -> Pixels:
    """Take the filters of all rows back.

    A byte depends on those to its left, above it and to the left of that one. All bytes of one diagonal are
    therefore known together: as many steps as there are diagonals, each of them in numpy.

    Args:
        filters: uint8[height], the filter of each row.
        rows: uint8[height, bytes].
        step: How many bytes the pixel to the left is away.
    """
    if not filters.any():
        return rows
    height, width = len(rows), -(-rows.shape[1] // step)
    # A row above and a pixel to the left of all, both black; the last pixel is filled up.
    plain = np.zeros((height + 1, width + 1, step), np.int16)
    padded = np.zeros((height, width * step), np.uint8)
    padded[:, : rows.shape[1]] = rows
    plain[1:, 1:] = padded.reshape(height, width, step)
    flat = plain.reshape(-1, step)
    kinds = filters.reshape(-1, 1)
    line = width + 1
    for diagonal in range(width + height - 1):
        top, bottom = max(0, diagonal - width + 1), min(diagonal, height - 1)
        # The pixel (y, diagonal - y) stands at this place, and the next row's is `width` further.
        first = (top + 1) * line + diagonal - top + 1
        places = slice(first, first + (bottom - top) * width + 1, width)
        left, above, before = (
            flat[places.start - back : places.stop - back : width] for back in (1, line, line + 1)
        )
        flat[places] += _predicted(kinds[top : bottom + 1], left, above, before)
        flat[places] &= 0xFF
    return plain[1:, 1:].astype(np.uint8).reshape(height, -1)[:, : rows.shape[1]]


def _predicted(
    kinds: Pixels,
    left: npt.NDArray[np.int16],
    above: npt.NDArray[np.int16],
    before: npt.NDArray[np.int16],
) -> npt.NDArray[np.int16]:
    """Return what the filters expect of pixels, by those beside them."""
    by_left, by_above = np.abs(above - before), np.abs(left - before)
    by_both = np.abs(left + above - 2 * before)
    nearest = np.where(by_above <= by_both, above, before)
    nearest = np.where((by_left <= by_above) & (by_left <= by_both), left, nearest)
    choices = [np.zeros_like(left), left, above, (left + above) >> 1, nearest]
    return np.choose(kinds, choices)


def _looked_up(numbers: Pixels, palette: bytes, alpha: bytes) -> Pixels:
    """Return the colours of numbers of a palette; those beyond it are black."""
    colours = np.zeros((256, 4), np.uint8)
    colours[:, 3] = 255
    known = np.frombuffer(palette[: len(palette) // 3 * 3][: 3 * 256], np.uint8).reshape(-1, 3)
    colours[: len(known), :3] = known
    seen = np.frombuffer(alpha[:256], np.uint8)
    colours[: len(seen), 3] = seen
    return _on_paper(colours)[numbers]


def _on_paper(samples: Pixels) -> Pixels:
    """Return grey or coloured samples, with their transparency or without, as opaque colours."""
    channels = samples.shape[-1]
    colours = samples[..., : channels - (channels % 2 == 0)]
    if channels % 2 == 0:
        seen = samples[..., -1:].astype(np.uint16)
        colours = ((colours * seen + _PAPER * (255 - seen)) // 255).astype(np.uint8)
    return np.ascontiguousarray(np.broadcast_to(colours, (*samples.shape[:-1], 3)))
