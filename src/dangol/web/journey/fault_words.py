"""What may stand somewhere in a campaign, as its reader says it, in the page's language."""

from __future__ import annotations

import re
from typing import Any

from django.utils.translation import gettext_lazy as _

from dangol.campaign import entries
from dangol.web.builder import fault_words
from dangol.web.builder.fault_words import formed

WORDS: dict[str, Any] = {
    "true": _("true"),
    "one of the two": _("one of the two"),
    "one of rule or fact": _("a rule or a fact, not both"),
    "one of traits, list, consent or topic": _("one of traits, list, consent or topic"),
    "one of branches (by rules) or shares (by chance)": _("one of branches (by rules) or shares (by chance)"),
    "each channel once": _("each channel once"),
    "channel or reach, not both": _("one channel, or several to fall back on, not both"),
    "in the variants": _("in the variants"),
    "in one of the branches": _("in one of the branches"),
    "variants of one channel: channel instead of reach": _("variants of one channel"),
    "beside an entry by a fact": _("only where a fact begins it"),
    "beside an entry by a segment": _("only where a segment begins it"),
    "beside fact only": _("only beside a fact"),
    "beside branches only: shares leave nobody over": _("only beside branches: shares leave nobody over"),
    "nothing beside alimtalk": _("nothing beside an approved template"),
    "{best_hour: true} and nothing beside it": _("the best hour, and nothing beside it"),
    "a rule; facts are waited for with wait_for": _("a rule; to wait for a fact there is a step of its own"),
    "a fact that campaigns do not cause themselves": _("a fact that campaigns do not cause themselves"),
    "the key of an offer that is not archived": _("an offer that is not archived"),
    "no coupon before a step gives one: give: {offer: …}": _("no coupon before a step gives one"),
    "a name that Dangol does not use itself": _("a name that Dangol does not use itself"),
    "a key that no other step of this campaign has": _("a key that no other step of this campaign has"),
    "a key that no other way out of this step has": _("a key that no other way out of this step has"),
    "a key that no other variant of this step has": _("a key that no other variant of this step has"),
    "a language tag such as en, ko or pt-BR": _("a language, such as en, ko or pt-BR"),
    "a date and time in the shop's zone, such as 2026-12-01T10:00": _("a date and time, such as 2026-12-01T10:00"),
    'a time of day in quotes, such as "09:00"': _("a time of day, such as 09:00"),
    entries.RULE_ALLOWED: _(
        "a rule of RFC 5545 such as FREQ=WEEKLY;BYDAY=MO;BYHOUR=9, or days such as RDATE:20270124T100000"
    ),
    "a rule that has an occurrence": _("a day that comes at all"),
    "a rule whose occurrences are an hour apart or more": _("not more often than once an hour"),
    "a span such as 2d, or one of {hour}, {date}, {best_hour: true}": _("some time such as 2 days, an hour, or a day"),
    "a span such as 7d, or -7d for the time before": _("some days before or after"),
    "a Liquid template that can be read": _("Liquid that can be read"),
    "a message whose footer (sender, unsubscribing) a reader sees": _(
        "a message whose footer (sender, unsubscribing) a reader sees"
    ),
    "a whole address such as https://shop.example/page, mailto: or tel:": _(
        "a whole address such as https://shop.example/page, mailto: or tel:"
    ),
    "an address such as https://erp.shop.example/hook": _("an address such as https://erp.shop.example/hook"),
    "an element of MJML; partials instead of mj-include": _("an element of MJML; partials instead of mj-include"),
    "the key of a template that is kept": _("a template that is kept"),
    "the number of a version": _("the number of a version"),
    "the key of a survey, on every channel": _("the key of a survey"),
    "the id of an approved template": _("the id of an approved template"),
    "names such as #{name}": _("names such as #{name}"),
    "shares that sum to 100": _("shares that sum to 100"),
    "shares that sum to 100, or none": _("shares that sum to 100, or none"),
    "a text, a number, true, false, a list or an object": _("a text, a number, true, false, a list or an object"),
    "an object of Liquid texts": _("texts by name"),
    "a title by language, such as {en: Call them}": _("a title in at least one language"),
    "an object with channel, class and what the channel takes": _("a message"),
    "an object with key, share and what the channel takes": _("a key, a share and a message"),
    "words of a-z, 0-9 and _ with dots between, such as cart.reminder": _(
        "words of a-z, 0-9 and _ with dots between, such as cart.reminder"
    ),
}
FORMS: tuple[tuple[re.Pattern[str], Any], ...] = (
    (re.compile(r"a list of (?P<least>\d+) to (?P<most>\d+)"), _("%(least)s to %(most)s of them")),
    (re.compile(r"an object of (?P<least>\d+) to (?P<most>\d+) values"), _("%(least)s to %(most)s values")),
    (re.compile(r"text of 1 to (?P<most>\d+) characters"), _("a text of 1 to %(most)s characters")),
    (re.compile(r"a number from 0 to (?P<most>\d+)"), _("a number from 0 to %(most)s")),
    (re.compile(r"a whole number from 0 to (?P<most>\d+)"), _("a whole number from 0 to %(most)s")),
    (re.compile(r"a whole number from 1 to (?P<most>\d+)"), _("a whole number from 1 to %(most)s")),
    (re.compile(r"1 to (?P<most>\d+) of a-z, A-Z, 0-9, - and _"), _("1 to %(most)s of a-z, A-Z, 0-9, - and _")),
    (re.compile(r"a wait, and one of (?P<words>.*)"), _("a wait, and one thing that is done")),
    (re.compile(r"templates by language, such as .*"), _("what is said, by language")),
    (re.compile(r"one of (?P<words>(?:[\w.-]+|\{[\w-]+\})(?:, (?:[\w.-]+|\{[\w-]+\}))*)"), _("one of %(words)s")),
    (re.compile(r"beside (?P<subject>\S+): nothing"), _("nothing beside %(subject)s")),
    (re.compile(r"an object with (?P<words>.*)"), _("an object with %(words)s")),
    (re.compile(r"steps at most (?P<most>\d+) lists deep"), _("ways at most %(most)s deep")),
    (re.compile(r"values at most (?P<most>\d+) deep"), _("values at most %(most)s deep")),
    (re.compile(r"(?P<most>\d+) steps in all"), _("at most %(most)s steps in all")),
    (re.compile(r"no label: (?P<label>\S+) is put there .*"), _("no label: %(label)s is put there by law")),
)


def in_words(allowed: str) -> str:
    """What is allowed, as people read it; the rules in a campaign speak the words of the segment builder."""
    if allowed in WORDS:
        return str(WORDS[allowed])
    return formed(FORMS, allowed) or fault_words.in_words(allowed)
