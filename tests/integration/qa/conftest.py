"""The demo workspace, and a web site on loopback whose pages can be changed."""

import http.server
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from pytest_django import Settings

from tests.integration.runtime.conftest import AT, demo, request_demo, send, settle

__all__ = ["AT", "Site", "demo", "request_demo", "send", "settle", "site"]

FORM = """<html><form id="demo"><input type="email" name="email" required><input name="first_name">
<input name="last_name"><input name="company"><input type="number" name="company_size"><input name="country">
<input type="checkbox" name="marketing_consent"><input type="hidden" name="form_id" value="demo"></form></html>"""


@dataclass
class Site:
    """Pages by path: a text is answered with 200, a number is that status, ("to", path) a redirect."""

    address: str = ""
    pages: dict[str, str | int | tuple[str, str]] = field(default_factory=lambda: {"/demo": FORM, "/ok": "fine"})
    asked: list[str] = field(default_factory=list)

    def url(self, path: str) -> str:
        return self.address + path


@pytest.fixture
def site(settings: Settings) -> Iterator[Site]:
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]
    made = Site()

    class Pages(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked.append(self.path)
            page = made.pages.get(self.path.partition("?")[0], 404)
            self.send_response(302 if isinstance(page, tuple) else page if isinstance(page, int) else 200)
            if isinstance(page, tuple):
                self.send_header("Location", page[1])
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(page.encode() if isinstance(page, str) else b"")

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages) as server:
        made.address = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield made
        server.shutdown()
