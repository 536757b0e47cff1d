"""What is asked of a class of the user's, of what it returns, and how it is told what is wrong."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gigsim.errors import InputError
from gigsim.learners.own_source import KEY
from gigsim.learners.protocol import State
from gigsim.learners.recipes import OwnRecipe

#: How far beyond 0 and 1 rounding may carry a probability: a few units of float32 at 1.
_ROUNDING = 1e-6

_OPTIONAL = ("state", "restore", "fit_from")
_READS = ("tfidf", "counts", "tokens")


def checked_learner(kind: type[Any], base: type[Any], recipe: OwnRecipe) -> Any:
    """An object of the class with the recipe's settings.

    Args:
        kind: the user's class.
        base: that it has to be a subclass of.
        recipe: its import path and settings.

    Raises:
        InputError: it is no subclass, lacks ``fit``, does not take the settings, or says of itself
            what cannot be.
    """
    said = recipe.path
    if not issubclass(kind, base) or kind is base:
        raise _wrong(said, "is no subclass of gigsim.OwnLearner", "a learner is a subclass of it")
    theirs = {name for name in ("fit", *_OPTIONAL) if getattr(kind, name) != getattr(base, name)}
    if "fit" not in theirs:
        raise _wrong(said, "defines no fit", "fit(self, rows, labels, seed) is needed")
    if len({"state", "restore"} & theirs) == 1 or ("fit_from" in theirs and "state" not in theirs):
        raise _wrong(
            said,
            f"defines {' and '.join(sorted(theirs - {'fit'}))} alone",
            "state and restore go together, and fit_from needs both",
        )
    own = _made(kind, recipe)
    for name in sorted(theirs):
        arguments = list(inspect.signature(getattr(base, name)).parameters)[1:]
        try:
            inspect.signature(getattr(own, name)).bind(*arguments)
        except TypeError as error:
            wanted = f"{name}(self, {', '.join(arguments)})"
            raise _wrong(said, f"cannot be called as {wanted} ({error})", "as it says") from error
    _check_attributes(own, said)
    return own


def checked_probabilities(said: object, shape: tuple[int, int], who: str) -> NDArray[np.float32]:
    """Probabilities as they have to be, float32.

    Args:
        said: what the user's classifier returned.
        shape: (n, L).
        who: import path of the class.

    Raises:
        InputError: another shape, other things than numbers, NaN, or numbers outside of [0, 1] by
            more than rounding.
    """
    wanted = f"probabilities are numbers in [0, 1], shape {shape}: resumes x labels"
    try:
        found = np.asarray(said)
    except ValueError as error:
        raise _wrong(who, f"its probabilities are no array ({error})", wanted) from error
    if found.shape != shape:
        raise _wrong(who, f"its probabilities have shape {found.shape}", wanted)
    if found.dtype.kind not in "fbiu":
        raise _wrong(who, f"its probabilities are {found.dtype}", wanted)
    if not np.isfinite(found).all():
        row, label = np.argwhere(~np.isfinite(found))[0]
        value = found[row, label]
        raise _wrong(who, f"its probability of label {label} in row {row} is {value}", wanted)
    low, high = (found.min(), found.max()) if found.size else (0, 0)
    if low < -_ROUNDING or high > 1 + _ROUNDING:
        raise _wrong(who, f"its probabilities go from {low:g} to {high:g}", wanted)
    return np.clip(found, 0, 1).astype(np.float32)


def checked_state(said: object, who: str, taken: str) -> State:
    """The arrays of a classifier as they have to be.

    Args:
        said: what the user's ``state`` returned.
        who: import path of the class.
        taken: a name that is not free.

    Raises:
        InputError: it is no mapping of names to arrays of numbers.
    """
    wanted = "state is to return a dict of arrays of numbers by name"
    if not isinstance(said, dict):
        raise _wrong(who, f"its state is a {type(said).__name__}", wanted)
    found: State = {}
    for name, values in said.items():
        array = np.asarray(values)
        if not isinstance(name, str) or name == taken or array.dtype.kind not in "fbiu":
            raise _wrong(who, f"its state has {name!r}, which is {array.dtype}", wanted)
        found[name] = array
    return found


def _made(kind: type[Any], recipe: OwnRecipe) -> Any:
    signature = inspect.signature(kind)
    try:
        signature.bind(**recipe.settings)
    except TypeError as error:
        takes = ", ".join(str(one) for one in signature.parameters.values())
        raise InputError(
            "platform.learner.settings",
            f"{recipe.path!r}: {error}",
            f"it takes {takes}" if takes else "it takes none",
        ) from error
    return kind(**recipe.settings)


def _check_attributes(own: Any, said: str) -> None:
    if own.reads not in _READS:
        raise _wrong(said, f"reads = {own.reads!r}", f"one of {', '.join(_READS)}")
    if not isinstance(own.stochastic, bool):
        raise _wrong(said, f"stochastic = {own.stochastic!r}", "True or False")
    for name, value in (("features", own.features), ("limit", own.limit)):
        whole = isinstance(value, int) and not isinstance(value, bool) and value >= 1
        if not whole and not (name == "limit" and value is None):
            raise _wrong(said, f"{name} = {value!r}", "a whole number from 1 on")


def _wrong(path: str, problem: str, allowed: str) -> InputError:
    return InputError(KEY, f"{path!r}: {problem}", allowed)
