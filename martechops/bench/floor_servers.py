"""What the web server does at best: `bare` reads and answers, `parsing` is a Django view that stores nothing.

The view runs without middleware, so it is the strictest floor that Django has.
"""

from collections.abc import Callable, Iterable
from typing import Any

import orjson
from django.conf import settings

_OK = b'{"success": true}'
_HEADERS = [("Content-Type", "application/json"), ("Content-Length", str(len(_OK)))]


def bare(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Read the body and say yes."""
    environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    start_response("200 OK", _HEADERS)
    return [_OK]


def parsing(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Through Django's handler and URL resolver to a view that parses."""
    return _django()(environ, start_response)  # type: ignore[no-any-return]


def _django() -> Any:
    if not _handler:
        import django
        from django.core.wsgi import get_wsgi_application
        from django.http import HttpRequest, HttpResponse
        from django.urls import path

        def view(request: HttpRequest) -> HttpResponse:
            orjson.loads(request.body)
            return HttpResponse(_OK, headers=dict(_HEADERS))

        settings.configure(
            ALLOWED_HOSTS=["localhost"], ROOT_URLCONF=(path("v1/batch", view), path("v1/track", view)), MIDDLEWARE=[]
        )
        django.setup(set_prefix=False)
        _handler.append(get_wsgi_application())
    return _handler[0]


_handler: list[Any] = []
