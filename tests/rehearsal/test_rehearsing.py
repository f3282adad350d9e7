"""A rehearsal over the facts of a shop: what would have been sent, what the gate would have said, nothing sent."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from dangol.base.clock import SetClock
from dangol.campaign import steps as campaign
from dangol.campaign.templates import stored
from dangol.deliver.models import OutboxMessage
from dangol.rehearsal import asking, past
from dangol.segment import topics
from dangol.strategy import steps as strategy
from tests.shopkit import Kit

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def test_a_play_over_the_past(kit: Kit, clock: SetClock, tmp_path: Path) -> None:
    strategy.ensure_ready(clock.now())
    campaign.activate_play("thanks", clock.now())
    begins = clock.now() + 2 * DAY
    for user in ("ann", "bob", "cem"):
        kit.identify(user, {"email": f"{user}@example.com"})
    for user in ("ann", "bob"):
        kit.consent(user)
    kit.order("cem", "old", 10)
    kit.run()
    clock.set(begins + HOUR)
    for user in ("ann", "bob", "cem"):
        kit.track(user, "Product Added", {"product_id": "P", "name": "Cup"})
    kit.run()
    clock.advance(timedelta(minutes=20))
    kit.order("bob", "o1", 10)
    kit.run()
    kit.pass_time(2 * DAY, 6 * HOUR)
    before = OutboxMessage.objects.count()

    play = strategy.play("abandoned-cart")
    topics.save("carts", {"name": {"en": "Carts"}, "kind": "opt_out"}, clock.now())
    for text in ("first", "second"):  # which the campaign names is the first, though there is a newer one
        stored.put("cart", {"templates": {"en": {"subject": text, "html": "<p>Hi</p>"}}}, clock.now())
    send = {"channel": "email", "class": "marketing", "topic": "carts", "template": "cart", "template_version": 1}
    steps = [{**one, "send": send} for one in play.definition["steps"]]
    definition = {**play.definition, "steps": steps, "holdout_percent": 0}
    scene = past.scene("abandoned-cart", "Abandoned cart", definition, begins, clock.now())
    scene.segments.append(dict(play.audience))
    past.spool(kit.log, tmp_path / "facts.jsonl", clock.now(), lambda *_: None)
    (tmp_path / "scene.json").write_bytes(msgspec.json.encode(scene))
    told = asking._run(tmp_path, lambda *_: None)

    assert told["entered"] == 1, "bob bought, cem allowed nothing"
    assert told["messages"] == {"reminder": {"accepted": 1}}
    [one] = told["who"]
    assert one["subject"].endswith("first")
    assert (one["customer"], one["at"][:16]) == ("userId:ann", "2026-11-26T05:00"), "an hour after the cart"
    assert (told["channels"], told["left"]) == ({"email": 1}, {"finished": 1})
    assert OutboxMessage.objects.count() == before
    assert any("userId:ann" in line for line in asking.lines(told))
