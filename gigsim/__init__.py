"""gigsim: an agent-based economic simulation of algorithmic collective action.

Freelancers on a gig platform decide whether to join a collective that edits their resumes; the
platform keeps retraining a classifier on what they submit; success S(α) emerges and is laid beside
the theorems of Hardt, Mazumdar, Mendler-Dünner and Zrnic (ICML 2023).
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gigsim import theory
    from gigsim.checkpoint import restore, save_checkpoint
    from gigsim.config import Config, load
    from gigsim.curves.api import curve
    from gigsim.curves.tables import load_curve
    from gigsim.errors import InputError
    from gigsim.experiments.sweep import sweep
    from gigsim.learners.own import OwnLearner
    from gigsim.model import GigEconomy
    from gigsim.replicates import load_replicates
    from gigsim.results.reading import load_runs
    from gigsim.runs import load_run, save_run

__all__ = [
    "Config",
    "GigEconomy",
    "InputError",
    "OwnLearner",
    "curve",
    "load",
    "load_curve",
    "load_replicates",
    "load_run",
    "load_runs",
    "restore",
    "save_checkpoint",
    "save_run",
    "sweep",
    "theory",
]
__version__ = "0.1.0"

# Where each name is found when it is first asked for: all of them together take seconds to import,
# which `gigsim --help` and a misspelt config should not.
_HOMES = {
    "Config": "gigsim.config",
    "GigEconomy": "gigsim.model",
    "InputError": "gigsim.errors",
    "OwnLearner": "gigsim.learners.own",
    "curve": "gigsim.curves.api",
    "load": "gigsim.config",
    "load_curve": "gigsim.curves.tables",
    "load_replicates": "gigsim.replicates",
    "load_run": "gigsim.runs",
    "load_runs": "gigsim.results.reading",
    "restore": "gigsim.checkpoint",
    "save_checkpoint": "gigsim.checkpoint",
    "save_run": "gigsim.runs",
    "sweep": "gigsim.experiments.sweep",
}

if not TYPE_CHECKING:
    # Unseen by type checkers, for whom a module with this function has every name.
    def __getattr__(name: str) -> object:
        """A public name, imported on first use (PEP 562)."""
        if name in _HOMES:
            return getattr(import_module(_HOMES[name]), name)
        if name == "theory":
            return import_module("gigsim.theory")
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
