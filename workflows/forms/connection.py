"""What people set about a connection: fields made from what its connector names, secrets written and never shown."""

from typing import Any

from django import forms

from workflows.actions.connections import Terms
from workflows.connectors import CONNECTORS, Connector
from workflows.engine.business_time import is_zone
from workflows.models import Connection, System

_KEPT = "Kept. Type a new one to replace it."


class ConnectionForm(forms.Form):
    """One connection. `terms` is what the action writes."""

    per_second = forms.FloatField(
        label="At most a second", required=False, min_value=0.001, max_value=100_000, help_text="Empty: no limit."
    )
    at_once = forms.IntegerField(label="Calls at once", required=False, min_value=1, max_value=100)
    quiet_from = forms.TimeField(label="Quiet from", required=False, help_text="Such as 22:00. Nothing leaves then.")
    quiet_to = forms.TimeField(label="Quiet until", required=False, help_text="Such as 07:00.")
    quiet_zone = forms.CharField(label="Time zone", required=False, max_length=64, help_text="Such as Europe/Berlin.")

    def __init__(self, data: Any = None, *, system: System, terms: Connection | None) -> None:
        self.system = system
        self.kept = set(terms.secrets) if terms else set()
        self.connector = CONNECTORS.get(system.connector, Connector())
        super().__init__(data, initial=_initial(terms))
        own = {f"set_{setting.name}": self._field(setting) for setting in self.connector.settings}
        self.fields = own | self.fields
        if "at_once" in self.fields:
            usual = 1 if self.connector.local else self.connector.at_once
            self.fields["at_once"].help_text = f"Over all workers. Empty: {usual}, as the connector says."

    def _field(self, setting: Any) -> forms.Field:
        kept = setting.secret and setting.name in self.kept
        widget = forms.PasswordInput(attrs={"autocomplete": "off"}) if setting.secret else forms.TextInput()
        return forms.CharField(
            label=setting.label,
            required=setting.required and not kept,
            max_length=1000,
            widget=widget,
            help_text=f"{_KEPT} {setting.help}".strip() if kept else setting.help,
        )

    def clean_quiet_zone(self) -> str:
        zone = self.cleaned_data["quiet_zone"].strip() or "UTC"
        if not is_zone(zone):
            raise forms.ValidationError(f"There is no time zone {zone}. Such names are Europe/Berlin or UTC.")
        return zone

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        typed = {setting.name: data.get(f"set_{setting.name}") or "" for setting in self.connector.settings}
        for name, problem in self.connector.check(typed).items():
            self.add_error(f"set_{name}", problem)
        if bool(data.get("quiet_from")) != bool(data.get("quiet_to")):
            self.add_error("quiet_to", "Quiet hours have a beginning and an end.")
        return data

    @property
    def terms(self) -> Terms:
        """What was typed; a secret that was left empty stays as it is."""
        data = self.cleaned_data
        settings = {s.name: data[f"set_{s.name}"] for s in self.connector.settings if not s.secret}
        secrets = {s.name: data[f"set_{s.name}"] for s in self.connector.settings if s.secret}
        return Terms(
            settings={name: value for name, value in settings.items() if value},
            secrets={name: value for name, value in secrets.items() if value},
            per_second=data["per_second"],
            at_once=data["at_once"],
            quiet_from=data["quiet_from"],
            quiet_to=data["quiet_to"],
            quiet_zone=data["quiet_zone"],
        )


def connector_name(system: System) -> str:
    """What people call the connector of a system."""
    connector = CONNECTORS.get(system.connector)
    return connector.name if connector else f"{system.connector} (not installed)"


def kinds() -> list[str]:
    """Everything that some connector can carry out."""
    return sorted({kind for connector in CONNECTORS.values() for kind in connector.kinds})


def effect_class(system: System) -> str:
    """A, B or C, of what the system's connector really reaches."""
    connector = CONNECTORS.get(system.connector)
    return connector.effect_class if connector else ""


def tells_changes(system: System) -> bool:
    """Its far side can be asked what changed there."""
    connector = CONNECTORS.get(system.connector)
    return bool(connector and connector.asked_every)


def is_local(system: System) -> bool:
    """Its far side is a part of this installation, so sandbox mode says nothing."""
    connector = CONNECTORS.get(system.connector)
    return bool(connector and connector.local)


def _initial(terms: Connection | None) -> dict[str, Any]:
    if terms is None:
        return {"quiet_zone": "UTC"}
    known = {name: getattr(terms, name) for name in ("per_second", "at_once", "quiet_from", "quiet_to", "quiet_zone")}
    return known | {f"set_{name}": value for name, value in terms.settings.items()}
