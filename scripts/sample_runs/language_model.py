"""A small character-level language model: an embedding, a GRU and a linear head."""

from __future__ import annotations

import torch
from torch import nn


def build_language_model(symbols: int, hidden_size: int) -> nn.ModuleDict:
    """Build the model with freshly drawn weights.

    Args:
        symbols: Size of the alphabet.
        hidden_size: Width of the recurrent layer; the embedding has half of it.
    """
    return nn.ModuleDict(
        {
            "embedding": nn.Embedding(symbols, hidden_size // 2),
            "gru": nn.GRU(hidden_size // 2, hidden_size, batch_first=True),
            "head": nn.Linear(hidden_size, symbols),
        }
    )


def sequence_loss(model: nn.ModuleDict, tokens: torch.Tensor) -> torch.Tensor:
    """Return the mean cross-entropy in nats per character.

    Args:
        model: Made by `build_language_model`.
        tokens: int64[batch, length + 1]; each character is predicted from those before it.
    """
    hidden, _ = model["gru"](model["embedding"](tokens[:, :-1]))
    scores = model["head"](hidden)
    return nn.functional.cross_entropy(scores.flatten(0, 1), tokens[:, 1:].flatten())


def mean_loss(model: nn.ModuleDict, batches: list[torch.Tensor]) -> float:
    """Return the mean loss over batches without touching gradients."""
    with torch.no_grad():
        return sum(float(sequence_loss(model, batch)) for batch in batches) / len(batches)


def cut_sequences(tokens: list[int], length: int) -> torch.Tensor:
    """Cut a text into sequences that share one character: int64[count, length + 1]."""
    count = (len(tokens) - 1) // length
    return torch.tensor(tokens[: count * length + 1]).unfold(0, length + 1, length)


def generate_text(model: nn.ModuleDict, alphabet: str, *, length: int, seed: int) -> str:
    """Let the model write `length` characters, drawn one by one from its predictions."""
    generator = torch.Generator().manual_seed(seed)
    token = torch.tensor([[alphabet.index("\n")]])
    state: torch.Tensor | None = None
    written: list[str] = []
    with torch.no_grad():
        for _ in range(length):
            hidden, state = model["gru"](model["embedding"](token), state)
            chances = model["head"](hidden[:, -1]).softmax(dim=-1)
            token = torch.multinomial(chances, 1, generator=generator)
            written.append(alphabet[int(token)])
    return "".join(written).strip()
