"""A worker that dies twice is started twice; one that cannot live at all is not started for ever."""

from __future__ import annotations

from dangol.base.revivals import MOST, WITHIN, Revivals


def told_after(deaths: int, apart: float) -> float:
    """Seconds since the revival that the server is told of, after so many, `apart` seconds from each other."""
    now = [1_000.0]
    revivals = Revivals(lambda: now[0])
    for _ in range(deaths):
        now[0] += apart
        revivals.clear()  # as the server does before each
        revivals[0] = now[0]
    return now[0] - revivals.get(0, 0)


def test_a_few_deaths_in_a_row_do_not_end_the_server() -> None:
    assert told_after(0, 1) == told_after(2, 1) == told_after(MOST, 0.5) == float("inf")


def test_a_worker_that_cannot_live_ends_it() -> None:
    assert told_after(MOST + 1, 0.5) == 0


def test_deaths_long_apart_never_do() -> None:
    assert told_after(500, WITHIN / MOST + 1) == float("inf")
