"""Autopilot.

In: the ranked plan, and the limits that the owner set.
Out: proposals, and plays begun or paused, each with its reason.
Promise: off until somebody switches it on; nothing beyond the limits; what staff paused stays paused; whatever it did
can be taken back from its log.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any

from django.db.models import Q

from dangol.autopilot import hours, planning, reading, rules
from dangol.autopilot.models import Act, Limit
from dangol.autopilot.rules import ACTIVATE, ACTS, OFF, Bounds, Standing, Wish
from dangol.base.errors import Conflict, DangolError, NotFound
from dangol.base.models import Shop
from dangol.base.turns import turn
from dangol.campaign import reads as campaigns
from dangol.campaign import steps as campaign
from dangol.campaign.models import Campaign
from dangol.strategy import steps as strategy
from dangol.strategy.rules import PlanRow

__all__ = ["accept", "acts", "decline", "due", "limits", "set_limits", "step", "undo", "waiting"]

log = logging.getLogger("dangol.autopilot")

LOOKS = time(6)  # by the shop's clock: before anybody works, after the night's learning
STUCK = timedelta(minutes=10)  # an act that was begun and not ended is carried out again: twice is once
OPEN = ("proposed", "doing")

# --- limits ---------------------------------------------------------------------------------------------------------


def limits() -> Limit:
    """The owner's limits as they stand; off where nobody ever set any."""
    return Limit.objects.first() or Limit(mode=OFF)


def set_limits(told: Mapping[str, Any], now: datetime) -> Limit:
    """Set some or all of the limits. Raises Invalid with every fault. A tighter limit holds from the next look on."""
    with turn():
        row = reading.read(told, limits(), strategy.plays())
        row.pk, row.changed_at = 1, now
        row.looked_at = None  # it looks again at once
        row.save()
    return row


# --- looking, once a day --------------------------------------------------------------------------------------------


def due(now: datetime) -> bool:
    """Whether there is anything to do: a day's first look, or an act to which nobody objected in time."""
    row = limits()
    if row.mode == OFF:
        return Act.objects.filter(state="proposed").exists()
    return _look_due(row, now) or bool(_ripe(row, now).exists())


def step(now: datetime) -> list[Act]:
    """Look at the plan where a look is due, and carry out what nobody objected to; the acts that this changed."""
    row = limits()
    if row.mode == OFF:
        return _withdraw(Act.objects.filter(state="proposed"), now)
    changed = look(row, now) if _look_due(row, now) else []
    ripe = list(_ripe(row, now))
    for act in ripe:
        _carry_out(act, "", now)
    done = {act.pk for act in ripe}
    return [*(act for act in changed if act.pk not in done), *ripe]


def look(row: Limit, now: datetime) -> list[Act]:
    """Propose what the plan and the limits say; what they do not say any more is withdrawn."""
    wished = {wish.play: wish for wish in rules.wishes(_standings(now), _bounds(row), now)}
    with turn():
        stale = [
            act.pk
            for act in Act.objects.filter(state="proposed")
            if (wish := wished.get(act.play)) is None or (wish.verb, wish.why) != (act.verb, act.why)
        ]
        gone = _withdraw(Act.objects.filter(pk__in=stale), now)
        standing = set(Act.objects.filter(state__in=OPEN).values_list("play", flat=True))
        new = [_propose(wish, row, now) for play, wish in wished.items() if play not in standing]
        Limit.objects.filter(pk=row.pk).update(looked_at=now)
    return [*gone, *new]


def _look_due(row: Limit, now: datetime) -> bool:
    if row.looked_at is None:
        return True
    zone = Shop.objects.get().zone
    here = now.astimezone(zone)
    today = datetime.combine(here.date(), LOOKS, zone)
    return bool(row.looked_at < (today if here >= today else today - timedelta(days=1)))


def _ripe(row: Limit, now: datetime) -> Any:
    begun = Q(state="doing", done_at__lte=now - STUCK)
    late = Q(state="proposed", due_at__lte=now)
    return Act.objects.filter((late | begun) if row.mode == ACTS else begun).order_by("pk")


def _withdraw(proposed: Any, now: datetime) -> list[Act]:
    found = list(proposed)
    Act.objects.filter(pk__in=[act.pk for act in found], state="proposed").update(state="withdrawn", ended_at=now)
    for act in found:
        act.state, act.ended_at = "withdrawn", now
    return found


def _propose(wish: Wish, row: Limit, now: datetime) -> Act:
    return Act.objects.create(
        play=wish.play, verb=wish.verb, why=wish.why, reason=dict(wish.reason), proposed_at=now,
        due_at=_objected_by(row, now) if row.mode == ACTS else None,
    )  # fmt: skip


def _objected_by(row: Limit, now: datetime) -> datetime:
    opens, closes = (time.fromisoformat(told) for told in (row.opens, row.closes))
    return hours.after(now, row.hours, opens, closes, Shop.objects.get().zone)


def _bounds(row: Limit) -> Bounds:
    return Bounds(frozenset(row.plays), row.contacts, row.budget, row.discount)


def _standings(now: datetime) -> list[Standing]:
    planning.refresh(now)
    carried, ours, refused = campaigns.of_plays(), _ours(), _refused()
    return [_standing(row, carried.get(row.play.key), ours, refused) for row in planning.plan(now).rows]


def _standing(
    row: PlanRow, carried: Campaign | None, ours: Mapping[str, str], refused: Mapping[str, datetime]
) -> Standing:
    key, expected = row.play.key, row.expected
    ends = (expected.orders_low, expected.orders_high)
    if expected.margin_low is not None and expected.margin_high is not None:
        ends = (float(expected.margin_low), float(expected.margin_high))
    state = carried.state if carried else ""
    return Standing(
        play=key, state=state, worth=row.brings, low=ends[0], high=ends[1], people=row.reach.reachable,
        messages=expected.messages, cost=expected.cost, annoys=row.annoys, useful=not row.short,
        ours=ours.get(key) == state, refused_at=refused.get(key),
    )  # fmt: skip


def _ours() -> dict[str, str]:
    """The state in which the autopilot left each play's campaign."""
    rows = Act.objects.filter(state="done").order_by("done_at", "pk").values_list("play", "verb")
    return {play: "active" if verb == ACTIVATE else "paused" for play, verb in rows}


def _refused() -> dict[str, datetime]:
    rows = Act.objects.filter(state__in=("declined", "undone", "failed")).order_by("ended_at", "pk")
    return {play: at for play, at in rows.values_list("play", "ended_at") if at is not None}


# --- what people say to it ------------------------------------------------------------------------------------------


def waiting() -> list[Act]:
    """What is proposed and neither done nor declined, the oldest first."""
    return list(Act.objects.filter(state="proposed").order_by("pk"))


def acts(limit: int = 50, *, before: int | None = None) -> list[Act]:
    """Everything it ever proposed, the newest first; `before` is the number of the last one seen."""
    rows = Act.objects.order_by("-pk")
    return list((rows if before is None else rows.filter(pk__lt=before))[:limit])


def accept(act_id: int, by: str, now: datetime) -> Act:
    """Carry a proposal out now. Raises NotFound; Conflict for one that is none any more."""
    return _carry_out(_get(act_id), by, now)


def decline(act_id: int, by: str, now: datetime) -> Act:
    """Say no to a proposal; it is not made again for 30 days. Raises NotFound, Conflict."""
    act = _get(act_id)
    _move(act, "proposed", state="declined", ended_at=now, by=by[:254])
    return act


def undo(act_id: int, by: str, now: datetime) -> Act:
    """Take back what was done: a play that was begun is paused, one that was paused runs again. Raises NotFound;
    Conflict where it was not done, or where somebody changed the campaign since."""
    act = _get(act_id)
    if act.state != "done":
        raise Conflict(f"act {act_id} is {act.state}: only what was done can be taken back")
    carried, left = campaigns.of_plays().get(act.play), "active" if act.verb == ACTIVATE else "paused"
    if carried is None or carried.state != left:
        raise Conflict(f"the campaign of {act.play} is not as the autopilot left it; change it on its own page")
    _move(act, "done", state="undone", ended_at=now, by=by[:254])
    if act.verb == ACTIVATE:
        campaign.pause(carried.key, now)
    else:
        campaign.activate(carried.key, now)
    return act


def _get(act_id: int) -> Act:
    act = Act.objects.filter(pk=act_id).first()
    if act is None:
        raise NotFound(f"there is no act {act_id}")
    return act


def _move(act: Act, was: str, **fields: Any) -> None:
    """Change an act that is in a state; of two who try, one gets Conflict."""
    with turn():
        if not Act.objects.filter(pk=act.pk, state=was).update(**fields):
            raise Conflict(f"act {act.pk} is not {was} any more")
    act.refresh_from_db()


def _carry_out(act: Act, by: str, now: datetime) -> Act:
    """Do it. The claim is written first, so that nobody does it beside us; a fault ends it as failed, and says why."""
    carried = campaigns.of_plays().get(act.play)
    before = act.before if act.state == "doing" else carried.state if carried else ""
    _move(act, act.state if act.state in OPEN else "proposed", state="doing", before=before, by=by[:254], done_at=now)
    try:
        if act.verb == ACTIVATE:
            campaign.activate_play(act.play, now)
        elif carried is not None:
            campaign.pause(carried.key, now)
    except DangolError as error:
        log.warning("the autopilot could not %s %s: %s", act.verb, act.play, error)
        _move(act, "doing", state="failed", ended_at=now, trouble=str(error)[:500])
        return act
    _move(act, "doing", state="done")
    return act
