from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    """Apart from the one before: PostgreSQL alters no table in the transaction that wrote to it."""

    dependencies = [("campaign", "0003_journeys")]

    operations = [migrations.RemoveField(model_name="run", name="number")]
