"""Pages of the network: the tree, a place, a device."""

from django.urls import path

from uzel.network import views

app_name = "network"
urlpatterns = [
    path("network/", views.tree, name="tree"),
    path("network/lines/", views.lines, name="lines"),
    path("network/<str:code>/below/", views.branch, name="branch"),
    path("sites/<str:code>/", views.site, name="site"),
    path("devices/<str:code>/", views.device, name="device"),
    path("devices/<str:code>/blast/", views.blast, name="blast"),
]
