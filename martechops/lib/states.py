"""A thing stands where what is asked cannot be done to it."""


class WrongState(Exception):
    """Somebody may do this, but not now; the message says what has to happen first. It is answered by 409."""
