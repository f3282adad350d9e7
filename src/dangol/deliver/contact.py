"""The shop's contact policy: how often one customer hears from it, and at which hours."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from dangol.base.errors import Fault, Invalid
from dangol.deliver import rules
from dangol.deliver.caps import DAY, EVERY_CHANNEL, ONE_A_DAY, WEEK, Cap
from dangol.deliver.models import ContactPolicy

PERIODS = {"day": DAY, "week": WEEK}
CHANNELS = (EVERY_CHANNEL, *sorted(rules.UNASKED))
MOST = 50  # messages that a cap may allow; who wants more wants no cap
CAPS = 20
CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")


@dataclass(frozen=True, slots=True)
class Policy:
    """What the gate goes by."""

    caps: tuple[Cap, ...] = ONE_A_DAY
    quiet: tuple[time, time] | None = rules.QUIET


def policy() -> Policy:
    """The policy as the shop set it, else one message a day and none at night."""
    row = ContactPolicy.objects.filter(pk=1).first()
    if row is None:
        return Policy()
    return Policy(tuple(Cap(**cap) for cap in row.caps), _quiet(row.quiet_from, row.quiet_to))


def _quiet(begins: str, ends: str) -> tuple[time, time] | None:
    return (time.fromisoformat(begins), time.fromisoformat(ends)) if begins and ends else None


def shown(found: Policy) -> dict[str, Any]:
    """The policy as the API tells and takes it."""
    names = {days: name for name, days in PERIODS.items()}
    quiet = found.quiet
    return {
        "caps": [{"most": cap.most, "per": names[cap.days], "channel": cap.channel} for cap in found.caps],
        "quiet": {"from": f"{quiet[0]:%H:%M}", "to": f"{quiet[1]:%H:%M}"} if quiet else None,
    }


def read(given: Mapping[str, Any]) -> Policy:
    """What `{"caps": [{most, per, channel}], "quiet": {from, to} or null}` means; what it leaves out stays as it is.

    Raises Invalid with every fault.
    """
    faults = [Fault(f"/{word}", word, "caps, quiet") for word in given if word not in ("caps", "quiet")]
    told = given.get("caps", shown(policy())["caps"])
    caps = _read_caps(told, faults)
    quiet = _read_quiet(given.get("quiet", shown(policy())["quiet"]), faults)
    if faults:
        raise Invalid(faults)
    return Policy(tuple(caps), quiet)


def put(given: Mapping[str, Any], now: datetime) -> Policy:
    """Set what `read` takes. Raises Invalid with every fault."""
    wanted = read(given)
    kept = [{"most": cap.most, "days": cap.days, "channel": cap.channel} for cap in wanted.caps]
    begins, ends = (f"{wanted.quiet[0]:%H:%M}", f"{wanted.quiet[1]:%H:%M}") if wanted.quiet else ("", "")
    ContactPolicy.objects.update_or_create(
        pk=1, defaults={"caps": kept, "quiet_from": begins, "quiet_to": ends, "changed_at": now}
    )
    return policy()


def _read_caps(told: Any, faults: list[Fault]) -> list[Cap]:
    if not isinstance(told, list) or len(told) > CAPS:
        faults.append(Fault("/caps", told, f"a list of at most {CAPS} caps"))
        return []
    caps = [cap for number, one in enumerate(told) if (cap := _read_cap(one, f"/caps/{number}", faults))]
    for number, cap in enumerate(caps):
        if any((cap.days, cap.channel) == (other.days, other.channel) for other in caps[:number]):
            faults.append(Fault(f"/caps/{number}", f"{cap.channel} twice", "one cap per channel and period"))
    return caps


def _read_cap(told: Any, at: str, faults: list[Fault]) -> Cap | None:
    if not isinstance(told, Mapping):
        faults.append(Fault(at, told, "an object with most, per and channel"))
        return None
    before = len(faults)
    most, per, channel = told.get("most"), told.get("per", "day"), told.get("channel", EVERY_CHANNEL)
    if not isinstance(most, int) or isinstance(most, bool) or not 0 <= most <= MOST:
        faults.append(Fault(f"{at}/most", str(most), f"a whole number from 0 to {MOST}"))
    if per not in PERIODS:
        faults.append(Fault(f"{at}/per", str(per), " or ".join(PERIODS)))
    if channel not in CHANNELS:
        faults.append(Fault(f"{at}/channel", str(channel), ", ".join(CHANNELS)))
    faults += [
        Fault(f"{at}/{word}", word, "most, per, channel") for word in told if word not in ("most", "per", "channel")
    ]
    return Cap(most, PERIODS[per], channel) if len(faults) == before else None  # type: ignore[arg-type]


def _read_quiet(told: Any, faults: list[Fault]) -> tuple[time, time] | None:
    if told is None:
        return None
    if not isinstance(told, Mapping):
        faults.append(Fault("/quiet", told, "an object with from and to, or null"))
        return None
    hours = [told.get("from"), told.get("to")]
    for name, value in zip(("from", "to"), hours, strict=True):
        if not (isinstance(value, str) and CLOCK.fullmatch(value)):
            faults.append(Fault(f"/quiet/{name}", str(value), "an hour such as 21:00"))
            return None
    if hours[0] == hours[1]:
        faults.append(Fault("/quiet/to", str(hours[1]), "another hour than from"))
        return None
    return _quiet(*(str(hour) for hour in hours))
