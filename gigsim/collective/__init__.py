"""What the collective tells its members: signals and strategies."""
