"""What a request is answered when it fails by no fault of its own."""

import sys

from django.conf import settings
from django.db import InterfaceError, InternalError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import translation
from django.views.defaults import server_error as plain_error

# Errors of a database that is away, starts, or does not answer in time; all others are ours.
AWAY = (OperationalError, InterfaceError, InternalError)
# After so long the page that says so asks again by itself.
AGAIN_S = 5


def server_error(request: HttpRequest) -> HttpResponse:
    """The page for an exception that nobody caught: 503 while the database is away, 500 otherwise.

    Django calls it while the exception is being handled. Nothing here may ask the database.
    """
    if not isinstance(sys.exc_info()[1], AWAY):
        return plain_error(request)
    # The account's own language is in the database; the browser keeps it in a cookie too.
    language = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    if language not in dict(settings.LANGUAGES):
        language = settings.LANGUAGE_CODE
    with translation.override(language):
        # Sent again by itself only where that asks and does nothing else.
        context = {"language": language, "again_s": AGAIN_S if request.method in {"GET", "HEAD"} else 0}
        page = render_to_string("503.html", context)
    return HttpResponse(page, status=503, headers={"Retry-After": str(AGAIN_S)})
