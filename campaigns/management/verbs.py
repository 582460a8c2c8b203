"""What commands with several verbs share: a method for each, whose name it is done in, refusals as sentences."""

from typing import Any, ClassVar

from django.core.management.base import BaseCommand, CommandError

from martechops.people.models import User
from martechops.people.permissions import NotAllowed


class VerbCommand(BaseCommand):
    """For the shell, with the rights of a person. The verb `show` is carried out by the method `_show`."""

    #: What the command's actions raise to refuse; its text is what the shell says.
    refusals: ClassVar[tuple[type[Exception], ...]] = ()

    def handle(self, *, do: str, **said: Any) -> None:
        refused: tuple[type[Exception], ...] = (*self.refusals, NotAllowed)
        try:
            getattr(self, f"_{do}")(**said)
        except refused as error:
            raise CommandError(str(error)) from None


def person(name: str) -> User:
    """Whoever signs in under that name. Raises CommandError."""
    user = User.objects.filter(username=name).first()
    if user is None:
        raise CommandError(f"there is nobody called {name}")
    return user
