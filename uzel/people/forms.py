"""Forms of sign-in, passwords and accounts."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.auth import password_validation
from django.contrib.auth.forms import AuthenticationForm
from django.utils.translation import gettext_lazy as _

from uzel.people.models import NAME_TAKEN, User

if TYPE_CHECKING:
    UserForm = forms.ModelForm[User]
else:
    UserForm = forms.ModelForm


LONGEST_NAME = User._meta.get_field("username").max_length or 150


class SignInForm(AuthenticationForm):
    """Sign-in; a name longer than any account's is refused before it is looked up or counted."""

    def clean_username(self) -> str:
        username: str = self.cleaned_data["username"]
        if len(username) > LONGEST_NAME:
            raise self.get_invalid_login_error()
        return username


class AccountForm(UserForm):
    """An account as the administrator edits it."""

    class Meta:
        model = User
        fields = ["username", "last_name", "first_name", "role", "is_active"]
        labels = {"username": _("Login"), "is_active": _("May sign in")}
        help_texts = {"username": "", "is_active": ""}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["last_name"].required = True

    def clean_username(self) -> str:
        username: str = self.cleaned_data["username"]
        if User.objects.filter(username__iexact=username).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(NAME_TAKEN, code="unique")
        return username


class NewPasswordForm(forms.Form):
    """A password that the administrator sets for somebody."""

    password = forms.CharField(
        label=_("New password"), widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}), strip=False
    )

    def __init__(self, *args: Any, user: User | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.fields["password"].help_text = " ".join(password_validation.password_validators_help_texts())

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        password_validation.validate_password(password, self.user)
        return password
