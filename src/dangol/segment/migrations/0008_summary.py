from dangol.base.clustered import CreateClustered
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("segment", "0007_member_index"),
    ]

    operations = [
        CreateClustered(
            name="Summary",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "customer_id", "group", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("customer_id", models.BigIntegerField()),
                ("group", models.BigIntegerField()),
                ("state", models.BinaryField()),
            ],
        ),
    ]
