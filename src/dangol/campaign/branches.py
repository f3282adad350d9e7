"""Reads the steps from which several ways lead on: waiting for something, splitting by rules, splitting by chance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from dangol.campaign import conditions
from dangol.campaign.definition import OTHERWISE, Branch, Happens, Share, Shares, Split, Step, WaitFor
from dangol.campaign.shape import Reader

Steps = Callable[[Reader, object, str], tuple[Step, ...]]  # reads a list of steps
MOST = 10  # ways out of one step


def wait_for(read: Reader, given: object, at: str, steps: Steps) -> WaitFor:
    """`{branches: [{key, rule or fact, steps}], within, otherwise}`; or one condition and `within` beside it."""
    shape = read.mapping(given, at, ("branches", "within", OTHERWISE, *conditions.WORDS))
    within = read.span(shape.get("within"), f"{at}/within")
    if "branches" not in shape:
        told = {word: shape[word] for word in conditions.WORDS if word in shape}
        branches: tuple[Branch, ...] = (Branch("happened", conditions.when(read, told, at)),)
    else:
        for word in conditions.WORDS:
            if word in shape:
                read.fault(f"{at}/{word}", word, "in one of the branches")
        branches = _branches(read, shape["branches"], f"{at}/branches", steps)
    return WaitFor(branches, within, _otherwise(read, shape, at, steps))


def split(read: Reader, given: object, at: str, steps: Steps) -> Split | Shares:
    """`{branches: [{key, rule, steps}], otherwise}` or `{shares: [{key, share, steps}]}`."""
    shape = read.mapping(given, at, ("branches", "shares", OTHERWISE))
    if ("branches" in shape) == ("shares" in shape):
        read.fault(at, given, "one of branches (by rules) or shares (by chance)")
        return Shares(())
    if "shares" in shape:
        if OTHERWISE in shape:
            read.fault(f"{at}/{OTHERWISE}", OTHERWISE, "beside branches only: shares leave nobody over")
        return _shares(read, shape["shares"], f"{at}/shares", steps)
    branches = _branches(read, shape["branches"], f"{at}/branches", steps)
    for number, branch in enumerate(branches):
        if isinstance(branch.when, Happens) and branch.when.fact:
            read.fault(f"{at}/branches/{number}/fact", branch.when.fact, "a rule; facts are waited for with wait_for")
    return Split(branches, _otherwise(read, shape, at, steps))


def _branches(read: Reader, given: object, at: str, steps: Steps) -> tuple[Branch, ...]:
    items = read.items(given, at, least=1, most=MOST)
    found = tuple(_branch(read, one, f"{at}/{number}", steps) for number, one in enumerate(items))
    _once(read, [branch.key for branch in found], at)
    return found


def _branch(read: Reader, given: object, at: str, steps: Steps) -> Branch:
    shape = read.mapping(given, at, ("key", *conditions.WORDS, "steps"))
    told = {word: shape[word] for word in conditions.WORDS if word in shape}
    key = read.key(shape.get("key"), f"{at}/key")
    return Branch(key, conditions.when(read, told, at), _below(read, shape, "steps", at, steps))


def _shares(read: Reader, given: object, at: str, steps: Steps) -> Shares:
    items = read.items(given, at, least=2, most=MOST)
    found = []
    for number, one in enumerate(items):
        here = f"{at}/{number}"
        shape = read.mapping(one, here, ("key", "share", "steps"))
        percent = read.percent(shape, "share", here, most=100)
        found.append(
            Share(read.key(shape.get("key"), f"{here}/key"), percent, _below(read, shape, "steps", here, steps))
        )
    _once(read, [share.key for share in found], at)
    if found and abs(sum(share.percent for share in found) - 100) > 1e-6:
        read.fault(at, sum(share.percent for share in found), "shares that sum to 100")
    return Shares(tuple(found))


def _otherwise(read: Reader, shape: Any, at: str, steps: Steps) -> tuple[Step, ...]:
    return _below(read, shape, OTHERWISE, at, steps)


def _below(read: Reader, shape: Any, word: str, at: str, steps: Steps) -> tuple[Step, ...]:
    """A list of steps that may be empty or missing: then the way leads on behind the branching."""
    given = shape.get(word)
    return () if given is None or given == [] else steps(read, given, f"{at}/{word}")


def _once(read: Reader, keys: Sequence[str], at: str) -> None:
    for number, key in enumerate(keys):
        if key == OTHERWISE or (key and key in keys[:number]):
            read.fault(f"{at}/{number}/key", key, "a key that no other way out of this step has")
