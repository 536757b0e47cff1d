"""Success curves: S(α) by independent trainings, from arms to rows."""
