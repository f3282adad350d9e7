"""Kakao: AlimTalk (an approved template with its blanks filled) and Brand Message (advertising to who agreed)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings

from dangol.base.errors import Fault, Invalid
from dangol.campaign.templates import render_plain
from dangol.deliver import legal, lengths, marks
from dangol.deliver.kinds.finished import NOWHERE, Finished
from dangol.deliver.kinds.words import words
from dangol.deliver.messages import Message, Shown
from dangol.deliver.models import Delivery
from dangol.deliver.render import Draft, Rendered, own_variables

ALIMTALK, BRAND = "alimtalk", "brand"
LONGEST_BLANK, LONGEST_TEXT = 200, 1_300  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class KakaoMessage(Message):
    """A Kakao message as it leaves."""

    mark: str
    template: str = ""  # of an AlimTalk: its id with Kakao
    blanks: Mapping[str, str] = field(default_factory=dict)  # "#{name}" → what stands there
    text: str = ""  # of a Brand Message
    button: str = ""
    url: str = ""
    targeting: str = "I"  # I: the channel's friends among these; M, N: also others who agreed to marketing

    @property
    def form(self) -> str:
        return ALIMTALK if self.template else BRAND

    def check(self) -> None:
        for name, value in self.blanks.items():
            if not value or len(value) > LONGEST_BLANK:
                raise Invalid([Fault(f"/variables/{name}", value or "nothing", f"1 to {LONGEST_BLANK} characters")])
        if not self.template and not 0 < len(self.text) <= LONGEST_TEXT:
            raise Invalid([Fault("/text", f"{len(self.text)} characters", f"1 to {LONGEST_TEXT:,} characters")])

    def shown(self) -> Shown:
        if self.template:
            lines = [f"{name} = {value}" for name, value in self.blanks.items()]
            return Shown(f"AlimTalk {self.template}", "\n".join(lines), headers={"Template": self.template})
        link = f"\n\n[{self.button}] {self.url}" if self.button else ""
        return Shown(self.text.partition("\n")[0][:80], self.text + link, headers={"Targeting": self.targeting})


def finish(delivery: Delivery, draft: Draft, now: datetime) -> Finished:
    """Fill the template's blanks, or render the Brand Message."""
    mark = marks.mark(settings.DANGOL.secret, delivery.pk)
    if draft.message.get("alimtalk"):
        message = _alimtalk(draft, now, mark)
        return Finished(Rendered(draft.languages[0], message.shown().subject, "", message.shown().text), message)
    told = words(draft, ("url",))
    text = lengths.plain(told["text"])
    refusal = settings.DANGOL.sms_refusal_number or draft.addresses.unsubscribe()
    around = legal.frame(draft.sender, draft.demands, told.language, refusal)
    brand = KakaoMessage(
        to=NOWHERE, at=now, mark=mark, button=told["button"], url=told["url"],
        text=legal.short(text, around),
        targeting=draft.message.get("targeting", "I"),
    )  # fmt: skip
    return Finished(Rendered(told.language, brand.shown().subject, "", brand.text, told.links), brand)


def _alimtalk(draft: Draft, now: datetime, mark: str) -> KakaoMessage:
    given: Mapping[str, Any] = draft.message.get("variables") or {}
    language = draft.languages[0] if draft.languages else "ko"
    variables = {**draft.variables, **own_variables(draft, language)}
    blanks = {name: lengths.plain(render_plain(source, variables)) for name, source in given.items()}
    return KakaoMessage(to=NOWHERE, at=now, mark=mark, template=draft.message["alimtalk"], blanks=blanks)
