"""Registers the stage with Django."""

from django.apps import AppConfig


class IdentityConfig(AppConfig):
    name = "dangol.identity"
    label = "identity"
