"""The script for zsh."""

from __future__ import annotations

from tuimon.cli.completion_words import Argument, Command

_SCRIPT = """\
#compdef tuimon
# Completes tuimon in zsh. Put into ~/.zshrc, behind compinit:  eval "$(tuimon completion zsh)"
_tuimon() {{
    local -a commands
    commands=(
{commands}
    )
    if ((CURRENT == 2)); then
        _describe -t commands command commands
        _files
        return
    fi
    local command=$words[2]
    shift words
    ((CURRENT--))
    case $command in
{cases}
        *) _files ;;
    esac
}}
if [[ $funcstack[1] == _tuimon ]]; then
    _tuimon "$@"
else
    compdef _tuimon tuimon
fi
"""


def script(commands: tuple[Command, ...]) -> str:
    """Return a script that zsh can evaluate, or find as `_tuimon` on its fpath."""
    lines = [f"        {_quoted(command.name + ':' + command.help)}" for command in commands]
    return _SCRIPT.format(commands="\n".join(lines), cases="\n".join(map(_case, commands)))


def _case(command: Command) -> str:
    specs = [_option(each) for each in command.options] + [_positional(each) for each in command.positionals]
    return f"        {command.name}) _arguments -s {' '.join(specs)} ;;"


def _option(option: Argument) -> str:
    """Return `'(-o --output)'{-o,--output}'[what it does]:FILE:_files'`."""
    what = f"[{_escaped(option.help)}]"
    if option.takes_value:
        what += f":{_escaped(option.value)}:{_action(option)}"
    if len(option.names) == 1:
        return option.names[0] + _quoted(what)
    return f"'({' '.join(option.names)})'{{{','.join(option.names)}}}{_quoted(what)}"


def _positional(argument: Argument) -> str:
    return _quoted(f"{'*' if argument.repeats else ''}:{argument.value}:{_action(argument)}")


def _action(argument: Argument) -> str:
    if argument.choices:
        return f"({' '.join(argument.choices)})"
    return "_files" if argument.is_path else " "


def _escaped(text: str) -> str:
    for character in "\\[]:":
        text = text.replace(character, "\\" + character)
    return text


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
