"""Success curves: S(α) by independent trainings, from arms to rows."""

#: What is to be measured, in the folder of curves; tells such a folder.
PLAN_FILE = "curve.json"
