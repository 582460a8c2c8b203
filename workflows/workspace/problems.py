"""What is wrong in a file, and where."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that somebody has to mend before the files can be applied."""

    file: str
    #: Both from 1; 0 where it is the file as a whole.
    line: int
    column: int
    says: str

    def __str__(self) -> str:
        """As compilers write it, so that editors lead there.

        >>> str(Problem("fields/email.yaml", 3, 7, "type must be one of text"))
        'fields/email.yaml:3:7: type must be one of text'
        """
        place = f":{self.line}:{self.column}" if self.line else ""
        return f"{self.file}{place}: {self.says}"
