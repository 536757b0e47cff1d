"""What a run is: its sections, and how they are read and written."""

from gigsim.config.load import build, digest, dumps, load, scenarios
from gigsim.config.sections import Config

__all__ = ["Config", "build", "digest", "dumps", "load", "scenarios"]
