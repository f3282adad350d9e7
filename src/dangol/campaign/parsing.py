"""Reads a whole definition, and every fault in it with its place."""

from __future__ import annotations

from collections.abc import Callable

from dangol.base.errors import Invalid
from dangol.campaign import branches, conditions, deeds, entries, messages, waits
from dangol.campaign.definition import Act, Definition, Goal, Holds, Step, When
from dangol.campaign.shape import Reader

KNOWN = (
    "entry", "include_existing", "backfill", "holdout_percent", "shop_holdout", "goal", "exit", "steps", "exit_on_goal",
)  # fmt: skip
MOST_BESIDE, MOST_STEPS, DEEPEST = 20, 100, 6  # steps of one list, of a campaign, lists within lists
ACTS: dict[str, Callable[[Reader, object, str], Act]] = {
    "send": messages.message,
    "ask": messages.ask,
    "task": messages.task,
    "conversation": messages.conversation,
    "webhook": messages.webhook,
    "emit": deeds.emit,
    "change": deeds.change,
    "give": deeds.give,
    "go_to": deeds.go_to,
    "exit": deeds.leave,
    "wait_for": lambda read, given, at: branches.wait_for(read, given, at, steps),
    "split": lambda read, given, at: branches.split(read, given, at, steps),
}


def parse(definition: object, at: str = "") -> Definition:
    """Read a definition; `at` is where it stands in what was sent. Raises Invalid with every fault."""
    reader = Reader()
    found = _definition(reader, definition, at)
    if reader.faults:
        raise Invalid(reader.faults)
    return found


def _definition(read: Reader, given: object, at: str) -> Definition:
    shape = read.mapping(given, at, KNOWN)
    found = Definition(
        entry=entries.entry(read, shape.get("entry"), f"{at}/entry"),
        steps=steps(read, shape.get("steps"), f"{at}/steps"),
        goal=_goal(read, shape["goal"], f"{at}/goal") if shape.get("goal") is not None else None,
        exit=_exit(read, shape["exit"], f"{at}/exit") if shape.get("exit") is not None else None,
        include_existing=read.flag(shape, "include_existing", at, default=False),
        backfill=read.span(shape["backfill"], f"{at}/backfill") if shape.get("backfill") is not None else None,
        holdout_percent=read.percent(shape, "holdout_percent", at, most=90),
        shop_holdout=read.flag(shape, "shop_holdout", at, default=True),
        exit_on_goal=read.flag(shape, "exit_on_goal", at, default=True),
    )
    _check_whole(read, found, at)
    return found


def _check_whole(read: Reader, found: Definition, at: str) -> None:
    """What only all parts together tell."""
    if sum(1 for _ in found.every_step()) > MOST_STEPS:
        read.fault(f"{at}/steps", "more", f"{MOST_STEPS} steps in all")
    if found.backfill and not found.entry.fact:
        read.fault(f"{at}/backfill", "backfill", "beside an entry by a fact")
    if found.include_existing and found.entry.kind != "segment":
        read.fault(f"{at}/include_existing", True, "beside an entry by a segment")


def _goal(read: Reader, given: object, at: str) -> Goal:
    shape = read.mapping(given, at, ("fact", "where", "rule", "within"))
    within = read.span(shape.get("within", "7d"), f"{at}/within")
    if "rule" not in shape:
        happens = conditions.happens(read, shape, at)
        return Goal(happens.fact, within, happens.where)
    found = conditions.when(read, {word: shape[word] for word in shape if word != "within"}, at)
    return Goal("", within, holds=found if isinstance(found, Holds) else None)


def _exit(read: Reader, given: object, at: str) -> When:
    shape = read.mapping(given, at, conditions.WORDS)
    return conditions.when(read, shape, at)


def steps(read: Reader, given: object, at: str) -> tuple[Step, ...]:
    """A list of steps; each key stands once in the whole campaign."""
    if at.count("/steps") + at.count("/otherwise") > DEEPEST:
        read.fault(at, given, f"steps at most {DEEPEST} lists deep")
        return ()
    items = read.items(given, at, least=1, most=MOST_BESIDE)
    return tuple(_step(read, step, f"{at}/{number}") for number, step in enumerate(items))


def _step(read: Reader, given: object, at: str) -> Step:
    shape = read.mapping(given, at, ("key", "wait", *ACTS))
    key = read.key(shape.get("key"), f"{at}/key")
    if key in read.keys:
        read.fault(f"{at}/key", key, "a key that no other step of this campaign has")
    elif key:
        read.keys.add(key)
    acts = [word for word in ACTS if word in shape]
    wait = waits.read_wait(read, shape["wait"], f"{at}/wait") if shape.get("wait") is not None else None
    if len(acts) > 1 or not (acts or wait):
        read.fault(f"{at}/{acts[1]}" if acts else at, ", ".join(acts) or None, "a wait, and one of " + ", ".join(ACTS))
        return Step(key, wait)
    return Step(key, wait, ACTS[acts[0]](read, shape[acts[0]], f"{at}/{acts[0]}") if acts else None)


__all__ = ["parse"]
