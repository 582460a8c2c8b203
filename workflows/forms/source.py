"""A source of events as its page edits it."""

from typing import Any

from django import forms

from workflows.engine import translation
from workflows.models import Mapping, Source, System

#: Parts of a message that a source may say the place of, with what is looked at without it.
_PARTS = {
    "event": "Event name",
    "user_id": "User id",
    "anonymous_id": "Anonymous id",
    "email": "E-mail address",
    "occurred_at": "When it happened",
    "properties": "Properties",
}


class SourceForm(forms.Form):
    """Name, mapping and where its webhooks say what. Places are separated by commas; the first that holds counts."""

    name = forms.CharField(max_length=80)
    system = forms.ModelChoiceField(System.objects.all(), required=False, empty_label="None")
    mapping = forms.ModelChoiceField(
        Mapping.objects.all(),
        required=False,
        empty_label="None",
        help_text="Makes fields of the contact from what it sends.",
    )
    enabled = forms.BooleanField(required=False, label="Takes events")
    names = forms.CharField(
        required=False,
        label="Names of events",
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text="One a line, the sender's name = the catalog's: order.paid = Order Paid",
    )

    def __init__(self, data: Any = None, *, source: Source) -> None:
        reading = source.reading
        initial = {"name": source.name, "system": source.system_id, "mapping": source.mapping_id}
        initial |= {"enabled": source.enabled, "names": _lines(reading.get("names", {}))}
        super().__init__(data, initial=initial | {part: _text(reading.get(part, "")) for part in _PARTS})
        usual = translation.Reading()
        for part, label in _PARTS.items():
            self.fields[part] = forms.CharField(required=False, label=label, max_length=300)
            self.fields[part].widget.attrs |= {"placeholder": ", ".join(getattr(usual, part)), "spellcheck": "false"}

    def clean_names(self) -> dict[str, str]:
        """Raises ValidationError naming the line."""
        found: dict[str, str] = {}
        for number, line in enumerate(self.cleaned_data["names"].splitlines(), 1):
            theirs, equals, ours = (part.strip() for part in line.partition("="))
            if theirs and not (equals and ours):
                raise forms.ValidationError(f"Line {number}: write the sender's name = the catalog's.")
            if theirs:
                found[theirs] = ours
        return found

    def values(self) -> dict[str, Any]:
        """What `actions.sources.change` takes; only of a valid form."""
        said = self.cleaned_data
        reading: dict[str, Any] = {part: _places(said[part]) for part in _PARTS if said[part].strip()}
        if said["names"]:
            reading["names"] = said["names"]
        return {name: said[name] for name in ("name", "system", "mapping", "enabled")} | {"reading": reading}

    def reading_fields(self) -> list[forms.BoundField]:
        """Those that say where things are."""
        return [self[part] for part in _PARTS]


def _places(text: str) -> list[str]:
    return [place.strip() for place in text.split(",") if place.strip()]


def _text(said: object) -> str:
    return ", ".join(said) if isinstance(said, list) else str(said)


def _lines(names: dict[str, str]) -> str:
    return "\n".join(f"{theirs} = {ours}" for theirs, ours in names.items())
