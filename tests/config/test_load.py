"""Configs in and out, overrides, and every form of bad input as one clear line."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigsim.config import Config, build, digest, dumps, load, scenarios
from gigsim.errors import InputError
from gigsim.learners.recipes import LinearRecipe, TransformerRecipe
from gigsim.society.distributions import Constant, LogNormal, Normal, Uniform

finite = st.floats(-1e6, 1e6)
positive = st.floats(1e-6, 1e6)
distributions = st.one_of(
    st.builds(Constant, value=finite),
    st.builds(Uniform, low=st.floats(-100, 0), high=st.floats(1, 100)),
    st.builds(Normal, mean=finite, sd=positive),
    st.builds(LogNormal, median=positive, sigma=positive),
)
configs = st.fixed_dictionaries(
    {},
    optional={
        "name": st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,20}", fullmatch=True),
        "population": st.fixed_dictionaries(
            {"size": st.integers(60, 10**7), "cost": distributions.map(lambda d: d.model_dump())}
        ),
        "society": st.fixed_dictionaries(
            {
                "spillover": st.one_of(st.just("measured"), st.floats(0, 1)),
                "activation": st.floats(0, 1, exclude_min=True),
            }
        ),
        "platform": st.fixed_dictionaries(
            {
                "learner": st.one_of(
                    st.builds(LinearRecipe, c=st.floats(1e-6, 1e6)),
                    st.builds(TransformerRecipe, epochs=st.integers(1, 1000)),
                ).map(lambda recipe: recipe.model_dump())
            }
        ),
        "run": st.fixed_dictionaries({"seed": st.integers(0, 2**63 - 1)}),
    },
)


@given(configs)
def test_a_config_survives_toml(table: dict[str, Any]) -> None:
    config = build(table)
    again = build(tomllib.loads(dumps(config)))
    assert again == config
    assert digest(again) == digest(config)
    assert dumps(again) == dumps(config)


def test_a_config_survives_a_file(tmp_path: Path) -> None:
    config = load("default", ["collective.signal.token=ž\"'#", "population.size=777"])
    path = tmp_path / "mine.toml"
    path.write_text(dumps(config), encoding="utf-8")
    assert load(path) == config == load(str(path))


def test_the_scenario_that_ships_is_the_default_config() -> None:
    assert load() == load("default") == Config()


def test_every_scenario_loads_and_is_named_as_its_file() -> None:
    assert "default" in scenarios()
    assert list(scenarios()) == sorted(scenarios())
    for name in scenarios():
        config = load(name)
        assert config.name.replace("-", "_") == name
        assert load(name.replace("_", "-")) == config


def test_a_file_wins_over_a_scenario_of_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("default").write_text("[population]\nsize = 99\n[collective]\nfirst_movers = 1\n")
    assert load("default").population.size == 99


def test_what_a_file_leaves_out_keeps_its_default() -> None:
    config = build({"population": {"size": 500}})
    assert config.population.size == 500
    assert config.population.cost == Config().population.cost
    assert config.society == Config().society


def test_a_config_is_frozen_and_so_are_its_tables() -> None:
    config = Config()
    with pytest.raises(ValueError, match="frozen"):
        config.run.seed = 3
    with pytest.raises(ValueError, match="frozen"):
        config.population = None


class TestDigest:
    def test_it_names_what_is_computed(self) -> None:
        assert digest(Config()) == digest(load("default"))
        assert digest(load("default", ["run.seed=2"])) != digest(Config())
        assert len(digest(Config())) == 12
        int(digest(Config()), 16)

    def test_the_recipe_is_part_of_it(self) -> None:
        digests = {
            digest(load("default", o))
            for o in (
                [],
                ["platform.learner.epochs=4"],
                ["platform.learner.initialisation=normal"],
                ["platform.learner.kind=linear"],
                ["platform.learner.kind=linear", "platform.learner.c=3"],
                ["run.precision=bfloat16"],
                ["run.threads=2"],
            )
        }
        assert len(digests) == 7


class TestOverrides:
    @pytest.mark.parametrize(
        ("text", "path", "value"),
        [
            ("population.size=600", "population.size", 600),
            (" population.size = 600 ", "population.size", 600),
            ("corpus.xi=0.02", "corpus.xi", 0.02),
            ("corpus.xi=2e-2", "corpus.xi", 0.02),
            ("collective.target=Java_Developer", "collective.target", "Java_Developer"),
            ('collective.target="Java_Developer"', "collective.target", "Java_Developer"),
            ("collective.signal.token=#", "collective.signal.token", "#"),
            ("collective.signal.token=a=b", "collective.signal.token", "a=b"),
            ('collective.signal.token="7"', "collective.signal.token", "7"),
            ("collective.signal.reserve=false", "collective.signal.reserve", False),
            ("society.spillover=0.25", "society.spillover", 0.25),
            ("society.spillover=measured", "society.spillover", "measured"),
            ("corpus.path=/some where/corpus.npz", "corpus.path", "/some where/corpus.npz"),
        ],
    )
    def test_a_value_is_toml_and_otherwise_text(self, text: str, path: str, value: object) -> None:
        found: Any = load("default", [text])
        for part in path.split("."):
            found = getattr(found, part)
        assert found == value
        assert type(found) is type(value)

    def test_a_mapping_does_the_same(self) -> None:
        pairs = {"population.size": 600, "platform.learner.kind": "linear"}
        texts = ["population.size=600", "platform.learner.kind=linear"]
        assert load("default", pairs) == load("default", texts)

    def test_the_last_of_two_wins(self) -> None:
        assert load("default", ["run.seed=1", "run.seed=9"]).run.seed == 9

    @pytest.mark.parametrize(
        "texts",
        [
            ["platform.learner.kind=linear", "platform.learner.c=3"],
            ["platform.learner.c=3", "platform.learner.kind=linear"],
            ["platform.learner={kind = 'linear', c = 3}"],
            ["platform.learner.c=3", "platform.learner={kind = 'linear'}"],
        ],
    )
    def test_a_kind_comes_first_and_starts_from_its_own_defaults(self, texts: list[str]) -> None:
        assert load("default", texts).platform.learner == LinearRecipe(c=3)

    def test_the_kind_that_is_there_already_changes_nothing(self) -> None:
        texts = ["population.cost.kind=uniform", "population.cost.low=0.5"]
        assert load("default", texts).population.cost == Uniform(low=0.5, high=2.25)

    def test_another_kind_inherits_nothing(self) -> None:
        texts = ["population.cost.kind=normal", "population.cost.mean=1", "population.cost.sd=2"]
        assert load("default", texts).population.cost == Normal(mean=1, sd=2)

    def test_a_file_may_give_another_kind_with_some_of_its_keys(self) -> None:
        config = build({"platform": {"learner": {"kind": "linear"}}}, ["platform.learner.c=2"])
        assert config.platform.learner == LinearRecipe(c=2)

    def test_a_whole_table_is_laid_over_what_is_there(self) -> None:
        config = load("default", ["run={seed = 5, periods = 2}"])
        assert (config.run.seed, config.run.periods, config.run.threads) == (5, 2, 1)

    def test_they_do_not_change_what_they_are_laid_over(self) -> None:
        table = {"population": {"cost": {"kind": "normal", "mean": 1.0, "sd": 2.0}}}
        build(table, ["population.cost.sd=5"])
        assert table == {"population": {"cost": {"kind": "normal", "mean": 1.0, "sd": 2.0}}}


def refusal(*overrides: str, table: dict[str, Any] | None = None, where: str = "f.toml") -> Any:
    """The InputError that a table with overrides is refused with."""
    with pytest.raises(InputError) as caught:
        build(table or {}, overrides, where)
    assert len(str(caught.value).splitlines()) == 1
    return caught.value


class TestErrors:
    def test_an_unknown_key_with_a_suggestion(self) -> None:
        error = refusal(table={"population": {"sise": 5}})
        assert error.where == "f.toml: population.sise"
        assert error.problem == "unknown key"
        assert "did you mean size?" in error.allowed
        assert "cost, replacement, size, threshold" in error.allowed

    def test_an_unknown_key_that_resembles_none(self) -> None:
        error = refusal(table={"zzz": 1})
        assert error.where == "f.toml: zzz"
        assert "did you mean" not in error.allowed
        assert "platform, population" in error.allowed

    def test_the_place_of_an_override_is_the_option(self) -> None:
        assert refusal("popluation.size=3").where == "--set: popluation"
        assert refusal("run.seed=-1").where == "--set: run.seed"
        assert refusal("network.degree=1").where == "--set: network.degree"
        # Another key of the same table is given by an override; the file is to blame all the same.
        assert refusal("run.seed=1", table={"run": {"threads": 0}}).where == "f.toml: run.threads"

    def test_in_python_there_is_no_option(self) -> None:
        with pytest.raises(InputError, match=r"^config: run\.seed: -1"):
            build({}, {"run.seed": -1})

    @pytest.mark.parametrize(
        ("override", "key", "problem", "allowed"),
        [
            ("population.size=5", "population.size", "5: ", "N, freelancers"),
            ("population.size=abc", "population.size", "'abc': ", "N, freelancers"),
            ("run.seed=1.5", "run.seed", "1.5: ", "the one seed"),
            ("corpus.xi=1", "corpus.xi", "less than 1", "share of base resumes"),
            ("corpus.xi=nan", "corpus.xi", "finite", "share of base resumes"),
            ("corpus.xi=inf", "corpus.xi", "finite", "share of base resumes"),
            ("society.activation=0", "society.activation", "greater than 0", "share of people"),
            ("measure.success_target=1", "measure.success_target", "less than 1", "S that counts"),
            ("measure.baseline_repeats=2", "measure.baseline_repeats", "2: ", "at least 3"),
            ("collective.target=5", "collective.target", "5: ", "y*"),
            ("collective.signal.token=a b", "collective.signal.token", "'a b'", "without spaces"),
            ("collective.signal.token=", "collective.signal.token", "''", "without spaces"),
            ("name=a/b", "name", "'a/b'", "folder names"),
            ("name=../up", "name", "'../up'", "folder names"),
            ("run=5", "run", "5: ", "how long"),
            ("population.cost=5", "population.cost", "5: ", "money a period"),
            ("platform.learner.c=1", "platform.learner.c", "unknown key", "epochs"),
            ("platform.learner.epochs=0", "platform.learner.epochs", "0: ", "Passes"),
            ("population.cost.mean=1", "population.cost.mean", "unknown key", "high, kind, low"),
            ("run.seed.x=5", "run.seed", "valid integer", "the one seed"),
        ],
    )
    def test_a_value_out_of_its_range_or_kind(
        self, override: str, key: str, problem: str, allowed: str
    ) -> None:
        error = refusal(override)
        assert error.where == f"--set: {key}"
        assert problem in error.problem
        assert allowed in error.allowed

    @pytest.mark.parametrize(
        ("override", "key", "allowed"),
        [
            ("network.kind=ring", "network.kind", "'small_world' or 'complete'"),
            ("society.rule=whim", "society.rule", "'best_response' or 'threshold'"),
            ("run.precision=float16", "run.precision", "'float32' or 'bfloat16'"),
            ("platform.learner.kind=bayes", "platform.learner.kind", "'linear', 'transformer'"),
            ("population.cost.kind=gamma", "population.cost.kind", "'lognormal'"),
        ],
    )
    def test_a_word_that_is_not_one_of_those_known(
        self, override: str, key: str, allowed: str
    ) -> None:
        error = refusal(override)
        assert error.where == f"--set: {key}"
        assert error.problem == f"{override.partition('=')[2]!r} is not known"
        assert allowed in error.allowed

    def test_a_word_or_a_number(self) -> None:
        error = refusal("society.spillover=2")
        assert error.where == "--set: society.spillover"
        assert error.problem == "2 is not known"
        assert "'measured'" in error.allowed
        assert "less than or equal to 1" in error.allowed

    def test_a_missing_key_of_a_kind(self) -> None:
        error = refusal(table={"population": {"cost": {"kind": "normal", "mean": 1}}})
        assert error.where == "f.toml: population.cost.sd"
        assert "required" in error.problem
        assert "standard deviation" in error.allowed

    @pytest.mark.parametrize(
        ("overrides", "where", "problem"),
        [
            (["network.degree=7"], "--set: network", "degree must be even, got 7"),
            (["population.cost.low=9"], "--set: population.cost", "high must be above low"),
            (["platform.learner.heads=3"], "--set: platform.learner", "must divide width = 128"),
            (["collective.first_movers=99999"], "f.toml", "is more than population.size = 2000"),
            (["population.size=60", "network.degree=60"], "f.toml", "network.degree = 60"),
            (
                ["society.belief=theory", "collective.label_sets=extend"],
                "f.toml",
                "none covers top-1 with extended label sets",
            ),
        ],
    )
    def test_values_that_do_not_go_together(
        self, overrides: list[str], where: str, problem: str
    ) -> None:
        error = refusal(*overrides)
        assert error.where == where
        assert problem in error.problem
        assert "docs/config.md" in error.allowed

    @pytest.mark.parametrize("text", ["population.size", "=3", " =3", ""])
    def test_an_override_that_is_none(self, text: str) -> None:
        error = refusal(text)
        assert error.where == f"--set {text}"
        assert error.problem == "not of the form a.b=c"
        assert error.allowed == "e.g. population.size=600"

    def test_belief_in_a_theorem_where_there_is_one(self) -> None:
        covered = ["society.belief=theory", "collective.label_sets=extend", "measure.success=any"]
        assert load("default", covered).society.belief == "theory"


class TestFiles:
    @pytest.mark.parametrize("name", ["nowhere", "nowhere.toml", "no/such/place.toml"])
    def test_there_is_none(self, name: str) -> None:
        with pytest.raises(InputError) as caught:
            load(name)
        assert name in caught.value.where
        assert caught.value.allowed == f"give a TOML file or one of: {', '.join(scenarios())}"

    def test_not_toml(self, tmp_path: Path) -> None:
        path = tmp_path / "bad.toml"
        path.write_text("[population\nsize = 5")
        with pytest.raises(InputError) as caught:
            load(path)
        assert caught.value.where == str(path)
        assert caught.value.problem.startswith("not TOML: ")
        assert "line 1" in caught.value.problem
        assert len(str(caught.value).splitlines()) == 1

    def test_a_key_twice(self, tmp_path: Path) -> None:
        path = tmp_path / "twice.toml"
        path.write_text("[run]\nseed = 1\nseed = 2\n")
        with pytest.raises(InputError, match="not TOML"):
            load(path)

    def test_binary(self, tmp_path: Path) -> None:
        path = tmp_path / "binary.toml"
        path.write_bytes(bytes(range(256)))
        with pytest.raises(InputError) as caught:
            load(path)
        assert caught.value.where == str(path)
        assert "cannot be read" in caught.value.problem

    @pytest.mark.parametrize("name", ["folder", "folder.toml"])
    def test_a_folder(self, tmp_path: Path, name: str) -> None:
        (tmp_path / name).mkdir()
        with pytest.raises(InputError) as caught:
            load(tmp_path / name)
        assert str(tmp_path / name) in caught.value.where

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
    def test_not_readable(self, tmp_path: Path) -> None:
        path = tmp_path / "secret.toml"
        path.touch(mode=0)
        with pytest.raises(InputError, match="cannot be read"):
            load(path)

    def test_its_name_is_in_what_is_said_of_its_content(self, tmp_path: Path) -> None:
        path = tmp_path / "mine.toml"
        path.write_text("[run]\nseed = 'x'\n")
        with pytest.raises(InputError) as caught:
            load(path)
        assert caught.value.where == f"{path}: run.seed"
