"""Studies: many runs from one file, in one folder that survives whatever ends them."""
