"""What folders of results hold: read, listed, compared, verified, deleted.

``reading`` is the way in from Python, ``gigsim.cli.runs`` from the command line.
"""
