from django.db import migrations, models

# What went out instead was told by the end of its trigger, and so belonged to no run.
UNMARK = """UPDATE deliver_delivery SET instead = TRUE, "trigger" = substr("trigger", 1, length("trigger") - 9)
    WHERE "trigger" LIKE '%:fallback'"""


class Migration(migrations.Migration):

    dependencies = [
        ('deliver', '0008_contact_policy'),
    ]

    operations = [
        migrations.RemoveConstraint(model_name='delivery', name='deliver_delivery_once'),
        migrations.AddField(model_name='delivery', name='instead', field=models.BooleanField(default=False)),
        migrations.RunSQL(UNMARK, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.UniqueConstraint(
                fields=('campaign', 'step', 'home', 'trigger', 'instead'), name='deliver_delivery_once'
            ),
        ),
    ]
