"""What an outcome hangs on: Sobol and Morris indices of a study's runs, luck told apart."""
