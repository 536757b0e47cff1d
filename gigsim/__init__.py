"""gigsim."""
