"""The Content-Security-Policy header, until Django 6 brings its own.

The setting has the name and shape that it has there (`SECURE_CSP`), so that moving is deleting this file.
`SECURE_CSP_BY_PREFIX` holds the addresses that need another policy, and why is said where it is set.
"""

from collections.abc import Callable, Mapping, Sequence

from django.conf import settings
from django.http import HttpRequest, HttpResponse

Policy = Mapping[str, Sequence[str]]
_HEADER = "Content-Security-Policy"


class ContentSecurityPolicyMiddleware:
    """Sends the policy with every response that does not bring a stricter one of its own."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        by_prefix: Mapping[str, Policy] = settings.SECURE_CSP_BY_PREFIX
        policy: Policy = settings.SECURE_CSP
        self.policy = spelled(policy)
        self.by_prefix = {prefix: spelled(policy) for prefix, policy in by_prefix.items()}

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if _HEADER not in response:
            response[_HEADER] = next(
                (policy for prefix, policy in self.by_prefix.items() if request.path.startswith(prefix)), self.policy
            )
        return response


def spelled(policy: Policy) -> str:
    """The header's text.

    >>> spelled({"default-src": ["'none'"], "img-src": ["'self'", "data:"]})
    "default-src 'none'; img-src 'self' data:"
    """
    return "; ".join(f"{directive} {' '.join(sources)}" for directive, sources in policy.items())
