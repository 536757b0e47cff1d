"""The record: what it says, what it calls a fault."""

from __future__ import annotations

from dataclasses import replace

from gigsim.validation.known import Obtained
from gigsim.validation.report import KnownCase, Record
from gigsim.validation.trial import Verdict
from gigsim.validation.uncovered import Broken, Uncovered

HELD = Verdict("a bound", "derived", 30_000, 20_000, 0, 0.0, (0.0, 0.01, 0.2, 0.9, 0.3), {"m": 7})
RISKY = replace(HELD, name="a risky one", risk=0.1, violations=9, caught={"m": 3001})
CASE = KnownCase("V1", "a | case", "1", "derived")
EXAMPLE = Uncovered("a claim", "a world", lambda: Broken(0.9, 0.1))
RECORD = Record(
    known=[
        (CASE, Obtained("x = 1", True)),
        (KnownCase("V17", "b", "2", "a paper"), Obtained("3", False, "contrary")),
        (KnownCase("V52", "c", "", ""), Obtained("no such thing", None)),
    ],
    experiments=True,
    parts={
        "Planting": [HELD],
        "Others": [RISKY],
    },
    drawn_from={"Planting": "Worlds of six texts.", "Others": "Worlds of seven."},
    worlds=20_000,
    uncovered=[(EXAMPLE, EXAMPLE.show())],
    versions={"gigsim": "0.0.7", "Python": "3.99"},
)


def test_what_is_in_order() -> None:
    assert RECORD.faults == []
    counts = RECORD.counts
    assert (counts["known_passed"], counts["known_applicable"]) == (1, 2)
    assert (counts["known_contrary"], counts["known_failed"]) == (1, 0)
    assert (counts["bounds"], counts["bounds_held"]) == (2, 2)
    assert (counts["mutants"], counts["mutants_caught"]) == (2, 2)
    assert counts["violations_of_certain_bounds"] == 0


def test_every_fault_is_named() -> None:
    broken = replace(
        RECORD,
        known=[(CASE, Obtained("x = 2", False))],
        parts={
            "Planting": [replace(HELD, violations=3), replace(HELD, caught={"m": 0})],
            "Others": [replace(RISKY, caught={"m": 3000}), replace(RISKY, violations=3001)],
        },
        uncovered=[(EXAMPLE, Broken(0.1, 0.9))],
    )
    said = "\n".join(broken.faults)
    assert broken.counts["mutants_caught"] == 2
    assert len(broken.faults) == 6
    for part in (
        "V1: x = 2",
        "3 violations in 30000 worlds",
        "not caught: m",
        "not shown any more: a claim",
    ):
        assert part in said
    assert broken.markdown().count("FAILS") == 5


def test_the_markdown_has_it_all_and_its_tables_are_tables() -> None:
    text = RECORD.markdown()
    assert text == RECORD.markdown()
    for part in (
        "1 of 2 passed, 1 contrary",
        "a \\| case",
        "contrary",
        "9 (allowed 3,000)",
        "A promise of 1 or more is held to 1",
        "### Others\n\nWorlds of seven.",
        "Made with gigsim 0.0.7, Python 3.99.",
        "m: 7",
    ):
        assert part in text
    assert "certified_epsilon.py" in text
    assert "--quick" not in text
    assert "--quick" in replace(RECORD, experiments=False).markdown()
    widths: set[int] = set()
    for line in text.splitlines():
        if line.startswith("|"):
            widths.add(line.replace("\\|", "").count("|"))
        else:
            assert len(widths) <= 1, "a row has another number of cells"
            widths = set()


def test_plain() -> None:
    plain = RECORD.plain()
    assert plain["versions"] == {"gigsim": "0.0.7", "Python": "3.99"}
    assert plain["trials"][0]["mutants"] == {"m": 7}
    assert plain["known"][1]["verdict"] == "contrary"
    assert plain["not_covered"][0]["promised"] == 0.9
