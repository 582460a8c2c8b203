"""A form for each kind of definition; lists of things within one are filled in by rows."""

from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.db import models
from django.forms.utils import ErrorDict

from martechops.lib import strict_yaml, yaml_text
from martechops.people.models import Role, Team, User
from workflows.connectors import CONNECTORS
from workflows.engine.spec import STAGES, TYPES
from workflows.models import (
    Block,
    EventType,
    Field,
    LifecycleStage,
    MessageTemplate,
    Metric,
    NamingConvention,
    Scenario,
    Scoring,
    Segment,
    System,
)
from workflows.models import (
    Mapping as MappingRow,
)
from workflows.queries import metrics

from .layouts import BlockChoices, MappingRows, NameParts, ScoreRules, Values
from .properties import Properties
from .rows import Rows, RowsWidget
from .scenario_rows import Claims, Known, Moments
from .sheet import Choice, Layout, Sheet


class DefinitionForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """What every definition has besides its own: an owner out of one's teams, and why it changes."""

    note = forms.CharField(max_length=200, required=False, label="What changes, and why")
    #: What fills in a list, by field.
    layouts: Mapping[str, Callable[[], Layout]] = {}
    #: What names it, which stays once it is there: a rename has a page of its own.
    key_name = "key"

    def __init__(self, *args: Any, user: User, address: str = "", is_looked_at: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        #: Shown as it is filled in so far; nothing is judged.
        self.is_looked_at = is_looked_at
        owners = Team.objects.all() if user.has_role(Role.ADMIN) else user.teams.all()
        self.fields["note"] = self.fields.pop("note")  # last, whatever a kind adds
        if "owner" in self.fields:
            self.fields["owner"].queryset = owners.order_by("name")  # type: ignore[attr-defined]
        if self.instance.pk:
            del self.fields[self.key_name]
        for name, layout in self.layouts.items():
            widget = self.fields[name].widget
            if isinstance(widget, RowsWidget):
                widget.layout, widget.address = layout(), address
        for name, field in self.fields.items():
            field.widget.attrs |= {"autocomplete": "off"}
            if field.help_text:
                field.widget.attrs["aria-describedby"] = f"id_{name}_help"

    def sheet(self, name: str) -> Sheet | None:
        """The rows of a field as they were sent; None before anything was."""
        widget = self.fields[name].widget
        if not self.is_bound or not isinstance(widget, RowsWidget):
            return None
        return widget.value_from_datadict(self.data, self.files, name)

    def do(self, what: str) -> None:
        """What a button of the rows says."""
        for name in self.layouts:
            sheet = self.sheet(name)
            if sheet and sheet.changed(what):
                return

    def clean(self) -> dict[str, Any]:
        """Texts keep the line ends that they have in files: browsers send CR LF whatever was there."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for name, value in cleaned.items():
            if isinstance(value, str):
                cleaned[name] = value.replace("\r\n", "\n")
        return cleaned

    def full_clean(self) -> None:
        if not self.is_looked_at:
            super().full_clean()
            return
        self._errors, self.cleaned_data = ErrorDict(), {}

    def _get_validation_exclusions(self) -> set[str]:
        """The action checks the whole row, whatever the form shows of it."""
        return {field.name for field in self._meta.model._meta.fields}


class SystemForm(DefinitionForm):
    connector = forms.ChoiceField(required=False, help_text="What reaches it; none where nothing is ever sent there.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["connector"].choices = connector_choices(self.instance.connector)  # type: ignore[attr-defined]

    class Meta:
        model = System
        fields = ["key", "name", "kind", "connector", "owner", "sandbox"]


def connector_choices(current: str = "") -> list[Choice]:
    """The known kinds, and what stands there now even if it is known no more."""
    known = [(name, name.replace("_", " ").capitalize()) for name in CONNECTORS]
    gone = [(current, f"{current} (not known)")] if current and current not in CONNECTORS else []
    return [("", "None: nothing is sent there"), *known, *gone]


def _picklist() -> Layout:
    return Values(name="values", item="value", label="Value", empty="Any value may stand there.")


class FieldForm(DefinitionForm):
    layouts = {"allowed_values": _picklist}
    allowed_values = Rows(required=False, help_text="For a picklist: what may stand there.")
    written_in = forms.MultipleChoiceField(
        choices=[(stage, stage.capitalize()) for stage in STAGES],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="The stages whose steps may write it.",
    )

    class Meta:
        model = Field
        fields = ["key", "label", "type", "allowed_values", "personal", "system_of_record", "owner", "written_in"]


def _statuses() -> Layout:
    return Values(name="values", item="status", label="CRM status", empty="No CRM status means this stage.")


class StageForm(DefinitionForm):
    layouts = {"crm_statuses": _statuses}
    crm_statuses = Rows(
        required=False, label="CRM statuses", help_text="Each means this stage; the first is the one we write."
    )

    class Meta:
        model = LifecycleStage
        fields = ["key", "name", "position", "crm_statuses", "owner"]


class EventTypeForm(DefinitionForm):
    key_name = "name"
    layouts = {"schema": Properties}
    schema = Rows(required=False, label="Properties", help_text="What an event of this type carries.")
    consent_denied = forms.MultipleChoiceField(
        required=False, widget=forms.CheckboxSelectMultiple, label="Takes consent away for"
    )
    consent_granted = forms.MultipleChoiceField(
        required=False, widget=forms.CheckboxSelectMultiple, label="Gives consent for"
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        effect = self.instance.consent_effect
        known = Field.objects.filter(key__startswith="consent.").order_by("key").values_list("key", flat=True)
        named = dict.fromkeys([*(key.removeprefix("consent.") for key in known), *effect])
        channels = [(name, name.replace("_", " ").capitalize()) for name in named]
        for state in ("denied", "granted"):
            field = self.fields[f"consent_{state}"]
            field.choices = channels  # type: ignore[attr-defined]
            field.initial = [channel for channel, said in effect.items() if said == state]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        granted, denied = (cleaned.get(f"consent_{state}", []) for state in ("granted", "denied"))
        if both := set(granted) & set(denied):
            self.add_error("consent_granted", f"An event cannot both give and take consent for {', '.join(both)}.")
        self.instance.consent_effect = {
            channel: "granted" if channel in granted else "denied"
            for channel in dict.fromkeys([*self.instance.consent_effect, *granted, *denied])
            if channel in granted or channel in denied
        }
        return cleaned

    class Meta:
        model = EventType
        fields = ["name", "meaning", "owner", "consumers", "schema", "stage_effect", "score_effect"]
        widgets = {"meaning": forms.Textarea(attrs={"rows": 3}), "consumers": forms.CheckboxSelectMultiple}


def _mapping_rows() -> Layout:
    targets = [(row.key, row.label) for row in Field.objects.order_by("key")]
    return MappingRows(targets=targets, sources=_sources_of_mappings())


def _sources_of_mappings() -> list[Choice]:
    """Every property that an event of the catalog has, as a mapping names it."""
    found: dict[str, str] = {}
    for name, schema in EventType.objects.order_by("name").values_list("name", "schema"):
        for prop in schema.get("properties", {}) if isinstance(schema.get("properties"), dict) else ():
            found.setdefault(f"event.properties.{prop}", name)
    return sorted(found.items())


class MappingForm(DefinitionForm):
    layouts = {"rows": _mapping_rows}
    rows = Rows()

    class Meta:
        model = MappingRow
        fields = ["key", "name", "owner", "rows"]


def _block_choices() -> Layout:
    return BlockChoices(list(Segment.objects.order_by("name").values_list("key", "name")))


class BlockForm(DefinitionForm):
    layouts = {"choices": _block_choices}
    choices = Rows(required=False, help_text="In order: the first segment that a reader is in counts.")

    class Meta:
        model = Block
        fields = ["key", "name", "owner", "choices", "fallback"]
        widgets = {"fallback": forms.Textarea(attrs={"rows": 3})}


class TemplateForm(DefinitionForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["body"].strip = False  # type: ignore[attr-defined]  # its last line end is part of it

    class Meta:
        model = MessageTemplate
        fields = ["key", "name", "channel", "owner", "subject", "body"]


class ConventionForm(DefinitionForm):
    layouts = {"parts": NameParts}
    parts = Rows(help_text="A part is one of its allowed values, or what its pattern matches.")

    class Meta:
        model = NamingConvention
        fields = ["key", "name", "subject", "owner", "separator", "parts"]


class ScoringForm(DefinitionForm):
    layouts = {"rules": ScoreRules}
    rules = Rows(required=False, help_text="Besides the points that event types give by themselves.")

    class Meta:
        model = Scoring
        fields = ["key", "name", "owner", "half_life_days", "rules"]
        help_texts = {"half_life_days": "After so many days half of the points are left; empty: they never fade."}


def _known() -> Layout:
    return Known(list(Field.objects.order_by("key").values_list("key", "label")))


def _moments() -> Layout:
    events = EventType.objects.order_by("name").values_list("name", "meaning")
    stages = LifecycleStage.objects.order_by("position").values_list("key", "name")
    return Moments([*((name, meaning[:60]) for name, meaning in events), *stages, ("email", "e-mail")])


def _claims() -> Layout:
    return Claims(list(MessageTemplate.objects.order_by("key").values_list("key", "name")))


class ScenarioForm(DefinitionForm):
    layouts = {"given": _known, "when": _moments, "then": _claims}
    types = forms.MultipleChoiceField(
        choices=[(name, name.capitalize()) for name in TYPES],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Where it is about no workflow in particular: those of these types; none: all.",
    )
    given = Rows(required=False, label="Given", help_text="What is known of somebody before the story begins.")
    when = Rows(label="When", help_text="What happens. Times count from the beginning of the story.")
    then = Rows(label="Then", help_text="What is expected of the workflow.")

    class Meta:
        model = Scenario
        fields = ["key", "name", "says", "owner", "workflow", "types", "given", "when", "then"]
        widgets = {"says": forms.Textarea(attrs={"rows": 2})}


_FORMULAS = (
    "As it stands in a file. A measure: `measure: stage_contacts` and `where: {to_stage: mql}`. "
    "A ratio: `numerator` and `denominator`, each a metric or a measure. "
    "Arithmetic: `expression: cost / leads` and `metrics: {cost: campaign-cost, leads: leads}`. "
    "Together: `of`, and `window: 30 days` or `since: month`. "
    "A conversion: `base`, `to`, `window: 30 days` and `gives: rate`."
)


class MetricForm(DefinitionForm):
    formula = forms.CharField(widget=forms.Textarea(attrs={"rows": 8, "class": "mono"}), help_text=_FORMULAS)
    target_value = forms.FloatField(required=False, label="Target", help_text="What is to be reached; empty: not set.")
    target_per = forms.ChoiceField(
        required=False,
        label="Target for each",
        choices=[("", "Whatever the time"), ("day", "Day"), ("week", "Week"), ("month", "Month")],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["formula"] = yaml_text.dump(self.instance.formula)
            self.initial["target_value"] = self.instance.target.get("value")
            self.initial["target_per"] = self.instance.target.get("per", "")

    def clean_formula(self) -> Any:
        """As data. What it may say is checked on save, as for files and the interface."""
        try:
            return strict_yaml.load(self.cleaned_data["formula"]).data
        except strict_yaml.BadYaml as error:
            raise forms.ValidationError([f"line {place.line}: {says}" for place, says in error.problems]) from None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        value, per = cleaned.get("target_value"), cleaned.get("target_per")
        self.instance.target = {} if value is None else {"value": value} | ({"per": per} if per else {})
        key = self.instance.key or str(cleaned.get("key", ""))
        if "formula" in cleaned and "type" in cleaned:
            for says in metrics.astray(key, cleaned["type"], cleaned["formula"]):
                self.add_error("formula", says)
        return cleaned

    class Meta:
        model = Metric
        fields = ["key", "name", "meaning", "owner", "type", "formula", "unit", "better"]
        widgets = {"meaning": forms.Textarea(attrs={"rows": 3})}


#: By kind; segments are edited on pages of their own.
FORMS: dict[str, type[DefinitionForm]] = {
    "system": SystemForm,
    "field": FieldForm,
    "stage": StageForm,
    "event-type": EventTypeForm,
    "mapping": MappingForm,
    "block": BlockForm,
    "template": TemplateForm,
    "convention": ConventionForm,
    "scoring": ScoringForm,
    "scenario": ScenarioForm,
    "metric": MetricForm,
}


def form_for(
    kind: str, *, instance: models.Model, user: User, data: Any = None, address: str = "", is_looked_at: bool = False
) -> DefinitionForm:
    """Raises KeyError for a kind that is not edited here."""
    return FORMS[kind](data, instance=instance, user=user, address=address, is_looked_at=is_looked_at)
