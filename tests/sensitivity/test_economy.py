"""An economy whose end is known: indices of simulated runs against indices by quadrature.

Everybody sees everybody, best response to the published success of Theorem 1's bound, costs uniform
on [0, c]: α ends at the high fixed point of α ↦ m + (1 - m)·F(b·G(α)) (participation, section 4.1
of the theory), a function of b and c.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gigsim.sensitivity.analysis import analyse
from gigsim.sensitivity.plan import open_plan
from gigsim.sensitivity.work import run_sensitivity
from gigsim.theory.participation.costs import UniformCosts
from gigsim.theory.participation.curves import BoundCurve
from gigsim.theory.participation.joining_map import JoiningMap

KAPPA, PEOPLE, FIRST = 0.01, 400, 20
BENEFIT, COST = (0.5, 1.0), (1.1, 2.0)


def ends(benefit: np.ndarray, cost: np.ndarray) -> np.ndarray:
    """Where α ends, by theory: uniform costs on [0, c] are c times those on [0, 1]."""
    society = JoiningMap(
        BoundCurve(KAPPA),
        UniformCosts(0.0, 1.0),
        benefit=(benefit / cost).ravel(),
        first_movers=FIRST / PEOPLE,
    )
    return np.array([found.low for found in society.all_fixed_points()]).reshape(benefit.shape)


def by_quadrature() -> dict[str, np.ndarray]:
    """S1 and ST of benefit and cost, mean and variance of f, by 16 x 16 Gauss-Legendre nodes."""
    nodes, weights = np.polynomial.legendre.leggauss(16)
    u, w = (nodes + 1) / 2, weights / 2
    b, c = (low + (high - low) * u for low, high in (BENEFIT, COST))
    f = ends(*np.meshgrid(b, c, indexing="ij"))
    mean = w @ f @ w
    variance = w @ (f - mean) ** 2 @ w
    alone = np.array([w @ (f @ w - mean) ** 2, w @ (w @ f - mean) ** 2]) / variance
    return {
        "S1": np.append(alone, 0.0),
        "ST": np.append(1 - alone[::-1], 0.0),
        "mean": mean,
        "variance": variance,
    }


def study(curve: Path, table: dict[str, object]) -> dict[str, object]:
    return {
        "name": "known",
        "replicates": 2,
        "set": {
            "platform.learner": {"kind": "surrogate", "curve": str(curve)},
            "platform.retrain_every": 1,
            "network.kind": "complete",
            "society.rule": "best_response",
            "society.belief": "published",
            "society.activation": 1.0,
            "population.size": PEOPLE,
            "population.cost": {"kind": "uniform", "low": 0.0, "high": 1.0},
            "collective.first_movers": FIRST,
            "collective.leak": 0.0,
            "measure.reference": 0,
            "run.periods": 6,
        },
        "sensitivity": {
            "outcomes": ["alpha"],
            "ranges": {
                "society.benefit_scale": {"low": BENEFIT[0], "high": BENEFIT[1]},
                "population.cost.high": {"low": COST[0], "high": COST[1]},
                # Asked for only where a run ends when it has settled.
                "run.settled_tolerance": {"low": 0.001, "high": 0.01},
            },
            **table,
        },
    }


@pytest.fixture(scope="module")
def curve(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Theorem 1's bound as a measured curve, straight between 1,500 points."""
    share = np.append(0.0, np.geomspace(KAPPA / (1 + KAPPA), 1.0, 1500))
    bound = BoundCurve(KAPPA).value(share)
    path = tmp_path_factory.mktemp("curve") / "bound.csv"
    columns = dict.fromkeys(("success_any", "success_top1"), bound)
    rest = {"base_any": 0.0, "base_top1": 0.0, "accuracy": 0.5}
    pd.DataFrame({"alpha": share, **columns, **rest}).to_csv(path, index=False)
    return path


def test_the_quadrature_has_the_closed_form() -> None:
    """Without first movers α₊ is the root of α² - r(1 + κ)α + rκ."""
    r = np.linspace(0.3, 0.9, 7)
    society = JoiningMap(BoundCurve(KAPPA), UniformCosts(0.0, 1.0), benefit=r)
    found = [points.high for points in society.all_fixed_points()]
    half = r * (1 + KAPPA) / 2
    assert np.allclose(found, half + np.sqrt(half**2 - r * KAPPA), rtol=1e-12)
    # Six more nodes change nothing, and the two parameters hardly interact.
    truth = by_quadrature()
    assert truth["S1"].sum() == pytest.approx(1.0, abs=0.02)
    assert (truth["ST"] >= truth["S1"]).all()


@pytest.mark.slow
def test_sobol_indices_of_an_economy_are_those_of_its_theory(curve: Path, tmp_path: Path) -> None:
    """Within 4 standard errors, after luck is taken out: 320 points of 400 people, 2 seeds."""
    made = study(curve, {"method": "sobol", "samples": 64})
    folder = run_sensitivity(made, out=tmp_path, workers=0)
    found = analyse(open_plan(folder), folder)
    truth = by_quadrature()
    for name in ("S1_corrected", "ST_corrected"):
        error = (found.table[f"{name}_high"] - found.table[name]) / 1.96
        expected = truth[name.removesuffix("_corrected")]
        assert (np.abs(found.table[name] - expected) <= 4 * error).all()
        assert (error < 0.15).all()
    shares = found.summaries[0].shares
    assert shares is not None
    assert shares.parameters == pytest.approx(float(truth["variance"]), rel=0.1)
    # A binomial's sd over 400 people, at least near it: the fixed point amplifies little.
    sd = math.sqrt(truth["mean"] * (1 - truth["mean"]) / PEOPLE)
    assert math.sqrt(shares.seeds) == pytest.approx(sd, rel=0.25)
    # What does nothing has the ST of luck, and none without it.
    assert found.table["ST"][2] == pytest.approx(shares.in_means, abs=0.03)
    assert found.table["ST_corrected_low"][2] < 0.01


@pytest.mark.slow
def test_morris_ranks_the_parameters_of_an_economy(curve: Path, tmp_path: Path) -> None:
    """Twenty trajectories: what does nothing stays at the line of luck, signs are theory's."""
    made = study(curve, {"method": "morris", "trajectories": 20})
    folder = run_sensitivity(made, out=tmp_path, workers=0)
    table = analyse(open_plan(folder), folder).table.set_index("parameter")
    benefit, cost, nothing = (table.loc[name] for name in table.index)
    assert benefit["mu_low"] > 0 > cost["mu_high"]
    assert nothing["mu_low"] < 0 < nothing["mu_high"]
    assert min(benefit["mu_star_low"], cost["mu_star_low"]) > 5 * nothing["mu_star"]
    # A mean of twenty folded normals.
    error = nothing["luck"] * math.sqrt((1 - 2 / math.pi) / 20)
    assert abs(nothing["mu_star"] - nothing["mu_star_luck"]) < 4 * error
