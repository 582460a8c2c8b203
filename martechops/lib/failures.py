"""What may be said of an error in a log: where and of what kind, never its message, which may hold an address."""

import traceback


def place(error: BaseException) -> str:
    """Kind of an error and the last line of ours that it passed.

    >>> try:
    ...     {}["ana@example.com"]
    ... except KeyError as error:
    ...     "ana" in place(error)
    False
    """
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "site-packages" not in frame.filename] or frames
    last = f" at {ours[-1].filename.rsplit('/', 1)[-1]}:{ours[-1].lineno} in {ours[-1].name}" if ours else ""
    code = getattr(error, "sqlstate", None) or getattr(error.__cause__, "sqlstate", None)
    return type(error).__name__ + (f" {code}" if code else "") + last
