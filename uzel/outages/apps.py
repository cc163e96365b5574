from django.apps import AppConfig


class OutagesConfig(AppConfig):
    name = "uzel.outages"
    label = "outages"
    default_auto_field = "django.db.models.BigAutoField"
