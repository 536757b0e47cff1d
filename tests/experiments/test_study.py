"""Studies: what they resolve to, their seeds, their configs, and their folder."""

from __future__ import annotations

import json
import pickle
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gigsim.config import Config, build, digest
from gigsim.errors import InputError
from gigsim.experiments.cases import Case, read_cases, varied_keys, write_cases
from gigsim.experiments.seeds import canonical, run_seed
from gigsim.experiments.study import Study, load_study, open_study
from tests.conftest import REPOSITORY


def grid(**keys: Any) -> dict[str, Any]:
    return {
        "name": "x",
        "design": {
            "kind": "grid",
            "values": {"collective.leak": [0.0, 0.1], "population.size": [100, 200, 300]},
        },
    } | keys


EVERY_TYPE = {
    "name": "every-type",
    "replicates": 2,
    "design": {
        "kind": "list",
        "cases": [
            {"run.periods": 2, "collective.leak": 0.1, "collective.evasive": False},
            {"society.spillover": "measured", "network.kind": "ring", "run.periods": 3},
            {"society.spillover": 0.5, "population.cost": {"kind": "constant", "value": 1.0}},
            {"population.cost": 0.7, "collective.leak": 1e-300},
            {"at": [{"period": 2, "set": {"collective.leak": 0.3}}], "society.rule": "logit"},
            {"at": [], "run.periods": 7, "population.cost.low": 0.1},
            {},
        ],
    },
}


class TestLoading:
    def test_the_defaults(self) -> None:
        found = load_study({"name": "x"})
        assert (found.replicates, found.seed, found.common_random_numbers) == (1, 1, False)
        assert found.record == ("periods", "retrainings")
        assert found.limits.model_dump() == {"seconds": None, "memory_gb": None, "repetitions": 2}
        assert (found.runs, found.keys, found.design) == (1, (), None)
        assert found.base == Config().model_dump(mode="json")

    def test_the_base_is_a_scenario_or_a_file_beside_the_study(self, tmp_path: Path) -> None:
        (tmp_path / "mine.toml").write_text('name = "mine"\n[population]\nsize = 123\n')
        for base, size in (("mine.toml", 123), ("secret-club", 2000)):
            (tmp_path / "study.toml").write_text(f'name = "x"\nbase = "{base}"')
            assert load_study(tmp_path / "study.toml").base["population"]["size"] == size

    def test_a_config_in_place_of_a_base(self) -> None:
        config = build({"population": {"size": 77}, "run": {"seed": 9}})
        found = load_study({"name": "x", "config": config})
        assert found.base["population"]["size"] == 77
        assert found.base["run"]["seed"] == Config().run.seed

    def test_what_is_set_holds_in_every_case(self) -> None:
        found = load_study(grid(set={"run.periods": 3, "network": {"kind": "ring", "degree": 4}}))
        for number in range(found.runs):
            config = found.config(number)
            assert (config.run.periods, config.network.kind, config.network.degree) == (
                3,
                "ring",
                4,
            )

    def test_an_empty_set_sets_nothing(self) -> None:
        assert load_study(grid(set={})) == load_study(grid())

    def test_a_base_that_only_cases_complete(self, tmp_path: Path) -> None:
        study = {
            "name": "x",
            "set": {"platform.learner.kind": "surrogate", "population.cost": 1},
            "design": {"kind": "grid", "values": {"platform.learner.curve": ["a.csv", "b.csv"]}},
        }
        found = load_study(study)
        assert [found.config(n).platform.learner.curve for n in (0, 1)] == ["a.csv", "b.csv"]
        found.write(tmp_path)
        assert load_study(tmp_path / "study.toml") == open_study(tmp_path)
        assert open_study(tmp_path).config(1) == found.config(1)

    def test_numpy_is_welcome(self) -> None:
        design = {"kind": "grid", "values": {"collective.leak": np.linspace(0, 1, 3)}}
        found = load_study({"name": "x", "replicates": np.int64(2), "design": design})
        assert [case.values["collective.leak"] for case in found.cases] == [0.0, 0.5, 1.0]

    def test_the_example_is_valid(self) -> None:
        found = load_study(REPOSITORY / "examples" / "study.toml")
        assert found.runs == len(found.cases) * found.replicates > 1

    def test_every_example_of_the_docs_is_valid(self, tmp_path: Path) -> None:
        text = (REPOSITORY / "docs" / "studies.md").read_text(encoding="utf-8")
        examples = [part.split("```")[0] for part in text.split("```toml\n")[1:]]
        assert len(examples) >= 6
        csv = text.split("```csv\n")[1].split("```")[0]
        (tmp_path / "cases.csv").write_text(csv)
        kinds = set()
        for number, example in enumerate(examples):
            path = tmp_path / f"{number}.toml"
            named = example if "name =" in example else f'name = "x"\n{example}'
            path.write_text(named, encoding="utf-8")
            kinds.add((load_study(path).design or {}).get("kind"))
        assert kinds >= {"grid", "zip", "list", "latin_hypercube", "sobol", "csv"}

    def test_every_key_is_in_the_docs(self) -> None:
        from gigsim.config.schema import leaves
        from gigsim.experiments.study_file import StudyTable

        text = (REPOSITORY / "docs" / "studies.md").read_text(encoding="utf-8")
        for key, _, _ in leaves(StudyTable):
            assert f"`{key}`" in text, key


class TestConfigs:
    def test_a_run_is_a_case_and_a_replicate(self) -> None:
        found = load_study(grid(replicates=3))
        assert found.runs == 18
        for number in (0, 1, 5, 17):
            case, replicate = divmod(number, 3)
            values = dict(found.cases[case].values) | {"run.seed": found.seed_of(case, replicate)}
            assert found.config(number) == build({}, values)

    def test_a_copy_with_a_seed_is_the_config_that_is_built(self) -> None:
        found = load_study(EVERY_TYPE)
        for number in range(found.runs):
            config = found.config(number)
            again = build(config.model_dump(mode="json"))
            assert config == again
            assert digest(config) == digest(again)

    def test_it_travels_to_other_processes_without_what_it_has_built(self) -> None:
        found = load_study(grid())
        fresh = len(pickle.dumps(found))
        for number in range(found.runs):
            found.config(number)
            found.columns(number)
        assert len(pickle.dumps(found)) == fresh
        again = pickle.loads(pickle.dumps(found))
        assert again == found
        assert again.config(3) == found.config(3)

    def test_columns_have_one_type_in_all_cases(self) -> None:
        found = load_study(EVERY_TYPE)
        rows = [found.columns(case) for case in range(len(found.cases))]
        for key in found.keys:
            assert len({type(row[key]) for row in rows if row[key] is not None}) == 1, key
        assert [row["run.periods"] for row in rows] == [2, 3, 24, 24, 24, 7, 24]
        assert json.loads(rows[0]["society.spillover"]) == "measured"
        assert json.loads(rows[2]["society.spillover"]) == 0.5
        assert json.loads(rows[0]["population.cost"]) == {
            "kind": "uniform",
            "low": 0.25,
            "high": 2.25,
        }
        # What its own law is, not the base's.
        assert json.loads(rows[5]["population.cost"])["low"] == 0.1
        assert rows[3]["population.cost.low"] is None
        assert rows[0]["population.cost.low"] == 0.25
        # A number in the place of a law is the law that it stands for.
        assert json.loads(rows[3]["population.cost"]) == {"kind": "constant", "value": 0.7}

    def test_equal_tables_are_one_value_however_much_is_spelled_out(self) -> None:
        cases = [
            {"platform.learner": {"kind": "linear"}},
            {"platform.learner": {"kind": "bayes"}, "corpus.cells": 30},
            {"population.turnover": 0.1},
            {"run.limit": 12, "platform.learner": {"kind": "linear", "c": 10.0}},
        ]
        content = {
            "name": "x",
            "set": {"platform.learner.kind": "linear"},
            "design": {"kind": "list", "cases": cases},
        }
        found = load_study(content)
        told = [found.columns(case)["platform.learner"] for case in range(4)]
        assert told[0] == told[2] == told[3] != told[1]
        assert json.loads(told[0]) == found.case_config(0).platform.learner.model_dump(mode="json")
        # What names the case, and its seeds, is as the case spells it.
        assert found.cases[0].values == {"platform.learner": {"kind": "linear"}}
        assert found.seed_of(0, 0) == run_seed(1, cases[0], 0)

    @pytest.mark.parametrize("place", [0, 1, 2])
    def test_what_a_config_does_not_have_is_missing(self, place: int) -> None:
        cases: list[dict[str, Any]] = [
            {"network.kind": "ring", "network.degree": degree} for degree in (4, 10)
        ]
        cases.insert(place, {"network.kind": "complete"})
        found = load_study({"name": "x", "design": {"kind": "list", "cases": cases}})
        expected: list[int | None] = [4, 10]
        expected.insert(place, None)
        assert [found.columns(case)["network.degree"] for case in range(3)] == expected

    def test_whole_and_real_numbers_are_numbers(self) -> None:
        values = {"network.kind": ["ring", "random"], "network.degree": [4, 6]}
        found = load_study({"name": "x", "design": {"kind": "grid", "values": values}})
        degrees = [found.columns(case)["network.degree"] for case in range(4)]
        assert degrees == [4.0, 6.0, 4.0, 6.0]
        assert {type(degree) for degree in degrees} == {float}


class TestSeeds:
    def test_a_hundred_thousand_runs_have_as_many_seeds(self) -> None:
        seeds = {
            run_seed(1, {"collective.leak": case / 1000}, r)
            for case in range(1000)
            for r in range(100)
        }
        assert len(seeds) == 100_000
        assert 0 <= min(seeds) < max(seeds) < 2**63
        # Bits that are as good as drawn: each is set in half of them.
        drawn = np.array(sorted(seeds), dtype=np.uint64)
        bits = np.array([(drawn >> np.uint64(k) & np.uint64(1)).sum() for k in range(63)])
        bits = bits.astype(float)
        assert np.abs(bits - 50_000).max() < 4.5 * np.sqrt(25_000)  # of 63 bits

    def test_neighbouring_replicates_are_uncorrelated(self) -> None:
        seeds = np.array([run_seed(1, {}, r) for r in range(20_001)], dtype=float)
        assert abs(np.corrcoef(seeds[:-1], seeds[1:])[0, 1]) < 4 / np.sqrt(20_000)

    def test_every_run_has_its_own(self) -> None:
        found = load_study(grid(replicates=20))
        seeds = {found.seed_of(case, r) for case in range(6) for r in range(20)}
        assert len(seeds) == found.runs
        assert [found.config(n).run.seed for n in range(3)] == [
            found.seed_of(0, r) for r in range(3)
        ]

    def test_common_random_numbers_are_those_of_the_replicate(self) -> None:
        found = load_study(grid(replicates=20, common_random_numbers=True))
        for replicate in range(20):
            assert len({found.seed_of(case, replicate) for case in range(6)}) == 1
        assert len({found.seed_of(0, replicate) for replicate in range(20)}) == 20

    def test_a_case_keeps_its_seeds_when_the_study_grows(self) -> None:
        small = load_study(grid(replicates=2))
        grown = grid(replicates=5, name="larger", record=["theory"])
        grown["design"]["values"] = {
            "population.size": [50, 300, 200, 100],
            "collective.leak": [0.1, 0.5, 0.0],
        }
        large = load_study(grown)
        at = {canonical(case.values): case.number for case in large.cases}
        for case in small.cases:
            for replicate in range(2):
                now = large.seed_of(at[canonical(case.values)], replicate)
                assert now == small.seed_of(case.number, replicate)

    @given(
        st.integers(0, 2**63 - 1),
        st.dictionaries(
            st.text(max_size=5), st.integers() | st.floats(-1, 1) | st.text(max_size=3)
        ),
        st.integers(0, 10**6),
        st.integers(0, 10**6),
    )
    def test_they_are_functions_of_seed_values_and_replicate(
        self, seed: int, values: dict[str, Any], one: int, other: int
    ) -> None:
        backwards = dict(reversed(values.items()))
        assert run_seed(seed, values, one) == run_seed(seed, backwards, one)
        assert (run_seed(seed, values, one) == run_seed(seed, values, other)) == (one == other)
        assert run_seed(seed, values, one) != run_seed(seed + 1, values, one)
        assert run_seed(seed, values, one) != run_seed(seed, values | {"new": 1}, one)
        assert run_seed(seed, values, one) != run_seed(seed, None, one)

    def test_they_are_those_of_the_first_version(self) -> None:
        """A change of the derivation would change every study's results."""
        assert run_seed(1, {"collective.leak": 0.1, "population.size": 100}, 0) == PINNED[0]
        assert run_seed(1, None, 3) == PINNED[1]


PINNED = (3338291989093825235, 9050142693841654160)


class TestFolder:
    @pytest.mark.parametrize("content", [grid(), EVERY_TYPE, {"name": "x"}], ids=str)
    def test_it_says_everything(self, content: Mapping[str, Any], tmp_path: Path) -> None:
        found = load_study(content)
        found.write(tmp_path)
        for again in (open_study(tmp_path), load_study(tmp_path / "study.toml")):
            assert again == found
            assert again.digest() == found.digest()
            assert again.dumps() == found.dumps()
            assert [again.columns(c) for c in range(len(found.cases))] == [
                found.columns(c) for c in range(len(found.cases))
            ]
            assert again.config(found.runs - 1) == found.config(found.runs - 1)

    def test_its_bytes_are_always_the_same(self, tmp_path: Path) -> None:
        for name in "ab":
            (tmp_path / name).mkdir()
            load_study(EVERY_TYPE).write(tmp_path / name)
        for file in ("study.toml", "cases.parquet"):
            assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()

    def test_the_files_it_came_from_are_not_needed(self, tmp_path: Path) -> None:
        source, folder = tmp_path / "source", tmp_path / "folder"
        source.mkdir()
        folder.mkdir()
        (source / "base.toml").write_text("[population]\nsize = 321\n")
        (source / "cases.csv").write_text("run.periods,network.kind\n3,\n4,ring\n")
        (source / "study.toml").write_text(
            'name = "x"\nbase = "base.toml"\ndesign = { kind = "csv", path = "cases.csv" }'
        )
        found = load_study(source / "study.toml")
        found.write(folder)
        for file in source.iterdir():
            file.unlink()
        for again in (open_study(folder), load_study(folder / "study.toml")):
            assert again.digest() == found.digest()
            assert again.cases == found.cases
            assert again.config(1) == found.config(1)

    def test_what_is_random_is_not_drawn_again(self, tmp_path: Path) -> None:
        ranges = {"collective.leak": {"low": 0.0, "high": 1.0}}
        design = {"kind": "latin_hypercube", "samples": 4, "ranges": ranges}
        load_study({"name": "x", "design": design}).write(tmp_path)
        cases = [Case(n, {"collective.leak": n / 10}) for n in range(3)]
        write_cases(cases, ["collective.leak"], tmp_path / "cases.parquet")
        assert open_study(tmp_path).cases == tuple(cases)

    def test_pandas_reads_the_cases(self, tmp_path: Path) -> None:
        load_study(grid()).write(tmp_path)
        table = pd.read_parquet(tmp_path / "cases.parquet")
        assert list(table.columns) == ["case", "collective.leak", "population.size"]
        assert table["population.size"].tolist() == [100, 200, 300] * 2
        assert table["collective.leak"].dtype == float

    @settings(max_examples=40)
    @given(
        st.lists(
            st.dictionaries(
                st.sampled_from(["a.b", "c", "d.e.f"]),
                st.booleans()
                | st.integers(-(2**70), 2**70)
                | st.floats(allow_nan=False, allow_infinity=False)
                | st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
                | st.lists(st.integers(0, 9), max_size=2)
                | st.dictionaries(st.sampled_from("xy"), st.floats(0, 1), max_size=2),
            ),
            min_size=1,
            max_size=6,
        )
    )
    def test_cases_survive_exactly(
        self, tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]]
    ) -> None:
        path = tmp_path_factory.mktemp("cases") / "cases.parquet"
        cases = [Case(number, values) for number, values in enumerate(rows)]
        write_cases(cases, varied_keys(rows), path)
        again = read_cases(path)
        assert list(again) == cases
        for case, other in zip(cases, again, strict=True):
            # 1, 1.0 and True are equal to Python; their texts are not.
            assert canonical(case.values) == canonical(other.values)

    def test_a_folder_without_a_study(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="no study in this folder"):
            open_study(tmp_path)
        with pytest.raises(InputError, match="no such folder"):
            open_study(tmp_path / "nowhere")

    def test_a_damaged_folder(self, tmp_path: Path) -> None:
        load_study(grid()).write(tmp_path)
        cases = tmp_path / "cases.parquet"
        whole = cases.read_bytes()
        for damaged in (b"", whole[:-9], b"x" * 500):
            cases.write_bytes(damaged)
            with pytest.raises(InputError, match=r"cases\.parquet: cannot be read .*gigsim sweep"):
                open_study(tmp_path)
        cases.unlink()
        with pytest.raises(InputError, match=r"cases\.parquet: no such file"):
            open_study(tmp_path)

    def test_a_table_of_cases_that_is_not_ours(self, tmp_path: Path) -> None:
        load_study(grid()).write(tmp_path)
        path = tmp_path / "cases.parquet"
        table = pq.read_table(path)
        pq.write_table(table.slice(1), path)
        with pytest.raises(InputError, match="not numbered from 0"):
            open_study(tmp_path)
        pq.write_table(table.replace_schema_metadata({"schema_version": "2"}), path)
        with pytest.raises(InputError, match="schema 2, this version reads 1"):
            open_study(tmp_path)
        pd.DataFrame({"case": [0]}).to_parquet(path)
        with pytest.raises(InputError, match="schema none, this version reads 1"):
            open_study(tmp_path)

    def test_a_case_that_was_tampered_with_names_itself(self, tmp_path: Path) -> None:
        load_study(grid()).write(tmp_path)
        write_cases([Case(0, {"run.periods": -3})], ["run.periods"], tmp_path / "cases.parquet")
        with pytest.raises(InputError, match=r"study x: case 0: run\.periods: -3: too small"):
            open_study(tmp_path).config(0)


class TestDigest:
    def test_it_names_what_is_computed_not_how_it_is_written(self) -> None:
        nested = grid()
        nested["design"]["values"] = {
            "collective": {"leak": [0.0, 0.1]},
            "population": {"size": [100.0, 200, 300]},
        }
        assert load_study(nested).digest() == load_study(grid()).digest()
        listed = grid(record=["retrainings", "periods"])
        listed["design"] = {
            "kind": "list",
            "cases": [dict(case.values) for case in load_study(grid()).cases],
        }
        assert load_study(listed).digest() == load_study(grid()).digest()

    @pytest.mark.parametrize(
        "change",
        [
            {"name": "y"},
            {"replicates": 2},
            {"seed": 2},
            {"common_random_numbers": True},
            {"record": ["periods"]},
            {"set": {"run.periods": 3}},
            {"limits": {"seconds": 3}},
            {"design": {"kind": "list", "cases": [{"collective.leak": 0.0}]}},
        ],
        ids=str,
    )
    def test_everything_else_changes_it(self, change: dict[str, Any]) -> None:
        assert load_study(grid(**change)).digest() != load_study(grid()).digest()

    def test_it_is_twelve_digits(self) -> None:
        found: Study = load_study(grid())
        assert len(found.digest()) == 12
        assert int(found.digest(), 16) >= 0


def test_a_large_grid_is_checked_in_seconds() -> None:
    import time

    values = {
        "collective.leak": np.linspace(0, 1, 100),
        "population.cost.low": np.linspace(0, 1, 50),
    }
    began = time.process_time()
    found = load_study({"name": "x", "design": {"kind": "grid", "values": values}})
    assert len(found.cases) == 5000
    # Measured: 1.2 s on a 2-core machine that is busy.
    assert time.process_time() - began < 10
    began = time.process_time()
    for number in range(5000):
        found.config(number)
    assert time.process_time() - began < 10


def test_the_toml_is_plain() -> None:
    found = load_study(grid(limits={"seconds": 5}))
    table = tomllib.loads(found.dumps())
    assert list(table) == [
        "name",
        "replicates",
        "seed",
        "common_random_numbers",
        "record",
        "limits",
        "design",
        "config",
    ]
    assert table["limits"] == {"seconds": 5.0, "repetitions": 2}
    assert build(table["config"]) == Config()
