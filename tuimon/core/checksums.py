"""The CRC-32C of many records of one length at once.

Castagnoli's polynomial as in RFC 3720, B.4; the mask is that of TFRecord frames.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

UInt8Array = npt.NDArray[np.uint8]
UInt32Array = npt.NDArray[np.uint32]

MASK_DELTA = 0xA282EAD8
_POLYNOMIAL = 0x82F63B78  # bits reversed
_WORD = 0xFFFFFFFF


def masked_crc(record: bytes) -> int:
    """Return the checksum that a frame carries for `record`."""
    import google_crc32c  # noqa: PLC0415 - compiled; only who reads or writes event files needs it

    crc: int = google_crc32c.value(record)
    return (((crc >> 15) | (crc << 17)) + MASK_DELTA) & _WORD


def crcs(rows: UInt8Array, length: int) -> UInt32Array:
    """Return the CRC-32C of the last `length` bytes of each row.

    Only the first row is gone through byte by byte. The checksum is linear: those of two records of one
    length differ by the sum, without carry, of what each differing byte stands for at its distance from the
    end. So the cost follows the number of columns in which the rows differ, which in a log are few.

    Args:
        rows: uint8[n, 8k] with n > 0.
        length: 0 to 8k.
    """
    import google_crc32c  # noqa: PLC0415 - see masked_crc

    width = rows.shape[1]
    found = np.full(len(rows), google_crc32c.value(rows[0, width - length :].tobytes()), np.uint32)
    tables = _tables(width)
    for number, word in enumerate(rows.view(np.uint64).T):
        difference = word ^ word[0]
        columns = difference.view(np.uint8).reshape(-1, 8).T
        differing = int(np.bitwise_or.reduce(difference)).to_bytes(8, "little")
        for byte in range(8):
            distance = width - 1 - 8 * number - byte
            if differing[byte] and distance < length:
                found ^= tables[distance].take(columns[byte])
    return found


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


def _tables(width: int) -> list[UInt32Array]:
    """Return what every byte does to the checksum, by its distance from the end, for less than `width`."""
    while len(_BY_DISTANCE) < width:
        last = _BY_DISTANCE[-1]
        _BY_DISTANCE.append(_next(last, last))
    return _BY_DISTANCE


_CRC_TABLE = _crc_table()
_BY_DISTANCE = [_CRC_TABLE]
