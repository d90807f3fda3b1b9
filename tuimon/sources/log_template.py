"""Lines of a log that differ only in their numbers, read at once."""

from __future__ import annotations

import math
import re

from tuimon.core.frozen import frozen
from tuimon.sources.log_line import Line, parse_line

_TOKEN = re.compile(r"(?<![\w.])[-+]?(?:\d[\d,]*\d|\d)(?:\.\d*)?(?:[eE][-+]?\d+)?")
_ANY_NUMBER = r"[-+]?\d[\d,]*(?:\.\d*)?(?:[eE][-+]?\d+)?"
_VALUE = rf"({_ANY_NUMBER}|[-+]?(?:[nN]a[nN]|[iI]nf(?:inity)?))"
_COUNT = r"(\d{1,18})"
_FIRST_STAND_IN = 1_000_001
_MOST_NUMBERS = 60


@frozen
class LineTemplate:
    """The shape of a line.

    Attributes:
        pattern: Matches lines of the shape, with a group for each number that means something.
        line: The line that it was made from.
        values: The group of each name.
        counters: The groups of each counter and of its total (0: it has none).
    """

    pattern: re.Pattern[str]
    line: Line
    values: tuple[tuple[str, int], ...]
    counters: tuple[tuple[str, int, int], ...]

    def read(self, text: str) -> Line | None:
        """Return what a whole line says, or None if it is of another shape."""
        found = self.pattern.fullmatch(text)
        if found is None:
            return None
        values = {name: float(found[group].replace(",", "")) for name, group in self.values}
        counters = {
            kind: (int(found[count]), int(found[total]) if total else None)
            for kind, count, total in self.counters
        }
        like = self.line
        return Line(
            values,
            counters,
            {},
            has_metric=like.has_metric,
            names_evaluation=like.names_evaluation,
            evaluates=like.evaluates,
            begins_with_counter=like.begins_with_counter,
            is_plain=like.is_plain,
        )


def template_of(text: str, body: str, line: Line) -> LineTemplate | None:
    """Return the shape of a line, or None if it cannot be told for sure.

    What each number means is found by reading the line once more with other numbers in their places.

    Args:
        text: The whole line.
        body: The end of it that was read.
        line: What was read of it.
    """
    tokens = list(_TOKEN.finditer(body))
    is_odd = line.totals or not all(map(math.isfinite, line.values.values()))
    if is_odd or not text.endswith(body) or len(tokens) > _MOST_NUMBERS:
        return None
    whole = [str(_FIRST_STAND_IN + place) for place in range(len(tokens))]
    as_written = [
        number + (".5" if set(token[0]) & set(".eE") else "")
        for number, token in zip(whole, tokens, strict=True)
    ]
    again = parse_line(_replaced(body, tokens, as_written))
    # A line whose meaning changes where a number happens to be whole (`epoch: 1`) has no shape.
    for other in (again, parse_line(_replaced(body, tokens, whole))):
        if list(other.values) != list(line.values) or list(other.counters) != list(line.counters):
            return None
    meant: dict[int, str] = {}
    for name, value in line.values.items():
        place = int(again.values[name]) - _FIRST_STAND_IN
        if not 0 <= place < len(tokens) or place in meant or _float(tokens[place][0]) != value:
            return None
        meant[place] = _VALUE
    places: dict[str, list[int]] = {}
    for kind, pair in line.counters.items():
        for number, stand_in in zip(pair, again.counters[kind], strict=True):
            place = (stand_in or 0) - _FIRST_STAND_IN
            if number is None and stand_in is None:
                continue
            if not 0 <= place < len(tokens) or place in meant or tokens[place][0] != str(number):
                return None
            meant[place] = _COUNT
            places.setdefault(kind, []).append(place)
    group = {place: number for number, place in enumerate(sorted(meant), 1)}
    value_places = {name: int(again.values[name]) - _FIRST_STAND_IN for name in line.values}
    begin = re.sub(r"\d+", r"\\d+", _escaped(text[: len(text) - len(body)]))
    numbers = [meant.get(place, _ANY_NUMBER) for place in range(len(tokens))]
    return LineTemplate(
        re.compile(begin + _replaced(body, tokens, numbers, escape=True) + r"\s*"),
        line,
        tuple((name, group[place]) for name, place in value_places.items()),
        tuple((kind, group[at[0]], group[at[1]] if len(at) > 1 else 0) for kind, at in places.items()),
    )


def _replaced(text: str, tokens: list[re.Match[str]], numbers: list[str], *, escape: bool = False) -> str:
    parts, at = [], 0
    for token, number in zip(tokens, numbers, strict=True):
        between = text[at : token.start()]
        parts += [_escaped(between) if escape else between, number]
        at = token.end()
    return "".join([*parts, _escaped(text[at:]) if escape else text[at:]])


def _escaped(text: str) -> str:
    """Return a pattern for a text; numbers are padded with spaces, so of these there may be any."""
    return re.sub(r"(?:\\[ \t])+", r"\\s+", re.escape(text))


def _float(text: str) -> float:
    return float(text.replace(",", ""))
