"""Commands about e-mail."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import Annotated

import typer

from dangol.terminal import AsJson, Data, show, use

app = typer.Typer()


@app.command()
def dkim(data: Data = "data", as_json: AsJson = False) -> None:
    """Make the key that e-mail is signed with, where there is none, and show the DNS record to publish."""
    use(data)
    from django.conf import settings

    from dangol.deliver import dkim as signing

    selector = settings.DANGOL.dkim_selector or "dangol"
    path = signing.make_key(settings.DANGOL.folder)
    signer = signing.load(settings.DANGOL.folder, selector)
    assert signer is not None  # noqa: S101 - there is a selector
    text = signing.record(signer)
    parts = " ".join(f'"{text[start : start + 250]}"' for start in range(0, len(text), 250))
    show(
        {"key": str(path), "selector": selector, "name": f"{selector}._domainkey", "type": "TXT", "value": text},
        as_json,
        "Publish this record at the domain of the sender's address:",
        f"{selector}._domainkey  TXT  {parts}",
        f'Then set dkim_selector = "{selector}" and start the shop again.',
        f"The key lies in {path}; nobody else needs it.",
    )


mail = typer.Typer(no_args_is_help=True, help="How the shop's e-mail is received, and what the autopilot did about it.")
app.add_typer(mail, name="mail")


@mail.command("check")
def check(data: Data = "data", as_json: AsJson = False) -> None:
    """Ask the DNS whether mailbox providers will believe the shop's letters; what is missing is shown to paste.

    Status 1 where something is bad.
    """
    use(data)
    from dangol.base.clock import SystemClock
    from dangol.deliver import domain_check, vetting

    kept = vetting.ask(domain_check.Dns(), SystemClock().now())
    found = vetting.findings(kept)
    lines = [f"{one.standing:7}{one.about:10}{one.found}" for one in found]
    lines += [f"paste: {one.name}  {one.kind}  {one.value}" for one in found if one.value]
    told = [{**dataclasses.asdict(one), "found": one.found} for one in found]
    show({"sound": kept.sound, "findings": told}, as_json, *lines)
    if not kept.sound:
        raise typer.Exit(1)


@mail.command("acts")
def acts(data: Data = "data", as_json: AsJson = False) -> None:
    """What the autopilot did, the newest first, and whether marketing waits."""
    use(data)
    from dangol.base.instants import iso
    from dangol.deliver import autopilot

    told = [
        {
            "at": iso(one.at), "measure": one.measure, "campaign": one.subject or None, "reason": one.reason,
            "percent": round(100 * one.share, 3), "ended_at": one.ended_at and iso(one.ended_at),
        }
        for one in autopilot.acts()
    ]  # fmt: skip
    lines = [f"{a['at']}  {a['measure']}  {a['campaign'] or 'all'}: {a['percent']} % {a['reason']}" for a in told]
    paused = autopilot.marketing_paused()
    state = "Marketing by e-mail waits: `dangol mail resume`." if paused else "Marketing by e-mail may leave."
    show({"marketing_paused": paused, "acts": told}, as_json, *lines, state)


@mail.command("domains")
def domains(data: Data = "data", as_json: AsJson = False) -> None:
    """Which receiving domains are slowed or left alone, and how warm the sender is."""
    use(data)
    from dangol.base.clock import SystemClock
    from dangol.base.instants import iso
    from dangol.deliver import pacing

    now = SystemClock().now()
    told = [
        {
            "domain": one.domain, "letters_a_minute": one.rate, "answer": one.answer,
            "tried_again_at": iso(one.until) if one.until and one.until > now else None,
        }
        for one in pacing.in_trouble()
    ]  # fmt: skip
    warm = pacing.warming(now)
    sender = warm and {"domain": warm[0].domain, "day": warm[0].days, "letters": warm[0].letters, "most": warm[1]}
    lines = [
        f"{d['domain']}  {d['answer']}  "
        + (f"left alone until {d['tried_again_at']}" if d["tried_again_at"] else f"{d['letters_a_minute']} a minute")
        for d in told
    ]
    state = (
        "{domain} is new: {letters} of {most} letters on day {day}.".format(**sender)
        if sender
        else "The sender is warm."
    )
    show({"sender": sender, "domains": told}, as_json, *lines, state)


@mail.command("resume")
def resume(data: Data = "data", as_json: AsJson = False) -> None:
    """Let marketing by e-mail go on, and take the autopilot's warnings as read."""
    use(data)
    from dangol.base.clock import SystemClock
    from dangol.deliver import autopilot

    ended = autopilot.resume("command line", SystemClock().now())
    show({"ended": ended}, as_json, f"{ended} taken back." if ended else "Nothing was stopped.")


@app.command()
def returned(
    file: Annotated[Path | None, typer.Argument(help="A mail as a file; standard input when left out.")] = None,
    data: Data = "data",
    as_json: AsJson = False,
) -> None:
    """Book a mail that came back: a failure or a complaint. For mail servers that can hand mail to a program."""
    use(data)
    from dangol.base.clock import SystemClock
    from dangol.deliver import returns

    mail = file.read_bytes() if file else sys.stdin.buffer.read()
    booked = returns.take(mail, SystemClock().now())
    show({"booked": booked}, as_json, f"Booked: {', '.join(booked)}." if booked else "Nothing about a letter of ours.")
