"""Messages refer to what they consist of, and the indexes hold only what waits or is under way."""

import hashlib

import msgspec
from django.db import migrations, models
from django.db.models import Q

PART = 500


def keep_once(apps, schema_editor):
    Delivery, Content = apps.get_model("deliver", "Delivery"), apps.get_model("deliver", "Content")
    last, kept = 0, set()
    while rows := list(Delivery.objects.filter(pk__gt=last).order_by("pk").only("pk", "message")[:PART]):
        told = [row for row in rows if row.message]
        for row in told:
            row.content = hashlib.sha256(msgspec.json.encode(row.message, order="sorted")).hexdigest()
            if row.content not in kept:
                Content.objects.get_or_create(pk=row.content, defaults={"body": row.message})
                kept.add(row.content)
        Delivery.objects.bulk_update(told, ["content"], batch_size=100)
        last = rows[-1].pk


class Migration(migrations.Migration):
    dependencies = [("deliver", "0003_returned")]

    operations = [
        migrations.CreateModel(
            name="Content",
            fields=[
                ("key", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("body", models.JSONField()),
            ],
        ),
        migrations.AddField(
            model_name="delivery", name="content", field=models.CharField(default="", max_length=64)
        ),
        migrations.RunPython(keep_once, migrations.RunPython.noop),
        migrations.RemoveField(model_name="delivery", name="message"),
        migrations.RemoveIndex(model_name="delivery", name="deliver_delivery_due"),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                fields=["due_at", "id"], condition=Q(state__in=("planned", "deferred")), name="deliver_delivery_waiting"
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                fields=["leased_until"], condition=Q(state__in=("leased", "attempting")), name="deliver_delivery_taken"
            ),
        ),
    ]
