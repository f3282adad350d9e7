"""Staff tasks: a call, a letter or a visit that a person makes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from dangol.base.errors import Fault, Invalid
from dangol.deliver.kinds.finished import NOWHERE, Finished
from dangol.deliver.kinds.words import words
from dangol.deliver.messages import Message, Shown
from dangol.deliver.models import Delivery
from dangol.deliver.render import Draft, Rendered

CALL, LETTER, VISIT = KINDS = ("call", "letter", "visit")


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskMessage(Message):
    """What a person is asked to do."""

    kind: str
    title: str
    text: str

    @property
    def form(self) -> str:
        return self.kind

    def check(self) -> None:
        if not self.title:
            raise Invalid([Fault("/title", "nothing", "what is to do")])

    def shown(self) -> Shown:
        return Shown(self.title, self.text, headers={"Kind": self.kind})


def finish(delivery: Delivery, draft: Draft, now: datetime) -> Finished:
    """Render what is to do."""
    told = words(draft)
    title = " ".join(told["title"].split())
    message = TaskMessage(to=NOWHERE, at=now, kind=draft.message["kind"], title=title, text=told["text"])
    return Finished(Rendered(told.language, title, "", message.text), message)
