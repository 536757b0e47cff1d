"""The estimate: what it counts exactly, and how near it comes to what a study then costs."""

from __future__ import annotations

import io
import json
import math
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gigsim.config import Config, build
from gigsim.errors import InputError
from gigsim.experiments.case import keyed
from gigsim.experiments.estimate import PROBES, Estimate, Measured, estimate, representatives
from gigsim.experiments.study import load_study
from gigsim.experiments.study_file import RECORDABLE
from gigsim.experiments.workload import Kind, kind_of, submissions, workload
from gigsim.model import GigEconomy
from gigsim.run_rows import runs_table
from gigsim.runs import tables_of
from gigsim.summary import summarise_run

SMALL: dict[str, Any] = {"population.size": 100, "collective.first_movers": 12}


def by_hand(config: Config, *, stochastic: bool) -> tuple[int, int]:
    """Retrainings and trainings, period by period as ``GigEconomy`` goes."""
    changes = {change.period: change.set for change in config.at}
    now, done, trained, warm = config, 0, 0, config.platform.retrain == "warm"
    warm |= any(change.get("platform.retrain") == "warm" for change in changes.values())
    for period in range(1, config.run.periods + 1):
        if period in changes:
            now = build(now.model_dump(mode="json") | {"at": []}, changes[period])
        if period % now.platform.retrain_every == 0:
            done += 1
            every = config.measure.reference
            trained += now.platform.repeats if stochastic else 1
            trained += every > 0 and (warm or done % every == 0)
    return done, trained


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"run.periods": 0},
        {"run.periods": 1},
        {"run.periods": 25, "platform.retrain_every": 1},
        {"measure.reference": 0, "platform.repeats": 4},
        {"measure.reference": 1},
        {"platform.retrain": "warm", "measure.reference": 3},
        {"at": [{"period": 7, "set": {"platform.retrain_every": 2, "platform.repeats": 3}}]},
        {
            "at": [
                {"period": 20, "set": {"platform.retrain_every": 1}},
                {"period": 1, "set": {"platform.retrain_every": 5}},
                {"period": 40, "set": {"platform.retrain_every": 7}},
            ]
        },
        {"at": [{"period": 9, "set": {"platform.retrain": "warm"}}], "measure.reference": 2},
    ],
    ids=str,
)
@pytest.mark.parametrize("stochastic", [True, False])
def test_what_there_is_to_do_is_counted(changes: dict[str, Any], stochastic: bool) -> None:
    config = build({}, changes)
    load = workload(config, stochastic=stochastic)
    assert (load.retrainings, load.trainings) == by_hand(config, stochastic=stochastic)
    assert (load.periods, load.at_most) == (config.run.periods, False)


def test_a_model_does_what_was_counted(toy_config: Config) -> None:
    config = build(toy_config.model_dump(mode="json"), SMALL)
    model = GigEconomy(config)
    model.run()
    load = workload(config, stochastic=False)
    assert len(model.retrainings) - 1 == load.retrainings
    assert model.ledger.trainings == load.trainings + 1


def test_a_run_until_it_settles_is_counted_to_its_limit() -> None:
    load = workload(build({}, {"run.until": "settled", "run.limit": 77}), stochastic=True)
    assert (load.periods, load.at_most) == (77, True)


def test_the_exact_classifier_is_not_trained() -> None:
    config = build({}, {"platform.learner.kind": "bayes", "measure.reference": 1})
    load = workload(config, stochastic=False)
    assert (load.retrainings, load.trainings) == (8, 0)


def test_submissions_in_a_window() -> None:
    config = build({}, {"platform.data": "window", "platform.window": 5})
    assert [submissions(config, periods) for periods in (0, 2, 4, 9)] == [1, 3, 5, 5]
    assert submissions(Config(), 9) == 1


class TestRepresentatives:
    def kinds(self, *cases: dict[str, Any]) -> list[Kind]:
        return [kind_of(build({}, case)) for case in cases]

    def test_cases_of_one_kind_have_one(self) -> None:
        assert representatives(self.kinds({}, {"collective.leak": 0.1}, {"run.periods": 3})) == [0]

    def test_few_kinds_have_one_each(self) -> None:
        cases = [{"population.size": size} for size in (100, 200, 100, 300)]
        assert representatives(self.kinds(*cases)) == [0, 1, 3]

    def test_of_many_kinds_those_that_span_them(self) -> None:
        cases = [{"population.size": 100 * 2**k} for k in range(9)]
        chosen = representatives(self.kinds(*cases))
        assert len(chosen) == PROBES
        assert {0, 8, 4} <= set(chosen)

    def test_every_learner_has_one_first(self) -> None:
        sizes = [{"population.size": size} for size in (1000, 2000, 3000, 4000)]
        cases = [*sizes, *({"platform.learner.kind": kind} for kind in ("linear", "bayes"))]
        assert {3, 4, 5} <= set(representatives(self.kinds(*cases)))

    def test_a_larger_recipe_is_more_work(self) -> None:
        small, large = self.kinds({}, {"platform.learner.epochs": 4})
        assert large.weight == 2 * small.weight
        assert small.distance(large) == pytest.approx(math.log(2))


@pytest.fixture(scope="module")
def toy_study(toy_language_path: Path) -> dict[str, Any]:
    return {
        "name": "toy",
        "record": list(RECORDABLE),
        "replicates": 5,
        "set": {
            "platform.learner": {"kind": "linear", "tolerance": 1e-4},
            "population.size": 600,
            "corpus.language": str(toy_language_path),
            "corpus.test_size": 300,
            "society.activation": 0.3,
            "measure.bootstrap": 100,
            "measure.selection_draws": 99,
            "run.periods": 12,
        },
    }


def test_the_bytes_are_within_a_factor_of_one_and_a_half(toy_study: dict[str, Any]) -> None:
    study = load_study(toy_study)
    found = estimate(study)
    parts: dict[str, list[pd.DataFrame]] = {name: [] for name in found.table_bytes}
    for number in range(study.runs):
        model = GigEconomy(study.config(number))
        model.run()
        keys = {"case": 0, "replicate": number, "seed": model.config.run.seed}
        tables = tables_of(model) | {"timings": model.ledger.timings()}
        for name in (*RECORDABLE, "timings"):
            parts[name].append(keyed(tables[name], keys))
        parts["runs"].append(runs_table([keys], [summarise_run(model)]))
    actual = {}
    for name, frames in parts.items():
        table = pa.Table.from_pandas(pd.concat(frames, ignore_index=True), preserve_index=False)
        sink = io.BytesIO()
        pq.write_table(table.replace_schema_metadata(None), sink, compression="zstd", version="2.6")
        actual[name] = sink.getbuffer().nbytes
    assert 1 / 1.5 < found.bytes / sum(actual.values()) < 1.5
    # Table by table it is rougher.
    for name, size in actual.items():
        assert 1 / 2 < found.table_bytes[name] / size < 2, (name, found.table_bytes[name], size)


def test_the_seconds_are_within_a_factor_of_two() -> None:
    study = load_study(
        {
            "name": "linear",
            "set": {
                "platform.learner.kind": "linear",
                "population.size": 600,
                "run.periods": 12,
                "society.activation": 0.3,
            },
        }
    )
    found = estimate(study)
    began = time.process_time()
    model = GigEconomy(study.config(0))
    model.run()
    summarise_run(model)
    tables_of(model)
    actual = time.process_time() - began
    assert 0.5 < found.cpu_seconds / actual < 2
    assert found.trainings == model.ledger.trainings


def test_other_cases_are_in_proportion(toy_study: dict[str, Any]) -> None:
    periods = {"design": {"kind": "grid", "values": {"run.periods": [0, 12, 1200]}}}
    said: list[str] = []
    found = estimate(load_study(toy_study | periods), workers=2, tell=said.append)
    assert [one.case for one in found.measured] == [0]
    assert found.measured[0].stands_for == 3
    assert said == ["timing the beginning of case 0"]
    low, mean, high = found.run_seconds
    assert low < mean < high
    assert high > 20 * (mean - high / 3)
    assert found.cpu_seconds == pytest.approx(mean * 3 * 5)
    assert found.runs == 15


def test_sizes_beyond_those_measured(toy_study: dict[str, Any]) -> None:
    sizes = [100, 110, 120, 130, 140, 150, 160]
    design = {"design": {"kind": "grid", "values": {"population.size": sizes}}}
    found = estimate(load_study(toy_study | design | {"record": ["freelancers"], "replicates": 1}))
    assert len(found.measured) == PROBES
    assert sum(one.stands_for for one in found.measured) == len(sizes)
    assert set(found.table_bytes) == {"runs", "freelancers", "timings"}


@pytest.mark.parametrize(
    "learner",
    [
        {"kind": "bayes"},
        {"kind": "table"},
        {
            "kind": "transformer",
            "layers": 1,
            "width": 8,
            "heads": 1,
            "epochs": 1,
            "max_tokens": 64,
        },
    ],
    ids=lambda learner: learner["kind"],
)
def test_every_learner_has_an_estimate(learner: dict[str, Any], toy_study: dict[str, Any]) -> None:
    settings = toy_study["set"] | SMALL | {"platform.learner": learner, "run.periods": 6}
    if learner["kind"] == "table":
        settings |= {"corpus.cells": 50, "corpus.language": ""}
    study = load_study(toy_study | {"set": settings, "replicates": 2})
    found = estimate(study)
    assert 0 < found.cpu_seconds < 600
    model = GigEconomy(study.config(0))
    model.run()
    assert found.trainings == 2 * model.ledger.trainings


def test_a_curve_has_an_estimate(tmp_path: Path) -> None:
    curve = tmp_path / "curve.csv"
    curve.write_text(
        "alpha,success_any,success_top1,base_any,base_top1,accuracy\n"
        "0,0.1,0.1,0.1,0.1,0.8\n0.5,0.9,0.9,0.1,0.1,0.8\n"
    )
    learner = {"kind": "surrogate", "curve": str(curve)}
    found = estimate(load_study({"name": "x", "set": {"platform.learner": learner} | SMALL}))
    assert found.trainings == 0
    assert found.cpu_seconds > 0


def test_a_case_that_cannot_be_run_is_named() -> None:
    design = {"kind": "list", "cases": [{"collective.target": "Astronaut"}]}
    settings = SMALL | {"platform.learner.kind": "bayes"}
    with pytest.raises(InputError, match=r"case 0: collective\.target: no label 'Astronaut'"):
        estimate(load_study({"name": "x", "set": settings, "design": design}))


class TestWords:
    def estimate(self, **changes: Any) -> Estimate:
        known: dict[str, Any] = {
            "name": "x",
            "cases": 2,
            "replicates": 3,
            "runs": 6,
            "keys": ("collective.leak",),
            "measured": (Measured(0, "collective.leak = 0.1", 2, 1.0, 0.002, 0.3),),
            "run_seconds": (3.0, 4.0, 5.0),
            "cpu_seconds": 24.0,
            "wall_seconds": 7300.0,
            "workers": 2,
            "table_bytes": {"runs": 10_000, "periods": 2_500_000},
            "trainings": 48,
            "at_most": False,
            "spent": 1.5,
        }
        return Estimate(**(known | changes))

    def test_they_say_it_all(self) -> None:
        text = "\n".join(self.estimate().lines())
        for part in (
            "x: 2 cases x 3 replicates = 6 runs",
            "collective.leak",
            "about 4 s on average, from 3 s to 5 s of CPU",
            "48 trainings; 2.0 h with 2 at a time",
            "about 2.51 MB of tables (runs 10 kB, periods 2.5 MB)",
            "case 0 (collective.leak = 0.1), for 2 cases: period 0 1 s, a period 0.002 s",
        ):
            assert part in text, part
        assert "at most" not in text

    def test_an_upper_limit_is_called_so(self) -> None:
        text = "\n".join(self.estimate(at_most=True).lines())
        assert "at most" in text
        assert "run.limit" in text

    def test_programs_get_the_same_numbers(self) -> None:
        found = json.loads(json.dumps(self.estimate().as_json()))
        assert found["bytes"] == 2_510_000
        assert found["measured"][0]["stands_for"] == 2


def test_it_leaves_random_state_alone_and_counts_workers() -> None:
    settings = SMALL | {"platform.learner.kind": "bayes", "corpus.test_size": 60, "run.periods": 2}
    study = load_study({"name": "x", "set": settings})
    assert estimate(study, workers=64).workers == 1
    assert estimate(study, workers=0).workers == 1
