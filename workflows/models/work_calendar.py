"""When the workspace works: what spans in business time are counted by."""

from django.core.exceptions import ValidationError
from django.db import models
from simple_history.models import HistoricalRecords

from martechops.people.models import Team
from workflows.engine.business_time import BadCalendar, Calendar, parse_calendar

_WEEK = {"mon-fri": "09:00-17:00"}


def usual_week() -> dict[str, str]:
    """Monday to Friday, nine to five."""
    return dict(_WEEK)


class WorkCalendar(models.Model):
    """The one calendar of the workspace (requirement B7). Its row changes when ops edits it; without one, it is Monday
    to Friday from nine to five in UTC, with no holidays.
    """

    #: There is one at most.
    id = models.SmallIntegerField(primary_key=True, default=1, editable=False)
    timezone = models.CharField(max_length=64, default="UTC", help_text="As in Europe/Berlin.")
    #: Days → when they are worked, in order: {"mon-thu": ["09:00-12:00", "13:00-17:00"], "fri": "09:00-15:00"}.
    hours = models.JSONField(default=usual_week, help_text='Such as {"mon-thu": "09:00-17:00", "fri": "09:00-15:00"}.')
    country = models.CharField(max_length=3, blank=True, help_text="Whose public holidays are days off: DE, US, …")
    subdivision = models.CharField(max_length=10, blank=True, help_text="Within the country: BE, CA, …")
    #: Dates as texts.
    closed = models.JSONField(default=list, blank=True, help_text='Further days off: ["2026-12-24"].')
    open = models.JSONField(default=list, blank=True, help_text="Days that are worked although they would be off.")
    owner = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="+")
    history = HistoricalRecords()

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="one_work_calendar")]

    def __str__(self) -> str:
        return f"working time in {self.timezone}"

    def clean(self) -> None:
        """Each mistake is said at its field."""
        try:
            self.calendar()
        except BadCalendar as error:
            said: dict[str, list[str]] = {}
            for place, says in error.problems:
                name, _, day = place.partition(".")
                said.setdefault(name, []).append(f"{day}: {says}" if day else says)
            raise ValidationError(said) from None

    def calendar(self) -> Calendar:
        """As the engine counts by it. Raises `BadCalendar`."""
        return parse_calendar(
            {
                "timezone": self.timezone,
                "hours": self.hours,
                "country": self.country,
                "subdivision": self.subdivision,
                "closed": self.closed,
                "open": self.open,
            }
        )
