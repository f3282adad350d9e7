"""Conversations in the console: read, answered, taken and closed."""

from __future__ import annotations

from email.message import EmailMessage

import pytest
from django.test import Client

from dangol.converse.models import Conversation
from dangol.deliver import returns
from dangol.deliver.models import OutboxMessage
from tests.shopkit import Kit
from tests.web.test_pages import look

pytestmark = pytest.mark.django_db


@pytest.fixture
def written(happened: Kit) -> Conversation:
    """A customer answered a letter of the shop."""
    letter = OutboxMessage.objects.latest("pk")
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = letter.to, "hello@shop.example", "Re: 주문"
    made["Message-ID"], made["In-Reply-To"] = "<r1@mail.example>", letter.headers["Message-ID"]
    made.set_content("컵이 <b>깨져서</b> 왔어요.\n\n2026년 11월 24일 (화), 단골 가게님이 작성:\n> 안녕하세요")
    assert returns.take(made.as_bytes(), happened.clock.now()) == ["replied"]
    happened.run()
    return Conversation.objects.filter(channel="email").latest("pk")


def test_a_reply_is_read_answered_and_closed(happened: Kit, written: Conversation, console: Client) -> None:
    assert "컵이 &lt;b&gt;깨져서&lt;/b&gt; 왔어요." in look(console, "/conversations")
    place = f"/conversations/{written.pk}"
    page = look(console, place)
    assert "안녕하세요" not in page, "what they quote is our own"
    assert console.post(f"{place}/take").headers["Location"] == place
    assert "looks after it" in look(console, place)
    assert console.post(f"{place}/take", {"back": "1"}).status_code == 303
    assert "I take it" in look(console, place)

    refused = console.post(f"{place}/answer", {"text": "  "})
    assert refused.status_code == 422
    assert "Write something first." in refused.content.decode()
    console.post(f"{place}/answer", {"text": "새 컵을 보내 드릴게요."})
    assert "state-planned" in look(console, place)
    happened.run()
    page = look(console, place)
    assert "새 컵을 보내 드릴게요." in page
    assert "state-accepted" in page
    assert "새 컵을 보내 드릴게요." in OutboxMessage.objects.latest("pk").text
    assert f'href="{place}"' in look(console, f"/customers/{written.customer_id}")

    console.post(f"{place}/answer", {"text": "잘 쓰세요!", "close": "1"})
    written.refresh_from_db()
    assert written.state == "closed"
    assert "잘 쓰세요!" in look(console, "/conversations?shown=closed")
    console.post(f"{place}/close")


def test_lists_are_of_all_and_of_mine(happened: Kit, written: Conversation, console: Client) -> None:
    assert "컵이" not in look(console, "/conversations?shown=mine")
    console.post(f"/conversations/{written.pk}/take")
    assert "컵이" in look(console, "/conversations?shown=mine")
    assert "컵이" in look(console, "/conversations?shown=everything"), "what is no list is the first one"


def test_in_korean_as_in_english(happened: Kit, written: Conversation, console: Client) -> None:
    assert "답을 기다림" in look(console, "/conversations", "ko")
    assert "보내고 닫기" in look(console, f"/conversations/{written.pk}", "ko")
    assert console.get("/conversations/99").status_code == 404
