"""Pages of the network: the tree, a place, a device."""

from django.urls import path

from uzel.network import backups_views, change_views, views

app_name = "network"
urlpatterns = [
    path("network/", views.tree, name="tree"),
    path("network/lines/", views.lines, name="lines"),
    path("network/<str:code>/below/", views.branch, name="branch"),
    path("sites/<str:code>/", views.site, name="site"),
    path("devices/<str:code>/", views.device, name="device"),
    path("devices/<str:code>/ports/<int:if_index>/", views.port, name="port"),
    path("devices/<str:code>/blast/", views.blast, name="blast"),
    path("configs/", backups_views.devices, name="configs"),
    path("configs/search/", backups_views.search, name="configs_search"),
    path("configs/ask/", backups_views.ask_all, name="configs_ask"),
    path("devices/<str:code>/config/", backups_views.fragment, name="config_of_device"),
    path("devices/<str:code>/configs/", backups_views.history, name="configs_of"),
    path("devices/<str:code>/configs/ask/", backups_views.ask, name="config_ask"),
    path("devices/<str:code>/configs/difference/", backups_views.difference, name="config_difference"),
    path("devices/<str:code>/configs/<int:pk>/", backups_views.text, name="config_text"),
    path("devices/<str:code>/configs/<int:pk>/download/", backups_views.download, name="config_download"),
    path("devices/<str:code>/configs/<int:pk>/secrets/", backups_views.secrets, name="config_secrets"),
    path("changes/", change_views.all_of, name="changes"),
    path("changes/waiting/", change_views.waiting, name="changes_waiting"),
    path("changes/new/", change_views.new, name="change_new"),
    path("changes/ask/", change_views.ask, name="change_ask"),
    path("changes/<int:pk>/", change_views.change, name="change"),
    path("changes/<int:pk>/confirm/", change_views.confirm, name="change_confirm"),
    path("changes/<int:pk>/cancel/", change_views.cancel, name="change_cancel"),
]
