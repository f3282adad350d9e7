"""What is refused, where, and what stands there: nothing wrong is ever accepted in silence."""

from __future__ import annotations

import json
import re
from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dangol.base.documents import read_text
from dangol.base.errors import Invalid
from dangol.segment import language
from dangol.segment.comparisons import TRAIT
from dangol.segment.leaves import LEAVES
from dangol.segment.parse import read_rule, read_segment
from dangol.segment.paths import property_path, split_path

A = {"event": "A"}


def faults(where: Any) -> list[tuple[str, str]]:
    with pytest.raises(Invalid) as refused:
        read_rule(where, UTC)
    return [(fault.path, fault.found) for fault in refused.value.faults]


def nested(depth: int) -> Any:
    rule: Any = A
    for _ in range(depth - 1):
        rule = {"all": [rule]}
    return rule


REFUSED: list[tuple[Any, str]] = [
    # the tree
    ("nobody", "/where"),
    (None, "/where"),
    ([], "/where"),
    ({}, "/where"),
    ({"what": 1}, "/where"),
    ({"all": {}}, "/where/all"),
    ({"all": ["everyone"]}, "/where/all/0"),
    ({"all": [], "any": []}, "/where"),
    ({"all": [], "event": "A"}, "/where"),
    ({"all": [A, {"any": [{"event": "A", "within": "0d"}]}]}, "/where/all/1/any/0/within"),
    ({"exactly": {"k": 3, "of": [A, A]}}, "/where/exactly/k"),
    ({"exactly": {"k": -1, "of": [A]}}, "/where/exactly/k"),
    ({"exactly": {"k": True, "of": [A]}}, "/where/exactly/k"),
    ({"exactly": {"k": 1}}, "/where/exactly"),
    ({"exactly": {"k": 1, "of": A}}, "/where/exactly/of"),
    (nested(11), "/where" + "/all/0" * 10),
    ({"any": [A] * 51}, "/where/any/50"),
    # leaves
    ({"list": 5}, "/where/list"),
    ({"near": "Seoul", "km": 5}, "/where/near"),
    ({"near": {"lat": 91, "lon": 0}, "km": 5}, "/where/near/lat"),
    ({"near": {"lat": 0, "lon": 0}}, "/where/km"),
    ({"near": {"lat": 0, "lon": 0}, "km": {"at_most": -1}}, "/where/km/at_most"),
    ({"reachable": "pigeon"}, "/where/reachable"),
    ({"reachable": "email", "is": 1}, "/where/is"),
    ({"predicted": "luck", "over": 1}, "/where/predicted"),
    ({"predicted": "churn", "is": 1}, "/where/is"),
    ({"predicted": "churn", "over": 0.5, "confidence": 2}, "/where/confidence"),
    ({"predicted": "churn", "between": ["2026-01-01", "2026-01-02"]}, "/where/between"),
    ({"list": "vip", "member": True}, "/where/member"),
    ({"list": "vip", "is": "yes"}, "/where/is"),
    ({"topic": ""}, "/where/topic"),
    ({"topic": "news", "subscribed": 1}, "/where/subscribed"),
    ({"rfm": "grid", "in": ["lost"]}, "/where/rfm"),
    ({"rfm": "cell"}, "/where/in"),
    ({"rfm": "cell", "in": ["lost", "found"]}, "/where/in/1"),
    ({"sequence": []}, "/where/sequence"),
    ({"sequence": {"event": "A"}}, "/where/sequence"),
    ({"sequence": [A] * 11}, "/where/sequence"),
    ({"sequence": [A, "B"]}, "/where/sequence/1"),
    ({"sequence": [{"trait": "x", "is": 1}]}, "/where/sequence/0"),
    ({"sequence": [{"event": "A", "count": 0}]}, "/where/sequence/0/count"),
    ({"sequence": [{"event": "A", "within": "1d"}]}, "/where/sequence/0/within"),
    ({"sequence": [A, {"event": "B", "count": 2}]}, "/where/sequence/1/count"),
    ({"sequence": [A, {"event": "B", "since": "2026-01-01"}]}, "/where/sequence/1/since"),
    ({"sequence": [A, {"event": "B", "within": "0s"}]}, "/where/sequence/1/within"),
    ({"sequence": [A, A], "count": 1}, "/where/count"),
    ({"sequence": [A, A], "within": "soon"}, "/where/within"),
    ({"event": "A", "trait": "b", "is": 1}, "/where"),
    ({"event": ""}, "/where/event"),
    ({"event": 5}, "/where/event"),
    ({"event": "A", "windoww": "1d"}, "/where/windoww"),
    ({"event": "A", "count": -1}, "/where/count"),
    ({"event": "A", "count": 1.5}, "/where/count"),
    ({"event": "A", "count": "many"}, "/where/count"),
    ({"event": "A", "count": {"at_least": -1}}, "/where/count/at_least"),
    ({"event": "A", "count": {"in": [1, -1]}}, "/where/count/in/1"),
    ({"event": "A", "count": {"between": [3, 1]}}, "/where/count/between"),
    ({"event": "A", "count": {"between": ["2026-01-01", "2026-02-01"]}}, "/where/count/between/0"),
    ({"event": "A", "count": {"at_least": 1, "at_most": 2}}, "/where/count"),
    ({"event": "A", "count": {"contains": "a"}}, "/where/count/contains"),
    ({"event": "A", "count": 1, "sum": {"of": "v", "is": 1}}, "/where"),
    ({"event": "A", "sum": 5}, "/where/sum"),
    ({"event": "A", "sum": {"at_least": 5}}, "/where/sum/of"),
    ({"event": "A", "sum": {"of": "v"}}, "/where/sum"),
    ({"event": "A", "sum": {"of": "v", "is": "x"}}, "/where/sum/is"),
    ({"event": "A", "within": "7 days"}, "/where/within"),
    ({"event": "A", "within": 7}, "/where/within"),
    ({"event": "A", "within": "-7d"}, "/where/within"),
    ({"event": "A", "within": "7d", "since": "2026-01-01"}, "/where"),
    ({"event": "A", "within": "7d", "calendar": "this_month"}, "/where"),
    ({"event": "A", "calendar": "next_month"}, "/where/calendar"),
    ({"trait": "joined_at", "calendar": 3}, "/where/calendar"),
    ({"event": "A", "since": "yesterday"}, "/where/since"),
    ({"event": "A", "since": "2026-02-30"}, "/where/since"),
    ({"event": "A", "between": ["2026-02-01", "2026-01-01"]}, "/where/between"),
    ({"event": "A", "between": ["2026-02-01"]}, "/where/between"),
    ({"event": "A", "ago": ["60d", "30d"]}, "/where/ago"),
    ({"event": "A", "ago": ["0d", "30d"]}, "/where/ago/0"),
    ({"event": "A", "minimum_age": "0d"}, "/where/minimum_age"),
    ({"event": "A", "where": {}}, "/where/where"),
    ({"event": "A", "where": [{"is": 1}]}, "/where/where/0/property"),
    ({"event": "A", "where": [{"property": "p"}]}, "/where/where/0"),
    ({"event": "A", "where": [{"property": "p", "is": 1, "over": 2}]}, "/where/where/0"),
    ({"event": "A", "where": [{"property": "p", "held_for": {"at_least": "1d"}}]}, "/where/where/0/held_for"),
    ({"event": "A", "where": [{"property": "$nothing", "is": 1}]}, "/where/where/0/property"),
    ({"event": "A", "where": [{"property": "$context", "exists": True}]}, "/where/where/0/property"),
    ({"event": "A", "having": []}, "/where/having"),
    ({"last_event": "A", "count": 1}, "/where/count"),
    ({"segment": 5}, "/where/segment"),
    ({"segment": "a", "is": "yes"}, "/where/is"),
    ({"consent": "email", "is": "maybe"}, "/where/is"),
    ({"consent": "email", "is": True}, "/where/is"),
    ({"consent": "email", "over": 5}, "/where/over"),
    ({"consent": "email", "before": "2026-01-01", "after": "2025-01-01"}, "/where"),
    ({"survey": "csat", "score": {"at_most": "low"}}, "/where/score/at_most"),
    ({"survey": "csat", "of": 1}, "/where/of"),
    ({"message": "welcome", "got": "sent"}, "/where/message"),
    ({"message": {"camp": "x"}, "got": "sent"}, "/where/message/camp"),
    ({"message": {}, "got": "read"}, "/where/got"),
    ({"message": {}}, "/where/got"),
    ({"bucket": "s", "percent": 101}, "/where/percent"),
    ({"bucket": "s", "percent": -1}, "/where/percent"),
    ({"bucket": "s", "from": 60, "to": 40}, "/where"),
    ({"bucket": "s", "percent": 5, "to": 9}, "/where"),
    ({"bucket": "s"}, "/where/from"),
    # comparisons
    ({"trait": "a"}, "/where"),
    ({"trait": "a", "is": 1, "is_not": 2}, "/where"),
    ({"trait": "a", "is": None}, "/where/is"),
    ({"trait": "a", "is": [1]}, "/where/is"),
    ({"trait": "a", "is": float("nan")}, "/where/is"),
    ({"trait": "a", "in": "x"}, "/where/in"),
    ({"trait": "a", "in": [[1]]}, "/where/in/0"),
    ({"trait": "a", "at_least": "ten"}, "/where/at_least"),
    ({"trait": "a", "at_least": True}, "/where/at_least"),
    ({"trait": "a", "at_least": 10**400}, "/where/at_least"),
    ({"trait": "a", "between": [2, 1]}, "/where/between"),
    ({"trait": "a", "between": [1, "2026-01-01"]}, "/where/between/1"),
    ({"trait": "a", "contains": 5}, "/where/contains"),
    ({"trait": "a", "matches": "(a"}, "/where/matches"),
    ({"trait": "a", "matches": "(?=a)"}, "/where/matches"),
    ({"trait": "a", "matches": "a" * 501}, "/where/matches"),
    ({"trait": "a", "exists": "yes"}, "/where/exists"),
    ({"trait": "a", "length": {"at_least": -1}}, "/where/length/at_least"),
    ({"trait": "a", "any_item": {"property": "p", "is": 1}}, "/where/any_item"),
    ({"trait": "a", "any_item": [{"property": "$name", "is": 1}]}, "/where/any_item/0/property"),
    ({"trait": "a", "before": "soon"}, "/where/before"),
    ({"trait": "a", "within": "0s"}, "/where/within"),
    ({"trait": "a", "anniversary": {"in_next": "12h"}}, "/where/anniversary/in_next"),
    ({"trait": "a", "anniversary": {"on": "2026-01-01"}}, "/where/anniversary"),
    ({"trait": "a", "anniversary": "today"}, "/where/anniversary"),
    ({"trait": "a", "held_for": "7d"}, "/where/held_for"),
    ({"trait": "a", "held_for": {"at_least": "0d"}}, "/where/held_for/at_least"),
    ({"trait": "a", "held_for": {"between": ["7d", "1d"]}}, "/where/held_for/between"),
    ({"trait": "a..b", "is": 1}, "/where/trait"),
    ({"trait": "", "is": 1}, "/where/trait"),
    ({"trait": 'a"b"', "is": 1}, "/where/trait"),
    ({"trait": ["a"], "is": 1}, "/where/trait"),
]


@pytest.mark.parametrize(("where", "path"), REFUSED)
def test_what_is_wrong_is_named_by_place(where: Any, path: str) -> None:
    assert faults(where)[0][0] == path


def test_all_faults_are_named_at_once() -> None:
    where = {"all": [{"event": "A", "within": "0d", "count": -1}, {"trait": "b", "over": "x"}, {"what": 1}]}
    assert faults(where) == [
        ("/where/all/0/count", "-1"),
        ("/where/all/0/within", '"0d"'),
        ("/where/all/1/over", '"x"'),
        ("/where/all/2", '"what"'),
    ]


@pytest.mark.parametrize(
    ("shape", "path"),
    [
        ({"key": "Big Spenders", "where": A}, "/key"),
        ({"key": "a" * 65, "where": A}, "/key"),
        ({"where": A}, "/key"),
        ({"key": "a", "name": " ", "where": A}, "/name"),
        ({"key": "a", "name": "n" * 201, "where": A}, "/name"),
        ({"key": "a", "where": A, "colour": "red"}, "/colour"),
        ({"key": "a"}, "/where"),
        ([], ""),
    ],
)
def test_a_segment_has_key_name_and_where(shape: Any, path: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_segment(shape, UTC)
    assert [fault.path for fault in refused.value.faults] == [path]


def test_the_key_may_stand_in_the_address() -> None:
    assert read_segment({"where": A}, UTC, "a").key == "a"
    with pytest.raises(Invalid) as refused:
        read_segment({"key": "b", "where": A}, UTC, "a")
    assert refused.value.faults[0].path == "/key"


def test_the_limits_themselves_are_allowed() -> None:
    assert read_rule(nested(10), UTC)
    assert len(list(language.leaves(read_rule({"any": [A] * 50}, UTC)))) == 50


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-02"])
def test_the_ends_of_the_calendar_are_days_too(day: str) -> None:
    assert read_rule({"event": "A", "until": day}, ZoneInfo("Asia/Seoul"))
    assert read_rule({"trait": "p", "after": day}, ZoneInfo("America/New_York"))


def test_the_language_is_the_same_in_yaml_and_json() -> None:
    text = """
    key: birthday-soon
    name: 생일이 다가오는 고객
    where:
      all:
        - trait: birthday
          anniversary: {on: today}
        - event: Order Completed
          count: {at_least: 2}
          since: 2026-05-01
        - {trait: zip, is: "04524"}
        - {trait: agreed, is: yes}
    """
    [from_yaml] = read_text(text)
    [from_json] = read_text(json.dumps(from_yaml, ensure_ascii=False))
    assert from_yaml == from_json
    assert from_yaml["where"]["all"][0]["anniversary"] == {"on": "today"}, "YAML 1.2: on is a word"
    assert from_yaml["where"]["all"][1]["since"] == "2026-05-01", "and a date is a text, as in JSON"
    assert from_yaml["where"]["all"][3]["is"] == "yes"
    assert read_segment(from_yaml, UTC).rule == read_segment(from_json, UTC).rule


@pytest.mark.parametrize("text", ["a: [", "a: 1\na: 2", "\t- x: y: z"])
def test_what_is_no_yaml_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="not YAML"):
        read_text(text)


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("a", ("a",)),
        ("a.b", ("a", "b")),
        ('a."b c".d', ("a", "b c", "d")),
        ('"a.b"', ("a.b",)),
        ('"say ""hi"""', ('say "hi"',)),
        ("주소.도시", ("주소", "도시")),
        ("a.", None),
        (".a", None),
        ("a..b", None),
        ('"a', None),
        ('"a"b', None),
        ('a"b', None),
    ],
)
def test_paths(text: str, keys: tuple[str, ...] | None) -> None:
    assert split_path(text) == keys


def test_a_dollar_in_quotes_is_an_ordinary_key() -> None:
    assert property_path('"$current_url"') == language.Path(("$current_url",))
    assert property_path("$context.page.path") == language.Path(("page", "path"), "$context")


def test_every_leaf_is_documented(repository_docs: str) -> None:
    for word in LEAVES:
        assert f"`{word}`" in repository_docs, word


def test_every_comparison_is_documented(repository_docs: str) -> None:
    for word in TRAIT:
        assert f"`{word}" in repository_docs, word


def test_every_example_in_the_documents_is_a_segment(repository_docs: str) -> None:
    examples = re.findall(r"^```yaml\n(.*?)^```", repository_docs, re.MULTILINE | re.DOTALL)
    assert len(examples) >= 4
    for example in examples:
        [shape] = read_text(example)
        assert read_segment(shape, UTC).key
