"""Numbers that the theorems refuse."""

import numpy as np
import pytest

from gigsim.theory.checks import non_negative, positive


@pytest.mark.parametrize("value", [-1e-12, np.inf, np.nan, [0.0, -1.0]])
def test_non_negative_refuses(value: float) -> None:
    with pytest.raises(ValueError, match="eta must be 0 or more"):
        non_negative("eta", value)


def test_positive_refuses_zero_as_well() -> None:
    with pytest.raises(ValueError, match="eta must be more than 0"):
        positive("eta", [1.0, 0.0])
    assert positive("eta", 2).dtype == np.float64
