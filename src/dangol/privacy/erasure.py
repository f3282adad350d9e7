"""Erasing a person: out of the tables in one turn, then out of the files.

In: a customer. Out: an Erasure with how much of what went.
Promise: from the first commit on nothing is sent, shown or counted for the person, and nothing that arrives brings them
back; what is left to do in files is written down and done again after a crash until it is done.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import msgspec
from django.conf import settings

from dangol.base.errors import NotFound, Unavailable
from dangol.base.instants import iso
from dangol.base.models import region
from dangol.base.turns import turn
from dangol.campaign import forgetting as campaign
from dangol.collect import forgetting as collect
from dangol.collect import steps as facts_in
from dangol.collect.rules import external_ids
from dangol.collect.shops import forgetting as shops
from dangol.converse import forgetting as converse
from dangol.deliver import forgetting as deliver
from dangol.identity import forgetting as identity
from dangol.identity import steps as who
from dangol.identity.models import Identifier
from dangol.offer import belonging as offer
from dangol.privacy import audit, files, rules, sweeping, tombstones
from dangol.privacy.audit import HOUSE, Actor
from dangol.privacy.models import Confirmation, ErasedCustomer, Erasure, Request, Restriction, Vault, Withheld
from dangol.privacy.rules import Key, Names
from dangol.profile import consents
from dangol.profile import forgetting as profile
from dangol.profile.columns import keeping
from dangol.profile.models import Fact, Profile
from dangol.segment import live as segment
from dangol.survey import forgetting as survey
from dangol.value import forgetting as value

log = logging.getLogger("dangol.privacy")

PROOF = timedelta(days=5 * 365 + 1)  # consents are to be proven five years after they ended


def forget(customer_id: int, now: datetime, *, actor: Actor = HOUSE, reason: str = "", whole: bool = False) -> Erasure:
    """Erase the person behind a customer id, also one from before a merge. Raises NotFound.

    Doing it again for the same id gives the same Erasure. `whole`: look into every fact of others as well, where the
    log may not lead to them.
    """
    done = ErasedCustomer.objects.filter(pk=customer_id).select_related("erasure").first()
    if done:
        return finish(done.erasure, now)
    facts_in.flush()
    with turn():
        erasure = _take_out(customer_id, now, actor, reason)
        erasure.todo["whole"] = whole
        erasure.save(update_fields=["todo"])
    return finish(erasure, now)


def _take_out(customer_id: int, now: datetime, actor: Actor, reason: str) -> Erasure:
    current = who.current(customer_id)
    if current is None:
        raise NotFound(f"no customer has the id {customer_id}")
    ids = identity.everybody_in(current)
    keys = set(Identifier.objects.filter(customer_id__in=ids).values_list("kind", "value"))
    names, alone = _names(current, ids, keys)
    said = _said(current)
    positions = profile.positions(ids)
    _keep_proof(current, keys, now)
    tombstones.bury(alone, now)
    report = _forget_in_every_stage(ids, now) | shops.forget(alone, names)
    _forget_requests(ids)
    erasure = Erasure.objects.create(
        customer_id=current, at=now, by=actor.name[:254], reason=reason[:200], report=report,
        todo={"positions": positions, "names": sorted(names), "keys": sorted(alone), "also": said},
    )  # fmt: skip
    audit.note(actor, "erasure", now, customer=current, reason=reason)
    ErasedCustomer.objects.bulk_create(ErasedCustomer(customer_id=one, erasure=erasure) for one in ids)
    return erasure


def drop(ids: Sequence[int], now: datetime) -> None:
    """Forget visitors whom nobody asked to forget: no tombstone keeps them from being met again. Inside a turn."""
    everybody = [one for customer in ids for one in identity.everybody_in(customer)]
    noted = [Withheld(position=position) for position in profile.positions(everybody)]
    Withheld.objects.bulk_create(noted, ignore_conflicts=True, batch_size=300)
    _forget_in_every_stage(everybody, now)


def _forget_in_every_stage(ids: Sequence[int], now: datetime) -> dict[str, int]:
    segment.forget(ids, now)
    return {
        **value.forget(ids),
        **profile.forget(ids, settings.DANGOL.secret, campaign.goals() - {"Order Completed"}),
        **offer.forget(ids),
        **campaign.forget(ids, now),
        **deliver.forget(ids, now),
        **converse.forget(ids),
        **survey.forget(ids),
        **identity.forget(ids),
        "facts not yet in the log": collect.drop_outgoing(ids),
    }


def _forget_requests(ids: Sequence[int]) -> None:
    """That a person asked and was answered is kept; in which words, and how they proved who they are, is not."""
    Request.objects.filter(customer_id__in=ids).update(asked_for="", proof="", answer="")
    Restriction.objects.filter(customer_id__in=ids).delete()
    Confirmation.objects.filter(customer_id__in=ids).delete()


def _names(current: int, ids: Sequence[int], keys: set[Key]) -> tuple[set[str], set[Key]]:
    """The texts that name the person in tables and files, and the identifiers that are theirs alone.

    An address that somebody else goes by as well stays that person's.
    """
    shown = Profile.objects.filter(pk=current).values_list("email", "phone").first() or ("", "")
    addresses = {("email", shown[0]), ("phone", shown[1]), *(key for key in keys if key[0] in {"email", "phone"})}
    told = {key for values in _told(ids) for key in values}
    mine = {key for key in keys | told | addresses if key[1] and not _others(key, ids)}
    emails = {value.lower() for kind, value in mine if kind == "email"}
    phones = {text for kind, value in mine if kind == "phone" for text in (value, rules.digits(value))}
    texts = Fact.objects.filter(customer_id__in=ids).values_list("properties", "traits", "context")
    spelt = (rules.spellings(map(_json, row), emails, phones) for row in texts.iterator())
    return emails | phones | {text for found in spelt for text in found}, mine


def _said(customer: int) -> list[str]:
    """Further texts by which old bytes of the person are found in the gaps of a file: name, street and the like."""
    row = Profile.objects.filter(pk=customer).values_list("name", "traits").first()
    told = [row[0], *rules.texts(list(row[1].values()))] if row else []
    return sorted({text for text in told if " " in text.strip() and len(text) >= rules.FEWEST_DIGITS})[:50]


def _told(ids: Sequence[int]) -> Iterator[set[Key]]:
    """Addresses in the traits of identify facts: what the shop's site will say again."""
    rows = Fact.objects.filter(customer_id__in=ids, type="identify").values_list("traits", flat=True)
    where = region()
    for traits in map(_json, rows.iterator()):
        yield set(external_ids({"type": "identify", "traits": traits}, where))


def _others(key: Key, ids: Sequence[int]) -> bool:
    """Whether somebody else goes by this as well, or so many do that it is nobody's."""
    kind, value = key
    if Identifier.objects.filter(kind=kind, value=value, shared=True).exists():
        return True
    if Identifier.objects.filter(kind=kind, value=value).exclude(customer_id__in=ids).exists():
        return True
    if kind not in {"email", "phone"}:
        return False
    return Profile.objects.filter(**{f"{kind}__iexact": value}).exclude(pk__in=ids).exists()


def _json(text: str) -> Any:
    return msgspec.json.decode(text) if text else {}


def _keep_proof(customer: int, keys: set[Key], now: datetime) -> None:
    """What the person agreed to and refused is kept under the hash of their address, without it."""
    named = [key for key in sorted(keys) if key[0] in {"email", "phone"}]
    told = [
        {"channel": row.channel, "purpose": row.purpose, "state": row.state, "basis": row.basis, "at": iso(row.at),
         "wording": row.wording_id, "source": row.source}
        for row in consents.history(customer)
    ]  # fmt: skip
    if told:
        Vault.objects.bulk_create(
            Vault(hash=tombstones.hash_of(*key), kind="consent", told={"changes": told}, keep_until=now + PROOF)
            for key in named
        )


# --- files ----------------------------------------------------------------------------------------------------------


def finish(erasure: Erasure, now: datetime, late: Collection[str] = ()) -> Erasure:
    """Take the person out of the log and of every other file; safe to do again. `late`: further texts of theirs."""
    todo, folder = erasure.todo, settings.DANGOL.folder
    names = rules.names_of(todo.get("names", ()))
    if todo.get("positions") is not None:
        told = _empty_log(todo, names)
        if names:
            told["texts blotted out elsewhere"] = sweeping.sweep(names, whole=todo.get("whole", False))
            told["lines of files"] = files.strike(folder, names)
        tombstones.mirror(folder)
        erasure.report, erasure.todo = {**erasure.report, **told}, {"anew": True}
        erasure.save()
    if erasure.todo:
        try:
            keeping.purge(now)
            files.write_anew(
                folder, files.gaps(folder, rules.names_of([*todo.get("names", ()), *todo.get("also", ()), *late]))
            )
        except Unavailable as error:
            log.warning("%s; it is tried again", error)
            return erasure
        erasure.todo, erasure.finished_at = {}, now
        erasure.save()
    return erasure


def _empty_log(todo: dict[str, Any], names: Names | None) -> dict[str, int]:
    with contextlib.closing(collect.Emptying(settings.DANGOL.folder)) as log:
        told = {"log entries": log.empty(todo["positions"], rules.EMPTY)}
        keys = {(kind, value) for kind, value in todo["keys"]}
        about = partial(_is_about, keys, names)
        told["refused events"] = log.drop_refused(about, rules.EMPTY)
        if names:
            others = log.naming(names.texts)
            sweeping.blot_facts(others, names)
            told["log entries of others"] = log.blot(others, partial(_blotted, names), partial(_unnamed, names))
        log.settle()
        return told


def _blotted(names: Names, body: bytes) -> bytes:
    return msgspec.json.encode(rules.blotted(msgspec.json.decode(body), names))


def _unnamed(names: Names, message_id: str) -> str:
    return f"erased:{tombstones.hash_of('message', message_id)}" if names.name(message_id) else message_id


def _is_about(keys: set[Key], names: Names | None, detail: str, body: bytes) -> bool:
    """Whether a refused event names the person: by any text of theirs, or as its user."""
    if names and (names.name(body.decode("utf-8", "replace")) or names.name(detail)):
        return True
    try:
        event = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    told = event if isinstance(event, dict) else {}
    return bool({str(told.get(name)) for name in ("userId", "anonymousId")} & {value for _, value in keys})


def meet_again(kind: str, value: str, now: datetime, actor: Actor, reason: str = "") -> None:
    """Lift the tombstone of an identifier: what arrives from now on makes a new customer. Raises NotFound."""
    if not tombstones.lift(kind, value, settings.DANGOL.folder):
        raise NotFound(f"no erased person was known by this {kind}")
    audit.note(actor, "tombstone lifted", now, reason=reason, detail={"kind": kind})
