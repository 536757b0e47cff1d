"""How taking part spreads from person to person: thresholds, cascades, conventions."""
