"""Every bound on planting a signal, on trial: Theorems 1 and 3, their ε-forms and what follows.

See the modules that are collected here for worlds and mutants. Not among them, because no theorem
covers them: the top label with extended sets, and the top label of label sets with feature-only.
"""

from __future__ import annotations

from typing import Any

from gigsim.validation import (
    trials_feature_label,
    trials_feature_only,
    trials_selected,
    trials_slack,
)
from gigsim.validation.trial import Trial

TRIALS: tuple[Trial[Any], ...] = (
    *trials_feature_label.TRIALS,
    *trials_slack.TRIALS,
    *trials_selected.TRIALS,
    *trials_feature_only.TRIALS,
)
