"""Registers the stage with Django."""

from django.apps import AppConfig


class SurveyConfig(AppConfig):
    name = "dangol.survey"
    label = "survey"
