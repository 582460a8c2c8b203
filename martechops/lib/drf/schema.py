"""How the interface documents itself."""

from typing import Any, Literal

from drf_spectacular.openapi import AutoSchema

from martechops.lib.drf import problems


class ProblemSchema(AutoSchema):
    """Adds to every operation the problems that it may answer with."""

    def _get_response_bodies(self, direction: Literal["request", "response"] = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        for status in self._problems():
            bodies.setdefault(str(status), _response(status))
        return bodies

    def _problems(self) -> list[int]:
        statuses = [400, 401, 403, 406, 429]
        if "{" in self.path:
            statuses.append(404)
        if self.method in {"POST", "PUT", "PATCH", "DELETE"}:
            statuses.append(409)
        if self.method in {"PUT", "PATCH", "DELETE"}:
            statuses.append(412)
        return statuses


def describe_problem(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Adds the one shape of problems to the document's components."""
    del generator, request, public
    result.setdefault("components", {}).setdefault("schemas", {})["Problem"] = problems.SCHEMA
    return result


def _response(status: int) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "description": problems.MEANINGS[status],
        "content": {problems.MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    if status == 429:
        answer["headers"] = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds to wait."}}
    return answer
