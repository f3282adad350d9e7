from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("segment", "0002_lifecycle"),
    ]

    operations = [
        migrations.CreateModel(
            name="Standing",
            fields=[
                ("customer_id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("state", models.BinaryField()),
            ],
        ),
    ]
