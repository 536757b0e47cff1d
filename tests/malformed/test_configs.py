"""Malformed configs through the real command: one line, exit code 2, and nothing written."""

from __future__ import annotations

import contextlib
import functools
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import typer.main
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from gigsim import Config, GigEconomy, load
from gigsim.errors import InputError
from gigsim.resumes.corpus import Corpus
from tests.malformed.command import gigsim
from tests.malformed.configs import (
    BY_HAND,
    FILE,
    GENERATED,
    LEAVES,
    Leaf,
    Malformed,
    fits,
    toml,
    written,
)
from tests.toys import toy_language

#: Malformed configs by kind; hypothesis makes more of some (below).
KINDS = Counter(case.kind for case in [*BY_HAND, *GENERATED])


def refused(*arguments: str) -> str:
    """The error of ``gigsim run``, which is one line and leaves the working directory as it was."""
    before = {path: path.lstat().st_mtime_ns for path in Path().rglob("*")}
    done = gigsim("run", *arguments)
    assert done.code == 2, done
    assert done.out == ""
    assert done.err.startswith("error: ")
    assert done.err.endswith("\n")
    assert len(done.err.splitlines()) == 1
    assert done.err[:-1].isprintable()
    assert len(done.err) < 2000 + sum(len(a) for a in arguments if a.startswith("x"))
    assert {path: path.lstat().st_mtime_ns for path in Path().rglob("*")} == before
    return done.err


def refused_settings(pairs: tuple[str, ...], *arguments: str) -> str:
    return refused(*arguments, *(word for pair in pairs for word in ("--set", pair)))


def check(case: Malformed) -> None:
    arguments = [case.scenario] if case in BY_HAND and not case.settings else []
    if case.content is not None:
        content = case.content
        Path(FILE).write_bytes(content if isinstance(content, bytes) else content.encode())
        arguments = [FILE]
    error = refused_settings(case.settings, *arguments)
    for part in case.said:
        assert " ".join(part.split()) in error, (part, error)


#: Typer puts the whole command together at every call; once is enough here.
command_once = functools.cache(typer.main.get_command)


@pytest.fixture(autouse=True)
def _folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(typer.main, "get_command", command_once)


def test_the_kinds_are_counted() -> None:
    assert sum(KINDS.values()) >= 200
    assert len(BY_HAND) >= 200
    names = Counter((case.kind, case.name, case.content, case.settings) for case in BY_HAND)
    assert max(names.values()) == 1
    keys = {leaf.key for leaf in LEAVES}
    assert len(keys) >= 90
    for key in keys:
        assert any(f"{key} " in case.name for case in GENERATED), key


@pytest.mark.parametrize("case", BY_HAND, ids=lambda case: f"{case.kind}: {ascii(case.name)[:60]}")
def test_by_hand(case: Malformed) -> None:
    check(case)


@pytest.mark.parametrize("kind", sorted({case.kind for case in GENERATED}))
def test_from_the_schema(kind: str) -> None:
    for case in GENERATED:
        if case.kind == kind:
            check(case)


#: Everything that TOML can say.
VALUES = st.recursive(
    st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.dates()
    | st.times()
    | st.datetimes()
    | st.sampled_from(["", "True", "nan", "0", 0, 1, -1, 0.5, 1e-300, 10**30]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner),
    max_leaves=4,
)


class TestGenerated:
    """Whole families of malformed configs, by hypothesis."""

    @given(st.sampled_from(LEAVES), VALUES, st.booleans())
    @settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_any_value_at_any_key(self, leaf: Leaf, value: Any, in_file: bool) -> None:
        """What the JSON schema refuses is refused, with its key; the rest is no bug's cause."""
        kinded = leaf.key == "society.activation" and isinstance(value, dict)
        text = written(leaf, value, in_file)
        table = text.get("content", "")
        pairs = text.get("settings", ())
        if any(fits(value, arm) for arm in leaf.arms) or kinded:
            with contextlib.suppress(InputError):
                Path(FILE).write_text(table, encoding="utf-8")
                load(FILE, pairs)
            return
        if pairs and "\n" in toml(value):
            assume(len(toml(value)) < 60)
        Path(FILE).write_text(table, encoding="utf-8")
        error = refused_settings(pairs, *([FILE] if in_file else []))
        assert f"{FILE if in_file else '--set'}: {leaf.key}" in error
        assert " ".join(leaf.description.split()) in error

    @given(
        st.sampled_from([leaf for leaf in LEAVES if not leaf.kind]),
        st.integers(0, 40),
        st.sampled_from("abcxyz_9"),
        st.sampled_from(["drop", "double", "swap"]),
    )
    @settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_misspelt_keys(self, leaf: Leaf, place: int, letter: str, how: str) -> None:
        table, dot, name = leaf.key.rpartition(".")
        at = place % len(name)
        change = {"drop": "", "double": name[at] * 2, "swap": letter}[how]
        wrong = name[:at] + change + name[at + 1 :]
        assume(wrong and wrong != name and f"{table}{dot}{wrong}" not in {x.key for x in LEAVES})
        assume(wrong not in ("kind", "at"))
        error = refused("--set", f"{table}{dot}{wrong}=1")
        assert f"--set: {table}{dot}{wrong}: unknown key" in error
        assert name in error.partition("allowed ")[2]

    @given(st.text(st.characters(exclude_characters="\0"), max_size=30))
    @settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_any_text_after_the_option(self, text: str) -> None:
        key = text.partition("=")[0].strip().split(".")[0].strip()
        assume(key not in Config.model_fields)
        assert "--set" in refused("--set", text)

    @given(st.data())
    @settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_damaged_scenarios_are_read_or_refused(self, data: st.DataObject) -> None:
        import gigsim

        raw = bytearray((Path(gigsim.__file__).parent / "scenarios" / "default.toml").read_bytes())
        for _ in range(data.draw(st.integers(1, 3))):
            at = data.draw(st.integers(0, len(raw) - 1))
            end = min(len(raw), at + data.draw(st.integers(0, 12)))
            raw[at:end] = data.draw(st.binary(max_size=4) | st.just(bytes(raw[at:end]) * 2))
        Path(FILE).write_bytes(raw)
        error: InputError | None = None
        try:
            load(FILE)
        except InputError as caught:
            error = caught
        if error is not None:
            assert FILE in str(error)
            assert str(error).isprintable()
            assert error.allowed


class TestSpecialFiles:
    def test_a_folder(self) -> None:
        Path(FILE).mkdir()
        error = refused(FILE)
        assert f"{FILE}: is a folder; give a TOML file or one of: assurance, " in error

    @pytest.mark.parametrize("name", ["pipe", FILE])
    def test_a_pipe_is_not_waited_for(self, name: str) -> None:
        os.mkfifo(name)
        assert f"{name}: is not a file; give a TOML file or one of: " in refused(name)

    def test_a_gigabyte(self) -> None:
        with Path(FILE).open("wb") as file:
            file.truncate(1 << 30)
        assert f"{FILE}: more than 262,144 bytes; give a TOML file" in refused(FILE)

    def test_a_link_to_nowhere_and_to_itself(self) -> None:
        Path(FILE).symlink_to("nowhere")
        assert f"{FILE}: cannot be read (No such file or directory)" in refused(FILE)
        Path("loop.toml").symlink_to("loop.toml")
        assert "loop.toml: cannot be read (Too many levels" in refused("loop.toml")

    def test_what_may_not_be_read(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Permissions mean nothing to root, so the system's refusal is played."""
        Path(FILE).touch()
        really = os.open

        def denied(path: Any, *arguments: Any, **more: Any) -> int:
            if str(path) == FILE:
                raise PermissionError(13, "Permission denied", str(path))
            return really(path, *arguments, **more)

        monkeypatch.setattr(os, "open", denied)
        assert f"{FILE}: cannot be read (Permission denied); give a TOML" in refused(FILE)

    def test_what_editors_add_is_fine(self) -> None:
        Path(FILE).write_bytes("\ufeff[run]\r\nseed = 3\r\n".encode())
        assert load(FILE).run.seed == 3
        Path(FILE).write_bytes("\ufeff[run]\r\nsead = 3\r\n".encode())
        assert f"{FILE}: run.sead: unknown key; did you mean seed?" in refused(FILE)


def toy_corpus(path: Path) -> None:
    """A corpus file of 60 resumes."""
    import numpy as np

    from gigsim.resumes.law import LanguageLaw

    corpus: Corpus = LanguageLaw(toy_language()).sample(
        60, np.random.default_rng(0), test_side=False
    )
    corpus.save(path)


_TRANSFORMER = "platform.learner.kind=transformer"
_SURROGATE = ("platform.learner.kind=surrogate",)
_LAW = "society.activation"

#: What only shows when a run is set up: settings, and what is said.
SET_UP: list[tuple[tuple[str, ...], tuple[str, ...]]] = [
    (("collective.target=Plumber",), ("collective.target: no label 'Plumber'", "one of: Data")),
    (("collective.target=",), ("collective.target: no label ''", "Web_Developer")),
    (("corpus.language=no.npz",), ("no.npz: no such file", "gigsim corpus fit")),
    (("corpus.language=junk",), ("junk: not a gigsim language", "gigsim corpus fit")),
    (("corpus.language=",) * 1 + ("corpus.path=no.npz",), ("no.npz: no such", "corpus import")),
    (("corpus.language=", "corpus.path=junk"), ("junk: not a gigsim corpus", "corpus import")),
    (("corpus.language=", "corpus.path=."), (".: ", "corpus import")),
    (("corpus.language=", "corpus.path=toy.npz"), ("population.size", "100", "replacement")),
    (("corpus.test_size=0",), ("corpus.test_size: 0 held-out", "at least 1")),
    (("network.kind=edge_list", "network.path=no.txt"), ("no.txt: No such file", "two names")),
    (("network.kind=edge_list", "network.path=."), (".: a folder", "two names a line")),
    (("network.kind=edge_list", "network.path=words"), ("words, line 1: 3 columns", "two names")),
    (("network.kind=edge_list", "network.path=many"), ("many", "100")),
    (("network.kind=graphml", "network.path=junk"), ("junk", "a GraphML file")),
    (("network.kind=graphml", "network.path=no"), ("no: No such file", "GraphML")),
    (("population.cost={kind='table', path='no.csv', column='a'}",), ("no.csv: no such", ".csv")),
    (("population.cost={kind='table', path='t.csv', column='z'}",), ("no column 'z'", "'a', 'b'")),
    (("population.cost={kind='table', path='t.csv', column='b'}",), ("line 2: column 'b': 'x'",)),
    (
        ("population.cost={kind='table', path='t.csv', column='a'}",),
        ("t.csv: column 'a' has 1 rows for population.size = 100", 'match = "resample"'),
    ),
    (("population.threshold={kind='table', path='junk', column='a'}",), ("junk: unknown kind",)),
    ((f"{_LAW}={{kind='normal', mean=0.5, sd=9}}",), (f"{_LAW}: ", "between 0 and 1")),
    ((f"{_LAW}={{kind='table', path='no.csv', column='a'}}",), ("no.csv: no such file", ".csv")),
    ((*_SURROGATE, "platform.learner.curve=no.csv"), ("no.csv: no such file", "alpha, success")),
    ((*_SURROGATE, "platform.learner.curve=t.csv"), ("t.csv: no column alpha", "it has: a, b")),
    ((*_SURROGATE, "platform.learner.curve=."), (".: is a folder", "alpha, success_any")),
    (("collective.signal.reserve=false",), ("collective.signal.token: '※'", "reserve = true")),
    (("collective.subsidy=0.1",), ("collective.subsidy: 0.1 a period", "no money", "above 0")),
    (
        ("platform.learner.kind=bayes", "collective.signal.token=w1"),
        ("collective.signal.token: 'w1' is a word of the law", "do not use"),
    ),
    ((_TRANSFORMER, "run.device=mps"), ("run.device: 'mps' is not available", "one of cpu")),
    (
        (_TRANSFORMER, "platform.learner.encoder=no/such-encoder"),
        ("platform.learner.encoder: ", "'no/such-encoder'", "a local Hugging Face folder"),
    ),
    (
        (_TRANSFORMER, "platform.learner.encoder=./empty"),
        ("platform.learner.encoder: ", "folder", "./empty"),
    ),
]


@pytest.mark.parametrize(("pairs", "said"), SET_UP, ids=lambda words: " ".join(words)[:60])
def test_what_only_shows_when_a_run_is_set_up(
    monkeypatch: pytest.MonkeyPatch,
    toy_arguments: list[str],
    pairs: tuple[str, ...],
    said: tuple[str, ...],
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    Path("junk").write_bytes(b"junk")
    Path("words").write_text("a b c\n")
    Path("many").write_text("".join(f"{n} {n + 1}\n" for n in range(150)))
    Path("t.csv").write_text("a,b\n1,x\n")
    Path("empty").mkdir()
    toy_corpus(Path("toy.npz"))
    error = refused_settings(pairs, *toy_arguments, "--workers", "0", "--quiet")
    for part in said:
        assert part in error


@pytest.fixture
def toy_arguments(toy_language_path: Path) -> list[str]:
    """Settings under which ``gigsim run`` takes a second."""
    settings = {
        "corpus.language": str(toy_language_path),
        "corpus.test_size": 60,
        "platform.learner.kind": "linear",
        "population.size": 100,
        "collective.first_movers": 12,
        "measure.bootstrap": 100,
        "measure.selection_draws": 99,
        "run.periods": 1,
    }
    return [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]


class TestPython:
    """Config errors without the command are InputError all the same."""

    @pytest.mark.parametrize(
        ("key", "value", "said"),
        [
            ("population.size", 1, "1: too small; allowed: a whole number >= 2"),
            ("population.sise", 5, "unknown key; did you mean size?"),
            ("run.seed", "x", "'x': text; allowed: a whole number"),
            ("run.seed", None, "a NoneType; allowed: a whole number"),
            ("run.seed", object(), "a object; allowed: a whole number"),
            ("run.seed", 1j, "a complex; allowed: a whole number"),
            ("population.cost", {1: 2}, "unknown key; allowed with kind"),
            ("run", {1: 2}, "unknown key; allowed here: "),
            ("network.degree", 7, "degree must be even"),
            ("a..b", 7, "has an empty part"),
            ("at", [{"period": 1, "set": {"run.seed": 1}}], "does not change in time"),
        ],
    )
    def test_of_a_model_and_of_load(self, key: str, value: Any, said: str) -> None:
        for call in (lambda: GigEconomy(**{key: value}), lambda: load("default", {key: value})):
            with pytest.raises(InputError) as caught:
                call()
            assert key.split(".")[0] in str(caught.value)
            assert said in str(caught.value)
            assert len(str(caught.value).splitlines()) == 1


def in_process(code: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | environment,
    )


def test_a_config_error_comes_before_torch() -> None:
    """Torch takes seconds to import; whoever misspells a key is told at once."""
    code = """
import atexit, sys
from gigsim.cli import main
heavy = ("torch", "transformers", "sklearn")
atexit.register(lambda: print([name for name in heavy if name in sys.modules]))
main()"""
    done = in_process(code, "run", "--set", "population.sise=3")
    assert done.returncode == 2
    assert done.stdout == "[]\n"
    assert done.stderr.startswith("error: --set: population.sise: unknown key")


@pytest.mark.parametrize("place", ["gigsim.config.load._merge", "gigsim.society.joining.leaked"])
def test_a_bug_keeps_its_traceback(tmp_path: Path, toy_arguments: list[str], place: str) -> None:
    """A planted division by zero, in the config's code and in the run's, is exit code 1."""
    module, _, name = place.rpartition(".")
    planted = f"""
import sys
import {module}
def fail(*_, **__):
    1 / 0
setattr(sys.modules["{module}"], "{name}", fail)
"""
    done = in_process(
        f"{planted}\nfrom gigsim.cli import main\nmain()",
        *("run", *toy_arguments, "--quiet", "--workers", "0"),
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("Traceback (most recent call last):")
    assert done.stderr.splitlines()[-1] == "ZeroDivisionError: division by zero"
    left = [path for path in tmp_path.rglob("*") if path.is_file()]
    # Whole, and good for going on once the bug is mended.
    assert {path.suffix for path in left} <= {".checkpoint"}


if __name__ == "__main__":
    for kind, number in sorted(KINDS.items()):
        sys.stdout.write(f"{number:6d}  {kind}\n")
    sys.stdout.write(f"{sum(KINDS.values()):6d}  in all, {len(BY_HAND)} of them by hand\n")
