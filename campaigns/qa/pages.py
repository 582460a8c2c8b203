"""Forms of a page, read from its HTML: names, types and choices of their fields.

>>> (form,) = forms('<form id=demo><input type=email name=email required><select name=size><option>1</select></form>')
>>> [(field.name, field.type, field.required) for field in form.fields]
[('email', 'email', True), ('size', 'select', False)]
"""

import contextlib
from dataclasses import dataclass, field
from html.parser import HTMLParser

#: What carries no value of the person.
_NOT_ASKED = {"submit", "button", "reset", "image", "hidden-token"}
_MOST_FORMS, _MOST_FIELDS = 20, 300


@dataclass(frozen=True, slots=True)
class FormField:
    """One field that a person fills in, or a hidden one."""

    name: str
    #: Of an input its type; "select" or "textarea".
    type: str
    required: bool = False
    #: For a select: what can be chosen.
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Form:
    """One form; `name` is its id, its name or its place on the page."""

    name: str
    fields: tuple[FormField, ...]

    def field(self, name: str) -> FormField | None:
        return next((one for one in self.fields if one.name == name), None)


def forms(html: str) -> tuple[Form, ...]:
    """Every form that has fields; searches and the like included. Broken HTML gives what can be read.

    >>> [form.name for form in forms("<form id=a><input name=b></form><![x y")]
    ['a']
    """
    reader = _Reader()
    with contextlib.suppress(AssertionError):  # the library's word for a marked section that it does not know
        reader.feed(html.replace("\0", "\ufffd"))  # as browsers read the character that no database keeps
        reader.close()
    return tuple(reader.found[:_MOST_FORMS])


@dataclass
class _Open:
    name: str
    fields: dict[str, FormField] = field(default_factory=dict)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Form] = []
        self._form: _Open | None = None
        self._select: tuple[str, bool, list[str]] | None = None
        self._option: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._end_form()
            self._form = _Open(said.get("id") or said.get("name") or f"form {len(self.found) + 1}")
        elif self._form is None:
            return
        elif tag in ("input", "textarea"):
            self._input(tag, said)
        elif tag == "select" and said.get("name"):
            self._select = (said["name"], "required" in said, [])
        elif tag == "option" and self._select:
            self._end_option()
            self._option = said.get("value", "")
            if "value" in said:
                self._select[2].append(said["value"])
                self._option = None

    def handle_endtag(self, tag: str) -> None:
        if tag == "option":
            self._end_option()
        elif tag == "select":
            self._end_select()
        elif tag == "form":
            self._end_form()

    def handle_data(self, data: str) -> None:
        if self._option is not None:
            self._option += data

    def close(self) -> None:
        super().close()
        self._end_form()

    def _input(self, tag: str, said: dict[str, str]) -> None:
        kind = "textarea" if tag == "textarea" else said.get("type", "text").lower()
        name = said.get("name", "")
        if self._form and name and kind not in _NOT_ASKED and len(self._form.fields) < _MOST_FIELDS:
            self._form.fields.setdefault(name, FormField(name, kind, "required" in said))

    def _end_option(self) -> None:
        if self._select and self._option is not None and self._option.strip():
            self._select[2].append(self._option.strip())
        self._option = None

    def _end_select(self) -> None:
        self._end_option()
        if self._form and self._select:
            name, required, options = self._select
            self._form.fields.setdefault(name, FormField(name, "select", required, tuple(o for o in options if o)))
        self._select = None

    def _end_form(self) -> None:
        self._end_select()
        if self._form and self._form.fields:
            self.found.append(Form(self._form.name, tuple(self._form.fields.values())))
        self._form = None
