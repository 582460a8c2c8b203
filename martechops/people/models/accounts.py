"""Who works here: people, the teams they belong to, and what their roles allow."""

from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.functional import cached_property
from simple_history.models import HistoricalRecords


class Team(models.Model):
    """A group that owns systems, fields and steps, and is called when one of them fails (requirements G1, G2).

    One row is one team; it changes when a person edits it. No personal data.
    """

    #: Used in workflow files (`owner: marketing-ops`); never changes.
    key = models.SlugField(unique=True)
    name = models.CharField(max_length=80, unique=True)
    #: What the team answers for, in one sentence.
    duty = models.TextField(blank=True)
    history = HistoricalRecords()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    """What a person may do: each role includes those of `INCLUDED`; what it allows is in `people.permissions`."""

    VIEWER = "viewer", "Viewer"
    MARKETER = "marketer", "Marketer"
    OPERATOR = "operator", "Operator"
    APPROVER = "approver", "Approver"
    ADMIN = "admin", "Admin"


#: Each role includes those before it, except that approving is a right of its own.
INCLUDED = {
    Role.VIEWER: frozenset({Role.VIEWER}),
    Role.MARKETER: frozenset({Role.VIEWER, Role.MARKETER}),
    Role.OPERATOR: frozenset({Role.VIEWER, Role.MARKETER, Role.OPERATOR}),
    Role.APPROVER: frozenset({Role.VIEWER, Role.APPROVER}),
    Role.ADMIN: frozenset(Role),
}


def are_roles(value: object) -> None:
    """Refuses anything but a list of known roles."""
    if not isinstance(value, list) or not all(one in Role.values for one in value):
        raise ValidationError(f"A list of any of: {', '.join(Role.values)}.")


class User(AbstractUser):
    """A person who signs in. Personal data: name and e-mail address."""

    teams = models.ManyToManyField(Team, related_name="people", blank=True)
    #: Several are possible: a marketer may also approve.
    roles = models.JSONField(
        default=list,
        blank=True,
        validators=[are_roles],
        help_text="Any of viewer, marketer, operator, approver, admin.",
    )
    #: IANA name; times are shown in it.
    timezone = models.CharField(max_length=64, default="UTC")
    history = HistoricalRecords(excluded_fields=["password", "last_login"])

    @cached_property
    def team_ids(self) -> frozenset[int]:
        """Teams the person belongs to, asked once of this row as it was read: a page asks about a dozen things."""
        return frozenset(self.teams.values_list("pk", flat=True))

    def has_role(self, role: Role) -> bool:
        return role in self.all_roles()

    def all_roles(self) -> frozenset[Role]:
        """The person's roles and those that these include; a superuser, made on the command line, is an admin."""
        if self.is_superuser:
            return INCLUDED[Role.ADMIN]
        return frozenset().union(*(INCLUDED[Role(role)] for role in self.roles if role in Role.values))
