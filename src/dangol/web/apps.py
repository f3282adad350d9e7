"""Registers the stage with Django."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "dangol.web"
    label = "web"
