"""What a customer allows and refuses, on each channel and for each purpose.

In: `Consent Changed` facts. Out: every change, kept for good with its evidence, and the state that stands now.
Promise: the present is what the changes add up to, in any order of arrival; when two customers become one, the
strictest word stands, until that merge is undone.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from django.db.models import Max, Q

from dangol.base.parts import parts
from dangol.collect.facts import Fact
from dangol.identity import steps as identity
from dangol.profile import consenting, rows
from dangol.profile.models import Consent, ConsentChange, ConsentWording

Place = tuple[int, str, str]  # customer, channel, purpose
CARRIED = ("state", "basis", "at", "position", "source", "evidence", "effective_until")


def record(placed: Sequence[tuple[Fact, int, int | None]]) -> None:
    """Keep what these facts say, each with its customer and the identifier it came with."""
    told = [(one, said) for one in placed if (said := consenting.consent_of(one[0]))]
    if not told:
        return
    wordings = _wordings({str(said.evidence.get("wording") or "") for _, said in told})
    ConsentChange.objects.bulk_create(
        [
            ConsentChange(
                customer_id=customer, channel=said.channel, purpose=said.purpose, state=said.state, basis=said.basis,
                wording_id=wordings.get(str(said.evidence.get("wording") or "")), source=fact.source,
                evidence=said.evidence, ip=said.ip, user_agent=said.user_agent, at=fact.at, position=fact.position,
                identifier_id=identifier, imported=fact.imported, effective_until=said.effective_until,
            )
            for (fact, customer, identifier), said in told
        ],
        batch_size=200,
    )  # fmt: skip
    rebuild({customer for (_, customer, _), _ in told})


def rebuild(customer_ids: Collection[int]) -> None:
    """Make the present state of these customers from all their changes."""
    for part in parts(sorted(set(customer_ids))):
        changes = _standing_changes(part)
        now = {place: said for place, kept in changes.items() if (said := consenting.standing(kept))}
        old = {(row.customer_id, row.channel, row.purpose): row for row in Consent.objects.filter(customer_id__in=part)}
        Consent.objects.filter(pk__in=[row.pk for place, row in old.items() if place not in now]).delete()
        Consent.objects.bulk_create(
            [_present(place, said) for place, said in now.items()], update_conflicts=True, batch_size=200,
            unique_fields=["customer_id", "channel", "purpose"], update_fields=CARRIED,
        )  # fmt: skip


def _present(place: Place, said: ConsentChange) -> Consent:
    customer, channel, purpose = place
    carried = {name: getattr(said, name) for name in CARRIED}
    return Consent(customer_id=customer, channel=channel, purpose=purpose, **carried)


def _standing_changes(customers: Sequence[int]) -> dict[Place, list[ConsentChange]]:
    """Every change of these customers, oldest first, by what it is about."""
    void = _follow_merges(customers)
    kept: dict[Place, list[ConsentChange]] = defaultdict(list)
    for row in ConsentChange.objects.filter(customer_id__in=customers).order_by("at", "position", "pk"):
        if row.pk not in void:
            kept[row.customer_id, row.channel, row.purpose].append(row)
    return kept


def _follow_merges(customers: Sequence[int]) -> set[int]:
    """Bring the words of merges to whom their survivor is now; those of merges that were undone are void."""
    about = Q(customer_id__in=customers) | Q(survivor_id__in=customers)
    void: set[int] = set()
    for row in ConsentChange.objects.filter(about, absorbed_id__isnull=False):
        home = identity.current(row.survivor_id or 0) or row.customer_id
        if home != row.customer_id:
            ConsentChange.objects.filter(pk=row.pk).update(customer_id=home)
        if (identity.current(row.absorbed_id or 0) or home) != home:
            void.add(row.pk)
    return void


def merge(absorbed: int, survivor: int) -> None:
    """What two customers who are one allow: all that each said, and the stricter word stands."""
    present = {
        customer: {(row.channel, row.purpose): row for row in Consent.objects.filter(customer_id=customer)}
        for customer in (absorbed, survivor)
    }
    if not present[absorbed]:
        ConsentChange.objects.filter(customer_id=absorbed).update(customer_id=survivor)
        return
    ConsentChange.objects.filter(customer_id=absorbed).update(customer_id=survivor)
    ConsentChange.objects.bulk_create(
        word
        for about in sorted(set(present[absorbed]) & set(present[survivor]))
        if (word := _stricter(present[absorbed][about], present[survivor][about], absorbed, survivor))
    )
    Consent.objects.filter(customer_id=absorbed).delete()
    rebuild([survivor])


def follow(customer_ids: Collection[int]) -> None:
    """Words of these customers go where the facts that told them have gone; those of merges stay."""
    rows.follow("profile_consentchange", customer_ids, "absorbed_id IS NULL")


def _stricter(one: Consent, other: Consent, absorbed: int, survivor: int) -> ConsentChange | None:
    """The word that stands from a merge on; None where time alone gives it."""
    strict, lax = sorted((one, other), key=lambda row: consenting.STRICTNESS[row.state], reverse=True)
    if strict.state == lax.state or (strict.at, strict.position) > (lax.at, lax.position):
        return None
    return ConsentChange(
        customer_id=survivor, channel=strict.channel, purpose=strict.purpose, state=strict.state, basis=strict.basis,
        source=strict.source, evidence={**strict.evidence, "kept_at_merge_from": strict.at.isoformat()},
        at=lax.at, position=lax.position, effective_until=strict.effective_until,
        absorbed_id=absorbed, survivor_id=survivor,
    )  # fmt: skip


def states(customer_ids: Collection[int], channel: str, purpose: str) -> dict[int, str]:
    """The present state by customer; customers who said nothing are missing."""
    return {
        customer: state
        for part in parts(sorted(customer_ids))
        for customer, state in Consent.objects.filter(
            customer_id__in=part, channel=channel, purpose=purpose
        ).values_list("customer_id", "state")
    }


def history(customer_id: int) -> list[ConsentChange]:
    """Everything a customer ever said about consent, the newest first."""
    return list(ConsentChange.objects.filter(customer_id=customer_id).order_by("-at", "-position", "-pk"))


# --- wordings -------------------------------------------------------------------------------------------------------


def wording_hash(text: str) -> str:
    """What tells two wordings apart: the text without its outer blanks."""
    return hashlib.sha256(text.strip().encode()).hexdigest()


def add_wording(channel: str, purpose: str, language: str, text: str, now: datetime) -> ConsentWording:
    """A wording that the shop shows; the same text again is the same wording, another is the next version."""
    about = {"channel": channel, "purpose": purpose, "language": language}
    found = ConsentWording.objects.filter(**about, hash=wording_hash(text)).first()
    if found:
        return found
    last = ConsentWording.objects.filter(**about).aggregate(last=Max("version"))["last"] or 0
    return ConsentWording.objects.create(
        **about, text=text.strip(), hash=wording_hash(text), version=last + 1, created_at=now
    )


def wording(channel: str, purpose: str, language: str) -> ConsentWording | None:
    """The newest wording in a language, else in any."""
    rows = ConsentWording.objects.filter(channel=channel, purpose=purpose)
    return rows.filter(language=language).order_by("-version").first() or rows.order_by("-created_at", "-pk").first()


def wordings() -> list[ConsentWording]:
    """All of them, the newest version of each first."""
    return list(ConsentWording.objects.order_by("channel", "purpose", "language", "-version"))


def _wordings(texts: Iterable[str]) -> dict[str, int]:
    """The wordings we know among these texts."""
    hashes = {wording_hash(text): text for text in texts if text}
    found = ConsentWording.objects.filter(hash__in=list(hashes)).order_by("version") if hashes else ()
    return {hashes[row.hash]: row.pk for row in found}
