"""A plain form for each kind of definition; what has an editor of its own takes its place in `FORMS`."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.db import models

from martechops.people.models import Role, Team, User
from workflows.engine.spec import STAGES
from workflows.models import (
    EventType,
    Field,
    LifecycleStage,
    MessageTemplate,
    NamingConvention,
    Scoring,
    System,
)
from workflows.models import (
    Mapping as MappingRow,
)


class Lines(forms.CharField):
    """A list of texts, one a line."""

    widget = forms.Textarea(attrs={"rows": 5})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(map(str, value)) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return [line.strip() for line in str(text or "").splitlines() if line.strip()]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(self.to_python(self.prepare_value(initial)) != self.to_python(data))


class Json(forms.JSONField):
    """Structured content as text, until it has an editor of its own."""

    widget = forms.Textarea(attrs={"rows": 12, "class": "mono", "spellcheck": "false"})
    empty_values = [None, ""]

    def prepare_value(self, value: Any) -> Any:
        import json

        return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)


class DefinitionForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """What every definition has besides its own: an owner out of one's teams, and why it changes."""

    note = forms.CharField(max_length=200, required=False, label="What changes, and why")
    #: Attributes that JSON or lists of lines hold.
    structured: Mapping[str, forms.Field] = {}
    #: What names it, which stays once it is there: a rename has a page of its own.
    key_name = "key"

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        owners = Team.objects.all() if user.has_role(Role.ADMIN) else user.teams.all()
        if "owner" in self.fields:
            self.fields["owner"].queryset = owners.order_by("name")  # type: ignore[attr-defined]
        if self.instance.pk:
            del self.fields[self.key_name]
        for name, field in self.fields.items():
            field.widget.attrs |= {"autocomplete": "off"}
            if field.help_text:
                field.widget.attrs["aria-describedby"] = f"id_{name}_help"

    def _get_validation_exclusions(self) -> set[str]:
        """The action checks the whole row, whatever the form shows of it."""
        return {field.name for field in self._meta.model._meta.fields}


class SystemForm(DefinitionForm):
    class Meta:
        model = System
        fields = ["key", "name", "kind", "connector", "owner", "sandbox"]


class FieldForm(DefinitionForm):
    allowed_values = Lines(required=False, help_text="For a picklist: one value a line.")
    written_in = forms.MultipleChoiceField(
        choices=[(stage, stage.capitalize()) for stage in STAGES],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="The stages whose steps may write it.",
    )

    class Meta:
        model = Field
        fields = ["key", "label", "type", "allowed_values", "personal", "system_of_record", "owner", "written_in"]


class StageForm(DefinitionForm):
    crm_statuses = Lines(required=False, label="CRM statuses", help_text="One a line; the first is the one we write.")

    class Meta:
        model = LifecycleStage
        fields = ["key", "name", "position", "crm_statuses", "owner"]


class EventTypeForm(DefinitionForm):
    key_name = "name"
    schema = Json(required=False, help_text="JSON Schema of the event's properties.")
    consent_effect = Json(required=False, help_text='By channel: {"email": "denied"}.')

    class Meta:
        model = EventType
        fields = ["name", "meaning", "owner", "consumers", "schema", "stage_effect", "score_effect", "consent_effect"]


class MappingForm(DefinitionForm):
    rows = Json(help_text="A list of {from, to, type, default, required}.")

    class Meta:
        model = MappingRow
        fields = ["key", "name", "owner", "rows"]


class TemplateForm(DefinitionForm):
    class Meta:
        model = MessageTemplate
        fields = ["key", "name", "channel", "owner", "subject", "body"]


class ConventionForm(DefinitionForm):
    parts = Json(help_text='A list of {"part": "year", "pattern": "20[0-9]{2}"} or {"part": "channel", "values": []}.')

    class Meta:
        model = NamingConvention
        fields = ["key", "name", "subject", "owner", "separator", "parts"]


class ScoringForm(DefinitionForm):
    rules = Json(help_text='A list of {"event": "Demo Requested", "points": 40, "says": "asked for a demo"}.')

    class Meta:
        model = Scoring
        fields = ["key", "name", "owner", "half_life_days", "rules"]


#: By kind; segments are edited on pages of their own.
FORMS: dict[str, type[DefinitionForm]] = {
    "system": SystemForm,
    "field": FieldForm,
    "stage": StageForm,
    "event-type": EventTypeForm,
    "mapping": MappingForm,
    "template": TemplateForm,
    "convention": ConventionForm,
    "scoring": ScoringForm,
}


def form_for(kind: str, *, instance: models.Model, user: User, data: Any = None) -> DefinitionForm:
    """Raises KeyError for a kind that is not edited here."""
    return FORMS[kind](data, instance=instance, user=user)
