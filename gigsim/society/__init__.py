"""Who knows whom, who believes what, and who joins."""
