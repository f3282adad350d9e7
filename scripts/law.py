"""Writes docs/law.md from the policy packs.

scripts/law.py            writes the page anew
scripts/law.py --check    changes nothing; status 1 where the page and the packs differ
"""

from __future__ import annotations

import sys
from pathlib import Path

from dangol.deliver import law
from dangol.deliver.law.pack import Night, Pack, Term

PAGE = Path(__file__).parent.parent / "docs" / "law.md"
CHANNELS = {"email": "e-mail", "sms": "text message", "kakao": "Kakao", "webpush": "web push"}
BASES = {
    "kr_existing_trade": "a trade of the same kind of goods (`kr_existing_trade`)",
    "soft_opt_in": "own similar products (`soft_opt_in`)",
    "casl_purchase": "a purchase (`casl_purchase`)",
    "casl_inquiry": "an inquiry (`casl_inquiry`)",
}
LANGUAGES = {"ko": "Korean", "en": "English"}
SHOWN = {
    "name": "the sender's name",
    "email": "e-mail address",
    "phone": "telephone",
    "address": "postal address",
    "contact": "a way to ask",
    "refusal": "how to refuse",
    "free_refusal": "a number or link to refuse free of charge",
}
HEAD = """\
# The law of advertising

Written by `scripts/law.py` from the policy packs in `src/dangol/deliver/law/`; a test holds the page to them. It tells
what the gate goes by, and is no legal advice.

Every marketing message by e-mail, text message, Kakao or web push stands under the law of each country that it touches:
the customer's, as the trait `country` or `address.country` and the country code of the telephone number tell it, and
the shop's (Settings). Where trait and telephone differ, both count. What one of these laws forbids is forbidden. Where
nothing tells the customer's country, the shop's is taken.

A law's night goes by the country's clock where the country has one, else by the customer's: the trait `timezone`. Where
no trait tells it, the message leaves only when it is day on every clock that may be theirs: those of the state in their
address (`address.state`, `region`, `province`) and of their area code, and all of the country where neither tells. The
shop's clock never stands for the customer's there.

What a law wants a message to say of its sender comes from Settings. Advertising that would have to leave something out
waits (`sender_address:us-2004-01-01`) and goes on once Settings tell it; the campaign's page and Settings say what is
missing.

A pack holds from a day on. A decision names the pack that it rests on: `night:kr-2026-07-07` is Korea's night rule as
it stands since 7 July 2026. An amendment is a further pack with a later day; nothing else changes.

## What holds everywhere

Dangol is stricter than some of these laws, whatever the country:

- Silence is no. Marketing needs a consent on that channel, also where the law would do without.
- A refusal holds at once: the address is suppressed and what waits is cancelled in the same transaction.
- The shop's own night, 21:00 to 08:00 by the customer's clock, and one marketing message a day. Both can be changed
  under Settings; the law's night cannot. A customer's consent to messages at night (purpose `night`) lifts the shop's
  night, and the law's where the law says so.
- A card on the shop's own site, a webhook and a staff task are no messages that arrive by themselves: they need no
  consent and keep no night. An AlimTalk never advertises.
- Every advertisement says how to refuse more. An e-mail names its sender and, as far as Settings tell them, the e-mail
  address, telephone and postal address; so does an e-mail about the customer's own business.
- Messages about the customer's own business (orders, shipping, what the law wants told) are not advertising.

## A consent that nobody gave in words

A consent's `basis` says what it rests on. Every basis but those below is one that was given in words, and is taken
everywhere. `Consent Changed` may carry, beside the basis, `since` (the end of the trade, the purchase, the inquiry;
else the consent's own time counts), `effective_until`, and `refusal_offered: true` where the customer could refuse when
the address was taken.

"""


def page() -> str:
    """The whole page."""
    return HEAD + _bases() + "".join(_pack(pack) for pack in law.PACKS)


def _bases() -> str:
    rows = ["| law | basis | channels | goes |", "|---|---|---|---|"]
    for pack in law.PACKS:
        rows += [
            f"| `{pack.key}` | {BASES[basis]} | {_channels(term.channels)} | {_term(term)} |"
            for basis, term in pack.implied.items()
        ]
    return "\n".join(rows) + "\n"


def _term(term: Term) -> str:
    length = f"{term.months} months" if term.months else "until it is refused"
    return length + (", if refusing was offered when the address was taken" if term.refusal_offered else "")


def _channels(channels: frozenset[str] | tuple[str, ...]) -> str:
    return ", ".join(name for channel, name in CHANNELS.items() if channel in channels)


def _pack(pack: Pack) -> str:
    lines = [f"\n## `{pack.key}`\n", f"{pack.law['en']} ({pack.law['ko']}). In force here from {pack.since}.\n"]
    lines += [f"- Countries: {', '.join(sorted(pack.countries))}."]
    lines += [f"- {_night(night)}" for night in pack.nights]
    if pack.written:
        lines.append(f"- On {_channels(pack.written)} only a consent given in words counts.")
    for text in sorted(set(pack.label.values())):
        lines.append(f"- Advertising by {_channels(tuple(pack.label))} begins with `{text}`; Dangol puts it there.")
    lines += [
        f"- By {CHANNELS[channel]} it says: {', '.join(SHOWN[one] for one in shown)}."
        for channel, shown in pack.shows.items()
    ]
    for languages in sorted(set(pack.languages.values())):
        channels = _channels(tuple(one for one, told in pack.languages.items() if told == languages))
        lines.append(f"- By {channels} it says so in {' and '.join(LANGUAGES[one] for one in languages)}.")
    if pack.opt_out_days:
        lines.append(f"- A refusal must hold within {pack.opt_out_days} days; here it holds at once.")
    if pack.result_days:
        lines.append(f"- What came of a word on consent is told within {pack.result_days} days.")
    if pack.reconfirm_years:
        every = f"- Every {pack.reconfirm_years} years customers are told that they agreed;"
        lines.append(f"{every} who was not gets no advertising.")
    return "\n".join(lines) + "\n"


def _night(night: Night) -> str:
    lifted = "unless the customer agreed to that (purpose `night`)" if night.consent_lifts else "whatever was agreed"
    hours = f"from {night.begins:%H:%M:%S} until before {night.ends:%H:%M:%S}"
    return f"Nothing by {_channels(night.channels)} {hours}, {lifted}."


def main() -> int:
    if "--check" in sys.argv:
        same = PAGE.exists() and PAGE.read_text() == page()
        print("docs/law.md is up to date" if same else "docs/law.md differs from the packs; run scripts/law.py")
        return 0 if same else 1
    PAGE.write_text(page())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
