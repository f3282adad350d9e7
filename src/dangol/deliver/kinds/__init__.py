"""From a draft to the finished message of its channel: one file per kind of message, and one line here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from dangol.campaign import templates
from dangol.deliver.kinds import callout, card, kakao, letters, note, push, short
from dangol.deliver.kinds.finished import Finished
from dangol.deliver.models import Delivery
from dangol.deliver.render import Draft

Finish = Callable[[Delivery, Draft, datetime], Finished]

KINDS: dict[str, Finish] = {
    "email": letters.finish,
    "sms": short.finish,
    "kakao": kakao.finish,
    "webpush": push.finish,
    "onsite": card.finish,
    "webhook": callout.finish,
    "task": note.finish,
}


def finish(delivery: Delivery, draft: Draft, now: datetime) -> Finished:
    """Render a message. Raises TemplateFault where its templates fail, DangolError where it could not leave."""
    with templates.missing() as missing:
        finished = KINDS[delivery.channel](delivery, draft, now)
    finished.message.check()
    noted = {*finished.rendered.missing, *missing}
    return replace(finished, rendered=replace(finished.rendered, missing=tuple(sorted(noted)))) if noted else finished
