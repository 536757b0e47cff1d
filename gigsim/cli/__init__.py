"""The command line: one module a group of commands."""

from gigsim.cli.app import main

__all__ = ["main"]
