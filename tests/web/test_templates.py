"""The pages of templates and of the brand: begun from the gallery, looked at, saved, refused."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from dangol.campaign import steps as campaign
from dangol.campaign.templates import brand, objects, stored, variants
from dangol.deliver import outcomes, previews
from dangol.strategy import gallery
from dangol.web.security import MESSAGE_POLICY
from dangol.web.writer.written import Written
from tests.conftest import NOON
from tests.shopkit import Kit

pytestmark = pytest.mark.django_db


def written(**changes: Any) -> dict[str, Any]:
    body = "<p>Hi {{ customer.first_name | default: 'you' }}, {{ product.name }}</p>"
    return {
        "key": "hello", "name": "Hello", "language": "en", "subject": "Hi", "preheader": "Look", "form": "html",
        "body": body, "customer": "0", "version": "0", **changes,
    }  # fmt: skip


def texts(key: str = "hello") -> dict[str, Any]:
    """What is kept of a template, by language."""
    return dict(stored.newest_of(stored.get(key)).shape["templates"])


def keep(**parts: str) -> None:
    """A template in two languages, at its first version."""
    told = {"subject": "Hi", "html": "<p>Hi</p>", **parts}
    stored.put("hello", {"name": "Hello", "templates": {"en": told, "ko": {**told, "subject": "안녕"}}}, NOON)


def test_a_letter_of_the_gallery_is_begun_with_and_keeps_its_other_language(opened: Kit, console: Client) -> None:
    page = console.get(reverse("template-new") + "?from=win-back&language=en").content.decode()
    assert "It has been a while" in page
    console.post(reverse("template-save"), written(key="mine", begun="win-back", body="<p>Mine</p>"))
    told = stored.newest_of(stored.get("mine")).shape["templates"]
    assert told["en"]["html"] == "<p>Mine</p>"
    assert told["ko"]["html"] == gallery.letters()["win-back"].texts["ko"]["html"]


def test_what_is_written_can_be_looked_at_before_it_is_saved(opened: Kit, console: Client) -> None:
    answer = console.post(reverse("template-look"), written())
    assert "Hi you, </p>" in answer.content.decode()
    assert answer.headers["Content-Security-Policy"] == MESSAGE_POLICY
    notes = console.post(reverse("template-notes"), written(subject="READ THIS NOW")).content.decode()
    assert "product.name" in notes, "a value that is missing"
    assert "capitals" in notes
    assert not stored.everyone()


def test_what_is_wrong_is_said_and_not_saved(opened: Kit, console: Client) -> None:
    wrong = written(body="<p>\n{{ custmer.name }}</p>")
    told = console.post(reverse("template-notes"), wrong).content.decode()
    assert "English · HTML, line 2:</strong> unknown variable custmer" in told
    answer = console.post(reverse("template-save"), wrong)
    assert answer.status_code == 422
    assert "custmer.name" in answer.content.decode(), "what was written is still there"
    assert not stored.everyone()


def test_a_test_needs_a_mail_server(opened: Kit, console: Client) -> None:
    assert "no mail server or provider is set" in console.post(reverse("template-test"), written()).content.decode()


def test_saved_listed_and_removed(opened: Kit, console: Client) -> None:
    assert console.post(reverse("template-save"), written()).status_code == 303
    assert "Hello" in console.get(reverse("templates")).content.decode()
    assert console.get(reverse("template", args=["hello"])).status_code == 200
    console.post(reverse("template-remove", args=["hello"]))
    assert console.get(reverse("template", args=["hello"])).status_code == 404


# --- nothing is lost -------------------------------------------------------------------------------------------------


def test_saving_keeps_every_part_of_a_language_and_the_other_languages(opened: Kit, console: Client) -> None:
    keep(preheader="Look", text="Written by hand")
    page = console.get(reverse("template", args=["hello"]) + "?language=en").content.decode()
    assert "Written by hand" in page
    form = {"name": "Hello", "language": "en", "text": "Written by hand", "preheader": "Look"}
    console.post(reverse("template-save"), written(**form, subject="Ho", body="<p>Hi</p>", version="1"))
    assert texts()["en"] == {"subject": "Ho", "html": "<p>Hi</p>", "preheader": "Look", "text": "Written by hand"}
    assert texts()["ko"]["text"] == "Written by hand"


def test_the_editor_has_every_part_that_a_template_may_have() -> None:
    told = Written("k", "n", "en", form="mjml", body="b", subject="s", preheader="p", text="t").texts
    assert set(told) | {"html"} == set(variants.PARTS)


def test_a_part_that_is_emptied_is_gone(opened: Kit, console: Client) -> None:
    keep(preheader="Look", text="Written by hand")
    console.post(reverse("template-save"), written(version="1", text="", preheader=""))
    assert set(texts()["en"]) == {"subject", "html"}


def test_a_new_template_does_not_go_over_one_that_has_its_key(opened: Kit, console: Client) -> None:
    keep()
    answer = console.post(reverse("template-save"), written(subject="Other", name="Another"))
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "This key is taken." in page
    assert 'value="Other"' in page, "what was written is still there"
    assert texts()["en"]["subject"] == "Hi"


def test_a_letter_of_the_gallery_begins_under_a_key_that_is_free(opened: Kit, console: Client) -> None:
    console.post(reverse("template-save"), written(key="win-back"))
    page = console.get(reverse("template-new") + "?from=win-back").content.decode()
    assert 'name="key" maxlength="64" value="win-back-2"' in page


def test_who_saves_second_is_told_what_changed_and_chooses(opened: Kit, console: Client) -> None:
    keep()
    first = written(subject="First", body="<p>Hi</p>\n<p>More</p>", version="1")
    console.post(reverse("template-save"), first)
    second = written(subject="Second", body="<p>Hi</p>", version="1")
    answer = console.post(reverse("template-save"), second)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert texts()["en"]["subject"] == "First"
    assert "Somebody saved version 2" in page
    assert "+ First" in page
    assert "- Hi" in page
    assert "+ &lt;p&gt;More&lt;/p&gt;" in page
    assert 'value="Second"' in page
    assert "data-unsaved" in page
    assert f'href="{reverse("templates")}" aria-current' in page, "the menu still says where one is"
    assert f'href="{reverse("template", args=["hello"])}?language=en"' in page, "the newest may be taken"
    console.post(reverse("template-save"), {**second, "version": "2"})
    assert texts()["en"]["subject"] == "Second", "gone over on purpose"
    assert texts()["ko"]["subject"] == "안녕"


def test_who_saves_twice_comes_between_nobody(opened: Kit, console: Client) -> None:
    keep()
    again = written(subject="First", version="1")
    assert [console.post(reverse("template-save"), again).status_code for _ in "12"] == [303, 303]
    assert stored.get("hello").version == 2


def test_a_template_that_was_removed_meanwhile_can_be_brought_back(opened: Kit, console: Client) -> None:
    keep()
    stored.remove("hello", NOON)
    answer = console.post(reverse("template-save"), written(version="1"))
    assert "Somebody removed this template" in answer.content.decode()
    assert 'name="version" value="0"' in answer.content.decode()
    assert console.post(reverse("template-save"), written(version="0")).status_code == 303


def test_links_to_languages_lead_to_the_template_from_every_page(opened: Kit, console: Client) -> None:
    keep()
    refused = console.post(reverse("template-save"), written(version="1", body="{{ nothing }}")).content.decode()
    assert f'href="{reverse("template", args=["hello"])}?language=ko"' in refused
    begun = console.post(reverse("template-save"), written(key="", begun="win-back")).content.decode()
    assert f'href="{reverse("template-new")}?from=win-back&amp;language=ko"' in begun
    saved = console.post(reverse("template-save"), written(version="1"))
    assert saved["Location"] == reverse("template", args=["hello"]) + "?language=en", "the language that was saved"


def test_a_language_is_added_like_another_and_removed(opened: Kit, console: Client) -> None:
    keep()
    page = console.get(reverse("template", args=["hello"]) + "?language=ja&like=ko").content.decode()
    assert 'value="안녕"' in page
    console.post(reverse("template-save"), written(language="ja", version="1"))
    assert set(texts()) == {"en", "ko", "ja"}
    for language in ("ja", "en", "ko"):
        console.post(reverse("template-language-remove", args=["hello"]), {"language": language})
    assert list(texts()) == ["ko"], "the last one stays"


@pytest.mark.parametrize("changes", [{"language": ""}, {"subject": "", "body": ""}])
def test_a_letter_without_its_text_or_language_is_no_partial(
    opened: Kit, console: Client, changes: dict[str, str]
) -> None:
    assert console.post(reverse("template-save"), written(**changes)).status_code == 422
    assert not stored.everyone()


# --- partials --------------------------------------------------------------------------------------------------------

CARD = {"key": "card", "name": "Card", "partial": "1", "version": "0", "customer": "0", "form": "html"}


def test_a_partial_is_written_looked_at_and_removed(opened: Kit, console: Client) -> None:
    assert "New partial" in console.get(reverse("template-new") + "?kind=partial").content.decode()
    assert console.post(reverse("template-save"), {**CARD, "body": "<b>{{ thing.name }}</b>"}).status_code == 303
    assert stored.get("card").partial
    page = console.get(reverse("template", args=["card"])).content.decode()
    assert "{% render &#x27;card&#x27; %}" in page or "{% render 'card' %}" in page
    assert 'name="subject"' not in page
    told = console.post(reverse("template-notes"), {**CARD, "body": "<b>{{ thing.name }}</b>"}).content.decode()
    assert "to mend" not in told
    assert "<code>thing" in told
    for wrong in ("subject", "unsubscribe", "Preview line"):
        assert wrong not in told


@pytest.mark.parametrize(
    "source", ["<b>Piece</b>", "<mj-text>Piece</mj-text>", "<mj-column><mj-text>Piece</mj-text></mj-column>"]
)
def test_a_partial_looks_as_it_is_and_nothing_is_around_it(opened: Kit, console: Client, source: str) -> None:
    page = console.post(reverse("template-look"), {**CARD, "body": source}).content.decode()
    assert "Piece" in page
    assert "Unsubscribe" not in page
    assert "수신거부" not in page


def test_a_partial_that_is_held_says_by_which(opened: Kit, console: Client) -> None:
    stored.put("card", {"source": "<b>1</b>"}, NOON)
    keep(html="{% render 'card' %}")
    assert "Hello" in console.get(reverse("template", args=["card"])).content.decode()
    answer = console.post(reverse("template-remove", args=["card"]), follow=True).content.decode()
    assert "these templates hold it: Hello" in answer
    told = {**CARD, "version": "1", "body": "{{ unheard.of }}"}
    refused = console.post(reverse("template-save"), told).content.decode()
    assert "hello · English · HTML, line 1:</strong> unknown variable unheard" in refused


# --- what was not there ------------------------------------------------------------------------------------------


def test_what_was_missing_in_what_was_sent_is_said_with_what_to_write(opened: Kit, console: Client) -> None:
    keep(subject="{{ customer.first_name }}!")
    definition = {
        "entry": {"fact": "Order Completed"},
        "steps": [{"key": "mail", "send": {"channel": "email", "class": "transactional", "template": "hello"}}],
    }
    campaign.put("mine", {"name": "Mine", "definition": definition}, opened.clock.now())
    campaign.activate("mine", opened.clock.now())
    opened.identify("ann", {"email": "ann@example.com", "language": "en"})
    opened.order("ann", "1", 10)
    opened.run()
    for address in (reverse("campaign", args=["mine"]), reverse("template", args=["hello"])):
        page = html.unescape(console.get(address).content.decode())
        assert "empty in 1 of 1 messages" in page
        assert "{{ customer.first_name | default: 'there' }}" in page
    console.defaults["HTTP_ACCEPT_LANGUAGE"] = "ko"
    page = html.unescape(console.get(reverse("template", args=["hello"])).content.decode())
    assert "{{ customer.first_name | default: '고객' }}" in page


# --- in the page's language ------------------------------------------------------------------------------------

WRONG = (
    "{% if %}", "{% if a %}x", "{{ a", "{% endif %}", "{% foo %}", "{% for x %}{% endfor %}", "{{ customer..name }}",
    "{% assign = 2 %}", "{{ }}", "{{ customer[ }}", "{% comment %}", "{{ nobody.name }}", "{{ voucher.code }}",
    "{{ customer.name | shout }}", "{% render 'none' %}", "<a href='/x'>x</a>",
    "<style>p{display:none}</style><p>x</p>", "<!-- ", "", "x" * 200_001,
    "{% for i in (1..99999) %}x{% endfor %}", "{{ 1 | divided_by: 0 }}",
)  # fmt: skip
WRONG_MJML = ("<mjml><mj-body>", "x", "<mjml><mj-body><mj-foo/></mj-body></mjml>")


@pytest.mark.parametrize(
    "changes",
    [{"body": body} for body in WRONG]
    + [{"body": body, "form": "mjml"} for body in WRONG_MJML]
    + [
        {"subject": ""},
        {"subject": "[광고] x"},
        {"language": "korean!"},
        {"partial": "1", "body": "{% render 'hello' %}"},
    ],
    ids=lambda changes: str(changes)[:60],
)
def test_what_is_wrong_is_said_in_korean(opened: Kit, console: Client, changes: dict[str, str]) -> None:
    console.defaults["HTTP_ACCEPT_LANGUAGE"] = "ko"
    page = console.post(reverse("template-notes"), written(**changes)).content.decode()
    said = re.sub(r"<(code|svg).*?</\1>|<[^>]*>|[&]\S+?;", " ", page)
    assert re.search("[가-힣]", said)
    names = "|".join((*objects.KNOWN, "HTML", "MJML", "Liquid", "mailto", "tel", "pt-BR", "Dangol"))
    foreign = re.sub(rf"{names}|mj-\w+|https?\S*", " ", said)
    assert not re.search(r"[a-z]{3,} [a-z]{2,}", foreign), said


def test_how_a_test_ended_is_said_in_korean(opened: Kit, console: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    console.defaults["HTTP_ACCEPT_LANGUAGE"] = "ko"
    assert "메일 서버" in console.post(reverse("template-test"), written()).content.decode()
    monkeypatch.setattr(previews, "send_test", lambda *told: outcomes.accepted("250 ok"))
    page = console.post(reverse("template-test"), written(version="0")).content.decode()
    assert "보냄" in page
    assert "accepted" not in page


def test_brand_is_set_and_refused(opened: Kit, console: Client) -> None:
    told = {"logo_url": "", "colour": "#123456", "background": "#ffffff", "font": "", "social": "X https://x.example/a"}
    assert console.post(reverse("brand-save"), told).status_code == 303
    assert (brand.current().colour, brand.current().social[0]["name"]) == ("#123456", "X")
    assert console.post(reverse("brand-save"), told | {"social": "X nowhere"}).status_code == 422


@pytest.mark.parametrize("given", [{"smtp_url": "smtp://mail.shop.example:587"}, {"email_provider": "postmark"}])
def test_a_server_or_a_provider_is_no_sandbox_on_any_page(
    opened: Kit, console: Client, settings: Any, monkeypatch: pytest.MonkeyPatch, given: dict[str, str]
) -> None:
    mailbox = SimpleNamespace(hand_over=lambda *told: outcomes.accepted("250 ok"), close=lambda: None)
    monkeypatch.setattr(previews, "open_channel", lambda name, config: mailbox)
    told = {"settings": "letters stay in the outbox", "outbox": "read by nobody but you"}
    for page, words in told.items():
        assert words in console.get(reverse(page)).content.decode()
    settings.DANGOL = replace(settings.DANGOL, **given, email_api_key="K")
    for page, words in told.items():
        assert words not in console.get(reverse(page)).content.decode()
    assert "no mail server" not in console.post(reverse("template-test"), written()).content.decode()
