"""Sources and their write keys: two live ones, switched off at once, last use known."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dangol.base.clock import SetClock
from dangol.base.errors import Conflict, Invalid, NotFound
from dangol.collect import reads, sources
from dangol.collect.models import Source, WriteKey
from tests.collect.conftest import Client

pytestmark = pytest.mark.django_db(transaction=True)
EVENT = {"type": "track", "event": "Seen", "userId": "u"}


def test_a_source_has_at_most_two_live_keys(clock: SetClock) -> None:
    first = sources.add("site", "Site", clock.now()).keys.get()
    second = sources.add_key("site", clock.now())
    with pytest.raises(Conflict, match="revoke one first"):
        sources.add_key("site", clock.now())
    sources.revoke_key(first.pk, clock.now())
    third = sources.add_key("site", clock.now())
    assert set(sources.opened()) == {second.key, third.key}
    assert Source.objects.get().write_key == third.key == reads.write_key(), "the newest one is shown"
    with pytest.raises(NotFound):
        sources.revoke_key(first.pk, clock.now())


@pytest.mark.parametrize("key", ["", "Site", "a b", "-a", "a" * 65, "dangol", "import", "a:b"])
def test_a_key_of_a_source_is_refused_by_name(clock: SetClock, key: str) -> None:
    with pytest.raises(Invalid, match="/key"):
        sources.add(key, "Name", clock.now())


def test_names_and_doubles_are_refused(clock: SetClock) -> None:
    with pytest.raises(Invalid, match="/name"):
        sources.add("site", "  ", clock.now())
    sources.add("site", "Site", clock.now())
    with pytest.raises(Conflict):
        sources.add("site", "Other", clock.now())
    for verb in (sources.enable, sources.disable):
        with pytest.raises(NotFound):
            verb("nobody")


def test_both_keys_are_taken_and_a_revoked_one_is_not(client: Client, clock: SetClock) -> None:
    old, new = client.key, sources.add_key("site", clock.now()).key
    assert [client.send("/v1/t", EVENT, authorization=client.basic(key)).status for key in (old, new)] == [200, 200]
    sources.revoke_key(WriteKey.objects.get(key=old).pk, clock.now())
    client.forget_keys()
    assert [client.send("/v1/t", EVENT, authorization=client.basic(key)).status for key in (old, new)] == [401, 200]
    assert {entry.source for entry in client.stored()} == {"site"}


def test_a_key_made_a_moment_ago_is_taken(client: Client, clock: SetClock) -> None:
    assert client.send("/v1/t", EVENT, authorization=client.basic()).status == 200
    key = sources.add_key("site", clock.now()).key
    assert client.send("/v1/t", EVENT, authorization=client.basic(key)).status == 200


def test_a_source_is_switched_off_and_on(client: Client) -> None:
    sources.disable("site")
    client.forget_keys()
    assert client.send("/v1/t", EVENT, authorization=client.basic()).status == 401
    assert reads.write_key() == ""
    sources.enable("site")
    assert client.send("/v1/t", EVENT, authorization=client.basic()).status == 200


def test_the_last_use_is_noted_for_each_key_once_a_minute(client: Client, clock: SetClock) -> None:
    for _ in range(3):
        client.send("/v1/t", EVENT, authorization=client.basic())
    used = WriteKey.objects.get().last_used_at
    assert used is not None
    assert Source.objects.get().last_used_at == used
    pk = WriteKey.objects.get().pk
    sources.note_used({pk: used + timedelta(seconds=59)})
    assert WriteKey.objects.get().last_used_at == used
    sources.note_used({pk: used + timedelta(seconds=60)})
    assert WriteKey.objects.get().last_used_at == used + timedelta(seconds=60)


def test_an_event_with_another_key_than_the_request_is_refused_alone(client: Client) -> None:
    batch = [{**EVENT, "writeKey": key} for key in (client.key, "dgw_other", "dgw_***", client.key)]
    reply = client.send("/v1/batch", {"batch": batch})
    assert [(r["index"], r["code"]) for r in reply.json["rejected"]] == [(1, "wrong_write_key")]
    assert len(client.facts()) == 3
    assert not any("writeKey" in fact for fact in client.facts()), "the key is the request's, not the fact's"


@pytest.mark.parametrize("other", ["x_write_key", "body", "query", "bearer"])
def test_two_keys_in_one_request_are_refused(client: Client, clock: SetClock, other: str) -> None:
    key = sources.add_key("site", clock.now()).key
    body = {**EVENT, "writeKey": key} if other == "body" else EVENT
    path = f"/v1/track?writeKey={key}" if other == "query" else "/v1/track"
    headers = {"authorization": client.basic()} | ({"x_write_key": f"{key}:x"} if other == "x_write_key" else {})
    if other == "bearer":
        body, headers = {**EVENT, "writeKey": key}, {"authorization": f"Bearer {client.key}"}
    assert client.send(path, body, **headers).status == 401
    assert client.stored() == []


def test_a_bearer_that_is_a_write_key_is_one(client: Client) -> None:
    assert client.send("/v1/track", EVENT, authorization=f"Bearer {client.key}").status == 200
    assert client.send("/v1/track", EVENT, authorization="Bearer dgk_secret").status == 401
