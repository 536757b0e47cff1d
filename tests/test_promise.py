"""G at sizes that nobody has seen: the curve's, the theorem's, or a refusal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from gigsim.errors import InputError
from gigsim.model import GigEconomy
from gigsim.promise import promise, promised
from tests.levers import RISING, gain_curve, on_curve, write_curve

Make = Callable[..., GigEconomy]
GRID = np.linspace(0, 1, 41)


@pytest.fixture(scope="module")
def curve(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_curve(tmp_path_factory.mktemp("promise"))


@pytest.mark.parametrize("abstain", [0.0, 0.5])
def test_a_surrogate_promises_its_curve(
    curve: Path, toy_language_path: Path, abstain: float
) -> None:
    model = on_curve(curve, toy_language_path, **{"collective.abstain": abstain})
    gain = promise(model)
    expected = gain_curve().value(GRID * (1 - abstain))
    np.testing.assert_allclose(gain(GRID), expected, rtol=0, atol=1e-15)
    assert gain(0.3) == gain(np.array([0.3]))[0]
    one = promised(model, 0.3)
    assert one.gain == gain(0.3)
    assert one.base == one.clean == model.clean_rate


def test_what_it_promises_is_what_comes(curve: Path, toy_language_path: Path) -> None:
    model = on_curve(curve, toy_language_path, **{"collective.first_movers": 60})
    gain = promise(model)
    for _ in range(6):
        model.step()
        assert model.gain == pytest.approx(float(gain(model.alpha)), abs=1e-12)


def test_with_it_goes_what_spills_over(tmp_path: Path, toy_language_path: Path) -> None:
    """U of the curve stands beside S, for people without the signal."""
    lines = write_curve(tmp_path).read_text().splitlines()
    rows = [line.split(",") for line in lines[1:]]
    spilling = [f"{a},{s},{t},{b},{float(b) + float(a) / 4},{q}" for a, s, t, b, _, q in rows]
    (tmp_path / "curve.csv").write_text("\n".join([lines[0], *spilling]), encoding="utf-8")
    model = on_curve(tmp_path / "curve.csv", toy_language_path)
    seen = promised(model, 0.4)
    assert seen.base == pytest.approx(0.1 + 0.4 / 4)
    assert seen.success == pytest.approx(np.interp(0.4, *np.array(RISING).T))


def test_the_theorem_is_taken_at_its_limits(make_toy: Make) -> None:
    model = make_toy(**{"society.belief": "theory", "measure.success": "any"})
    gain = promise(model)(GRID)
    one_by_one = [max(0.0, model.lines.promise(a, "any") - model.clean_rate) for a in GRID]
    assert gain.tolist() == one_by_one
    assert 0 == gain[0] < gain[-1]


def test_one_size_is_no_curve(make_toy: Make) -> None:
    model = make_toy()
    for ask in (lambda: promise(model), lambda: promised(model, 0.5)):
        with pytest.raises(InputError, match=r"society\.belief: .*no curve that tells of others"):
            ask()
