"""Who may open which page: one table, denied by default.

A view that is not in the table answers 403 to everybody, so a new page cannot be left open by forgetting it.
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import resolve_url
from django_htmx.http import HttpResponseClientRedirect

from uzel.people.models import Role

STAFF = frozenset(Role)
# Who speaks with callers, and so may see subscribers.
DESK = frozenset({Role.OPERATOR, Role.COORDINATOR, Role.LEAD, Role.ENGINEER, Role.ADMINISTRATOR})
SENIORS = frozenset({Role.COORDINATOR, Role.LEAD, Role.ENGINEER, Role.ADMINISTRATOR})
PLANNERS = frozenset({Role.LEAD, Role.ENGINEER, Role.ADMINISTRATOR})
CHIEFS = frozenset({Role.LEAD, Role.ENGINEER, Role.ADMINISTRATOR})
ENGINEERS = frozenset({Role.ENGINEER, Role.ADMINISTRATOR})
ADMINISTRATORS = frozenset({Role.ADMINISTRATOR})

# Open without signing in.
PUBLIC = frozenset({"people:login", "people:set_language"})

ACCESS: dict[str, frozenset[Role]] = {
    # people
    "people:logout": STAFF,
    "people:password": STAFF,
    "people:preferences": STAFF,
    "people:accounts": ADMINISTRATORS,
    "people:account_new": ADMINISTRATORS,
    "people:account": ADMINISTRATORS,
    # journal
    "journal:audit": ADMINISTRATORS,
    # web
    "web:live": STAFF,
    "web:monitoring": STAFF,
    # outages
    "outages:board": STAFF,
    "outages:history": STAFF,
    "outages:outage": STAFF,
    "outages:subscribers": DESK,
    "outages:comment": STAFF,
    "outages:close": CHIEFS,
    "outages:weak": SENIORS,
    "outages:planned": STAFF,
    "outages:planned_new": PLANNERS,
    "outages:planned_edit": PLANNERS,
    "outages:planned_cancel": PLANNERS,
    # network
    "network:tree": STAFF,
    "network:branch": STAFF,
    "network:lines": STAFF,
    "network:site": STAFF,
    "network:device": STAFF,
    "network:port": STAFF,
    "network:blast": STAFF,
    "network:configs": STAFF,
    "network:configs_search": STAFF,
    "network:configs_of": STAFF,
    "network:config_of_device": STAFF,
    "network:config_difference": STAFF,
    "network:config_text": STAFF,
    "network:config_download": STAFF,
    "network:config_ask": DESK,
    "network:config_secrets": ENGINEERS,
    "network:configs_ask": ENGINEERS,
    # Which role may change what is in core.changes.
    "network:changes": DESK,
    "network:changes_waiting": CHIEFS,
    "network:change_new": DESK,
    "network:change_ask": DESK,
    "network:change": DESK,
    "network:change_confirm": DESK,
    "network:change_cancel": DESK,
    # desk
    "desk:search": STAFF,
    "desk:card": STAFF,
    "desk:card_state": STAFF,
    "desk:line": STAFF,
    "desk:verdict": STAFF,
    "desk:check": STAFF,
    "desk:check_cable": STAFF,
}


def allowed(user: Any, view_name: str) -> bool:
    """Whether `user` may open the view: public, or signed in with a role that the table names."""
    if view_name in PUBLIC:
        return True
    return bool(user.is_authenticated and user.role in ACCESS.get(view_name, frozenset()))


class AccessMiddleware:
    """Denies by default: anonymous people go to the sign-in page, roles not in the table get 403."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        match = request.resolver_match
        name = match.view_name if match else ""
        if allowed(request.user, name):
            return None
        if request.user.is_authenticated:
            raise PermissionDenied
        login = resolve_url(settings.LOGIN_URL)
        if request.headers.get("Accept") == "text/event-stream":
            # An event source would follow a redirect and retry for ever; 204 tells it to stop.
            return HttpResponse(status=204)
        if request.headers.get("HX-Request"):
            return HttpResponseClientRedirect(login)
        response = HttpResponse(status=302)
        response["Location"] = f"{login}?{urlencode({'next': request.get_full_path()})}"
        return response


def context(request: HttpRequest) -> dict[str, Any]:
    """For templates: `may` holds the names of the views that this person may open."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"may": PUBLIC}
    return {"may": {name for name, roles in ACCESS.items() if user.role in roles}}
