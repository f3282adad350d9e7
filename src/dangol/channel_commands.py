"""Commands about the other channels than e-mail."""

from __future__ import annotations

from typing import Annotated

import typer

from dangol.terminal import AsJson, Data, show, use

app = typer.Typer()


@app.command("webhook-secret")
def webhook_secret(
    url: Annotated[str, typer.Argument(help="The address that campaigns call.")],
    data: Data = "data",
    as_json: AsJson = False,
) -> None:
    """Show the secret that signs what goes to one address; the receiver checks signatures with it."""
    use(data)
    from django.conf import settings

    from dangol.deliver.channels import webhooks

    secret = webhooks.secret_of(settings.DANGOL.secret, url)
    show({"url": url, "secret": secret}, as_json, secret)


@app.command("push-key")
def push_key(data: Data = "data", as_json: AsJson = False) -> None:
    """Make the key that web push is signed with, where there is none, and show its public half."""
    use(data)
    from django.conf import settings

    from dangol.deliver import vapid

    public = vapid.public(vapid.key(settings.DANGOL.folder))
    show({"key": str(settings.DANGOL.folder / vapid.FILE), "public": public}, as_json, public)
