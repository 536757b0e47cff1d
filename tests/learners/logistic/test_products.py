"""Products have SciPy's bytes, whoever computes them, on however many threads."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gigsim.learners.logistic import compiled, products
from gigsim.learners.logistic.design import Design, PlantedDesign, SparseDesign
from gigsim.learners.logistic.products import WIDTH, SparseProduct, dense_product, padded
from tests.learners.logistic.problems import features_of


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(1, 60),
    d=st.integers(1, 60),
    blocks=st.integers(1, 6),
    threads=st.integers(1, 3),
    precise=st.booleans(),
)
def test_the_bytes_are_those_of_scipy(
    seed: int, n: int, d: int, blocks: int, threads: int, precise: bool
) -> None:
    generator = np.random.default_rng(seed)
    matrix = features_of(generator, n, d)
    product = SparseProduct(matrix, threads)
    product = product.precise() if precise else product
    kind = np.float64 if precise else np.float32
    block = generator.normal(size=(d, blocks * WIDTH)).astype(kind)
    other = generator.normal(size=(n, blocks * WIDTH)).astype(kind)
    forward, backward = product.forward(block), product.backward(other)
    assert forward.dtype == backward.dtype == kind
    assert forward.tobytes() == (matrix.astype(kind) @ block).tobytes()
    assert backward.tobytes() == (matrix.astype(kind).T.tocsr() @ other).tobytes()
    # Nor do they depend on what else is in the block.
    own = np.ascontiguousarray(block[:, :WIDTH])
    assert product.forward(own).tobytes() == forward[:, :WIDTH].tobytes()


def test_the_compiled_kernel_is_used_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways in one process: the solver of tests without numba is that of tests with it."""
    pytest.importorskip("numba")
    if compiled.kernel() is None:
        pytest.skip("SciPy's own bytes are different on this processor")
    generator = np.random.default_rng(0)
    product = SparseProduct(features_of(generator, 50, 40))
    block = generator.normal(size=(40, 48)).astype(np.float32)
    fast = product.forward(block)
    monkeypatch.setattr(compiled, "kernel", lambda: None)
    assert product.forward(block).tobytes() == fast.tobytes()


@pytest.mark.parametrize("threads", [1, 2])
def test_stripes_of_words_change_no_byte(threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(1)
    matrix = features_of(generator, 70, 100)
    monkeypatch.setattr(products, "_WORDS", 30)
    monkeypatch.setattr(products, "_STRIPE", 32)
    block = generator.normal(size=(100, 5 * WIDTH)).astype(np.float32)
    product = SparseProduct(matrix, threads)
    assert product.forward(block).tobytes() == (matrix @ block).tobytes()
    residuals = generator.normal(size=(70, 5 * WIDTH)).astype(np.float32)
    assert product.backward(residuals).tobytes() == (matrix.T.tocsr() @ residuals).tobytes()


def test_dense_products_do_not_look_at_other_columns() -> None:
    generator = np.random.default_rng(0)
    matrix = generator.normal(size=(300, 70)).astype(np.float32)
    block = generator.normal(size=(70, 64)).astype(np.float32)
    whole = dense_product(matrix, block)
    assert np.allclose(whole, matrix @ block, atol=1e-4)
    part = dense_product(matrix, np.ascontiguousarray(block[:, 16:32]))
    assert part.tobytes() == np.ascontiguousarray(whole[:, 16:32]).tobytes()
    wide = dense_product(matrix, block, width=64)
    assert np.allclose(wide, whole, atol=1e-4)
    for columns in (slice(16, 32), slice(0, 48)):
        own = np.ascontiguousarray(block[:, columns])
        out = np.empty((300, own.shape[1]), dtype=np.float32)
        assert dense_product(matrix, own, out=out, width=64) is out
        assert out.tobytes() == np.ascontiguousarray(wide[:, columns]).tobytes()


def planted(generator: np.random.Generator, n: int, d: int, columns: int, k: int) -> Any:
    """A design of rows of which each column plants some, and its dense rows by column."""
    features = features_of(generator, n, d)
    shows = generator.random((columns, n)) < 0.3
    owner, row = np.nonzero(shows)
    shrink = generator.random(len(row)).astype(np.float32)
    shown = generator.random((k, len(row))).astype(np.float32)
    design = PlantedDesign(SparseProduct(features), owner, row, shrink, shown, columns)
    dense = np.zeros((columns, n, d + k))
    dense[:, :, :d] = features.toarray()
    dense[owner, row, :d] *= shrink[:, None]
    dense[owner, row, d:] = shown.T
    return design, dense


@pytest.mark.parametrize("k", [1, 3])
def test_planted_rows_are_what_they_would_be_if_written_out(k: int) -> None:
    generator = np.random.default_rng(k)
    design, dense = planted(generator, 30, 20, 5, k)
    which = np.array([True, False, True, True, False])
    cases: list[tuple[Design, Any]] = [
        (design, dense),
        (design.take(np.flatnonzero(which)), dense[which]),
    ]
    for some, rows in [*cases, (design.precise(), dense)]:
        width = padded(some.columns)
        assert (some.rows, some.dimension, some.columns) == (30, 20 + k, len(rows))
        weights = generator.normal(size=(20 + k, width)).astype(some.dtype)
        residuals = generator.random((30, width)).astype(some.dtype)
        scores, sums = some.forward(weights), some.backward(residuals)
        squares = some.tail(residuals)
        assert scores.dtype == sums.dtype == some.dtype
        for column, x in enumerate(rows):
            assert np.allclose(scores[:, column], x @ weights[:, column], atol=1e-5)
            assert np.allclose(sums[:, column], x.T @ residuals[:, column], atol=1e-5)
            own = (x[:, 20:] ** 2).T @ residuals[:, column]
            assert np.allclose(squares[:, column], own, atol=1e-5)


def test_one_matrix_has_no_tail() -> None:
    design = SparseDesign.of(features_of(np.random.default_rng(0), 5, 4), 2)
    assert design.tail(np.zeros((5, 16))).shape == (0, 16)
    assert design.take(np.array([0])).columns == 1
