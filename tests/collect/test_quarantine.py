"""What was not taken is kept, shown, mended and taken; each once."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dangol.base.clock import SetClock, to_us
from dangol.base.errors import Invalid, NotFound
from dangol.collect import quarantine, rules
from dangol.collect import steps as collect
from dangol.collect.bounds import Limits
from dangol.collect.facts import OWN
from dangol.collect.log import Entry, FileLog, Rejected, open_log
from dangol.loop import Runner
from tests.shopkit import Kit

NOON = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
LIMITS = Limits()
GOOD = {"type": "track", "event": "Seen", "userId": "u", "messageId": "m"}


@pytest.fixture
def log(tmp_path: Any) -> Any:
    with open_log(tmp_path) as log:
        yield log


def refuse(log: FileLog, event: Any, source: str = "site", code: str = "", at: datetime = NOON) -> int:
    """An event that was not taken; its id in the quarantine."""
    verdict = rules.accept(event, {}, LIMITS, "fresh")
    told = (verdict.code, verdict.detail) if isinstance(verdict, rules.Refused) else ("broken", "once a fault of ours")
    log.append([], [Rejected(source, to_us(at), code or told[0], told[1], json.dumps(event).encode())])
    return quarantine.listed(log, limit=1)[0].id


def test_it_is_read_page_by_page_and_counted_by_reason(log: FileLog) -> None:
    ids = [refuse(log, {"type": "dance"}, source) for source in ("site", "app", "site")]
    refuse(log, {"type": "track", "userId": "u"})
    assert [row.id for row in quarantine.listed(log, code="unknown_type")] == ids[::-1]
    assert [row.id for row in quarantine.listed(log, source="site", code="unknown_type", limit=1)] == [ids[2]]
    assert [row.id for row in quarantine.listed(log, source="site", before=ids[2])] == [ids[0]]
    assert [(r.source, r.code, r.count) for r in quarantine.reasons(log)] == [
        ("site", "unknown_type", 2),
        ("app", "unknown_type", 1),
        ("site", "missing_event", 1),
    ]


def test_what_is_taken_now_enters_the_log_as_of_then_and_is_gone(log: FileLog) -> None:
    taken, still = refuse(log, GOOD), refuse(log, {"type": "track", "userId": "u"})
    done = quarantine.replay(log, LIMITS, [taken, still, taken])
    assert (done.taken, [(row.id, row.code) for row in done.refused]) == (1, [(still, "missing_event")])
    (entry,) = log.read(0, 9)
    assert (entry.message_id, entry.received_us, entry.source) == ("m", to_us(NOON), "site")
    assert [row.id for row in quarantine.listed(log)] == [still]
    with pytest.raises(NotFound):
        quarantine.replay(log, LIMITS, [taken])


def test_an_id_that_is_not_there_leaves_all_as_it_was(log: FileLog) -> None:
    known = refuse(log, GOOD)
    with pytest.raises(NotFound):
        quarantine.replay(log, LIMITS, [known, known + 1])
    assert log.end() == 0
    assert quarantine.count(log) == 1


def test_a_corrected_event_is_taken_in_the_place_of_the_wrong_one(log: FileLog) -> None:
    wrong = refuse(log, {"type": "track", "userId": "u", "messageId": "m"})
    assert quarantine.replay_corrected(log, LIMITS, wrong, {**GOOD, "event": 5}).refused[0].code == "missing_event"
    assert quarantine.replay_corrected(log, LIMITS, wrong, GOOD).taken == 1
    assert json.loads(log.read(0, 9)[0].body)["event"] == "Seen"
    assert quarantine.count(log) == 0


def test_all_of_a_source_or_reason_in_many_transactions(log: FileLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quarantine, "AT_ONCE", 3)
    for number in range(8):
        refuse(log, {**GOOD, "messageId": f"m{number}"}, code="broken")
    refuse(log, {"type": "dance"}, code="broken")
    other = refuse(log, {**GOOD, "messageId": "other"}, source="app")
    done = quarantine.replay_all(log, LIMITS, source="site", code="broken")
    assert (done.taken, [row.code for row in done.refused]) == (8, ["unknown_type"])
    assert [row.id for row in quarantine.listed(log, source="app")] == [other]


def test_what_was_taken_already_is_not_taken_twice(log: FileLog) -> None:
    log.append([Entry("site", "m", 1, b"{}")])
    assert quarantine.replay(log, LIMITS, [refuse(log, GOOD)]).taken == 1
    assert log.end() == 1
    assert quarantine.count(log) == 0


@pytest.mark.parametrize("total", ["NaN", "Infinity", "-5", '"-0.01"', '"nan"', "-Infinity", "-1e400"])
def test_an_order_that_costs_no_amount_waits_as_it_was_told(log: FileLog, total: str) -> None:
    body = f'{{"type":"track","event":"Completed Order","userId":"u","properties":{{"total":{total}}}}}'
    event = rules.decode(body.encode())
    verdict = rules.accept(event, {}, LIMITS, "fresh")
    assert isinstance(verdict, rules.Refused)
    assert verdict.code == "bad_amount"
    log.append([], [Rejected("site", 1, verdict.code, verdict.detail, verdict.body)])
    assert quarantine.replay_all(log, LIMITS).refused[0].code == "bad_amount", "not a null that means nothing"


@pytest.mark.parametrize("total", ["0", "38000", '"12.50"', "null", '"call us"', "true"])
def test_other_totals_are_taken(total: str) -> None:
    body = f'{{"type":"track","event":"Order Completed","userId":"u","properties":{{"total":{total}}}}}'
    assert isinstance(rules.accept(rules.decode(body.encode()), {}, LIMITS, "fresh"), rules.Accepted)


def test_it_is_deleted_when_nobody_mended_it_in_time(log: FileLog) -> None:
    refuse(log, GOOD, at=NOON - quarantine.KEPT - timedelta(seconds=1))
    kept = refuse(log, GOOD, at=NOON - timedelta(days=7))
    assert quarantine.drop_old(log, NOON) == 1
    assert [row.id for row in quarantine.listed(log)] == [kept]


class Poison:
    """A step of the loop that cannot stand some facts."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from dangol import loop

        self.hates: set[str] = {"m2"}
        self.taken: list[str] = []
        take = loop._take

        def poisoned(entries: list[Entry], now: datetime) -> None:
            if any(entry.message_id in self.hates for entry in entries):
                raise ZeroDivisionError("a seeded fault")
            take(entries, now)
            self.taken += [entry.message_id for entry in entries]

        monkeypatch.setattr(loop, "_take", poisoned)


def run(kit: Kit, runner: Runner) -> None:
    for _ in range(200):
        if not runner.turn():
            return
    raise AssertionError("the loop does not come to rest")


@pytest.mark.django_db(transaction=True)
def test_a_fact_that_was_set_aside_reaches_the_loop_once_when_it_is_replayed(
    kit: Kit, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    poison = Poison(monkeypatch)
    kit.log.append([Entry("site", f"m{n}", to_us(clock.now()), json.dumps(GOOD).encode()) for n in range(4)])
    runner = Runner(kit.log, clock)
    run(kit, runner)
    (aside,) = quarantine.listed(kit.log)
    assert (aside.code, aside.position) == ("failed", 3)
    poison.hates.clear()
    assert quarantine.replay(kit.log, LIMITS, [aside.id]).taken == 1
    run(kit, runner)
    mine = [message_id for message_id in poison.taken if message_id.startswith("m")]
    assert mine == ["m0", "m1", "m3", "m2"]
    stored = [entry.message_id for entry in kit.log.read(0, 99) if entry.source == "site"]
    assert stored == ["m0", "m1", "m3", "m2"], "it stands in the log once"
    assert kit.log.append([Entry("site", "m2", 1, b"{}")]) == [None], "a client's late retry is a duplicate still"


@pytest.mark.django_db(transaction=True)
def test_a_crash_between_setting_aside_and_moving_on_leaves_no_trace(
    kit: Kit, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    poison = Poison(monkeypatch)
    kit.log.append([Entry("site", "m2", to_us(clock.now()), json.dumps(GOOD).encode())])
    advance = collect.advance
    monkeypatch.setattr(collect, "advance", lambda *_: (_ for _ in ()).throw(SystemExit()))
    with pytest.raises(SystemExit):
        run(kit, Runner(kit.log, clock))
    assert quarantine.count(kit.log) == 1
    monkeypatch.setattr(collect, "advance", advance)
    poison.hates.clear()
    run(kit, Runner(kit.log, clock))
    assert poison.taken == ["m2"]
    assert quarantine.count(kit.log) == 0, "it was worked through: a replay would do it twice"


def test_a_fact_of_our_own_is_replayed_as_it_is(log: FileLog) -> None:
    log.append([Entry(OWN, "own", 1, b'{"type":"track","event":"X","customerId":1}')])
    entry = log.read(0, 1)[0]
    log.append([], [Rejected(OWN, 1, "failed", "why", entry.body, position=entry.position)])
    (aside,) = quarantine.listed(log)
    with pytest.raises(Invalid):
        quarantine.replay_corrected(log, LIMITS, aside.id, GOOD)
    assert quarantine.replay(log, LIMITS, [aside.id]).taken == 1
    assert [(e.message_id, e.position, e.body) for e in log.read(0, 9)] == [("own", 2, entry.body)]
