from django.contrib.auth.models import AbstractUser
from django.db import migrations, models
from django.db.models.functions import Upper

# Of logins that differ in the case of letters alone, the first keeps its own; the others get their number behind it.
RENAME = """
UPDATE people_user AS later SET username = left(username, 128) || '-' || id
WHERE EXISTS (
    SELECT FROM people_user AS first WHERE upper(first.username) = upper(later.username) AND first.id < later.id
)
"""


class Migration(migrations.Migration):
    dependencies = [("people", "0002_accounts")]

    operations = [
        migrations.RunSQL(RENAME, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.UniqueConstraint(
                Upper("username"),
                name="people_user_username_any_case",
                violation_error_message=AbstractUser._meta.get_field("username").error_messages["unique"],
            ),
        ),
    ]
