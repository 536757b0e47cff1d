"""Resumes: corpora as arrays, foreign archives, and the built-in language."""
