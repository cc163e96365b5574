from django.urls import path

from uzel.journal import views

app_name = "journal"
urlpatterns = [path("", views.audit_trail, name="audit")]
