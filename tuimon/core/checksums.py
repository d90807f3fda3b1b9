"""The CRC-32C of many records at once.

Castagnoli's polynomial as in RFC 3720, B.4; the mask is that of TFRecord frames.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tuimon.core.columns import Int64Array

UInt8Array = npt.NDArray[np.uint8]
UInt32Array = npt.NDArray[np.uint32]

MASK_DELTA = 0xA282EAD8
_POLYNOMIAL = 0x82F63B78  # bits reversed
_WORD = 0xFFFFFFFF
# The length of a record in its frame has eight.
_SHORT_BYTES = 8


def masked_crc(record: bytes) -> int:
    """Return the checksum that a frame carries for `record`."""
    crc = _short_crc(record) if len(record) <= _SHORT_BYTES else _long_crc(record)
    return (((crc >> 15) | (crc << 17)) + MASK_DELTA) & _WORD


def _short_crc(record: bytes) -> int:
    """Return the CRC of a few bytes: to know an event file by its first ones loads no library."""
    crc = _WORD
    for byte in record:
        crc = _CRC_LIST[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc ^ _WORD


def _long_crc(record: bytes) -> int:
    import google_crc32c  # noqa: PLC0415 - compiled; only who reads or writes event files needs it

    crc: int = google_crc32c.value(record)
    return crc


def all_hold(content: UInt8Array, ends: Int64Array) -> bool:
    """Return whether every record that stands in `content` is followed by its masked CRC-32C.

    One CRC over everything tells: each record's own checksum is turned into bytes that bring the register
    back to its start exactly if the record holds. A single damaged record is always found; two of them hide
    each other with a probability of 2**-32.

    Args:
        content: uint8[m], records with 16 bytes between them and behind the last one, of which the first
            four are the checksum (the others are the header of the next frame). Is written to.
        ends: int64[n], where the records end.
    """
    import google_crc32c  # noqa: PLC0415 - see _long_crc

    gaps = np.zeros((len(ends), _GAP_BYTES // 4), "<u4")
    gaps[:, 0] = unmasked(np.ndarray((len(content) - 3,), "<u4", content, 0, (1,))[ends]) ^ _BACK_TO_START
    places = np.ndarray((len(content) - _GAP_BYTES + 1,), f"V{_GAP_BYTES}", content, 0, (1,))
    places[ends] = gaps.view(f"V{_GAP_BYTES}")[:, 0]
    return bool(google_crc32c.value(content.tobytes()) == 0)


def masked_crcs(rows: UInt8Array) -> UInt32Array:
    """Return the masked CRC-32C of each row of uint8[n, k], byte by byte."""
    crc = np.full(len(rows), _WORD, np.uint32)
    for column in rows.T:
        crc = _next(crc ^ column, crc)
    crc = ~crc
    masked: UInt32Array = ((crc >> np.uint32(15)) | (crc << np.uint32(17))) + np.uint32(MASK_DELTA)
    return masked


def unmasked(stored: UInt32Array) -> UInt32Array:
    """Return the checksums that the masked ones stand for."""
    rotated = stored - np.uint32(MASK_DELTA)
    crc: UInt32Array = (rotated >> np.uint32(17)) | (rotated << np.uint32(15))
    return crc


def _next(low: UInt32Array, crc: UInt32Array) -> UInt32Array:
    """Return the register behind one more byte, which is the low byte of `low`."""
    following: UInt32Array = _CRC_TABLE[low & np.uint32(0xFF)] ^ (crc >> np.uint32(8))
    return following


def _crc_table() -> UInt32Array:
    """Return what every byte does to a register of zero, the table of the byte-wise algorithm."""
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = (table >> np.uint32(1)) ^ np.where(table & np.uint32(1), np.uint32(_POLYNOMIAL), np.uint32(0))
    return table


def _register_before_zeros(register: int, count: int) -> int:
    """Return the register that `count` bytes of zero turn into `register`."""
    for _ in range(8 * count):
        register = (register ^ _POLYNOMIAL) << 1 | 1 if register >> 31 else register << 1
    return register


_CRC_TABLE = _crc_table()
_CRC_LIST: list[int] = _CRC_TABLE.tolist()
_GAP_BYTES = 16
# Behind a record that holds, the register is the complement of its checksum.
_BACK_TO_START = np.uint32(_WORD ^ _register_before_zeros(_WORD, _GAP_BYTES))
