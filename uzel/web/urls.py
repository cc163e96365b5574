from django.urls import path

from uzel.web import views

app_name = "web"
urlpatterns = [
    path("monitoring/", views.monitoring, name="monitoring"),
]
