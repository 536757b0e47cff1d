"""``gigsim plan``: what an organiser asks, answered from a config.

``outlook`` is what a plan stands on (the mean field of ``gigsim.dynamics.prediction`` and its
curve); a module each answers one question (``working``, ``sustaining``, ``starting``, ``secrecy``,
``hinges``); ``trials`` tries the plan out in runs of the loop; ``sentences`` says it.
"""

from gigsim.planning.answers import SEEDS, Plan, plan

__all__ = ["SEEDS", "Plan", "plan"]
