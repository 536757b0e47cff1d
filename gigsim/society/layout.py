"""Where to draw people, so that a picture shows their network. Nothing else depends on it."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import fft, sparse

from gigsim.society.network_models import torus_shape
from gigsim.society.networks import Network

#: Kinds whose people stand in a circle by their number.
_CIRCLES = {"ring", "small_world", "complete"}
#: People a circle holds before their dots touch in a picture of usual size.
_PER_TRACK = 500
_ROUNDS = 120
_CELLS = 128


def layout(network: Network, seed: int) -> NDArray[np.float64]:
    """Coordinates for drawing.

    A ring, a small world and a complete network are circles in the order of numbers (of many
    people, one behind the other in several tracks); a torus is its grid, cut open. All others are
    laid out by forces: ties attract in proportion to their length, people repel each other in
    proportion to their ties and inversely to the distance (ForceAtlas2: Jacomy et al. 2014), so
    that who knows each other comes to lie together.

    Args:
        network: of any kind.
        seed: of the start; the same network and seed give the same picture.

    Returns:
        float64, shape (N, 2), in [-1, 1].
    """
    if network.kind in _CIRCLES:
        return _circle(network.size)
    if network.kind == "torus" and (shape := torus_shape(network.size)):
        rows, columns = shape
        row, column = np.divmod(np.arange(network.size), columns)
        places = np.column_stack([column - (columns - 1) / 2.0, (rows - 1) / 2.0 - row])
        return places * 2.0 / (columns - 1)
    return _by_forces(network.matrix().astype(np.float64), np.random.default_rng(seed))


def _circle(size: int) -> NDArray[np.float64]:
    number = np.arange(size)
    angle = 2.0 * math.pi * number / size
    tracks = 1 + size // _PER_TRACK
    radius = 1.0 - 0.5 * (number % tracks) / tracks
    return radius[:, None] * np.column_stack([np.sin(angle), np.cos(angle)])


def _by_forces(ties: sparse.csr_array, rng: np.random.Generator) -> NDArray[np.float64]:
    """A few rounds of all forces at once; the longest step shrinks to zero.

    Args:
        ties: adjacency matrix, float64 CSR, shape (N, N).
        rng: draws the start.
    """
    size = ties.shape[0]
    if size == 1:
        return np.zeros((1, 2))
    degrees = ties.sum(axis=1)
    mass = degrees + 1.0
    places = _smooth_start(ties, degrees, rng)
    # In this unit repulsion spreads N people of the mean mass over a disc of radius about one.
    strength = 1.0 / mass.sum()
    kernels = _kernels()
    for step in np.linspace(0.1, 0.0, _ROUNDS, endpoint=False):
        pull = ties @ places - degrees[:, None] * places
        force = pull / mass[:, None] + strength * _repulsion(places, mass, kernels) - 0.5 * places
        length = np.hypot(force[:, 0], force[:, 1])
        places += force * (step / np.maximum(length, step * 10.0))[:, None]
    places -= np.median(places, axis=0)
    radius = np.hypot(places[:, 0], places[:, 1])
    # The few who know nobody and drift off stand on the rim instead of shrinking all others.
    rim = float(np.quantile(radius, 0.995))
    return places / np.maximum(radius, rim)[:, None]


def _smooth_start(
    ties: sparse.csr_array, degrees: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.float64]:
    """Random coordinates averaged over neighbours again and again: the network's coarse shape."""
    places = rng.standard_normal((len(degrees), 2))
    inverse = 1.0 / np.maximum(degrees, 1.0)[:, None]
    for _ in range(50):
        places = (places + inverse * (ties @ places)) / 2.0
        places -= np.average(places, axis=0, weights=degrees + 1.0)
        places = np.linalg.qr(places)[0]
    places += rng.normal(scale=0.05 * places.std(), size=places.shape)
    return places * 0.5 / places.std()


def _kernels() -> list[NDArray[np.complex128]]:
    """Spectra of x/|x|^2, one a coordinate, on a mesh of unit cells twice as wide as the people's.

    Twice, because the fast convolution goes round: the far side must be empty.
    """
    offset = fft.fftfreq(2 * _CELLS, 1.0 / (2 * _CELLS))
    right, up = np.meshgrid(offset, offset, indexing="ij")
    squared = right**2 + up**2
    squared[0, 0] = 1.0
    return [fft.rfft2(component / squared) for component in (right, up)]


def _repulsion(
    places: NDArray[np.float64],
    mass: NDArray[np.float64],
    kernels: list[NDArray[np.complex128]],
) -> NDArray[np.float64]:
    """Sum over all others j of mass_j * (x - x_j)/|x - x_j|^2, on a mesh by fast convolution.

    Args:
        places: coordinates, shape (N, 2).
        mass: shape (N,).
        kernels: of :func:`_kernels`.
    """
    low = places.min(axis=0)
    cell = float(np.max(places.max(axis=0) - low)) / (_CELLS - 1.001)
    exact = (places - low) / cell
    corner = exact.astype(np.int64)
    part = exact - corner
    # A person's mass goes to the four corners of his cell, and the force on him is read from them.
    shares = [
        (
            (corner[:, 0] + right) * _CELLS + corner[:, 1] + up,
            np.abs(1.0 - right - part[:, 0]) * np.abs(1.0 - up - part[:, 1]),
        )
        for right in (0, 1)
        for up in (0, 1)
    ]
    density = np.zeros(_CELLS * _CELLS)
    for place, share in shares:
        density += np.bincount(place, share * mass, minlength=_CELLS * _CELLS)
    wide = (2 * _CELLS, 2 * _CELLS)
    spectrum = fft.rfft2(density.reshape(_CELLS, _CELLS), wide)
    force = np.empty_like(places)
    for axis, kernel in enumerate(kernels):
        field = fft.irfft2(spectrum * kernel, wide)[:_CELLS, :_CELLS].ravel()
        force[:, axis] = sum(share * field[place] for place, share in shares)
    return force / cell
