"""Signing in."""

from typing import Any

from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError

from martechops.people import limits


class SignInForm(AuthenticationForm):
    """Name and password, checked no more often than the limits allow, whichever process is asked (FAULTS S18).

    Tries are counted by name and address together and by address alone: a stranger elsewhere cannot lock a person out.
    """

    #: Seconds to wait before the next try; 0 if this one was looked at.
    wait_seconds = 0

    def clean(self) -> dict[str, Any]:
        name, address = self.cleaned_data.get("username"), self._address()
        if name:
            self.wait_seconds = max(
                limits.spend(limits.LOGIN_ADDRESS, whom=address),
                limits.spend(limits.LOGIN_NAME, whom=_at(name, address)),
            )
        if self.wait_seconds:
            raise ValidationError(f"Too many tries. Try again in {_in_words(self.wait_seconds)}.", code="throttled")
        cleaned = super().clean()
        limits.restore(limits.LOGIN_NAME, whom=_at(name or "", address))
        return cleaned

    def _address(self) -> str:
        return str(self.request.META.get("REMOTE_ADDR", "")) if self.request else ""


def _at(name: str, address: str) -> str:
    return f"{name.casefold()} {address}"


def _in_words(seconds: int) -> str:
    minutes = -(-seconds // 60)
    return f"{seconds} seconds" if seconds < 60 else f"{minutes} minute{'s' if minutes > 1 else ''}"
