"""Pages of the desk: the search and the subscriber's card with its parts."""

from django.urls import path

from uzel.desk import views

app_name = "desk"
urlpatterns = [
    path("search/", views.search, name="search"),
    path("subscribers/<str:account>/", views.card, name="card"),
    path("subscribers/<str:account>/state/", views.card_state, name="card_state"),
    path("subscribers/<str:account>/lines/<int:line>/", views.line, name="line"),
    path("subscribers/<str:account>/lines/<int:line>/verdict/", views.verdict, name="verdict"),
    path("subscribers/<str:account>/lines/<int:line>/check/", views.check, name="check"),
    path("subscribers/<str:account>/lines/<int:line>/cable/", views.check_cable, name="check_cable"),
]
