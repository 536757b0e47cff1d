"""A published encoder in the loop: a local folder, read and trained end to end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from gigsim import GigEconomy
from tests.learners.toys import tiny_bert

Make = Callable[..., GigEconomy]


def test_a_local_folder_is_trained_in_the_loop(make_toy: Make, tmp_path: Path) -> None:
    model = make_toy(
        **{
            "platform.learner.kind": "transformer",
            "platform.learner.encoder": str(tiny_bert(tmp_path / "tiny")),
            "platform.learner.epochs": 1,
            "platform.learner.max_tokens": 32,
            "collective.signal.every": 3,
            "platform.retrain": "warm",
            "platform.repeats": 2,
        }
    )
    model.run(2)
    last = model.retrainings.iloc[-1]
    assert last["period"] == 2
    assert last["alpha_effective"] > 0
    assert 0 <= last["success_any"] <= 1
    # Two repeats, each from a past of its own, do not agree to the last bit.
    one, two = model.laboratory._pasts
    assert one is not None
    assert two is not None
    assert any((one[name] != two[name]).any() for name in one)
