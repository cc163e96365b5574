from typing import Any

from django.db import migrations, models

from uzel.core.config_secrets import mask

AT_ONCE = 200


def fill(apps: Any, _schema: Any) -> None:
    """Texts kept before have no masked copy yet. A few at a time: all of them are gigabytes."""
    texts = apps.get_model("network", "ConfigText").objects
    last = 0
    while rows := list(texts.filter(pk__gt=last).order_by("pk").only("text")[:AT_ONCE]):
        for row in rows:
            row.masked = mask(row.text)
        texts.bulk_update(rows, ["masked"])
        last = rows[-1].pk


class Migration(migrations.Migration):
    dependencies = [("network", "0007_nut")]

    operations = [
        migrations.AddField("configtext", "masked", models.TextField(default=""), preserve_default=False),
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
    ]
