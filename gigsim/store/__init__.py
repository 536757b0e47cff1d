"""The folder of a study while it is written: an index, shards, and what makes them one at the end.

``store`` is the way in for writers and readers. It knows no economies: a run is a number that
brings tables.
"""
