"""``gigsim bounds``: a theorem as numbers, a table and a figure; one module a strategy.

A command's module is imported when the command is asked for, and theory, NumPy and Matplotlib when
it runs: ``gigsim --help`` is quick.
"""

from gigsim.cli.bounds.app import bounds_app
from gigsim.cli.bounds.options import CLOSENESS

__all__ = ["bounds_app"]

_CLOSENESS = CLOSENESS
