"""What is measured of a classifier and of a society."""
