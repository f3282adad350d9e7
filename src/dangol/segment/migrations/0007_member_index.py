"""An index of members by segment goes: the primary key begins with the segment, and every change wrote both."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("segment", "0006_audit_found")]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL("DROP INDEX IF EXISTS segment_member_segment_id_5f591ffc")],
            state_operations=[
                migrations.AlterField(
                    "member",
                    "segment",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="members",
                        to="segment.segment",
                    ),
                )
            ],
        )
    ]
