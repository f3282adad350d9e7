"""A run stands at a step's key instead of a number; definitions have versions; many enter together in waves."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import django.db.models.deletion
from django.db import migrations, models

import dangol.base.fields


def name_places(apps: Any, _editor: Any) -> None:
    """Each campaign's definition becomes its version, each run's number the key of that step."""
    Campaign, Run, Version = (apps.get_model("campaign", name) for name in ("Campaign", "Run", "Version"))
    for campaign in Campaign.objects.all():
        told = json.dumps(campaign.definition, sort_keys=True, ensure_ascii=False)
        campaign.digest = hashlib.sha256(told.encode()).hexdigest()
        campaign.save(update_fields=["digest"])
        Version.objects.create(
            campaign=campaign, number=campaign.version, definition=campaign.definition, digest=campaign.digest,
            saved_at=campaign.created_at,
        )  # fmt: skip
        runs = Run._base_manager.filter(campaign=campaign)
        runs.update(version=campaign.version)
        for number, step in enumerate(campaign.definition.get("steps", [])):
            runs.filter(number=number).update(step=step.get("key", ""))


class Migration(migrations.Migration):
    dependencies = [("campaign", "0002_homes")]

    operations = [
        migrations.RenameField(model_name="run", old_name="step", new_name="number"),
        migrations.AddField(
            model_name="run", name="step", field=models.CharField(default="", max_length=64),
        ),
        migrations.AddField(model_name="run", name="version", field=models.IntegerField(default=1)),
        migrations.AddField(model_name="run", name="phase", field=models.CharField(default="wait", max_length=4)),
        migrations.AddField(model_name="run", name="since", field=dangol.base.fields.InstantField(null=True)),
        migrations.AddField(model_name="run", name="about", field=models.CharField(default="", max_length=120)),
        migrations.AddField(model_name="run", name="reached_at", field=dangol.base.fields.InstantField(null=True)),
        migrations.AddField(
            model_name="campaign", name="digest", field=models.CharField(default="", max_length=64),
        ),
        migrations.AddField(
            model_name="campaign", name="next_at",
            field=dangol.base.fields.InstantField(db_index=True, null=True),
        ),
        migrations.CreateModel(
            name="Version",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.IntegerField()),
                ("definition", models.JSONField()),
                ("digest", models.CharField(max_length=64)),
                ("saved_at", dangol.base.fields.InstantField()),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="versions", to="campaign.campaign"
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="version",
            constraint=models.UniqueConstraint(fields=("campaign", "number"), name="campaign_version_once"),
        ),
        migrations.CreateModel(
            name="Wave",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slot", models.CharField(max_length=100)),
                ("segment", models.CharField(max_length=100)),
                ("at", dangol.base.fields.InstantField()),
                ("after", models.BigIntegerField(default=0)),
                ("entered", models.IntegerField(default=0)),
                ("ended_at", dangol.base.fields.InstantField(null=True)),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="waves", to="campaign.campaign"
                    ),
                ),
            ],
            options={"indexes": [models.Index(fields=["ended_at"], name="campaign_wave_open")]},
        ),
        migrations.AddConstraint(
            model_name="wave",
            constraint=models.UniqueConstraint(fields=("campaign", "slot"), name="campaign_wave_once"),
        ),
        migrations.RunPython(name_places, migrations.RunPython.noop),
    ]
