"""The text that the small language models learn: sentences composed from word lists of our own."""

from __future__ import annotations

import random


def _split(choices: str) -> list[str]:
    """Return what stands between the bars, which keeps the lists readable."""
    return choices.split("|")


NAMES = _split("Ada|Bruno|Chiara|Dmitri|Elif|Farid|Greta|Hanna|Ivo|Jun|Kofi|Lena|Mateo|Nora|Oskar|Priya")
ADJECTIVES = _split(
    "old|quiet|narrow|bright|heavy|patient|crooked|silver|distant|gentle|careful|hollow|early|curious|"
    "frozen|wooden|golden|restless|humble|sudden"
)
NOUNS = _split(
    "lantern|harbour|compass|orchard|kettle|violin|window|ladder|engine|garden|letter|bridge|market|"
    "carpet|river|signal|tower|blanket|mirror|wagon|pepper|needle|chapel|forest|clock|boat"
)
VERBS = _split(
    "carries|repairs|paints|follows|borrows|measures|hides|admires|polishes|forgets|discovers|guards|"
    "describes|counts|lifts|watches"
)
PLACES = _split(
    "near the {}|behind the {}|under the {}|beside the {} {}|above the {}|far from the {} {}|inside the {} {}"
)
TIMES = _split(
    "at dawn|before noon|after supper|in late autumn|on a rainy evening|every Thursday|since last spring"
)
ENDINGS = _split(
    "and nobody asks why|but the {} stays closed|while the {} sings|because the {} {} is broken|"
    "so that the {} can rest|although it costs {} coins"
)


def compose_text(length: int, seed: int) -> str:
    """Compose at least `length` characters of sentences, one per line."""
    chooser = random.Random(seed)
    sentences: list[str] = []
    written = 0
    while written < length:
        sentences.append(_compose_sentence(chooser))
        written += len(sentences[-1]) + 1
    return "\n".join(sentences)


def alphabet_of(text: str) -> str:
    """Return the characters that occur in a text, in order."""
    return "".join(sorted(set(text)))


def encode(text: str, alphabet: str) -> list[int]:
    """Return the place in the alphabet of each character of a text."""
    places = {character: place for place, character in enumerate(alphabet)}
    return [places[character] for character in text]


def _compose_sentence(chooser: random.Random) -> str:
    count = chooser.randint(2, 99)
    subject = chooser.choice(
        [chooser.choice(NAMES), f"The {chooser.choice(ADJECTIVES)} {chooser.choice(NOUNS)}"]
    )
    target = chooser.choice([f"the {chooser.choice(NOUNS)}", f"{count} {chooser.choice(NOUNS)}s"])
    parts = [subject, chooser.choice(VERBS), target]
    if chooser.random() < 0.6:
        parts.append(_fill(chooser.choice(PLACES), chooser))
    if chooser.random() < 0.4:
        parts.append(chooser.choice(TIMES))
    sentence = " ".join(parts)
    if chooser.random() < 0.3:
        sentence += ", " + _fill(chooser.choice(ENDINGS), chooser)
    return sentence + "."


def _fill(pattern: str, chooser: random.Random) -> str:
    """Replace the gaps of a pattern: two gaps are an adjective and a noun, coins are counted."""
    if "coins" in pattern:
        return pattern.format(chooser.randint(2, 99))
    words = [chooser.choice(NOUNS)]
    if pattern.count("{}") == 2:
        words.insert(0, chooser.choice(ADJECTIVES))
    return pattern.format(*words)
