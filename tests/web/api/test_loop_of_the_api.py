"""The whole circle through the API alone: plan, play, message, order, answer, task, harvest."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dangol.base.clock import SetClock
from tests.shopkit import Kit
from tests.web.api.conftest import Program

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def newcomers(kit: Kit, count: int) -> None:
    for n in range(count):
        kit.identify(f"u{n}", {"email": f"u{n}@example.com", "firstName": "민지", "language": "ko" if n % 2 else "en"})
        kit.consent(f"u{n}")


def test_positions_are_equal_when_the_loop_is_idle(program: Program, open_shop: Kit) -> None:
    told = program.get("/api/log").body
    assert told["appended"] == told["processed"] == open_shop.log.end() > 0
    open_shop.track("42", "Seen")
    behind = program.get("/api/log").body
    assert behind == {"appended": told["appended"] + 1, "processed": told["processed"]}


def test_the_plan_ranks_every_play_and_says_what_is_not_known(program: Program, open_shop: Kit) -> None:
    rows = program.get("/api/strategy/plan").body["items"]
    assert {row["play"] for row in rows} >= {"welcome", "abandoned-cart", "thanks", "win-back"}
    expected = [row["expected_orders"]["value"] for row in rows]
    assert expected == sorted(expected, reverse=True)
    thanks = next(row for row in rows if row["play"] == "thanks")
    assert (thanks["state"], thanks["month"], thanks["reachable"]) == ("off", 1, 1)
    assert thanks["expected_revenue"]["value"]["currency"] == "KRW"
    assert all(set(text) == {"en", "ko"} for text in (thanks["name"], thanks["summary"], *thanks["unknown"]))
    assert thanks["unknown"], "a shop with one order knows little, and says so"
    seen, path = [], "/api/strategy/plan?limit=3"
    while path:
        part = program.get(path).body
        seen += part["items"]
        path = f"/api/strategy/plan?limit=3&cursor={part['next']}" if part["next"] else ""
    assert seen == rows


def test_a_play_runs_from_plan_to_harvest(program: Program, open_shop: Kit, clock: SetClock) -> None:
    made = program.post("/api/strategy/plays/thanks/activate").body
    assert (made["key"], made["play"], made["state"]) == ("thanks", "thanks", "active")
    assert program.post("/api/strategy/plays/thanks/activate").body == made, "twice is once"
    plan = program.get("/api/strategy/plan").body["items"]
    assert {row["play"]: row["state"] for row in plan}["thanks"] == "active"

    newcomers(open_shop, 60)
    for n in range(60):
        open_shop.order(f"u{n}", f"o{n}", "10000.50")
    open_shop.run()
    open_shop.pass_time(2 * DAY, HOUR)

    sent = program.get("/api/deliveries?campaign=thanks&limit=1000").body["items"]
    accepted = [row for row in sent if row["state"] == "accepted"]
    results = program.get("/api/campaigns/thanks/results").body
    assert (results["entered"], results["entered"] - results["held_out"]) == (60, len(accepted))
    assert results["messages"] == {"thanks": {"accepted": len(accepted)}}
    one = accepted[0]
    assert program.get(f"/api/deliveries?customer={one['customer']}").body["items"] == [one]
    assert program.get(f"/api/deliveries?campaign=nothing&customer={one['customer']}").body["items"] == []
    assert program.get("/api/deliveries?state=unknown").body["items"] == []

    box = program.get("/api/outbox?limit=1000").body["items"]
    assert {message["delivery"] for message in box} == {row["id"] for row in accepted}
    assert {"id", "channel", "to", "subject", "text", "html", "headers"} <= set(box[0])
    assert {message["channel"] for message in box} == {"email"}

    token = box[0]["html"].split("/s/")[1].split('"')[0].split("?")[0]
    open_shop_answer(token, clock)
    open_shop.run()
    told = program.get("/api/surveys/csat/results").body
    assert (told["answers"], told["satisfied"], told["csat"], told["counts"]) == (1, 0, 0.0, [1, 0, 0, 0, 0])
    assert told["latest"][0]["answer"] == "늦게 왔어요"
    assert program.get("/api/surveys/csat/results?campaign=welcome").body["answers"] == 0
    (task,) = program.get("/api/tasks").body["items"]
    assert (task["kind"], task["state"], task["customer"]) == ("dissatisfied", "open", box[0]["customer"])
    closed = program.post(f"/api/tasks/{task['id']}/done", {"note": "called"}).body
    assert (closed["state"], closed["note"]) == ("done", "called")
    assert program.get("/api/tasks").body["items"] == []
    assert program.get("/api/tasks?state=done").body["items"] == [closed]

    for n in range(0, 60, 3):
        open_shop.order(f"u{n}", f"again{n}", 1000)
    open_shop.run()
    harvest = program.get("/api/harvest/thanks").body
    assert harvest["treated"]["customers"] + harvest["held_out"]["customers"] == 60
    assert harvest["treated"]["conversions"] + harvest["held_out"]["conversions"] == 20
    assert harvest["treated"]["revenue"] == {"amount": str(1000 * harvest["treated"]["conversions"]), "currency": "KRW"}
    assert harvest["evidence"] == "not_yet"
    assert set(harvest["sentence"]) == {"en", "ko"}


def open_shop_answer(token: str, clock: SetClock) -> None:
    from dangol.survey import steps as survey

    survey.answer(token, 1, "늦게 왔어요", clock.now())


def test_lists_of_messages_come_in_pages(program: Program, open_shop: Kit, clock: SetClock) -> None:
    program.post("/api/strategy/plays/thanks/activate")
    newcomers(open_shop, 12)
    for n in range(12):
        open_shop.order(f"u{n}", f"o{n}", 1)
    open_shop.run()
    open_shop.pass_time(2 * DAY, 6 * HOUR)
    for path in ("/api/deliveries", "/api/outbox"):
        whole = program.get(f"{path}?limit=1000").body["items"]
        seen, cursor = [], ""
        while cursor is not None:
            part = program.get(f"{path}?limit=5{cursor and '&cursor=' + cursor}").body
            seen += part["items"]
            cursor = part["next"]
        assert seen == whole
        assert len(whole) > 5


def test_tasks_come_in_pages(program: Program, open_shop: Kit, clock: SetClock) -> None:
    from dangol.converse import steps as converse

    for n in range(7):
        clock.advance(timedelta(minutes=n % 2))
        converse.open_task(open_shop.customer("42"), "dissatisfied", {}, f"t{n}", clock.now())
    ids = [task["id"] for task in program.get("/api/tasks").body["items"]]
    for task_id in ids[:5]:
        clock.advance(timedelta(minutes=1))
        program.post(f"/api/tasks/{task_id}/done")
    for state, wanted in (("open", ids[5:]), ("done", ids[4::-1])):
        seen, cursor = [], ""
        while cursor is not None:
            part = program.get(f"/api/tasks?state={state}&limit=2{cursor and '&cursor=' + cursor}").body
            seen += [task["id"] for task in part["items"]]
            cursor = part["next"]
        assert seen == wanted


@pytest.mark.parametrize(
    "path",
    [
        "/api/campaigns/no-such",
        "/api/campaigns/no-such/results",
        "/api/harvest/no-such",
        "/api/surveys/no-such/results",
        "/api/campaigns/NOT-A-KEY",
        "/api/campaigns/" + "x" * 65,
    ],
)
def test_what_is_not_there_is_404(program: Program, open_shop: Kit, path: str) -> None:
    assert program.get(path).status == 404


@pytest.mark.parametrize(
    "path",
    ["/api/strategy/plays/no-such/activate", "/api/campaigns/no-such/pause", "/api/tasks/999/done"],
)
def test_nothing_is_done_with_what_is_not_there(program: Program, open_shop: Kit, path: str) -> None:
    assert program.post(path).status == 404
