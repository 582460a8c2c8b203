"""JSON bodies of the interface, read as strictly as events are."""

from typing import Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

from martechops.lib import strict_json


class StrictJSONParser(JSONParser):
    """Refuses with a 400 what no database keeps and what is nested so deep that whoever walks it would fall."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        del media_type, parser_context
        try:
            return strict_json.loads(stream.read())
        except strict_json.BadJson as error:
            raise ParseError(f"This is not JSON as it is accepted here: {error}.") from None
