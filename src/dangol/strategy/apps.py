"""Registers the stage with Django."""

from django.apps import AppConfig


class StrategyConfig(AppConfig):
    name = "dangol.strategy"
    label = "strategy"
