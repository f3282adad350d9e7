"""Registers the stage with Django."""

from django.apps import AppConfig


class OfferConfig(AppConfig):
    name = "dangol.offer"
    label = "offer"
