"""The theorems as pure functions of numbers and arrays."""
