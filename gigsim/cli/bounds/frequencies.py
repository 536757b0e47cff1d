"""What members count, as options of ``gigsim bounds finite-sample``: refused where impossible."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gigsim.cli.bounds.options import numbers
from gigsim.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from gigsim.theory.gaps import Floats

# Decimals do not sum exactly.
_ROUNDING = 1e-9


def becomes_of(text: str, texts: int) -> NDArray[np.int64]:
    """Which text each becomes without the signal.

    Raises:
        InputError: not one number of a text for each, or cleaning twice is not cleaning once.
    """
    import numpy as np

    allowed = f"the number of a text for each, 0 to {texts - 1}, e.g. 1,1: text 0 becomes text 1"
    given = numbers(text, "--cleaned", low=0, high=texts - 1, allowed=allowed)
    places = np.rint(given).astype(np.int64)
    if (places != given).any() or places.size != texts:
        raise InputError("--cleaned", f"{text!r} for {texts} texts", allowed)
    if (places[places] != places).any():
        raise InputError(
            "--cleaned", f"{text!r}: a text that others become is cleaned itself", allowed
        )
    return places


def check_possible(texts: dict[str, Floats]) -> None:
    """Refuse frequencies that no members can have.

    Raises:
        InputError: they sum to more than 1, or a part is more than the whole.
    """
    mass, push = texts["weights"], texts["planted"]
    if mass.sum() > 1 + _ROUNDING:
        raise InputError("--weights", f"they sum to {mass.sum():g}", "at most 1 in all")
    if (push > mass + _ROUNDING).any():
        raise InputError(
            "--planted", "over --weights at a text", "at each text a part of --weights"
        )
    if "rivals" in texts and (push + texts["rivals"] > mass + _ROUNDING).any():
        raise InputError(
            "--rivals",
            "with --planted over --weights at a text",
            "at each text a part of what --planted leaves of --weights",
        )


def frequencies(text: str, option: str, low: float) -> Floats:
    """Numbers in [low, 1] from a list.

    Raises:
        InputError: it is none.
    """
    return numbers(
        text, option, low=low, high=1.0, allowed=f"numbers in [{low:g}, 1], comma-separated"
    )


def choosing_of(text: str) -> int | None:
    """n_e; None for the trade-off that theory suggests.

    Raises:
        InputError: it is neither.
    """
    if text == "auto":
        return None
    if not (text.isascii() and text.isdigit()):
        raise InputError("--estimating", f"{text!r}", "a whole number of members, or auto")
    return int(text)
