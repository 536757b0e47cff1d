"""Colours and words that all figures share."""

from __future__ import annotations

# Okabe and Ito's palette: told apart with any colour vision, and in grey.
ORANGE, SKY, GREEN, BLUE, RED, GREY = (
    "#E69F00",
    "#56B4E9",
    "#009E73",
    "#0072B2",
    "#D55E00",
    "#8A8A8A",
)
LINE = 1.8
READING = {"top1": "is the top label", "any": "is among the predicted labels"}
#: Up to so many replicates are drawn one by one, thin, under their bands.
THIN = 20
