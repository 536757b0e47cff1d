"""The tables of a run: promised columns, what adds up, and what is carried from where."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from gigsim.measures.success import QUANTITIES
from gigsim.model import GigEconomy
from gigsim.record import freelancers
from gigsim.runs import tables_of
from tests.conftest import REPOSITORY

PERIODS = """period alpha members free_riders joined left edited retrained alpha_trained
alpha_effective edited_trained success_any success_top1 base_any base_top1 accuracy f1_micro
bound_any bound_top1 mean_utility_members mean_utility_free_riders mean_utility_outsiders
target_rate_members target_rate_free_riders target_rate_outsiders tags_mean flipped_any
flipped_top1"""
RETRAININGS = """period alpha_trained alpha_effective edited_trained loss success_any success_top1
flipped_any flipped_top1 base_any base_top1 accuracy xi xi_upper xi_token gap gap_kind p bound_any
bound_top1 reference_any reference_top1 selection selection_p theorem_any theorem_top1 tau tau_upper
opinion_error opinion_error_upper deficit_source finite_any finite_any_sd exact_any finite_top1
finite_top1_sd exact_top1 epsilon_any epsilon_any_upper bound_epsilon_any epsilon_top1
epsilon_top1_upper bound_epsilon_top1 epsilon_kind target_distance target_distance_bound
target_distance_start"""
COLLECTIVES = """period collective target alpha members free_riders success_any success_top1
bound_any bound_top1"""


def test_the_promised_columns_are_there(toy_run: GigEconomy) -> None:
    assert set(PERIODS.split()) <= set(toy_run.periods)
    intervals = {q + s for q in QUANTITIES for s in ("_low", "_high", "_sd")}
    assert set(RETRAININGS.split()) | intervals <= set(toy_run.retrainings)
    assert toy_run.ledger.collectives("Java_Developer").columns.tolist() == COLLECTIVES.split()


def test_every_column_is_documented(toy_run: GigEconomy) -> None:
    text = (REPOSITORY / "docs" / "tables.md").read_text(encoding="utf-8")
    spans = re.findall(r"`([^`]+)`", text)
    names = [name.strip() for span in spans for name in span.split(",")]
    for table, frame in tables_of(toy_run).items():
        for column in frame:
            # Groups and limits are told once for all.
            plain = re.sub(r"_(low|high|sd)$", "", column)
            plain = re.sub(r"_(free_riders|outsiders)$", "_members", plain)
            known = any(fnmatch.fnmatch(n, p) for n in (column, plain) for p in names)
            assert known, f"{table}: {column}"


def test_one_row_a_period_and_one_a_deployed_classifier(toy_run: GigEconomy) -> None:
    assert toy_run.periods["period"].tolist() == list(range(7))
    assert toy_run.retrainings["period"].tolist() == [0, 2, 4, 6]
    assert np.flatnonzero(toy_run.periods["retrained"]).tolist() == [0, 2, 4, 6]


def test_people_add_up(toy_run: GigEconomy) -> None:
    rows = toy_run.periods
    assert (rows["members"] + rows["free_riders"] + rows["outsiders"] == 300).all()
    assert np.array_equal(rows["alpha"], rows["members"] / 300)
    assert np.array_equal(
        rows["members"].diff().iloc[1:], (rows["joined"] - rows["left"]).iloc[1:].astype(float)
    )
    assert rows["members"].iloc[-1] == toy_run.population.member.sum()
    assert (rows["edited"] <= rows["members"]).all()


def test_period_zero_is_the_world_before(toy_run: GigEconomy) -> None:
    row = toy_run.periods.iloc[0]
    assert row["members"] == row["free_riders"] == row["joined"] == row["edited"] == 0
    assert row["alpha_trained"] == row["edited_trained"] == 0
    assert row["bound_any"] == row["bound_top1"] == -np.inf, "no promise to an empty collective"
    assert np.isnan(row["mean_utility_members"])
    assert np.isnan(row["target_rate_members"])
    assert row["matched_share_outsiders"] > 0.9
    zero = toy_run.retrainings.iloc[0]
    assert np.isnan(zero["selection"])
    assert np.isnan(zero["reference_top1"])
    assert zero["clean_top1"] == toy_run.clean_rate


def test_between_retrainings_the_classifiers_numbers_stand(toy_run: GigEconomy) -> None:
    periods, retrainings = toy_run.periods, toy_run.retrainings.set_index("period")
    columns = ["alpha_trained", "alpha_effective", "edited_trained", "success_top1", "base_any"]
    columns += ["accuracy", "f1_micro", "tags_mean", "flipped_any", "bound_any", "bound_top1"]
    for _, row in periods.iterrows():
        since = row["period"] - row["period"] % 2
        pd.testing.assert_series_equal(
            row[columns].astype(float),
            retrainings.loc[since, columns].astype(float),
            check_names=False,
        )


def test_theorys_alpha_is_that_of_the_training_data(toy_run: GigEconomy) -> None:
    assert np.array_equal(
        toy_run.retrainings["alpha_trained"], toy_run.periods.loc[[0, 2, 4, 6], "alpha"]
    )
    assert toy_run.laboratory.trained.followers == toy_run.periods["alpha"].iloc[-1]
    for _, row in toy_run.retrainings.iloc[1:].iterrows():
        a, kappa = row["alpha_effective"], row["xi"] * row["gap"]
        assert row["bound_top1"] == pytest.approx(1 - (1 - a) / a * kappa)


def test_what_is_known_of_the_signal(toy_run: GigEconomy) -> None:
    rows = toy_run.retrainings
    assert (rows["xi"] == 0.01).all()
    assert (rows["xi_upper"] == 0.01).all(), "a law that is known has no upper limit"
    assert (rows["xi_measured"] == toy_run.stage.in_signal_set.mean()).all()
    assert (rows["xi_token"] >= rows["xi_measured"]).all()
    assert (rows["gap_kind"] == "posterior").all()
    assert rows["gap"].between(0, 1).all()
    assert 0 < rows["p"].iloc[0] < 0.1


def test_target_rates_are_of_held_out_resumes_alike(toy_run: GigEconomy) -> None:
    model, row = toy_run, toy_run.periods.iloc[-1]
    outcome, sets = model.evaluation.outcome, model.stage.test_sets
    for name, group, what in (
        ("members", model.population.member, "success_top1"),
        ("free_riders", model.population.free_rider, "success_top1"),
        ("outsiders", model.population.outsider, "base_top1"),
    ):
        own = model.population.label_set[group]
        rates = {s: outcome[what][sets == s].mean() for s in np.unique(sets)}
        matched = [rates[s] for s in own if s in rates]
        assert row[f"target_rate_{name}"] == pytest.approx(np.mean(matched))
        assert row[f"matched_share_{name}"] == pytest.approx(len(matched) / len(own))


def test_means_of_groups_are_those_of_the_people(toy_run: GigEconomy) -> None:
    people, row = toy_run.population, toy_run.periods.iloc[-1]
    for name in ("member", "free_rider", "outsider"):
        expected = people.utility[getattr(people, name)].mean()
        assert row[f"mean_utility_{name}s"] == pytest.approx(expected)
    assert row["mean_wealth"] == pytest.approx(people.wealth.mean())


def test_the_final_state_of_everybody(toy_run: GigEconomy) -> None:
    table = freelancers(toy_run)
    assert table["freelancer"].tolist() == list(range(300))
    for name in ("cost", "threshold", "first_mover", "member", "holds_signal", "utility", "wealth"):
        assert np.array_equal(table[name], getattr(toy_run.population, name)), name
    assert np.array_equal(table["degree"], toy_run.stage.network.degrees())
    assert table["base_carrier"].sum() == toy_run.stage.in_signal_set.sum()
    assert table["first_mover"].sum() == 24
    assert table.loc[table["first_mover"], "member"].all()
    assert not any(table[name].dtype == object for name in table), "numbers and flags, no text"


def test_the_clock_is_kept_apart(toy_run: GigEconomy) -> None:
    timings = toy_run.ledger.timings()
    assert timings.columns.tolist() == ["period", "what", "seconds"]
    assert (timings["seconds"] > 0).all()
    assert set(timings["what"]) >= {"retraining", "training"}
    assert timings.loc[timings["what"] == "retraining", "period"].tolist() == [0, 2, 4, 6]
    for table in tables_of(toy_run).values():
        assert not {"seconds", "what"} & set(table)


def test_a_model_that_never_ran_has_its_tables(make_toy: Callable[..., GigEconomy]) -> None:
    tables = tables_of(make_toy(**{"collective.first_movers": 0}))
    assert {name: len(table) for name, table in tables.items() if name != "theory"} == {
        "periods": 1,
        "retrainings": 1,
        "collectives": 1,
        "freelancers": 100,
    }


def test_the_lines_of_theory_on_their_grid(toy_run: GigEconomy) -> None:
    table = tables_of(toy_run)["theory"]
    alpha = table["alpha"].to_numpy()
    assert alpha[0] == 0
    assert alpha[1] == 1 / 300
    assert alpha[-1] >= toy_run.retrainings["alpha_effective"].max()
    assert np.allclose(alpha * 300, np.rint(alpha * 300)), "whole people"
    for metric in ("any", "top1"):
        bound, low = table[f"bound_{metric}"], table[f"bound_{metric}_low"]
        finite, finite_low = table[f"finite_{metric}"], table[f"finite_{metric}_low"]
        assert bound.is_monotonic_increasing
        assert (low <= bound).all()
        assert (finite_low <= finite + 1e-12).all()
        assert finite.between(0, 1).all()
        assert (table[f"finite_{metric}_sd"] >= 0).all()


def test_theory_in_a_row_is_theory_in_the_lines_at_that_share(toy_run: GigEconomy) -> None:
    lines, rows = toy_run.lines, toy_run.retrainings
    for _, row in rows.iterrows():
        alpha = row["alpha_effective"]
        for metric in ("any", "top1"):
            assert row[f"theorem_{metric}"] == "Theorem 1"
            curve = lines.expected(alpha, metric, row["xi"])
            assert curve is not None
            assert row[f"finite_{metric}"] == curve.mean
            assert row[f"finite_{metric}_sd"] == curve.sd
            assert np.isnan(row[f"exact_{metric}"]), "this platform trains"
            assert row[f"epsilon_{metric}"] <= row[f"epsilon_{metric}_upper"] <= 1
            # ε only takes away; κ, a mean, is no more than the worst that the theorem goes by.
            averaged = lines.quoted[metric].bound_averaged_low(alpha)
            assert row[f"bound_epsilon_{metric}"] <= 1
            assert averaged >= row[f"bound_{metric}"]
    assert (rows["epsilon_kind"] == "monte_carlo").all()
    erasing = ["tau", "tau_upper", "opinion_error", "opinion_error_upper"]
    assert rows[[*erasing, "target_distance"]].isna().all(axis=None)
    assert (rows["deficit_source"] == "posterior").all()
