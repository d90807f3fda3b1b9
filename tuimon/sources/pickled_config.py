"""Hyper-parameters in `training_args.bin`, which `torch.save` writes: a pickle in a zip file.

A pickle is a program, and loading one runs it. Here its instructions are only looked at: what makes numbers,
texts, lists and dictionaries is followed, what would name or call anything makes a thing that stands for it.
The instructions are those of `pickletools` in the standard library.
"""

from __future__ import annotations

import io
import pickletools
import zipfile

_MOST_BYTES = 4 << 20
_MOST_INSTRUCTIONS = 100_000
_MARK = object()
_EMPTY = {"EMPTY_DICT": dict, "EMPTY_LIST": list, "EMPTY_TUPLE": tuple, "EMPTY_SET": list}
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}


class _Unmade:
    """Stands for what would have been made by a call.

    Attributes:
        arguments: Of the call.
        state: What it would have been filled with.
    """

    def __init__(self, arguments: object = None) -> None:
        self.arguments = arguments
        self.state: object = None


def read_training_args(content: bytes) -> dict[str, object]:
    """Return the settings that such a file holds, by name.

    Raises:
        ValueError: It holds none, or something else.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            (name,) = (name for name in archive.namelist() if name.endswith("data.pkl"))
            with archive.open(name) as file:
                program = file.read(_MOST_BYTES)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError) as error:
        raise ValueError(f"it is no file of torch.save: {error}") from None
    try:
        made = _follow(program)
    except (IndexError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise ValueError(f"its pickle is damaged: {error}") from None
    state = made.state if isinstance(made, _Unmade) else made
    if not isinstance(state, dict):
        raise ValueError("it holds no settings")  # noqa: TRY004  # of a file, not of an argument
    return {key: _plain(value) for key, value in state.items() if isinstance(key, str) and key[:1] != "_"}


def _plain(value: object) -> object:
    """Return a member of an enumeration by its value.

    Python 3.11.0 to 3.11.3 write its name instead (`getattr(Strategy, "STEPS")`). Those of transformers are
    their values in upper case.
    """
    if isinstance(value, _Unmade) and isinstance(value.arguments, tuple):
        match value.arguments:
            case (only,):
                value = only
            case (_Unmade(), str(name)):
                value = name.lower()
    return None if isinstance(value, _Unmade) else value


def _follow(program: bytes) -> object:  # noqa: C901  # a case for each kind of instruction
    """Return what a pickle would make."""
    stack: list[object] = []
    memory: dict[object, object] = {}
    for count, (instruction, argument, _) in enumerate(pickletools.genops(program)):
        if count > _MOST_INSTRUCTIONS:
            raise ValueError("its pickle is too long")
        name = instruction.name
        if name == "STOP":
            return stack[-1]
        if name in ("PROTO", "FRAME"):
            continue
        if name == "MARK":
            stack.append(_MARK)
        elif name in _CONSTANTS:
            stack.append(_CONSTANTS[name])
        elif name in _EMPTY:
            stack.append(_EMPTY[name]())
        elif name == "MEMOIZE" or name.endswith("PUT"):
            memory[len(memory) if name == "MEMOIZE" else argument] = stack[-1]
        elif name.endswith("GET"):
            stack.append(memory[argument])
        elif name in ("TUPLE", "LIST", "SETITEMS", "APPENDS", "POP_MARK"):
            _take_items(name, stack)
        else:
            _take_one(name, argument, stack)
    raise ValueError("its pickle is cut off")


def _take_items(name: str, stack: list[object]) -> None:
    """Follow an instruction about all that stands behind a mark."""
    at = len(stack) - 1 - stack[::-1].index(_MARK)
    items = stack[at + 1 :]
    del stack[at:]
    if name in ("TUPLE", "LIST"):
        stack.append(tuple(items) if name == "TUPLE" else items)
    elif name == "SETITEMS" and isinstance(stack[-1], dict):
        stack[-1].update(zip(items[::2], items[1::2], strict=False))
    elif name == "APPENDS" and isinstance(stack[-1], list):
        stack[-1].extend(items)


def _take_one(name: str, argument: object, stack: list[object]) -> None:  # noqa: C901, PLR0912  # as above
    """Follow any other instruction."""
    if name == "GLOBAL":
        stack.append(_Unmade())
    elif name == "BINPERSID":
        stack[-1] = _Unmade()
    elif name in ("STACK_GLOBAL", "REDUCE", "NEWOBJ", "NEWOBJ_EX"):
        arguments = stack.pop() if name != "NEWOBJ_EX" else (stack.pop(), stack.pop())
        stack[-1] = _Unmade(arguments if name != "STACK_GLOBAL" else None)
    elif name == "BUILD":
        state = stack.pop()
        if isinstance(stack[-1], _Unmade):
            stack[-1].state = state
    elif name in _TUPLES:
        items = tuple(stack[-_TUPLES[name] :])
        del stack[-_TUPLES[name] :]
        stack.append(items)
    elif name in ("SETITEM", "APPEND", "POP"):
        value = stack.pop()
        if name == "SETITEM":
            key = stack.pop()
            if isinstance(stack[-1], dict):
                stack[-1][key] = value
        elif name == "APPEND" and isinstance(stack[-1], list):
            stack[-1].append(value)
    elif isinstance(argument, str | int | float):
        stack.append(argument)
    elif isinstance(argument, bytes):
        stack.append(_Unmade())
    else:
        raise ValueError(f"its pickle holds {name}")
