"""Frozen classes: all that a dataclass of the standard library does, and tuimon relies on."""

from __future__ import annotations

import copy
import inspect
import math
from collections.abc import Mapping
from dataclasses import FrozenInstanceError, asdict, dataclass, field, fields, replace
from typing import Any

import pytest

from tuimon.core.frozen import frozen


@frozen
class Point:
    """A place."""

    x: float
    y: float = 2.0
    notes: Mapping[str, int] = field(default_factory=dict)
    seen: int = field(default=7, init=False, repr=False, compare=False)
    known: dict[str, int] = field(default_factory=dict, init=False, repr=False, compare=False)


@frozen
class Named(Point):
    """A place with a name."""

    name: str = "here"


@frozen(eq=False)
class Alone:
    """Equal to itself only."""

    x: int


@dataclass(frozen=True, slots=True)
class Twin:
    """`Point` by the standard library."""

    x: float
    y: float = 2.0
    notes: Mapping[str, int] = field(default_factory=dict)
    seen: int = field(default=7, init=False, repr=False, compare=False)
    known: dict[str, int] = field(default_factory=dict, init=False, repr=False, compare=False)


def test_it_is_what_the_standard_library_makes() -> None:
    for values in ((1.0,), (1.0, 3.0), (1.0, 3.0, {"a": 1})):
        ours, theirs = Point(*values), Twin(*values)
        assert repr(ours) == repr(theirs).replace("Twin", "Point")
        assert asdict(ours) == asdict(theirs)
    assert [part.name for part in fields(Point)] == [part.name for part in fields(Twin)]
    assert list(inspect.signature(Point).parameters) == list(inspect.signature(Twin).parameters)
    assert Point(1.0).notes is not Point(1.0).notes
    assert Point(1.0).known is not Point(1.0).known


def test_nothing_is_written_or_added_or_deleted() -> None:
    point: Any = Point(1.0)
    for name in ("x", "seen", "other"):
        with pytest.raises(FrozenInstanceError):
            setattr(point, name, 2.0)
    with pytest.raises(FrozenInstanceError):
        del point.x
    assert point.x == 1.0
    assert not hasattr(point, "__dict__")


def test_equal_fields_make_equal_objects_of_one_class() -> None:
    notes = {"a": 1}
    assert Point(1.0, math.nan, notes) == Point(1.0, math.nan, notes)
    assert Point(1.0) != Point(1.5)
    assert Named(1.0) != Point(1.0)
    assert Alone(1) != Alone(1)
    assert len({Alone(1), Alone(1)}) == 2

    @frozen
    class One:
        x: float

    assert One(math.nan) == One(math.nan)
    assert len({One(1.0), One(1.0), One(2.0)}) == 2


def test_a_class_adds_to_another() -> None:
    assert Named(1.0, name="there") == replace(Named(1.0), name="there")
    assert repr(Named(1.0)) == "Named(x=1.0, y=2.0, notes={}, name='here')"


def test_it_can_be_replaced_and_copied() -> None:
    point = Point(1.0, notes={"a": 1})
    assert replace(point, y=5.0) == Point(1.0, 5.0, {"a": 1})
    assert copy.copy(point) == point == copy.deepcopy(point)
    with pytest.raises(TypeError, match="z"):
        replace(point, z=1.0)  # type: ignore[call-arg]  # what is tested
    with pytest.raises(TypeError, match="x"):
        Point()  # type: ignore[call-arg]
