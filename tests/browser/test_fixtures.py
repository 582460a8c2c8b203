"""The browser the other tests rely on is real, signed in, and cut off from everyone else."""

import pytest
from playwright.sync_api import Error, Page

from tests.browser.conftest import Watch


def test_page_is_signed_in(page: Page) -> None:
    page.goto("/components/")
    assert page.url.endswith("/components/")
    assert "Sign in" not in page.title()


def test_request_to_outside_is_noticed_and_does_not_leave(page: Page, watch: Watch) -> None:
    with pytest.raises(Error, match="ERR_NAME_NOT_RESOLVED"):
        page.goto("http://outside.example/pixel.gif")
    assert watch.outside == ["http://outside.example/pixel.gif"]
    watch.outside.clear()
