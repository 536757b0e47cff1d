"""What became of runs that were done again to verify them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from gigsim.results.rerun import Level


@dataclass(frozen=True)
class Verdict:
    """What became of one run.

    Attributes:
        case: of the run.
        replicate: of the run.
        level: ``bytes``: its files are the same, byte for byte; ``values``: its rows are, bit for
            bit, in files that hold other runs too; ``tolerances``: as near as can be asked of
            another machine; ``differs``; ``failed``: it could not be done again.
        lines: what is different, or why it failed.
    """

    case: int
    replicate: int
    level: Level
    lines: tuple[str, ...] = ()

    @property
    def verified(self) -> bool:
        """Is it what gigsim computes, as far as can be asked?"""
        return self.level in ("bytes", "values", "tolerances")


@dataclass(frozen=True)
class Verification:
    """What became of all that were asked for.

    Attributes:
        runs: that the folder is to hold, from which a sample may have been drawn: of a study the
            finished ones by its index.
        elsewhere: in what the machine and the versions differ from those of the run; where it is
            empty, equal bytes are asked for.
        problems: of the folder's files as a whole.
        verdicts: by case and replicate.
        notes: what was not compared, since the folder was written before gigsim wrote it; no
            difference.
    """

    runs: int
    elsewhere: tuple[str, ...]
    problems: tuple[str, ...]
    verdicts: tuple[Verdict, ...]
    notes: tuple[str, ...] = ()

    @property
    def verified(self) -> bool:
        """Nothing wrong with any file, and at least one run, and all of those done again?"""
        good = all(verdict.verified for verdict in self.verdicts)
        return bool(self.verdicts) and good and not self.problems

    def as_dict(self) -> dict[str, Any]:
        """For programs."""
        return {"verified": self.verified, **asdict(self)}
