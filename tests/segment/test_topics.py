"""Topics: what a segment says of one follows its kind, in every place where rules are read."""

from __future__ import annotations

from pathlib import Path

import pytest

from dangol import loop
from dangol.base.clock import SetClock
from dangol.base.errors import Conflict, Fault, Invalid, NotFound
from dangol.campaign import steps as campaign
from dangol.identity import reads as identity
from dangol.profile import forgetting
from dangol.profile import topics as profile
from dangol.profile.models import Fact, TopicWord
from dangol.segment import active, asking, folder, steps, topic_files, topics
from tests.shopkit import Kit

NEWS = {"name": {"en": "News", "ko": "소식"}, "kind": "opt_in"}
pytestmark = pytest.mark.django_db


def members(key: str) -> set[int]:
    return {row.customer_id for row in asking.members(key)}


@pytest.fixture
def two(kit: Kit, clock: SetClock) -> tuple[int, int]:
    """One customer who said nothing of the topic, and one who said no."""
    kit.track("silent", "Seen")
    kit.track("no", "Topic Changed", {"topic": "news", "subscribed": False})
    kit.run()
    return kit.customer("silent"), kit.customer("no")


def test_what_silence_means_follows_the_kind_and_changes_with_it(
    kit: Kit, clock: SetClock, two: tuple[int, int]
) -> None:
    silent, refused = two
    topics.save("news", NEWS, clock.now())
    steps.save("readers", {"where": {"topic": "news"}}, clock.now())
    steps.save("others", {"where": {"none": [{"segment": "readers"}]}}, clock.now())
    assert members("readers") == set()
    before = Fact.objects.filter(name__startswith="Segment ").count()
    topics.save("news", {**NEWS, "kind": "opt_out"}, clock.now())
    assert members("readers") == {silent}
    assert members("others") == {refused}, "who refers to it is computed too"
    assert Fact.objects.filter(name__startswith="Segment ").count() == before, "no customer did anything"
    kit.track("silent", "Topic Changed", {"topic": "news", "subscribed": False})
    kit.track("new", "Seen")
    kit.run()
    assert members("readers") == {kit.customer("new")}, "the live path reads it so"
    assert topics.sizes(["news"], clock.now()) == {"news": 1}
    topics.save("news", NEWS, clock.now())
    assert members("readers") == set()


def test_every_reader_of_rules_knows_what_silence_means(
    kit: Kit, clock: SetClock, two: tuple[int, int], tmp_path: Path
) -> None:
    silent, refused = two
    topics.save("news", {**NEWS, "kind": "opt_out"}, clock.now())
    rule = {"topic": "news"}
    assert asking.evaluate(rule, clock.now()) == [silent]
    assert asking.judge({"x": rule}, clock.now(), [silent, refused]) == {"x": [silent]}
    assert asking.explain_rule(rule, silent, clock.now()).member
    file = tmp_path / "readers.yaml"
    file.write_text("key: readers\nname: Readers\nwhere: {topic: news}\n")
    _, found = folder.preview([file], clock.now())
    assert found == {"readers": [silent]}
    folder.apply([file], clock.now())
    assert members("readers") == {silent}
    assert asking.explain("readers", silent, clock.now()).member


def test_a_rule_or_a_step_about_a_topic_that_is_not_there_names_those_that_are(kit: Kit, clock: SetClock) -> None:
    with pytest.raises(Invalid) as none:
        steps.save("readers", {"where": {"all": [{"topic": "news"}]}}, clock.now())
    assert none.value.faults == [Fault("/where/all/0/topic", "'news'", "a topic, of which there is none yet")]
    topics.save("sales", {"name": {"en": "Sales"}}, clock.now())
    topics.save("arrivals", {"name": {"en": "Arrivals"}}, clock.now())
    topics.save("gone", {"name": {"en": "Gone"}}, clock.now())
    topics.archive("gone", clock.now())
    told = {"key": "a", "change": {"topic": "news"}}
    wait = {"key": "b", "split": {"branches": [{"key": "y", "rule": {"topic": "gone"}, "steps": []}]}}
    campaign.put("hello", {"definition": {"entry": {"fact": "Seen"}, "steps": [told, wait]}}, clock.now())
    with pytest.raises(Invalid) as refused:
        campaign.activate("hello", clock.now())
    assert {(fault.path, fault.allowed) for fault in refused.value.faults} == {
        ("/definition/steps/0/change/topic", "a topic: sales, arrivals"),
        ("/definition/steps/1/split/branches/0/rule/topic", "a topic: sales, arrivals"),
    }


def test_what_stands_on_a_topic_keeps_it(kit: Kit, clock: SetClock) -> None:
    for key in ("news", "sales", "free"):
        topics.save(key, NEWS, clock.now())
    steps.save("readers", {"where": {"topic": "news"}}, clock.now())
    told = {"key": "a", "change": {"topic": "sales"}}
    campaign.put("hello", {"definition": {"entry": {"fact": "Seen"}, "steps": [told]}}, clock.now())
    campaign.activate("hello", clock.now())
    for key, user in (("news", "readers"), ("sales", "campaign hello")):
        with pytest.raises(Conflict, match=user):
            topics.archive(key, clock.now())
    topics.archive("free", clock.now())
    assert [row.key for row in profile.everything()] == ["news", "sales"]
    topics.save("free", NEWS, clock.now())
    assert [row.key for row in profile.everything()] == ["news", "sales", "free"]
    with pytest.raises(NotFound, match="news, sales, free"):
        topics.archive("none", clock.now())


@pytest.mark.parametrize(
    ("key", "shape", "at"),
    [
        ("Not a key", {"name": {"en": "x"}}, "/key"),
        ("x", {"name": {}}, "/name"),
        ("x", {"name": "News"}, "/name"),
        ("x", {"name": {"english": "x"}}, "/name/english"),
        ("x", {"name": {"en": "x" * 101}}, "/name/en"),
        ("x", {"name": {"en": "x"}, "description": {"en": 1}}, "/description/en"),
        ("x", {"name": {"en": "x"}, "kind": "both"}, "/kind"),
        ("x", {"name": {"en": "x"}, "place": -1}, "/place"),
        ("x", {"name": {"en": "x"}, "place": True}, "/place"),
        ("x", {"name": {"en": "x"}, "opt_out": True}, "/opt_out"),
        ("x", ["name"], ""),
    ],
)
def test_faults_of_a_topic_have_their_places(shop: object, clock: SetClock, key: str, shape: object, at: str) -> None:
    with pytest.raises(Invalid) as refused:
        topics.save(key, shape, clock.now())
    assert [fault.path for fault in refused.value.faults] == [at]
    assert profile.everything() == []


def test_topics_stand_in_the_order_of_the_shop(shop: object, clock: SetClock) -> None:
    for key in ("a", "b", "c"):
        topics.save(key, NEWS, clock.now())
    profile.move("c", -1)
    profile.move("a", -1)
    assert [row.key for row in profile.everything()] == ["a", "c", "b"]
    topics.save("b", {**NEWS, "place": 0}, clock.now())
    topics.save("c", NEWS, clock.now())
    assert [(row.key, row.place) for row in profile.everything()] == [("a", 0), ("b", 0), ("c", 1)]


def test_a_word_counts_at_once_and_follows_merges_and_their_undoing(kit: Kit, clock: SetClock) -> None:
    topics.save("news", NEWS, clock.now())
    kit.track("u1", "Seen")
    kit.track("u2", "Seen")
    kit.run()
    u1, u2 = kit.customer("u1"), kit.customer("u2")
    assert profile.say(u2, {"news": True}, {"form": "preferences"}, clock.now()) == 1
    assert profile.subscribed([u1, u2], ["news"]) == {(u1, "news"): False, (u2, "news"): True}
    assert profile.say(u2, {"news": True}, {}, clock.now()) == 0, "it is said already"
    kit.run()
    [word] = TopicWord.objects.all()
    assert word.position is not None, "the fact has come round"
    told = Fact.objects.get(name="Topic Changed").properties
    assert told == '{"topic":"news","subscribed":true,"form":"preferences"}'
    loop.join(u1, u2, clock.now())
    one = kit.customer("u1")
    assert profile.subscribed([one], ["news"]) == {(one, "news"): True}
    loop.part(identity.merges()[0].pk, clock.now())
    u1, u2 = kit.customer("u1"), kit.customer("u2")
    assert profile.subscribed([u1, u2], ["news"]) == {(u1, "news"): False, (u2, "news"): True}
    forgetting.forget([u2], b"secret", ())
    assert not TopicWord.objects.exists()


def test_the_newest_word_stands_in_any_order_of_arrival(kit: Kit, clock: SetClock) -> None:
    topics.save("news", NEWS, clock.now())
    later, earlier = "2026-11-20T00:00:00Z", "2026-11-19T00:00:00Z"
    kit.track("u1", "Topic Changed", {"topic": "news", "subscribed": False}, timestamp=later)
    kit.track("u1", "Topic Changed", {"topic": "news", "subscribed": True}, timestamp=earlier)
    kit.track("u1", "Topic Changed", {"topic": "news", "subscribed": "yes"})
    kit.track("u1", "Topic Changed", {"topic": 5, "subscribed": True})
    kit.run()
    u1 = kit.customer("u1")
    assert profile.subscribed([u1], ["news"]) == {(u1, "news"): False}
    assert asking.evaluate({"topic": "news"}, clock.now()) == []


def test_files_and_the_shop_are_brought_together(shop: object, clock: SetClock, tmp_path: Path) -> None:
    file = tmp_path / "topics.yaml"
    file.write_text("key: news\nname: {en: News}\n---\nkey: sales\nname: {en: Sales}\nkind: opt_out\nplace: 1\n")
    assert [one.standing for one in topic_files.apply([file], clock.now())] == ["new", "new"]
    assert profile.opt_out() == {"sales"}
    assert [one.standing for one in topic_files.compare([file])] == ["same", "same"]
    file.write_text(file.read_text().replace("en: News", "en: The news"))
    topics.save("sales", {"name": {"en": "Sale"}, "kind": "opt_out", "place": 1}, clock.now())
    assert [one.standing for one in topic_files.apply([file], clock.now())] == ["changed", "drift"]
    assert [row.name["en"] for row in profile.everything()] == ["The news", "Sale"]
    topic_files.apply([file], clock.now(), force=True)
    assert [row.name["en"] for row in profile.everything()] == ["The news", "Sales"]
    file.write_text("key: news\nname: {en: News}\n---\nkey: news\nname: {}\n---\n- a\n")
    refused = topic_files.apply([file], clock.now())
    assert [(one.standing, [fault.path for fault in one.faults]) for one in refused] == [
        ("refused", ["/key"]), ("refused", ["/name"]), ("refused", [""]),
    ]  # fmt: skip
    assert [row.name["en"] for row in profile.everything()] == ["The news", "Sales"]
    assert active.all_active() == []
