"""Sign-up forms that the shop makes: what each asks beside the address, which topics it offers, what it says.

In: what staff declare, and what somebody fills in. Out: what goes on to the double opt-in (optin.py).
Promise: nothing that somebody fills in counts before the owner of the address has confirmed it; what a form does not
ask is not taken.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from dangol.base import texts
from dangol.base.errors import Fault, Invalid, NotFound
from dangol.base.turns import turn
from dangol.privacy.models import SignUpForm
from dangol.profile import topics

WORDS = ("title", "fields", "topics", "thanks")
FIELD = ("trait", "label", "required")
IDENTIFYING = {"email", "phone", "id", "userId", "anonymousId"}  # nobody may claim one of these by a form
TAKEN = {"topic", "wording", "page", "website"}  # what the form's own inputs are called
LONGEST_TITLE, LONGEST_THANKS, LONGEST_LABEL, LONGEST_ANSWER = 200, 1_000, 100, 200
MOST_FIELDS = 10
_KEY = re.compile(r"[a-z0-9-]{1,64}")
_TRAIT = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}")


def everything() -> list[SignUpForm]:
    """The forms that take people in, by key."""
    return list(SignUpForm.objects.filter(archived_at=None).order_by("key"))


def get(key: str) -> SignUpForm:
    """One form that takes people in. Raises NotFound."""
    found = SignUpForm.objects.filter(key=key, archived_at=None).first()
    if found is None:
        raise NotFound(f"no form {key}; there are {', '.join(row.key for row in everything()) or 'none'}")
    return found


def written(row: SignUpForm) -> dict[str, Any]:
    """A form as the API has it, beside its key."""
    return {word: getattr(row, word) for word in WORDS}


def save(key: str, shape: Mapping[str, Any], now: datetime) -> SignUpForm:
    """Make a form, or make it otherwise; an archived one comes back. Raises Invalid with every fault."""
    told = check(key, shape)
    with turn():
        row = SignUpForm.objects.filter(key=key).first() or SignUpForm(key=key, created_at=now)
        for word, value in told.items():
            setattr(row, word, value)
        row.updated_at, row.archived_at = now, None
        row.save()
    return row


def archive(key: str, now: datetime) -> None:
    """Let a form take nobody in any more. Raises NotFound."""
    get(key)
    SignUpForm.objects.filter(key=key).update(archived_at=now)


def check(key: str, shape: Mapping[str, Any]) -> dict[str, Any]:
    """What a shape says a form is. Raises Invalid with every fault."""
    found = [Fault(f"/{word}", str(word), ", ".join(WORDS)) for word in shape if word not in WORDS]
    if not _KEY.fullmatch(key):
        found.append(Fault("/key", repr(key), "1 to 64 of a-z, 0-9 and -"))
    told = {
        "title": texts.read(shape.get("title", {}), "/title", LONGEST_TITLE, found),
        "fields": _fields(shape.get("fields", []), found),
        "topics": _offered(shape.get("topics", []), found),
        "thanks": texts.read(shape.get("thanks", {}), "/thanks", LONGEST_THANKS, found),
    }
    if found:
        raise Invalid(found)
    return told


def _offered(given: object, found: list[Fault]) -> list[str]:
    if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
        found.append(Fault("/topics", repr(given)[:80], "a list of keys of topics"))
        return []
    found += topics.faults({one: f"/topics/{number}" for number, one in enumerate(given)})
    return list(dict.fromkeys(given))


def _fields(given: object, found: list[Fault]) -> list[dict[str, Any]]:
    if not isinstance(given, list) or len(given) > MOST_FIELDS:
        found.append(Fault("/fields", repr(given)[:80], f"a list of at most {MOST_FIELDS} fields"))
        return []
    fields = [_field(one, f"/fields/{number}", found) for number, one in enumerate(given)]
    named = [one["trait"] for one in fields]
    found += [
        Fault(f"/fields/{number}/trait", trait, "each trait once")
        for number, trait in enumerate(named)
        if trait and trait in named[:number]
    ]
    return fields


def _field(given: object, at: str, found: list[Fault]) -> dict[str, Any]:
    if not isinstance(given, Mapping):
        found.append(Fault(at, repr(given)[:80], "an object with trait, label and required"))
        return {"trait": ""}
    found += [Fault(f"{at}/{word}", str(word), ", ".join(FIELD)) for word in given if word not in FIELD]
    trait, required = given.get("trait"), given.get("required", False)
    if not (isinstance(trait, str) and _TRAIT.fullmatch(trait)) or trait in IDENTIFYING | TAKEN:
        found.append(Fault(f"{at}/trait", repr(trait)[:80], "a trait such as name, that is no address or number"))
    if not isinstance(required, bool):
        found.append(Fault(f"{at}/required", repr(required)[:80], "true or false"))
    label = texts.read(given.get("label", {}), f"{at}/label", LONGEST_LABEL, found)
    return {"trait": str(trait or ""), "label": label, "required": required is True}


def taken(row: SignUpForm, answers: Mapping[str, str], ticked: Collection[str]) -> tuple[dict[str, str], list[str]]:
    """The traits and topics of what was filled in: only what the form asks and the shop still offers.

    Raises Invalid where something that is required is missing.
    """
    said = {one["trait"]: answers.get(one["trait"], "").strip()[:LONGEST_ANSWER] for one in row.fields}
    missing = [one["trait"] for one in row.fields if one["required"] and not said[one["trait"]]]
    if missing:
        raise Invalid([Fault(f"/{trait}", "nothing", "an answer") for trait in missing])
    there = {one.key for one in topics.everything()}
    return {trait: text for trait, text in said.items() if text}, [
        key for key in row.topics if key in ticked and key in there
    ]
