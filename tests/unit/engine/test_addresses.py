"""Whether an address can be written to: answered quickly for ordinary ones, and never otherwise than by the library."""

from datetime import UTC, datetime

from email_validator import EmailNotValidError, validate_email
from hypothesis import given
from hypothesis import strategies as st

from workflows.engine import guards
from workflows.engine.spec import Guards

NAMES = st.text(alphabet='ab9._+-@ é"', max_size=12) | st.integers(60, 70).map(lambda count: "a" * count)
AT = datetime(2026, 11, 22, tzinfo=UTC)
DOMAINS = st.sampled_from(
    ["example.com", "test", "localhost", "x.invalid", "a-b.co", "-a.com", "xn--bcher-kva.de", "a..com", "1.2.3.4", ""]
) | st.integers(1, 4).map(lambda count: ("b" * 60 + ".") * count + "com")


@given(name=NAMES, domain=DOMAINS)
def test_answer_is_that_of_the_library(name: str, domain: str) -> None:
    address = f"{name}@{domain}"
    try:
        validate_email(address, check_deliverability=False)
        valid = True
    except EmailNotValidError:
        valid = False
    facts = {"contact": {"email": address}}
    assert (
        guards.check(Guards(valid=("email",)), facts=facts, sent=(), channel=None, once_key=None, at=AT)[0].passed
        is valid
    )
