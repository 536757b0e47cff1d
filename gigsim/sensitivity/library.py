"""SALib (Herman and Usher 2017; Iwanaga, Usher and Herman 2022), imported where it is wanted."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import version
from types import ModuleType

from gigsim.errors import InputError

_NAME = "SALib"


def salib(module: str) -> ModuleType:
    """A module of SALib.

    Args:
        module: below the package, such as ``analyze.sobol``.

    Raises:
        InputError: SALib is not installed.
    """
    try:
        import_module(_NAME)
    except ModuleNotFoundError as error:
        # What SALib itself may lack is another matter.
        if error.name != _NAME:
            raise
        raise InputError(
            "gigsim sensitivity", f"{_NAME} is not installed", "pip install 'gigsim[sensitivity]'"
        ) from error
    return import_module(f"{_NAME}.{module}")


def salib_version() -> str:
    """The version that is installed."""
    salib("util")
    return version(_NAME)
