"""Where a society tips: predicted by mean fields, and found by running the loop itself.

``benefit`` is G(α) as a config has it, ``prediction`` the map of participation that follows from it
(``gigsim.theory.participation``), ``mean_field`` the loop's own recursion for a large well-mixed
population, leaks and free riders included. ``carried`` runs the loop from so many first movers,
``critical_mass`` searches the number that carries it over, ``hysteresis`` sweeps a parameter up and
down within one run, ``tipping_times`` asks how long it takes.
"""
