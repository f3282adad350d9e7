"""Waves keep when they began; runs that are due are found campaign by campaign."""

from django.db import migrations, models

import dangol.base.fields


class Migration(migrations.Migration):

    dependencies = [
        ('campaign', '0009_ended_for'),
    ]

    operations = [
        migrations.AddField(
            model_name='wave',
            name='begun_at',
            field=dangol.base.fields.InstantField(null=True),
        ),
        migrations.RunSQL("UPDATE campaign_wave SET begun_at = at", migrations.RunSQL.noop),
        migrations.AlterField(
            model_name='wave',
            name='begun_at',
            field=dangol.base.fields.InstantField(),
        ),
        migrations.RemoveIndex(
            model_name='run',
            name='campaign_run_due',
        ),
        migrations.AddIndex(
            model_name='run',
            index=models.Index(condition=models.Q(('due_at__isnull', False)), fields=['campaign', 'due_at'], name='campaign_run_due'),
        ),
    ]
