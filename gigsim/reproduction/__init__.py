"""The paper's experiments, and two of ours: arms to train, statistics, verdicts, reports."""
