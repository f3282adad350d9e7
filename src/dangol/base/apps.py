"""Registers the ground floor with Django."""

from django.apps import AppConfig
from django.db.models import BigIntegerField


class BaseConfig(AppConfig):
    name = "dangol.base"
    label = "base"

    def ready(self) -> None:
        from dangol.base.among import Among  # noqa: PLC0415 - lookups need apps that are ready

        BigIntegerField.register_lookup(Among)
