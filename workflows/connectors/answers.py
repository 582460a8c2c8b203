"""What an HTTP answer means for an effect: one reading for every far side that speaks HTTP."""

from martechops.lib import http

from .base import Receipt, Refused, TryLater, Unknown

_GONE = 410
#: Busy or broken for everybody: the connection waits, not just the request.
_FOR_ALL = frozenset({401, 403, 429, 502, 503, 504})
_LATER = frozenset({408, 409, 423, 425, 500})


def ask(
    url: str, *, body: bytes, headers: dict[str, str], deadline_seconds: float, repeatable: bool = False
) -> Receipt:
    """POST, and read the answer. Raises Refused, TryLater, Unknown."""
    try:
        answer = http.post(url, body=body, headers=headers, deadline_seconds=deadline_seconds, repeatable=repeatable)
    except http.BadAddress as error:
        raise Refused(f"the address cannot be used: {error}") from None
    except http.NotSent as error:
        raise TryLater(str(error), for_all=True) from None
    except http.NoAnswer as error:
        raise Unknown(str(error)) from None
    return read(answer)


def read(answer: http.Answer) -> Receipt:
    """Raises Refused and TryLater."""
    status = answer.status
    if 200 <= status < 300:
        return Receipt("taken", {"status": status})
    if status == _GONE:
        raise Refused("410: the far side says that nobody listens there any more", gone=True)
    if 300 <= status < 400:
        raise Refused(f"{status}: the far side sends us elsewhere, and redirects are not followed")
    if status in _FOR_ALL or status >= 500 or status in _LATER:
        raise TryLater(
            f"the far side answered {status}",
            after_seconds=answer.retry_after_seconds,
            for_all=status in _FOR_ALL or status not in _LATER,
        )
    raise Refused(f"the far side answered {status}")
