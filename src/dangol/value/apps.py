"""Registers the stage with Django."""

from django.apps import AppConfig


class ValueConfig(AppConfig):
    name = "dangol.value"
    label = "value"
