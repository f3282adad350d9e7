"""Registers the stage with Django."""

from django.apps import AppConfig


class PrivacyConfig(AppConfig):
    name = "dangol.privacy"
    label = "privacy"
