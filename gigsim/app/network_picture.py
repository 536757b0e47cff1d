"""The network as a picture: ties drawn once, people coloured by state in every frame."""

from __future__ import annotations

from typing import Final

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from numpy.typing import NDArray

from gigsim.app.drawing import COLOURS, DPI, INCHES, Layers, drawing
from gigsim.app.live import Frame
from gigsim.society.networks import Network

#: More freelancers than these are not drawn: a layout would take longer than a reader waits.
MOST_NODES: Final = 20_000
#: More ties than these are a grey field: a fixed sample is drawn, and the caption says so. All ties
#: of 2,000 people who know ten others each are still drawn.
MOST_TIES: Final = 10_000


class NetworkPicture:
    """The network with everybody coloured by state.

    Args:
        network: who knows whom.
        positions: float64, shape (N, 2), in [-1, 1].
        first_mover: bool, shape (N,): gets a ring.
        seed: of the sample of ties where there are too many to draw.

    Attributes:
        caption: what is drawn, and what is left out.
    """

    def __init__(
        self,
        network: Network,
        positions: NDArray[np.float64],
        first_mover: NDArray[np.bool_],
        seed: int,
    ) -> None:
        ties, total = ties_to_draw(network, seed)
        shown = f"{total:,}" if len(ties) == total else f"{len(ties):,} of {total:,}"
        self.caption = f"{network.size:,} freelancers, {shown} ties drawn"
        size = float(np.clip(170 / np.sqrt(network.size), 3.2, 9.0))
        self._positions = places = staggered(positions, size)
        strength = float(np.clip(25 / np.sqrt(max(len(ties), 1)), 0.06, 0.5))
        with drawing:
            figure = Figure(figsize=INCHES, dpi=DPI)
            axes = figure.add_axes((0, 0, 1, 1))
            axes.set_axis_off()
            axes.set_aspect("equal")
            axes.set_xlim(-1.05 * INCHES[0] / INCHES[1], 1.05 * INCHES[0] / INCHES[1])
            axes.set_ylim(-1.05, 1.05)
            axes.add_collection(
                LineCollection(list(places[ties]), colors="#5B6470", linewidths=0.5, alpha=strength)
            )
            self._layers = Layers(figure)
            self._dots = {
                state: axes.plot([], [], "o", ms=size, color=colour, mec="white", mew=0.3)[0]
                for state, colour in COLOURS.items()
            }
            (self._rings,) = axes.plot(*places[first_mover].T, "o", ms=size + 2, mfc="none")
            self._rings.set(markeredgecolor="black", markeredgewidth=1.1)

    def draw(self, frame: Frame) -> bytes:
        """The picture of a frame, PNG."""
        with drawing:
            for state, dots in self._dots.items():
                dots.set_data(*self._positions[frame.state == state].T)
            return self._layers.png([*self._dots.values(), self._rings])


def staggered(positions: NDArray[np.float64], size: float) -> NDArray[np.float64]:
    """People around a circle step inwards in turn, so far that dots of this size fit.

    Args:
        positions: float64, shape (N, 2); left alone unless each one's angle is that of its number.
        size: diameter of a dot, points.
    """
    angle = 2 * np.pi * np.arange(len(positions)) / len(positions)
    circle = np.column_stack([np.sin(angle), np.cos(angle)])
    if not np.allclose(positions, np.hypot(*positions.T)[:, None] * circle):
        return positions
    unit = 72 * INCHES[1] / 2 / 1.05  # points
    lanes = int(np.ceil(len(positions) * size / (2 * np.pi * unit)))
    lane = np.arange(len(positions)) % lanes
    return circle * (1.0 - lane * min(1.2 * size / unit, 0.6 / lanes))[:, None]


def ties_to_draw(network: Network, seed: int) -> tuple[NDArray[np.int64], int]:
    """Pairs of people, int64, shape (k, 2), and how many ties there are.

    Up to MOST_TIES it is all of them, above a fixed sample.
    """
    total = int(network.degrees().sum()) // 2
    generator = np.random.default_rng(seed)
    if network.kind == "complete" and total > MOST_TIES:
        # Its matrix would hold every pair. A shift of at least one makes no loops.
        one = generator.integers(network.size, size=MOST_TIES)
        other = (one + generator.integers(1, network.size, size=MOST_TIES)) % network.size
        return np.column_stack([one, other]), total
    matrix = network.matrix().tocoo()
    once = matrix.row < matrix.col
    pairs = np.column_stack([matrix.row[once], matrix.col[once]]).astype(np.int64)
    if total > MOST_TIES:
        pairs = pairs[generator.choice(total, MOST_TIES, replace=False)]
    return pairs, total
