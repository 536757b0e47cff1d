import pytest

from gigsim.validation.uncovered import UNCOVERED, Uncovered


@pytest.mark.parametrize("case", UNCOVERED, ids=range(len(UNCOVERED)))
def test_the_counter_example_is_one(case: Uncovered) -> None:
    broken = case.show()
    assert broken.shown
    assert 0 <= broken.happens < broken.promised - 0.05, "not by rounding"
    assert broken.promised <= 1
