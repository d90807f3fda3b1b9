"""Hyper-parameters in YAML, JSON and Python files, read as text: nothing is ever executed or unpickled."""

from __future__ import annotations

import ast
import re

from tuimon.sources.lenient_json import parse
from tuimon.sources.rows import MAX_DEPTH

_MOST_LINES = 20_000
_YAML_ENTRY = re.compile(r"""^( *)("[^"]*"|'[^']*'|[^\s#\-"'{\[&*!|>%@`][^:]*?)\s*:(?:\s+(.*))?$""")
_YAML_WORDS = {
    "true": True,
    "false": False,
    "null": None,
    "~": None,
    ".nan": float("nan"),
    ".inf": float("inf"),
}
_OPENS_BLOCK = ("", "|", ">", "|-", ">-", "|+", ">+")


def read_config(text: bytes, suffix: str) -> dict[str, object]:
    """Return what a file with this suffix (`.yaml`, `.yml`, `.json`, `.py`, `.bin`) says.

    Raises:
        ValueError: It says nothing that makes sense.
    """
    if suffix == ".json":
        document = parse(text)
        if not isinstance(document, dict):
            raise ValueError("holds no JSON object")
        return document
    if suffix == ".bin":
        from tuimon.sources.pickled_config import read_training_args  # noqa: PLC0415  # seldom there

        return read_training_args(text)
    decoded = text.decode("utf-8", "replace").removeprefix("\ufeff")
    return _read_python(decoded) if suffix == ".py" else read_yaml(decoded)


def read_yaml(text: str) -> dict[str, object]:
    """Return the `key: value` lines of a YAML file, nested as they are indented.

    That is what trainers write of their settings; lists of blocks, anchors and texts of several lines are
    left out, and what stands in brackets stays text.
    """
    root: dict[str, object] = {}
    nested: list[tuple[int, dict[str, object]]] = [(-1, root)]
    for line in text.splitlines()[:_MOST_LINES]:
        match = _YAML_ENTRY.match(line)
        if match is None:
            continue
        indent, name, value = len(match[1]), match[2].strip("\"'"), _without_comment(match[3] or "")
        while nested[-1][0] >= indent:
            nested.pop()
        if value in _OPENS_BLOCK or value.startswith(("&", "!!python")):
            inner: dict[str, object] = {}
            nested[-1][1][name] = inner
            nested.append((indent, inner))
        else:
            nested[-1][1][name] = _yaml_value(value)
    return root


def _without_comment(value: str) -> str:
    return value.strip() if value.startswith(("'", '"')) else re.split(r"(?:^|\s)#", value)[0].strip()


def _yaml_value(text: str) -> object:
    if text[0] in "'\"":
        return text.strip(text[0])
    if text.lower() in _YAML_WORDS:
        return _YAML_WORDS[text.lower()]
    for number in (int, float):
        try:
            return number(text)
        except ValueError:
            continue
    return text


def _read_python(text: str) -> dict[str, object]:
    """Return the plain values that a Python file assigns to names, as mmengine writes its config."""
    try:
        module = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ValueError("is no Python that can be read") from None
    return {
        target.id: _python_value(statement.value, 1)
        for statement in module.body
        if isinstance(statement, ast.Assign)
        for target in statement.targets
        if isinstance(target, ast.Name)
    }


def _python_value(node: ast.expr, depth: int) -> object:
    if depth <= MAX_DEPTH:
        if isinstance(node, ast.Constant) and isinstance(node.value, str | int | float | bool | None):
            return node.value
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            value = _python_value(node.operand, depth + 1)
            return -value if isinstance(value, int | float) else "(an expression)"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "dict":
            return {word.arg: _python_value(word.value, depth + 1) for word in node.keywords if word.arg}
        if isinstance(node, ast.Dict):
            return {
                str(key.value): _python_value(value, depth + 1)
                for key, value in zip(node.keys, node.values, strict=True)
                if isinstance(key, ast.Constant)
            }
        if isinstance(node, ast.List | ast.Tuple):
            return [_python_value(item, depth + 1) for item in node.elts]
    return "(an expression)"
