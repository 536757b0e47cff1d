"""Mesa's batch_run on GigEconomy; the script in examples/ and the ones in docs/batch.md, as run."""

from __future__ import annotations

import gc
import os
import re
import subprocess
import sys
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import mesa
import pandas as pd
import pytest

from gigsim.config import Config
from gigsim.errors import InputError
from gigsim.model import GigEconomy

REPOSITORY = Path(__file__).resolve().parent.parent

#: Python 3.11 has Mesa 3.3; later ones 3.5, where what docs/batch.md says of 3.3 is mended.
MESA_3_3 = tuple(map(int, mesa.__version__.split(".")[:2])) < (3, 4)
only_mesa_3_3 = pytest.mark.skipif(not MESA_3_3, reason="a defect of Mesa 3.3")

SMALL = {
    "population.size": 60,
    "collective.first_movers": 8,
    "corpus.test_size": 40,
    "platform.retrain_every": 1,
    "measure.reference": 0,
}
MEASURED = ["period", "alpha", "success", "gain"]

Rows = list[dict[str, Any]]
Batch = Callable[..., Rows]


@pytest.fixture(scope="module")
def batch(toy_config: Config) -> Batch:
    """``batch_run`` of small toy worlds that differ in the given parameters."""

    def run(parameters: dict[str, Any], kind: type = GigEconomy, **options: Any) -> Rows:
        parameters = {"config": [toy_config], **SMALL, **parameters}
        options = {"max_steps": 2, "display_progress": False, **options}
        return mesa.batch_run(kind, parameters, **options)

    return run


def measured(rows: Rows) -> list[tuple[Any, ...]]:
    """What was measured, without what it was asked for."""
    return [tuple(row[name] for name in MEASURED) for row in rows]


FACTORS = {"collective.leak": [0.0, 0.3], "run.seed": [5, 6]}


@pytest.fixture(scope="module")
def rows(batch: Batch) -> Rows:
    """Two leaks and two seeds, every period from 0 to 3."""
    return batch(FACTORS, max_steps=3, data_collection_period=1)


# ------------------------------------------------------------------------------- what rows hold


def test_every_combination_is_a_run_and_every_period_a_row(rows: Rows) -> None:
    table = pd.DataFrame(rows)
    assert table["RunId"].tolist() == [run for run in range(4) for _ in range(4)]
    assert table["period"].tolist() == table["Step"].tolist() == [0, 1, 2, 3] * 4
    pairs = table.groupby("RunId")[["collective.leak", "run.seed"]].first()
    assert pairs.to_numpy().tolist() == [[0.0, 5], [0.0, 6], [0.3, 5], [0.3, 6]]
    assert (table["population.size"] == 60).all()


def test_a_row_is_what_the_model_by_itself_has_to_say(rows: Rows, toy_config: Config) -> None:
    table = pd.DataFrame(rows)
    for (leak, seed), ours in table.groupby(["collective.leak", "run.seed"]):
        model = GigEconomy(toy_config, rng=seed, **SMALL, **{"collective.leak": leak})
        alone = model.run(3)
        assert ours["alpha"].tolist() == alone["alpha"].tolist()
        assert ours["success"].tolist() == alone["success_top1"].tolist()
        assert ours["gain"].tolist() == alone["gain"].tolist()


def test_seeds_differ_and_equal_seeds_do_not(batch: Batch, rows: Rows) -> None:
    one, other = measured(rows[:4]), measured(rows[4:8])
    assert one != other
    assert measured(batch({**FACTORS, "run.seed": 5}, max_steps=3, data_collection_period=1)) == (
        one + measured(rows[8:12])
    )


def test_without_a_rhythm_there_is_the_last_period_alone(batch: Batch, rows: Rows) -> None:
    last = batch(FACTORS, max_steps=3)
    assert [row["period"] for row in last] == [3] * 4
    assert measured(last) == measured(rows[3::4])


def test_processes_change_nothing_but_the_order(batch: Batch, rows: Rows) -> None:
    two = batch(FACTORS, max_steps=3, data_collection_period=1, number_processes=2)
    two.sort(key=lambda row: (row["RunId"], row["Step"]))
    assert two == rows


# ----------------------------------------------------------- what is not as one would have thought


@pytest.mark.filterwarnings("ignore:The `iterations` keyword:DeprecationWarning")
def test_iterations_repeat_the_seed(batch: Batch) -> None:
    again = batch({}, iterations=3)
    assert [row["iteration"] for row in again] == [0, 1, 2]
    assert len(set(measured(again))) == 1


def test_a_parameter_rng_is_a_seed_in_mesa_3_3_alone(batch: Batch) -> None:
    seeds = measured(batch({"run.seed": [5, 6]}))
    if MESA_3_3:
        assert measured(batch({"rng": [5, 6]})) == seeds
    else:
        assert measured(batch({}, rng=[5, 6])) == seeds
        assert len(set(measured(batch({"rng": [5, 6]})))) == 1, "overwritten, without a word"


class Counted(GigEconomy):
    """Counts the periods that are simulated, over all its models."""

    simulated = 0

    def step(self) -> None:
        super().step()
        Counted.simulated += 1


@pytest.mark.parametrize(
    ("keys", "max_steps", "simulated", "rows"),
    [
        ({"run.periods": 24}, 4, 5 if MESA_3_3 else 4, [0, 1, 2, 3, 4]),
        ({"run.periods": 2}, 4, 5 if MESA_3_3 else 4, [0, 1, 2, 3, 4]),
        (
            {"run.until": "settled", "run.limit": 4},
            10,
            4,
            [0, 1, 2, 3] if MESA_3_3 else [0, 1, 2, 3, 4],
        ),
    ],
    ids=["max_steps alone counts", "whatever run.periods is", "a model that stops by itself"],
)
def test_how_many_steps_and_rows(
    batch: Batch, keys: dict[str, Any], max_steps: int, simulated: int, rows: list[int]
) -> None:
    Counted.simulated = 0
    found = batch(keys, Counted, max_steps=max_steps, data_collection_period=1)
    assert Counted.simulated == simulated
    assert [row["period"] for row in found] == rows


def test_what_can_be_iterated_over_goes_into_a_list(batch: Batch) -> None:
    cost = {"kind": "constant", "value": 0.3}
    (row,) = batch({"population.cost": [cost]})
    assert row["population.cost"] == cost
    assert row["alpha"] >= 8 / 60
    with pytest.raises(InputError):
        batch({"population.cost": cost})


@pytest.mark.parametrize("processes", [1, 2])
def test_a_case_that_is_refused_ends_the_batch_and_says_why(batch: Batch, processes: int) -> None:
    with pytest.raises(InputError) as caught:
        batch({"collective.leak": [0.0, 7.0]}, number_processes=processes)
    assert caught.value.where == "config: collective.leak"
    assert "7" in caught.value.problem


class Marker(mesa.Agent):
    """An agent that counts its steps."""

    def __init__(self, model: mesa.Model) -> None:
        super().__init__(model)
        self.steps = 0


class Plain(mesa.Model):
    """A model of Mesa's own kind, which writes down only what is after a step."""

    def __init__(self, agents: int = 1) -> None:
        super().__init__(rng=0)
        Marker.create_agents(self, agents)
        self.taken = 0
        self.datacollector = mesa.DataCollector(
            model_reporters={"taken": "taken"},
            agent_reporters={"agent_taken": "steps"},
            agenttype_reporters={Marker: {"by_type": "steps"}},
        )

    def step(self) -> None:
        self.taken += 1
        for agent in self.agents:
            agent.steps += 1
        self.datacollector.collect(self)


@pytest.fixture
def forget_plain_models() -> Iterator[None]:
    yield
    counters = getattr(mesa.Agent, "_ids", {})
    for model in [model for model in counters if isinstance(model, Plain)]:
        del counters[model]


@only_mesa_3_3
@pytest.mark.usefixtures("forget_plain_models")
def test_mesa_3_3_shifts_rows_and_drops_reporters_by_type() -> None:
    found = mesa.batch_run(
        Plain, {"agents": 1}, max_steps=2, data_collection_period=1, display_progress=False
    )
    assert [row["Step"] for row in found] == [0, 1, 2]
    assert [row["taken"] for row in found] == [1, 2, 3], "the model, one step later"
    assert [row.get("agent_taken") for row in found] == [None, 1, 2], "its agents, in time"
    assert not any("by_type" in row for row in found)


# ---------------------------------------------------------------------------------------- memory


def born(kind: type[mesa.Model]) -> tuple[type[mesa.Model], list[weakref.ref[mesa.Model]]]:
    """A kind of model, and the models that will be made of it, not kept alive by the list."""
    models: list[weakref.ref[mesa.Model]] = []

    class Watched(kind):  # type: ignore[misc, valid-type]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            models.append(weakref.ref(self))
            super().__init__(*args, **kwargs)

    return Watched, models


def test_batch_run_keeps_no_model_alive(batch: Batch) -> None:
    kind, models = born(GigEconomy)
    batch({"run.seed": [1, 2, 3]}, kind)
    gc.collect()
    assert [model() for model in models] == [None] * 3


@only_mesa_3_3
@pytest.mark.usefixtures("forget_plain_models")
def test_mesa_3_3_keeps_every_model_alive() -> None:
    kind, models = born(Plain)
    mesa.batch_run(kind, {"agents": [1, 2, 3]}, max_steps=1, display_progress=False)
    gc.collect()
    assert all(model() is not None for model in models)
    assert len(models) == 3


# --------------------------------------------------------------------------------------- scripts


def run_script(path: Path) -> str:
    """What a script prints, run by itself from another folder than the repository's."""
    done = subprocess.run(
        [sys.executable, str(path)],
        cwd=path.parent,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


_BLOCK = re.compile(r"```python\n(.*?)```\n+```text\n(.*?)```", re.DOTALL)
SCRIPTS = _BLOCK.findall((REPOSITORY / "docs" / "batch.md").read_text(encoding="utf-8"))


def test_every_script_of_the_docs_is_run() -> None:
    text = (REPOSITORY / "docs" / "batch.md").read_text(encoding="utf-8")
    assert len(SCRIPTS) == text.count("```python") == 3


@pytest.mark.slow
@pytest.mark.parametrize(("source", "printed"), SCRIPTS, ids=["study", "batch_run", "loop"])
def test_the_scripts_of_the_docs_print_what_they_say(
    source: str, printed: str, tmp_path: Path
) -> None:
    path = tmp_path / "script.py"
    path.write_text(source, encoding="utf-8")
    assert run_script(path) == printed


@pytest.mark.slow
def test_the_example_runs(tmp_path: Path) -> None:
    path = tmp_path / "batch_run.py"
    path.write_text((REPOSITORY / "examples" / "batch_run.py").read_text(encoding="utf-8"))
    first, _, _, *table = run_script(path).splitlines()
    assert first == "78 rows: 6 runs of 12 periods and period 0"
    found = pd.DataFrame([line.split() for line in table[1:]], dtype=float)
    assert found[0].tolist() == [1, 2, 3]
    alpha, success = found[[1, 2]], found[[3, 4]]
    assert (alpha[1] > alpha[2]).all(), "a leak keeps the collective small, in every seed"
    assert (success[3] > success[4]).all()
