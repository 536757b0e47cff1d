"""Real trainings beside a surrogate: who follows, what comes out, where it is written down."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from gigsim import spot_checks
from gigsim.checkpoint import load_checkpoint, save_checkpoint
from gigsim.config import Config, build
from gigsim.errors import InputError
from gigsim.learners.cache import TrainingCache
from gigsim.model import GigEconomy
from gigsim.results.reading import load_runs
from gigsim.results.verify import verify
from gigsim.resumes.corpus import Corpus
from gigsim.resumes.supply import supply
from gigsim.runs import load_run, save_run, tables_of
from gigsim.spot_checks import COLUMNS, mean_and_error, spot_config
from gigsim.streams import Streams
from gigsim.summary import summarise_run

Make = Callable[..., GigEconomy]

#: A staircase needs no file; the collective passes through several sizes.
CHECKED: dict[str, Any] = {
    "platform.learner.kind": "surrogate",
    "platform.learner.source": "staircase",
    "platform.retrain_every": 2,
    "society.rule": "threshold",
    "society.activation": 0.2,
    "population.threshold.high": 0.5,
    "population.threshold.low": -0.1,
    "measure.spot_checks": [0, 3],
    "measure.spot_size": 200,
    "measure.spot_repeats": 2,
    "measure.spot_learner": {"kind": "linear", "tolerance": 1e-3},
}


@pytest.fixture(scope="module")
def checked(make_toy: Make) -> GigEconomy:
    """A run with two spot checks. Look, do not touch."""
    model = make_toy(**CHECKED)
    model.run(6)
    return model


def test_each_at_the_first_retraining_from_its_period_on(checked: GigEconomy) -> None:
    rows = checked.ledger.spot_checks()
    assert rows["period"].tolist() == [0, 4]
    assert list(rows) == list(COLUMNS)
    shares = checked.retrainings.set_index("period")["alpha_effective"]
    assert rows["alpha_effective"].tolist() == shares[[0, 4]].tolist()
    assert rows["followers"].tolist() == [0, round(shares[4] * 200)]
    assert rows["composition_gap"].isna().tolist() == [True, False]


def test_the_difference_is_that_to_what_the_run_used(checked: GigEconomy) -> None:
    rows = checked.ledger.spot_checks()
    used = checked.retrainings.set_index("period").loc[rows["period"]]
    for name in ("success_top1", "success_any", "base_top1", "accuracy"):
        assert rows[f"surrogate_{name}"].tolist() == used[name].tolist()
        away = rows[f"spot_{name}"] - rows[f"surrogate_{name}"]
        assert rows[f"difference_{name}"].tolist() == away.tolist()
        both = np.hypot(rows[f"spot_{name}_se"], rows[f"surrogate_{name}_se"])
        np.testing.assert_allclose(rows[f"difference_{name}_se"], both, rtol=1e-12)
    # Without a collective a linear learner and Bayes agree on who has the target.
    assert abs(rows["difference_base_top1"][0]) < 4 * rows["difference_base_top1_se"][0]


@pytest.mark.slow
def test_a_real_learner_is_measured_as_a_curve_measures_it(checked: GigEconomy) -> None:
    """With members drawn at random each training is a cell of ``gigsim curve``."""
    from gigsim.curves.arm import Arm
    from gigsim.curves.jobs import curve_jobs
    from gigsim.curves.run import run_curve_job

    random: dict[str, Any] = {"measure.spot_composition": "random", "measure.spot_checks": [3]}
    model = GigEconomy(checked.config, **random)
    model.run(4)
    row = model.ledger.spot_checks().iloc[0]
    rows = []
    for repeat in range(2):
        seed = model.streams.seed_for(f"spot_checks/{repeat}", 4)
        config = spot_config(model.config, seed)
        arm = Arm(name="a", config=config, alphas=(row["followers"] / 200,), seeds=(0,))
        rows += [run_curve_job(job, lambda _: None).rows for job in curve_jobs([arm])]
    found = pd.concat(rows)
    # Many in one solve are those of one by one to the solver's tolerance: a resume or two.
    for name in ("success_top1", "base_top1", "accuracy"):
        assert found[name].mean() == pytest.approx(row[f"spot_{name}"], abs=2 / 60)
    spread = found["success_top1"].std() / np.sqrt(2)
    assert row["spot_success_top1_se"] == pytest.approx(spread, abs=2 / 60)


def test_trainings_are_counted_and_cached(make_toy: Make, tmp_path: Path) -> None:
    first = GigEconomy(make_toy(**CHECKED).config, cache=TrainingCache(tmp_path, 2**24))
    first.run(6)
    again = GigEconomy(first.config, cache=TrainingCache(tmp_path, 2**24))
    again.run(6)
    # Two of them at period 4; the clean ones of period 0 differ in who carries the signal.
    assert first.ledger.trainings == 4
    assert (again.ledger.trainings, again.ledger.trainings_cached) == (0, 4)
    assert again.ledger.spot_checks().equals(first.ledger.spot_checks())


def test_a_killed_run_does_not_repeat_what_is_done(checked: GigEconomy, tmp_path: Path) -> None:
    half = GigEconomy(checked.config)
    half.run(2)
    save_checkpoint(half, tmp_path / "half.ckpt")
    rest = load_checkpoint(tmp_path / "half.ckpt").restore()
    before = rest.ledger.trainings
    rest.run(4)
    assert rest.ledger.trainings - before == 2
    assert rest.ledger.spot_checks().equals(checked.ledger.spot_checks())
    assert rest.retrainings.equals(checked.retrainings)


@pytest.mark.slow
def test_the_folder_holds_it_and_is_verified(checked: GigEconomy, tmp_path: Path) -> None:
    model = GigEconomy(checked.config, **dict[str, Any]({"run.periods": 6}))
    model.run()
    path = save_run(model, tmp_path)
    run = load_run(path)
    pd.testing.assert_frame_equal(run.spot_checks, model.ledger.spot_checks())
    assert run.summary["surrogate"]["source"] == "staircase"
    assert "no measurement" in run.summary["surrogate"]["words"]
    assert run.summary["spot_checks"]["periods"] == [0, 4]
    assert load_runs(path).spot_checks["spot_success_top1"].tolist() == (
        run.spot_checks["spot_success_top1"].tolist()
    )
    found = verify(path)
    assert [verdict.level for verdict in found.verdicts] == ["bytes"]
    # No strict reader of JSON meets a NaN.
    json.loads((path / "summary.json").read_text(), parse_constant=pytest.fail)
    (path / "spot_checks.parquet").unlink()
    with pytest.raises(InputError, match="spot_checks"):
        load_run(path)
    with pytest.raises(InputError, match="spot_checks"):
        load_runs(path)


def test_runs_without_have_no_such_table(toy_run: GigEconomy) -> None:
    assert "spot_checks" not in tables_of(toy_run)
    summary = summarise_run(toy_run)
    assert not {"surrogate", "spot_checks"} & set(summary)


@pytest.mark.slow
def test_replicates_keep_them(checked: GigEconomy, tmp_path: Path) -> None:
    from gigsim.replicates import Replicates, load_replicates

    config = build(checked.config.model_dump(mode="json"), {"run.periods": 4})
    both = Replicates(config, 2, tmp_path)
    list(both.run(workers=0))
    path = both.save()
    assert path is not None
    rows = load_replicates(path).spot_checks
    assert rows[["replicate", "period"]].to_numpy().tolist() == [[0, 0], [0, 4], [1, 0], [1, 4]]
    assert load_runs(path).spot_checks["replicate"].tolist() == [0, 0, 1, 1]


def test_killed_in_the_middle_of_a_spot_check(
    checked: GigEconomy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of its trainings is done and in the cache, none of it is written down."""
    cache = TrainingCache(tmp_path / "cache", 2**24)
    half = GigEconomy(checked.config, cache=cache)
    half.run(3)
    save_checkpoint(half, tmp_path / "half.ckpt")
    real = spot_checks._trial

    def killed(model: GigEconomy, repeat: int, alpha: float) -> spot_checks.Trial:
        if repeat:
            raise KeyboardInterrupt
        return real(model, repeat, alpha)

    with monkeypatch.context() as patch:
        patch.setattr(spot_checks, "_trial", killed)
        with pytest.raises(KeyboardInterrupt):
            half.step()
    rest = load_checkpoint(tmp_path / "half.ckpt").restore(cache=cache)
    rest.run(3)
    assert rest.ledger.trainings_cached > half.ledger.trainings_cached
    assert rest.ledger.spot_checks().equals(checked.ledger.spot_checks())
    assert rest.retrainings.equals(checked.retrainings)
    assert rest.periods.equals(checked.periods)


def curve_of(path: Path, seeds: int = 2) -> Path:
    """A curve of so many trainings at each α, written as a user would."""
    header = "alpha,seed,success_any,success_top1,base_any,base_top1,accuracy"
    rows = [
        f"{alpha},{seed},{s + seed / 100},{s + seed / 100},.1,.1,.9"
        for alpha, s in ((0, 0.1), (0.2, 0.7), (1, 0.9))
        for seed in range(seeds)
    ]
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


@pytest.mark.parametrize(
    ("source", "words", "known"),
    [("curve", "a measured curve", True), ("bound", "a bound and no measurement", False)],
)
def test_the_other_sources_say_what_they_are(
    make_toy: Make, tmp_path: Path, source: str, words: str, known: bool
) -> None:
    from gigsim.cli.single import run_lines

    keys: dict[str, Any] = {"platform.learner.source": source, "measure.spot_checks": [4]}
    if source == "curve":
        keys["platform.learner.curve"] = str(curve_of(tmp_path / "curve.csv"))
    model = make_toy(**CHECKED | keys)
    model.run(4)
    row = model.ledger.spot_checks().iloc[0]
    assert (row["period"], row["size"]) == (4, 200)
    assert (
        row["difference_success_top1"] == row["spot_success_top1"] - row["surrogate_success_top1"]
    )
    # A promise is what it is; of a curve's trainings the spread is known.
    assert (row["surrogate_success_top1_se"] > 0) == known
    assert row["difference_success_top1_se"] >= row["spot_success_top1_se"] > 0
    # Of the other reading, and of accuracy, a bound says nothing.
    assert np.isfinite(row["difference_success_any"]) == known
    assert np.isfinite(row["difference_accuracy"]) == known
    summary = summarise_run(model)
    assert summary["surrogate"]["source"] == source
    assert words in summary["surrogate"]["words"]
    checks = summary["spot_checks"]
    assert checks["difference_se"] == [row["difference_success_top1_se"]]
    assert (checks["followers"], checks["size"], checks["repeats"]) == ([row["followers"]], 200, 2)
    printed = "\n".join(run_lines(summary, model.config))
    assert words in printed
    away = f"{100 * row['difference_success_top1']:+.1f} points (standard error"
    assert f"({row['followers']} of 200 resumes follow): {away}" in printed


def test_what_is_handed_in_is_what_followers_hand_in(make_toy: Make) -> None:
    """Followers with the target alone: their doubles have it, plant the signal and misreport."""
    from gigsim.collective.strategies import PLANTED
    from gigsim.curves.arm import Arm
    from gigsim.curves.bench import Bench
    from gigsim.curves.draws import draw, submitted
    from gigsim.spot_followers import choose_followers

    model = make_toy(**CHECKED | {"corpus.xi": 0.0, "measure.spot_checks": [9]})
    target = model.stage.target
    with_target = model.population.base_labels[:, target]
    model.population.member[:] = with_target
    # Who rides free shows the signal and hands in what he has.
    model.population.holds_signal[:] = True
    config = spot_config(model.config, seed=5)
    bench = Bench.of(config)
    drawn = draw(bench, config.corpus, 0)
    members = int(drawn.labels[:, target].sum()) // 2
    assert members > 3
    gap = choose_followers(model, bench, drawn, members)
    arm = Arm(name="a", config=config, alphas=(members / bench.size,), seeds=(0,))
    handed_in = submitted(drawn, arm, members)
    follow = handed_in.version == PLANTED
    assert follow.sum() == handed_in.edited == members
    assert (handed_in.labels[follow].sum(axis=1) == 1).all()
    assert handed_in.labels[follow, target].all()
    assert (handed_in.labels[~follow] == drawn.labels[~follow]).all()
    # Label sets that none of the drawn people has are replaced, and the gap says so.
    assert 1 - drawn.labels[follow, target].mean() <= gap + 1e-12 < 0.5


def test_a_platform_that_goes_on_later_is_refused(toy_config: Config) -> None:
    change = {"period": 3, "set": {"platform.retrain": "warm"}}
    with pytest.raises(InputError, match=r"at\[1\].*it has no earlier weights"):
        build(toy_config.model_dump(mode="json") | {"at": [change]}, CHECKED)


def test_a_study_says_that_it_keeps_none(checked: GigEconomy) -> None:
    from gigsim.experiments.study import load_study

    with pytest.raises(InputError, match="keeps no table of spot checks"):
        load_study({"name": "x", "set": CHECKED})


def test_two_hundred_thousand_people(checked: GigEconomy) -> None:
    people: dict[str, Any] = {"population.size": 200_000, "collective.first_movers": 20_000}
    model = GigEconomy(checked.config, **people)
    model.run(4)
    row = model.ledger.spot_checks().iloc[1]
    assert row["followers"] == round(row["alpha_effective"] * 200)
    # A fifth of the population of the smaller world: quotas of whole people alone are in the way.
    assert row["composition_gap"] < 0.35
    assert 0 < row["difference_success_top1_se"] < 0.2


@pytest.mark.slow
@pytest.mark.corpus
def test_a_curve_of_real_resumes_holds_for_other_collectives(real_corpus_path: Path) -> None:
    """The reference curve (``runs/reference``), read by 200,000 people, and trained beside it."""
    reference = Path(__file__).parents[1] / "runs" / "reference" / "feature-label-linear.parquet"
    config = build(
        {
            "population": {"size": 200_000, "threshold": {"kind": "constant", "value": 1.0}},
            "society": {"rule": "threshold", "activation": 0.01},
            "collective": {"first_movers": 2000, "leak": 0.0, "target": "Network_Administrator"},
            "corpus": {"path": str(real_corpus_path), "xi": 0.0, "test_size": 0},
            "platform": {
                "retrain_every": 1,
                "learner": {
                    "kind": "surrogate",
                    "curve": str(reference),
                    "arm": "feature-label: feature-label / linear / Network_Administrator",
                },
            },
            "measure": {
                "spot_checks": [1],
                "spot_size": 20_000,
                "spot_repeats": 2,
                "spot_composition": "random",
                "spot_learner": {"kind": "linear"},
            },
        }
    )
    model = GigEconomy(config)
    model.run(1)
    row = model.ledger.spot_checks().iloc[0]
    assert (row["followers"], row["held_out"] > 4000) == (200, True)
    for name in ("success_top1", "success_any", "base_top1", "accuracy"):
        assert abs(row[f"difference_{name}"]) < 4 * row[f"difference_{name}_se"], name
    assert row["difference_success_top1_se"] < 0.03


@pytest.mark.parametrize("shared", [False, True])
def test_the_standard_error_is_that_of_the_law(shared: bool) -> None:
    """Trainings and resumes of known variance, 4,000 repetitions."""
    rng = np.random.default_rng(0)
    trainings, n, draws = 5, 200, 4000
    level = 0.05 * rng.standard_normal((draws, trainings, 1))
    resume = 0.3 * rng.standard_normal((draws, 1 if shared else trainings, n))
    values = level + resume
    rates, errors = values.mean(axis=2), values.std(axis=2, ddof=1) / np.sqrt(n)
    found = [mean_and_error(r, e, shared) for r, e in zip(rates, errors, strict=True)]
    known = 0.05**2 / trainings + 0.3**2 / n / (1 if shared else trainings)
    variances = np.array([error**2 for _, error in found])
    assert abs(variances.mean() - known) < 4 * variances.std() / np.sqrt(draws)
    means = np.array([mean for mean, _ in found])
    assert abs(means.var() / known - 1) < 4 * np.sqrt(2 / draws)


def test_of_one_training_only_the_resumes_tell() -> None:
    assert mean_and_error([0.3], [0.02], shared=False) == (0.3, 0.02)
    assert np.isnan(mean_and_error([float("nan")] * 2, [float("nan")] * 2, shared=True)).all()


CLASHES = {
    "unsorted": ({"measure.spot_checks": [5, 2]}, "each period once, the earliest first"),
    "twice": ({"measure.spot_checks": [2, 2]}, "each period once"),
    "a platform that trains": (
        {"platform.learner": {"kind": "linear"}},
        "which trains for real at every retraining",
    ),
    "a window": ({"platform.data": "window"}, "it has no earlier periods"),
    "warm": ({"platform.retrain": "warm"}, "it has no earlier weights"),
    "negative": ({"measure.spot_checks": [-1]}, r"spot_checks\[1\]: -1: too small"),
    "a word": ({"measure.spot_checks": ["x"]}, r"spot_checks\[1\]: 'x': text"),
    "an exact learner": ({"measure.spot_learner": {"kind": "bayes"}}, "'bayes' is not known"),
}


@pytest.mark.parametrize(("keys", "said"), CLASHES.values(), ids=CLASHES.keys())
def test_what_cannot_be_checked(toy_config: Config, keys: dict[str, Any], said: str) -> None:
    given = CHECKED | keys
    if "platform.learner" in keys:
        given = {key: v for key, v in given.items() if not key.startswith("platform.learner.")}
    with pytest.raises(InputError, match=said):
        build(toy_config.model_dump(mode="json"), given)


def test_more_resumes_than_a_corpus_has(
    checked: GigEconomy, tmp_path: Path, make_toy: Make
) -> None:
    section = checked.config.corpus.model_copy(update={"test_size": 50})
    drawn = supply(section, 80, False, Streams(1))
    path = tmp_path / "corpus.npz"
    _joined(drawn.population, drawn.held_out).save(path)
    curve = tmp_path / "curve.csv"
    header = "alpha,success_any,success_top1,base_any,base_top1,accuracy"
    curve.write_text(f"{header}\n0,.1,.1,.1,.1,.9\n1,1,1,.1,.1,.9\n")
    keys = CHECKED | {
        "corpus.path": str(path),
        "corpus.language": "",
        "platform.learner.source": "curve",
        "platform.learner.curve": str(curve),
    }
    with pytest.raises(InputError, match="spot_size: 200 resumes, but 80 on the training side"):
        make_toy(**keys)
    # A check that is years away is refused at once, too.
    with pytest.raises(InputError, match=r"measure\.spot_size: 200 resumes"):
        make_toy(**keys | {"measure.spot_checks": [5]})
    model = make_toy(**keys | {"measure.spot_size": 80})
    assert model.ledger.spot_checks()["size"].tolist() == [80]


def _joined(training: Corpus, held_out: Corpus) -> Corpus:
    n, both = len(training), len(training) + len(held_out)
    return replace(
        training,
        tokens=np.concatenate([training.tokens, held_out.tokens]),
        offsets=np.concatenate([training.offsets, training.offsets[-1] + held_out.offsets[1:]]),
        labels=np.concatenate([training.labels, held_out.labels]),
        clusters=np.arange(both),
        test_side=np.arange(both) >= n,
    )


def test_what_the_docs_show_is_a_config() -> None:
    text = (Path(__file__).parents[1] / "docs" / "learners.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    config = build(tomllib.loads(shown))
    assert config.measure.spot_checks == (0, 12, 60)
    assert config.measure.spot_learner.kind == "linear"
