from django.urls import path

from uzel.outages import planned_views, views, weak_views

app_name = "outages"
urlpatterns = [
    path("", views.board, name="board"),
    path("outages/", views.history, name="history"),
    path("outages/<int:pk>/", views.outage, name="outage"),
    path("outages/<int:pk>/subscribers/", views.subscribers, name="subscribers"),
    path("outages/<int:pk>/comment/", views.comment, name="comment"),
    path("outages/<int:pk>/close/", views.close, name="close"),
    path("network/weak/", weak_views.weak, name="weak"),
    path("planned/", planned_views.works, name="planned"),
    path("planned/new/", planned_views.edit, name="planned_new"),
    path("planned/<int:pk>/", planned_views.edit, name="planned_edit"),
    path("planned/<int:pk>/cancel/", planned_views.cancel, name="planned_cancel"),
]
