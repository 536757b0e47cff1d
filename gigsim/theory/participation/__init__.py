"""Who takes part: fixed points of α ↦ F((1 - γ)·b·G(α)), their stability, folds and hysteresis."""
