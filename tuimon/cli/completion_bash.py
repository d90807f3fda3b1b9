"""The script for bash."""

from __future__ import annotations

from tuimon.cli.completion_words import Argument, Command

_SCRIPT = """\
# Completes tuimon in bash. Put into ~/.bashrc:  eval "$(tuimon completion bash)"
_tuimon() {{
    local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}} command=${{COMP_WORDS[1]}}
    # bash takes the = of --to=csv for a word of its own.
    [[ $word == = ]] && word=
    [[ $before == = ]] && before=${{COMP_WORDS[COMP_CWORD-2]}}
    COMPREPLY=()
    # Where nothing is replied, bash completes names of files.
    if ((COMP_CWORD == 1)); then
        COMPREPLY=($(compgen -W "{commands} --help --version" -- "$word"))
        return
    fi
    case "$command $before" in
{values}
    esac
    case $command in
{words}
    esac
}}
complete -o bashdefault -o default -F _tuimon tuimon
"""


def script(commands: tuple[Command, ...]) -> str:
    """Return a script that bash can evaluate."""
    values, words = [], []
    for command in commands:
        for option in command.options:
            if option.takes_value:
                patterns = "|".join(f"'{command.name} {name}'" for name in option.names)
                values.append(f"        {patterns}) {_value(option)}return ;;")
        names = " ".join(name for option in command.options for name in option.names)
        choices = " ".join(choice for each in command.positionals for choice in each.choices)
        replies = f"[[ $word == -* ]] && {_reply(names)}"
        if choices:
            replies += f" || {_reply(choices)}"
        words.append(f"        {command.name}) {replies} ;;")
    return _SCRIPT.format(
        commands=" ".join(command.name for command in commands),
        values="\n".join(values),
        words="\n".join(words),
    )


def _value(option: Argument) -> str:
    if option.choices:
        return _reply(" ".join(option.choices)) + "; "
    # Neither a name of a file nor anything that is known here; bash before 4 cannot be told so.
    return "" if option.is_path else "compopt +o default +o bashdefault 2>/dev/null; "


def _reply(words: str) -> str:
    return f'COMPREPLY=($(compgen -W "{words}" -- "$word"))'
