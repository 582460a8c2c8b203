"""A workflow drawn in the editor by mouse and keyboard, from its file, control by control."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Locator, Page, expect

from workflows.engine.action_kinds import ACTIONS
from workflows.engine.edits.merge import MISSING
from workflows.forms import step_form, workflow_form
from workflows.forms.builder_page import ShownGroup, shown
from workflows.forms.condition_builder import Group, from_document
from workflows.forms.controls import KINDS, Control, value_at
from workflows.forms.rules import Fields, root_of


@dataclass(slots=True)
class Drawing:
    """The editor's page in somebody's hands."""

    page: Page
    fields: Fields

    def settled(self) -> None:
        """Everything is drawn and saved that was done: what is drawn anew is saved in the same breath."""
        expect(self.page.locator("#editor[data-ready]:not([aria-busy]):not(:has([aria-busy]))")).to_be_attached()

    def add(self, step: Mapping[str, Any]) -> None:
        """A step of this kind behind the last one, with its name and key."""
        kind = step_form.kind_of(step)
        self.page.locator("#add-last").click()
        panel = self.page.locator("#editor-panel[data-panel^='add=']")
        panel.locator(f"button[name=kind][value='{step.get('action', kind)}']").click()
        expect(self.page.locator("#f-name")).to_be_focused()
        self.text("f-name", str(step.get("name") or step["key"]))
        self.text("f-key", step["key"])
        self.settled()
        expect(self.page.locator(f"#editor-panel[data-panel='step={step['key']}']")).to_be_visible()

    def open(self, key: str) -> None:
        """The step's panel, by its name in the list."""
        self.page.locator(f"[data-row='{key}'] th a").click()
        expect(self.page.locator(f"#editor-panel[data-panel='step={key}']")).to_be_visible()
        self.settled()

    def fill(self, document: Mapping[str, Any], controls: Sequence[Control]) -> None:
        """Every control whose value the document says."""
        for control in controls:
            value = value_at(document, control.path)
            if value is not MISSING and control.name != "key":
                self.set(control, value)

    def set(self, control: Control, value: Any) -> None:
        """One control, the way its kind is filled in."""
        self.unfolded(control)
        if control.kind == "rule":
            self.rule(root_of(control), value)
            return
        name = "f-" + control.name.replace(".", "-")
        parts = KINDS[control.kind].show(value)
        if control.kind in ("picks", "one_or_many"):
            for one in parts[""]:
                self.choose(name, one)
        elif control.kind == "checks":
            for one in parts[""]:
                self.page.locator(f"[data-control='{control.name}'] input[value='{one}']").check()
                self.settled()
        elif control.kind in ("select", "yes_no", "approval"):
            self.choose(name, parts[""][0])
        else:
            self.all_parts(name, parts)

    def all_parts(self, name: str, parts: Mapping[str, Sequence[str]]) -> None:
        for ending, texts in parts.items():
            field = self.page.locator(f"[id='{name}{ending.replace('.', '-')}']")
            if not texts[0] or field.count() == 0:
                continue
            if field.evaluate("field => field.tagName") == "SELECT":
                self.choose(f"{name}{ending.replace('.', '-')}", texts[0])
            else:
                self.text(f"{name}{ending.replace('.', '-')}", texts[0])

    def unfolded(self, control: Control) -> None:
        section = self.page.locator(f"details.editor-section:has([data-control='{control.name}'])")
        if section.get_attribute("open") is None:
            section.locator("summary").first.click()

    def text(self, name: str, text: str) -> None:
        field = self.page.locator(f"[id='{name}']")
        if field.input_value() != text:
            field.fill(text)
            field.blur()
            self.settled()

    def choose(self, name: str, value: str) -> None:
        field = self.page.locator(f"[id='{name}']")
        if field.input_value() != value:
            field.select_option(value)
            self.settled()

    def rule(self, root: str, rule: Mapping[str, Any]) -> None:
        """Rows and groups of a rule, added one by one."""
        group = from_document(rule, self.fields)
        self.group(shown(group, self.fields, root=root).root, group)

    def group(self, one: ShownGroup, group: Group) -> None:
        kind = self.page.locator(f"[id='{one.name}.group']")
        if kind.input_value() != one.kind:
            kind.select_option(one.kind)
            self.settled()
        for member in one.members:
            adds = "add-group" if isinstance(member, ShownGroup) else "add"
            first = f"{member.name}.{'group' if isinstance(member, ShownGroup) else 'field'}"
            if self.page.locator(f"[id='{first}']").count() == 0:
                self.page.locator(f"[id='{one.name}.{adds}']").click()
            expect(self.page.locator(f"[id='{first}']")).to_be_visible()
            if isinstance(member, ShownGroup):
                self.group(member, group)
                continue
            self.drawn_anew(self.page.locator(f"[id='{first}']"), member.path)
            self.drawn_anew(self.page.locator(f"[id='{member.name}.operator']"), member.operator)
            value = self.page.locator(f"[id='{member.name}.value']")
            if member.control == "choices":
                for chosen in member.chosen:
                    self.page.locator(f"input[name='{member.name}.value'][value='{chosen}']").check()
            elif member.control == "choice":
                value.select_option(member.value)
            elif member.control != "none":
                value.fill(member.value)
                value.blur()
            self.settled()

    def drawn_anew(self, field: Locator, value: str) -> None:
        """A list of the builder whose choice draws its rows anew."""
        if field.input_value() == value:
            return
        field.select_option(value)
        self.settled()


def draw(drawing: Drawing, document: Mapping[str, Any]) -> None:
    """Everything that the file says, from an empty draft."""
    page = drawing.page
    for step in document["steps"]:
        drawing.add(step)
    page.locator("[data-panel-leave]").click()
    expect(page.locator("#editor-panel[data-panel='']")).to_be_visible()
    for number, _ in enumerate(document.get("success", ())):
        page.locator("#criterion-add").click()
        expect(page.locator(f"#f-success-{number}-says")).to_be_visible()
        drawing.settled()
    drawing.choose("trigger-kind", workflow_form.trigger_kind(document))
    drawing.fill(document, workflow_form.controls(document))
    for step in document["steps"]:
        drawing.open(step["key"])
        made = {"choose": len(step.get("choose", ())) - 2, "split": len(step.get("split", ())) - 2}
        for _ in range(max(made.values())):
            page.locator("#way-add").click()
            drawing.settled()
        drawing.fill(step, [control for control in step_form.controls(step) if not _is_there(step, control)])


def _is_there(step: Mapping[str, Any], control: Control) -> bool:
    """What adding the step has said already."""
    return control.name == "action" and step.get("action") in ACTIONS
