from django.urls import path

from uzel.outages import views

app_name = "outages"
urlpatterns = [
    path("", views.board, name="board"),
    path("outages/", views.history, name="history"),
    path("planned/", views.planned, name="planned"),
]
