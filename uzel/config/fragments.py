"""The parts of pages that htmx asks for: each with the page that it is a part of.

Whoever opens the address of one in the browser, or sends its form without htmx, gets that page.
"""

from collections.abc import Callable, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect

# View -> page with the same arguments. A view that answers htmx with its inside and others with the whole is not here.
FRAGMENTS: Mapping[str, str] = {
    "desk:card_state": "desk:card",
    "desk:verdict": "desk:line",
    "desk:check": "desk:line",
    "desk:check_cable": "desk:line",
    "network:lines": "network:tree",
    "network:branch": "network:site",
    "network:blast": "network:device",
    "network:config_of_device": "network:device",
    "network:changes_waiting": "network:changes",
}


class FragmentMiddleware:
    """Leads to the page of a fragment that was not asked for by htmx: instead of a look at it, or after its work."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        return response if response.status_code >= 300 else _page_of(request) or response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        return _page_of(request) if request.method in {"GET", "HEAD"} else None


def _page_of(request: HttpRequest) -> HttpResponse | None:
    """The way to the page; None when what was asked for is a page itself, or is asked for by htmx."""
    match = request.resolver_match
    page = FRAGMENTS.get(match.view_name, "") if match else ""
    return redirect(page, **match.kwargs) if match and page and not request.headers.get("HX-Request") else None
