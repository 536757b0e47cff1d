"""gigsim: an agent-based economic simulation of algorithmic collective action.

Freelancers on a gig platform decide whether to join a collective that edits their resumes; the
platform keeps retraining a classifier on what they submit; success S(α) emerges and is laid beside
the theorems of Hardt, Mazumdar, Mendler-Dünner and Zrnic (ICML 2023).
"""

from gigsim import theory
from gigsim.config import Config, load
from gigsim.errors import InputError
from gigsim.model import GigEconomy
from gigsim.replicates import load_replicates
from gigsim.runs import load_run, save_run

__all__ = [
    "Config",
    "GigEconomy",
    "InputError",
    "load",
    "load_replicates",
    "load_run",
    "save_run",
    "theory",
]
__version__ = "0.1.0"
