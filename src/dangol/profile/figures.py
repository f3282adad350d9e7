"""Customer files that learn from facts, whenever these arrive."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from dangol.base.clock import to_us
from dangol.base.models import region
from dangol.collect.facts import Fact
from dangol.profile import file, rows, rules, tally
from dangol.profile.file import File


def learn(news: Mapping[int, Sequence[Fact]]) -> dict[int, File]:
    """The files of these customers with what these facts, whose rows are written already, add to them."""
    heard = news.keys() - _silent(news)
    found, where = file.read(heard), region()
    late: dict[int, list[int]] = {}
    for customer in heard:
        facts = news[customer]
        if not facts:
            continue
        if customer not in found:
            found[customer] = _new(customer, facts)
        profile = found[customer]
        times = sorted(_learn(profile, facts, where))
        if not _visits_on(profile, times):
            late[customer] = times
        _fill_cart(profile, facts)
    if late:
        _visit_between(found, late, {fact.position for customer in late for fact in news[customer]})
    return found


def _silent(news: Mapping[int, Sequence[Fact]]) -> set[int]:
    """Customers of whom these facts say nothing: they are our own, and no older than what was known."""
    ours = {
        customer: to_us(min(fact.at for fact in facts))
        for customer, facts in news.items()
        if facts and all(fact.own and fact.type != "identify" for fact in facts)
    }
    known = file.first_seen(ours)
    return {customer for customer, at in ours.items() if known.get(customer, at + 1) <= at}


def relearn(customer_ids: Collection[int]) -> dict[int, File]:
    """The files of these customers, made anew from all their facts; those without facts are missing."""
    found, where = {}, region()
    for customer in sorted(customer_ids):
        facts = rows.of_customers([customer])[customer]
        if not facts:
            continue
        profile = found[customer] = _new(customer, facts)
        times = _learn(profile, facts, where)
        if times:
            profile.tally |= {"visits": tally.visits_begun(times), "visited": times[-1]}
        cart = [fact for fact in facts if _about_cart(fact)]
        if cart:
            profile.tally["cart"] = tally.cart(cart)
    return found


def _new(customer: int, facts: Sequence[Fact]) -> File:
    return file.new(customer, to_us(facts[0].at))


def unlike(stored: File, fresh: File) -> list[str]:
    """The fields in which two files of one customer differ."""
    return [name for name in file.KEPT if getattr(stored, name) != getattr(fresh, name)]


def _learn(profile: File, facts: Sequence[Fact], where: str) -> list[int]:
    """Take in what does not depend on other facts; when those were that are part of a visit, in µs."""
    shown, visiting = False, list[int]()
    for fact in facts:
        version = tally.version(fact)
        profile.first_seen_at = min(profile.first_seen_at, version[0])
        if fact.type == "identify":
            rules.with_traits(profile.traits, profile.trait_versions, fact.traits, version)
            shown = True
        if not fact.own:
            profile.last_seen_at = max(profile.last_seen_at, version[0])
            channel = tally.channel_of(fact)
            shown |= tally.add(profile.tally, fact, version, channel, where)
            if channel in tally.VISITED:
                visiting.append(version[0])
    if shown:
        _show(profile)
    return visiting


def _show(profile: File) -> None:
    """What lists and searches look at."""
    for name in tally.SAID:
        told = profile.tally.get(name)
        setattr(profile, name, told[1] if told else "")
    email = profile.traits.get("email")
    if isinstance(email, str) and "@" in email:
        profile.email = email.strip().lower()[:254]
    profile.name = rules.display_name(profile.traits)


def _visits_on(profile: File, new: Sequence[int]) -> bool:
    """Count visits that go on behind the last one, or begin there; False where some fall before it."""
    if not new:
        return True
    last: int | None = profile.tally.get("visited")
    if last is not None and new[0] < last:
        return False
    profile.tally["visits"] = profile.tally.get("visits", 0) + tally.visits_behind(last, new)
    profile.tally["visited"] = new[-1]
    return True


def _visit_between(profiles: Mapping[int, File], late: Mapping[int, list[int]], positions: set[int]) -> None:
    """Count visits of customers, some of them before the last one: what lies around is looked at."""
    spans = {customer: (new[0] - tally.PAUSE, new[-1] + tally.PAUSE) for customer, new in late.items()}
    for customer, near in rows.between(spans).items():
        around = [to_us(fact.at) for fact in near if fact.position not in positions and tally.visits(fact)]
        _count_visits(profiles[customer], late[customer], around)


def _count_visits(profile: File, new: Sequence[int], around: Sequence[int]) -> None:
    profile.tally["visits"] = profile.tally.get("visits", 0) + tally.more_visits(new, around)
    profile.tally["visited"] = max(new[-1], profile.tally.get("visited", new[-1]))


def _about_cart(fact: Fact) -> bool:
    return fact.type == "track" and fact.name in tally.CART and not fact.own


def _fill_cart(profile: File, facts: Sequence[Fact]) -> None:
    new = sorted((fact for fact in facts if _about_cart(fact)), key=tally.version)
    if not new:
        return
    known = profile.tally.get("cart")
    if known and tally.version(new[0]) < tuple(known["version"]):
        new, known = [fact for fact in rows.named(profile.customer_id, tally.CART) if not fact.own], None
    profile.tally["cart"] = tally.cart(new, known)
