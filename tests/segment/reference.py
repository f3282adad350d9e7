"""A small, slow, obviously right evaluator of the segment language: one customer, one instant, plain loops.

It reads the rule as people write it and shares nothing with the compiler but the reading of times and spans.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any

import re2

from dangol.base.clock import from_us, to_us
from dangol.base.instants import iso, parse_instant
from dangol.base.spans import parse_span

JSON_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
MISSING = None


@dataclass(frozen=True)
class Told:
    """One fact, as the customer file keeps it."""

    at: int
    position: int
    type: str = "track"
    name: str = ""
    own: bool = False
    properties: dict[str, Any] = field(default_factory=dict)
    traits: dict[str, Any] = field(default_factory=dict)
    context: dict[str, Any] = field(default_factory=dict)

    @property
    def event(self) -> str:
        return {"track": self.name, "page": "Page Viewed", "screen": "Screen Viewed"}.get(self.type, "")


@dataclass(frozen=True)
class Asked:
    """Who is asked about, and when."""

    facts: tuple[Told, ...]
    t: int
    customer: int
    zone: tzinfo
    segments: dict[str, Any] = field(default_factory=dict)
    opt_out: frozenset[str] = frozenset()


def holds(where: Any, asked: Asked) -> bool:
    """Rule 14 first: before the first fact a customer is in nothing."""
    return any(fact.at <= asked.t for fact in asked.facts) and node(where, asked)


def node(where: Any, asked: Asked) -> bool:
    if where == "everyone":
        return True
    if "all" in where:
        return all(node(one, asked) for one in where["all"])
    if "any" in where:
        return any(node(one, asked) for one in where["any"])
    if "none" in where:
        return not any(node(one, asked) for one in where["none"])
    if "exactly" in where:
        return sum(node(one, asked) for one in where["exactly"]["of"]) == where["exactly"]["k"]
    for subject, judge in LEAVES.items():
        if subject in where:
            return judge(where, asked)
    raise AssertionError(where)


def known(asked: Asked) -> list[Told]:
    """Facts whose time has come, oldest first."""
    return sorted((f for f in asked.facts if f.at <= asked.t), key=lambda f: (f.at, f.position))


def span(text: str) -> int:
    found = parse_span(text)
    assert found is not None
    return found // timedelta(microseconds=1)


# --- values ---------------------------------------------------------------------------------------------------------


def keys_of(path: str) -> list[str]:
    keys, rest = [], path
    while True:
        if rest.startswith('"'):
            end = 1
            while rest[end] != '"' or rest[end : end + 2] == '""':
                end += 2 if rest[end] == '"' else 1
            keys.append(rest[1:end].replace('""', '"'))
            rest = rest[end + 1 :]
        else:
            key, dot, more = rest.partition(".")
            keys.append(key)
            rest = dot + more
        if not rest:
            return keys
        rest = rest[1:]


def inside(value: Any, keys: list[str]) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else MISSING
    return value


def property_of(fact: Told, path: str) -> Any:
    if path.startswith("$"):
        keys = keys_of(path)
        if path == "$timestamp":
            return iso(from_us(fact.at))
        if path in {"$name", "$type"}:
            return (fact.name or fact.event) if path == "$name" else fact.type
        return inside(fact.context, keys[1:])
    return inside(fact.properties, keys_of(path))


def exists(value: Any) -> bool:
    return value is not None and value != ""


def number(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and not JSON_NUMBER.fullmatch(value):
        return None
    if isinstance(value, int | float | str):
        found = float(value)
        return found if math.isfinite(found) else None
    return None


def equal(value: Any, operand: Any) -> bool:
    if not exists(value) or not exists(operand):
        return False
    if isinstance(value, bool) or isinstance(operand, bool):
        return value is operand
    if isinstance(value, str) and isinstance(operand, str):
        return value == operand
    return number(value) is not None and number(value) == number(operand)


def instant(value: Any, zone: tzinfo) -> int | None:
    found = parse_instant(value, zone)
    return None if found is None else to_us(found)


def ends(operand: Any, zone: tzinfo) -> tuple[int, int]:
    """First and last microsecond of what a time operand names."""
    first = instant(operand, zone)
    assert first is not None
    if isinstance(operand, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", operand):
        return first, midnight(date.fromisoformat(operand) + timedelta(days=1), zone) - 1
    return first, first


def midnight(on: date, zone: tzinfo) -> int:
    return to_us(datetime(on.year, on.month, on.day, tzinfo=zone))


NEGATIVE = {"is_not": "is", "not_in": "in", "includes_none": "includes_any"} | {
    f"not_{word}": word for word in ("contains", "starts_with", "ends_with", "matches")
}


def compare(word: str, operand: Any, value: Any, asked: Asked, zone: tzinfo | None = None) -> bool:
    """One comparison of the value that stands there now."""
    if word in NEGATIVE:
        return not compare(NEGATIVE[word], operand, value, asked, zone)
    if word == "exists":
        return exists(value) == operand
    if not exists(value):
        return False
    if word == "is":
        return equal(value, operand)
    if word == "in":
        return any(equal(value, one) for one in operand)
    if word in {"at_least", "at_most", "over", "under"} or (word == "between" and number(operand[0]) is not None):
        found = number(value)
        return found is not None and ordered(word, operand, found)
    if word in {"contains", "starts_with", "ends_with", "matches"}:
        return isinstance(value, str) and of_text(word, operand, value)
    if word in {"includes", "includes_any", "includes_all", "length", "any_item"}:
        return isinstance(value, list) and of_list(word, operand, value, asked)
    return of_time(word, operand, instant(value, zone or asked.zone), asked)


def ordered(word: str, operand: Any, found: float) -> bool:
    if word == "between":
        return number(operand[0]) <= found <= number(operand[1])
    limit = number(operand)
    return {
        "at_least": found >= limit, "at_most": found <= limit, "over": found > limit, "under": found < limit
    }[word]  # fmt: skip


def of_text(word: str, operand: str, value: str) -> bool:
    if word == "contains":
        return operand in value
    if word == "starts_with":
        return value.startswith(operand)
    if word == "ends_with":
        return value.endswith(operand)
    return re2.search(operand, value) is not None


def of_list(word: str, operand: Any, value: list[Any], asked: Asked) -> bool:
    if word == "length":
        return judge_number(operand, float(len(value)))
    if word == "any_item":
        items = [item for item in value if isinstance(item, dict)]
        return any(
            all(
                compare(w, o, inside(item, keys_of(one["property"])), asked)
                for one in operand
                for w, o in one.items()
                if w != "property"
            )
            for item in items
        )
    wanted = [operand] if word == "includes" else operand
    found = [any(equal(item, one) for item in value) for one in wanted]
    return all(found) if word == "includes_all" else any(found)


def judge_number(operand: Any, found: float) -> bool:
    if not isinstance(operand, dict):
        return found == number(operand)
    [(word, limit)] = [(w, o) for w, o in operand.items() if w != "of"]
    if word in {"is", "is_not"}:
        return (found == number(limit)) == (word == "is")
    if word in {"in", "not_in"}:
        return (found in [number(one) for one in limit]) == (word == "in")
    return ordered(word, limit, found)


def of_time(word: str, operand: Any, v: int | None, asked: Asked) -> bool:
    if v is None:
        return False
    t, zone = asked.t, asked.zone
    if word == "before":
        return v < ends(operand, zone)[0]
    if word == "after":
        return v > ends(operand, zone)[1]
    if word == "between":
        return ends(operand[0], zone)[0] <= v <= ends(operand[1], zone)[1]
    if word == "within":
        return t - span(operand) <= v <= t
    if word == "older_than":
        return v < t - span(operand)
    if word == "in_next":
        return t < v <= t + span(operand)
    if word == "calendar":
        return in_calendar(operand, v, t, zone)
    assert word == "anniversary", word
    return anniversary(operand, v, t, zone)


def in_calendar(period: str, v: int, t: int, zone: tzinfo) -> bool:
    """Days are named, and the names compared."""
    then, now = (from_us(one).astimezone(zone).date() for one in (v, t))
    if period == "today":
        return then == now
    if period == "yesterday":
        return then == now - timedelta(days=1)
    if period.endswith("week"):
        other = now if period == "this_week" else now - timedelta(days=7)
        return then.isocalendar()[:2] == other.isocalendar()[:2]
    if period.endswith("month"):
        other = now if period == "this_month" else now.replace(day=1) - timedelta(days=1)
        return (then.year, then.month) == (other.year, other.month)
    return then.year == (now.year if period == "this_year" else now.year - 1)


def anniversary(operand: dict[str, str], v: int, t: int, zone: tzinfo) -> bool:
    born = from_us(v).astimezone(zone).date()
    today = from_us(t).astimezone(zone).date()
    [(word, told)] = operand.items()
    days = 0 if word == "on" else span(told) // (86_400 * 1_000_000)
    first, last = (today - timedelta(days), today) if word == "in_last" else (today, today + timedelta(days))
    day = first
    while day <= last:
        leap = born.month == 2 and born.day == 29
        falls = (day.month, day.day) == (born.month, born.day) or (
            leap and (day.month, day.day) == (2, 28) and not _leap_year(day.year)
        )
        if falls and day.year > born.year:
            return True
        day += timedelta(days=1)
    return False


def _leap_year(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def conditions(listed: list[dict[str, Any]], fact: Told, asked: Asked) -> bool:
    return all(
        compare(
            word, operand, property_of(fact, one["property"]), asked, UTC if one["property"] == "$timestamp" else None
        )
        for one in listed
        for word, operand in one.items()
        if word != "property"
    )


# --- leaves -----------------------------------------------------------------------------------------------------------


def trait(leaf: dict[str, Any], asked: Asked) -> bool:
    keys = keys_of(leaf["trait"])
    [(word, operand)] = [(w, o) for w, o in leaf.items() if w != "trait"]
    history: list[tuple[int, Any]] = []  # (at, value at the path), as it stood after each instant
    for fact in known(asked):
        if fact.type == "identify" and keys[0] in fact.traits:
            if history and history[-1][0] == fact.at:
                history.pop()
            history.append((fact.at, inside(fact.traits[keys[0]], keys[1:])))
    value = history[-1][1] if history else MISSING
    if word != "held_for":
        return compare(word, operand, value, asked)
    if not exists(value):
        return False
    since = history[-1][0]
    for later, earlier in zip(reversed(history), list(reversed(history))[1:], strict=False):
        if not unchanged(earlier[1], later[1]):
            break
        since = earlier[0]
    return held(operand, asked.t - since)


def unchanged(one: Any, other: Any) -> bool:
    if isinstance(one, list | dict) and isinstance(other, list | dict):
        return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    return equal(one, other) or (not exists(one) and not exists(other))


def held(operand: dict[str, Any], age: int) -> bool:
    [(word, limit)] = operand.items()
    if word == "between":
        return span(limit[0]) <= age <= span(limit[1])
    limit = span(limit)
    return {"at_least": age >= limit, "at_most": age <= limit, "over": age > limit, "under": age < limit}[word]


def named(name: str, asked: Asked) -> list[Told]:
    if name.endswith("*"):
        return [f for f in known(asked) if f.event and not f.own and f.event.startswith(name[:-1])]
    return [f for f in known(asked) if f.event and f.event == name]


def in_window(leaf: dict[str, Any], fact: Told, asked: Asked) -> bool:
    t, e, zone = asked.t, fact.at, asked.zone
    if "within" in leaf:
        return t - span(leaf["within"]) <= e <= t
    if "ago" in leaf:
        return t - span(leaf["ago"][1]) <= e <= t - span(leaf["ago"][0])
    if "calendar" in leaf:
        return in_calendar(leaf["calendar"], e, t, zone)
    if "since" in leaf:
        return e >= ends(leaf["since"], zone)[0]
    if "until" in leaf:
        return e <= ends(leaf["until"], zone)[1]
    if "between" in leaf:
        return ends(leaf["between"][0], zone)[0] <= e <= ends(leaf["between"][1], zone)[1]
    return True


def event(leaf: dict[str, Any], asked: Asked) -> bool:
    if "minimum_age" in leaf and asked.t - min(f.at for f in asked.facts) < span(leaf["minimum_age"]):
        return False
    chosen = [f for f in named(leaf["event"], asked) if conditions(leaf.get("where", []), f, asked)]
    return measure(leaf, [f for f in chosen if in_window(leaf, f, asked)])


def measure(leaf: dict[str, Any], events: list[Told]) -> bool:
    for kind in ("sum", "average", "min", "max"):
        if kind in leaf:
            values = [number(property_of(f, leaf[kind]["of"])) for f in events]
            summed = kind in {"sum", "average"}
            found = [value for value in values if value is not None and not (summed and abs(value) >= 1e15)]
            if not found:
                return kind == "sum" and judge_number(leaf[kind], 0.0)
            total = sum(found)
            figure = {"sum": total, "average": total / len(found), "min": min(found), "max": max(found)}[kind]
            return judge_number(leaf[kind], half_up(figure) if kind in {"sum", "average"} else figure)
    if "distinct" in leaf:
        values = [property_of(f, leaf["distinct"]["of"]) for f in events]
        return judge_number(leaf["distinct"], float(len({one_of_a_kind(v) for v in values if exists(v)})))
    return judge_number(leaf.get("count", {"at_least": 1}), float(len(events)))


def half_up(figure: float) -> float:
    return math.floor(figure * 1e6 + 0.5) / 1e6 if abs(figure) < 9e9 else figure


def one_of_a_kind(value: Any) -> str:
    if isinstance(value, str):
        return value
    found = number(value)
    if found is None:
        return "json " + json.dumps(value, sort_keys=True)
    return str(int(found)) if found.is_integer() and abs(found) < 2**53 else repr(found)


def picked(leaf: dict[str, Any], asked: Asked) -> bool:
    newest = "last_event" in leaf
    name = leaf["last_event" if newest else "first_event"]
    chosen = [f for f in named(name, asked) if conditions(leaf.get("where", []), f, asked)]
    if not chosen:
        return False
    fact = chosen[-1 if newest else 0]
    return in_window(leaf, fact, asked) and conditions(leaf.get("having", []), fact, asked)


def consent(leaf: dict[str, Any], asked: Asked) -> bool:
    purpose = leaf.get("purpose", "marketing")
    newest = None
    for fact in named("Consent Changed", asked):
        told = fact.properties
        about = told.get("purpose") if exists(told.get("purpose")) else "marketing"
        right = equal(told.get("channel"), leaf["consent"]) and equal(about, purpose)
        if right and told.get("state") in ("granted", "denied", "withdrawn"):
            newest = fact
    state = "none" if newest is None else newest.properties["state"]
    dated = [(w, o) for w, o in leaf.items() if w not in {"consent", "purpose", "is"}]
    when = all(newest is not None and of_time(w, o, newest.at, asked) for w, o in dated)
    return state == leaf.get("is", "granted") and when


def survey(leaf: dict[str, Any], asked: Asked) -> bool:
    answers = [f for f in named("Survey Answered", asked) if equal(f.properties.get("survey"), leaf["survey"])]
    if not answers or not in_window(leaf, answers[-1], asked):
        return False
    for word in ("score", "answer"):
        if word in leaf:
            told = leaf[word] if isinstance(leaf[word], dict) else {"is": leaf[word]}
            if not all(compare(w, o, answers[-1].properties.get(word), asked) for w, o in told.items()):
                return False
    return True


def message(leaf: dict[str, Any], asked: Asked) -> bool:
    name = {
        "sent": "Message Sent", "delivered": "Email Delivered", "opened": "Email Opened", "replied": "Message Replied",
        "clicked": "Email Link Clicked", "bounced": "Email Bounced", "complained": "Email Marked as Spam",
    }[leaf["got"]]  # fmt: skip
    about = [f for f in named(name, asked) if all(equal(f.properties.get(k), v) for k, v in leaf["message"].items())]
    return measure(leaf, [f for f in about if in_window(leaf, f, asked)])


def segment(leaf: dict[str, Any], asked: Asked) -> bool:
    return holds(asked.segments[leaf["segment"]], asked) == leaf.get("is", True)


def bucket(leaf: dict[str, Any], asked: Asked) -> bool:
    digest = hashlib.sha256(f"{leaf['bucket']}:{asked.customer}".encode()).digest()
    share = int.from_bytes(digest[:8], "big") / 2**64 * 100
    low, high = (0, leaf["percent"]) if "percent" in leaf else (leaf["from"], leaf["to"])
    return low <= share < high


def newest(name: str, about: str, key: str, said: str, asked: Asked) -> bool | None:
    """What the newest fact about a list or topic says; facts that say neither yes nor no are none."""
    told = [f.properties.get(said) for f in named(name, asked) if equal(f.properties.get(about), key)]
    words = [one for one in told if isinstance(one, bool)]
    return words[-1] if words else None


def listed(leaf: dict[str, Any], asked: Asked) -> bool:
    return (newest("List Changed", "list", leaf["list"], "member", asked) is True) == leaf.get("is", True)


def topic(leaf: dict[str, Any], asked: Asked) -> bool:
    said = newest("Topic Changed", "topic", leaf["topic"], "subscribed", asked)
    subscribed = said if said is not None else leaf["topic"] in asked.opt_out
    return subscribed == leaf.get("subscribed", True)


def near(leaf: dict[str, Any], asked: Asked) -> bool:
    """The angle at the earth's centre between two unit vectors."""
    newest = None
    for fact in named("*", asked):
        place = fact.context.get("location")
        lat, lon = (place.get("latitude"), place.get("longitude")) if isinstance(place, dict) else (None, None)
        if all(type(v) in (int, float) for v in (lat, lon)) and abs(lat) <= 90 and abs(lon) <= 180:
            newest = (lat, lon)
    return newest is not None and judge_number(leaf["km"], apart(newest, (leaf["near"]["lat"], leaf["near"]["lon"])))


def apart(one: tuple[float, float], other: tuple[float, float]) -> float:
    (x, y, z), (u, v, w) = (
        (math.cos(a) * math.cos(b), math.cos(a) * math.sin(b), math.sin(a))
        for a, b in ((math.radians(lat), math.radians(lon)) for lat, lon in (one, other))
    )
    cross = math.hypot(y * w - z * v, z * u - x * w, x * v - y * u)
    return round(6371.0088 * math.atan2(cross, x * u + y * v + z * w), 6)


def reachable(leaf: dict[str, Any], asked: Asked) -> bool:
    key = {"email": "email", "sms": "phone"}[leaf["reachable"]]
    told = [(f.at, f.traits[key]) for f in known(asked) if f.type == "identify" and key in f.traits]
    address = told[-1][1] if told else None
    if key == "email":
        fine = isinstance(address, str) and re.fullmatch(r"\s*[^@\s]+@[^@\s]+\.[^@\s]+\s*", address) is not None
    else:
        fine = exists(address)
    since = None
    for at, value in reversed(told):
        if not equal(value, address):
            break
        since = at
    against = [
        f for name in ("Email Bounced", "Email Marked as Spam") for f in named(name, asked)
        if since is not None and f.at >= since and (name != "Email Bounced" or f.properties.get("kind") == "hard")
        and (f.properties.get("channel") == leaf["reachable"] or (key == "email" and not f.properties.get("channel")))
    ]  # fmt: skip
    return (fine and not against) == leaf.get("is", True)


GRID = {  # R 5 to 1 from the top, F 1 to 5 from the left
    5: ["new", "potential-loyalist", "potential-loyalist", "champions", "champions"],
    4: ["promising", "potential-loyalist", "potential-loyalist", "champions", "champions"],
    3: ["about-to-sleep", "needs-attention", "needs-attention", "loyal", "loyal"],
    2: ["hibernating", "hibernating", "at-risk", "at-risk", "cant-lose"],
    1: ["lost", "lost", "at-risk", "at-risk", "cant-lose"],
}


def rfm(leaf: dict[str, Any], asked: Asked) -> bool:
    orders = named("Order Completed", asked)
    if not orders:
        return False
    age = asked.t - orders[-1].at
    r = next((r for r, days in ((5, 30), (4, 90), (3, 180), (2, 365)) if age <= span(f"{days}d")), 1)
    f = next(f for f, least in ((5, 8), (4, 5), (3, 3), (2, 2), (1, 1)) if len(orders) >= least)
    return GRID[r][f - 1] in leaf["in"]


def sequence(leaf: dict[str, Any], asked: Asked) -> bool:
    """Every choice of events is tried."""
    first, *rest = leaf["sequence"]
    begins = [f for f in named(first["event"], asked) if conditions(first.get("where", []), f, asked)]
    return any(in_window(leaf, f, asked) and follows(f.at, rest, asked) for f in begins)


def follows(last: int, steps: list[dict[str, Any]], asked: Asked) -> bool:
    """Whether the steps can be satisfied after an event at `last`."""
    absent = []
    while steps and steps[0].get("count") == 0:
        absent.append(steps[0])
        steps = steps[1:]
    if not steps:
        return all(stays_away(one, last, asked) for one in absent)
    for fact in of_step(steps[0], asked):
        near = "within" not in steps[0] or fact.at - last <= span(steps[0]["within"])
        calm = not any(comes_between(one, last, fact.at, asked) for one in absent)
        if fact.at >= last + 1000 and near and calm and follows(fact.at, steps[1:], asked):
            return True
    return False


def of_step(step: dict[str, Any], asked: Asked) -> list[Told]:
    return [f for f in named(step["event"], asked) if conditions(step.get("where", []), f, asked)]


def comes_between(absent: dict[str, Any], last: int, then: int, asked: Asked) -> bool:
    end = last + span(absent["within"]) if "within" in absent else then - 1000
    return any(last + 1000 <= f.at <= end for f in of_step(absent, asked))


def stays_away(absent: dict[str, Any], last: int, asked: Asked) -> bool:
    if "within" not in absent:
        return not any(f.at >= last + 1000 for f in of_step(absent, asked))
    end = last + span(absent["within"])
    return asked.t >= end + 1000 and not any(last + 1000 <= f.at <= end for f in of_step(absent, asked))


LEAVES = {
    "near": near, "reachable": reachable, "sequence": sequence, "list": listed, "topic": topic, "rfm": rfm,
    "trait": trait, "event": event, "last_event": picked, "first_event": picked, "consent": consent, "survey": survey,
    "message": message, "segment": segment, "bucket": bucket,
}  # fmt: skip
