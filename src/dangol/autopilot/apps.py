"""Registers the stage with Django."""

from django.apps import AppConfig


class AutopilotConfig(AppConfig):
    name = "dangol.autopilot"
    label = "autopilot"
