"""The one exception that is the user's to mend; everything else that escapes is a bug."""

from __future__ import annotations


class InputError(Exception):
    """Bad input: a config, a corpus, a network, a run folder, a command's argument.

    The command line prints it as one line and exits with code 2. Any other exception is a bug of
    ours and keeps its traceback (exit code 1).

    Args:
        where: the place the user has to go to: a dotted key, a file, an option.
        problem: what is wrong there, with the offending value.
        allowed: what would have been right.
    """

    def __init__(self, where: str, problem: str, allowed: str) -> None:
        super().__init__(where, problem, allowed)
        self.where = where
        self.problem = problem
        self.allowed = allowed

    def __str__(self) -> str:
        line = " ".join(f"{self.where}: {self.problem}; {self.allowed}".split())
        # Keys and file names may hold anything, also what would steer a terminal.
        return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in line)
