"""Registers the stage with Django."""

from django.apps import AppConfig


class SegmentConfig(AppConfig):
    name = "dangol.segment"
    label = "segment"
