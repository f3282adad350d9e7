"""Registers the stage with Django."""

from django.apps import AppConfig

from dangol.segment import referring


class CampaignConfig(AppConfig):
    name = "dangol.campaign"
    label = "campaign"

    def ready(self) -> None:
        referring.ask(_standing_on)


def _standing_on(what: referring.What, key: str) -> list[str]:
    """Asked seldom, and the language of campaigns is heavy: processes that only wait do without it."""
    from dangol.campaign import audience  # noqa: PLC0415

    return audience.standing_on(what, key)
