"""Registers the stage with Django."""

from django.apps import AppConfig


class CampaignConfig(AppConfig):
    name = "dangol.campaign"
    label = "campaign"
