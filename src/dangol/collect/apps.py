"""Registers the stage with Django."""

from django.apps import AppConfig


class CollectConfig(AppConfig):
    name = "dangol.collect"
    label = "collect"
