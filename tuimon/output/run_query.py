"""Which runs are meant: `loss<2 and status:running and lr>=1e-5`, for the list of runs and for commands.

    query      = either { "or" either }
    either     = term { ["and"] term }
    term       = "not" term | "(" query ")" | name operator value | word
    operator   = "<" | "<=" | ">" | ">=" | "=" | "!=" | ":" | "~"

A bare word is a regular expression that the run's name holds. `:` asks whether a text holds another, and `~`
whether it holds a regular expression. A name is a fact (`status`, `step`, `progress`, `eta`, `findings`), a
metric by tag, last part of the tag or meaning (`loss`, `lr`, `grad`), or a hyper-parameter. What is not known
of a run fits no comparison.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import TypeAlias

from tuimon.core.roles import Role
from tuimon.core.text import clean
from tuimon.monitor.snapshot import RunState

Query: TypeAlias = Callable[[RunState], bool]
Value: TypeAlias = float | str | None

_TOKEN = re.compile(r'\s*(\(|\)|<=|>=|!=|==|[<>=:~]|"[^"]*"|(?:(?!!=)[^\s()<>=:~"])+)')
_OPERATORS = frozenset({"<", "<=", ">", ">=", "=", "==", "!=", ":", "~"})
_ORDERINGS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
_FACTORS = {"k": 1e3, "M": 1e6, "G": 1e9, "%": 0.01, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_NUMBER = re.compile(r"([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[-+]?inf|nan)([kMGsmhd%]?)", re.IGNORECASE)
# What people call metrics, beside the names of roles.
_SHORT = {
    "lr": Role.LEARNING_RATE,
    "grad": Role.GRAD_NORM,
    "ppl": Role.PERPLEXITY,
    "eval": Role.EVAL_LOSS,
    "acc": Role.ACCURACY,
}
_FACTS: dict[str, Callable[[RunState], Value]] = {
    "name": lambda state: state.name,
    "path": lambda state: str(state.path),
    "status": lambda state: state.status.value,
    "format": lambda state: " ".join(state.formats),
    "step": lambda state: state.progress.step,
    "total": lambda state: state.progress.total_steps,
    "progress": lambda state: state.progress.fraction,
    "epoch": lambda state: state.progress.epoch,
    "eta": lambda state: state.progress.eta_s if state.status.live else None,
    "elapsed": lambda state: state.progress.elapsed_s,
    "speed": lambda state: state.progress.steps_per_s,
    "attempts": lambda state: float(len(state.run.attempts)),
    "findings": lambda state: float(len(state.open_findings)),
    "finding": lambda state: " ".join(finding.rule for finding in state.open_findings),
}


class QueryError(ValueError):
    """A query that cannot be understood; says what and where."""


@lru_cache(maxsize=64)
def parse_query(text: str) -> Query:
    """Return a function that tells whether a run is meant; an empty text means every run.

    Raises:
        QueryError: The text is no query.
    """
    tokens = list(_tokens(text))
    if not tokens:
        return lambda _state: True
    query = _either(tokens)
    if tokens:
        raise QueryError(f"nothing can follow here: {tokens[0]!r}")
    return query


def run_value(state: RunState, name: str) -> Value:
    """Return what is known of a run under a name: a fact, the last value of a metric, or a setting."""
    known = _FACTS.get(name.lower())
    if known is not None:
        return known(state)
    value = _metric(state, name)
    return value if value is not None else _setting(state, name)


def _metric(state: RunState, name: str) -> float | None:
    series = state.run.series.get(name)
    if series is None:
        role = _SHORT.get(name.lower())
        if role is None:
            role = next((role for role in Role if role.value == name.lower()), None)
        found = state.run.with_role(role) if role is not None else ()
        series = found[0] if found else None
    if series is None:
        series = next((s for tag, s in state.run.series.items() if tag.rsplit("/", 1)[-1] == name), None)
    return series.statistics.last if series is not None and len(series) else None


def _setting(state: RunState, name: str) -> Value:
    value = state.run.config.get(name)
    if value is None:
        ends = (f".{name}", f"/{name}")
        value = next((v for key, v in state.run.config.items() if key.endswith(ends)), None)
    if isinstance(value, bool) or value is None:
        return None if value is None else str(value).lower()
    return float(value) if isinstance(value, int | float) else str(value)


def _tokens(text: str) -> Iterator[str]:
    at = 0
    while at < len(text.rstrip()):
        match = _TOKEN.match(text, at)
        if match is None:
            raise QueryError(f"cannot be understood from here: {clean(text[at:])!r}")
        yield match[1]
        at = match.end()


def _either(tokens: list[str]) -> Query:
    choices = [_all(tokens)]
    while tokens and tokens[0].lower() == "or":
        tokens.pop(0)
        choices.append(_all(tokens))
    return lambda state: any(choice(state) for choice in choices)


def _all(tokens: list[str]) -> Query:
    terms = [_term(tokens)]
    while tokens and tokens[0] != ")" and tokens[0].lower() != "or":
        if tokens[0].lower() == "and":
            tokens.pop(0)
        terms.append(_term(tokens))
    return lambda state: all(term(state) for term in terms)


def _term(tokens: list[str]) -> Query:
    if not tokens:
        raise QueryError("something is missing at the end")
    token = tokens.pop(0)
    if token.lower() == "not":
        inner = _term(tokens)
        return lambda state: not inner(state)
    if token == "(":  # noqa: S105  # a parenthesis, not a password
        grouped = _either(tokens)
        if not tokens:
            raise QueryError("a parenthesis is not closed")
        tokens.pop(0)
        return grouped
    if token in _OPERATORS or token == ")":  # noqa: S105  # the same
        raise QueryError(f"a name is missing before {token!r}")
    if tokens and tokens[0] in _OPERATORS:
        sign = tokens.pop(0)
        if not tokens or tokens[0] in _OPERATORS or tokens[0] in "()":
            raise QueryError(f"a value is missing after {token}{sign}")
        return _comparison(token.strip('"'), sign, tokens.pop(0).strip('"'))
    return _named(token)


def _named(word: str) -> Query:
    inverted, text = word.startswith("!"), word.strip('"').removeprefix("!")
    pattern = _pattern(text)
    return lambda state: any(map(pattern.search, (state.name, state.given_name))) is not inverted


def _comparison(name: str, sign: str, text: str) -> Query:
    if sign == "~":
        pattern = _pattern(text)
        return lambda state: pattern.search(_text(run_value(state, name))) is not None
    number = _number(text)
    if sign in _ORDERINGS:
        if number is None:
            raise QueryError(f"{name}{sign} needs a number, not {clean(text)!r}")
        holds = _ORDERINGS[sign]
        return lambda state: isinstance(value := run_value(state, name), float | int) and holds(value, number)

    def equal(state: RunState) -> bool:
        value = run_value(state, name)
        if isinstance(value, float | int) and number is not None:
            return value == number or (math.isnan(value) and math.isnan(number))
        written = _text(value).lower()
        return text.lower() in written if sign == ":" else written == text.lower()

    if sign == "!=":
        return lambda state: run_value(state, name) is not None and not equal(state)
    return equal


def _number(text: str) -> float | None:
    match = _NUMBER.fullmatch(text)
    return None if match is None else float(match[1]) * _FACTORS.get(match[2], 1.0)


def _text(value: Value) -> str:
    return "" if value is None else value if isinstance(value, str) else f"{value:g}"


def _pattern(text: str) -> re.Pattern[str]:
    """Return a regular expression; what is none is taken literally."""
    try:
        return re.compile(text, re.IGNORECASE)
    except (re.error, OverflowError, RecursionError):
        return re.compile(re.escape(text), re.IGNORECASE)
