"""How a person is recognised (requirement D6)."""

import pytest

from workflows.engine.identity import keys, normal_email


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("Ana@Example.com", "ana@example.com"),
        ("\tana@example.com \n", "ana@example.com"),
        ("ana+demo@example.com", "ana+demo@example.com"),
        ("a.na@example.com", "a.na@example.com"),
        ("ana example.com", None),
        ("ana@", None),
        ("@example.com", None),
        ("an a@example.com", None),
        ("ana@example.com,ben@example.com", None),
        ("ana@example.com@example.com", None),
        ("<ana@example.com>", None),
        ("ana\x01@example.com", None),
        ("ana\u202e@example.com", None),
        ("ana@example.com\r\nBcc:ben@example.com", None),
        ("a" * 308 + "@example.com", "a" * 308 + "@example.com"),
        ("a" * 309 + "@example.com", None),
        ("", None),
        (7, None),
        (None, None),
    ],
)
def test_address_has_one_spelling(written: object, normal: str | None) -> None:
    assert normal_email(written) == normal


@pytest.mark.parametrize(
    ("message", "found"),
    [
        ({"properties": {"email": "A@example.com"}}, ("email:a@example.com",)),
        (
            {"context": {"traits": {"email": "a@example.com"}}, "anonymousId": "x"},
            ("email:a@example.com", "anonymous:x"),
        ),
        ({"userId": " 7 "}, ("user:7",)),
        ({"userId": True, "anonymousId": ""}, ()),
        ({"traits": None, "properties": [], "userId": 7}, ("user:7",)),
    ],
)
def test_keys_come_strongest_first(message: dict[str, object], found: tuple[str, ...]) -> None:
    assert keys(message) == found
