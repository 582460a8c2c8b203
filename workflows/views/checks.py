"""The pages of the lint's checks: what each finds, why it matters, how it is mended; the same files as in docs/lint."""

from functools import cache

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString, mark_safe

from martechops.lib import markdown
from workflows.lint import BY_CODE, CHECKS, FAMILIES

from .checked import LOOKS


def listing(request: HttpRequest) -> HttpResponse:
    """All checks by what they are about."""
    families = [
        (name, [(check, *LOOKS[check.severity]) for check in CHECKS if check.code.startswith(family)])
        for family, name in FAMILIES.items()
    ]
    return render(request, "workflows/check_list.html", {"families": families, "count": len(CHECKS)})


def detail(request: HttpRequest, code: str) -> HttpResponse:
    """One check."""
    check = BY_CODE.get(code.upper())
    if check is None:
        raise Http404(f"check {code}")
    return render(request, "workflows/check_detail.html", {"check": check, "blocks": _page(check.code)})


@cache
def _page(code: str) -> list[tuple[str, SafeString | str]]:
    """Without the title, which the page has of its own."""
    source = (settings.BASE_DIR / "docs" / "lint" / f"{code}.md").read_text()
    return [
        (block.kind, block.text if block.kind == "pre" else mark_safe(block.text))  # noqa: S308 (it is escaped there)
        for block in markdown.blocks(source)
        if block.kind != "h1"
    ]
