"""How a version is let out, as a person fills it in."""

from typing import Any

from django import forms

from campaigns import ramps
from campaigns.ramps import BadRamp, Ramp
from workflows.models import LifecycleStage, Segment
from workflows.queries import work_calendar

_OFFICE = {"days": ["mon", "tue", "wed", "thu", "fri"], "opens": "09:00", "closes": "17:00"}


class StartForm(forms.Form):
    """Shares with the same terms for each stage; whoever needs others says so by interface."""

    shares = forms.CharField(
        label="Shares", initial="5, 25, 100", help_text="Percent of those who enter, a stage each, ending with 100."
    )
    segment = forms.ModelChoiceField(
        queryset=Segment.objects.order_by("name"),
        to_field_name="key",
        required=False,
        label="A segment first",
        empty_label="none",
        help_text="Only these people at first; the shares come after.",
    )
    at_least = forms.IntegerField(
        label="People a stage", initial=ramps.AT_LEAST, min_value=1, help_text="Below so many nothing promotes itself."
    )
    minutes = forms.IntegerField(label="Minutes a stage, at least", initial=ramps.MINUTES, min_value=0)
    deadline_hours = forms.IntegerField(
        label="Hours a stage, at most",
        initial=ramps.DEADLINE_MINUTES // 60,
        min_value=1,
        help_text="Without enough people by then it is held, and its team is told.",
    )
    office_hours = forms.BooleanField(
        label="Promote in office hours only",
        required=False,
        help_text="Monday to Friday, 9 to 17, by the time zone of the working calendar.",
    )
    expected_stages = forms.ModelMultipleChoiceField(
        queryset=LifecycleStage.objects.order_by("position"),
        to_field_name="key",
        required=False,
        label="Lifecycle stages it may set",
        help_text="It is rolled back as soon as it sets another one.",
    )
    starts_at = forms.DateTimeField(
        label="Begin at",
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
        help_text="By UTC. Empty: now.",
    )
    note = forms.CharField(label="Why", required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2}))

    def clean(self) -> dict[str, Any]:
        """With `ramp`."""
        said: dict[str, Any] = super().clean() or {}
        if self.errors:
            return said
        try:
            said["ramp"] = Ramp.of({**self._stages(said), **self._terms(said)})
        except BadRamp as error:
            self.add_error("shares", f"{str(error)[:1].upper()}{str(error)[1:]}.")
        except ValueError:
            self.add_error("shares", "Write whole percents with commas between them, such as 5, 25, 100.")
        return said

    def _stages(self, said: dict[str, Any]) -> dict[str, Any]:
        each = {
            "at_least": said["at_least"],
            "minutes": said["minutes"],
            "deadline_minutes": said["deadline_hours"] * 60,
        }
        first = [{"segment": said["segment"].key, **each}] if said["segment"] else []
        shares = [int(share) for share in said["shares"].replace("%", "").split(",")]
        return {"stages": first + [{"share_percent": share, **each} for share in shares]}

    def _terms(self, said: dict[str, Any]) -> dict[str, Any]:
        office = {**_OFFICE, "timezone": work_calendar.calendar().timezone}
        window = {"window": office} if said["office_hours"] else {}
        return {"expected_stages": [stage.key for stage in said["expected_stages"]], **window}
