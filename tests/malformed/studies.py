"""Studies that are mistaken, misspelt or hostile, each with what is to be said of it."""

from __future__ import annotations

from dataclasses import dataclass

FILE = "mine.toml"
CSV = "cases.csv"


@dataclass(frozen=True)
class Malformed:
    """A study that has to be refused.

    Attributes:
        kind: what is wrong with it, in general.
        content: of ``mine.toml``.
        said: what the message has to say: the place, the value, what is allowed.
        csv: of ``cases.csv``, or None.
    """

    kind: str
    content: str | bytes
    said: tuple[str, ...]
    csv: str | bytes | None = None


def _cases(kind: str, *cases: tuple[str | bytes, tuple[str, ...]]) -> list[Malformed]:
    return [Malformed(kind, content, (FILE, *said)) for content, said in cases]


def _designs(*cases: tuple[str, tuple[str, ...]], kind: str = "a design") -> list[Malformed]:
    return _cases(kind, *((f'name = "x"\n[design]\n{text}', said) for text, said in cases))


def _grid(text: str, *said: str) -> tuple[str, tuple[str, ...]]:
    return f'kind = "grid"\n[design.values]\n{text}', said


def _zip(text: str, *said: str) -> tuple[str, tuple[str, ...]]:
    return f'kind = "zip"\n[design.values]\n{text}', said


def _list(text: str, *said: str) -> tuple[str, tuple[str, ...]]:
    return f'kind = "list"\ncases = {text}', said


def _ranges(text: str, *said: str) -> tuple[str, tuple[str, ...]]:
    return f'kind = "latin_hypercube"\nsamples = 4\n[design.ranges]\n{text}', said


def _csv(csv: str | bytes, *said: str) -> Malformed:
    content = f'name = "x"\n[design]\nkind = "csv"\npath = "{CSV}"\n'
    return Malformed("a CSV", content, (CSV, *said), csv)


FILES = _cases(
    "a file",
    ("[name\n", ("not TOML", "line 1", "[name", "https://toml.io")),
    ('name = "x"\nname = "y"\n', ("not TOML", "line 2", 'name = "y"')),
    (b'name = "\xff"', ("cannot be read (not UTF-8 at byte 8)", "save it in UTF-8")),
    ('name = "x"'.encode("utf-16"), ("it is in UTF-16", "save it in UTF-8")),
    ("# " + "x" * 20_000, ("line 1 has 20,002 characters", "at most 10,000")),
    (b"#\n" * (3 << 20), ("more than 4,194,304 bytes", "STUDY.toml", "docs/studies.md")),
    ("name = " + "[" * 9000, ("not TOML",)),
)

TOP = _cases(
    "a key of the study",
    ("", ("name: required", "text of 1 to 100 characters", "letters, digits, - and _")),
    ("name = 5", ("name: 5: a number", "did you mean '\"5\"', in quotes?", "letters, digits")),
    ('name = ""', ("name: '': empty", "1 to 100 characters")),
    ('name = "a b"', ("name: 'a b'", "letters, digits, - and _")),
    ('name = "../up"', ("name: '../up'", "letters, digits, - and _")),
    (f'name = "{"x" * 101}"', ("name: 'xxx", "too long (101 characters)")),
    ('name = "x"\nreplicate = 3', ("replicate: unknown key", "did you mean replicates?")),
    ('name = "x"\nseeds = 3', ("seeds: unknown key", "did you mean seed?", "allowed here: base")),
    ('name = "x"\nperiods = 3', ("periods: unknown key", "allowed here: base, common_random")),
    ('name = "x"\nreplicates = 0', ("replicates: 0: too small", "a whole number >= 1")),
    ('name = "x"\nreplicates = 2.5', ("replicates: 2.5: not a whole number", "runs of each case")),
    ('name = "x"\nreplicates = "3"', ("replicates: '3': text", "did you mean 3 without quotes?")),
    ('name = "x"\nreplicates = true', ("replicates: true: a truth value", "a whole number >= 1")),
    ('name = "x"\nreplicates = 1000001', ("replicates: 1000001: too large", "<= 1,000,000")),
    ('name = "x"\nseed = -1', ("seed: -1: too small", ">= 0 and <= 9,223,372,036,854,775,807")),
    (f'name = "x"\nseed = {2**63}', ("seed: 9223372036854775808: too large", ">= 0 and <=")),
    ('name = "x"\nseed = nan', ("seed: nan: not a finite number", "a whole number")),
    (
        'name = "x"\ncommon_random_numbers = "true"',
        ("common_random_numbers: 'true': text", "did you mean true?", "true or false"),
    ),
    (
        'name = "x"\ncommon_random_numbers = 1',
        ("common_random_numbers: 1: a number", "true or false"),
    ),
    ('name = "x"\nrecord = "periods"', ("record: 'periods': text", "a list of at most 5")),
    ('name = "x"\nrecord = [1]', ("record[1]: 1: a number", "freelancers")),
    (
        'name = "x"\nrecord = ["periods", "retraining"]',
        ("record[2]: 'retraining' is not known", 'did you mean "retrainings"?', '"theory"'),
    ),
    (
        'name = "x"\nrecord = ["runs"]',
        ("record[1]: 'runs' is not known", '"runs" is always kept', '"theory"'),
    ),
    (
        'name = "x"\nrecord = ["theory", "theory"]',
        ("record[2]: 'theory': given twice", "each table once"),
    ),
    ('name = "x"\n[limits]\nhours = 1', ("limits.hours: unknown key", "memory_gb, repetitions")),
    ('name = "x"\n[limits]\nseconds = 0', ("limits.seconds: 0: too small", "a number > 0")),
    ('name = "x"\n[limits]\nseconds = inf', ("limits.seconds: inf: not a finite", "wall-clock")),
    (
        'name = "x"\n[limits]\nmemory_gb = "4"',
        ("limits.memory_gb: '4': text", "did you mean 4 without quotes?", "resident memory"),
    ),
    (
        'name = "x"\n[limits]\nrepetitions = -1',
        ("limits.repetitions: -1: too small", "a whole number >= 0 and <= 1,000"),
    ),
    ('name = "x"\nlimits = 5', ("limits: 5: a number", "seconds, memory_gb, repetitions")),
)

BASES = [
    *_cases(
        "a base",
        ('name = "x"\nbase = 5', ("base: 5: a number", "a scenario that ships")),
        ('name = "x"\nbase = ""', ("base: '': empty", "a scenario that ships")),
        (
            'name = "x"\nbase = "default"\n[config.run]\nperiods = 3',
            ("base: given beside config", "one of the two"),
        ),
        ('name = "x"\nconfig = 5', ("config: 5: a number", "the base itself, as a table")),
        (
            'name = "x"\n[config.population]\nsize = 1',
            ("config: population.size: 1: too small", "a whole number >= 2"),
        ),
        (
            'name = "x"\n[config]\npopulation.sise = 100',
            ("config: population.sise: unknown key", "did you mean size?"),
        ),
        (
            'name = "x"\n[set]\n"population.sise" = 100',
            ("set: population.sise: unknown key", "did you mean size?"),
        ),
        (
            'name = "x"\n[set]\npopulation.size = "many"',
            ("set: population.size: 'many': text", "a whole number >= 2"),
        ),
        (
            'name = "x"\n[set]\n"population.size" = 100\npopulation.size = 200',
            ('set."population.size": given twice', "give it once"),
        ),
        ('name = "x"\n[set]\n"run.seed" = 3', ("set: run.seed", "seeds of their own", "seed and")),
        ('name = "x"\n[set]\nrun.seed = 3', ("set: run.seed", "seeds of their own", "seed and")),
        ('name = "x"\n[set]\n"run..seed" = 3', ("'run..seed' has an empty part",)),
        ('name = "x"\nset = "run.seed=3"', ("set: 'run.seed=3': text", "a table of dotted keys")),
        (
            'name = "x"\n[set]\n"collective.first_movers" = 5000',
            (
                "case 0: collective.first_movers: collective.first_movers = 5000 is more",
                "as many as there are people",
            ),
        ),
    ),
    Malformed(
        "a base",
        'name = "x"\nbase = "nowhere.toml"',
        ("nowhere.toml: cannot be read", "give a TOML file or one of: assurance"),
    ),
    Malformed(
        "a base",
        'name = "x"\nbase = "secret_clup"',
        ("scenario 'secret_clup': no such scenario", "did you mean secret_club?"),
    ),
]

DESIGNS = _designs(
    ("", ("design.kind: required", '"grid", "zip", "list", "latin_hypercube", "sobol", "csv"')),
    ('kind = "gird"', ("design.kind: 'gird' is not known", 'did you mean "grid"?')),
    ("kind = 3", ("design.kind: 3: a number", '"grid"')),
    (
        'kind = "grid"',
        ("design.values: required", 'kind = "grid" needs values', "a list of values"),
    ),
    ('kind = "grid"\nvalues = {}', ("design.values: an empty table", "every combination")),
    ('kind = "grid"\nvalues = 3', ("design.values: 3: a number", "every combination")),
    (
        'kind = "grid"\nsamples = 3\n[design.values]\nrun.periods = [1]',
        ("design.samples: unknown key", "only design.kind = latin_hypercube or sobol have it"),
    ),
    _grid('"run.periods" = 5', 'design.values."run.periods": 5: a number', "e.g. [5]"),
    _grid('"run.periods" = []', 'design.values."run.periods": an empty list', "e.g. [1, 2]"),
    _grid("population = {}", 'design.values."population": a table', "a list of values"),
    _grid('"run.period" = [5]', "case 0: run.period: unknown key", "did you mean periods?"),
    _grid('"run.periods" = [5, -1]', "case 1: run.periods: -1: too small", ">= 0"),
    _grid('"run.periods" = [5, "x"]', "case 1: run.periods: 'x': text", "a whole number >= 0"),
    _grid('"run.periods" = [5, 5]', "case 1: the same as case 0 (run.periods = 5)", "replicates"),
    _grid('"run.periods" = [5, 5.0]', "case 1: the same as case 0", "every case once"),
    _grid('"run.seed" = [1, 2]', "case 0: run.seed: a study's runs have seeds", "leave it out"),
    _grid("run = [{ seed = 1 }]", "case 0: run.seed: a study's runs have seeds", "leave it out"),
    _grid('"a.b" = [1]\na.b = [2]', 'design.values."a.b": given twice', "give it once"),
    _grid(
        '"network.kind" = ["ring", "rink"]',
        "case 1: network.kind: 'rink' is not known",
        'did you mean "ring"?',
    ),
    _grid(
        '"population.cost" = [{ kind = "uniform", low = 2, high = 1 }]',
        "case 0: population.cost",
        "high must be above low",
    ),
    _grid(
        '"collective.first_movers" = [36, 3000]',
        "case 1: collective.first_movers: collective.first_movers = 3000 is more than",
        "at most as many as there are people",
    ),
    _grid(
        '"population.size" = [100, 101]\n"population" = [{ size = 100 }]',
        'case 0: "population.size": given twice',
        "give it once",
    ),
    _grid(
        "\n".join(f'"k{i}.x" = [{", ".join(map(str, range(60)))}]' for i in range(3)),
        "design.values: 216,000 cases",
        "at most 100,000",
    ),
    _grid(f"{'run.' * 1800}x = [1]", 'design.values."run.run.run.', "a table", "a list of values"),
    _list(f"[{{ {'run.' * 1800}x = 1 }}]", "case 0: run.run: unknown key", "allowed here"),
    _list(f'[{{ "{"run." * 1800}x" = 1 }}]', "case 0: run.run: unknown key", "allowed here"),
    _grid('"run.periods" = [1979-05-27]', "case 0: run.periods: 1979-05-27", "a whole number"),
    _grid('"collective.leak" = [nan]', "case 0: collective.leak: nan", "not a finite number"),
    _zip(
        '"run.periods" = [1, 2]\n"collective.leak" = [0.1]',
        "design.values: lists of different lengths (run.periods: 2, collective.leak: 1)",
        'kind = "grid" combines them',
    ),
    _zip(
        '"run.periods" = [1, 1]\n"collective.leak" = [0.1, 0.1]',
        "case 1: the same as case 0",
        "every case once",
    ),
    _list("[]", "design.cases: 0 cases", "at least 1"),
    _list("3", "design.cases: 3: a number", "a list of tables of dotted keys"),
    _list("[3]", "design.cases[1]: 3: a number", "a list of tables of dotted keys"),
    _list("[{}, {}]", "case 1: the same as case 0 (the base)", "every case once"),
    _list(
        '[{}, { "population.size" = 2000 }]',
        "case 1: the same as case 0 (population.size = 2000); every case once",
        "every case once",
    ),
    _list('[{ "at" = 3 }]', "case 0: at: 3: a number", "a list of tables with the keys: period"),
    _list(
        '[{ "at" = [{ period = 2, set = { "population.size" = 3 } }] }]',
        "case 0: at[1].set: population.size: does not change in time",
    ),
    ('kind = "csv"', ("design.path: required", 'kind = "csv" needs path', "a CSV file")),
    ('kind = "csv"\npath = 3', ("design.path: 3: a number", "a CSV file")),
)

RANGES = _designs(
    (
        'kind = "sobol"\nsamples = 100\n[design.ranges]\n"collective.leak" = { low = 0, high = 1 }',
        ("design.samples: 100", "powers of two", "64 or 128"),
    ),
    (
        'kind = "sobol"\nsamples = 70000\n[design.ranges]\ncollective.leak = { low = 0, high = 1 }',
        ("design.samples: 70000", "powers of two", "; 65536"),
    ),
    (
        'kind = "latin_hypercube"\nsamples = 0\n[design.ranges]\na = 1',
        ("design.samples: 0: too small", "a whole number >= 1 and <= 100,000"),
    ),
    (
        'kind = "latin_hypercube"\nsamples = 4',
        ("design.ranges: required", "needs ranges", "low and high"),
    ),
    _ranges('"collective.leak" = 0.5', '."collective.leak": 0.5: a number', "{ low = ..., high"),
    _ranges('"collective.leak" = {}', '."collective.leak".low: required', "smallest value"),
    _ranges('"collective.leak" = { low = 0.1 }', '."collective.leak".high: required', "above low"),
    _ranges(
        '"collective.leak" = { low = 0.1, hihg = 0.2 }',
        '."collective.leak".hihg: unknown key',
        "did you mean high?",
    ),
    _ranges(
        '"collective.leak" = { low = "a", high = 1 }',
        ".\"collective.leak\".low: 'a': text",
        "smallest value",
    ),
    _ranges(
        '"collective.leak" = { low = 0.2, high = 0.1 }',
        '."collective.leak".high: high = 0.1 with low = 0.2',
        "high is above low",
    ),
    _ranges(
        '"collective.leak" = { low = 0, high = 2 }',
        '."collective.leak".high: 2: too large',
        "a number >= 0 and <= 1",
        "probability per tie",
    ),
    _ranges(
        '"population.size" = { low = 1, high = 20 }',
        '."population.size".low: 1: too small',
        "a whole number >= 2",
    ),
    _ranges(
        '"population.size" = { low = 100.5, high = 200 }',
        '."population.size".low: 100.5: not a whole number',
        "a whole number >= 2",
    ),
    _ranges(
        '"collective.leak" = { low = 0, high = 1, scale = "log" }',
        '."collective.leak".scale: "log" with low = 0',
        "low > 0",
    ),
    _ranges(
        '"collective.leak" = { low = 0.1, high = 1, scale = "Log" }',
        ".\"collective.leak\".scale: 'Log' is not known",
        'did you mean "log"?',
    ),
    _ranges(
        '"collective.leak" = { choices = [0.1], low = 0 }',
        '."collective.leak".low: given beside choices',
        "one of the two",
    ),
    _ranges(
        '"network.kind" = { choices = [] }',
        '."network.kind".choices: an empty list',
        "a list of values",
    ),
    _ranges(
        '"network.kind" = { low = 0, high = 1 }',
        '."network.kind": takes no numbers',
        'choices = [...] of what is allowed there: "small_world"',
    ),
    _ranges(
        '"society.rule" = { low = 0, high = 1 }',
        '."society.rule": takes no numbers',
        '"best_response"',
    ),
    _ranges(
        '"collective.leek" = { low = 0, high = 1 }',
        "design.ranges: collective.leek: unknown key",
        "did you mean leak?",
    ),
    _ranges(
        '"population" = { low = 0, high = 1 }',
        "design.ranges: population",
        "a table with the keys: size",
    ),
    _ranges(
        '"population.cost.sd" = { low = 0.1, high = 1 }',
        "design.ranges: population.cost.sd: unknown key here",
        "only population.cost.kind = normal has it",
    ),
    _ranges(
        '"run.periods" = { low = 1, high = 2 }',
        "the same as case",
        "fewer samples, or wider ranges",
    ),
    _ranges('"run.seed" = { low = 1, high = 2000 }', "case 0: run.seed: a study's runs have seeds"),
    _ranges(
        '"network.kind" = { choices = ["mobius", "rong"] }',
        "case 0: network.kind: ",
        "is not known",
        '"small_world"',
    ),
    _ranges(
        '"collective.leak" = { low = 0.1, high = 1e999 }',
        '."collective.leak".high: inf: not a finite number',
        "largest value",
    ),
    kind="a range",
)

CSVS = [
    Malformed(
        "a CSV",
        f'name = "x"\n[design]\nkind = "csv"\npath = "{CSV}"\n',
        (f"{CSV}: cannot be read (No such file or directory)", "a header of dotted keys"),
    ),
    Malformed(
        "a CSV",
        'name = "x"\n[design]\nkind = "csv"\npath = "there.parquet"\n',
        ("there.parquet: no such file", "cases.parquet of a study's folder"),
    ),
    _csv("", "is empty", "a header of dotted keys"),
    _csv("\n\n", "is empty", "a header of dotted keys"),
    _csv("run.periods\n", "no case", "a row a case"),
    _csv("run.periods,\n1,2\n", "line 1, cell 2: no key", "a dotted key for each column"),
    _csv("a.b,a.b\n1,2\n", "line 1: a.b: given twice", "a column for each key"),
    _csv("run.periods\n1,2\n", "line 2: 2 cells, but the header has 1", "in quotes"),
    _csv("run.period\n1\n", "line 2: run.period: unknown key", "did you mean periods?"),
    _csv("run.periods\n1\n\nx\n", "line 4: run.periods: 'x': text", "a whole number"),
    _csv("run.periods\n3\n3.0\n", "line 3: the same as line 2 (run.periods = 3)", "every case"),
    _csv('run.periods\n"1\n', "line 2: not CSV: unexpected end of data", "a row a case"),
    _csv('run.periods\n"1"2\n', "line 2: not CSV", "a row a case"),
    _csv("run.periods\n1\n\0\n", "a NUL byte", "a row a case"),
    _csv(b"run.periods\n\xff\n", "not UTF-8 at byte 12", "save it in UTF-8"),
    _csv(
        f"collective.target\n{'x' * 10_001}\n",
        "line 2: collective.target: 'xxx",
        "10,001 characters",
        "at most 10,000",
    ),
    _csv("run.seed\n1\n", "line 2: run.seed: a study's runs have seeds", "leave it out"),
    _csv(
        "population.cost,population.cost.low\n5,1\n",
        "line 2: population.cost.low: given beside population.cost = 5",
        "one of the two",
    ),
]

EVERYTHING = [*FILES, *TOP, *BASES, *DESIGNS, *RANGES, *CSVS]
