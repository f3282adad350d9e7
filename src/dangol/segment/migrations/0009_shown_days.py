"""What segments that nobody knows had of a history is taken away: none is kept of them any more."""

from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("segment", "0008_summary")]

    operations = [migrations.RunSQL("DELETE FROM segment_day WHERE substr(key, 1, 1) = '~'", migrations.RunSQL.noop)]
