"""Registers the stage with Django."""

from django.apps import AppConfig


class ProfileConfig(AppConfig):
    name = "dangol.profile"
    label = "profile"
