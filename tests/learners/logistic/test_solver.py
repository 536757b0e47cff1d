"""The solver against float64 optima; a column is its own business; no corner makes it fail."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import sparse

from gigsim.errors import InputError
from gigsim.learners.logistic import compiled
from gigsim.learners.logistic.design import SparseDesign
from gigsim.learners.logistic.preconditioner import Subspace
from gigsim.learners.logistic.products import SparseProduct
from gigsim.learners.logistic.solver import ABREAST, Solution, solve
from gigsim.learners.logistic.spectrum import Spectrum
from tests.learners.logistic.problems import features_of, gradient, labels_of, optimum


def solved(
    features: sparse.csr_array,
    labels: NDArray[np.bool_],
    *,
    c: float = 10.0,
    tolerance: float = 1e-3,
    **keys: Any,
) -> Solution:
    return solve(
        SparseDesign.of(features, labels.shape[1]),
        labels,
        c=c,
        tolerance=tolerance,
        max_iterations=keys.pop("max_iterations", 5_000),
        preconditioner=Spectrum.of(SparseProduct(features)),
        **keys,
    )


def test_it_finds_the_optimum_that_float64_finds() -> None:
    generator = np.random.default_rng(0)
    features = features_of(generator, 300, 60)
    labels = labels_of(generator, features, 5)
    solution = solved(features, labels)
    assert not solution.precise.any()
    assert solution.weights.dtype == np.float32
    for column in range(5):
        best = optimum(features.toarray(), labels[:, column], 10.0)
        assert np.allclose(solution.weights[:, column], best[:-1], atol=2e-3)
        assert solution.intercepts[column] == pytest.approx(best[-1], abs=2e-3)


@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(2, 40),
    d=st.integers(1, 60),
    c=st.sampled_from([1e-3, 0.1, 10.0, 1e3, 1e6]),
    tolerance=st.sampled_from([1e-2, 3e-3, 1e-5]),
    separable=st.booleans(),
)
def test_no_corner_makes_it_fail(
    seed: int, n: int, d: int, c: float, tolerance: float, separable: bool
) -> None:
    """Few rows, more words than rows, empty rows, any penalty, labels that words tell exactly."""
    generator = np.random.default_rng(seed)
    features = features_of(generator, n, d)
    labels = generator.random((n, 3)) < 0.5
    if separable:
        labels[:, 0] = features[:, [0]].toarray()[:, 0] > 0
    solution = solved(features, labels, c=c, tolerance=tolerance)
    mixed = labels.any(axis=0) & ~labels.all(axis=0)
    assert np.array_equal(np.isfinite(solution.intercepts), mixed)
    dense = features.toarray().astype(np.float64)
    for column in np.flatnonzero(mixed):
        weights = solution.weights[:, column].astype(np.float64)
        left = gradient(dense, labels[:, column], weights, solution.intercepts[column], c)
        # The Hessian is at least 1 in the weights, so that this bounds the distance to the best w.
        # P may differ from the inverse Hessian by what the two's spectra differ: a wide margin.
        scale = 1 + np.sqrt(c * n)
        assert np.linalg.norm(left) < 30 * tolerance * scale


@settings(max_examples=8, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    # More than are solved abreast: those that wait take the places of those that have ended.
    columns=st.sampled_from([2, 17, ABREAST + 40, 2 * ABREAST + 7]),
    c=st.sampled_from([1.0, 1e4]),
)
def test_a_column_alone_has_the_bits_that_it_has_among_others(
    seed: int, columns: int, c: float
) -> None:
    generator = np.random.default_rng(seed)
    features = features_of(generator, 90, 50)
    labels = labels_of(generator, features, columns)
    start = (generator.normal(size=(50, columns)).astype(np.float32), np.zeros(columns))
    together = solved(features, labels, c=c, start=start)
    for column in generator.choice(columns, 2, replace=False):
        own = [column]
        alone = solved(features, labels[:, own], c=c, start=(start[0][:, own], start[1][own]))
        assert alone.iterations[0] == together.iterations[column]
        assert alone.intercepts[0] == together.intercepts[column]
        assert alone.losses[0] == together.losses[column]
        assert alone.precise[0] == together.precise[column]
        assert np.array_equal(alone.weights[:, 0], together.weights[:, column])


def test_weights_of_rows_are_repetitions() -> None:
    generator = np.random.default_rng(1)
    features = features_of(generator, 80, 30)
    labels = labels_of(generator, features, 2)
    times = generator.integers(0, 4, (80, 2)).astype(np.float32)
    solution = solved(features, labels, row_weights=times, tolerance=1e-4)
    for column in range(2):
        rows = np.repeat(np.arange(80), times[:, column].astype(int))
        best = optimum(features.toarray()[rows], labels[rows, column], 10.0)
        assert np.allclose(solution.weights[:, column], best[:-1], atol=1e-3)


def test_where_float32_does_not_suffice_it_goes_on_in_float64() -> None:
    generator = np.random.default_rng(2)
    features = features_of(generator, 120, 40)
    labels = labels_of(generator, features, 3)
    solution = solved(features, labels, tolerance=1e-9)
    assert solution.precise.all()
    for column in range(3):
        best = optimum(features.toarray(), labels[:, column], 10.0)
        assert np.allclose(solution.weights[:, column], best[:-1], atol=1e-6)
    again = solved(features, labels, tolerance=1e-9)
    assert again.weights.tobytes() == solution.weights.tobytes()


def test_a_good_start_saves_iterations_and_changes_no_optimum() -> None:
    generator = np.random.default_rng(3)
    features = features_of(generator, 200, 60)
    labels = labels_of(generator, features, 4)
    cold = solved(features, labels)
    warm = solved(features, labels, start=(cold.weights, cold.intercepts))
    assert (warm.iterations == 0).all()
    labels[:3] ^= True
    moved = solved(features, labels, start=(cold.weights, cold.intercepts))
    assert moved.iterations.sum() < solved(features, labels).iterations.sum()
    assert np.allclose(moved.weights, solved(features, labels).weights, atol=4e-3)


def test_a_label_that_all_or_none_of_the_counted_rows_carry_is_constant() -> None:
    generator = np.random.default_rng(4)
    features = features_of(generator, 20, 10)
    labels = np.zeros((20, 3), dtype=bool)
    labels[:, 1] = True
    labels[:4, 2] = True
    counted = np.ones((20, 3), dtype=np.float32)
    counted[:4, 2] = 0
    solution = solved(features, labels, row_weights=counted)
    assert solution.intercepts.tolist() == [-np.inf, np.inf, -np.inf]
    assert not solution.weights.any()
    assert not solution.losses.any()


def test_running_out_of_iterations_is_an_error() -> None:
    generator = np.random.default_rng(5)
    features = features_of(generator, 100, 80)
    labels = labels_of(generator, features, 2)
    with pytest.raises(InputError, match="has not converged on label 0 in 2 iterations"):
        solved(features, labels, max_iterations=2, tolerance=1e-6)
    with pytest.raises(ValueError, match=r"labels are \(100, 1\), not \(100, 2\)"):
        solve(
            SparseDesign.of(features, 2),
            labels[:, :1],
            c=1.0,
            tolerance=1e-3,
            max_iterations=10,
            preconditioner=Spectrum.of(SparseProduct(features)),
        )


def test_hessians_written_out_lead_to_the_same_optimum_and_leave_columns_alone() -> None:
    generator = np.random.default_rng(6)
    features = features_of(generator, 200, 150)
    labels = labels_of(generator, features, 70)
    product = SparseProduct(features)

    def by(some: NDArray[np.bool_]) -> Solution:
        return solve(
            SparseDesign(product, some.shape[1]),
            some,
            c=10.0,
            tolerance=1e-3,
            max_iterations=500,
            preconditioner=Subspace.of(product, rank=40),
        )

    together, other = by(labels), solved(features, labels)
    assert np.allclose(together.weights, other.weights, atol=2e-3)
    assert np.allclose(together.intercepts, other.intercepts, atol=2e-3)
    for column in (3, 69):
        alone = by(labels[:, [column]])
        assert alone.iterations[0] == together.iterations[column]
        assert alone.weights[:, 0].tobytes() == together.weights[:, column].tobytes()


def test_compiled_passes_and_numpy_s_solve_to_the_same_bytes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("numba")
    if compiled.passes() is None:
        pytest.skip("NumPy's own bytes are different on this processor")
    generator = np.random.default_rng(7)
    features = features_of(generator, 600, 300)
    labels = labels_of(generator, features, 5)
    fast = solved(features, labels)
    monkeypatch.setattr(compiled, "kernel", lambda: None)
    slow = solved(features, labels)
    assert slow.weights.tobytes() == fast.weights.tobytes()
    assert slow.losses.tobytes() == fast.losses.tobytes()
