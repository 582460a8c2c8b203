"""Logs name no person and open no door."""

import logging

import pytest
import structlog
from django.conf import settings
from django.http import HttpResponse
from django.test import RequestFactory

from martechops.lib import logs

CANARIES = ("canary@example.com", "Basic Y2FuYXJ5OmNhbmFyeQ==", "postgres://ana:canary-secret@db/leads")


def formatted(message: str, *args: object) -> str:
    """As the configured handler writes it."""
    build = dict(settings.LOGGING["formatters"]["line"])
    formatter = build.pop("()")(**build)
    return str(formatter.format(logging.LogRecord("workflows", logging.WARNING, __file__, 1, message, args, None)))


@pytest.mark.requirement("S22")
@pytest.mark.parametrize("canary", CANARIES)
def test_planted_canary_is_not_in_the_line(canary: str) -> None:
    line = formatted("could not send to %s", canary)
    assert "could not send to" in line
    for part in ("canary@", "Y2FuYXJ5", "canary-secret"):
        assert part not in line


@pytest.mark.requirement("S22")
def test_values_under_secret_keys_are_hidden() -> None:
    line = dict(
        logs.without_secrets(None, "info", {"event": "refused", "write_key": "abc", "Password": "p", "count": 3})
    )
    assert line == {"event": "refused", "write_key": "[hidden]", "Password": "[hidden]", "count": 3}


def test_every_answer_names_its_request_and_keeps_a_proxys_name() -> None:
    seen: list[str] = []

    def view(request: object) -> HttpResponse:
        seen.append(structlog.contextvars.get_contextvars()["request_id"])
        return HttpResponse()

    middleware = logs.RequestIdMiddleware(view)
    given = middleware(RequestFactory().get("/", headers={"X-Request-ID": "proxy-1"}))
    forged = middleware(RequestFactory().get("/", headers={"X-Request-ID": "a b\x1b[2J"}))
    assert given["X-Request-ID"] == seen[0] == "proxy-1"
    assert forged["X-Request-ID"] == seen[1] != "a b\x1b[2J"
    assert structlog.contextvars.get_contextvars() == {}


def test_row_that_the_database_quotes_is_hidden() -> None:
    error = 'duplicate key\nDETAIL:  Key (name)=(Lea Marsh) already exists.\nCONTEXT:  COPY t, line 1: "Lea"'
    assert logs.clean(error) == "duplicate key\nDETAIL: [hidden]\nCONTEXT: [hidden]"
