"""The economy in a browser: Mesa's SolaraViz page, with settings made from the config's schema.

Importing this package imports neither solara nor Mesa's visualisation; ``gigsim app`` does.
"""
