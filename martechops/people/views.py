"""Signing in. Signing out is Django's own view."""

from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.db import transaction
from django.http import HttpResponse
from django.utils import timezone

from martechops.audit import entries
from martechops.people.forms import SignInForm


class SignIn(LoginView):
    """The sign-in page; 429 with Retry-After after too many tries."""

    template_name = "people/login.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        user = form.get_user()
        with transaction.atomic():
            response = super().form_valid(form)
            entries.record(
                action="user.sign-in", object_kind="user", object_key=user.username, by=user, at=timezone.now()
            )
        return response

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        response = super().form_invalid(form)
        if isinstance(form, SignInForm) and form.wait_seconds:
            response.status_code = 429
            response["Retry-After"] = str(form.wait_seconds)
        return response
