"""Designs: which cases they make, in which order, and with which law."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kstest

from gigsim.errors import InputError
from gigsim.experiments.case_file import read_csv
from gigsim.experiments.sampling import Choices, Numbers
from gigsim.experiments.study import Study, load_study


def study(design: dict[str, Any] | None, **keys: Any) -> Study:
    return load_study({"name": "x", "design": design} | keys if design else {"name": "x"} | keys)


def values(design: dict[str, Any], **keys: Any) -> list[dict[str, Any]]:
    return [dict(case.values) for case in study(design, **keys).cases]


def column(design: dict[str, Any], key: str, **keys: Any) -> list[Any]:
    return [case[key] for case in values(design, **keys)]


def test_no_design_is_one_case() -> None:
    (case,) = study(None).cases
    assert (case.number, case.values) == (0, {})


def test_a_grid_is_all_combinations_the_last_key_fastest() -> None:
    found = values(
        {"kind": "grid", "values": {"run.periods": [1, 2], "network.kind": ["ring", "torus"]}},
    )
    assert [(case["run.periods"], case["network.kind"]) for case in found] == [
        (1, "ring"),
        (1, "torus"),
        (2, "ring"),
        (2, "torus"),
    ]


def test_unquoted_keys_are_the_same_keys() -> None:
    nested = {"kind": "grid", "values": {"run": {"periods": [1, 2]}, "network": {"degree": [4]}}}
    dotted = {"kind": "grid", "values": {"run.periods": [1, 2], "network.degree": [4]}}
    assert values(nested) == values(dotted)
    assert study(nested).digest() == study(dotted).digest()


def test_a_zip_goes_side_by_side() -> None:
    found = values({"kind": "zip", "values": {"run.periods": [1, 2], "collective.leak": [0.1, 0]}})
    assert found == [
        {"run.periods": 1, "collective.leak": 0.1},
        {"run.periods": 2, "collective.leak": 0.0},
    ]


def test_a_list_may_set_other_keys_in_every_case() -> None:
    found = study({"kind": "list", "cases": [{}, {"run.periods": 3}, {"network.kind": "ring"}]})
    assert found.keys == ("run.periods", "network.kind")
    assert [found.config(n).run.periods for n in range(3)] == [24, 3, 24]
    assert [found.config(n).network.kind for n in range(3)] == [
        "small_world",
        "small_world",
        "ring",
    ]


def test_whole_tables_and_parts_of_them() -> None:
    found = study(
        {
            "kind": "list",
            "cases": [
                {"population.cost": {"kind": "normal", "mean": 1, "sd": 0.5}},
                {"population": {"cost": {"low": 0.5}}},
                {"population.cost": 2},
            ],
        }
    )
    laws = [found.config(n).population.cost for n in range(3)]
    assert [law.kind for law in laws] == ["normal", "uniform", "constant"]
    assert (laws[1].low, laws[1].high) == (0.5, 2.25)
    assert found.keys == ("population.cost", "population.cost.low")
    assert found.cases[2].values == {"population.cost": 2.0}


def test_numbers_are_those_of_the_config() -> None:
    """An int for a share is a float, a whole float for people an int: equal cases are equal."""
    found = values({"kind": "list", "cases": [{"collective.leak": 1, "run.periods": 3.0}]})
    assert [type(value) for value in found[0].values()] == [float, int]
    spill = values({"kind": "grid", "values": {"society.spillover": ["measured", 0]}})
    assert [type(case["society.spillover"]) for case in spill] == [str, float]


class TestRandom:
    def ranges(self, **more: Any) -> dict[str, Any]:
        return {
            "collective.leak": {"low": 0.0, "high": 0.5},
            "population.cost.low": {"low": 0.01, "high": 1.0, "scale": "log"},
            "population.size": {"low": 100, "high": 103},
            "society.rule": {"choices": ["logit", "imitation"]},
        } | more

    def test_a_latin_hypercube_has_one_sample_in_every_part_of_every_range(self) -> None:
        n = 40
        design = {"kind": "latin_hypercube", "samples": n, "ranges": self.ranges()}
        leak = np.array(column(design, "collective.leak"))
        assert sorted((leak / 0.5 * n).astype(int)) == list(range(n))
        low = np.array(column(design, "population.cost.low"))
        assert sorted((np.log10(low * 100) / 2 * n).astype(int)) == list(range(n))
        sizes = column(design, "population.size")
        assert [sizes.count(size) for size in (100, 101, 102, 103)] == [10, 10, 10, 10]
        assert all(type(size) is int for size in sizes)
        assert column(design, "society.rule").count("logit") == 20

    def test_a_sobol_sequence_is_balanced(self) -> None:
        design = {"kind": "sobol", "samples": 64, "ranges": self.ranges()}
        leak = np.array(column(design, "collective.leak"))
        assert sorted((leak / 0.5 * 64).astype(int)) == list(range(64))
        sizes = column(design, "population.size")
        assert [sizes.count(size) for size in (100, 101, 102, 103)] == [16] * 4

    def test_more_sobol_samples_keep_the_first_ones_and_their_seeds(self) -> None:
        few, many = (
            study({"kind": "sobol", "samples": n, "ranges": self.ranges()}) for n in (16, 64)
        )
        assert many.cases[:16] == few.cases
        assert [many.seed_of(c, 0) for c in range(16)] == [few.seed_of(c, 0) for c in range(16)]

    @pytest.mark.parametrize("kind", ["latin_hypercube", "sobol"])
    def test_the_seed_decides(self, kind: str) -> None:
        design = {"kind": kind, "samples": 8, "ranges": self.ranges()}
        assert values(design, seed=5) == values(design, seed=5)
        assert values(design, seed=5) != values(design, seed=6)

    def test_a_power_of_two_is_one_sample_too(self) -> None:
        assert len(values({"kind": "sobol", "samples": 1, "ranges": self.ranges()})) == 1

    def test_a_law_for_everybody_takes_a_number(self) -> None:
        ranges = {"population.cost": {"low": 0.5, "high": 2.0}}
        found = study({"kind": "latin_hypercube", "samples": 3, "ranges": ranges})
        assert {found.config(n).population.cost.kind for n in range(3)} == {"constant"}

    def test_a_key_of_a_kind_that_is_chosen(self) -> None:
        ranges = {
            "network.kind": {"choices": ["random", "blocks"]},
            "network.degree": {"low": 4.0, "high": 8.0},
        }
        degrees = column({"kind": "sobol", "samples": 8, "ranges": ranges}, "network.degree")
        assert all(type(degree) is float for degree in degrees)
        with pytest.raises(InputError, match="must be even"):
            study(
                {
                    "kind": "sobol",
                    "samples": 8,
                    "ranges": {"network.degree": ranges["network.degree"]},
                }
            )

    def test_choices_may_be_tables(self) -> None:
        choices = [0.5, {"kind": "normal", "mean": 1.0, "sd": 0.1}]
        ranges = self.ranges(**{"population.threshold": {"choices": choices}})
        found = study({"kind": "sobol", "samples": 8, "ranges": ranges})
        kinds = [found.config(n).population.threshold.kind for n in range(8)]
        assert sorted(kinds) == ["constant"] * 4 + ["normal"] * 4


UNIT = np.random.default_rng(1).random(4000)


@given(st.floats(1e-6, 1e6), st.floats(1.0001, 1e6), st.booleans())
def test_numbers_stay_in_their_range(low: float, ratio: float, log: bool) -> None:
    high = low * ratio
    edge = np.array([0.0, 0.5, np.nextafter(1.0, 0.0)])
    found = Numbers(low, high, log, whole=False).at(edge)
    assert low <= min(found)
    assert max(found) <= high
    assert found == sorted(found)


@given(st.integers(1, 1000), st.integers(1, 1000), st.booleans())
def test_whole_numbers_have_both_ends(low: int, more: int, log: bool) -> None:
    edge = np.array([0.0, np.nextafter(1.0, 0.0)])
    assert Numbers(low, low + more, log, whole=True).at(edge) == [low, low + more]


def test_the_law_is_uniform_in_the_scale() -> None:
    linear = Numbers(2.0, 5.0, log=False, whole=False).at(UNIT)
    assert kstest(linear, "uniform", (2.0, 3.0)).pvalue > 0.001
    log = np.log(Numbers(0.1, 10.0, log=True, whole=False).at(UNIT))
    assert kstest(log, "uniform", (np.log(0.1), np.log(100.0))).pvalue > 0.001


def test_whole_numbers_are_equally_likely() -> None:
    found = np.array(Numbers(-1, 3, log=False, whole=True).at(UNIT))
    counts = np.array([(found == k).sum() for k in range(-1, 4)])
    error = np.sqrt(len(UNIT) * 0.2 * 0.8)
    assert np.abs(counts - len(UNIT) / 5).max() < 4 * error


def test_whole_numbers_on_a_log_scale() -> None:
    found = np.array(Numbers(1, 7, log=True, whole=True).at(UNIT))
    expected = np.log1p(1 / np.arange(1, 8)) / np.log(8)
    shares = np.array([(found == k).mean() for k in range(1, 8)])
    assert (np.abs(shares - expected) < 4 * np.sqrt(expected / len(UNIT))).all()


@given(st.integers(1, 9))
def test_choices_are_equally_likely(count: int) -> None:
    found = Choices(tuple(range(count))).at((np.arange(900 * count) + 0.5) / (900 * count))
    assert np.bincount(found).tolist() == [900] * count


class TestCsv:
    def test_values_are_those_of_set(self, tmp_path: Path) -> None:
        (tmp_path / "cases.csv").write_bytes(
            b"\xef\xbb\xbfrun.periods, network.kind ,population.cost,collective.leak\r\n"
            b'3,ring,"{kind = ""normal"", mean = 1, sd = 0.1}",\r\n'
            b"\r\n"
            b'4,"""ring""",0.5,\n'
            b",,,\n"
        )
        (tmp_path / "study.toml").write_text(
            'name = "x"\nset = { "run.periods" = 9 }\ndesign = { kind = "csv", path = "cases.csv" }'
        )
        found = load_study(tmp_path / "study.toml")
        assert [dict(case.values) for case in found.cases] == [
            {
                "run.periods": 3,
                "network.kind": "ring",
                "population.cost": {"kind": "normal", "mean": 1, "sd": 0.1},
            },
            {"run.periods": 4, "network.kind": "ring", "population.cost": 0.5},
            {},
        ]
        assert [found.config(n).run.periods for n in range(3)] == [3, 4, 9]
        # A key that no case sets is not varied.
        assert found.keys == ("run.periods", "network.kind", "population.cost")

    def test_a_cell_may_have_several_lines(self, tmp_path: Path) -> None:
        path = tmp_path / "cases.csv"
        path.write_text('a.b,c\n"[1,\n2]",5\n6,7\n')
        rows, lines = read_csv(path)
        assert rows == [{"a.b": [1, 2], "c": 5}, {"a.b": 6, "c": 7}]
        assert lines == [2, 4]

    @given(st.lists(st.tuples(st.integers(0, 9), st.floats(0, 1)), min_size=1, unique=True))
    def test_what_is_written_is_read(self, rows: list[tuple[int, float]]) -> None:
        with TemporaryDirectory() as folder:
            path = Path(folder) / "cases.csv"
            path.write_text("a,b\n" + "".join(f"{a},{b!r}\n" for a, b in rows))
            assert [(row["a"], row["b"]) for row in read_csv(path)[0]] == rows
