"""The words of a tag, whatever separates them."""

from __future__ import annotations

import re
from functools import lru_cache

from tuimon.core.frozen import frozen
from tuimon.core.role_table import (
    EVALUATION_WORDS,
    EVALUATION_WORDS_AT_ENDS,
    SYNONYMS,
    TRAINING_WORDS,
    TRANSLATIONS,
)

# Longer names are no names, and must not cost time.
_LONGEST = 500
_WORD = re.compile(r"[^\W\d_]+\d*|\d+")
# trainLoss, CrossEntropyLoss, GPUUtil and rssMB are two or more words; mAP, TFLOPs and rougeL are one.
_HUMP = re.compile(r"(?<=[a-z\d])(?=[A-Z][a-z])|(?<=[A-Z])(?=[A-Z][a-z]{2})|(?<=[a-z]{2})(?=[A-Z]{2})")
# Units, and the kind of object that Ultralytics measures: mAP50(B).
_REMARK = re.compile(r"\([^)]*\)")
_DIGITS = "0123456789"


@frozen
class TagWords:
    """A tag, split at its separators into folders and these into words.

    Attributes:
        folders: Canonical words of each folder of the tag; numbers are words, or end one (`lr0`).
        bare: The same without remarks in parentheses and without the words that say on which examples
            something was measured.
        is_evaluation: Whether one of those says that the examples were held out.
    """

    folders: tuple[tuple[str, ...], ...]
    bare: tuple[tuple[str, ...], ...]
    is_evaluation: bool


@lru_cache(maxsize=4096)
def split_tag(tag: str) -> TagWords:
    """Return the words of a tag. The cost is a few microseconds, bounded for any length."""
    text = tag[:_LONGEST]
    if not text.isascii():
        for word, english in TRANSLATIONS:
            text = text.replace(word, f" {english} ")
    if not text.islower():
        text = _HUMP.sub(" ", text).lower()
    folders = _folders(text)
    bare, is_evaluation = [], False
    for words in _folders(_REMARK.sub(" ", text)) if "(" in text else folders:
        held_out = {place for place in range(len(words)) if _is_held_out(words, place)}
        is_evaluation |= bool(held_out)
        kept = [w for place, w in enumerate(words) if place not in held_out and w not in TRAINING_WORDS]
        if kept:
            bare.append(tuple(kept))
    return TagWords(folders, tuple(bare), is_evaluation)


def without_number(word: str) -> str:
    """Return a word without the number at its end, unless it is one letter with a number (`f1`, `l2`)."""
    letters = word.rstrip(_DIGITS)
    return letters if len(letters) != 1 else word


def _folders(text: str) -> tuple[tuple[str, ...], ...]:
    # A dot separates folders too, where a nested record was flattened.
    parts = text.split("/" if "/" in text else ".")
    return tuple(words for part in parts if (words := _canonical(part)))


def _canonical(part: str) -> tuple[str, ...]:
    words: list[str] = []
    for word in _WORD.findall(part):
        letters = word.rstrip(_DIGITS)
        synonym = SYNONYMS.get(letters)
        if synonym is None:
            words.append(word)
        else:
            words += (synonym + word[len(letters) :]).split()
    return tuple(words)


def _is_held_out(words: tuple[str, ...], place: int) -> bool:
    word = words[place]
    if word in EVALUATION_WORDS:
        return True
    at_end = place in (0, len(words) - 1)
    return word in EVALUATION_WORDS_AT_ENDS and at_end and words[place - 1 : place] != ("std",)
