"""Templates that staff keep, each state of them, and how the shop looks in its messages."""

from __future__ import annotations

from django.db import models

from dangol.base.fields import InstantField


class Template(models.Model):
    """An e-mail's texts, or a partial that others hold; under one key, whichever version."""

    key = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=200)
    partial = models.BooleanField(default=False)
    version = models.IntegerField(default=1)  # the newest
    created_at = InstantField()
    changed_at = InstantField()
    removed_at = InstantField(null=True)  # no new campaign may use it; its versions stay for those that do

    class Meta:
        app_label = "campaign"


class TemplateVersion(models.Model):
    """A state of a template that never changes: what a campaign was activated with is what it sends."""

    template = models.ForeignKey(Template, on_delete=models.CASCADE, related_name="versions")
    number = models.IntegerField()
    shape = models.JSONField()  # as it was written: {"templates": …} or, for a partial, {"source": …}
    ready = models.JSONField()  # language → texts, partials put in
    at = InstantField()

    class Meta:
        app_label = "campaign"
        constraints = [models.UniqueConstraint(fields=["template", "number"], name="campaign_template_version_once")]


class Brand(models.Model):
    """How the shop looks in its messages; one row."""

    logo_url = models.CharField(max_length=500, default="", blank=True)
    colour = models.CharField(max_length=7, default="#8a5a2b")  # of buttons and links
    background = models.CharField(max_length=7, default="#f4f1ec")  # around the message
    font = models.CharField(max_length=200, default="", blank=True)  # CSS families; empty: the system's
    social = models.JSONField(default=list)  # [{"name", "url"}]

    class Meta:
        app_label = "campaign"
