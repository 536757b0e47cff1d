"""What theory is told of a world: ξ, Δ, d(x), and where they come from."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from gigsim import GigEconomy
from gigsim.theory import clopper_pearson

Make = Callable[..., GigEconomy]


def test_the_law_is_known_where_the_language_never_writes_the_signal(make_toy: Make) -> None:
    lines = make_toy(**{"corpus.xi": 0.02}).lines
    known = lines.signals["top1"]
    assert known.xi_known
    assert known.xi == known.xi_upper == 0.02
    assert known.gap_kind == lines.source == "posterior"
    assert lines.bound(0.1, "top1") == lines.promise(0.1, "top1")


@pytest.mark.parametrize("reserve", [True, False])
def test_a_word_of_the_language_has_a_mass_of_its_own(make_toy: Make, reserve: bool) -> None:
    """Planted once at the end of a text, a common word is no unique signal."""
    model = make_toy(
        **{
            "collective.signal.token": "w3",
            "collective.signal.every": 1000,
            "collective.signal.reserve": reserve,
            "corpus.xi": 0.02,
        }
    )
    lines, stage = model.lines, model.stage
    known = lines.signals["any"]
    natural = int((stage.in_signal_set & ~stage.carriers).sum())
    size = len(model.population)
    assert natural > 0
    assert not known.xi_known
    assert known.xi == pytest.approx(0.02 + 0.98 * natural / size)
    limit = float(clopper_pearson(natural, size).high)
    assert known.xi_upper == pytest.approx(0.02 + 0.98 * limit)
    assert (known.gap, known.gap_kind, lines.source) == (1.0, "worst", "classifier")
    assert np.isnan(lines.p)
    # A promise is made at the upper limit, the line drawn at the estimate.
    assert lines.promise(0.3, "any") < lines.bound(0.3, "any") < 1


def test_a_text_that_is_cut_off_has_no_exact_posterior(make_toy: Make) -> None:
    model = make_toy(
        **{
            "platform.learner.kind": "transformer",
            "platform.learner.max_tokens": 20,
            "platform.learner.epochs": 1,
            "collective.signal.every": 5,
        }
    )
    assert model.lines.source == "classifier"
    # The floor of the label channel holds for any part of a text.
    assert model.lines.signals["any"].gap_kind == "posterior"
    assert model.lines.signals["any"].xi_known
