"""What can be promised of a collective of any size, before anybody has seen it work.

What was measured last is known at one size. Who has to know what another size would bring, one more
member (rule ``pivotal``) or the provision point of a contract with refund, needs S as a function of
α: the curve that stands in for the platform, or the theorem.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from gigsim.errors import InputError
from gigsim.learners.recipes import SurrogateRecipe
from gigsim.society.beliefs import Expectation
from gigsim.theory.gaps import Floats

if TYPE_CHECKING:
    from gigsim.model import GigEconomy

#: G as a function of α, elementwise over shares in [0, 1].
Promise = Callable[[ArrayLike], Floats]


def promise(model: GigEconomy) -> Promise:
    """G(α) = max(0, S(α) - U(0)) of a collective that is a share α of the population.

    S is the curve of a ``surrogate``, otherwise the theorem with the upper limits of its numbers
    (``TheoryLines.promise``), both at the share that follows: of those who are members, the part
    that abstains does nothing for it.

    Args:
        model: the economy, its period 0 measured.

    Returns:
        A vectorised function of shares in [0, 1]; money is b times it.

    Raises:
        InputError: there is no curve: the platform trains and nobody goes by a theorem
            (``society.belief``).
    """
    _require_curve(model)

    def gain(alpha: ArrayLike) -> Floats:
        return np.maximum(0.0, _followed(model, alpha)[0] - model.clean_rate)

    return gain


def promised(model: GigEconomy, alpha: float) -> Expectation:
    """What people who go by the curve expect of a collective of one size.

    Args:
        model: the economy, its period 0 measured.
        alpha: members as a share of the population, in [0, 1].

    Returns:
        S at that size, no lower than U(0), and U: that of the curve; theorems say nothing of it,
        and people without the signal are then expected to stay at U(0).

    Raises:
        InputError: see :func:`promise`.
    """
    _require_curve(model)
    success, base = _followed(model, alpha)
    clean = model.clean_rate
    return Expectation(max(clean, float(success)), float(base), clean)


def _followed(model: GigEconomy, alpha: ArrayLike) -> tuple[Floats, Floats]:
    """S and U where the members are a share α."""
    follow = np.asarray(alpha, dtype=np.float64) * (1 - model.now.collective.abstain)
    return model.laboratory.promised(follow)


def _require_curve(model: GigEconomy) -> None:
    society, learner = model.now.society, model.config.platform.learner
    if isinstance(learner, SurrogateRecipe) or society.belief == "theory":
        return
    raise InputError(
        "society.belief",
        f'"{society.belief}" is of one size of the collective, and platform.learner.kind ='
        f' "{learner.kind}" has no curve that tells of others',
        'society.belief = "theory", or platform.learner.kind = "surrogate"',
    )
