from __future__ import annotations

from collections.abc import Sequence

from tuimon.analysis.findings.channel import Channel, Latest
from tuimon.analysis.findings.frame import Listener
from tuimon.analysis.findings.history import History
from tuimon.analysis.findings.timeline import Timeline
from tuimon.core.roles import Role


class Witness(Listener):
    """Writes down what it hears, and what was usual at that moment."""

    def __init__(self, history: History) -> None:
        self.heard: list[object] = []
        self.listens = True
        self._history = history

    def hears(self, tag: str) -> bool:
        return self.listens and tag == "loss"

    def point(self, value: float) -> None:
        self.heard.append((value, self._history.ratio, self._history.count))

    def points(self, values: Sequence[float]) -> None:
        self.heard.append((list(values), self._history.count))


def channel_of() -> tuple[Channel, Witness]:
    history = History(25)
    witness = Witness(history)
    return Channel("loss", (witness,), history, ignored=False), witness


def give(channel: Channel, *values: float) -> None:
    for value in values:
        for look in channel.looks:
            look(value)


def test_points_are_looked_at_before_they_become_usual_and_four_at_a_time_too() -> None:
    channel, witness = channel_of()
    give(channel, 2.0, 2.0, 2.0, 3.0, 4.0)
    points = [(2.0, 1.0, 0), (2.0, 1.0, 1), (2.0, 1.0, 2), (3.0, 1.5, 3)]
    assert witness.heard == [*points, ([2.0, 2.0, 2.0, 3.0], 3), (4.0, 2.0, 4)]


def test_points_that_wait_for_others_can_be_forgotten() -> None:
    channel, witness = channel_of()
    give(channel, 1.0, 1.0, 1.0)
    channel.forget()
    give(channel, 2.0, 2.0, 2.0, 2.0)
    assert [heard for heard in witness.heard if isinstance(heard[0], list)] == [([2.0] * 4, 6)]  # type: ignore[index]


def test_who_does_not_hear_is_not_asked_until_it_hears_again() -> None:
    channel, witness = channel_of()
    witness.listens = False
    channel.choose()
    give(channel, 1.0)
    assert witness.heard == []
    witness.listens = True
    channel.choose()
    give(channel, 2.0)
    assert witness.heard == [(2.0, 2.0, 1)]


def test_the_last_value_of_a_role_is_kept_for_others() -> None:
    run = Timeline()
    give(Channel("lr", (Latest(run, Role.LEARNING_RATE),), None, ignored=False), 3e-4, 2e-4)
    assert run.latest == {Role.LEARNING_RATE: 2e-4}
