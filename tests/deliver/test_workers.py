"""Several workers at once: what one takes no other does, and the daily cap holds between them."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection

from dangol.base.clock import SetClock
from dangol.base.models import Shop
from dangol.collect import steps as collect
from dangol.collect.log import open_log
from dangol.deliver import gate, steps
from dangol.deliver.models import Delivery
from dangol.deliver.outcomes import Outcome, accepted
from tests.conftest import NOON
from tests.deliver.post import Recorder, customer, send

CUSTOMERS, WORKERS = 8, 3


@pytest.mark.django_db(transaction=True)
def test_workers_share_the_work_and_nobody_hears_twice(
    tmp_path: object, wire: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "decide", slow(gate.decide))
    Shop.objects.create(name="Shop", timezone="Asia/Seoul", sender_email="hello@shop.example")
    with open_log(tmp_path) as log:
        collect.use_log(log)
        try:
            plan()
            run(wire)
        finally:
            collect.use_log(None)
    handed = Counter(Delivery.objects.get(pk=pk).customer_id for pk, *_ in wire.arrived)
    assert handed == dict.fromkeys(range(1, CUSTOMERS + 1), 1)
    assert Counter(Delivery.objects.values_list("state", flat=True)) == {"accepted": CUSTOMERS, "planned": CUSTOMERS}


def slow(decide: Callable[..., list[gate.Verdict]]) -> Callable[..., list[gate.Verdict]]:
    """The gate, with time for the others between what it saw and what comes of it."""

    def decided(*given: object) -> list[gate.Verdict]:
        verdicts = decide(*given)
        time.sleep(0.02)
        return verdicts

    return decided


def plan() -> None:
    for number in range(1, CUSTOMERS + 1):
        customer(number, NOON)
        steps.plan([send(number, NOON, campaign="a"), send(number, NOON, campaign="b")], NOON)


def run(wire: Recorder) -> None:
    """Every worker takes one at a time, all of them together: two often have the same customer."""
    together, troubles = threading.Barrier(WORKERS), []

    def answer(delivery: Delivery, letter: object) -> Outcome:
        return accepted("250 ok")

    def work() -> None:
        clock = SetClock(NOON + timedelta(minutes=1))
        try:
            together.wait()
            while steps.work(clock, 1):
                pass
        except BaseException as error:  # told to the test's own thread
            troubles.append(error)
        finally:
            connection.close()

    wire.answer = answer
    threads = [threading.Thread(target=work) for _ in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not troubles
