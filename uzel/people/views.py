"""Sign-in, one's own settings, and the accounts."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import views as auth_views
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse, reverse_lazy
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from uzel.journal.operations import audit
from uzel.people import operations, sign_in
from uzel.people.forms import AccountForm, NewPasswordForm, SignInForm
from uzel.people.models import NAME_TAKEN, User


class SignIn(auth_views.LoginView):
    """The sign-in page."""

    template_name = "people/login.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        address = sign_in.address_of(request)
        if sign_in.is_shut_out(address):
            return locked_out(request, address=address)
        try:
            with sign_in.turn(address, request.POST.get("username", "")):
                answer: HttpResponse = super().post(request, *args, **kwargs)
                return answer
        except sign_in.Busy:
            busy = render(request, "people/busy.html", status=429)
            busy["Retry-After"] = "5"
            return busy

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        audit(user=self.request.user, action="session.opened", request=self.request)
        return response

    def form_invalid(self, form: Any) -> HttpResponse:
        audit(user=None, username=form.data.get("username", ""), action="session.refused", request=self.request)
        return super().form_invalid(form)


class SignOut(auth_views.LogoutView):
    """Ends the session (POST only)."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        audit(user=request.user, action="session.closed", request=request)
        return super().post(request, *args, **kwargs)


class ChangePassword(auth_views.PasswordChangeView):
    """One's own password."""

    template_name = "people/password.html"
    success_url = reverse_lazy("people:password")

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        audit(user=self.request.user, action="password.changed", request=self.request)
        messages.success(self.request, _("The password is changed."))
        return response


def locked_out(request: HttpRequest, *args: Any, address: str = "", **kwargs: Any) -> HttpResponse:
    """What django-axes shows after too many wrong passwords; `address`: where they came from for whatever names."""
    audit(user=None, username=request.POST.get("username", ""), action="session.locked_out", request=request)
    minutes = int(float(settings.AXES_COOLOFF_TIME) * 60)
    return render(request, "people/locked_out.html", {"minutes": minutes, "address": address}, status=429)


@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Switch the language: of the account when signed in, of the browser too."""
    language = request.POST.get("language", "")
    response = HttpResponseRedirect(_back(request))
    if language in dict(settings.LANGUAGES):
        if request.user.is_authenticated:
            _own(request).update(language=language)
        response.set_cookie(settings.LANGUAGE_COOKIE_NAME, language, max_age=31_536_000, samesite="Lax", httponly=True)
    return response


@require_POST
def preferences(request: HttpRequest) -> HttpResponse:
    """Keep the theme that the person chose."""
    theme = request.POST.get("theme", "")
    if theme in {"auto", "light", "dark"}:
        _own(request).update(theme=theme)
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204)
    return HttpResponseRedirect(_back(request))


def accounts(request: HttpRequest) -> HttpResponse:
    """Everybody who has an account."""
    people: QuerySet[User] = User.objects.order_by("-is_active", "role", "last_name", "username")
    audit(user=request.user, action="account.list_seen", request=request)
    return render(request, "people/accounts.html", {"people": people})


def account_new(request: HttpRequest) -> HttpResponse:
    """Make an account with its first password."""
    form = AccountForm(request.POST or None)
    password = NewPasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and password.is_valid():
        try:
            made = operations.save_account(
                account=form.save(commit=False),
                actor=_actor(request),
                request=request,
                password=password.cleaned_data["password"],
            )
        except operations.NameTakenError:
            form.add_error("username", NAME_TAKEN)
        else:
            messages.success(request, _("The account %(name)s is made.") % {"name": made.username})
            return redirect("people:accounts")
    return render(request, "people/account.html", {"form": form, "password_form": password, "account": None})


def account(request: HttpRequest, pk: int) -> HttpResponse:
    """Change an account, or set it a new password."""
    kept = get_object_or_404(User, pk=pk)
    sets_password = request.method == "POST" and "password" in request.POST
    form = AccountForm(request.POST if request.method == "POST" and not sets_password else None, instance=kept)
    password = NewPasswordForm(request.POST if sets_password else None, user=kept)
    given = password if sets_password else form
    if request.method == "POST" and given.is_valid():
        try:
            operations.save_account(
                account=kept,
                actor=_actor(request),
                request=request,
                password=password.cleaned_data["password"] if sets_password else "",
            )
        except operations.LastAdministratorError:
            form.add_error(None, _("This is the last administrator: somebody must be able to manage accounts."))
        except operations.NameTakenError:
            form.add_error("username", NAME_TAKEN)
        else:
            messages.success(request, _("Saved."))
            return redirect("people:accounts")
    if request.method == "GET":
        audit(user=request.user, action="account.seen", obj=kept, request=request)
    context = {"form": form, "password_form": password, "account": kept}
    return render(request, "people/account.html", context)


def _actor(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # the access table lets nobody else in
    return request.user


def _own(request: HttpRequest) -> QuerySet[User]:
    return User.objects.filter(pk=_actor(request).pk)


def _back(request: HttpRequest) -> str:
    """The page that the person came from, when it is ours."""
    came = request.POST.get("next") or urlsplit(request.headers.get("Referer", "")).path
    if came and url_has_allowed_host_and_scheme(came, allowed_hosts=None):
        return came
    return reverse("outages:board")
