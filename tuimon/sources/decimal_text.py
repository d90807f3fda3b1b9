"""Decimal numbers in a text, thousands at once in numpy, each to the last bit as `float` reads it.

Eight characters are one 64-bit integer, so that a few multiplications turn all of its digits into a number
(the first character is the lowest byte: each multiplication joins neighbouring groups of digits). A mantissa
below 2**53 and a power of ten up to 10**22 are exact doubles, whose quotient or product is rounded once
(W. D. Clinger, "How to read floating point numbers accurately", 1990). Longer mantissas are multiplied in
twice the precision (T. J. Dekker, "A floating-point technique for extending the available precision", 1971).

Where most numbers are a digit, a point and up to six digits, all are read as that, and checked. Most long
numbers have their point among the first eight characters, and nothing but digits behind these: they
are read in two pieces, others word by word.
Where even that leaves open which double is the nearest, and where a number is spelled in no usual way,
`float` decides.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tuimon.core.columns import Float64Array, Int64Array

BoolArray = npt.NDArray[np.bool_]
ByteArray = npt.NDArray[np.uint8]
WordArray = npt.NDArray[np.uint64]

MARGIN = 24
"""So many bytes of a text must lie before the end of each number: three words."""

WORD = 8
"""So many bytes must lie behind the start of each number."""

_MOST_WORDS = MARGIN // WORD
# From this share on, what holds for most numbers of a row is done with the whole row.
_MOST_LONG = 0.8
# To read one row takes about as long as eight of them together.
_FEW_AMONG = 8
_ONE = np.uint64(1)
_HALF_BYTE = np.uint64(4)
_EIGHT = np.uint64(8)
_WHOLE_BYTE = np.uint64(255)
_ONES = np.uint64(0x0101010101010101)
_ZEROS = np.uint64(0x3030303030303030)
# Adding it carries into the highest bit of each byte above 9.
_ABOVE_NINE = np.uint64(0x7676767676767676)
_HIGH_BITS = np.uint64(0x8080808080808080)
# What "." is once "0" is taken for 0.
_POINT = np.uint64(0x2E ^ 0x30)
_SECOND_BYTE, _POINT_SECOND = _WHOLE_BYTE << _EIGHT, _POINT << _EIGHT
# Byte j holds j: multiplied by 1 << 8k, the highest byte is 7 - k, the number of characters behind a point.
_BEHIND = np.uint64(0x0706050403020100)
_PAIRS, _FOURS = np.uint64(0x00FF00FF00FF00FF), np.uint64(0x0000FFFF0000FFFF)
_TO_PAIRS, _TO_FOURS, _TO_EIGHT = (
    np.uint64(1 + (10 << 8)),
    np.uint64(1 + (100 << 16)),
    np.uint64(1 + (10**4 << 32)),
)

# Numbers of a digit, a point and one to six digits are read as such where most numbers are, as a few tell.
_MILLION, _SHORTEST = 1e6, 3
_SAMPLED, _MOST = 8, 7 / 8
_EXACT_POWERS = 10.0 ** np.arange(23)
_WHOLE_POWERS = 10 ** np.arange(18, dtype=np.uint64)
# For each number of digits behind it, the most that leaves the whole below 2**64.
_MOST_BEFORE = np.array([(2**64 - 10**count) // 10**count for count in range(18)], np.uint64)
_TAIL = 2 * WORD
_TAIL_DTYPE = np.dtype(f"V{_TAIL}")
# For each number of characters, which bytes of a tail belong to the number that ends with it.
_TAIL_MASKS = np.frombuffer(
    b"".join((b"\xff" * length).rjust(_TAIL, b"\0") for length in range(_TAIL + 1)), _TAIL_DTYPE
)
_EXACT_BITS = np.uint64(53)
_SIGN_BIT = np.uint64(63)
# 1000 times 10**16 is the most that a third word may add: 10**19 is below 2**64.
_MOST_IN_THIRD = np.uint64(1000)
# The highest double that a word holds as an integer.
_HIGHEST_WORD = 2.0**64 - 2**11
_LOWEST_POWER, _HIGHEST_POWER = -60, 40
# All that is neglected in twice the precision is far below this part of the product.
_NEGLECTED = 2.0**-100
_SPLITTER = 2.0**27 + 1

_MINUS, _PLUS, _FULL_STOP, _ZERO, _LETTER_E, _TO_LOWER = 0x2D, 0x2B, 0x2E, 0x30, 0x65, 0x20
_SHORTEST_EXPONENT, _LONGEST_EXPONENT = 2, 5
_SPELLED = re.compile(rb"-?(?:(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|Infinity)|NaN")


class Numbers(NamedTuple):
    """Numbers of a text.

    Attributes:
        values: float64[k, n], what `float` makes of them.
        odd: bool[k, n], which are no numbers as JSON, or Python's `json`, writes them.
        fractional: bool[k, n], which have a decimal point or an exponent, or are odd.
    """

    values: Float64Array
    odd: BoolArray
    fractional: BoolArray


class _Decimals(NamedTuple):
    """Numbers without exponents: `mantissa * 10**-places`, and whether they are `odd`."""

    mantissa: WordArray
    places: Int64Array
    has_point: BoolArray
    odd: BoolArray


def words_of(text: ByteArray) -> WordArray:
    """Return the eight bytes from each byte of a text on, as uint64[n - 7] without a copy."""
    return np.ndarray((max(len(text) - WORD + 1, 0),), "<u8", text.data, strides=(1,))


def read_numbers(text: ByteArray, starts: Int64Array, ends: Int64Array) -> Numbers:
    """Read the numbers that lie at `[starts, ends)` in a text.

    Args:
        text: uint8[m].
        starts: int64[k, n]; each row of numbers should be of about the same length.
        ends: int64[k, n], at least `MARGIN`, and behind `starts`.

    `WORD` bytes lie behind each start.
    """
    found = read_usual(text, starts, ends)
    if found.odd.any():
        left = places_of_odd(found.odd)
        for column, instead in zip(found, read_unusual(text, starts[left], ends[left]), strict=True):
            column[left] = instead
    return found


def read_usual(text: ByteArray, starts: Int64Array, ends: Int64Array) -> Numbers:
    """Read numbers like `read_numbers`, but only those that are written as most of them are.

    The others are called odd: who reads many tables leaves those of all to one call of `read_unusual`.
    """
    if not ends.size:
        return Numbers(np.empty(ends.shape), np.empty(ends.shape, np.bool_), np.empty(ends.shape, np.bool_))
    words = words_of(text)
    starts, ends = np.ascontiguousarray(starts), np.ascontiguousarray(ends)
    first = text[starts]
    is_negative = first == _MINUS
    some_negative = bool(is_negative.any())
    bare = starts
    if some_negative:
        bare = starts + is_negative
        first = text.take(bare, mode="clip")
    numbers = (
        _short(words, bare, ends) if _are_short(text, bare, ends) else _plain(text, words, first, bare, ends)
    )
    if some_negative:
        _negate(numbers.values, is_negative, numbers.fractional)
    return numbers


def places_of_odd(odd: BoolArray) -> tuple[Int64Array, Int64Array]:
    """Return the rows and columns of odd numbers."""
    # To find places in two dimensions takes ten times as long.
    return np.divmod(odd.ravel().nonzero()[0], odd.shape[1])


def read_unusual(text: ByteArray, starts: Int64Array, ends: Int64Array) -> Numbers:
    """Read numbers however they are written; all arrays are [n], else as those of `read_numbers`."""
    is_negative = text[starts] == _MINUS
    found = Numbers(*_other_numbers(text, words_of(text), starts + is_negative, ends))
    _negate(found.values, is_negative, found.fractional)
    for place in found.odd.nonzero()[0].tolist():
        spelling = text[starts[place] : ends[place]].tobytes()
        if _SPELLED.fullmatch(spelling):
            found.values[place], found.odd[place] = float(spelling), False
            found.fractional[place] = not spelling.removeprefix(b"-").isdigit()
    return found


def _negate(values: Float64Array, is_negative: BoolArray, fractional: BoolArray) -> None:
    """Put the sign before those values that are negative."""
    # -0 is a whole number, and there is one zero only of those.
    has_sign = is_negative & (fractional | (values != 0))
    bits = values.view(np.uint64)
    bits |= has_sign.astype(np.uint64) << _SIGN_BIT


def _are_short(text: ByteArray, starts: Int64Array, ends: Int64Array) -> bool:
    """Tell by some of them whether most numbers are a digit, a point, and at most six digits."""
    some = slice(None, None, max(1, starts.shape[1] // _SAMPLED))
    starts, lengths = starts[:, some], ends[:, some] - starts[:, some]
    are_short = (lengths <= WORD) & (text[starts + 1] == _FULL_STOP)
    return bool(are_short.mean() >= _MOST)


def _short(words: WordArray, starts: Int64Array, ends: Int64Array) -> Numbers:
    """Read numbers of which each is a digit, a point, and up to six digits: in millionths."""
    lengths = ends - starts
    odd = (lengths - _SHORTEST).view(np.uint64) > WORD - _SHORTEST
    digits = words[ends - WORD]
    digits ^= _ZEROS
    np.subtract(WORD, lengths, out=lengths)
    lengths <<= 3
    # What is behind the last digit is zeros now.
    digits >>= lengths.view(np.uint64)
    wrong = digits & _SECOND_BYTE
    wrong ^= _POINT_SECOND
    first = digits & _WHOLE_BYTE
    first *= _WHOLE_BYTE
    digits += first
    digits -= _POINT_SECOND
    wrong |= _not_digits(digits)
    odd |= wrong != 0
    values = _number(digits).astype(np.float64)
    values /= _MILLION
    return Numbers(values, odd, ~odd)


def _plain(
    text: ByteArray, words: WordArray, first: ByteArray, starts: Int64Array, ends: Int64Array
) -> Numbers:
    """Read numbers without exponents, whose `first` characters are given."""
    found = _decimals(text, words, first, starts, ends)
    values = found.mantissa.astype(np.float64)
    values /= _EXACT_POWERS.take(found.places, mode="clip")
    rows = _rows(found.mantissa.max(axis=1, initial=0) >> _EXACT_BITS != 0)
    if rows is not None:
        _put_right(values, found, rows)
    return Numbers(values, found.odd, found.has_point)


def _put_right(values: Float64Array, found: _Decimals, rows: slice | Int64Array) -> None:
    """Set the values of those numbers of some rows whose mantissa is no double."""
    is_long = found.mantissa >> _EXACT_BITS != 0
    long = is_long.ravel().nonzero()[0]
    if len(long) < _MOST_LONG * values[rows].size:
        scaled, unsure = _scaled(found.mantissa.take(long), -found.places.take(long))
        values.put(long, scaled)
        found.odd.put(long, found.odd.take(long) | unsure)
    else:  # to take out whole rows, or all, costs less
        values[rows], unsure = _scaled(found.mantissa[rows], -found.places[rows])
        found.odd[rows] |= unsure


def _rows(wanted: BoolArray) -> slice | Int64Array | None:
    """Return which rows are wanted, as what costs numpy least; None if none is."""
    if wanted.all():
        return slice(None) if len(wanted) else None
    return wanted.nonzero()[0] if wanted.any() else None


def _decimals(
    text: ByteArray, words: WordArray, first: ByteArray, starts: Int64Array, ends: Int64Array
) -> _Decimals:
    """Read numbers, whose `first` characters are given: digits with at most one point.

    All arrays are [k, n]; the longest number of a row tells how many words are looked at in it. Of few longer
    rows among many all are odd.
    """
    lengths = ends - starts
    counts = (lengths.max(axis=1, initial=1) - 1) // WORD + 1
    np.minimum(counts, _MOST_WORDS, out=counts)
    usual = int(np.bincount(counts).argmax())
    found = _of_words(text, words, first, starts, ends, usual)
    for count in range(usual + 1, _MOST_WORDS + 1):
        rows = (counts == count).nonzero()[0]
        if len(rows) * _FEW_AMONG <= len(counts):
            found.odd[rows] = True
        elif len(rows):
            longer = _of_words(text, words, first[rows], starts[rows], ends[rows], count)
            for column, instead in zip(found, longer, strict=True):
                column[rows] = instead
    return found


def _of_words(
    text: ByteArray, words: WordArray, first: ByteArray, starts: Int64Array, ends: Int64Array, count: int
) -> _Decimals:
    if count == _MOST_WORDS:
        return _long(text, words, first, starts, ends)
    return _joined(words, first, ends - starts, ends, count)


def _long(
    text: ByteArray, words: WordArray, first: ByteArray, starts: Int64Array, ends: Int64Array
) -> _Decimals:
    """Read a word in which the point stands, if there is one, and digits behind it: so most numbers are."""
    lengths = ends - starts
    head = np.minimum(lengths, WORD)
    digits = words[starts]
    digits ^= _ZEROS
    digits <<= (WORD - head).view(np.uint64) << np.uint64(3)
    mantissa, points, behind, wrong = _digits(digits)
    fraction = behind.view(np.int64)
    whole = head - fraction
    whole -= points.view(np.int64)
    rest = lengths - head
    tail, odd = _tail(text, ends, rest)
    odd |= rest > _TAIL
    odd |= mantissa > _MOST_BEFORE.take(rest, mode="clip")
    odd |= (whole > 1) & (first == _ZERO)
    odd |= whole < 1
    odd |= wrong != 0
    mantissa *= _WHOLE_POWERS.take(rest, mode="clip")
    mantissa += tail
    fraction += rest * points.view(np.int64)
    odd |= fraction < points.view(np.int64)
    return _Decimals(mantissa, fraction, points != 0, odd)


def _tail(text: ByteArray, ends: Int64Array, lengths: Int64Array) -> tuple[WordArray, BoolArray]:
    """Read the last `lengths` (at most 16) characters before `ends`; return numbers, and which are none."""
    tails = np.ndarray((len(text) - _TAIL + 1,), _TAIL_DTYPE, text.data, strides=(1,))
    digits = tails[ends - _TAIL].view(np.uint64)
    digits ^= _ZEROS
    digits &= _TAIL_MASKS.take(lengths, mode="clip").view(np.uint64)
    above = _not_digits(digits)
    numbers = _number(digits)
    found = numbers[..., ::2] * _WHOLE_POWERS[WORD]
    found += numbers[..., 1::2]
    return found, (above[..., ::2] | above[..., 1::2]) != 0


def _joined(
    words: WordArray, first: ByteArray, lengths: Int64Array, ends: Int64Array, count: int
) -> _Decimals:
    """Read the digits in up to `count` words before `ends`, with a point anywhere."""
    at = ends - WORD
    kept = np.minimum(lengths, WORD) if count > 1 else lengths
    mantissa, points, places, wrong = _digits(_last(words[at], kept))
    for number in range(1, count):
        at -= WORD
        kept = np.clip(lengths - WORD * number, 0, WORD)
        more, point, behind, bad = _digits(_last(words[at], kept))
        wrong |= bad
        if number == _MOST_WORDS - 1:
            wrong |= more // _MOST_IN_THIRD
        more *= _WHOLE_POWERS.take(WORD * number - points.view(np.int64), mode="clip")
        mantissa += more
        places += behind
        places += point * np.uint64(WORD * number)
        points += point
    fraction = places.view(np.int64)
    whole = lengths - fraction
    whole -= points.view(np.int64)
    odd = (whole > 1) & (first == _ZERO)
    odd |= whole < 1
    odd |= fraction < points.view(np.int64)
    odd |= wrong != 0
    if count > 1:
        odd |= (points > _ONE) | (lengths > MARGIN)
        fraction = np.minimum(fraction, len(_EXACT_POWERS) - 1)
    return _Decimals(mantissa, fraction, points != 0, odd)


def _last(word: WordArray, lengths: Int64Array) -> WordArray:
    """Return words of which only the last `lengths` (at most 8) characters are left, as digits."""
    digits = word ^ _ZEROS
    unused = (WORD - lengths).view(np.uint64) << np.uint64(3)
    digits >>= unused
    digits <<= unused
    return digits


def _digits(digits: WordArray) -> tuple[WordArray, WordArray, WordArray, WordArray]:
    """Read words as digits with at most one point. The words are changed.

    Returns:
        The number without its point, how many points there are (1 for more, too), how many characters lie
        behind the point, and something else than zero where the characters are none of these.
    """
    at_point = digits >> _HALF_BYTE
    at_point &= _ONES
    points = np.minimum(at_point, _ONE)
    before = at_point - points
    wrong = at_point & before
    point = at_point * _POINT
    stray = digits ^ point
    stray &= at_point * _WHOLE_BYTE
    wrong |= stray
    # The characters before the point are its lower bytes: they move up by one, over the point.
    before &= digits
    before *= _WHOLE_BYTE
    digits += before
    digits -= point
    wrong |= _not_digits(digits)
    at_point *= _BEHIND
    at_point >>= np.uint64(56)
    return _number(digits), points, at_point, wrong


def _not_digits(digits: WordArray) -> WordArray:
    """Return words that are not zero where a byte is above 9."""
    above = digits + _ABOVE_NINE
    above |= digits
    above &= _HIGH_BITS
    return above


def _number(digits: WordArray) -> WordArray:
    """Return the number that each word's eight digits are. The words are changed."""
    digits *= _TO_PAIRS
    digits >>= _EIGHT
    digits &= _PAIRS
    digits *= _TO_FOURS
    digits >>= np.uint64(16)
    digits &= _FOURS
    digits *= _TO_EIGHT
    digits >>= np.uint64(32)
    return digits


def _other_numbers(
    text: ByteArray, words: WordArray, starts: Int64Array, ends: Int64Array
) -> tuple[Float64Array, BoolArray, BoolArray]:
    """Read numbers that have their point anywhere, or an exponent (`1.5e-07`).

    Returns:
        Their values; which are none, or too special for this; and which have a point or an exponent.
    """
    exponent = np.zeros(len(ends), np.int64)
    for length in range(_SHORTEST_EXPONENT, _LONGEST_EXPONENT + 1):
        # Numbers before `ends` are at least one character long, and `MARGIN` lies before them.
        exponent[(text[ends - length] | _TO_LOWER == _LETTER_E) & (ends - starts > length)] = length
    has_exponent = exponent > 0
    # What lies behind the mantissa is read with it: its words end where it does.
    stops = ends - exponent
    enough = (stops >= MARGIN) & (stops > starts)
    stops = np.where(enough, stops, ends)
    first, lengths = text.take(starts, mode="clip"), np.where(enough, stops - starts, 1)
    found = _joined(words, first, lengths, stops, _MOST_WORDS)
    odd = found.odd | ~enough
    power = -found.places
    if has_exponent.any():
        sign = text.take(ends - exponent + 1, mode="clip")
        digits = exponent - 1 - ((sign == _MINUS) | (sign == _PLUS))
        size, points, _, wrong = _digits(_last(words[ends - WORD], np.maximum(digits, 0)))
        power += np.where(sign == _MINUS, -1, 1) * size.view(np.int64)
        odd |= has_exponent & ((wrong != 0) | (points != 0) | (digits == 0))
    values, unsure = _scaled(found.mantissa, power)
    odd |= unsure
    return values, odd, found.has_point | has_exponent | odd


def _scaled(mantissa: WordArray, power: Int64Array) -> tuple[Float64Array, BoolArray]:
    """Return `mantissa * 10**power`, rounded once, and where that is not sure to be the nearest double."""
    leading = np.minimum(mantissa.astype(np.float64), _HIGHEST_WORD)
    short = (mantissa >> _EXACT_BITS == 0) & (np.abs(power) < len(_EXACT_POWERS))
    exact = _EXACT_POWERS.take(np.abs(power), mode="clip")
    if short.all():
        return np.where(power < 0, leading / exact, leading * exact), ~short
    rest = (mantissa - leading.astype(np.uint64)).view(np.int64).astype(np.float64)
    index = power - _LOWEST_POWER
    factors, small_factors = _powers_of_ten()
    factor, small_factor = factors.take(index, mode="clip"), small_factors.take(index, mode="clip")
    product = leading * factor
    # The error of a product of halves that are short enough to have none.
    split = leading * _SPLITTER
    high = split - (split - leading)
    low = leading - high
    split = factor * _SPLITTER
    factor_high = split - (split - factor)
    factor_low = factor - factor_high
    error = ((high * factor_high - product) + high * factor_low + low * factor_high) + low * factor_low
    correction = error + (leading * small_factor + rest * factor)
    margin = product * _NEGLECTED
    scaled = product + (correction - margin)
    unsure = scaled != product + (correction + margin)
    unsure |= (power < _LOWEST_POWER) | (power > _HIGHEST_POWER)
    if short.any():
        np.divide(leading, exact, out=scaled, where=short & (power < 0))
        np.multiply(leading, exact, out=scaled, where=short & (power >= 0))
        unsure &= ~short
    return scaled, unsure


@cache
def _powers_of_ten() -> tuple[Float64Array, Float64Array]:
    """Return powers of ten as sums of two doubles."""
    leading, rest = [], []
    for power in range(_LOWEST_POWER, _HIGHEST_POWER + 1):
        # Python rounds the quotient of two integers once.
        over, under = 10 ** max(power, 0), 10 ** max(-power, 0)
        double = over / under
        numerator, denominator = double.as_integer_ratio()
        leading.append(double)
        rest.append((over * denominator - numerator * under) / (under * denominator))
    return np.array(leading), np.array(rest)
