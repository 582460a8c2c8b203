"""The words around a segment's rule, as they are filled in."""

from typing import Any

from django import forms

from martechops.people.models import Role, Team, User

#: Addresses below /segments/ that are no segment.
TAKEN = frozenset({"new", "builder", "preview"})


class SegmentForm(forms.Form):
    """Name, key, meaning, owner, and why it changes. The rule has rows of its own."""

    name = forms.CharField(max_length=80, help_text="As people say it: Enterprise leads in Europe.")
    key = forms.SlugField(max_length=50, help_text="For files and the API; it stays as it is.")
    meaning = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 3}), help_text="Who is in it, and what for.", strip=True
    )
    owner = forms.ModelChoiceField(Team.objects.none(), empty_label="Choose a team", help_text="Who answers for it.")
    note = forms.CharField(max_length=200, required=False, label="What changes, and why")

    def __init__(self, *args: Any, user: User, existing: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        teams = Team.objects.all() if user.has_role(Role.ADMIN) else user.teams.all()
        self.fields["owner"].queryset = teams.order_by("name")  # type: ignore[attr-defined]
        if existing:
            del self.fields["key"]
        for name, field in self.fields.items():
            field.widget.attrs |= {"id": f"id_{name}", "autocomplete": "off"}
            if field.help_text:
                field.widget.attrs["aria-describedby"] = f"id_{name}_help"

    def clean_meaning(self) -> str:
        """With the line ends that it has in files: browsers send CR LF whatever was there."""
        meaning: str = self.cleaned_data["meaning"]
        return meaning.replace("\r\n", "\n")

    def clean_key(self) -> str:
        key: str = self.cleaned_data["key"]
        if key in TAKEN:
            raise forms.ValidationError("This word has a meaning of its own here; choose another.")
        return key
