from django.urls import path

from uzel.web import live, views

app_name = "web"
urlpatterns = [
    path("live/", live.stream, name="live"),
    path("monitoring/", views.monitoring, name="monitoring"),
]
