"""Responses: the simulated rules as probabilities over people's thresholds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigsim.society.joining import complex_contagion, threshold_rule
from gigsim.theory.contagion.responses import count_response, share_response
from gigsim.theory.contagion.threshold_laws import fixed_threshold, sample_thresholds


@given(st.integers(0, 12), st.integers(0, 12), st.floats(-0.1, 1.1), st.integers(1, 9))
def test_they_are_the_simulated_rules(degree: int, some: int, theta: float, required: int) -> None:
    members, degrees = np.array([min(some, degree)]), np.array([degree])
    joins = threshold_rule(members / np.maximum(1, degrees), np.array([theta]))
    assert share_response(fixed_threshold(theta))(members, degrees).tolist() == joins.tolist()
    joins = complex_contagion(members, required)
    assert count_response(required)(members, degrees).tolist() == joins.tolist()


@given(st.lists(st.floats(0, 1), min_size=1), st.integers(1, 12), st.integers(0, 12))
def test_a_response_is_the_mean_over_people(theta: list[float], degree: int, some: int) -> None:
    members = np.full(len(theta), min(some, degree))
    mean = threshold_rule(members / degree, np.array(theta)).mean()
    response = share_response(sample_thresholds(theta))
    assert response(members, np.full(len(theta), degree))[0] == mean


def test_nobody_is_no_source() -> None:
    with pytest.raises(ValueError, match="required"):
        count_response(0)
