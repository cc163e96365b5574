import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("network", "0008_masked_configs")]

    operations = [
        migrations.CreateModel(
            name="DeviceName",
            fields=[
                (
                    "device",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="called",
                        serialize=False,
                        to="network.device",
                    ),
                ),
                ("name", models.CharField(max_length=255)),
                ("met_at", models.DateTimeField(auto_now=True)),
            ],
        ),
    ]
