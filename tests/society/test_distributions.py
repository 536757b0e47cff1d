from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from scipy import stats

from gigsim.errors import InputError
from gigsim.society.distributions import (
    Constant,
    Distribution,
    Law,
    LogNormal,
    Normal,
    Table,
    Uniform,
    probabilities,
)
from gigsim.streams import Streams

centre = st.floats(-100, 100)
spread = st.floats(0.01, 100)
continuous = st.one_of(
    st.builds(lambda low, width: Uniform(low=low, high=low + width), centre, spread),
    st.builds(Normal, mean=centre, sd=spread),
    st.builds(LogNormal, median=spread, sigma=st.floats(0.01, 3)),
)
shares = st.lists(st.floats(1e-6, 1 - 1e-6), min_size=1, max_size=20).map(np.array)


@given(continuous, shares)
def test_quantile_and_cdf_are_inverses(law: Any, u: np.ndarray) -> None:
    x = law.quantile(u)
    assert x.shape == law.cdf(x).shape == u.shape
    # x is known to one part in 1e16 of the law's place, u to that over its width.
    np.testing.assert_allclose(law.cdf(x), u, atol=1e-10)
    np.testing.assert_allclose(law.quantile(law.cdf(x)), x, rtol=1e-6, atol=1e-7)


@given(continuous, shares)
def test_they_grow(law: Any, u: np.ndarray) -> None:
    grid = np.sort(u)
    assert (np.diff(law.quantile(grid)) >= 0).all()
    assert (np.diff(law.cdf(np.sort(law.quantile(grid) - 1))) >= 0).all()


@pytest.mark.parametrize(
    ("law", "reference"),
    [
        (Uniform(low=0.25, high=2.25), stats.uniform(0.25, 2.0)),
        (Normal(mean=1.5, sd=0.5), stats.norm(1.5, 0.5)),
        (LogNormal(median=2.0, sigma=0.7), stats.lognorm(0.7, scale=2.0)),
    ],
)
def test_they_are_scipys(law: Any, reference: Any) -> None:
    x = np.linspace(-1, 6, 200)
    np.testing.assert_allclose(law.cdf(x), reference.cdf(x), atol=1e-12)
    u = np.linspace(0.001, 0.999, 200)
    np.testing.assert_allclose(law.quantile(u), reference.ppf(u), rtol=1e-10)
    drawn = law.quantile(Streams(3).uniform("cost", size=20_000))
    assert stats.kstest(drawn, reference.cdf).pvalue > 1e-4


def test_a_constant_is_a_step() -> None:
    law = Constant(value=0.5)
    assert law.quantile(np.array([0.0, 0.3, 0.9])).tolist() == [0.5, 0.5, 0.5]
    assert law.cdf(np.array([0.4, 0.5, 0.6])).tolist() == [0.0, 1.0, 1.0]


@pytest.mark.parametrize("law", [Normal(mean=0, sd=1), LogNormal(median=1, sigma=1)])
def test_a_uniform_of_exactly_zero_gives_a_number(law: Any) -> None:
    assert np.isfinite(law.quantile(np.array([0.0]))).all()


def test_nobody_is_below_zero_under_a_lognormal() -> None:
    assert LogNormal(median=1, sigma=1).cdf(np.array([-3.0, 0.0])).tolist() == [0.0, 0.0]


def test_a_person_keeps_his_rank_when_the_law_changes() -> None:
    u = Streams(1).uniform("cost", size=100)
    order = np.argsort(u)
    for law in (Uniform(low=0, high=1), Normal(mean=0, sd=1), LogNormal(median=1, sigma=1)):
        assert np.array_equal(np.argsort(law.quantile(u)), order)


@pytest.mark.parametrize(
    "table",
    [
        {"kind": "uniform", "low": 1, "high": 1},
        {"kind": "uniform", "low": 2, "high": 1},
        {"kind": "normal", "mean": 0, "sd": 0},
        {"kind": "normal", "mean": float("nan"), "sd": 1},
        {"kind": "lognormal", "median": 0, "sigma": 1},
        {"kind": "constant"},
        {"kind": "constant", "value": 1, "low": 0},
        {"kind": "gamma"},
        {"value": 1},
        {"kind": "table", "path": "costs.csv"},
        {"kind": "table", "path": "", "column": "cost"},
        {"kind": "table", "path": "costs.csv", "column": "cost", "match": "name"},
        True,
        "1.0",
        [1.0],
        None,
        float("nan"),
        float("inf"),
    ],
)
def test_what_is_no_law_is_refused(table: Any) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Distribution).validate_python(table)


@pytest.mark.parametrize("value", [1, 1.0, -0.5, 0])
def test_a_plain_number_is_everybodys(value: float) -> None:
    assert TypeAdapter(Distribution).validate_python(value) == Constant(value=value)
    with pytest.raises(ValidationError):
        TypeAdapter(Law).validate_python(value)


def test_a_law_stays_what_it_is() -> None:
    law = Uniform(low=0, high=1)
    assert TypeAdapter(Distribution).validate_python(law) is law
    assert TypeAdapter(Distribution).validate_python(law.model_dump()) == law


# -------------------------------------------------------------------------------- the table


def table(folder: Path, values: list[float], match: str) -> Table:
    path = folder / "people.csv"
    path.write_text("name,cost\n" + "".join(f"{i},{v!r}\n" for i, v in enumerate(values)))
    return Table(path=str(path), column="cost", match=match)


def test_row_i_is_freelancer_is(tmp_path: Path) -> None:
    law = table(tmp_path, [3.0, 1.0, 2.0, 1.0], "row")
    assert law.quantile(np.zeros(4)).tolist() == [3.0, 1.0, 2.0, 1.0]
    for size in (3, 5):
        with pytest.raises(InputError) as caught:
            law.quantile(np.zeros(size))
        assert f"has 4 rows for population.size = {size}" in str(caught.value)
        assert "set population.size = 4" in str(caught.value)


def test_resampling_draws_each_row_as_likely(tmp_path: Path) -> None:
    law = table(tmp_path, [3.0, 1.0, 2.0, 1.0], "resample")
    corners = np.array([0.0, 0.25, 0.4999, 0.5, 0.7499, 0.75, 1 - 2.0**-53])
    assert law.quantile(corners).tolist() == [1.0, 1.0, 1.0, 2.0, 2.0, 3.0, 3.0]
    drawn = law.quantile(Streams(1).uniform("cost", size=40_000))
    counts = [(drawn == value).sum() for value in (1.0, 2.0, 3.0)]
    assert stats.chisquare(counts, [20_000, 10_000, 10_000]).pvalue > 1e-4


@pytest.mark.parametrize("match", ["row", "resample"])
def test_the_cdf_of_a_table_is_the_share_of_its_rows(tmp_path: Path, match: str) -> None:
    law = table(tmp_path, [3.0, 1.0, 2.0, 1.0], match)
    assert law.cdf(np.array([0.9, 1.0, 1.5, 2.0, 3.0])).tolist() == [0, 0.5, 0.5, 0.75, 1]
    assert law.cdf(np.array([[0.9], [9.0]])).shape == (2, 1)
    assert float(law.cdf(np.array(2.0))) == 0.75


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=30), shares)
def test_an_empirical_quantile_is_the_least_value_that_enough_are_under(
    tmp_path_factory: pytest.TempPathFactory, values: list[float], u: np.ndarray
) -> None:
    law = table(tmp_path_factory.mktemp("table"), values, "resample")
    x = law.quantile(u)
    assert np.isin(x, values).all()
    assert (law.cdf(x) >= u - 1e-12).all()
    below = law.cdf(np.nextafter(x, -np.inf))
    assert (below <= u + 1e-12).all()


def test_a_table_is_read_when_it_is_asked(tmp_path: Path) -> None:
    law = Table(path=str(tmp_path / "later.csv"), column="cost")
    with pytest.raises(InputError, match="no such file"):
        law.quantile(np.zeros(2))
    (tmp_path / "later.csv").write_text("cost\n1\n2\n")
    assert law.quantile(np.zeros(2)).tolist() == [1.0, 2.0]


# -------------------------------------------------------------------------- probabilities


def test_everybodys_own_probability() -> None:
    u = np.array([0.0, 0.5, 0.9])
    assert probabilities(0.3, u, "society.activation").tolist() == [0.3, 0.3, 0.3]
    assert probabilities(1, u, "society.activation").tolist() == [1.0, 1.0, 1.0]
    law = Uniform(low=0.2, high=0.4)
    assert probabilities(law, u, "society.activation").tolist() == law.quantile(u).tolist()


@pytest.mark.parametrize("law", [Uniform(low=0.5, high=1.5), Constant(value=-0.1), 1.2])
def test_a_probability_over_one_is_refused(law: Any) -> None:
    with pytest.raises(InputError) as caught:
        probabilities(law, np.array([0.1, 0.9, 0.7]), "society.activation")
    message = str(caught.value)
    assert message.startswith("society.activation: ")
    assert "for freelancer" in message
    assert "of 3 people are outside [0, 1]" in message
