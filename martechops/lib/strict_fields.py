"""Form fields that take what can be kept as it was written, and refuse the rest at the field."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.forms import JSONField as JSONFormField
from django.forms.fields import InvalidJSONInput

from martechops.lib import strict_json


class StrictJson(JSONFormField):
    """JSON without what no database keeps and nobody could read; refused at the field, never with an error page."""

    #: What stands for a text that was emptied, where the column takes no null.
    emptied: Callable[[], Any] | None = None

    def to_python(self, value: Any) -> Any:
        if value in self.empty_values and self.emptied:
            return self.emptied()
        if isinstance(value, str) and value.strip():
            try:
                return strict_json.loads(value.encode())
            except (strict_json.BadJson, UnicodeEncodeError) as error:
                raise ValidationError(f"This is not JSON as it is accepted here: {error}.") from None
        return super().to_python(value)

    def bound_data(self, data: Any, initial: Any) -> Any:
        try:
            return super().bound_data(data, initial)
        except RecursionError:
            return InvalidJSONInput(data)

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(super().has_changed(initial, data))
        except RecursionError:
            return True


def with_plain_lines(clean: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Browsers send CR LF whatever was there: that is no change that anybody made."""

    def plain(value: Any) -> Any:
        made = clean(value)
        return made.replace("\r\n", "\n") if isinstance(made, str) else made

    return plain
