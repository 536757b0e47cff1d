"""The map of a config: known answers of theory 4.1, and what it refuses and leaves out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gigsim.dynamics.benefit import benefit
from gigsim.dynamics.prediction import NoisyCosts, joining_map, predict
from gigsim.errors import InputError
from gigsim.theory.participation.costs import LogisticCosts
from gigsim.theory.participation.curves import BoundCurve
from tests.dynamics.societies import curve_file, on_curve, society


@pytest.mark.parametrize(
    ("cost", "spillover", "expected"),
    [(0.2, 0.0, 0.012346), (0.5, 0.0, 0.019608), (0.8, 0.0, 0.047619), (0.2, 0.5, 0.016393)],
)
def test_identical_costs(cost: float, spillover: float, expected: float) -> None:
    config = society(
        **{
            "population.cost": cost,
            "society.spillover": spillover,
            "platform.learner.bound_xi": 0.01,
        }
    )
    found = joining_map(config).fixed_points().critical_mass()
    assert found == pytest.approx(expected, abs=5e-7)


def test_the_pure_public_good_of_a_bound() -> None:
    config = society(
        **{
            "population.size": 25_000,
            "population.cost": 0.01,
            "society.rule": "pivotal",
            "platform.learner.bound_xi": 0.001,
        }
    )
    # V30 by the difference of one person in N: sqrt(α(α + 1/N)) = sqrt(bκ/(cN)) = .002.
    expected = -0.5 / 25_000 + np.hypot(0.002, 0.5 / 25_000)
    assert joining_map(config).fixed_points().high == pytest.approx(expected, abs=1e-6)


def test_uniform_costs() -> None:
    config = society(
        **{
            "population.cost": {"kind": "uniform", "low": 0.0, "high": 1.0},
            "society.benefit_scale": 0.5,
            "platform.learner.bound_xi": 0.01,
        }
    )
    points = joining_map(config).fixed_points()
    assert points.critical_mass() == pytest.approx(0.010103, abs=5e-7)
    assert points.high == pytest.approx(0.494897, abs=5e-7)


def test_first_movers_are_the_configs() -> None:
    found = predict(society(**{"collective.first_movers": 30}))
    assert np.asarray(found.outsiders.first_movers).tolist() == [0.03]


def test_retention_makes_two_maps() -> None:
    found = predict(society(**{"collective.retention": 0.5, "society.spillover": 0.2}))
    assert np.asarray(found.outsiders.gamma).tolist() == [0.2]
    assert np.asarray(found.members.gamma).tolist() == [0.6]
    assert any("retention" in words for words in found.leaves_out)
    alone = predict(society())
    assert alone.members is alone.outsiders
    assert alone.leaves_out == ()


def test_a_cost_paid_once_is_weighed_over_the_horizon() -> None:
    found = predict(society(**{"society.cost_timing": "once", "society.horizon": 4}))
    assert np.asarray(found.outsiders.benefit).tolist() == [4.0]
    assert found.irreversible


def test_leak_and_dues_are_told_and_counted() -> None:
    found = predict(society(**{"collective.leak": 0.01, "collective.dues": 0.1}))
    assert np.asarray(found.outsiders.side_payment).tolist() == [-0.1]
    assert [words.split(" ")[0] for words in found.leaves_out] == ["leak"]


def test_assurance_needs_nobody_to_begin() -> None:
    config = society(**{"collective.provision_point": 0.05})
    assert joining_map(config).fixed_points().low == 1.0


def test_granovetter() -> None:
    config = society(
        **{
            "society.rule": "threshold",
            "population.threshold": {"kind": "normal", "mean": 0.25, "sd": 0.122},
        }
    )
    assert joining_map(config).fixed_points().low == pytest.approx(0.0548, abs=5e-5)


@pytest.mark.parametrize("rule", ["imitation", "complex_contagion", "reinforcement"])
def test_rules_without_a_map_are_refused(rule: str) -> None:
    with pytest.raises(InputError, match=r"society\.rule.*no map"):
        predict(society(**{"society.rule": rule}))


def test_neighbours_thresholds_are_refused() -> None:
    keys = {"society.rule": "threshold", "society.reference_group": "neighbours"}
    with pytest.raises(InputError, match="neighbours"):
        predict(society(**keys))


def test_logit_of_identical_costs_is_logistic() -> None:
    noisy, known = NoisyCosts(np.array([0.5]), 6.0), LogisticCosts(0.5, 6.0)
    x = np.linspace(-1, 2, 7)
    assert np.allclose(noisy.cdf(x), known.cdf(x), rtol=1e-14)
    u = np.array([0.01, 0.5, 0.99])
    assert np.allclose(noisy.quantile(u), known.quantile(u), rtol=1e-9)
    assert noisy.quantile([0.0, 1.0]).tolist() == [-np.inf, np.inf]


def test_the_bound_is_theorys() -> None:
    shares = np.array([0.0, 0.01, 0.02, 0.1, 1.0])
    ours = benefit(society()).curve.value(shares)
    assert np.allclose(ours, BoundCurve(0.02).value(shares), atol=1e-15)


def test_a_curve_is_read_as_the_loop_reads_it(tmp_path: Path) -> None:
    path = curve_file(tmp_path / "c.csv", [(0, 0), (0.1, 0.4), (0.1, 0.6), (0.2, 0.9)])
    found = benefit(society(**on_curve(path)))
    assert found.curve.value(np.array([0.05, 0.15, 0.5])).tolist() == pytest.approx(
        [0.25, 0.7, 0.9]
    )
    assert found.draws is not None
    drawn = found.draws.value(np.full(found.draws.cases, 0.1), 0, np.arange(found.draws.cases))
    assert np.median(drawn) == pytest.approx(0.5, abs=0.05)
    assert drawn.std() > 0.05
    assert found.reaching(0.9) == 0.2
    assert found.reaching(0.95) == np.inf


def test_abstainers_stretch_the_curve(tmp_path: Path) -> None:
    path = curve_file(tmp_path / "c.csv", [(0, 0), (0.2, 0.4), (0.8, 1.0)])
    found = benefit(society(**on_curve(path), **{"collective.abstain": 0.5}))
    # Half of the members follow: α = 1 is as far as .5, on the line between .2 and .8.
    assert found.curve.value(np.array([0.4, 1.0])).tolist() == pytest.approx([0.4, 0.7])


def test_the_staircase_of_the_language() -> None:
    keys = {"platform.learner.source": "staircase", "platform.learner.bound_xi": 0.01}
    keys |= {"corpus.test_size": 60, "corpus.xi": 0.01}
    found = benefit(society(**keys))
    # Δ ≤ 1: every step is at or under the foot of the bound.
    assert 0 < found.curve.breaks[1] <= found.curve.breaks[-2] <= 0.01 / 1.01 + 1e-12
    values = found.curve.value(np.array([0.0, 0.5]))
    assert values[0] == 0
    assert values[1] == pytest.approx(1 - found.clean)


def test_a_platform_that_trains_is_promised_the_theorem() -> None:
    keys = {"platform.learner": {"kind": "linear"}, "corpus.test_size": 60}
    found = benefit(society(**keys))
    assert "promise of Theorem 1" in found.source
    assert found.draws is None


def test_nothing_is_known_of_a_corpus_before_training() -> None:
    keys = {"platform.learner": {"kind": "linear"}, "corpus.path": "somewhere.npz"}
    with pytest.raises(InputError, match="before it is trained"):
        benefit(society(**keys))
