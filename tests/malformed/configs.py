"""Configs that are mistaken, misspelt or hostile, each with what is to be said of it.

Those by hand are lists; the rest is made from pydantic's own JSON schema of the config, which is
another reading of the same models than the one that the messages come from.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import tomli_w

from gigsim.config import Config

FILE = "mine.toml"

#: What a table of a kind needs besides the key under test.
GIVEN: dict[str, Any] = {
    "value": 0.5,
    "low": 0.1,
    "high": 0.9,
    "mean": 0.5,
    "sd": 0.5,
    "median": 0.5,
    "sigma": 0.5,
    "path": "there.csv",
    "column": "a",
}
#: Likewise, where the same key means something else in one kind of table.
_GIVEN_TO = {("own", "path"): "package.module:Class"}


@dataclass(frozen=True)
class Malformed:
    """A config that has to be refused.

    Attributes:
        kind: what is wrong with it, in general.
        name: what is wrong with it.
        said: what the message has to say: the key, the value, what is allowed.
        settings: what is given after ``--set``.
        content: what is in ``mine.toml``; None: the default scenario.
        scenario: what is given as the scenario, if not that file.
    """

    kind: str
    name: str
    said: tuple[str, ...]
    settings: tuple[str, ...] = ()
    content: str | bytes | None = None
    scenario: str = ""


@dataclass(frozen=True)
class Leaf:
    """A key that takes no table, as the JSON schema has it.

    Attributes:
        key: its dotted name.
        kind: the kind of its table, or empty.
        arms: what it may be, each a JSON schema.
        beside: other keys that its table needs, with values.
        description: what it is.
    """

    key: str
    kind: str
    arms: tuple[dict[str, Any], ...]
    beside: tuple[tuple[str, Any], ...]
    description: str


_SCHEMA = Config.model_json_schema()


def _at(ref: dict[str, Any]) -> dict[str, Any]:
    return _SCHEMA["$defs"][ref["$ref"].rpartition("/")[2]] if "$ref" in ref else ref


def leaves(table: dict[str, Any] = _SCHEMA, prefix: str = "") -> Iterator[Leaf]:
    """Every key of a config but ``at``, once for each kind of table that has it."""
    for name, entry in table["properties"].items():
        key, said = f"{prefix}{name}", entry.get("description", "")
        arms = entry.get("anyOf", [entry])
        if key == "at":
            continue
        if "properties" in _at(entry):
            yield from leaves(_at(entry), f"{key}.")
            continue
        tables = next((arm for arm in arms if "oneOf" in arm), None)
        plain = tuple(arm for arm in arms if "oneOf" not in arm)
        if plain:
            yield Leaf(key, "", plain, (), said)
        for ref in tables["oneOf"] if tables else []:
            properties, required = _at(ref)["properties"], _at(ref).get("required", [])
            kind = properties["kind"]["const"]
            for inner, field in properties.items():
                if inner != "kind":
                    beside = [(f"{key}.kind", kind)]
                    beside += [
                        (f"{key}.{n}", _GIVEN_TO.get((kind, n), GIVEN[n]))
                        for n in required
                        if n not in ("kind", inner)
                    ]
                    arms_of = tuple(field.get("anyOf", [field]))
                    described = field.get("description", "")
                    yield Leaf(f"{key}.{inner}", kind, arms_of, tuple(beside), described)


LEAVES = tuple(leaves())


def toml(value: Any) -> str:
    """A value as TOML writes it in one line."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key} = {toml(inner)}' for key, inner in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    return tomli_w.dumps({"x": value})[4:].strip()


def fits(value: Any, arm: dict[str, Any]) -> bool:
    """Is the value what one arm of a JSON schema allows? Whole floats are whole numbers."""
    if "const" in arm or "enum" in arm:
        return value in arm.get("enum", [arm.get("const")]) and isinstance(value, str)
    kind = arm["type"]
    if kind == "object":
        return isinstance(value, dict)
    if kind == "boolean":
        return isinstance(value, bool)
    if kind == "string":
        return isinstance(value, str) and arm.get("minLength", 0) <= len(value) <= arm.get(
            "maxLength", len(value)
        )
    if kind == "array":
        return isinstance(value, list) and all(fits(inner, arm["items"]) for inner in value)
    if isinstance(value, bool) or not isinstance(value, int | float) or value - value != 0:
        return False
    if kind == "integer" and value % 1:
        return False
    return (
        arm.get("minimum", value) <= value <= arm.get("maximum", value)
        and arm.get("exclusiveMinimum", -float("inf")) < value
        and value < arm.get("exclusiveMaximum", float("inf"))
    )


def written(leaf: Leaf, value: Any, in_file: bool) -> dict[str, Any]:
    """A config with the value at the key: ``content`` of the file, or ``settings``."""
    pairs = [*leaf.beside, (leaf.key, value)]
    if in_file:
        return {"content": "".join(f"{key} = {toml(inner)}\n" for key, inner in pairs)}
    return {"settings": tuple(f"{key}={toml(inner)}" for key, inner in pairs)}


def _bounds(arm: dict[str, Any]) -> Iterator[tuple[str, float, tuple[str, ...]]]:
    """Numbers just beyond the limits, and the limit as it is to be told."""
    whole = arm["type"] == "integer"
    told = {"minimum": ">= ", "exclusiveMinimum": "> ", "maximum": "<= ", "exclusiveMaximum": "< "}
    for name, sign in told.items():
        if name in arm:
            limit = arm[name]
            least = 1 if whole else abs(limit) * 1e-9 or 1e-9
            step = 0 if name.startswith("exclusive") else least
            side = -1 if "inimum" in name else 1
            what = "below its range" if side < 0 else "above its range"
            yield what, limit + side * step, (f"{sign}{limit:,}" if whole else sign,)


def _told(leaf: Leaf) -> tuple[str, ...]:
    """What a message about the key has to say of what is allowed."""
    words = [
        w for arm in leaf.arms for w in arm.get("enum", [arm["const"]] if "const" in arm else [])
    ]
    said = [f'"{word}"' for word in words]
    for arm in leaf.arms:
        name = {"integer": "a whole number", "number": "a number", "boolean": "true or false"}
        if arm.get("type") in name:
            said.append(name[arm["type"]])
    return (*said, " ".join(leaf.description.split()))


_WRONG: dict[str, tuple[Any, ...]] = {
    "integer": ("many", True, 3.5, [1]),
    "number": ("0.5", False, datetime.date(1979, 5, 27), {"a": 1}),
    "boolean": (1, "True", 0.0, [True]),
    "string": (True, 5, ["x"], {"a": "b"}, "a\nb", "a\x1bb"),
    "array": ("x", 5, {"a": 1}, ["fine", 5], ["fine", ["x"]]),
    "object": ("alpha", 5, True, ["alpha"]),
}


def _types(leaf: Leaf) -> Iterator[tuple[str, Any]]:
    for value in _WRONG[leaf.arms[-1]["type"]]:
        if isinstance(value, dict) and leaf.key == "society.activation":
            continue  # a table may stand there, and lacks its kind
        what = "control characters" if isinstance(value, str) and not value.isprintable() else ""
        yield what or "another type", value


def generated() -> Iterator[Malformed]:
    """From the schema: every key with values beyond its limits, of wrong types, misspelt, moved."""
    tables = sorted({leaf.key.rpartition(".")[0] for leaf in LEAVES if not leaf.kind} - {""})
    for number, leaf in enumerate(LEAVES):
        name = f"{leaf.key} ({leaf.kind})" if leaf.kind else leaf.key
        told, key = _told(leaf), f": {leaf.key}"
        wrong: list[tuple[str, Any, tuple[str, ...]]] = []
        for arm in leaf.arms:
            if arm.get("type") in ("integer", "number"):
                wrong += [(what, value, (*told, *more)) for what, value, more in _bounds(arm)]
                wrong += [("nan and infinities", v, told) for v in (float("nan"), float("inf"))]
            if "const" in arm or "enum" in arm:
                word = arm.get("enum", [arm.get("const")])[0]
                wrong += [
                    ("an unknown word", "whim", (*told, "'whim' is not known")),
                    ("wrong case", word.title(), (*told, f'did you mean "{word}"?')),
                ]
        wrong += [(what, value, told) for what, value in _types(leaf)]
        for turn, (what, value, said) in enumerate(wrong):
            in_file = (number + turn) % 2 == 0
            place = FILE if in_file else "--set"
            yield Malformed(
                what,
                f"{name} = {value!r}",
                (f"{place}{key}", *said),
                **written(leaf, value, in_file),
            )
        if leaf.kind:
            continue
        table, _, last = leaf.key.rpartition(".")
        value = GIVEN.get(last, 1)
        for in_file in (True, False):
            place = FILE if in_file else "--set"
            misspelt = f"{leaf.key}s"
            given = Leaf(misspelt, "", (), (), "")
            said = (f"{place}: {misspelt}: unknown key", f"did you mean {last}?", "allowed here: ")
            yield Malformed("a misspelt key", misspelt, said, **written(given, value, in_file))
        other = tables[(number + 1) % len(tables)]
        if table and not other.startswith(table) and last not in ("kind", "path"):
            moved = Leaf(f"{other}.{last}", "", (), (), "")
            said = (f"{FILE}: {moved.key}: unknown key", "allowed here: ")
            yield Malformed(
                "a key of another table", moved.key, said, **written(moved, value, True)
            )


def _set(kind: str, *cases: tuple[str | tuple[str, ...], str | tuple[str, ...]]) -> list[Malformed]:
    """Cases of settings, each with what is to be said."""
    found = []
    for settings, said in cases:
        given = (settings,) if isinstance(settings, str) else settings
        wanted = (said,) if isinstance(said, str) else said
        found.append(Malformed(kind, " ".join(given)[:60], ("--set", *wanted), given))
    return found


def _file(kind: str, *cases: tuple[str, str | bytes, str | tuple[str, ...]]) -> list[Malformed]:
    """Cases of files, each with its name and what is to be said."""
    found = []
    for name, content, said in cases:
        wanted = (said,) if isinstance(said, str) else said
        found.append(Malformed(kind, name, (f"{FILE}: ", *wanted), (), content))
    return found


_HUGE = "9" * 400
_EXTENDED = ("collective.label_sets=extend",)

SPELLING = _set(
    "not of the form a.b=c",
    ("population.size", ("population.size: not of the form a.b=c", "e.g. population.size=600")),
    ("=3", ("=3: not of the form a.b=c", "e.g. population.size=600")),
    ("", ("not of the form a.b=c", "e.g. population.size=600")),
    (" = ", ("not of the form a.b=c", "e.g. population.size=600")),
    ("population..size=3", ("'population..size' has an empty part", "e.g. population.size")),
    (".=3", ("has an empty part", "e.g. population.size")),
    ("population.=3", ("has an empty part", "e.g. population.size")),
    ("population size=3", ("population size: unknown key", "did you mean population?")),
    ("population.size:=3", ("population.size:: unknown key", "did you mean size?")),
    ("population.size==3", ("population.size: '=3': text", "a whole number >= 2")),
    ("popul\u0430tion.size=3", ("spelt 'popul\\u0430tion'", "did you mean population?")),
    ("run.\uff53eed=3", ("spelt '\\uff53eed'", "did you mean seed?")),
    ("run.se\u200bed=3", ("spelt 'se\\u200bed'", "did you mean seed?")),
    ("Population.size=3", ("Population: unknown key", "did you mean population?")),
    ("run.x=1", ("run.x: unknown key", "allowed here: device, limit, periods")),
    (f"{'run.' * 2400}x=1", ("run.run: unknown key", "allowed here: device")),
    (f"{'run.' * 9000}x=1", ("characters", "at most 10,000")),
    ("run.\x1b[31mseed=1", ("run.\\x1b[31mseed: unknown key", "allowed here: device")),
    ("run.seed=1\nrun.periods=2", ("run.seed: '1\\nrun.periods=2': text", "a whole number")),
)

NUMBERS = _set(
    "hostile numbers",
    (f"run.seed={_HUGE}", ("run.seed: 2**1328 or more: too large", "<= 9,223,372,036,854,775,807")),
    (f"run.seed=-{_HUGE}", ("run.seed: -2**1328 or less: too small", "a whole number >= 0")),
    (f"run.seed=0x{'f' * 5000}", ("run.seed: 2**19999 or more: too large", ">= 0 and <=")),
    (f"run.seed={'9' * 5000}", ("run.seed: '999", "a whole number >= 0")),
    (f"population.size={_HUGE}", ("population.size: ", "too large", ">= 2 and <= 10,000,000")),
    (f"population.cost.low={_HUGE}", ("population.cost.low: ", "too large", "smallest value")),
    ("population.cost.low=1e400", ("population.cost.low: inf: not a finite", "smallest value")),
    ("corpus.xi=-inf", ("corpus.xi: -inf: not a finite number", ">= 0 and < 1")),
    ("population.size=1_0", ("population.size", "population.size = 10", "first_movers = 36")),
    ("run.periods=0.5", ("run.periods: 0.5: not a whole number", "<= 1,000,000")),
    ("run.periods=1e7", ("run.periods: 10000000.0: too large", "<= 1,000,000")),
    ("run.seed=1.0e30", ("run.seed: 1e+30: too large", "a whole number >= 0")),
)

TEXTS = _set(
    "unfit texts",
    ("name=", ("name: '': empty", "text of 1 to 100 characters")),
    ("name=a/b", ("name: 'a/b'", "letters, digits, - and _")),
    ("name=../up", ("name: '../up'", "letters, digits, - and _")),
    ("name=-x", ("name: '-x'", "letters, digits, - and _")),
    ("name='a b'", ("name: 'a b'", "letters, digits, - and _")),
    (f"name={'x' * 101}", ("name: 'xxx", "too long (101 characters)", "1 to 100 characters")),
    ('name="a\\nb"', ("name: 'a\\nb': has a line break", "letters, digits")),
    ("collective.signal.token=", ("collective.signal.token: '': empty", "without spaces")),
    ("collective.signal.token=a b", ("collective.signal.token: 'a b'", "without spaces")),
    (
        f"collective.signal.token={'x' * 41}",
        ("collective.signal.token: 'xx", "41 char", "1 to 40 char"),
    ),
    (
        'collective.signal.token="\\u2028"',
        ("collective.signal.token: '\\u2028': has a line", "without spaces"),
    ),
    (
        'collective.signal.token="\\u0000"',
        ("collective.signal.token: '\\x00': has a line", "without spaces"),
    ),
    (
        'collective.signal.companions=["a b"]',
        ("collective.signal.companions[1]: 'a b'", "at most 16 texts"),
    ),
    ("corpus.label_noise=1.5", ("corpus.label_noise: 1.5: too large", ">= 0 and <= 1")),
    (
        'collective.signal.alternates=["a", ""]',
        ("collective.signal.alternates[2]: '': empty", "at most 16 texts"),
    ),
    (
        'collective.signal.alternates=["a b"]',
        ("collective.signal.alternates[1]: 'a b'", "at most 16 texts"),
    ),
    (
        f"collective.signal.alternates={list('abcdefghijklmnopq')}",
        ("collective.signal.alternates: a list of 17", "at most 16 texts"),
    ),
    ('corpus.path="   "', ("corpus.path: '   ': blank", "gigsim corpus import")),
    ('corpus.path="a\\u0000b"', ("corpus.path: 'a\\x00b'", "gigsim corpus import")),
    (f"corpus.path={'x' * 300}", ("corpus.path: 'xxx", "the name of a file", "corpus import")),
    (f"corpus.language={'x/' * 2500}", ("corpus.language: 'x/x/", "the name of a file", "empty")),
    ("collective.target=\udc80", ("collective.target: '\\udc80'", "text: y*")),
    (
        "platform.learner.encoder=",
        ("platform.learner.encoder: '': empty", "a local Hugging Face folder"),
    ),
)

KINDS_OF_TABLES = _set(
    "tables with a kind",
    ("network=ring", ("network: 'ring': text", 'did you mean network.kind = "ring"?')),
    (
        "platform.learner=linear",
        ("platform.learner: 'linear'", 'mean platform.learner.kind = "linear"?'),
    ),
    ("platform.learner=3", ("platform.learner: 3: a number", "linear, transformer, frozen, bayes")),
    ("network={}x", ("network: '{}x': text", "small_world, ring, complete")),
    ("network.kind=5", ("network.kind: 5: a number", '"small_world", "ring"')),
    ("network.kind=true", ("network.kind: true: a truth value", '"small_world", "ring"')),
    ("network.kind=['ring']", ("network.kind: ", "a list of 1", '"small_world", "ring"')),
    ("network.kind=small-worlds", ("network.kind: ", 'did you mean "small_world"?')),
    (
        ("network.kind=ring", "network.rewire=0.2"),
        ("network.rewire: unknown key", "only network.kind = small_world has it", ": degree, kind"),
    ),
    (
        ("network.kind=torus", "network.degree=4"),
        ("network.degree: unknown", "small_world or ring or scale_free or random or blocks have"),
    ),
    (
        ("network.kind=complete", "network.path=x"),
        ("network.path: unknown key", "only network.kind = edge_list or graphml have it"),
    ),
    ("network.within=0.5", ("network.within: unknown key", "only network.kind = blocks has it")),
    (
        "platform.learner.c=1",
        ("platform.learner.c: unknown key", "platform.learner.kind = linear or frozen have it"),
    ),
    (
        ("platform.learner.kind=linear", "platform.learner.epochs=2"),
        ("platform.learner.epochs: unknown", "only platform.learner.kind = transformer has it"),
    ),
    (
        ("platform.learner.kind=bayes", "platform.learner.curve=x"),
        ("platform.learner.curve: unknown", "surrogate has it", '"bayes": closeness, epsilon'),
    ),
    (
        "population.cost.mean=1",
        ("population.cost.mean: unknown", "only population.cost.kind = normal has it"),
    ),
    (
        "population.cost.kind=gamma",
        ("population.cost.kind: 'gamma' is not known", '"lognormal"', "or else a number"),
    ),
    (
        "population.cost.kind=normal",
        ("population.cost.mean: required", "needs mean and sd", "standard deviation, positive"),
    ),
    (
        "society.activation.kind=uniform",
        ("society.activation.low: required", "needs low and high", "largest value"),
    ),
    ("society.activation={low = 1}", ("society.activation.kind: required", '"uniform"')),
    ("population.cost={low = 1, kind = 3}", ("population.cost.kind: 3: a number", '"uniform"')),
    ("network.kind=edge_list", ("network.path: required", "edge_list", "text file of two names")),
    ("network.kind=graphml", ("network.path: required", "graphml", "undirected GraphML")),
    (
        ("population.cost=3", "population.cost.low=1"),
        ("population.cost.low: given beside population.cost = 3", "one of the two"),
    ),
    (
        ("society.activation.kind=normal", "society.activation=0.5"),
        ("society.activation.kind: given beside society.activation = 0.5", "one of the two"),
    ),
    (
        "population.cost=[1, 2]",
        ("population.cost: a list of 2", "a number, or a table with a kind"),
    ),
    ("population.cost=nan", ("population.cost: nan: not a finite number", "money a period")),
    ("population.cost=true", ("population.cost: true: a truth value", "money a period")),
    ("population=5", ("population: 5: a number", "a table with the keys: size, replacement")),
    ("collective.signal=x", ("collective.signal: 'x': text", "a table with the keys: token")),
)

TOGETHER = _set(
    "values that do not go together",
    ("network.degree=7", ("network.degree: 7: degree must be even", "a whole number >= 2")),
    (
        ("network.kind=ring", "network.degree=9"),
        ("network.degree: 9: degree must be even", "half on either side"),
    ),
    (
        ("network.kind=scale_free", "network.degree=3"),
        ("network.degree: 3: degree must be even", "half as many ties"),
    ),
    (
        ("population.size=60", "network.degree=60"),
        ("network.degree: 60 neighbours among 60", "at most population.size - 1 = 59"),
    ),
    (
        ("population.size=40", "network.kind=random", "network.degree=39.5"),
        ("network.degree: 39.5 neighbours among 40", "= 39 are possible"),
    ),
    (
        ("population.size=97", "network.kind=torus"),
        ("network.kind: no torus has 97 people", "population.size = 96 or 98"),
    ),
    ("population.cost.low=9", ("population.cost: high must be above low", "largest value")),
    (
        "population.threshold={kind = 'uniform', low = 1, high = 1}",
        ("population.threshold: high must be above low", "largest value"),
    ),
    (
        "society.activation={kind = 'uniform', low = 0.5, high = 3}",
        ("society.activation.high = 3 is no probability", ">= 0 and <= 1"),
    ),
    (
        "society.activation={kind = 'constant', value = -1}",
        ("society.activation.value = -1 is no probability", ">= 0 and <= 1"),
    ),
    ("platform.learner.heads=3", ("platform.learner: heads = 3 must divide width", "heads: ")),
    (
        "collective.first_movers=2001",
        ("collective.first_movers = 2001 is more than population.size = 2000", "at most as many"),
    ),
    ("population.size=20", ("population.size: collective.first_movers = 36", "at most as many")),
    (
        "collective.seeding=hub",
        ("collective.seeding: 'hub' is not known", 'did you mean "hubs"?'),
    ),
    ("collective.dues=-0.1", ("collective.dues", "-0.1", ">= 0")),
    ("collective.subsidy_until=0", ("collective.subsidy_until", "> 0 and <= 1")),
    (
        "collective.provision_point=0.2",
        (
            "collective.provision_point = 0.2 with a refund needs to know",
            'society.belief = "published"',
            "collective.refund = false",
        ),
    ),
    (
        (
            "platform.learner.kind=surrogate",
            "platform.learner.curve=a.csv",
            "society.belief=adaptive",
            "collective.provision_point=0.2",
        ),
        ("with a refund", 'society.belief = "adaptive"', "people then go by the curve"),
    ),
    (
        ("platform.learner.kind=surrogate", "platform.learner.source=bound", *_EXTENDED),
        ("platform.learner.source: ", '"bound": no theorem covers', 'measure.success = "any"'),
    ),
    (
        (
            "platform.learner.kind=surrogate",
            "platform.learner.source=bound",
            "platform.learner.bound_epsilon=0.1",
        ),
        ("platform.learner.bound_epsilon: ", "= 0.1 without a closeness", "bound_closeness says"),
    ),
    (
        (
            "platform.learner.kind=surrogate",
            "platform.learner.source=bound",
            "platform.learner.curve=a.csv",
        ),
        ("platform.learner.curve: ", 'source = "bound", which does not read it', "source = curve"),
    ),
    (
        (
            "platform.learner.kind=surrogate",
            "platform.learner.source=staircase",
            "corpus.path=a.npz",
        ),
        (": platform.learner.source = ", "a law that is known, and a corpus has none", "cells"),
    ),
    (
        "measure.spot_checks=[3]",
        ("measure.spot_checks: ", "trains for real at every retraining", "leave it empty"),
    ),
    (
        (
            "platform.learner.kind=surrogate",
            "platform.learner.curve=a.csv",
            "measure.spot_checks=[9, 3]",
        ),
        ("measure.spot_checks: ", "= [9, 3]", "each period once, the earliest first"),
    ),
    (
        (
            "platform.learner.kind=surrogate",
            "platform.learner.curve=a.csv",
            "measure.spot_checks=[3]",
            "platform.data=window",
        ),
        (": measure.spot_checks = [3] with platform.data", "earlier periods", "or no spot checks"),
    ),
    (
        ("platform.learner.kind=linear", "run.device=cuda"),
        ('run.device: run.device = "cuda" is for the transformer', 'leave run.device = "cpu"'),
    ),
    (
        ("platform.learner.kind=bayes", "run.precision=bfloat16"),
        ("run.precision: ", "is for the transformer", 'leave run.precision = "float32"'),
    ),
    (
        ("run.side_by_side=8", "platform.learner.dropout=0.1"),
        ("run.side_by_side: ", "= 8 with platform.learner.dropout = 0.1", "run.side_by_side = 1"),
    ),
    (
        ("platform.learner.encoder=gigsim-tiny", "run.side_by_side=2"),
        ("run.side_by_side: ", "platform.learner.encoder = 'gigsim-tiny'", 'encoder = "lean"'),
    ),
    (
        ("corpus.path=a.npz", "corpus.language=b.npz"),
        ("corpus.path: corpus.path and corpus.language exclude", "resumes come from one source"),
    ),
    (
        ("corpus.path=a.npz", "corpus.cells=5"),
        ("corpus.path: corpus.path and corpus.cells exclude", "resumes come from one source"),
    ),
    (
        ("corpus.language=b.npz", "corpus.cells=5"),
        ("corpus.language: corpus.language and corpus.cells exclude", "from one source"),
    ),
    (
        ("platform.learner.kind=bayes", "corpus.path=a.npz"),
        ("platform.learner.kind: ", "needs an exact posterior", "leave corpus.path empty"),
    ),
    (
        "platform.learner.kind=surrogate",
        ("platform.learner.kind: ", "has no curve", "platform.learner.curve is a CSV or Parquet"),
    ),
    (
        ("platform.learner.kind=surrogate", "platform.learner.curve="),
        ("platform.learner.curve: ", "has no curve", "platform.learner.curve is a CSV or Parquet"),
    ),
    (
        "collective.evasive=true",
        ("collective.evasive = true with", "an option of feature_only; leave it false"),
    ),
    (
        ("collective.wrong_label=0.1", "collective.strategy=feature_only"),
        ("collective.wrong_label = 0.1 with", "an option of feature_label; leave it 0.0"),
    ),
    (
        "collective.rotate_every=4",
        ("collective.rotate_every = 4 with 0 tokens", "give both or neither"),
    ),
    (
        "collective.signal.alternates=['a']",
        ("collective.signal.alternates: ", "rotate_every = 0 with 1", "both or neither"),
    ),
    (
        ("collective.signal.alternates=['a', 'a']", "collective.rotate_every=4"),
        ("collective.signal.alternates: 'a' occurs twice", "a different one"),
    ),
    (
        ("collective.signal.alternates=['※']", "collective.rotate_every=4"),
        ("collective.signal.alternates: '※' occurs twice", "a different one"),
    ),
    (
        (
            "collective.signal.alternates=['a']",
            "collective.rotate_every=4",
            "collective.signal.reserve=false",
        ),
        ("collective.signal.reserve = false with", "an id of its own"),
    ),
    (
        ("collective.signal.alternates=['a']", "collective.rotate_every=4", "corpus.xi=0.6"),
        ("corpus.xi = 0.6 for each of 2 tokens", "at most 1/2"),
    ),
    (
        (
            "collective.signal.alternates=['a']",
            "collective.rotate_every=4",
            "collective.signal.companions=['b']",
        ),
        ("collective.signal.companions: ", "with which token is not said", "one of the two"),
    ),
    (
        "collective.signal.companions=['※']",
        ("collective.signal.companions: '※' occurs twice", "a different one"),
    ),
    (
        ("platform.learner.kind=bayes", "platform.learner.epsilon=0.1"),
        ("platform.learner.epsilon: ", "epsilon = 0.1 without a closeness", '"conditional_tv"'),
    ),
    (
        (
            "platform.learner.kind=bayes",
            "platform.learner.epsilon=0.1",
            "platform.learner.closeness=joint_tv",
        ),
        ("platform.learner.epsilon: ", "a knapsack over all of them", '"additive_slack"'),
    ),
    (
        (
            "platform.learner.kind=bayes",
            "platform.learner.epsilon=0.1",
            "platform.learner.closeness=additive_slack",
            "collective.strategy=erasure",
        ),
        ("platform.learner.epsilon: ", "a matter of two texts", "platform.learner.epsilon = 0"),
    ),
    (
        "society.rule=pivotal",
        ("society.rule: ", 'with society.belief = "published" and', 'society.belief = "theory"'),
    ),
    (
        ("society.rule=pivotal", "society.belief=adaptive", "platform.learner.kind=linear"),
        ("society.rule: ", 'platform.learner.kind = "linear": what one', 'kind = "surrogate"'),
    ),
    (
        ("society.belief=theory", "collective.label_sets=extend"),
        ("society.belief: ", "none covers top-1 with", 'set measure.success = "any"'),
    ),
    (
        ("society.belief=theory", "collective.strategy=feature_only"),
        ("society.belief: ", "none covers top-1 with", 'measure.success = "any"'),
    ),
)

_AT = "[[at]]\nperiod = 2\n"
_FREE = "what may: population.cost, population.threshold"

CHANGES = _file(
    "changes in time",
    (
        "period 0",
        '[[at]]\nperiod = 0\nset = {"society.activation" = 1}',
        ("at[1].period: 0", ">= 1"),
    ),
    (
        "negative",
        '[[at]]\nperiod = -1\nset = {"society.activation" = 1}',
        ("at[1].period: -1: too",),
    ),
    (
        "a half",
        '[[at]]\nperiod = 1.5\nset = {"society.activation" = 1}',
        ("at[1].period: 1.5: not",),
    ),
    (
        "a text",
        '[[at]]\nperiod = "2"\nset = {"society.activation" = 1}',
        ("at[1].period: '2': text",),
    ),
    ("no period", '[[at]]\nset = {"society.activation" = 1}', ("at[1].period: required", ">= 1")),
    ("no set", _AT, ("at[1].set: required", "dotted keys and their new values")),
    ("an empty set", f"{_AT}set = {{}}", ("at[1].set: an empty table", "dotted keys")),
    ("a list for set", f"{_AT}set = [1]", ("at[1].set: a list of 1", "a table of dotted keys")),
    ("a text for set", f'{_AT}set = "x"', ("at[1].set: 'x': text", "a table of dotted keys")),
    ("another key", f"{_AT}sets = {{}}", ("at[1].sets: unknown key", "did you mean set?")),
    ("at as a table", "[at]\nperiod = 2", ("at: a table", "a list of tables")),
    ("at as a number", "at = 2", ("at: 2: a number", "a list of tables")),
    ("at of numbers", "at = [1, 2]", ("at[1]: 1: a number", "a list of tables")),
    ("fixed: seed", f'{_AT}set = {{"run.seed" = 2}}', ("at[1].set: run.seed: does not", _FREE)),
    ("fixed: size", f'{_AT}set = {{"population.size" = 2}}', ("population.size: does not", _FREE)),
    ("fixed: network", f'{_AT}set = {{network.kind = "ring"}}', ("network: does not", _FREE)),
    ("fixed: learner", f'{_AT}set = {{"platform.learner.c" = 1}}', ("learner.c: does not", _FREE)),
    ("fixed: at", f'{_AT}set = {{"at" = []}}', ("at[1].set: at: does not change", _FREE)),
    (
        "fixed: misspelt",
        f'{_AT}set = {{"collective.leek" = 0}}',
        ("at[1].set: collective.leek: does not change", "did you mean collective.leak?"),
    ),
    (
        "unknown",
        f'{_AT}set = {{"society.actvation" = 1}}',
        ("at[1].set: society.actvation: unknown key", "did you mean activation?"),
    ),
    (
        "empty part",
        f'{_AT}set = {{"society..rule" = 1}}',
        ("at[1].set: society..rule", "has an empty part"),
    ),
    (
        "beyond the range",
        f'{_AT}set = {{"society.activation" = 2}}',
        ("at[1].set: society.activation: 2: too large", "> 0 and <= 1"),
    ),
    (
        "another type",
        f'{_AT}set = {{"platform.repeats" = true}}',
        ("at[1].set: platform.repeats: true: a truth value", ">= 1 and <= 50"),
    ),
    (
        "wrong case",
        f"{_AT}set = {{society.rule = 'LOGIT'}}",
        ("at[1].set: society.rule: 'LOGIT' is not known", 'did you mean "logit"?'),
    ),
    (
        "the second",
        f'{_AT}set = {{"society.activation" = 1}}\n{_AT}set = {{"society.activation" = 0}}',
        ("at[2].set: society.activation: 0: too small", "> 0 and <= 1"),
    ),
    (
        "impossible later",
        f'measure.success = "top1"\ncollective.label_sets = "extend"\n{_AT}'
        'set = {"society.belief" = "theory"}',
        ("at[1].set: society.belief: ", "none covers top-1", 'measure.success = "any"'),
    ),
    (
        "too many first movers later",
        f'{_AT}set = {{"collective.first_movers" = 2001}}',
        ("at[1].set: collective.first_movers: ", "more than population.size = 2000", "at most as"),
    ),
    (
        "a law without its keys",
        f'{_AT}set = {{"population.cost" = {{kind = "normal"}}}}',
        ("at[1].set: population.cost.mean: required", "needs mean and sd"),
    ),
    (
        "two spellings",
        f'{_AT}set = {{population.cost = 3, "population.cost" = 4}}',
        ("at[1].set: population.cost: given twice", "give it once"),
    ),
)

_TOML = "see https://toml.io"

FILES = _file(
    "files that are no TOML",
    ("no end of a table", "[population\nsize = 5", ("not TOML", "line 1", "[population", _TOML)),
    ("no value", "[run]\nseed =", ("not TOML: Invalid value (at end of document)", _TOML)),
    ("no value in between", "[run]\nseed =\n", ("not TOML", "line 2", "seed =", _TOML)),
    ("no quotes", "[run]\nprecision = float32", ("not TOML", "precision = float32", _TOML)),
    ("a key twice", "[run]\nseed = 1\nseed = 2\n", ("not TOML", "line 3", "seed = 2", _TOML)),
    (
        "a table twice",
        "[run]\nseed = 1\n[run]\nperiods = 2",
        ("not TOML", "line 3", "[run]", _TOML),
    ),
    ("a key and a table", "run = 1\n[run]\nseed = 2", ("not TOML", "line 2", "[run]", _TOML)),
    ("True", "[collective]\nevasive = True", ("not TOML", "evasive = True", _TOML)),
    ("a comma", "[run]\nseed = 1,", ("not TOML", "seed = 1,", _TOML)),
    ("a leading zero", "[run]\nseed = 007", ("not TOML", "seed = 007", _TOML)),
    ("Python", "{'run': {'seed': 1}}", ("not TOML", "{'run'", _TOML)),
    ("JSON", '{"run": {"seed": 1}}', ("not TOML", '{"run"', _TOML)),
    ("YAML", "run:\n  seed: 1\n", ("not TOML", "run:", _TOML)),
    ("no end of a text", '[run]\nprecision = "float32\n', ("not TOML", "precision = ", _TOML)),
    ("a control character", "[run]\nseed = 1\x07", ("not TOML", "seed = 1\\x07", _TOML)),
    ("a NUL", b"[run]\nseed = 1\0", ("not TOML", "seed = 1\\x00", _TOML)),
    ("bare returns", b"[run]\rseed = 1\r", ("not TOML", "[run]", _TOML)),
    ("nested lists", f"run.seed = {'[' * 4000}", ("not TOML: nested too deeply", _TOML)),
    ("nested lines", "run.seed = " + "[\n" * 100_000, ("not TOML: nested too deeply", _TOML)),
    ("nested tables", f"run.seed = {'{a=' * 3000}", ("not TOML: nested too deeply", _TOML)),
    ("digits", f"run.seed = {'9' * 5000}", ("not TOML", "4300 digits", _TOML)),
    (
        "a long line",
        f"run.seed = '{'x' * 20_000}'",
        ("line 1 has 20,013 characters", "at most 10,000"),
    ),
    (
        "a long key",
        f"[run]\n{'a.' * 6000}b = 1",
        ("line 2 has 12,005 characters", "at most 10,000"),
    ),
    ("UTF-16", "[run]\nseed = 1".encode("utf-16"), ("cannot be read (it is in UTF-16)", "UTF-8")),
    ("Latin-1", "# caf\xe9".encode("latin-1"), ("cannot be read (not UTF-8 at byte 5", "UTF-8")),
    ("binary", bytes(range(256)), ("cannot be read (not UTF-8 at byte 128", "UTF-8")),
    ("too large", b"#\n" * (200 << 10), ("more than 262,144 bytes", "give a TOML file or one of")),
)

VALUES = _file(
    "values of a file",
    ("a date", "[run]\nseed = 1979-05-27", ("run.seed: 1979-05-27, a date or a time", ">= 0")),
    ("a time", "[run]\nseed = 07:32:00", ("run.seed: 07:32:00, a date or a time", ">= 0")),
    ("a moment", "corpus.xi = 1979-05-27T07:32:00Z", ("corpus.xi: 1979-05-27T07:32", "a date")),
    (
        "mixed",
        "collective.signal.alternates = ['a', 1]",
        ("alternates[2]: 1: a number", "16 texts"),
    ),
    (
        "nested",
        "collective.signal.alternates = [['a']]",
        ("alternates[1]: a list of 1", "16 texts"),
    ),
    (
        "a list of tables",
        "[[run]]\nseed = 1",
        ("run: a list of 1", "a table with the keys: periods"),
    ),
    ("a table for a number", "[run.seed]\nx = 1", ("run.seed: a table", "a whole number >= 0")),
    ("a number for a table", "run = 1", ("run: 1: a number", "a table with the keys: periods")),
    ("an empty key", '"" = 1', (": unknown key", "allowed here: at, collective")),
    ("a quoted dot", '"run.seed" = 1', ("run.seed: unknown key", "allowed here: at, collective")),
    ("a key with a break", '"a\\nb" = 1', ("a b: unknown key", "allowed here: at, collective")),
    ("a steering key", '"\\u001b[2J" = 1', ("\\x1b[2J: unknown key", "allowed here: at")),
    ("a key of letters alike", '"s\u043eciety" = 1', ("spelt 's\\u043eciety'", "mean society?")),
    ("a long name", f"{'x' * 9000} = 1", ("xxx...: unknown key", "allowed here: at, collective")),
    ("a deep key", f"{'run.' * 2000}x = 1", ("run.run: unknown key", "allowed here: device")),
    ("a deep value", f"run.seed.{'a.' * 2000}x = 1", ("run.seed: a table", "a whole number")),
)

_NAMES = "give a TOML file or one of: assurance, default, early_adopters, erasure, feature_only"

NAMES = [
    Malformed("scenarios that are none", name[-40:], said, (), None, name)
    for name, said in (
        ("nowhere", ("scenario 'nowhere': no such scenario", _NAMES)),
        ("nowhere.toml", ("nowhere.toml: cannot be read (No such file", _NAMES)),
        ("no/such/place.toml", ("no/such/place.toml: cannot be read (No such file", _NAMES)),
        ("Default", ("scenario 'Default': no such", "did you mean default?", _NAMES)),
        ("secret-clubs", ("scenario 'secret-clubs': no such", "did you mean secret_club?", _NAMES)),
        ("leaky club", ("scenario 'leaky club': no such", "did you mean leaky_club?", _NAMES)),
        ("sceptic", ("scenario 'sceptic': no such", "did you mean sceptics?", _NAMES)),
        ("", ("scenario '': no such scenario", _NAMES)),
        (" ", ("scenario ' ': no such scenario", _NAMES)),
        (".", (".: is a folder", _NAMES)),
        ("..", ("..: is a folder", _NAMES)),
        ("a\nb", ("scenario 'a\\nb': no such scenario", _NAMES)),
        ("\x1b[2J", ("scenario '\\x1b[2J': no such scenario", _NAMES)),
        ("x" * 5000, ("scenario 'xxx", "no such scenario", _NAMES)),
        (f"{'x' * 300}.toml", ("xxx.toml: cannot be read (File name too long)", _NAMES)),
        ("default\0", ("scenario 'default\\x00': no such scenario", _NAMES)),
        ("\0.toml", ("\\x00.toml: cannot be read (embedded null byte)", _NAMES)),
        ("/dev/null", ("/dev/null: is not a file", _NAMES)),
        ("/dev/zero", ("/dev/zero: is not a file", _NAMES)),
    )
]

BY_HAND = [
    *SPELLING, *NUMBERS, *TEXTS, *KINDS_OF_TABLES, *TOGETHER, *CHANGES, *FILES, *VALUES, *NAMES,
]  # fmt: skip
GENERATED = list(generated())
