"""Every page. Who may open which is in `config.access`."""

from django.urls import URLPattern, URLResolver, include, path

# 503 in place of 500 while the database is away.
handler500 = "uzel.web.errors.server_error"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("uzel.outages.urls")),
    path("", include("uzel.network.urls")),
    path("", include("uzel.web.urls")),
    path("", include("uzel.desk.urls")),
    path("people/", include("uzel.people.urls")),
    path("audit/", include("uzel.journal.urls")),
]
