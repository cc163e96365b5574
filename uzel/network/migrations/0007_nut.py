from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("network", "0006_config_backups")]

    operations = [
        migrations.AddField("accessgroup", "nut_port", models.PositiveIntegerField(blank=True, null=True)),
    ]
