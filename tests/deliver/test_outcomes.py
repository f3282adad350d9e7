"""What a mail server's words mean."""

from __future__ import annotations

import pytest

from dangol.deliver.outcomes import of_reply


@pytest.mark.parametrize(
    ("stage", "code", "text", "state", "kind", "reason"),
    [
        ("connect", 421, "4.3.2 closing", "deferred", "", ""),
        ("connect", 554, "no service", "deferred", "", ""),
        ("mail", 421, "4.3.2 shutting down", "deferred", "", ""),
        ("mail", 451, "4.7.1 try later", "deferred", "", ""),
        ("mail", 550, "5.7.1 sender refused", "failed", "", ""),
        ("rcpt", 450, "4.2.1 greylisted", "deferred", "", ""),
        ("rcpt", 451, "4.7.1 greylisted, come back", "deferred", "", ""),
        ("rcpt", 452, "4.2.2 mailbox full", "deferred", "", ""),
        ("rcpt", 550, "5.1.1 user unknown", "bounced", "hard", "address"),
        ("rcpt", 550, "5.1.10 null MX", "bounced", "hard", "address"),
        ("rcpt", 550, "5.1.6 moved", "bounced", "hard", "address"),
        ("rcpt", 550, "5.2.1 disabled", "bounced", "hard", "address"),
        ("rcpt", 553, "5.1.3 bad syntax", "bounced", "hard", "address"),
        ("rcpt", 550, "no such user here", "bounced", "hard", "address"),
        ("rcpt", 551, "user not local", "bounced", "hard", "address"),
        ("rcpt", 552, "5.2.2 mailbox full", "bounced", "soft", "address"),
        ("rcpt", 552, "5.3.4 too big", "bounced", "soft", "address"),
        ("rcpt", 550, "5.7.1 rejected due to policy", "bounced", "soft", "policy"),
        ("rcpt", 554, "5.7.1 relay access denied", "bounced", "soft", "policy"),
        ("rcpt", 550, "your host is listed at a blocklist", "bounced", "soft", "policy"),
        ("rcpt", 550, "5.6.0 content", "bounced", "soft", "policy"),
        ("rcpt", 554, "5.1.2 host unknown", "bounced", "soft", "address"),
        ("data", 451, "4.3.0 later", "deferred", "", ""),
        ("data", 554, "5.5.1 no valid recipients", "failed", "", ""),
        ("end", 451, "4.3.0 later", "deferred", "", ""),
        ("end", 554, "5.7.1 spam", "bounced", "soft", "content"),
        ("end", 550, "5.1.1 after the message", "bounced", "soft", "content"),
    ],
)
def test_replies(stage: str, code: int, text: str, state: str, kind: str, reason: str) -> None:
    outcome = of_reply(stage, code, text)
    assert (outcome.state, outcome.kind, outcome.reason) == (state, kind, reason)
    assert text in outcome.answer


@pytest.mark.parametrize(
    ("stage", "code", "text", "busy"),
    [
        ("rcpt", 421, "4.7.0 too many letters", True),
        ("rcpt", 451, "4.3.0 later", True),
        ("end", 451, "4.7.1 try later", True),
        ("rcpt", 451, "4.7.1 Greylisted, come back", False),
        ("rcpt", 450, "Graylisting in action", False),
        ("rcpt", 452, "4.2.2 mailbox full", False),
        ("rcpt", 450, "4.1.1 unknown for now", False),
        ("connect", 421, "4.3.2 closing", False),
        ("rcpt", 550, "5.1.1 user unknown", False),
    ],
)
def test_what_a_whole_domain_puts_off(stage: str, code: int, text: str, busy: bool) -> None:
    assert of_reply(stage, code, text).busy is busy
