"""Write keys get a table of their own: a source may have two live ones."""

import django.db.models.deletion
from django.db import migrations, models

import dangol.base.fields


def move(apps, schema_editor):
    Source, WriteKey = apps.get_model("collect", "Source"), apps.get_model("collect", "WriteKey")
    for source in Source.objects.all():
        WriteKey.objects.create(
            source=source, key=source.write_key, created_at=source.created_at, last_used_at=source.last_used_at
        )


class Migration(migrations.Migration):

    dependencies = [
        ("collect", "0002_savedmapping_import_beat_at_import_by_import_choices_and_more"),
    ]

    operations = [
        migrations.AddField("source", "shorten_ip", models.BooleanField(default=False)),
        migrations.CreateModel(
            name="WriteKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=64, unique=True)),
                ("created_at", dangol.base.fields.InstantField()),
                ("last_used_at", dangol.base.fields.InstantField(null=True)),
                ("revoked_at", dangol.base.fields.InstantField(null=True)),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="keys", to="collect.source"
                    ),
                ),
            ],
        ),
        migrations.RunPython(move),
        migrations.RemoveField("source", "write_key"),
        migrations.RemoveField("source", "last_used_at"),
    ]
