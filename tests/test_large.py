"""A million freelancers: the example of docs/performance.md as the page runs it, and its memory."""

from __future__ import annotations

import re
import shlex
import time
from pathlib import Path

import numpy as np
import pytest

from gigsim import enrolment
from gigsim.config import load
from gigsim.model import GigEconomy

REPOSITORY = Path(__file__).resolve().parent.parent
EXAMPLE = REPOSITORY / "examples" / "million.toml"
SMALL = ["population.size=2000", "collective.first_movers=40", "run.periods=4"]


def commands() -> list[list[str]]:
    """The runs of the example that the page has in its code blocks, as words."""
    page = (REPOSITORY / "docs" / "performance.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```bash\n(.*?)^```", page, flags=re.MULTILINE | re.DOTALL)
    lines = [shlex.split(line, comments=True) for block in blocks for line in block.splitlines()]
    return [words for words in lines if words[:2] == ["gigsim", "run"]]


def test_the_page_has_the_example() -> None:
    assert [words[2] for words in commands()] == ["examples/million.toml"] * 2


@pytest.mark.parametrize("number", [0, 1])
def test_what_the_page_says_runs_and_is_a_million_unless_told_otherwise(number: int) -> None:
    words = commands()[number]
    assert set(words[3::2]) <= {"--set"}
    settings = words[4::2]
    whole = load(REPOSITORY / words[2], settings)
    assert whole.population.size == (1_000_000 if number == 0 else 100_000)
    assert whole.run.periods == 100
    periods = GigEconomy(load(REPOSITORY / words[2], [*settings, *SMALL])).run()
    assert len(periods) == 5
    assert periods["members"].iloc[-1] >= 40


def test_a_freelancer_takes_at_most_250_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """All arrays of a model whose people know ten others, without agent views."""
    monkeypatch.setattr(enrolment, "VIEWS_UP_TO", 0)
    model = GigEconomy(load(EXAMPLE, SMALL))
    model.run(2)
    owners = (model, model.population, model.stage, model.stage.network, model.laboratory)
    columns = [value for owner in owners for value in vars(owner).values()]
    columns += list(model.population.luck.values())
    arrays = [column for column in columns if isinstance(column, np.ndarray)]
    # Some are one and the same, or parts of one.
    whole = {id(a if a.base is None else a.base): a if a.base is None else a.base for a in arrays}
    per_person = sum(array.nbytes for array in whole.values()) / len(model.population)
    assert 100 < per_person <= 250


@pytest.mark.slow
def test_a_million_people_take_seconds() -> None:
    """Twenty periods, and all that comes before them; a fifth of a second each is a lot."""
    started = time.process_time()
    model = GigEconomy(load(EXAMPLE))
    made = time.process_time() - started
    periods = model.run(20)
    assert made < 10
    assert time.process_time() - started - made < 4
    # A Normal(0.3, 0.15) puts 2.3 % of thresholds at or below nobody: they join whoever is in.
    assert 0.02 < periods["alpha"].iloc[-1] < 0.2
    assert periods["alpha"].is_monotonic_increasing
