"""Random rules, histories and instants: few names and values, so that they meet; odd ones among them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from dangol.base.clock import to_us
from tests.segment.reference import Told

START = to_us(datetime(2026, 2, 26, 15, 0, tzinfo=UTC))  # 27 February, 00:00 in Seoul
HOUR, DAY = 3_600_000_000, 86_400_000_000

NAMES = ["A", "AB", "Order Completed", "주문", "A*b"]
WANTED = ["A", "A*", "*", "Order Completed", "Order *", "주문", "Nothing", "A*b", "Page Viewed", "Screen*"]
SPANS = ["1s", "1h", "1d", "2d", "3d", "1w"]
DATES = ["2026-02-26", "2026-02-28", "2026-03-01", "2024-02-29", "2025-02-28", "2026-03-02T00:00:00+09:00"]
TIMES: list[Any] = [
    *DATES, "2026-02-27T00:00:00", "2026-02-28T12:00:00.123Z", 1_772_150_400, 1_772_236_800_000, 1_772_150_400.5,
    "2025-03-01", "2020-02-29T23:30:00-05:00", "tomorrow", "2026-02-30",
]  # fmt: skip
TEXTS = ["gold", "Gold", " gold", "골드", "goldfish", "10", "10.0", "04524", " 10", "+1", "-2.50", "1e3", "", "true"]
NUMBERS: list[Any] = [0, 1, 10, -2.5, 1000, 10.0, 0.1, 2**53 + 1]
SCALARS = st.sampled_from([*TEXTS, *NUMBERS, True, False])
ITEMS = st.lists(st.sampled_from([*TEXTS, *NUMBERS, True, None, [1]]), max_size=3)
OBJECTS = st.lists(
    st.one_of(
        st.dictionaries(st.sampled_from(["k", "j"]), st.sampled_from([1, "1", "x", 5, None, "2026-02-28"]), max_size=2),
        st.sampled_from([1, "x", None]),
    ),
    max_size=3,
)
NESTED = st.lists(st.builds(lambda items: {"l": items}, OBJECTS), max_size=2)
VALUES = st.one_of(
    SCALARS,
    st.sampled_from(TIMES),
    st.none(),
    ITEMS,
    OBJECTS,
    NESTED,
    st.just({}),
    st.builds(lambda v: {"x": v}, SCALARS),
)
KEYS = ["p", "q", "n", "a.b"]
PATHS = ["p", "q", "n", "n.x", '"a.b"', "missing"]
PROPERTIES = st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=3)
OPERANDS = st.sampled_from([text for text in TEXTS if text] + NUMBERS + [True, False])
LIMITS = st.sampled_from([0, 1, 10, -2.5, 10.5, "10", 1000])

instants = st.builds(
    lambda hours, off: START + hours * HOUR + off,
    st.integers(-80, 80),
    st.sampled_from([0, 0, 0, 1, -1, 1000, 123_456, 30 * 60_000_000]),
)


def ordered_pair(values: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(values, min_size=2, max_size=2).map(lambda pair: sorted(pair, key=float))


number_comparisons = st.one_of(
    st.tuples(st.sampled_from(["at_least", "at_most", "over", "under"]), LIMITS),
    st.tuples(st.just("between"), ordered_pair(LIMITS)),
)
counts = st.one_of(
    st.integers(0, 3),
    st.builds(
        lambda w, n: {w: n},
        st.sampled_from(["at_least", "at_most", "over", "under", "is", "is_not"]),
        st.integers(0, 3),
    ),
    st.builds(lambda w, n: {w: n}, st.sampled_from(["in", "not_in"]), st.lists(st.integers(0, 3), max_size=3)),
    st.builds(lambda pair: {"between": pair}, ordered_pair(st.integers(0, 3))),
)
spans = st.sampled_from(SPANS)
periods = st.sampled_from(
    ["today", "yesterday", "this_week", "last_week", "this_month", "last_month", "this_year", "last_year"]
)
time_comparisons = st.one_of(
    st.tuples(st.sampled_from(["before", "after"]), st.sampled_from([*DATES, 1772150400])),
    st.tuples(st.sampled_from(["within", "older_than", "in_next"]), spans),
    st.sampled_from([("between", ["2025-02-28", "2026-02-28"]), ("between", ["2026-02-27", "2026-02-27"])]),
    st.tuples(st.just("calendar"), periods),
    st.tuples(
        st.just("anniversary"),
        st.one_of(
            st.just({"on": "today"}),
            st.builds(
                lambda w, s: {w: s}, st.sampled_from(["in_next", "in_last"]), st.sampled_from(["1d", "2d", "1w", "60w"])
            ),
        ),
    ),
)
text_comparisons = st.tuples(
    st.sampled_from(
        [f"{no}{word}" for no in ("", "not_") for word in ("contains", "starts_with", "ends_with", "matches")]
    ),
    st.sampled_from(["gold", "g", "드", "10", "^1", "[a-z]+d$", r"\d"]),
)
list_comparisons = st.one_of(
    st.tuples(st.just("includes"), OPERANDS),
    st.tuples(st.sampled_from(["includes_any", "includes_all", "includes_none"]), st.lists(OPERANDS, max_size=3)),
    st.builds(lambda n: ("length", n), counts),
)
scalar_comparisons = st.one_of(
    st.tuples(st.sampled_from(["is", "is_not"]), OPERANDS),
    st.tuples(st.sampled_from(["in", "not_in"]), st.lists(OPERANDS, max_size=3)),
    st.tuples(st.just("exists"), st.booleans()),
)
flat = st.one_of(scalar_comparisons, number_comparisons, time_comparisons, text_comparisons, list_comparisons)
item_conditions = st.lists(
    st.builds(
        lambda path, c: {"property": path, c[0]: c[1]},
        st.sampled_from(["k", "j"]),
        st.one_of(
            st.tuples(st.sampled_from(["is", "is_not"]), st.sampled_from([1, "1", "x"])),
            st.tuples(st.just("exists"), st.booleans()),
            st.tuples(st.sampled_from(["over", "at_most"]), st.sampled_from([1, 4])),
            st.tuples(st.sampled_from(["within", "older_than"]), spans),
        ),
    ),
    max_size=2,
)
any_items = st.one_of(
    st.tuples(st.just("any_item"), item_conditions),
    st.builds(lambda inner: ("any_item", [{"property": "l", "any_item": inner}]), item_conditions),
)
comparisons = st.one_of(flat, flat, any_items)


def condition(c: tuple[str, Any], path: str) -> dict[str, Any]:
    return {"property": path, c[0]: c[1]}


conditions = st.one_of(
    st.builds(condition, comparisons, st.sampled_from(PATHS)),
    st.builds(condition, scalar_comparisons, st.sampled_from(["$context.channel", "$type", "$name"])),
    st.builds(condition, time_comparisons, st.just("$timestamp")),
)
wheres = st.lists(conditions, max_size=2)

windows: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.just({}),
    st.builds(lambda s: {"within": s}, spans),
    st.builds(lambda w, d: {w: d}, st.sampled_from(["since", "until"]), st.sampled_from(DATES)),
    st.sampled_from([{"between": ["2026-02-26", "2026-02-28"]}, {"between": ["2026-03-01", "2026-03-01"]}]),
    st.builds(lambda period: {"calendar": period}, periods),
    st.sampled_from([{"ago": ["1h", "1d"]}, {"ago": ["1d", "1d"]}, {"ago": ["1s", "1w"]}]),
)
measures = st.one_of(
    st.just({}),
    st.builds(lambda c: {"count": c}, counts),
    st.builds(
        lambda kind, path, c: {kind: {"of": path, c[0]: c[1]}},
        st.sampled_from(["sum", "average", "min", "max"]), st.sampled_from(PATHS), number_comparisons,
    ),
    st.builds(
        lambda path, c: {"distinct": {"of": path, **(c if isinstance(c, dict) else {"is": c})}},
        st.sampled_from(PATHS), counts,
    ),
)  # fmt: skip
events = st.builds(
    lambda name, where, measure, window, age: {"event": name, "where": where, **measure, **window, **age},
    st.sampled_from(WANTED), wheres, measures, windows, st.sampled_from([{}, {}, {"minimum_age": "1d"}]),
)  # fmt: skip
picked = st.builds(
    lambda subject, name, where, having, window: {subject: name, "where": where, "having": having, **window},
    st.sampled_from(["last_event", "first_event"]), st.sampled_from(WANTED), wheres, wheres, windows,
)  # fmt: skip
held = st.one_of(
    st.builds(lambda w, s: ("held_for", {w: s}), st.sampled_from(["at_least", "at_most", "over", "under"]), spans),
    st.just(("held_for", {"between": ["1h", "2d"]})),
)
traits = st.builds(lambda path, c: {"trait": path, c[0]: c[1]}, st.sampled_from(PATHS), st.one_of(comparisons, held))
consents = st.builds(
    lambda is_, purpose, when: {"consent": "email", **is_, **purpose, **({when[0]: when[1]} if when else {})},
    st.sampled_from([{}, {"is": "granted"}, {"is": "denied"}, {"is": "withdrawn"}, {"is": "none"}]),
    st.sampled_from([{}, {"purpose": "marketing"}, {"purpose": "orders"}]),
    st.one_of(st.none(), time_comparisons),
)
surveys = st.builds(
    lambda c, window: {"survey": "csat", **c, **window},
    st.one_of(
        st.just({}),
        st.builds(lambda c: {"score": {c[0]: c[1]}}, number_comparisons),
        st.sampled_from([{"score": 2}, {"answer": {"contains": "bad"}}, {"answer": {"exists": False}}]),
    ),
    windows,
)
messages = st.builds(
    lambda about, got, measure, window: {"message": about, "got": got, **measure, **window},
    st.sampled_from([{}, {"campaign": "c1"}, {"campaign": "c1", "step": "s"}]),
    st.sampled_from(["sent", "opened"]), st.one_of(st.just({}), st.builds(lambda c: {"count": c}, counts)), windows,
)  # fmt: skip
steps = st.builds(
    lambda name, where, more: {"event": name, **where, **more},
    st.sampled_from(["A", "A", "AB", "A*", "Order Completed", "*"]),
    st.one_of(st.just({}), st.just({}), st.builds(lambda w: {"where": w}, wheres)),
    st.sampled_from(
        [
            {}, {}, {"within": "1d"}, {"within": "3d"}, {"within": "1h"},
            {"count": 0}, {"count": 0, "within": "1h"}, {"count": 0, "within": "1d"},
        ]
    ),
)  # fmt: skip
sequences = st.builds(
    lambda step, rest, window: {"sequence": [{k: step[k] for k in ("event", "where") if k in step}, *rest], **window},
    steps, st.lists(steps, max_size=4), windows,
)  # fmt: skip
belongings = st.sampled_from(
    [
        {"list": "vip"}, {"list": "vip", "is": False}, {"topic": "offers"}, {"topic": "offers", "subscribed": False},
        {"topic": "news"}, {"topic": "news", "subscribed": False},
        {"reachable": "email"}, {"reachable": "email", "is": False}, {"reachable": "sms"},
        {"near": {"lat": 37.5665, "lon": 126.978}, "km": {"at_most": 5}},
        {"near": {"lat": 37.5, "lon": 127}, "km": {"over": 100}},
    ]
)  # fmt: skip
CELLS = ["champions", "loyal", "potential-loyalist", "new", "promising", "about-to-sleep", "lost"]
grids = st.builds(lambda cells: {"rfm": "cell", "in": cells}, st.lists(st.sampled_from(CELLS), max_size=3))
buckets = st.sampled_from([{"bucket": "s", "percent": 50}, {"bucket": "s", "from": 20, "to": 60.5}])
timed_leaves = st.one_of(
    events, events, traits, traits, picked, consents, surveys, messages, sequences, sequences, belongings, grids
)
leaves = st.one_of(timed_leaves, buckets)


def combined(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    lists = st.lists(children, max_size=3)
    return st.one_of(
        st.builds(lambda word, rules: {word: rules}, st.sampled_from(["all", "any", "none"]), lists),
        lists.flatmap(lambda rules: st.integers(0, len(rules)).map(lambda k: {"exactly": {"k": k, "of": rules}})),
    )


rules = st.recursive(leaves, combined, max_leaves=4)
timed_rules = st.recursive(timed_leaves, combined, max_leaves=4)  # the same of every customer

tracks = st.builds(
    lambda at, name, properties, context: Told(at, 0, "track", name, False, properties, {}, context),
    instants, st.sampled_from(NAMES), PROPERTIES,
    st.sampled_from(
        [
            {}, {"channel": "web"}, {"channel": "gold"}, {"location": {"latitude": 37.56, "longitude": 126.98}},
            {"location": {"latitude": 35.1, "longitude": 129}}, {"location": {"latitude": 91, "longitude": 0}},
        ]
    ),
)  # fmt: skip
views = st.builds(
    lambda at, kind, name, p: Told(at, 0, kind, name, False, p), instants, st.sampled_from(["page", "screen", "group"]),
    st.sampled_from(["", "gold", "A"]), PROPERTIES,
)  # fmt: skip
identifies = st.builds(
    lambda at, traits: Told(at, 0, "identify", "", False, {}, traits),
    instants, st.dictionaries(st.sampled_from(KEYS), VALUES, min_size=1, max_size=2),
)  # fmt: skip
addresses = st.builds(
    lambda at, traits: Told(at, 0, "identify", "", False, {}, traits),
    instants,
    st.sampled_from([{"email": "a@b.kr"}, {"email": "c@d.kr"}, {"email": "odd"}, {"phone": "010"}, {"email": None}]),
)
ours = st.builds(
    lambda at, told, own: Told(at, 0, "track", told[0], own, told[1]),
    instants,
    st.sampled_from(
        [
            ("Consent Changed", {"channel": "email", "purpose": "marketing", "state": "granted"}),
            ("Consent Changed", {"channel": "email", "state": "withdrawn"}),
            ("Consent Changed", {"channel": "email", "purpose": "orders", "state": "denied"}),
            ("Consent Changed", {"channel": "email", "state": "maybe"}),
            ("Survey Answered", {"survey": "csat", "score": 2, "answer": "bad"}),
            ("Survey Answered", {"survey": "csat", "score": "10"}),
            ("Message Sent", {"campaign": "c1", "step": "s"}),
            ("Email Opened", {"campaign": "c1"}),
            ("Email Bounced", {"kind": "hard", "channel": "email"}),
            ("Email Bounced", {"kind": "hard"}),
            ("Email Bounced", {"kind": "soft"}),
            ("Email Bounced", {"kind": "hard", "channel": "sms"}),
            ("Email Marked as Spam", {"channel": "email"}),
            ("List Changed", {"list": "vip", "member": True}),
            ("List Changed", {"list": "vip", "member": False}),
            ("List Changed", {"list": "vip", "member": "true"}),
            ("Topic Changed", {"topic": "offers", "subscribed": True}),
            ("Topic Changed", {"topic": "offers", "subscribed": None}),
            ("Topic Changed", {"topic": "news", "subscribed": False}),
            ("A", {"p": 1}),
        ]
    ),
    st.booleans(),
)


@st.composite
def busy(draw: st.DrawFn) -> tuple[Told, ...]:
    """Many events of few names, close to each other: what sequences are about."""
    steps_ = st.sampled_from([0, 999, 1000, 1001, HOUR, HOUR + 1000, DAY, DAY + 1000, 2 * DAY])
    at, facts = START, []
    for gap in draw(st.lists(steps_, min_size=2, max_size=14)):
        at += gap
        facts.append(Told(at, len(facts), "track", draw(st.sampled_from(["A", "AB", "Order Completed", "B"]))))
    return tuple(facts)


@st.composite
def histories(draw: st.DrawFn) -> tuple[Told, ...]:
    """One customer's facts; positions are the order of arrival, which is not the order of time."""
    facts = draw(
        st.lists(st.one_of(tracks, tracks, identifies, identifies, addresses, ours, views), min_size=1, max_size=8)
    )
    places = draw(st.permutations(range(len(facts))))
    return tuple(
        Told(f.at, place, f.type, f.name, f.own, f.properties, f.traits, f.context)
        for f, place in zip(facts, places, strict=True)
    )


SMALL = st.dictionaries(
    st.sampled_from(["p", "q"]),
    st.sampled_from([0, 1, 1, 10, "10", "10.0", 0.1, "gold", "골드", None, -2.5]),
    max_size=2,
)
repeated = st.builds(
    lambda at, name, properties: Told(at, 0, "track", name, False, properties),
    st.builds(lambda hours, off: START + hours * HOUR + off, st.integers(-80, 80), st.sampled_from([0, 0, 1, 1000])),
    st.sampled_from(["A", "A", "A", "AB"]),
    SMALL,
)
told_again = st.builds(lambda told, traits: Told(told.at, 0, "identify", "", False, {}, traits), repeated, SMALL)


@st.composite
def arrivals(draw: st.DrawFn) -> list[tuple[int, tuple[Told, ...]]]:
    """A long history of few names as it comes: (now, what arrives), the most in the order of time, some late or early.

    Positions are the order of arrival.
    """
    facts = draw(
        st.lists(
            st.one_of(repeated, repeated, repeated, told_again, told_again, addresses, ours), min_size=10, max_size=24
        )
    )
    facts.sort(key=lambda fact: fact.at)
    delays = draw(st.lists(st.sampled_from([0] * 12 + [-3, 1, 4, 15]), min_size=len(facts), max_size=len(facts)))
    coming = [fact for _, fact in sorted(enumerate(facts), key=lambda one: one[0] + delays[one[0]])]
    found, now, position = list[tuple[int, tuple[Told, ...]]](), START - 100 * HOUR, 0
    while coming:
        some = coming[: draw(st.sampled_from([1, 1, 1, 2, 5]))]
        coming = coming[len(some) :]
        now = max(now, min(fact.at for fact in some)) + draw(st.sampled_from([0, 0, 1, HOUR]))
        told = [
            Told(f.at, position + n, f.type, f.name, f.own, f.properties, f.traits, f.context)
            for n, f in enumerate(some)
        ]
        found.append((now, tuple(told)))
        position += len(some)
    return found


few = st.sampled_from(["A", "A", "A*", "*"])
plain = st.one_of(
    st.just([]),
    st.just([]),
    st.lists(st.builds(condition, scalar_comparisons, st.sampled_from(["p", "q"])), max_size=1),
)
summed_events = st.builds(
    lambda name, where, measure, window: {"event": name, "where": where, **measure, **window},
    few, plain,
    st.one_of(
        st.builds(lambda c: {"count": c}, counts),
        st.builds(lambda n: {"count": {"at_least": n}}, st.integers(1, 12)),
        st.builds(
            lambda kind, c: {kind: {"of": "p", c[0]: c[1]}},
            st.sampled_from(["sum", "average", "min", "max"]), number_comparisons,
        ),
        st.builds(lambda n: {"distinct": {"of": "p", "at_least": n}}, st.integers(1, 5)),
    ),
    windows,
)  # fmt: skip
summed_picks = st.builds(
    lambda subject, name, where, having, window: {subject: name, "where": where, "having": having, **window},
    st.sampled_from(["last_event", "first_event"]), few, plain, wheres, windows,
)  # fmt: skip
summed_traits = st.builds(
    lambda path, c: {"trait": path, c[0]: c[1]},
    st.sampled_from(["p", "q"]),
    st.one_of(scalar_comparisons, time_comparisons, held),
)
summed_leaves = st.one_of(
    *[summed_events] * 5, *[summed_picks] * 2, *[summed_traits] * 2, belongings, consents, sequences
)


def turning_points(facts: tuple[Told, ...], extra: list[int]) -> list[int]:
    """Instants at which something may turn: every fact and time, later and earlier by every span, and next to them."""
    marks = {f.at for f in facts} | {START + d * DAY for d in range(-4, 5)} | set(extra)
    offsets = [0] + [
        sign * timedelta(**{unit: n}) // timedelta(microseconds=1) for unit, n in UNITS for sign in (1, -1)
    ]
    return sorted({mark + offset + near for mark in marks for offset in offsets for near in (-1, 0, 1)})


UNITS = [("seconds", 1), ("hours", 1), ("days", 1), ("days", 2), ("days", 3), ("weeks", 1)]
