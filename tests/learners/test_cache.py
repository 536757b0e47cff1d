"""Trainings are done once, whoever asks, and never change for it."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gigsim.errors import InputError
from gigsim.learners.cache import TrainingCache, TrainingCacheWarning
from gigsim.learners.linear import LinearLearner
from gigsim.learners.pool import FitJob, FitPool, FitResult, train
from gigsim.learners.protocol import Learner
from gigsim.learners.recipes import LinearRecipe, TableRecipe, TransformerRecipe
from gigsim.learners.table import TableLearner
from gigsim.model import GigEconomy
from gigsim.runs import tables_of, write_table
from gigsim.summary import summarise_run
from tests.conftest import REPOSITORY
from tests.learners import asking
from tests.permissions import bound_by_permissions

Make = Callable[..., GigEconomy]

LINEAR = LinearLearner(LinearRecipe(), 3)


def job_of(learner: Learner = LINEAR, **others: Any) -> FitJob:
    """A training of milliseconds."""
    return asking.job_of(learner, **others)


@pytest.fixture
def cache(tmp_path: Path) -> TrainingCache:
    """An empty one, for a hundred megabytes."""
    return TrainingCache(tmp_path / "cache", 10**8)


@pytest.fixture(autouse=True)
def _said_aloud() -> Iterator[None]:
    """What the cache says is an error where a test does not expect it."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", TrainingCacheWarning)
        yield


def same(one: FitResult, other: FitResult) -> bool:
    """To the bit, clock and cache apart."""
    pairs = list(zip(one.probabilities, other.probabilities, strict=True))
    pairs += [(one.state[name], other.state[name]) for name in one.state]
    return (
        list(one.state) == list(other.state)
        and np.float64(one.loss).tobytes() == np.float64(other.loss).tobytes()
        and all((a.dtype, a.shape) == (b.dtype, b.shape) for a, b in pairs)
        and all(a.tobytes() == b.tobytes() for a, b in pairs)
    )


def entries(cache: TrainingCache) -> list[Path]:
    return sorted(cache.folder.glob("*.safetensors"))


def busy(cache: TrainingCache) -> list[str]:
    return sorted(path.name for path in (cache.folder / "busy").iterdir())


def never(_: FitJob) -> FitResult:
    raise AssertionError("trained")


def test_the_second_time_it_is_fetched(cache: TrainingCache) -> None:
    job = job_of()
    first = cache.fetch_or_train(job, train)
    assert not first.cached
    second = cache.fetch_or_train(job_of(), never)
    assert second.cached
    assert 0 < second.seconds < 10
    assert same(first, second)
    assert same(first, train(job))
    assert busy(cache) == []


def test_a_seed_trains_again_only_where_something_is_drawn(cache: TrainingCache) -> None:
    from gigsim.learners.transformer import TransformerLearner

    recipe = TransformerRecipe(width=16, feedforward=32, max_tokens=32, epochs=1, dropout=0.1)
    transformer = TransformerLearner(recipe, 3)
    cache.fetch_or_train(job_of(seed=1), train)
    assert cache.fetch_or_train(job_of(seed=2), never).cached
    results = [cache.fetch_or_train(job_of(transformer, seed=seed), train) for seed in (1, 2, 1)]
    assert [result.cached for result in results] == [False, False, True]
    assert same(results[0], results[2])
    assert not same(results[0], results[1])
    # What a warm platform goes on from is the state that was fetched.
    warm = [train(job_of(transformer, start=results[at].state)) for at in (0, 2)]
    assert same(*warm)


def test_a_quick_learner_is_trained(cache: TrainingCache) -> None:
    job = job_of(TableLearner(TableRecipe(), 3))
    for _ in range(2):
        assert same(cache.fetch_or_train(job, train), train(job))
    assert not cache.folder.exists()


def test_probabilities_in_double_precision_and_no_loss(cache: TrainingCache) -> None:
    made = FitResult(
        {"w": np.array([np.nan, -0.0, np.inf])}, float("nan"), (np.array([[1 / 3]]),), 5.0
    )
    assert cache.fetch_or_train(job_of(), lambda _: made) is made
    fetched = cache.fetch_or_train(job_of(), never)
    assert same(fetched, made)
    assert fetched.seconds < 5


def test_it_goes_to_other_processes(cache: TrainingCache) -> None:
    assert pickle.loads(pickle.dumps(cache)) == cache
    assert TrainingCache(Path("relative"), 1).folder == Path.cwd() / "relative"
    with pytest.raises(ValueError, match="0 or more, got -1"):
        TrainingCache(cache.folder, -1)


def test_nothing_is_kept_of_what_failed(cache: TrainingCache) -> None:
    learner = LinearLearner(LinearRecipe(tolerance=1e-300, max_iterations=10), 3)
    for _ in range(2):
        with pytest.raises(InputError, match="has not converged on label 0"):
            cache.fetch_or_train(job_of(learner), train)
    assert entries(cache) == []
    assert busy(cache) == []

    def interrupted(_: FitJob) -> FitResult:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cache.fetch_or_train(job_of(), interrupted)
    assert busy(cache) == []


def test_a_cache_that_is_too_small_keeps_nothing(tmp_path: Path) -> None:
    small = TrainingCache(tmp_path, 100)
    for _ in range(2):
        assert not small.fetch_or_train(job_of(), train).cached
    assert entries(small) == []


def test_the_limit_holds_whatever_is_trained(tmp_path: Path) -> None:
    probe = TrainingCache(tmp_path / "probe", 10**6)
    probe.fetch_or_train(job_of(), train)
    size = entries(probe)[0].stat().st_size
    cache = TrainingCache(tmp_path / "cache", 3 * size + 10)
    for c in (1.0, 2.0, 3.0, 4.0, 5.0):
        cache.fetch_or_train(job_of(LinearLearner(LinearRecipe(c=c), 3)), train)
        assert sum(path.stat().st_size for path in entries(cache)) <= cache.limit
    assert cache.fetch_or_train(job_of(LinearLearner(LinearRecipe(c=5.0), 3)), never).cached


# ------------------------------------------------------------- what is not believed


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (lambda whole: whole[:-1], "not a training, or a damaged one"),
        (lambda whole: whole[:-9] + b"\x17" + whole[-8:], "its content has changed"),
        (lambda whole: b"", "not a training, or a damaged one"),
    ],
    ids=["cut", "changed", "emptied"],
)
def test_a_damaged_file_is_said_and_replaced(
    cache: TrainingCache, damage: Callable[[bytes], bytes], why: str
) -> None:
    first = cache.fetch_or_train(job_of(), train)
    (entry,) = entries(cache)
    entry.write_bytes(damage(entry.read_bytes()))
    with pytest.warns(TrainingCacheWarning, match=f"{entry.name}: {why}; trained again") as said:
        again = cache.fetch_or_train(job_of(), train)
    assert len(said) == 1
    assert not again.cached
    assert same(first, again)
    assert same(first, cache.fetch_or_train(job_of(), never))


def test_a_file_under_another_key_is_not_believed(cache: TrainingCache) -> None:
    cache.fetch_or_train(job_of(), train)
    (entry,) = entries(cache)
    other = job_of(LinearLearner(LinearRecipe(c=1.0), 3))
    right = cache.fetch_or_train(other, train)
    (second,) = (path for path in entries(cache) if path != entry)
    second.write_bytes(entry.read_bytes())
    with pytest.warns(TrainingCacheWarning, match="another training; trained again"):
        assert same(cache.fetch_or_train(other, train), right)


def test_what_cannot_be_read_or_replaced_is_said(cache: TrainingCache) -> None:
    cache.fetch_or_train(job_of(), train)
    (entry,) = entries(cache)
    entry.unlink()
    entry.mkdir()
    with pytest.warns(TrainingCacheWarning) as said:
        assert not cache.fetch_or_train(job_of(), train).cached
    texts = [str(warning.message) for warning in said]
    assert len(texts) == 3
    assert "cannot be read (Is a directory); trained again" in texts[0]
    assert "cannot be removed" in texts[1]
    assert "trainings are not kept" in texts[2]


def test_without_a_lock_it_is_trained_and_said(cache: TrainingCache) -> None:
    cache.folder.mkdir()
    (cache.folder / "busy").write_text("not a folder")
    with pytest.warns(TrainingCacheWarning, match=r"trained without the cache .* exists\)"):
        assert not cache.fetch_or_train(job_of(), train).cached


class Elsewhere(LinearLearner):
    """A learner whose code is not the package's."""


def test_a_learner_from_elsewhere_is_trained_and_said(cache: TrainingCache) -> None:
    job = job_of(Elsewhere(LinearRecipe(), 3))
    with pytest.warns(TrainingCacheWarning, match="Elsewhere has code outside"):
        assert same(cache.fetch_or_train(job, train), train(job_of()))
    assert not cache.folder.exists()


# ----------------------------------------------------------------- folders and disks


def test_a_folder_that_cannot_be_is_refused_before_the_run(make_toy: Make, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    told: list[str] = []
    with pytest.raises(InputError) as refused:
        make_toy(cache=TrainingCache(tmp_path / "file" / "cache", 10), observer=told.append)
    assert str(refused.value) == (
        f"{tmp_path / 'file' / 'cache'}: cannot be used as a cache of trainings (Not a directory);"
        " a writable folder on a file system with locks is needed, or no cache"
    )
    assert told == []


CHECK = """
import sys
from pathlib import Path
from gigsim.errors import InputError
from gigsim.learners.cache import TrainingCache
try:
    TrainingCache(Path(sys.argv[1]), 10).check()
except InputError as error:
    print(error)
"""


@pytest.mark.parametrize("inside", ["", "busy", "missing"])
def test_a_folder_that_cannot_be_written_to_is_refused(tmp_path: Path, inside: str) -> None:
    folder = tmp_path / "cache"
    (folder / "busy").mkdir(parents=True)
    path = folder / "missing" if inside == "missing" else folder
    closed = folder if inside == "missing" else folder / inside
    closed.chmod(0o555)
    try:
        said = run_as_nobody_special([sys.executable, "-c", CHECK, str(path)])
    finally:
        closed.chmod(0o755)
    assert said.startswith(f"{path}: cannot be used as a cache of trainings (Permission denied)")


def run_as_nobody_special(command: list[str]) -> str:
    """What it prints; also for root, permissions hold."""
    command = bound_by_permissions(*command)
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=REPOSITORY)
    return done.stdout


FULL_DISK = """
import resource, sys
from pathlib import Path
from gigsim.learners.cache import TrainingCache
from gigsim.learners.pool import train
from tests.learners.asking import shared_job
cache = TrainingCache(Path(sys.argv[1]), 10**6)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
cache.check()
print([cache.fetch_or_train(shared_job(), train).cached for _ in range(3)])
"""


@pytest.mark.parametrize("room", [0, 500])
def test_on_a_full_disk_trainings_go_on_and_it_is_said_once(tmp_path: Path, room: int) -> None:
    command = [sys.executable, "-c", FULL_DISK, str(tmp_path), str(room)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=REPOSITORY)
    assert done.stdout.strip() == "[False, False, False]"
    assert done.stderr.count(f"TrainingCacheWarning: {tmp_path}: trainings are not kept") == 1
    assert not list(tmp_path.glob("*.safetensors"))
    assert not list((tmp_path / "busy").iterdir())
    # With room again it goes on where it was.
    cache = TrainingCache(tmp_path, 10**6)
    cache.fetch_or_train(job_of(), train)
    assert cache.fetch_or_train(job_of(), never).cached


def test_a_full_disk_is_not_refused(cache: TrainingCache, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "mkdir", full)
    cache.check()
    with pytest.warns(TrainingCacheWarning, match="No space left on device"):
        assert not cache.fetch_or_train(job_of(), train).cached


# ------------------------------------------------------------------- several processes


class Asking:
    """A process that wants a training."""

    def __init__(self, tmp_path: Path, number: int = 0, go: str = "go") -> None:
        self.log, self.go = tmp_path / "log", tmp_path / go
        arguments = [str(tmp_path / "cache"), str(self.log), str(self.go), str(number)]
        command = [sys.executable, "-m", "tests.learners.asking", *arguments]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY, env=one_thread()
        )

    def asks(self) -> None:
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "asks\n"

    def trains(self) -> None:
        """Wait until it does."""
        until(lambda: self.log.exists() and str(self.process.pid) in self.log.read_text())

    def answer(self) -> tuple[bool, float, str]:
        said, _ = self.process.communicate(timeout=120)
        cached, loss, counts = json.loads(said.splitlines()[-1])
        return cached, loss, counts


def one_thread() -> dict[str, str]:
    return dict(os.environ) | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture
def ask(tmp_path: Path) -> Iterator[Callable[..., Asking]]:
    """Starts processes, and leaves none behind."""
    asking: list[Asking] = []

    def start(**how: Any) -> Asking:
        asking.append(Asking(tmp_path, **how))
        return asking[-1]

    yield start
    for one in asking:
        one.process.kill()
        one.process.communicate()


def test_four_processes_train_once(ask: Callable[..., Asking], tmp_path: Path) -> None:
    four = [ask() for _ in range(4)]
    for one in four:
        one.asks()
    until(lambda: (tmp_path / "log").exists())
    # All others are there by now, or soon; whoever comes late finds it trained.
    time.sleep(0.3)
    (tmp_path / "go").touch()
    answers = [one.answer() for one in four]
    assert sorted(cached for cached, _, _ in answers) == [False, True, True, True]
    assert len({(loss, counts) for _, loss, counts in answers}) == 1
    assert len((tmp_path / "log").read_text().split()) == 1
    assert not list((tmp_path / "cache" / "busy").iterdir())


def test_when_the_one_that_trains_is_killed_another_trains(
    ask: Callable[..., Asking], tmp_path: Path
) -> None:
    first = ask()
    first.trains()
    others = [ask(), ask()]
    for other in others:
        other.asks()
    time.sleep(0.3)
    assert len((tmp_path / "log").read_text().split()) == 1, "the others wait"
    first.process.kill()
    until(lambda: len((tmp_path / "log").read_text().split()) == 2)
    (tmp_path / "go").touch()
    answers = [other.answer() for other in others]
    assert sorted(cached for cached, _, _ in answers) == [False, True]
    assert len((tmp_path / "log").read_text().split()) == 2
    assert not list((tmp_path / "cache" / "busy").iterdir())


def test_two_keys_do_not_wait_for_each_other(ask: Callable[..., Asking], tmp_path: Path) -> None:
    slow = ask(go="later")
    slow.trains()
    (tmp_path / "go").touch()
    assert not ask(number=1).answer()[0]
    assert slow.process.poll() is None
    (tmp_path / "later").touch()
    assert not slow.answer()[0]


def test_a_pool_asked_twice_for_the_same_trains_once(cache: TrainingCache) -> None:
    jobs = [job_of(seed=seed) for seed in range(4)]
    with FitPool(2, cache) as pool:
        results = [pending.result() for pending in [pool.submit(job) for job in jobs]]
    assert sorted(result.cached for result in results) == [False, True, True, True]
    with FitPool(0, cache) as here, FitPool(0) as without:
        fetched, trained = here.submit(jobs[0]).result(), without.submit(jobs[0]).result()
    assert fetched.cached
    assert not trained.cached
    assert all(same(result, trained) for result in (*results, fetched))


# ------------------------------------------------------------------------------ runs

TINY = {
    "platform.learner.kind": "transformer",
    "platform.learner.width": 16,
    "platform.learner.feedforward": 32,
    "platform.learner.layers": 1,
    "platform.learner.epochs": 1,
    "run.periods": 4,
}


def written(model: GigEconomy, folder: Path) -> dict[str, bytes]:
    """The bytes of a run's tables and its summary, the clock's apart."""
    folder.mkdir()
    found = {"summary": repr(summarise_run(model)).encode()}
    for name, table in tables_of(model).items():
        write_table(table, folder / name)
        found[name] = (folder / name).read_bytes()
    return found


@pytest.mark.parametrize(
    ("keys", "trainings"),
    [
        # Period 0, three retrainings of six periods, a reference beside each.
        ({}, 7),
        ({"platform.retrain": "warm"}, 7),
        # Three for U(0), two retrainings with their references.
        (TINY | {"measure.baseline_repeats": 3}, 7),
    ],
    ids=["linear", "warm", "transformer"],
)
def test_a_run_is_the_same_without_with_and_from_the_cache(
    make_toy: Make, cache: TrainingCache, tmp_path: Path, keys: dict[str, Any], trainings: int
) -> None:
    told: list[str] = []
    runs = {
        "without": make_toy(**keys),
        "cold": make_toy(**keys, cache=cache),
        "warm": make_toy(**keys, cache=cache, observer=told.append),
    }
    # The warm one does its period 0 above, the rest when the cold one has run.
    for model in runs.values():
        model.run()
    counts = {
        name: (model.ledger.trainings, model.ledger.trainings_cached)
        for name, model in runs.items()
    }
    assert counts == {"without": (trainings, 0), "cold": (trainings, 0), "warm": (0, trainings)}
    bytes_ = [written(model, tmp_path / name) for name, model in runs.items()]
    assert bytes_[0] == bytes_[1] == bytes_[2]
    timings = runs["warm"].ledger.timings()
    assert set(timings["what"]) == {"retraining", "training from cache"}
    assert (timings["seconds"] > 0).all()
    said = [what for what in told if "had been trained before" in what]
    assert said[-1] == f"period {runs['warm'].period}: 2 of 2 had been trained before"


def test_runs_that_differ_in_costs_share_what_they_have_in_common(
    make_toy: Make, cache: TrainingCache, tmp_path: Path
) -> None:
    dear = {"population.cost": {"kind": "uniform", "low": 50.0, "high": 60.0}}
    first = make_toy(**dear, cache=cache)
    first.run()
    # Nobody ever joins there: what the platform is shown stays, and so does what it learns.
    assert what_was_trained(first) == {0: {T}, 2: {T}, 4: {C}, 6: {C}}
    model, alone = make_toy(cache=cache), make_toy()
    model.run()
    alone.run()
    # Nobody has decided anything before the first retraining, and by the second costs matter.
    assert what_was_trained(model) == {0: {C}, 2: {C}, 4: {T}, 6: {T}}
    assert what_was_trained(alone) == {0: {T}, 2: {T}, 4: {T}, 6: {T}}
    assert written(model, tmp_path / "model") == written(alone, tmp_path / "alone")


T, C = "training", "training from cache"


def what_was_trained(model: GigEconomy) -> dict[int, set[str]]:
    """By period."""
    timings = model.ledger.timings()
    timings = timings[timings["what"] != "retraining"]
    return timings.groupby("period")["what"].agg(set).to_dict()


def test_every_baseline_of_period_zero_is_shared(make_toy: Make, cache: TrainingCache) -> None:
    keys = TINY | {"measure.baseline_repeats": 3}
    first = make_toy(**keys, cache=cache)
    other = make_toy(**keys, **{"population.cost.low": 1.0}, cache=cache)
    another_seed = make_toy(**keys, **{"run.seed": 5}, cache=cache)
    counts = [(m.ledger.trainings, m.ledger.trainings_cached) for m in (first, other, another_seed)]
    assert counts == [(3, 0), (0, 3), (3, 0)]


def test_what_trains_nothing_never_touches_it(make_toy: Make, cache: TrainingCache) -> None:
    model = make_toy(**{"platform.learner": {"kind": "bayes"}}, cache=cache)
    model.run(2)
    assert model.cache is None
    assert (model.ledger.trainings, model.ledger.trainings_cached) == (0, 0)
    assert not cache.folder.exists()
