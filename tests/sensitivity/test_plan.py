"""Sensitivity studies as they are read: points, cases, what is refused, what a folder keeps."""

from __future__ import annotations

import copy
import math
import tomllib
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tomli_w

from gigsim.errors import InputError
from gigsim.sensitivity.morris import morris_indices
from gigsim.sensitivity.plan import load_plan, open_plan, with_outcomes
from gigsim.sensitivity.points import morris_points, saltelli_points
from gigsim.sensitivity.settings import MorrisMethod, SobolMethod
from gigsim.sensitivity.sobol import sobol_indices
from tests.conftest import REPOSITORY
from tests.sensitivity.worlds import quick_sensitivity

MORRIS = {"method": "morris", "trajectories": 6, "samples": None}


def study(table: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """The quick study; None leaves a key out."""
    found = quick_sensitivity(table, **changes)
    if inner := found["sensitivity"]:
        found["sensitivity"] = {k: v for k, v in inner.items() if v is not None}
    return {key: value for key, value in found.items() if value is not None}


@pytest.mark.parametrize("common", [False, True])
def test_every_point_has_a_case_with_its_values(common: bool) -> None:
    ranges = {
        "collective.leak": {"low": 0.01, "high": 0.1, "scale": "log"},
        "collective.first_movers": {"low": 4, "high": 7},
        "society.rule": {"choices": ["best_response", "logit"]},
    }
    table = {"ranges": ranges, "samples": 16, "second_order": True}
    plan = load_plan(study(table, common_random_numbers=common))
    assert plan.parameters == tuple(ranges)
    assert plan.points.shape == (16 * 8, 3)
    assert plan.study.replicates == 2
    assert plan.distinct < 16 * 8
    assert len(plan.study.cases) == (plan.distinct if common else 16 * 8)
    for point, number in zip(plan.points, plan.case, strict=True):
        values = plan.study.cases[number].values
        assert values["collective.leak"] == pytest.approx(0.01 * 10 ** point[0])
        assert values["collective.first_movers"] == int(4 + 4 * point[1])
        assert values["society.rule"] == ["best_response", "logit"][int(2 * point[2])]
    words = f"sobol, 16 samples x 8 = 128 points, {plan.distinct} distinct; 2 seeds each"
    assert plan.words() == words
    (said,) = plan.repeats()
    assert said.startswith(f"{128 - plan.distinct} of them with the values of another: ")


def test_points_of_equal_values_have_seeds_of_their_own() -> None:
    """Runs that differ in the name and the seed alone, and no two of all with one seed."""
    choices = {"society.rule": {"choices": ["best_response", "logit"]}}
    plan = load_plan(study({"ranges": choices, "samples": 8}))
    runs = [plan.study.config(number) for number in range(plan.study.runs)]
    assert plan.distinct == 2
    assert len(runs) == 8 * 3 * 2
    assert len({run.run.seed for run in runs}) == len(runs)
    worlds = [run.model_dump_json(exclude={"name": True, "run": {"seed"}}) for run in runs]
    assert len(set(worlds)) == 2
    for point, case in zip(plan.points[:, 0], plan.case, strict=True):
        rule = ["best_response", "logit"][int(2 * point)]
        assert runs[case * 2].society.rule == runs[case * 2 + 1].society.rule == rule


def test_points_of_equal_values_share_common_seeds() -> None:
    choices = {"society.rule": {"choices": ["best_response", "logit"]}}
    table = {"ranges": choices, "samples": 8}
    plan = load_plan(study(table, common_random_numbers=True))
    assert len(plan.study.cases) == plan.distinct == 2
    assert plan.study.runs == 4
    assert [plan.study.seed_of(0, r) for r in (0, 1)] == [plan.study.seed_of(1, r) for r in (0, 1)]
    assert plan.repeats()[0].endswith("the same runs, as seeds are common")


def test_the_first_of_equal_values_keeps_its_seeds_when_there_are_more() -> None:
    few, many = (load_plan(study({"samples": samples})) for samples in (2, 4))
    for case in few.case:
        assert few.study.cases[case] == many.study.cases[case]
        assert few.study.seed_of(case, 1) == many.study.seed_of(case, 1)


def test_a_base_that_was_taken_from_a_repeat() -> None:
    choices = {"society.rule": {"choices": ["best_response", "logit"]}}
    made = study({"ranges": choices, "samples": 8})
    plan = load_plan(made | {"set": made["set"] | {"name": "repeat-3"}})
    assert len({plan.study.seed_of(case, 0) for case in plan.case}) == 24
    assert plan.distinct == 2


def test_a_folder_whose_points_share_runs_is_refused(tmp_path: Path) -> None:
    """As this version wrote it before: its intervals would be wrong."""
    plan = load_plan(study(common_random_numbers=True))
    replace(plan, study=replace(plan.study, common_random_numbers=False)).write(tmp_path)
    with pytest.raises(InputError, match=r"share their runs.*begin a new study"):
        open_plan(tmp_path)


def test_what_the_outcomes_need_is_recorded() -> None:
    assert load_plan(study()).study.record == ("periods",)
    assert load_plan(study({"outcomes": ["alpha", "tipped"]})).study.record == ()
    given = load_plan(study(record=["theory", "periods"]))
    assert given.study.record == ("periods", "theory")


def test_morris_points_of_whole_numbers_share_cases_where_seeds_are_common() -> None:
    table = MORRIS | {"ranges": {"collective.first_movers": {"low": 4, "high": 5}}}
    own, plan = (load_plan(study(table, common_random_numbers=c)) for c in (False, True))
    assert len(own.study.cases) == 12
    assert own.distinct == 2
    assert plan.points.shape == (12, 1)
    assert len(plan.study.cases) == 2
    # A step of two thirds of the range always leads to the other one.
    assert (np.diff(plan.case.reshape(6, 2)) != 0).all()


@pytest.mark.parametrize("scale", ["linear", "log"])
def test_morris_points_stand_at_their_whole_numbers(scale: str) -> None:
    """A point's place is that of its value, however few whole numbers there are."""
    for high in (5, 6, 8, 9, 30):
        ranges = {"collective.first_movers": {"low": 4, "high": high, "scale": scale}}
        plan = load_plan(study(MORRIS | {"ranges": ranges}))
        for place, number in zip(plan.points[:, 0], plan.case, strict=True):
            value = plan.study.cases[number].values["collective.first_movers"]
            exact = 4 * (high / 4) ** place if scale == "log" else 4 + (high - 4) * place
            assert value == pytest.approx(exact)


def test_a_folder_keeps_all_of_it(tmp_path: Path) -> None:
    for table, common in (({"second_order": True}, False), (MORRIS, True)):
        plan = load_plan(study(table, common_random_numbers=common))
        folder = tmp_path / plan.settings.method
        folder.mkdir()
        plan.write(folder)
        again = open_plan(folder)
        assert again.same_as(plan)
        assert again.study.cases == plan.study.cases
        assert again.distinct == plan.distinct < len(plan.case)
        assert again.parameters == plan.parameters
        assert np.array_equal(again.points, plan.points)
    assert not open_plan(tmp_path / "sobol").same_as(open_plan(tmp_path / "morris"))


def test_other_outcomes_of_the_same_runs() -> None:
    plan = load_plan(study())
    assert with_outcomes(plan, ("tipped",)).settings.outcomes == ("tipped",)
    bare = load_plan(study({"outcomes": ["alpha"]}))
    with pytest.raises(InputError, match="periods was not recorded"):
        with_outcomes(bare, ("max(alpha)",))
    with pytest.raises(InputError, match="--outcome"):
        with_outcomes(plan, ("alhpa",))


def test_the_same_study_has_the_same_points_and_another_seed_others() -> None:
    first, second = load_plan(study()), load_plan(copy.deepcopy(study()))
    assert first.same_as(second)
    assert np.array_equal(first.points, second.points)
    assert not np.array_equal(first.points, load_plan(study(seed=2)).points)


def test_a_base_beside_the_file(tmp_path: Path) -> None:
    (tmp_path / "base.toml").write_text('name = "beside"\n[population]\nsize = 77\n')
    (tmp_path / "study.toml").write_text(tomli_w.dumps(study(base="base.toml", set={})))
    plan = load_plan(tmp_path / "study.toml")
    assert plan.study.config(0).population.size == 77


LEAK = {"low": 0.0, "high": 0.1}


def choices(key: str, *values: Any) -> dict[str, Any]:
    return study({"ranges": {key: {"choices": list(values)}}})


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (study(sensitivity=None), "sensitivity: required"),
        (study(design={"kind": "grid", "values": {}}), "design: given beside sensitivity"),
        (study(replicates=None), "replicates: required; seeds of each point"),
        (study(name=None), "name: required"),
        (study(replicates=600_000), "points x 600,000 replicates"),
        (study(record=["retrainings"]), 'record: lacks "periods", which total_wealth'),
        (study(record=["nonsense"]), "record[1]"),
        (study({"method": None}), 'sensitivity.method: required; method = "sobol"'),
        (study({"method": "fast"}), "sensitivity.method: 'fast'"),
        (study({"method": 3}), "sensitivity.method: 3"),
        (study({"samples": 3}), "sensitivity.samples: 3: a Sobol sequence is balanced only"),
        (study({"samples": 65536}), "262,144 points; at most 100,000"),
        (study({"samples": 0}), "sensitivity.samples: 0: too small"),
        (study({"trajectories": 3}), "sensitivity.trajectories: unknown key"),
        (study(MORRIS | {"levels": 5}), "sensitivity.levels: 5: steps of half"),
        (study(MORRIS | {"trajectories": 40_000}), "120,000 points; at most 100,000"),
        (
            study(MORRIS | {"ranges": {"society.rule": {"choices": ["logit", "threshold"]}}}),
            "choices have no order to take steps in",
        ),
        (study({"outcomes": []}), "sensitivity.outcomes: an empty list"),
        (study({"outcomes": "alpha"}), "sensitivity.outcomes"),
        (study({"outcomes": None}), "sensitivity.outcomes: required"),
        (study({"outcomes": ["alpha", "alhpa"]}), "sensitivity.outcomes[2]: 'alhpa'"),
        (study({"outcomes": ["max(alpha)", "max( alpha )"]}), "given twice"),
        (study({"resamples": 10}), "sensitivity.resamples: 10: too small"),
        (study({"ranges": {}}), "sensitivity.ranges"),
        (study({"ranges": None}), "sensitivity.ranges: required"),
        (study({"ranges": {"collective.leek": LEAK}}), "collective.leek: unknown key"),
        (
            study({"ranges": {"collective.leak": {"low": 0.0, "high": 2.0}}}),
            'sensitivity.ranges."collective.leak".high: 2: too large',
        ),
        (
            study({"ranges": {"collective.leak": {"low": 0.0, "high": 0.1, "scale": "log"}}}),
            'sensitivity.ranges."collective.leak".scale: "log" with low = 0',
        ),
        (study({"ranges": {"collective.leak": 0.1}}), "{ low = ..., high = ... }"),
        (study({"ranges": {"run.seed": {"low": 1, "high": 9}}}), "run.seed"),
        (
            # First movers that are more than people: what a config refuses of a point.
            study({"ranges": {"collective.first_movers": {"low": 100, "high": 200}}}),
            "study: point 2 of 6: collective.first_movers",
        ),
        (
            choices("society.rule", "best_response"),
            "choices: one choice, 'best_response', cannot vary; two different values or more",
        ),
        (
            choices("society.rule", "logit", "best_response", "logit"),
            "choices[3]: 'logit': the same as choices[1]; each value once",
        ),
        (choices("collective.first_movers", 4, 5, 4.0), "choices[3]: 4.0: the same as choices[1]"),
        (
            choices("population.cost", 0.3, {"kind": "constant", "value": 0.3}),
            'choices[2]: {"kind":"constant","value":0.3}: the same as choices[1]',
        ),
        (choices("collective.leak", 0.1, math.nan), "choices[2]: nan; a value that"),
        (choices("collective.leak", 0.1, date(2020, 1, 2)), "choices[2]: 2020-01-02, a date"),
        (choices("name", "a", "b"), 'ranges."name": is in folder names, and no run hangs on it'),
    ],
)
def test_what_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as caught:
        load_plan(given)
    assert said in str(caught.value), str(caught.value)


def test_a_damaged_folder(tmp_path: Path) -> None:
    plan = load_plan(study())
    plan.write(tmp_path)
    with pytest.raises(InputError, match="no sensitivity study in this folder"):
        open_plan(tmp_path.parent)
    with pytest.raises(InputError, match="no such folder"):
        open_plan(tmp_path / "nowhere")
    (tmp_path / "points.parquet").write_bytes(b"nonsense")
    with pytest.raises(InputError, match="cannot be read"):
        open_plan(tmp_path)
    other = load_plan(study({"samples": 4}))
    folder = tmp_path / "mixed"
    folder.mkdir()
    other.write(folder)
    plan.write(tmp_path)
    (folder / "points.parquet").write_bytes((tmp_path / "points.parquet").read_bytes())
    with pytest.raises(InputError, match="has other points than its study"):
        open_plan(folder)


class TestTheDocs:
    text = (REPOSITORY / "docs" / "sensitivity.md").read_text(encoding="utf-8")

    def test_the_example_is_valid(self) -> None:
        example = self.text.split("```toml\n")[1].split("```")[0]
        # Of fewer points: each of its configs is built and checked.
        plan = load_plan(tomllib.loads(example.replace("samples = 256", "samples = 4")))
        assert plan.parameters[0] == "collective.first_movers"
        assert plan.points.shape == (24, 4)

    def test_every_key_is_there(self) -> None:
        for method in (SobolMethod, MorrisMethod):
            for key in method.model_fields:
                assert f"| `{key}` |" in self.text, key

    def test_every_column_is_there(self) -> None:
        points = saltelli_points(4, 2, second_order=True, seed=1)
        sobol, _ = sobol_indices(
            points[:, [0, 1]], ("x", "y"), second_order=True, resamples=5, seed=1
        )
        steps = morris_points(3, 4, 2, seed=1)
        morris, _ = morris_indices(
            steps[:, [0, 1]], steps, ("x", "y"), levels=4, resamples=5, seed=1
        )
        for name in {*sobol, *morris}:
            plain = name.removesuffix("_low").removesuffix("_high")
            short = plain if plain.startswith("sigma") else plain.removesuffix("_corrected")
            assert f"`{short}`" in self.text, name


def test_the_example_that_ships() -> None:
    plan = load_plan(REPOSITORY / "examples" / "sensitivity.toml")
    assert len(plan.study.cases) == 60
    assert plan.distinct == 56
    assert plan.study.runs == 180
