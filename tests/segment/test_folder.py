"""Segments in files: compared with the shop, applied without overwriting anybody, and the schema of the language."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from dangol.base import filed
from dangol.base.clock import SetClock
from dangol.base.documents import read_text
from dangol.segment import active, folder, leaves, library, schema, steps
from dangol.web.writing import as_yaml
from tests.shopkit import Kit

BUYERS = {"event": "Order Completed"}


def file(path: Path, key: str, where: Any, **more: Any) -> Path:
    path.mkdir(exist_ok=True)
    (path / f"{key}.yaml").write_text(as_yaml({"key": key, "where": where, **more}), "utf-8")
    return path / f"{key}.yaml"


def standing(found: list[folder.Filed]) -> dict[str, str]:
    return {one.key: one.standing for one in found}


@pytest.mark.django_db
def test_files_may_refer_to_each_other_and_are_saved_in_that_order(kit: Kit, clock: SetClock, tmp_path: Path) -> None:
    home = tmp_path / "segments"
    file(home, "a-rest", {"segment": "z-buyers", "is": False})
    file(home, "z-buyers", BUYERS, name="Buyers")
    file(home, "later", {"event": "A"}, state="draft")
    found = folder.apply(filed.paths(home), clock.now())
    assert standing(found) == {"z-buyers": "new", "a-rest": "new", "later": "new"}
    assert [row.key for row in active.all_active()] == ["a-rest", "z-buyers"]
    assert set(standing(folder.compare(filed.paths(home))).values()) == {"same"}


@pytest.mark.django_db
def test_what_the_console_changed_is_left_alone_unless_forced(kit: Kit, clock: SetClock, tmp_path: Path) -> None:
    home = tmp_path / "segments"
    path = file(home, "buyers", BUYERS)
    folder.apply([path], clock.now())
    file(home, "buyers", {"event": "A"})
    assert standing(folder.apply([path], clock.now())) == {"buyers": "changed"}
    assert active.get("buyers").rule == {"event": "A"}
    steps.save("buyers", {"where": {"event": "B"}}, clock.now())
    assert standing(folder.apply([path], clock.now())) == {"buyers": "drift"}
    file(home, "buyers", {"event": "C"})
    assert standing(folder.apply([path], clock.now())) == {"buyers": "drift"}
    assert active.get("buyers").rule == {"event": "B"}
    folder.apply([path], clock.now(), force=True)
    assert active.get("buyers").rule == {"event": "C"}
    assert standing(folder.compare([path])) == {"buyers": "same"}


@pytest.mark.django_db
def test_a_segment_of_the_console_that_a_file_never_said_is_not_overwritten(
    kit: Kit, clock: SetClock, tmp_path: Path
) -> None:
    steps.save("buyers", {"where": BUYERS}, clock.now())
    path = file(tmp_path / "segments", "buyers", {"event": "A"})
    assert standing(folder.apply([path], clock.now())) == {"buyers": "drift"}


@pytest.mark.django_db
def test_one_fault_and_nothing_at_all_is_saved(kit: Kit, clock: SetClock, tmp_path: Path) -> None:
    home = tmp_path / "segments"
    file(home, "buyers", BUYERS)
    file(home, "one", {"segment": "two"})
    file(home, "two", {"all": [{"segment": "one"}]})
    (home / "broken.yaml").write_text("key: [", "utf-8")
    found = folder.apply(filed.paths(home), clock.now())
    faults = {one.key: [fault.path for fault in one.faults] for one in found if one.standing == "refused"}
    assert faults == {"": [""], "one": ["/where/segment"], "two": ["/where/all/0/segment"]}
    assert active.all_active() == []


@pytest.mark.django_db
def test_a_draft_that_cannot_be_one_and_nothing_at_all_is_saved(kit: Kit, clock: SetClock, tmp_path: Path) -> None:
    home = tmp_path / "segments"
    steps.save("buyers", {"where": BUYERS}, clock.now())
    steps.save("rest", {"where": {"segment": "buyers", "is": False}}, clock.now())
    file(home, "a-new-one", {"event": "A"})
    file(home, "buyers", BUYERS, name="buyers", state="draft")
    found = folder.apply(filed.paths(home), clock.now(), force=True)
    assert standing(found) == {"a-new-one": "new", "buyers": "refused"}
    assert [row.key for row in active.all_active()] == ["buyers", "rest"]


def rules() -> list[tuple[str, Any]]:
    cases = [
        (f"{path.stem}: {case['case']}", case["rule"])
        for path in sorted((Path(__file__).parent / "cases").glob("*.yaml"))
        for document in read_text(path.read_text("utf-8"))
        for case in document
    ]
    return [*cases, *((one.key, one.where) for one in library.everything().values())]


def test_the_schema_takes_whatever_the_parser_takes() -> None:
    told = schema.document()
    validator = jsonschema_rs.Draft202012Validator(told)
    assert [name for name, rule in rules() if not validator.is_valid({"key": "a", "where": rule})] == []


@pytest.mark.parametrize(
    "where",
    [
        {}, "nobody", [], {"event": "A", "trait": "b", "is": 1}, {"event": ""}, {"event": "A", "within": "30 days"},
        {"event": "A", "within": "30d", "since": "2026-01-01"}, {"event": "A", "colour": "red"}, {"trait": "a"},
        {"trait": "a", "is": 1, "over": 2}, {"all": {}}, {"all": [], "any": []}, {"exactly": {"k": 1}},
        {"event": "A", "count": -1}, {"event": "A", "sum": {"at_least": 1}}, {"event": "A", "where": [{"is": 1}]},
        {"none": [{"trait": "a", "held_for": {"at_least": "soon"}}]}, {"consent": "email", "is": "maybe"},
        {"message": {"shop": "x"}, "got": "opened"}, {"message": {}, "got": "seen"},
    ],
)  # fmt: skip
def test_the_schema_refuses_faults_of_structure(where: Any) -> None:
    assert not jsonschema_rs.Draft202012Validator(schema.document()).is_valid({"key": "a", "where": where})


def test_the_schema_knows_every_leaf() -> None:
    assert {f"of-{subject}" for subject in leaves.LEAVES} <= set(schema.document()["$defs"])


@pytest.mark.django_db
def test_a_preview_knows_the_unsaved_files_of_its_folder(kit: Kit, clock: SetClock, tmp_path: Path) -> None:
    home = tmp_path / "segments"
    kit.order("u1", "o1", 10)
    kit.track("u2", "Seen")
    kit.run()
    u1, u2 = kit.customer("u1"), kit.customer("u2")
    steps.save("saved", {"where": BUYERS}, clock.now())
    file(home, "buyers", BUYERS)
    file(home, "lookers", {"all": [{"event": "Seen"}, {"segment": "buyers", "is": False}]})
    path = file(home, "all-of-them", {"any": [{"segment": "lookers"}, {"segment": "saved"}]})
    found, members = folder.preview([path], clock.now())
    assert (standing(found), sorted(members["all-of-them"])) == ({"all-of-them": "new"}, [u1, u2])
    file(home, "saved", {"event": "Nothing"})
    assert folder.preview([path], clock.now())[1] == {"all-of-them": [u2]}, "the file goes before what is saved"
    assert folder.compare([path])[0].standing == "refused", "it is told that the others are not saved"
    file(home, "buyers", {"segment": "lookers"})  # a circle: neither is known then
    (home / "broken.yaml").write_text("[", "utf-8")
    found, members = folder.preview([path], clock.now())
    assert (found[0].standing, members) == ("refused", {})
    assert [fault.path for fault in found[0].faults] == ["/where/any/0/segment"]
