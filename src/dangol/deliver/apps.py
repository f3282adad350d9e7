"""Registers the stage with Django."""

from django.apps import AppConfig


class DeliverConfig(AppConfig):
    name = "dangol.deliver"
    label = "deliver"
