"""What a tag means, whatever the trainer calls it.

TensorBoard, Hugging Face, W&B, Lightning, Keras and hand-written spellings of the same quantity get the
same role. Charts are ordered, progress is measured and rules are chosen by role, never by a literal name.

A tag is split into words (`core.tag_words`), the words that name a scope (`train`, `eval`) are set aside, and
what is left is looked up in `core.role_table`: first the whole name, then without its folders from the left,
each once as it is and once without decorations (`total`, `mean`, `epoch`); then its last and first words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType

from tuimon.core import role_table
from tuimon.core.tag_words import TagWords, split_tag, without_number


class Role(StrEnum):
    """What the values of a series are."""

    LOSS = "loss"
    EVAL_LOSS = "eval_loss"
    PERPLEXITY = "perplexity"
    EVAL_PERPLEXITY = "eval_perplexity"
    ACCURACY = "accuracy"
    EVAL_ACCURACY = "eval_accuracy"
    ERROR = "error"
    REWARD = "reward"
    LEARNING_RATE = "learning_rate"
    GRAD_NORM = "grad_norm"
    THROUGHPUT = "throughput"
    STEP_TIME = "step_time"
    LOAD_TIME = "load_time"
    EVAL_TIME = "eval_time"
    EPOCH = "epoch"
    TOKENS = "tokens"
    AUXILIARY = "auxiliary"
    GPU_UTILISATION = "gpu_utilisation"
    GPU_MEMORY_USED = "gpu_memory_used"
    GPU_MEMORY_TOTAL = "gpu_memory_total"
    GPU_MEMORY_PCT = "gpu_memory_pct"
    GPU_TEMPERATURE = "gpu_temperature"
    GPU_POWER = "gpu_power"
    GPU_CLOCK = "gpu_clock"
    GPU_THROTTLE = "gpu_throttle"
    CPU_UTILISATION = "cpu_utilisation"
    HOST_MEMORY_PCT = "host_memory_pct"
    PROCESS_MEMORY = "process_memory"
    DISK_PCT = "disk_pct"
    PROCESS_ALIVE = "process_alive"
    MEMORY = "memory"
    HARDWARE = "hardware"
    CONFIG = "config"
    SUMMARY = "summary"
    OTHER = "other"


# `MEMORY` is a size of memory that is not said to be one GPU's; `HARDWARE` is a sensor without a gauge of its
# own (fans, single CPU cores, network).
HARDWARE_ROLES = frozenset(
    role for role in Role if role.value.startswith(("gpu_", "cpu_", "host_", "process_", "disk_"))
) | {Role.MEMORY, Role.HARDWARE}

# Roles for which a smaller value is better, and a larger one. All others have no direction, so that no rule
# calls a change of them good or bad (a GAN's losses, KL, entropy: AUXILIARY).
FALLING_IS_GOOD = frozenset({Role.LOSS, Role.EVAL_LOSS, Role.PERPLEXITY, Role.EVAL_PERPLEXITY, Role.ERROR})
RISING_IS_GOOD = frozenset({Role.ACCURACY, Role.EVAL_ACCURACY, Role.REWARD})

# The order in which charts are worth their place.
CHART_ORDER = (
    Role.LOSS,
    Role.PERPLEXITY,
    Role.EVAL_LOSS,
    Role.EVAL_PERPLEXITY,
    Role.REWARD,
    Role.ACCURACY,
    Role.EVAL_ACCURACY,
    Role.GRAD_NORM,
    Role.LEARNING_RATE,
    Role.ERROR,
    Role.THROUGHPUT,
    Role.STEP_TIME,
    Role.AUXILIARY,
    Role.OTHER,
)

_EVALUATION_FORM = MappingProxyType(
    {
        Role.LOSS: Role.EVAL_LOSS,
        Role.PERPLEXITY: Role.EVAL_PERPLEXITY,
        Role.ACCURACY: Role.EVAL_ACCURACY,
        Role.THROUGHPUT: Role.OTHER,
        Role.STEP_TIME: Role.EVAL_TIME,
    }
)
_LONGEST_PATTERN = 4


def _read_names() -> tuple[dict[str, Role], dict[str, Role], dict[str, Role]]:
    """Return the role of each exact name, of last words (`* loss`) and of first words (`entropy *`)."""
    exact: dict[str, Role] = {}
    last: dict[str, Role] = {}
    first: dict[str, Role] = {}
    for role, names in role_table.NAMES.items():
        for name in (" ".join(part.split()) for part in names.split(",")):
            if name.startswith("* "):
                last[name[2:]] = Role(role)
            elif name.endswith(" *"):
                first[name[:-2]] = Role(role)
            else:
                exact[name] = Role(role)
                part = name.removesuffix(" loss")
                if part != name and role in (Role.AUXILIARY, Role.OTHER):
                    exact.setdefault(f"loss {part}", Role(role))
    return exact, last, first


def _read_readings(rows: tuple[tuple[str, str], ...]) -> tuple[tuple[frozenset[str], Role], ...]:
    return tuple((frozenset(words.split()), Role(role)) for words, role in rows)


_EXACT, _LAST_WORDS, _FIRST_WORDS = _read_names()
_GPU_READINGS = _read_readings(role_table.GPU_READINGS)
_HOST_READINGS = _read_readings(role_table.HOST_READINGS)
_WHOLE_READINGS = {name: Role(role) for name, role in role_table.WHOLE_READINGS.items()}
_WANDB_GPU_READINGS = {name: Role(role) for name, role in role_table.WANDB_GPU_READINGS.items()}
_WANDB_GPU = re.compile(r"(system[./])?gpu\.(process\.)?\d+\.\w+$")
_SUMMARY_ENDS = [[name.rpartition(" ")[2]] for name in role_table.SUMMARIES]
_SENSOR_WORDS = frozenset(word for words, _ in _HOST_READINGS for word in words) | {"gpu"}


@lru_cache(maxsize=65536)
def role_of(tag: str) -> Role:
    """Return the role of a tag by its name alone."""
    name = split_tag(tag)
    return _fact_role(name) or _hardware_role(tag, name) or _metric_role(name)


@lru_cache(maxsize=65536)
def is_evaluation(tag: str) -> bool:
    """Return whether a tag's name says that it was measured on held-out examples."""
    return split_tag(tag).is_evaluation


@lru_cache(maxsize=65536)
def pair_key(tag: str) -> str:
    """Return what a training and an evaluation tag of the same metric have in common.

    `train/loss`, `eval_loss` and `Validation/Loss` all give `loss`: they share a chart.
    """
    name = split_tag(tag)
    folders = name.bare or name.folders
    while len(folders) > 1 and len(folders[0]) == 1 and folders[0][0] in role_table.NAMESPACES:
        folders = folders[1:]
    words = _flat(folders)
    if "vs" in words[1:]:
        words = words[: words.index("vs", 1)]
    if len(words) > 1 and words[-1] in ("epoch", "step"):
        del words[-1]
    if len(words) > 1 and words[0] in ("epoch", "batch"):
        del words[0]
    return "_".join(words)


@lru_cache(maxsize=65536)
def gpu_index(tag: str) -> int | None:
    """Return the number of the GPU that a hardware tag is about; 0 if it names a GPU without a number."""
    words = _flat(split_tag(tag).folders)
    return _number_of("gpu", words) or 0 if "gpu" in map(without_number, words) else None


def _fact_role(name: TagWords) -> Role | None:
    """Return the role of what is said once about a run."""
    words = _flat(name.folders)
    folder = name.folders[0] if len(name.folders) > 1 else ()
    if len(folder) == 1 and folder[0] in role_table.CONFIG_FOLDERS:
        return Role.CONFIG
    is_summary = (
        not role_table.SUMMARY_WORDS.isdisjoint(words)
        or words[:1] == ["final"]
        or (
            words[-1:] in _SUMMARY_ENDS
            and any(" ".join(rest) in role_table.SUMMARIES for rest in _without_folders(name.folders))
        )
    )
    return Role.SUMMARY if is_summary else None


def _hardware_role(tag: str, name: TagWords) -> Role | None:
    """Return the role of a sensor's reading, or None if the tag is about something else."""
    numbered = _flat(name.folders)
    words = {without_number(word) for word in numbered} - {"", "system"}
    if words.isdisjoint(_SENSOR_WORDS) or numbered[0] == "mig":
        return None
    if not role_table.SIZES.isdisjoint(words):
        words.add("bytes")
    if len(words) == 1 and (alone := _WHOLE_READINGS.get(next(iter(words)))) is not None:
        return alone
    if "gpu" in words:
        sampled = _WANDB_GPU_READINGS.get(tag.rpartition(".")[2]) if _WANDB_GPU.match(tag) else None
        return sampled or _reading(_GPU_READINGS, words)
    if name.folders[0] == ("memory",) and len(name.folders) > 1:
        return Role.MEMORY
    role = _reading(_HOST_READINGS, words)
    one_core = role is Role.CPU_UTILISATION and _number_of("cpu", numbered) is not None
    return Role.HARDWARE if one_core else role


def _reading(readings: tuple[tuple[frozenset[str], Role], ...], words: set[str]) -> Role | None:
    return next((role for wanted, role in readings if wanted <= words), None)


def _metric_role(name: TagWords) -> Role:
    role = _named_role(name)
    if not name.is_evaluation:
        return Role.OTHER if role is Role.EVAL_TIME else role
    words = _flat(name.folders)
    if role is Role.OTHER and len(words) == 3 and words[::2] == ["eval", "loss"] and not _is_named(words[1:]):
        # Hugging Face's loss on one of several evaluation sets: eval_<set>_loss.
        return Role.EVAL_LOSS
    return _EVALUATION_FORM.get(role, role)


def _named_role(name: TagWords) -> Role:
    whole = "=" + " ".join(_flat(name.bare))
    if whole in _EXACT:
        return _EXACT[whole]
    rests = []
    for rest in _without_folders(name.bare):
        plain = _plain(rest)
        role = _EXACT.get(" ".join(rest)) or _EXACT.get(" ".join(plain))
        if role is not None:
            return role
        rests.append(plain)
    if not rests or not role_table.OTHER_WORDS.isdisjoint(rests[0]):
        return Role.OTHER
    return next(filter(None, map(_pattern_role, rests)), Role.OTHER)


def _pattern_role(words: list[str]) -> Role | None:
    """Return the role that the last or first words tell, longer patterns before shorter ones."""
    for length in range(min(_LONGEST_PATTERN, len(words)), 0, -1):
        role = _LAST_WORDS.get(" ".join(words[-length:])) or _FIRST_WORDS.get(" ".join(words[:length]))
        if role is not None:
            return role
    return None


def _is_named(words: list[str]) -> bool:
    return " ".join(words) in _EXACT


def _plain(words: list[str]) -> list[str]:
    """Return the words that are neither numbers nor decorations, up to a `vs`."""
    words = [letters for word in words if (letters := without_number(word))]
    words = words[: words.index("vs")] if "vs" in words else words
    return [word for word in words if word not in role_table.DECORATIONS]


def _flat(folders: tuple[tuple[str, ...], ...]) -> list[str]:
    return [word for folder in folders for word in folder]


def _without_folders(folders: tuple[tuple[str, ...], ...]) -> Iterator[list[str]]:
    """Give the words of a tag, then without its first folder, without its first two, and so on."""
    for start in range(len(folders)):
        yield _flat(folders[start:])


def _number_of(device: str, words: list[str]) -> int | None:
    """Return the number on or right behind the name of a device."""
    for place, word in enumerate(words):
        if without_number(word) == device:
            digits = word.removeprefix(device) or "".join(words[place + 1 : place + 2])
            return int(digits) if digits.isdecimal() else None
    return None
