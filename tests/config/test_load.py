"""Configs in and out, overrides, and every form of bad input as one clear line."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from gigsim.config import Config, build, digest, dumps, load, scenarios
from gigsim.config.sections import Run
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
            ("population.size=1", "population.size", "1: too small", "a whole number >= 2 and <="),
            ("population.size=1", "population.size", "1: ", "N, freelancers"),
            ("population.size=abc", "population.size", "'abc': ", "N, freelancers"),
            ("run.seed=1.5", "run.seed", "1.5: ", "the one seed"),
            ("corpus.xi=1", "corpus.xi", "1: too large", "a number >= 0 and < 1: ξ, share of"),
            ("corpus.xi=nan", "corpus.xi", "finite", "share of base resumes"),
            ("corpus.xi=inf", "corpus.xi", "finite", "share of base resumes"),
            ("society.activation=0", "society.activation", "0: too small", "a number > 0 and <= 1"),
            (
                "measure.success_target=1",
                "measure.success_target",
                "1: too large",
                "and < 1: S that",
            ),
            ("measure.baseline_repeats=2", "measure.baseline_repeats", "2: ", "at least 3"),
            ("collective.target=5", "collective.target", "5: ", "y*"),
            ("collective.signal.token=a b", "collective.signal.token", "'a b'", "without spaces"),
            ("collective.signal.token=", "collective.signal.token", "''", "without spaces"),
            ("name=a/b", "name", "'a/b'", "folder names"),
            ("name=../up", "name", "'../up'", "folder names"),
            ("run=5", "run", "5: ", "how long"),
            (
                "population.cost=x",
                "population.cost",
                "'x': text",
                "a number, or a table with a kind",
            ),
            ("population.cost=[5]", "population.cost", "a list of 1", "money a period"),
            ("platform.learner.c=1", "platform.learner.c", "unknown key", "epochs"),
            ("platform.learner.epochs=0", "platform.learner.epochs", "0: ", "Passes"),
            ("population.cost.mean=1", "population.cost.mean", "unknown key", "high, kind, low"),
            ("run.seed.x=5", "run.seed", "a table", "the one seed"),
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
            ("network.kind=rong", "network.kind", 'did you mean "ring"? allowed: "small_world", '),
            ("society.rule=whim", "society.rule", '"best_response", "pivotal", '),
            (
                "run.precision=float16",
                "run.precision",
                'allowed: "float32", "medium", "bfloat16"',
            ),
            ("platform.learner.kind=Bayes", "platform.learner.kind", 'did you mean "bayes"? '),
            (
                "population.cost.kind=gamma",
                "population.cost.kind",
                '"lognormal", "table", or else a number',
            ),
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
        assert error.problem == "2: too large"
        assert '"measured", or a number >= 0 and <= 1' in error.allowed
        error = refusal("society.spillover=Measured")
        assert error.problem == "'Measured' is not known"
        assert 'did you mean "measured"?' in error.allowed

    @pytest.mark.parametrize(
        ("override", "problem", "hint"),
        [
            ("run.seed=true", "true: a truth value", "a whole number >= 0"),
            ('run.seed="5"', "'5': text", "did you mean 5 without quotes?"),
            ("run.seed=1979-05-27", "1979-05-27, a date or a time", "a whole number"),
            ("run.periods=3.5", "3.5: not a whole number", "a whole number"),
            ("corpus.xi=false", "false: a truth value", "a number >= 0"),
            ("collective.evasive=1", "1: a number", "true or false"),
            ("collective.evasive=True", "'True': text", "did you mean true?"),
            ("name=2024", "2024: a number", "did you mean '\"2024\"', in quotes?"),
            ("network=ring", "'ring': text", 'did you mean network.kind = "ring"?'),
            ("platform.learner=linear", "'linear'", 'mean platform.learner.kind = "linear"?'),
            ("run=3", "3: a number", "a table with the keys: periods, until, "),
            ("collective.signal.alternates=x", "'x': text", "a list of at most 16 texts"),
        ],
    )
    def test_a_value_of_another_type(self, override: str, problem: str, hint: str) -> None:
        error = refusal(override)
        assert error.where == f"--set: {override.partition('=')[0]}"
        assert error.problem.startswith(problem)
        assert hint in error.allowed

    def test_whole_floats_count_and_numpy_numbers_are_numbers(self) -> None:
        overrides = {
            "population.size": np.float64(600.0),
            "run.seed": np.int64(7),
            "corpus.xi": np.float32(0.25),
            "collective.evasive": np.bool_(False),
        }
        config = build({}, overrides)
        assert (config.population.size, config.run.seed, config.corpus.xi) == (600, 7, 0.25)
        assert type(config.population.size) is int
        assert config.collective.evasive is False

    def test_tables_may_be_the_models_themselves(self) -> None:
        config = build({}, {"population.cost": Normal(mean=1, sd=2), "run": Run(seed=4)})
        assert config.population.cost == Normal(mean=1, sd=2)
        assert config.run.seed == 4

    def test_numbers_too_long_to_write_out(self) -> None:
        for text in ("9" * 400, f"0x{'f' * 5000}"):
            error = refusal(f"run.seed={text}")
            assert "too large" in error.problem
            assert len(str(error)) < 300
        # Python refuses to read this one; it is text then.
        assert len(str(refusal(f"run.seed={'9' * 5000}"))) < 400
        assert "too large" in refusal(f"population.cost.low={'9' * 400}").problem

    def test_a_key_of_another_kind_says_which_kinds_have_it(self) -> None:
        error = refusal("network.kind=ring", "network.rewire=0.2")
        assert error.where == "--set: network.rewire"
        assert error.allowed == (
            'only network.kind = small_world has it; allowed with kind = "ring": degree, kind'
        )
        error = refusal("network.kind=complete", "network.degree=4")
        assert error.allowed.startswith(
            "only network.kind = small_world or ring or scale_free or random or blocks have it; "
        )

    def test_a_key_of_another_table_says_which(self) -> None:
        assert "did you mean collective.leak?" in refusal("run.leak=0.1").allowed

    def test_a_letter_of_another_alphabet_is_shown(self) -> None:
        error = refusal("p\u043epulation.size=3")
        assert error.problem == "unknown key, spelt 'p\\u043epulation'"
        assert "did you mean population?" in error.allowed

    @pytest.mark.parametrize("order", [1, -1])
    def test_a_value_and_a_part_of_it_exclude_each_other(self, order: int) -> None:
        error = refusal(*["population.cost=3", "population.cost.low=2"][::order])
        assert error.where == "--set: population.cost.low"
        assert error.problem == "given beside population.cost = 3"

    @pytest.mark.parametrize("key", ["a..b", ".", "run.", ".run", "run. .seed"])
    def test_a_key_with_an_empty_part(self, key: str) -> None:
        error = refusal(f"{key}=3")
        assert "has an empty part" in error.problem
        with pytest.raises(InputError, match="has an empty part"):
            build({}, {key: 3})

    def test_what_follows_a_line_break_is_not_lost(self) -> None:
        error = refusal("run.seed=1\nrun.periods = 2")
        assert error.where == "--set: run.seed"
        assert "text" in error.problem

    def test_a_config_in_python_is_pydantics(self) -> None:
        with pytest.raises(ValidationError):
            Config(run={"seed": -1})
        with pytest.raises(ValidationError, match=r"collective\.evasive"):
            Config(collective={"evasive": True})

    def test_a_missing_key_of_a_kind(self) -> None:
        error = refusal(table={"population": {"cost": {"kind": "normal", "mean": 1}}})
        assert error.where == "f.toml: population.cost.sd"
        assert "required" in error.problem
        assert "standard deviation" in error.allowed
        error = refusal("society.activation.kind=uniform")
        assert error.where == "--set: society.activation.low"
        assert error.problem == 'required, kind = "uniform" needs low and high'
        assert refusal("society.activation={low = 1}").where == "--set: society.activation.kind"

    @pytest.mark.parametrize(
        ("overrides", "key", "problem"),
        [
            (["network.degree=7"], "network.degree", "degree must be even, got 7"),
            (["population.cost.low=9"], "population.cost", "high must be above low"),
            (["platform.learner.heads=3"], "platform.learner", "must divide width = 128"),
            (
                ["collective.first_movers=9999"],
                "collective.first_movers",
                "collective.first_movers = 9999 is more than population.size = 2000",
            ),
            (["population.size=20"], "population.size", "is more than population.size = 20"),
            (["population.size=60", "network.degree=60"], "network.degree", "60 neighbours among"),
            (["network.kind=torus", "population.size=997"], "network.kind", "no torus has 997"),
            (
                ["society.belief=theory", "collective.label_sets=extend"],
                "society.belief",
                "none covers top-1 with",
            ),
            (
                ["society.belief=theory", "collective.strategy=feature_only"],
                "society.belief",
                "none covers top-1 with",
            ),
            (["collective.evasive=true"], "collective.evasive", '"feature_label"'),
            (
                ["collective.wrong_label=0.1", "collective.strategy=feature_only"],
                "collective.wrong_label",
                'with collective.strategy = "feature_only"',
            ),
            (["collective.rotate_every=2"], "collective.rotate_every", "0 tokens"),
            (
                ["collective.signal.alternates=['a']"],
                "collective.signal.alternates",
                "1 tokens in",
            ),
            (
                ["collective.signal.alternates=['a', 'a']", "collective.rotate_every=2"],
                "collective.signal.alternates",
                "'a' occurs twice",
            ),
            (
                [
                    "collective.signal.alternates=['a']",
                    "collective.rotate_every=2",
                    "collective.signal.reserve=false",
                ],
                "collective.signal.reserve",
                "reserve = false",
            ),
            (
                [
                    "collective.signal.alternates=['a']",
                    "collective.rotate_every=2",
                    "corpus.xi=0.6",
                ],
                "corpus.xi",
                "more than everybody",
            ),
            (["corpus.path=a", "corpus.cells=3"], "corpus.path", "exclude each other"),
            (
                ["platform.learner.kind=bayes", "corpus.path=a"],
                "platform.learner.kind",
                "a corpus has none",
            ),
            (["platform.learner.kind=surrogate"], "platform.learner.kind", "has no curve"),
            (["platform.learner.kind=linear", "run.device=cuda"], "run.device", '"cuda"'),
            (
                ["platform.learner.kind=linear", "run.precision=bfloat16"],
                "run.precision",
                '"bfloat16"',
            ),
        ],
    )
    def test_values_that_do_not_go_together(
        self, overrides: list[str], key: str, problem: str
    ) -> None:
        error = refusal(*overrides)
        assert error.where == f"--set: {key}"
        assert problem in error.problem
        assert error.allowed
        table: dict[str, Any] = {}
        for text in overrides:
            path, _, value = text.partition("=")
            try:
                inner: Any = tomllib.loads(f"x = {value}")["x"]
            except tomllib.TOMLDecodeError:
                inner = value
            parts = path.split(".")
            place = table
            for part in parts[:-1]:
                place = place.setdefault(part, {})
            place[parts[-1]] = inner
        assert refusal(table=table).where == f"f.toml: {key}"

    def test_of_two_keys_the_one_that_was_given_is_blamed(self) -> None:
        assert refusal(table={"population": {"size": 20}}).where == "f.toml: population.size"
        table = {"collective": {"first_movers": 100}}
        assert refusal("population.size=50", table=table).where == "--set: population.size"

    @pytest.mark.parametrize("text", ["population.size", "=3", " =3", ""])
    def test_an_override_that_is_none(self, text: str) -> None:
        error = refusal(text)
        assert error.where == f"--set {text}"
        assert error.problem == "not of the form a.b=c"
        assert error.allowed == "e.g. population.size=600"

    def test_belief_in_a_theorem_where_there_is_one(self) -> None:
        covered = ["society.belief=theory", "collective.label_sets=extend", "measure.success=any"]
        assert load("default", covered).society.belief == "theory"
