"""Registers the stage with Django."""

from django.apps import AppConfig


class ConverseConfig(AppConfig):
    name = "dangol.converse"
    label = "converse"
