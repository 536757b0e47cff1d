"""A bound and a measured curve in the place of a platform: known answers, and one training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t as student

from gigsim.config import Config, build
from gigsim.errors import InputError
from gigsim.learners.curve_cells import NEEDED
from gigsim.learners.curve_file import read_curve
from gigsim.learners.recipes import SurrogateRecipe
from gigsim.learners.stand_ins import BoundStandIn, curve_stand_in
from gigsim.learners.surrogate import load_curve
from gigsim.theory.closeness import Closeness
from gigsim.theory.feature_only import feature_only_bound
from gigsim.theory.planting import feature_label_bound

ALPHAS = np.array([0.0, 0.001, 0.01, 0.2, 1.0])


def config(**keys: Any) -> Config:
    return build({}, {"platform.learner": {"kind": "surrogate", "source": "bound"}} | keys)


def test_theorem_one_to_the_last_digit() -> None:
    keys = {"bound_xi": 0.013, "bound_gap": 0.7, "bound_base_rate": 0.05}
    found = BoundStandIn.of(
        config(**{f"platform.learner.{name}": value for name, value in keys.items()}), 10
    )
    promised = feature_label_bound(ALPHAS, xi=0.013, gap=0.7)
    assert found.mean("success_top1", ALPHAS).tolist() == np.maximum(promised, 0.05).tolist()
    assert found.at(0.2) == {"success_top1": promised[3], "base_top1": 0.05}
    assert found.at(0.0)["success_top1"] == 0.05
    # Of what it was not made for it says nothing.
    assert np.isnan(found.mean("success_any", ALPHAS)).all()
    assert np.isnan(found.error("accuracy", 0.2))
    assert found.error("success_top1", 0.2) == 0.0
    assert not found.draws
    for word in ("no measurement", "Theorem 1", "ξ = 0.013", "Δ = 0.7", "ε = 0", "0.05 as given"):
        assert word in found.words


@pytest.mark.parametrize("closeness", ["joint_tv", "conditional_tv", "additive_slack"])
def test_with_epsilon(closeness: Closeness) -> None:
    keys = {"platform.learner.bound_epsilon": 0.02, "platform.learner.bound_closeness": closeness}
    found = BoundStandIn.of(config(**keys), 10)
    promised = feature_label_bound(ALPHAS, xi=0.01, gap=1.0, epsilon=0.02, closeness=closeness)
    assert found.bound(ALPHAS).tolist() == promised.tolist()
    assert closeness in found.words


def test_theorem_three_and_wrong_labels() -> None:
    keys = {"collective.strategy": "feature_only", "measure.success": "any"}
    for evasive in (False, True):
        found = BoundStandIn.of(
            config(**keys, **{"collective.evasive": evasive, "platform.learner.bound_p": 0.08}), 10
        )
        promised = feature_only_bound(ALPHAS, p=0.08, xi=0.01, evasive=evasive)
        assert found.mean("success_any", ALPHAS).tolist() == np.maximum(promised, 0).tolist()
        assert "Theorem 3" in found.words
        assert "p = 0.08" in found.words
    found = BoundStandIn.of(config(**{"collective.wrong_label": 0.1}), 10)
    promised = feature_label_bound(ALPHAS, xi=0.01, gap=1.0, margin=0.9 - 0.1 / 9)
    assert found.bound(ALPHAS).tolist() == promised.tolist()


def test_epsilon_beyond_its_closeness() -> None:
    keys = {
        "platform.learner.bound_epsilon": 0.6,
        "platform.learner.bound_closeness": "conditional_tv",
    }
    with pytest.raises(InputError, match=r"bound_epsilon: closeness conditional_tv needs"):
        BoundStandIn.of(config(**keys), 10)


CLASHES: dict[str, tuple[dict[str, Any], str]] = {
    "no theorem": ({"collective.label_sets": "extend"}, "no theorem covers measure.success"),
    "other numbers": ({"collective.strategy": "unplanting"}, "takes other numbers"),
    "no closeness": ({"platform.learner.bound_epsilon": 0.1}, "without a closeness"),
    "a file": ({"platform.learner.curve": "x.csv"}, "which does not read it"),
    "drawn": ({"platform.learner.draw": "training"}, "which does not read it"),
    "a number of bounds": (
        {"platform.learner.source": "staircase", "platform.learner.bound_xi": 0.2},
        "source = bound reads it|curve or bound reads it",
    ),
    "a corpus": (
        {"platform.learner.source": "staircase", "corpus.path": "x.npz"},
        "needs a law that is known",
    ),
    "a strategy that moves clean texts": (
        {"platform.learner.source": "staircase", "collective.strategy": "feature_only"},
        "without the signal are given",
    ),
    "no closed form": (
        {
            "platform.learner.source": "staircase",
            "collective.wrong_label": 0.1,
            "collective.label_sets": "extend",
        },
        "no closed form",
    ),
}


@pytest.mark.parametrize(("keys", "said"), CLASHES.values(), ids=CLASHES.keys())
def test_what_does_not_go_together(keys: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        config(**keys)


def trainings(seeds: int = 3) -> pd.DataFrame:
    """Training s at α has S = α + s/100, by α and seed as ``gigsim curve`` writes them."""
    rows = [
        {"alpha": alpha, "seed": seed}
        | dict.fromkeys(NEEDED[1:], alpha + seed / 100)
        | {"base_any": 0.1, "base_top1": 0.1}
        for alpha in (0.0, 0.2, 0.6)
        for seed in range(seeds)
    ]
    return pd.DataFrame(rows)


def test_a_training_is_the_same_one_at_both_ends(tmp_path: Path) -> None:
    path = tmp_path / "curve.csv"
    trainings().sample(frac=1, random_state=1).to_csv(path, index=False)
    found = curve_stand_in(SurrogateRecipe(curve=str(path), draw="training"))
    assert found.draws
    assert "one of them drawn at each retraining" in found.words
    for luck, seed in ((0.0, 0), (0.34, 1), (0.99, 2)):
        for alpha in (0.0, 0.07, 0.2, 0.5, 0.6, 1.0):
            one = found.at(alpha, luck)
            assert one["success_top1"] == pytest.approx(min(alpha, 0.6) + seed / 100, abs=1e-12)
            assert one["success_top1_low"] <= one["success_top1"] <= one["success_top1_high"]
            assert one["success_top1_sd"] == pytest.approx(0.01)
    # Whoever asks for no luck gets the means, and so does the theory of the curve.
    mean = curve_stand_in(SurrogateRecipe(curve=str(path)))
    assert mean.at(0.07)["success_top1"] == pytest.approx(0.08)
    assert found.mean("success_top1", 0.07) == mean.mean("success_top1", 0.07)
    assert found.error("success_top1", 0.07) == pytest.approx(0.01)
    assert mean.error("success_top1", 0.07) == pytest.approx(0.01 / np.sqrt(3))
    assert len(found.parts()) > len(mean.parts())


def test_drawn_trainings_have_the_files_mean_and_spread(tmp_path: Path) -> None:
    path = tmp_path / "curve.csv"
    trainings(5).to_csv(path, index=False)
    found = curve_stand_in(SurrogateRecipe(curve=str(path), draw="training"))
    lucks = (np.arange(1000) + 0.5) / 1000
    drawn = np.array([found.at(0.3, luck)["success_any"] for luck in lucks])
    assert drawn.mean() == pytest.approx(found.mean("success_any", 0.3), abs=1e-12)
    assert drawn.std() == pytest.approx(np.std(np.arange(5) / 100), abs=1e-12)


def test_at_a_measured_share_its_own_trainings_alone_count(tmp_path: Path) -> None:
    """A share of many trainings beside one of two: neither says how many the other has."""
    path = tmp_path / "curve.csv"
    table = trainings(5)
    table[(table["alpha"] == 0.2) | (table["seed"] < 2)].to_csv(path, index=False)
    found = curve_stand_in(SurrogateRecipe(curve=str(path), draw="training"))
    spread = np.std(np.arange(5) / 100, ddof=1)
    for alpha, count, sd in ((0.0, 2, None), (0.2, 5, spread), (0.3, 2, None), (0.9, 2, None)):
        one = found.at(alpha, 0.0)
        away = one["success_top1_high"] - one["success_top1"]
        reach = student.ppf(0.975, count - 1) * (sd or one["success_top1_sd"])
        assert away == pytest.approx(min(reach, 1 - one["success_top1"]), abs=1e-12)
    # Whatever the luck, a training of 0.2 itself, each as often as any other.
    lucks = (np.arange(500) + 0.5) / 500
    drawn = [round(100 * (found.at(0.2, luck)["success_any"] - 0.2)) for luck in lucks]
    assert np.bincount(drawn).tolist() == [100] * 5


def test_one_training_at_each_alpha_is_nothing_to_draw_from(tmp_path: Path) -> None:
    path = tmp_path / "curve.csv"
    trainings(1).to_csv(path, index=False)
    with pytest.raises(InputError, match="nothing to draw from"):
        curve_stand_in(SurrogateRecipe(curve=str(path), draw="training"))
    assert np.isnan(curve_stand_in(SurrogateRecipe(curve=str(path))).error("success_any", 0.1))


@pytest.fixture
def arms(tmp_path: Path) -> Path:
    """A file of two arms, as ``gigsim curve`` has them."""
    parts = []
    for number, name in enumerate(("linear", "transformer")):
        part = trainings().assign(arm=number, name=name, learner=name, goal="top1", retraining=1)
        part["success_top1"] += number / 10
        parts.append(part.assign(alpha_effective=part["alpha"], success_se=0.02))
    path = tmp_path / "curve.parquet"
    pd.concat(parts).to_parquet(path, index=False)
    return path


def test_one_arm_of_a_file_of_several(arms: Path) -> None:
    for number, name in enumerate(("linear", "transformer")):
        found = curve_stand_in(SurrogateRecipe(curve=str(arms), arm=name))
        assert found.at(0.2)["success_top1"] == pytest.approx(0.21 + number / 10)
        assert f"arm {name}" in found.words
        # The curve's own held-out resumes count, beside the trainings.
        expected = np.hypot(0.01 / np.sqrt(3), 0.02)
        assert found.error("success_top1", 0.2) == pytest.approx(expected)
        assert found.error("success_any", 0.2) == pytest.approx(0.01 / np.sqrt(3))


def test_which_arm_has_to_be_said(arms: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"2 arms.*arm is one of: linear, transformer"):
        load_curve(arms)
    with pytest.raises(InputError, match=r"no arm 'bayes'.*one of: linear, transformer"):
        load_curve(arms, "bayes")
    table = pd.read_parquet(arms)
    table[table["name"] == "linear"].to_parquet(tmp_path / "one.parquet")
    assert len(load_curve(tmp_path / "one.parquet").alphas) == 3
    table.drop(columns="arm").to_parquet(tmp_path / "other.parquet")
    with pytest.raises(InputError, match="no column arm, so no arm 'linear'"):
        load_curve(tmp_path / "other.parquet", "linear")


def test_rows_that_are_of_no_one_platform(arms: Path, tmp_path: Path) -> None:
    table = pd.read_parquet(arms)
    table = table[table["name"] == "linear"]
    chained = pd.concat([table, table.assign(retraining=2)])
    chained.to_parquet(tmp_path / "chain.parquet")
    with pytest.raises(InputError, match="2 trainings in a row"):
        read_curve(tmp_path / "chain.parquet")
    table.assign(alpha_effective=table["alpha"] * 0.9).to_parquet(tmp_path / "abstain.parquet")
    with pytest.raises(InputError, match="members abstained"):
        read_curve(tmp_path / "abstain.parquet")
