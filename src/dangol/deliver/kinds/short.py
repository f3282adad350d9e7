"""Text messages: SMS, and LMS where a Korean one is longer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from dangol.base.errors import Fault, Invalid
from dangol.deliver import legal, lengths, marks
from dangol.deliver.kinds.finished import NOWHERE, Finished
from dangol.deliver.kinds.words import words
from dangol.deliver.messages import Message, Shown
from dangol.deliver.models import Delivery
from dangol.deliver.render import Draft, Rendered

LONGEST = 1_600  # characters, outside Korea


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortMessage(Message):
    """A text message as it leaves."""

    text: str
    mark: str  # says which delivery a report is about, and that we said so
    subject: str = ""  # of an LMS
    korean: bool = True  # Korean carriers take it: bytes count, in CP949

    @property
    def form(self) -> str:
        return lengths.form(self.text, self.subject) if self.korean else lengths.SMS

    def check(self) -> None:
        if not self.text:
            raise Invalid([Fault("/text", "nothing", "a text")])
        if self.korean:
            lengths.form(self.text, self.subject)
        elif len(self.text) > LONGEST:
            raise Invalid([Fault("/text", f"{len(self.text)} characters", f"at most {LONGEST:,}")])

    def shown(self) -> Shown:
        size = {"Bytes": str(lengths.size(self.text, "/text"))} if self.korean else {}
        return Shown(self.subject or _first_line(self.text), self.text, headers={"Form": self.form.upper(), **size})


def finish(delivery: Delivery, draft: Draft, now: datetime) -> Finished:
    """Render the text with what the law puts around it. Links are counted where the step asks for it: they are long."""
    told = words(draft, ("text",) if draft.message.get("tracking") else ())
    config = settings.DANGOL
    refusal = config.sms_refusal_number or draft.addresses.unsubscribe()
    around = legal.frame(draft.sender, draft.demands, told.language, refusal)
    text, title = legal.short(lengths.plain(told["text"]), around), lengths.plain(told["subject"])
    message = ShortMessage(
        to=NOWHERE, at=now, text=text, subject=legal.subject(title, draft.demands) if title else "",
        mark=marks.mark(config.secret, delivery.pk), korean="KR" in draft.countries,
    )  # fmt: skip
    return Finished(Rendered(told.language, message.subject or _first_line(text), "", text, told.links), message)


def _first_line(text: str) -> str:
    return text.partition("\n")[0][:80]
