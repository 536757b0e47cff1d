"""The guard against tests and code that leave global state changed, and what many tests share."""

from __future__ import annotations

import fcntl
import hashlib
import os
import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rich.style  # noqa: F401 - draws from Python's random on import, once: before we look
from hypothesis import settings

from gigsim.config import Config, build
from gigsim.model import GigEconomy
from gigsim.resumes.corpus import Corpus, load_corpus
from tests.own_modules import write_module as write_module  # a fixture
from tests.toys import toy_language

REPOSITORY = Path(__file__).resolve().parent.parent

#: Set by pytest between the phases of a test, by scikit-learn's import and by torch's compiler's.
_NOT_OURS = {
    "PYTEST_CURRENT_TEST",
    "KMP_DUPLICATE_LIB_OK",
    "KMP_INIT_AT_FORK",
    "TORCHINDUCTOR_CACHE_DIR",
}

# Embeddings are kept in the working directory else, which is the repository.
os.environ.setdefault("GIGSIM_EMBEDDINGS", "off")

# Clocks say little where tests run side by side; the rest is as hypothesis has it, also in CI.
_profile = settings.get_profile(settings.get_current_profile_name())
settings.register_profile("gigsim", _profile, deadline=None)
settings.load_profile("gigsim")


def global_state() -> dict[str, Any]:
    """What nothing may leave changed, by name; libraries that are not imported are left alone."""
    state: dict[str, Any] = {
        "the state of Python's random": random.getstate(),
        "NumPy's global random state": _plain(np.random.get_state(legacy=False)),  # noqa: NPY002
        "os.environ": {k: v for k, v in os.environ.items() if k not in _NOT_OURS},
        "the working directory": str(Path.cwd()),
    }
    if torch := sys.modules.get("torch"):
        state |= {
            "torch's global random state": torch.get_rng_state().numpy().tobytes(),
            "torch's number of threads": torch.get_num_threads(),
            "torch's matmul precision": torch.get_float32_matmul_precision(),
            "torch's deterministic flag": torch.are_deterministic_algorithms_enabled(),
            "torch's default dtype": str(torch.get_default_dtype()),
        }
    if matplotlib := sys.modules.get("matplotlib"):
        # The backend is found out on first use.
        own = dict.items(matplotlib.rcParams)
        state["matplotlib's rcParams"] = {k: repr(v) for k, v in own if k != "backend"}
    return state


def changes(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """What differs, by name; what only a library's import brought along does not."""
    found = []
    for name, was in before.items():
        now = after[name]
        if isinstance(was, dict):
            keys = [str(k) for k in sorted(was | now) if was.get(k) != now.get(k)]
            found += [f"{name} ({', '.join(keys)})"] if keys else []
        elif was != now:
            found.append(name)
    return found


def _plain(state: dict[str, Any]) -> dict[str, Any]:
    inner = {key: np.asarray(value).tolist() for key, value in state["state"].items()}
    return state | {"state": inner}


class _Pristine:
    """The state before the first test, completed when a library is imported."""

    known: dict[str, Any]

    def __init__(self) -> None:
        self.known = global_state()

    def take_in(self, after: dict[str, Any]) -> None:
        """Learn of libraries that were imported since, as fresh as their import leaves them."""
        fresh = {name: value for name, value in after.items() if name not in self.known}
        if torch := fresh and sys.modules.get("torch"):
            # Torch seeds itself at random; nobody drew if it still stands where that seed is.
            unused = torch.Generator().manual_seed(torch.initial_seed())
            fresh |= {
                "torch's global random state": unused.get_state().numpy().tobytes(),
                "torch's matmul precision": "highest",
                "torch's deterministic flag": False,
                "torch's default dtype": "torch.float32",
            }
        if matplotlib := fresh and sys.modules.get("matplotlib"):
            own = dict.items(matplotlib.rcParamsOrig)
            fresh["matplotlib's rcParams"] = {k: repr(v) for k, v in own if k != "backend"}
        self.known = fresh | self.known


_pristine = _Pristine()


@pytest.fixture(autouse=True)
def _no_pollution() -> Iterator[None]:
    """Fail a test that leaves global state changed, itself or in fixtures that it is first to use.

    It is compared with the state before the first test, not with that at this test's start, so that
    session-wide fixtures are watched too. The state found becomes the new standard: only the
    culprit fails.
    """
    yield
    after = global_state()
    _pristine.take_in(after)
    changed = changes(_pristine.known, after)
    if changed:
        _pristine.known = after
        pytest.fail(f"left changed: {', '.join(changed)}", pytrace=False)


@pytest.fixture(scope="session")
def real_corpus_zip() -> Path:
    """The published archive of real resumes."""
    path = os.environ.get("GIGSIM_CORPUS")
    if not path:
        pytest.skip("the real corpus is not at hand: set GIGSIM_CORPUS to resumes_corpus.zip")
    return Path(path)


@pytest.fixture(scope="session")
def real_corpus_path(real_corpus_zip: Path) -> Path:
    """The real corpus, imported once for all workers and later runs of the tests, as a file."""
    from gigsim.resumes.archive import import_archive

    published = real_corpus_zip.stat()
    key = hashlib.blake2b(f"{published.st_size}/{published.st_mtime_ns}".encode(), digest_size=8)
    for source in sorted((REPOSITORY / "gigsim" / "resumes").glob("*.py")):
        key.update(source.read_bytes())
    cache = REPOSITORY / ".cache"
    cache.mkdir(exist_ok=True)
    path = cache / f"corpus-{key.hexdigest()}.npz"
    with (cache / "corpus.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            for outdated in cache.glob("corpus-*.npz"):
                outdated.unlink()
            import_archive(real_corpus_zip)[0].save(path)
    return path


@pytest.fixture(scope="session")
def real_corpus(real_corpus_path: Path) -> Corpus:
    """The real corpus as arrays."""
    return load_corpus(real_corpus_path)


@pytest.fixture(scope="session")
def toy_language_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of the language of :func:`tests.toys.toy_language`."""
    path = tmp_path_factory.mktemp("language") / "toy.npz"
    toy_language().save(path)
    return path


@pytest.fixture(scope="session")
def toy_config(toy_language_path: Path) -> Config:
    """A world that runs in a second: 300 freelancers, a linear learner, six periods."""
    return build(
        {
            "name": "toy",
            "population": {"size": 300, "cost": {"kind": "uniform", "low": 0.25, "high": 2.25}},
            "network": {"kind": "small_world", "degree": 10, "rewire": 0.1},
            "society": {"rule": "best_response", "belief": "published", "activation": 0.5},
            "collective": {"first_movers": 24, "leak": 0.01, "retention": 0.0},
            "platform": {"learner": {"kind": "linear"}, "retrain_every": 2},
            "corpus": {"language": str(toy_language_path), "test_size": 200, "xi": 0.01},
            "measure": {"reference": 1, "bootstrap": 100, "selection_draws": 99},
            "run": {"periods": 6},
        }
    )


@pytest.fixture(scope="session")
def toy_run(toy_config: Config) -> GigEconomy:
    """The toy world after its six periods. Many tests share it: look, do not touch."""
    model = GigEconomy(toy_config)
    model.run()
    return model


@pytest.fixture(scope="session")
def make_toy(toy_config: Config) -> Callable[..., GigEconomy]:
    """Makes toy worlds of 100 people that differ in dotted keys: ``make_toy(**{"run.seed": 3})``.

    ``kind`` is the class, a kind of GigEconomy; ``rng`` and ``workers`` go to it.
    """
    fewer = {"population.size": 100, "collective.first_movers": 12, "corpus.test_size": 60}

    def make(kind: type[GigEconomy] = GigEconomy, **overrides: Any) -> GigEconomy:
        return kind(toy_config, **(fewer | overrides))

    return make
