from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.monitor.pngs import encode, picture, png_of
from tuimon.monitor.png import MOST_PIXELS, NoPictureError, decode_png

SIZES = st.tuples(st.integers(1, 9), st.integers(1, 9))
FILTERS = st.lists(st.integers(0, 4), min_size=1, max_size=9)


@given(
    SIZES,
    FILTERS,
    st.sampled_from([(0, 8), (0, 16), (2, 8), (2, 16), (4, 8), (6, 8), (6, 16)]),
    st.sampled_from([4, 256]),
)
@settings(max_examples=60)
def test_every_filter_of_every_colour_is_taken_back(
    size: tuple[int, int], filters: list[int], kind: tuple[int, int], levels: int
) -> None:
    (height, width), (colour, depth) = size, kind
    channels = {0: 1, 2: 3, 4: 2, 6: 4}[colour]
    noise = np.random.default_rng(height * 10 + width)
    # Few different values make neighbours alike, between which the last filter has to choose.
    samples = noise.integers(0, levels, (height, width, channels)).astype(np.uint8)
    rows = samples if depth == 8 else np.stack([samples, 255 - samples], axis=-1)
    content = encode(rows.reshape(height, -1), width, depth=depth, colour=colour, filters=filters)
    found = decode_png(content)
    opaque = samples[..., :3] if channels > 2 else np.repeat(samples[..., :1], 3, axis=-1)
    if channels in (2, 4):
        seen = samples[..., -1:].astype(float) / 255
        np.testing.assert_allclose(found, opaque * seen + 255 * (1 - seen), atol=1)
    else:
        np.testing.assert_array_equal(found, opaque)


@pytest.mark.parametrize("depth", [1, 2, 4, 8])
def test_few_bits_are_shades_or_numbers_of_a_palette(depth: int) -> None:
    numbers = np.arange(2 * 11).reshape(2, 11) % 2**depth
    bits = (numbers[..., None] >> np.arange(depth)[::-1] & 1).astype(np.uint8)
    rows = np.packbits(bits.reshape(2, -1), axis=1)
    grey = decode_png(encode(rows, 11, depth=depth, colour=0, filters=(1, 4)))
    np.testing.assert_array_equal(grey[..., 0], numbers * (255 // (2**depth - 1)))
    palette = np.arange(3 * 2**depth, dtype=np.uint8)
    found = decode_png(
        encode(rows, 11, depth=depth, colour=3, filters=(2,), palette=palette.tobytes(), alpha=b"\0")
    )
    colours = palette.reshape(-1, 3).copy()
    colours[0] = 255  # what cannot be seen is paper
    np.testing.assert_array_equal(found, colours[numbers])


def test_what_is_cut_off_is_black_and_the_rest_is_there() -> None:
    pixels = picture(40, 30)
    packed = zlib.compress(b"".join(b"\0" + row.tobytes() for row in pixels))
    packed = packed[: len(packed) // 2]
    header = png_of(pixels)[:33]
    found = decode_png(header + struct.pack(">I", len(packed)) + b"IDAT" + packed + b"1234")
    np.testing.assert_array_equal(found[0], pixels[0])
    assert not found[-1].any()


def header_of(width: int, height: int) -> bytes:
    return (
        b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBBBBB", 13, b"IHDR", width, height, 8, 2, 0, 0, 0) + b"1234"
    )


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "no PNG"),
        (b"\xff\xd8\xff\xe0", "no PNG"),
        (png_of(picture())[:20], "without a header"),
        (header_of(0, 5), "damaged header"),
        (header_of(MOST_PIXELS, 2), "too large: 4194304 x 2"),
        (header_of(1 << 31, 1 << 31), "too large"),
        (header_of(1, 1 << 20), "too large"),
        (encode(picture().reshape(4, -1), 6, depth=8, colour=2, filters=(5,) * 4), "damaged"),
        (encode(picture().reshape(4, -1), 6, depth=8, colour=2, filters=(0,), interlaced=1), "interlaced"),
        (png_of(picture())[:41] + b"not packed at all" + b"\0" * 90, "damaged"),
    ],
    ids=["empty", "jpeg", "short", "no-pixels", "wide", "huge", "high", "filter", "interlaced", "packing"],
)
def test_what_is_no_picture_is_told(content: bytes, why: str) -> None:
    with pytest.raises(NoPictureError, match=why):
        decode_png(content)


def test_a_bomb_is_never_unpacked() -> None:
    bomb = zlib.compress(b"\0" * (8 << 20))
    found = decode_png(header_of(2, 2) + struct.pack(">I", len(bomb)) + b"IDAT" + bomb + b"1234")
    assert found.shape == (2, 2, 3)


@given(st.binary(max_size=60), st.integers(0, 120))
@settings(max_examples=60)
def test_damage_never_raises_anything_else(noise: bytes, at: int) -> None:
    content = png_of(picture())
    try:
        assert decode_png(content[:at] + noise + content[at + len(noise) :]).dtype == np.uint8
    except NoPictureError as error:
        assert str(error)  # noqa: PT017  # either is fine
