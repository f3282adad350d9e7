"""Which variant a customer gets: by fixed shares, or by shares that learn and leave every variant a fifth. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from dangol.base.shares import share
from dangol.campaign.definition import Message

FLOOR = 0.2  # of the messages that every variant gets at least, however it fares
DRAWS = 4_000


def fixed(message: Message) -> dict[str, float]:
    """The shares as they are written, of one."""
    return {one.key: one.share / 100 for one in message.variants}


def learnt(variants: Sequence[str], counted: Mapping[str, tuple[int, int]], seed: int) -> dict[str, float]:
    """Thompson sampling: each variant's share is the chance that it is the best, given (sent, converted) of each so far
    and a flat prior, squeezed above the floor. The same numbers and seed give the same shares.
    """
    rng = np.random.default_rng(seed)
    draws = np.stack([rng.beta(1 + c, 1 + max(s - c, 0), DRAWS) for s, c in (counted.get(v, (0, 0)) for v in variants)])
    best = np.bincount(draws.argmax(axis=0), minlength=len(variants)) / DRAWS
    floor = min(FLOOR, 1 / len(variants))
    left = 1 - floor * len(variants)
    return {variant: float(floor + left * chance) for variant, chance in zip(variants, best, strict=True)}


def drawn(shares: Mapping[str, float], campaign: str, step: str, about: str, home: int) -> str:
    """The variant that one message gets; the same for the same customer and trigger."""
    place, reached = share(f"variant:{campaign}:{step}:{about}", home) / 100, 0.0
    for variant, part in shares.items():
        reached += part
        if place < reached:
            return variant
    return list(shares)[-1]
