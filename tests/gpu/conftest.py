"""The device of these tests, and a small world whose platform is trained there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from gigsim.config import Config, build

#: A transformer so small that a period of it takes a second.
TINY = {
    "platform.learner.kind": "transformer",
    "platform.learner.width": 16,
    "platform.learner.feedforward": 16,
    "platform.learner.layers": 2,
    "platform.learner.epochs": 1,
    "platform.learner.max_tokens": 32,
    "collective.signal.every": 3,
    "population.size": 120,
    "collective.first_movers": 20,
    "corpus.test_size": 40,
    "run.periods": 4,
}


@pytest.fixture
def device() -> str:
    """CUDA, or the test is skipped."""
    if not torch.cuda.is_available():
        pytest.skip("needs CUDA")
    return "cuda"


@pytest.fixture
def tiny(toy_config: Config, device: str) -> Callable[..., Config]:
    """A toy config with a tiny transformer on the device; keyword arguments are dotted keys."""

    def config(**overrides: Any) -> Config:
        keys = {key.replace("__", "."): value for key, value in overrides.items()}
        return build(
            toy_config.model_dump(mode="json"), TINY | {"run.device": device} | keys, "test"
        )

    return config
