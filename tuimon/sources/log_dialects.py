"""How trainers write their metrics into text logs: a table of patterns.

A metric line is found by its *mark*, which tells the step; behind it come *pairs* of names and numbers, up to
the end of the line or the next mark (the lines of several ranks may run into one). Marks begin with a plain
text where they can, because such patterns are searched for fastest. No pattern tries a place more than a
few times: a line may be a megabyte long, and hostile.
"""

from __future__ import annotations

import re
from dataclasses import field
from typing import NamedTuple

from tuimon.core.frozen import frozen

_NUMBER = (
    rb"([-+]?(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?(?![\d,])"
    rb"|(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[nN]a[nN]|[iI]nf(?:inity)?))"
)


class Mark(NamedTuple):
    """How a metric line begins.

    Attributes:
        literals: One of them stands in every such line; a block without them holds none.
        pattern: Its groups may be `step`, `total`, `epoch` and `part`; or `within` and `of`, a step of an
            epoch and how many it has.
        pairs: Names (group 1) and numbers (group 2) behind it; None: a JSON object.
        prefix: What goes before the names.
        is_padded: Numbers are padded with spaces.
        padded: The groups of the pattern before which there may be spaces or none.
    """

    literals: tuple[bytes, ...]
    pattern: re.Pattern[bytes]
    pairs: re.Pattern[bytes] | None
    prefix: str = ""
    is_padded: bool = False
    padded: tuple[str, ...] = ()

    def stands_in(self, text: bytes) -> bool:
        """Tell whether a text may hold such a line."""
        return any(literal in text for literal in self.literals)


@frozen(eq=False)
class Dialect:
    """What one family of trainers writes.

    Attributes:
        name: What people call it.
        marks: Of its metric lines.
        renamed: Names that say more than those in the log.
        step_from_bar: The step is that of the progress bar before the line, and the total that of the bar.
        total_from_bar: The total is that of a bar that counts steps.
    """

    name: str
    marks: tuple[Mark, ...]
    renamed: dict[str, str] = field(default_factory=dict)
    step_from_bar: bool = False
    total_from_bar: bool = False


_COLON_OR_SPACE = rb"(?<![\w/])([A-Za-z_][\w/]*)(?::? {1,20}|:)NUMBER"
_PADDED = rb" {0,20}: {0,20}NUMBER(?= |$)"


def _mark(literals: bytes, pattern: bytes, pairs: bytes | None, prefix: str = "") -> Mark:
    behind = re.compile(pairs.replace(b"NUMBER", _NUMBER)) if pairs is not None else None
    is_padded = pairs is not None and pairs.endswith((_PADDED, _COLON_OR_SPACE))
    padded = tuple(name for name in ("step", "within") if b"[ *(?P<%b>" % name.encode() in pattern)
    literal = tuple(literals.split(b"|"))
    return Mark(literal, re.compile(pattern, re.MULTILINE), behind, prefix, is_padded, padded)


_COLON_THEN_NUMBER = rb"(?<![\w/.])([A-Za-z_][\w/.]*): NUMBER(?=[,\s]|$)"

DIALECTS: tuple[Dialect, ...] = (
    Dialect(
        "Megatron, DeepSpeed",
        (
            _mark(
                b"iteration ",
                rb"iteration +(?P<step>\d+)/ *(?P<total>\d+) \|",
                rb"([^|:\n]{0,80}[^|:\s])" + _PADDED,
            ),
            _mark(
                b"validation loss at",
                rb"validation loss at (?:iteration (?P<step>\d+)|[^|\n]*) \|",
                rb"([^|:\n]{0,80}[^|:\s])" + _PADDED,
                "validation/",
            ),
        ),
        {"validation/lm loss value": "validation/lm loss", "validation/lm loss PPL": "validation/lm ppl"},
    ),
    Dialect(
        "llm.c",
        (
            _mark(
                b" trl:| tel:| eval:",
                rb"^s:(?P<step>\d+) (?=t[re]l:|eval:)",
                rb"(tel|trl|eval|lr|norm):NUMBER",
            ),
        ),
    ),
    Dialect(
        "modded-nanogpt",
        (
            _mark(
                b"step:",
                rb"step:(?P<step>\d+)/(?P<total>\d+) (?=[a-z_]+:)",
                rb"(?<![a-z_])([a-z_]+):NUMBER(?=ms|s|\s|$)",
            ),
        ),
    ),
    Dialect(
        "verl",
        (
            _mark(
                b"step:",
                rb"step:(?P<step>\d+) - (?=[\w/]+:)",
                rb"(?<![\w/@.-])([\w/@.-]+):(?:np\.\w+\()?NUMBER",
            ),
        ),
        total_from_bar=True,
    ),
    Dialect(
        "nanoGPT",
        (
            _mark(
                b"loss",
                rb"(?:step|iter) (?P<step>\d+): (?=(?:train )?loss )",
                rb"(train loss|val loss|loss|time|mfu) NUMBER",
            ),
        ),
    ),
    Dialect(
        "nanoGPT and torchtune, one line per step",
        (
            _mark(
                b"tep",
                rb"tep(?<=[Ss]tep) +(?P<step>\d+)(?: */ *(?P<total>\d+))? *\| *(?=loss\b)",
                _COLON_OR_SPACE,
            ),
        ),
    ),
    Dialect(
        "fairseq",
        (
            _mark(
                b"train_inner| train | valid| test ",
                rb"\| (?P<part>train_inner|train|valid\w*|test) \| (?=\{)",
                None,
            ),
        ),
    ),
    Dialect(
        "Marian",
        (
            _mark(
                b"Ep. ",
                rb"Ep\. (?P<epoch>\d+)[\d.:]* : Up\. (?P<step>\d+) : (?=Sen\.)",
                rb"(Sen\.|Cost|Time|gNorm|L\.r\.|: (?=\d[\d.]* words/s)) ?NUMBER",
            ),
            _mark(
                b"[valid] Ep. ",
                rb"\[valid\] Ep\. (?P<epoch>\d+)[\d.:]* : Up\. (?P<step>\d+) : (?=[\w-]+ : )",
                rb"(?<![\w-])([\w-]+) : NUMBER",
                "valid/",
            ),
        ),
        {":": "words/s", "Sen.": "sentences", "L.r.": "learning_rate"},
    ),
    Dialect(
        "mmengine, mmcv",
        (
            _mark(
                b"Epoch(train)|Epoch [",
                rb"Epoch(?:\(train\) {1,8}| )\[(?P<epoch>\d+)\]\[ *(?P<within>\d+)/(?P<of>\d+)\]",
                _COLON_THEN_NUMBER,
            ),
            _mark(
                b"Iter(train)|Iter [",
                rb"Iter(?:\(train\) {1,8}| )\[ *(?P<step>\d+)/(?P<total>\d+)\]",
                _COLON_THEN_NUMBER,
            ),
            _mark(
                b"(val)|(test)",
                rb"(?:Epoch|Iter)\((?:val|test)\) {1,8}(?=\[)",
                _COLON_THEN_NUMBER,
                "val/",
            ),
        ),
    ),
    Dialect(
        "Hugging Face",
        (_mark(b"'epoch': ", rb"\{(?='[^{}\n]*'epoch': '?\d)", rb"'([^'\n]+)': '?NUMBER'?(?=[,}])"),),
        step_from_bar=True,
    ),
)
