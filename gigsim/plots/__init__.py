"""Figures as functions of a run's tables. No pyplot: figures may be drawn in any thread."""

from gigsim.plots.curve import success_against_alpha, successes_against_alpha
from gigsim.plots.overview import overview
from gigsim.plots.replicates import replicates_overview

__all__ = ["overview", "replicates_overview", "success_against_alpha", "successes_against_alpha"]
