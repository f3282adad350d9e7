"""Registers the stage with Django."""

from django.apps import AppConfig


class HarvestConfig(AppConfig):
    name = "dangol.harvest"
    label = "harvest"
