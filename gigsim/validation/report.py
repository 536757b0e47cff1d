"""The record of a validation: everything that was checked, as one Markdown file and as JSON.

No clocks, paths or dates: where code and libraries are the same, so are the bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gigsim.validation.known import Known, Obtained
from gigsim.validation.trial import Verdict
from gigsim.validation.uncovered import Broken, Uncovered

_HEAD = """# Validation record

Written by `gigsim validate`; do not edit. All seeds are fixed in the code, so running the command
again with the same libraries on the same kind of processor writes the same bytes; with others the
last digits may differ, and with them a count.
"""

_KNOWN = """## Known answers

Cases whose outcome is known beforehand, computed anew by the code that ships. The numbers have gaps
on purpose; P1 and so on are further results on who takes part.

V26 to V42 and P1 to P22 are on who takes part, and how that spreads. What follows *Simulated* was
played out by gigsim's own rules: by whole economies on a curve in place of a platform, on networks
alone, in games by people who imitate those who do better, in many small societies, and by people
who learn alone. Predictions for people or networks drawn at random are met within four standard
errors, of the law of the draw where it is known and else of independent runs; "and a person" means
that shares of N people come in steps of 1/N. Where nothing is random they are met to the person.

V17, V18, V49, V50 and V51 are experiments with small learners that are really trained. *Contrary*:
significant evidence against what a paper reports; *not shown*: too little evidence for it. Both are
findings, not faults of a formula, and are counted as not passed. Sizes, seeds, statistics and the
direction expected were written down before the first training, in
`gigsim/validation/experiments_training.py` and `experiments_collectives.py`. Numbers in square
brackets are 95 % intervals over seeds.
"""

_SKIPPED = (
    "The experiments with trained learners (V17, V18, V49, V50, V51) were left out (`--quick`).\n"
)

_TRIALS = """## Bounds on trial

Each bound was held against worlds in which what happens is known exactly, worst-case platforms
included, until it had said something (lay in its span, for a share between 0 and 1) in as many as
asked for: those are the *informative* ones. *Violations*, counted in all worlds drawn: less
happened than was promised. A promise of 1 or more is held to 1 and so can be violated too, though
it does not make a world informative. None is allowed, except to a bound that holds with probability
1 − δ only, which is allowed a share δ of the worlds drawn. *Slack* is what happens minus what was
promised, over the informative worlds. *Mutants* are wrong versions of the bound (a factor dropped,
an error term that does not hold); the number is that of the worlds that caught each, counted as
violations are, and none may get away: a bound that may fail in a share δ must have them caught in
more than δ of the worlds drawn.
"""

_UNCOVERED = """## Not covered

What is plausible, printed somewhere or valid next door, and does not hold here. Each
counter-example is computed anew.
"""

_CERTIFIED = """## Certified ε of trained learners

Not part of this record, because it takes many trainings: `python benchmarks/certified_epsilon.py`
certifies how far `linear` and `transformer` are from Bayes on the built-in language, and says
whether the bound survives it.
"""


@dataclass(frozen=True)
class Record:
    """What was found.

    Attributes:
        known: the known answers and experiments, with what came out.
        experiments: were learners trained?
        parts: the verdicts on bounds, by part of the theory.
        drawn_from: what the worlds of a part are, two lines or so, by part.
        worlds: informative worlds asked for.
        uncovered: what is not covered, with its counter-example.
        versions: of Python and the libraries, by name.
    """

    known: Sequence[tuple[KnownCase, Obtained]]
    experiments: bool
    parts: Mapping[str, Sequence[Verdict]]
    drawn_from: Mapping[str, str]
    worlds: int
    uncovered: Sequence[tuple[Uncovered, Broken]]
    versions: Mapping[str, str]

    @property
    def verdicts(self) -> list[Verdict]:
        """Of all parts."""
        return [verdict for part in self.parts.values() for verdict in part]

    @property
    def faults(self) -> list[str]:
        """What fails, a line each; empty where everything is in order."""
        found = [f"{case.name}: {o.text}" for case, o in self.known if o.fails]
        found += [f"{v.name}: {_complaint(v)}" for v in self.verdicts if not v.holds]
        found += [f"not shown any more: {u.claim}" for u, b in self.uncovered if not b.shown]
        return found

    @property
    def counts(self) -> dict[str, int]:
        """The numbers that sum it up."""
        verdicts = [o.verdict for _, o in self.known]
        return {
            "known_passed": verdicts.count("passes"),
            "known_failed": verdicts.count("FAILS"),
            "known_not_shown": verdicts.count("not shown"),
            "known_contrary": verdicts.count("contrary"),
            "known_applicable": len(verdicts) - verdicts.count("not applicable"),
            "known_not_applicable": verdicts.count("not applicable"),
            "bounds": len(self.verdicts),
            "bounds_held": sum(v.holds for v in self.verdicts),
            "worlds_informative": sum(v.informative for v in self.verdicts),
            "least_worlds_a_bound": min((v.informative for v in self.verdicts), default=0),
            "violations_of_certain_bounds": sum(v.violations for v in self.verdicts if not v.risk),
            "mutants": sum(len(v.caught) for v in self.verdicts),
            "mutants_caught": sum(len(v.caught) - len(_survivors(v)) for v in self.verdicts),
            "not_covered_shown": sum(b.shown for _, b in self.uncovered),
        }

    def summary(self) -> list[str]:
        """Some lines for people."""
        c = self.counts
        open_ = f", {c['known_not_shown']} not shown" if c["known_not_shown"] else ""
        open_ += f", {c['known_contrary']} contrary to a paper" if c["known_contrary"] else ""
        return [
            f"known answers: {c['known_passed']} of {c['known_applicable']} passed{open_},"
            f" {c['known_failed']} failed; {c['known_not_applicable']} not applicable",
            f"bounds: {c['bounds_held']} of {c['bounds']} hold on"
            f" {c['worlds_informative']:,} informative worlds, at least"
            f" {c['least_worlds_a_bound']:,} each;"
            f" {c['violations_of_certain_bounds']} violations of those that are certain",
            f"mutants: {c['mutants_caught']} of {c['mutants']} caught",
            f"not covered: {c['not_covered_shown']} of {len(self.uncovered)} counter-examples hold",
        ]

    def markdown(self) -> str:
        """The whole record."""
        made = ", ".join(f"{name} {number}" for name, number in self.versions.items())
        parts = [
            _HEAD,
            f"Made with {made}.\n",
            "\n".join(f"- {line}" for line in self.summary()) + "\n",
            _KNOWN,
        ]
        if not self.experiments:
            parts.append(_SKIPPED)
        rows = [
            (case.name, case.case, case.expected, o.text, o.verdict, case.source)
            for case, o in self.known
        ]
        parts.append(_table(("", "case", "expected", "obtained", "verdict", "source"), rows))
        parts.append(_TRIALS)
        for name, verdicts in self.parts.items():
            parts.append(f"### {name}\n\n{self.drawn_from[name]}\n")
            parts.append(_table(_COLUMNS, [_row(verdict) for verdict in verdicts]))
        parts.append(_UNCOVERED)
        shown = [
            (u.claim, u.world, f"{b.promised:.3f}", f"{b.happens:.3f}") for u, b in self.uncovered
        ]
        parts.append(_table(("claim", "world", "would promise", "happens"), shown))
        parts.append(_CERTIFIED)
        return "\n".join(parts)

    def plain(self) -> dict[str, Any]:
        """The same for programs."""
        return {
            **self.counts,
            "versions": dict(self.versions),
            "worlds": self.worlds,
            "experiments": self.experiments,
            "faults": self.faults,
            "known": [
                {
                    "name": case.name,
                    "case": case.case,
                    "expected": case.expected,
                    "obtained": o.text,
                    "verdict": o.verdict,
                    "source": case.source,
                }
                for case, o in self.known
            ],
            "trials": [
                {
                    "part": part,
                    "name": v.name,
                    "source": v.source,
                    "drawn": v.drawn,
                    "informative": v.informative,
                    "violations": v.violations,
                    "risk": v.risk,
                    "slack": list(v.slack),
                    "mutants": dict(v.caught),
                    "holds": v.holds,
                }
                for part, verdicts in self.parts.items()
                for v in verdicts
            ],
            "not_covered": [
                {"claim": u.claim, "world": u.world, "promised": b.promised, "happens": b.happens}
                for u, b in self.uncovered
            ],
        }


@dataclass(frozen=True)
class KnownCase:
    """What a row of the table says of a known answer or an experiment before it is tried."""

    name: str
    case: str
    expected: str
    source: str

    @classmethod
    def of(cls, what: Known | Any) -> KnownCase:
        """Of a :class:`~gigsim.validation.known.Known` or an ``experiments.Experiment``."""
        return cls(what.name, what.case, what.expected, what.source)


_COLUMNS = (
    "bound",
    "source",
    "worlds",
    "informative",
    "violations",
    "slack: least, 5 %, median, 95 %",
    "mean",
    "mutants caught",
    "verdict",
)


def _row(verdict: Verdict) -> tuple[str, ...]:
    violations = f"{verdict.violations:,}"
    if verdict.risk:
        violations += f" (allowed {verdict.risk * verdict.drawn:,.0f})"
    *quantiles, mean = (_short(x) for x in verdict.slack)
    mutants = "; ".join(f"{name}: {n:,}" for name, n in verdict.caught.items()) or "-"
    return (
        verdict.name,
        verdict.source,
        f"{verdict.drawn:,}",
        f"{verdict.informative:,}",
        violations,
        ", ".join(quantiles),
        mean,
        mutants,
        "holds" if verdict.holds else "FAILS",
    )


def _survivors(verdict: Verdict) -> list[str]:
    """The mutants that were caught no more often than the bound itself may fail."""
    return [name for name, n in verdict.caught.items() if n <= verdict.risk * verdict.drawn]


def _complaint(verdict: Verdict) -> str:
    survived = _survivors(verdict)
    said = [f"{verdict.violations} violations in {verdict.drawn} worlds"]
    said += [f"mutants not caught: {', '.join(survived)}"] if survived else []
    return "; ".join(said)


def _short(value: float) -> str:
    """Three digits; what is 0 but for rounding is 0."""
    return "0" if abs(value) < 5e-7 else f"{value:.3g}"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of Markdown."""
    lines = ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"
