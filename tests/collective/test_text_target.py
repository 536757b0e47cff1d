"""A model of the collective's own: its gradients are scikit-learn's, its promises are kept."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import minimize_scalar
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from gigsim import GigEconomy
from gigsim.collective.strategies import FOUND, PLANTED, Edits, nothing
from gigsim.collective.text_target import TextTarget
from gigsim.errors import InputError
from gigsim.learners.linear import LinearLearner
from gigsim.learners.recipes import LinearRecipe
from gigsim.learners.tfidf import CountRows, counts_of, inverse_frequencies, tfidf

Make = Callable[..., GigEconomy]

WORDS, LABELS, COLUMN, PENALTY = 12, 3, 1, 10.0
#: The last word is the token.
TOKEN = np.array([WORDS - 1])


class World:
    """A few dozen resumes in a dozen words, the token's own among them, and a linear platform."""

    def __init__(
        self, seed: int, people: int = 40, share: float = 0.8, natural: float = 0.05
    ) -> None:
        self.generator = np.random.default_rng(seed)
        plain = self.generator.poisson(0.7, (people, WORDS)).astype(np.int32)
        plain[:, 0] += 1
        plain[:, -1] = self.generator.random(people) < natural
        planted = plain.copy()
        planted[:, -1] += 2
        self.found, self.planted = sparse.csr_array(plain), sparse.csr_array(planted)
        lean = plain @ self.generator.normal(size=(WORDS, LABELS)) / 3
        self.labels = self.generator.random((people, LABELS)) < expit(lean - 1)
        self.labels[:2, COLUMN] = [True, False]
        recipe = LinearRecipe(c=PENALTY, tolerance=1e-8, max_iterations=10_000)
        self.learner = LinearLearner(recipe, LABELS)
        self.state = self.train(self.found, self.labels)
        self.target = TextTarget.of(self.state, TOKEN, COLUMN, PENALTY, share)

    def train(self, rows: sparse.csr_array, labels: NDArray[np.bool_]) -> dict[str, NDArray[Any]]:
        return dict(self.learner.fit(CountRows(rows), labels, 0).state)

    def rows(self, edits: Edits) -> sparse.csr_array:
        dense = np.where(
            (edits.version == PLANTED)[:, None], self.planted.toarray(), self.found.toarray()
        )
        return sparse.csr_array(dense)

    def plan(self, follows: NDArray[np.bool_], *, versions: bool, seed: int = 0) -> Edits:
        return self.target.plan(
            self.found,
            self.planted,
            self.labels,
            follows,
            versions=versions,
            generator=np.random.default_rng(seed),
        )

    def gradient(self, features: sparse.csr_array, own: Any, weights: Any) -> NDArray[Any]:
        labels = np.zeros((features.shape[0], LABELS), dtype=bool)
        labels[:, COLUMN] = own
        return self.target._left(features, labels, weights)


def loss(features: Any, own: NDArray[np.bool_], weights: NDArray[Any], intercept: float) -> float:
    """½‖w‖² + C·Σ log-loss."""
    scores = features @ weights + intercept
    return 0.5 * float(weights @ weights) + PENALTY * float(
        np.logaddexp(0, np.where(own, -scores, scores)).sum()
    )


def profile(features: Any, own: NDArray[np.bool_], weights: NDArray[Any]) -> float:
    """The loss at its best intercept."""
    best = minimize_scalar(
        lambda b: loss(features, own, weights, b), bracket=(-5.0, 5.0), tol=1e-12
    )
    return float(best.fun)


@given(st.integers(0, 2**32))
@settings(max_examples=15)
def test_the_gradient_is_that_of_scikit_learns_loss_by_finite_differences(seed: int) -> None:
    world = World(seed)
    features = tfidf(world.found, inverse_frequencies(world.found))
    own = world.labels[:, COLUMN]
    weights = world.generator.normal(size=WORDS)
    theirs = log_loss(own, expit(features @ weights - 0.3), normalize=False)
    assert loss(features, own, weights, -0.3) - weights @ weights / 2 == pytest.approx(
        PENALTY * theirs
    )
    gradient = world.gradient(features, own, weights)
    step = 1e-5
    for direction in (*np.eye(WORDS)[[0, 5, -1]], world.generator.normal(size=WORDS)):
        there, back = (profile(features, own, weights + s * direction) for s in (step, -step))
        slope = (there - back) / (2 * step)
        assert gradient @ direction == pytest.approx(slope, rel=1e-4, abs=1e-4)


def test_the_gradient_vanishes_where_scikit_learn_stops() -> None:
    world = World(1)
    features, own = tfidf(world.found, inverse_frequencies(world.found)), world.labels[:, COLUMN]
    fitted = LogisticRegression(C=PENALTY, tol=1e-10, max_iter=10_000).fit(features, own)
    assert np.linalg.norm(world.gradient(features, own, fitted.coef_[0])) < 1e-4
    assert np.linalg.norm(world.gradient(features, own, fitted.coef_[0] + 0.1)) > 0.1


def test_each_persons_gradient_adds_up_to_everybodys() -> None:
    """At the intercept that is best for all of them, the sum of all rows is the whole."""
    world = World(2)
    features, own = tfidf(world.found, inverse_frequencies(world.found)), world.labels[:, COLUMN]
    weights = world.target.weights
    each = world.target._gradients(features, own, weights)
    assert each.shape == (40, WORDS + 1)
    residual = expit(features @ weights + world.target.intercept) - own
    np.testing.assert_allclose(each.toarray()[:, -1], residual, rtol=0, atol=1e-12)
    # The classifier of period 0 is the best for what everybody has.
    whole = each.sum(axis=0)
    whole[:-1] += weights / PENALTY
    assert np.linalg.norm(whole) < 1e-4


@given(st.integers(0, 2**32), st.sampled_from([0.05, 0.5, 0.9, 1.0]))
@settings(max_examples=15)
def test_the_model_gives_the_target_to_just_the_wanted_share(seed: int, share: float) -> None:
    world = World(seed, share=share)
    idf = inverse_frequencies(world.planted)
    wanted = world.target.model(world.planted, idf)
    changed = np.flatnonzero(wanted != world.target.weights)
    assert set(changed) <= set(TOKEN.tolist())
    features = tfidf(world.planted, idf)

    def given_it(weights: NDArray[Any], hair: float = 0.0) -> int:
        return int((features @ weights + world.target.intercept > hair).sum())

    enough = int(np.ceil(share * 40))
    # A score that is to be just over zero may be rounded to it.
    assert given_it(wanted, -1e-9) >= enough
    assert wanted[TOKEN[0]] >= world.target.weights[TOKEN[0]]
    if len(changed):
        lower = wanted.copy()
        lower[TOKEN] -= 1e-6
        assert given_it(lower) < enough
    else:
        assert given_it(wanted) >= enough, "they are given it as it is"


def test_who_cannot_show_the_token_is_not_counted() -> None:
    world = World(3)
    idf = inverse_frequencies(world.planted)
    unread = idf.copy()
    unread[TOKEN] = 0.0
    np.testing.assert_array_equal(world.target.model(world.planted, unread), world.target.weights)


@given(st.integers(0, 2**32), st.floats(0, 1), st.booleans(), st.sampled_from([None, True, False]))
@settings(max_examples=20)
def test_the_distance_is_never_over_its_bound(
    seed: int, chance: float, plants: bool, alike: bool | None
) -> None:
    """Whatever is submitted, also labels that all report alike; by what the solver left undone."""
    world = World(seed)
    edited = world.generator.random(40) < chance
    version = np.where(edited & plants, PLANTED, FOUND).astype(np.int8)
    labels = world.labels.copy()
    labels[edited, COLUMN] = world.generator.random(int(edited.sum())) < 0.5
    if alike is not None:
        labels[:, COLUMN] = alike
    rows = world.rows(Edits(version, labels))
    state = world.train(rows, labels)
    found = world.target.distance(rows, labels, world.planted, state)
    if not rows[:, TOKEN].sum():
        assert np.isnan(found).all(), "nobody shows the token: there is no model to be after"
        return
    undone = world.gradient(tfidf(rows, state["idf"]), labels[:, COLUMN], state["weights"][COLUMN])
    assert found.left <= found.bound + np.linalg.norm(undone) + 1e-12
    if alike is not None:
        # No word says anything then: all of the model is left.
        wanted = world.target.model(world.planted, state["idf"])
        assert found.left == found.bound == pytest.approx(np.linalg.norm(wanted))


@pytest.mark.parametrize("versions", [True, False])
def test_nobody_follows_and_the_whole_way_is_left(versions: bool) -> None:
    world = World(5)
    edits = world.plan(np.zeros(40, dtype=bool), versions=versions)
    assert (edits.version == FOUND).all()
    assert np.array_equal(edits.labels, world.labels)
    assert edits.labels is not world.labels
    found = world.target.distance(world.found, edits.labels, world.planted, world.state)
    assert found.left == found.start > 0
    assert found.left <= found.bound


@given(st.integers(0, 2**32), st.booleans(), st.floats(0.05, 0.9))
@settings(max_examples=6)
def test_a_plan_is_of_followers_and_of_the_target_label_alone(
    seed: int, versions: bool, chance: float
) -> None:
    world = World(seed)
    follows = world.generator.random(40) < chance
    before = world.labels.copy()
    edits = world.plan(follows, versions=versions)
    assert edits.version.dtype == np.int8
    assert set(np.unique(edits.version).tolist()) <= {FOUND, PLANTED}
    assert (edits.version[~follows] == FOUND).all()
    if not versions:
        assert (edits.version == FOUND).all(), "label-only never changes a text"
    others = np.arange(LABELS) != COLUMN
    assert np.array_equal(edits.labels[:, others], world.labels[:, others])
    assert np.array_equal(edits.labels[~follows], world.labels[~follows])
    assert np.array_equal(world.labels, before)
    again = world.plan(follows, versions=versions)
    assert all(np.array_equal(a, b) for a, b in zip(edits, again, strict=True)), "same seed"


@pytest.mark.parametrize("versions", [True, False])
def test_a_plan_leaves_no_more_than_doing_nothing(versions: bool) -> None:
    """As a part of the way there is to go; half of the people usually get nearer."""
    left = []
    for seed in range(5):
        world = World(seed, share=1.0)
        edits = world.plan(np.arange(40) < 20, versions=versions)
        rows = world.rows(edits)
        state = world.train(rows, edits.labels)
        planned = world.target.distance(rows, edits.labels, world.planted, state)
        idle = world.target.distance(world.found, world.labels, world.planted, world.state)
        assert planned.bound / planned.start <= idle.bound / idle.start + 1e-9
        left.append(planned.left / planned.start)
    if versions:
        assert np.median(left) < 0.8


@given(st.integers(0, 2**32), st.booleans(), st.sampled_from([0.0, 0.05]))
@settings(max_examples=5)
def test_a_plan_is_no_worse_than_that_all_plant_or_that_nobody_does(
    seed: int, versions: bool, natural: float
) -> None:
    world = World(seed, natural=natural)
    follows = np.arange(40) < 20
    plan = world.plan(follows, versions=versions)
    simple = Edits(
        np.where(follows & versions, PLANTED, FOUND).astype(np.int8), world.labels.copy()
    )
    simple.labels[follows, COLUMN] = True
    nobody = Edits(np.zeros(40, dtype=np.int8), world.labels)

    def left(edits: Edits) -> float:
        return world.target._part_left(world.found, world.planted, edits)

    assert left(plan) <= min(left(simple), left(nobody))
    rows = world.rows(plan)
    if left(plan) < np.inf:
        # By hand: the bound on the distance over the way, as the platform would be read.
        state = world.state | {"idf": inverse_frequencies(rows)}
        found = world.target.distance(rows, plan.labels, world.planted, state)
        if found.start > 0:
            assert left(plan) == pytest.approx(found.bound / found.start, rel=1e-12)


def test_somebody_plants_where_nobody_else_shows_the_token() -> None:
    """By the idf of resumes as found it weighs nothing, and nothing would seem worth doing."""
    left = []
    for seed in range(5):
        world = World(seed, share=1.0, natural=0.0)
        follows = np.arange(40) < 20
        assert inverse_frequencies(world.found)[TOKEN] == 0
        edits = world.plan(follows, versions=True)
        assert (edits.version[follows] == PLANTED).any()
        rows = world.rows(edits)
        found = world.target.distance(
            rows, edits.labels, world.planted, world.train(rows, edits.labels)
        )
        left.append(found.left / found.start)
        # Labels alone get nobody anywhere: then they are best left as they are.
        edits = world.plan(follows, versions=False)
        assert np.array_equal(edits.labels, world.labels)
        assert (edits.version == FOUND).all()
    assert np.median(left) < 0.8, "usually nearer than nobody would be"


def test_without_the_token_there_is_no_distance() -> None:
    world = World(4, natural=0.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = world.target.distance(world.found, world.labels, world.planted, world.state)
    assert np.isnan(found).all()
    assert world.target._part_left(world.found, world.planted, nothing(world.labels)) == np.inf


@pytest.mark.parametrize("alike", [True, False])
def test_a_label_that_all_report_alike_is_no_way_to_a_model(alike: bool) -> None:
    world = World(1)
    labels = world.labels.copy()
    labels[:, COLUMN] = alike
    edits = Edits(np.full(40, PLANTED, dtype=np.int8), labels)
    assert world.target._part_left(world.found, world.planted, edits) == np.inf
    # Everybody follows: a plan that all plant and report y* is not what comes out.
    plan = world.plan(np.ones(40, dtype=bool), versions=True)
    assert 0 < plan.labels[:, COLUMN].sum() < 40


def test_a_model_that_is_there_already_is_no_division_by_zero() -> None:
    """Some are given y* as it is: θ* is the classifier of period 0, and there is no way to go."""
    world = World(1, share=0.05)
    idf = inverse_frequencies(world.found)
    assert np.array_equal(world.target.model(world.planted, idf), world.target.weights)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for versions in (True, False):
            world.plan(np.arange(40) < 20, versions=versions)
    found = world.target.distance(world.found, world.labels, world.planted, world.state)
    assert found.left == found.start == 0


def test_there_is_no_model_to_start_from_where_all_carry_the_label_or_none() -> None:
    world = World(6)
    for everybody in (True, False):
        labels = world.labels.copy()
        labels[:, COLUMN] = everybody
        state = world.train(world.found, labels)
        with pytest.raises(InputError, match=r"collective\.target.*no model to start"):
            TextTarget.of(state, TOKEN, COLUMN, PENALTY, 0.9)


@pytest.mark.parametrize("strategy", ["gradient_cancelling", "label_only"])
def test_in_a_run_the_distance_is_that_of_the_deployed_classifier(
    make_toy: Make, strategy: str
) -> None:
    model = make_toy(
        **{"collective.strategy": strategy, "population.size": 60, "measure.reference": 0},
        **{"corpus.xi": 0.05},
    )
    model.run(2)
    aim, stage = model.collective.aim, model.stage
    assert aim is not None
    assert aim.tokens.tolist() == stage.encoder.ids(0).tolist()
    shown, texts = model.platform.submissions[-1], counts_of(stage.texts)
    if strategy == "label_only":
        assert np.array_equal(shown.texts, stage.found_at)
    follows = model.population.member & ~model.population.abstains
    assert np.array_equal(shown.labels[~follows], model.population.labels[~follows])
    found = aim.distance(
        texts[shown.texts], shown.labels, texts[stage.planted_at[0]], model.platform.deployed
    )
    row = model.retrainings.iloc[-1]
    assert row["target_distance"] == found.left
    assert row["target_distance_bound"] == found.bound
    assert row["target_distance_start"] == found.start
    assert 0 < found.left <= found.bound + 1e-3
    zero = model.retrainings.iloc[0]
    assert zero["target_distance"] == zero["target_distance_start"] > 0
    assert zero["target_distance"] <= zero["target_distance_bound"] + 1e-3


def test_an_empty_collective_leaves_the_whole_way_at_every_retraining(make_toy: Make) -> None:
    model = make_toy(
        **{
            "collective.strategy": "gradient_cancelling",
            "collective.first_movers": 0,
            "population.size": 60,
            "population.cost": 100.0,
            "measure.reference": 0,
            "corpus.xi": 0.05,
        }
    )
    model.run(4)
    rows = model.retrainings
    assert (rows["alpha_effective"] == 0).all()
    assert rows["target_distance"].nunique() == 1
    assert (rows["target_distance"] > 0).all()
    assert (rows["target_distance"] == rows["target_distance_start"]).all()
    assert (rows["edited_trained"] == 0).all()


def test_a_run_in_which_nobody_shows_the_token_has_no_distance_yet(make_toy: Make) -> None:
    """Nor is it an error: members may come."""
    model = make_toy(
        **{
            "collective.strategy": "gradient_cancelling",
            "population.size": 60,
            "measure.reference": 0,
            "corpus.xi": 0.0,
        }
    )
    model.run(2)
    columns = ["target_distance", "target_distance_bound", "target_distance_start"]
    rows = model.retrainings[columns]
    assert rows.iloc[0].isna().all()
    assert (rows.iloc[1] > 0).all(), "they plant, though nobody else does"
    assert model.retrainings["edited_trained"].iloc[1] > 0


def test_labels_alone_teach_nothing_of_a_token_that_nobody_has(make_toy: Make) -> None:
    keys = {"collective.strategy": "label_only", "population.size": 60}
    with pytest.raises(InputError, match=r"collective\.strategy.*in nobody's resume") as refused:
        make_toy(**keys | {"corpus.xi": 0.0})
    assert "corpus.xi above 0" in str(refused.value)
    # Whoever has it and how: a word of the language does.
    make_toy(**keys | {"corpus.xi": 0.0, "collective.signal.token": "w3"})


@pytest.mark.parametrize("strategy", ["gradient_cancelling", "label_only"])
def test_a_plan_is_made_when_it_is_for_something(
    make_toy: Make, monkeypatch: pytest.MonkeyPatch, strategy: str
) -> None:
    """Retraining every 3rd period, a reference at every 2nd retraining, six of them in all."""
    keys = {
        "collective.strategy": strategy,
        "population.size": 60,
        "corpus.xi": 0.1,
        "platform.retrain_every": 3,
    }
    asked: list[int] = []
    planned = TextTarget.plan

    def counted(self: TextTarget, *args: Any, **options: Any) -> Edits:
        asked.append(model.period)
        return planned(self, *args, **options)

    monkeypatch.setattr(TextTarget, "plan", counted)
    model = make_toy(**keys | {"measure.reference": 2})
    model.run(12)
    assert asked == [3, 6, 6, 9, 12, 12], "and in no other period"
    periods, rows = model.periods.set_index("period"), model.retrainings
    due = [3, 6, 9, 12]
    assert periods.index[periods["retrained"]].tolist() == [0, *due]
    between = periods.drop(index=[0, *due])
    # Between two trainings people hand in what they have.
    assert (between["edited"] == 0).all()
    assert (periods.loc[due, "edited"] > 0).all()
    np.testing.assert_array_equal(
        rows["edited_trained"].iloc[1:] * 60, periods.loc[due, "edited"].astype(float)
    )
    assert rows["reference_top1"].notna().tolist() == [False, False, True, False, True]
    # A reference that nobody trains on is no matter to anything else.
    asked.clear()
    model = make_toy(**keys | {"measure.reference": 0})
    model.run(6)
    assert asked == [3, 6]
    pd.testing.assert_frame_equal(
        model.retrainings.filter(regex="^(?!reference)"),
        rows.iloc[:3].filter(regex="^(?!reference)"),
    )


def test_a_reference_plans_as_a_random_collective_would(make_toy: Make) -> None:
    """Where it is due, at every retraining or at some, it is the same."""
    keys = {
        "collective.strategy": "gradient_cancelling",
        "population.size": 60,
        "corpus.xi": 0.1,
        "platform.retrain_every": 1,
    }
    always, sometimes = (make_toy(**keys | {"measure.reference": every}) for every in (1, 2))
    for model in (always, sometimes):
        model.run(2)
    one, two = (m.retrainings["reference_top1"].to_numpy() for m in (always, sometimes))
    assert np.isnan(two[1])
    assert two[2] == one[2]
    assert not np.isnan(one[1:]).any()
