"""Many L2-regularised logistic regressions at once, at their true optimum."""
