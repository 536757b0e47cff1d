"""Laws of networks as parts of a config: who knows whom, by ``network.kind``.

In every kind that is generated ``degree`` is the mean number of neighbours, so that a study can
change the kind and keep the degree (the torus has no choice: 4 or 8). A law is drawn with
``draw(size, groups, seed)``; what does not fit a population is an :class:`InputError` of
``check(size)``, which ``draw`` asks first.
"""

from __future__ import annotations

from itertools import count
from types import ModuleType
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from gigsim.errors import InputError
from gigsim.society import network_draws, network_models
from gigsim.society.network_blocks import blocks
from gigsim.society.network_files import read_edge_list
from gigsim.society.network_graphml import read_graphml
from gigsim.society.networks import CompleteNetwork, Network

_FROZEN = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def _field(default: Any, reason: str, **constraints: Any) -> Any:
    return Field(default=default, description=reason, **constraints)


def _even(degree: int) -> int:
    if degree % 2:
        raise ValueError(f"degree must be even, got {degree}")
    return degree


_EvenDegree = Annotated[int, AfterValidator(_even)]


#: networkx draws a network of up to so many people (5 s for a million, and a kilobyte each);
#: whole arrays a larger one. The laws are the same, the bits are not.
NETWORKX_UP_TO = 50_000


def _generators(size: int) -> ModuleType:
    return network_models if size <= NETWORKX_UP_TO else network_draws


class _Law(BaseModel):
    """A law of networks."""

    model_config = _FROZEN
    kind: str

    def check(self, size: int) -> None:
        """Raise InputError if ``size`` people cannot have such a network.

        Nobody knows more than all the others. Files are not opened.
        """
        degree = getattr(self, "degree", 0)
        if degree > size - 1:
            raise InputError(
                "network.degree",
                f"{degree:g} neighbours among {size} people",
                f"at most population.size - 1 = {size - 1} are possible",
            )

    def draw(self, size: int, groups: NDArray[np.int64], seed: int) -> Network:
        """A network of this law.

        Args:
            size: number of people N.
            groups: the skill block of each, int64, shape (N,); only ``blocks`` looks at it.
            seed: of the network's own stream; equal seeds give equal networks.

        Raises:
            InputError: the law does not fit so many people, or a file cannot be read.
        """
        self.check(size)
        return self._draw(size, groups, seed)

    def _draw(self, size: int, groups: NDArray[np.int64], seed: int) -> Network:
        raise NotImplementedError


class SmallWorld(_Law):
    """Watts and Strogatz (1998): a ring lattice, each tie rewired with a probability.

    Degree law: degree/2 + Binomial(degree/2, 1 - rewire) + Poisson(rewire * degree/2) for large N;
    the mean is exactly ``degree`` (Barrat and Weigt 2000).
    """

    kind: Literal["small_world"] = "small_world"
    degree: _EvenDegree = _field(
        10, "neighbours on the ring, people, even: half on either side", ge=2, le=10_000
    )
    rewire: float = _field(
        0.1, "probability that a tie is rewired, the middle of the small-world range", ge=0, le=1
    )

    def _draw(self, size: int, groups: NDArray[np.int64], seed: int) -> Network:
        return _generators(size).small_world(size, self.degree, self.rewire, seed)


class Ring(_Law):
    """The ring lattice, nothing random: everybody has exactly ``degree`` neighbours.

    Centola and Macy (2007): its wide bridges carry what needs two neighbours, slowly.
    """

    kind: Literal["ring"] = "ring"
    degree: _EvenDegree = _field(
        10, "neighbours, people, even: half on either side; 10 in every kind", ge=2, le=10_000
    )

    def _draw(self, size: int, groups: NDArray[np.int64], seed: int) -> Network:
        return network_models.ring(size, self.degree)


class Complete(_Law):
    """Everybody knows everybody: degree N - 1, the mean field of the theory."""

    kind: Literal["complete"] = "complete"

    def _draw(self, size: int, groups: NDArray[np.int64], seed: int) -> Network:
        return CompleteNetwork(size)


class ScaleFree(_Law):
    """Barabasi and Albert (1999): newcomers tie to those who have many ties already.

    Degree law: 2m(m + 1)/(k(k + 1)(k + 2)) for k >= m = degree/2 and large N, a tail of exponent 3
    (Bollobas et al. 2001). The mean is 2m(N - m)/N: degree, less m * degree/N. Hubs are the oldest
    and have the lowest numbers.
    """

    kind: Literal["scale_free"] = "scale_free"
    degree: _EvenDegree = _field(
        10, "mean neighbours, people, even: a newcomer brings half as many ties", ge=2, le=10_000
    )

    def _draw(self, size: int, groups: NDArray[np.int64], seed: int) -> Network:
        return _generators(size).scale_free(size, self.degree // 2, seed)


class Random(_Law):
    """Gilbert (1959), Erdos and Renyi: every pair is tied with the same probability: G(N, p).

    Degree law: Binomial(N - 1, degree/(N - 1)), Poisson for large N; exp(-degree) of the people
    know nobody. The network of the cascades of Watts (2002).
    """

    kind: Literal["random"] = "random"
    degree: float = _field(
        10.0, "mean neighbours, people, any positive number; 10 in every kind", gt=0, le=10_000
    )

    def _draw(self, size: int, groups: NDArray[np.int64], seed: int) -> Network:
        return network_models.random(size, self.degree, seed)


class Blocks(_Law):
    """Holland, Laskey and Leinhardt (1983): people of one skill know each other more often.

    The stochastic block model with the skills as blocks. Everybody's expected degree is
    ``degree``, ``within`` of it in his own block, whatever the block's size. Degree law: a sum of
    few binomials, Poisson for large N. A block of n people has at most n - 1 ties a person inside,
    and one of more than half of the people cannot find (1 - within) * degree ties a person
    outside: the share yields then, not the degree (:func:`gigsim.society.network_blocks.tie_ends`).
    """

    kind: Literal["blocks"] = "blocks"
    degree: float = _field(
        10.0, "mean neighbours, people, any positive number; 10 in every kind", gt=0, le=10_000
    )
    within: float = _field(
        0.7,
        "share of one's expected ties that lie in one's own skill block: most acquaintances are"
        " colleagues, yet three in ten lead outside (no preference is .1 for ten equal blocks)",
        ge=0,
        le=1,
    )

    def _draw(self, size: int, groups: NDArray[np.int64], seed: int) -> Network:
        if len(groups) != size:
            raise ValueError(f"groups of {len(groups)} people for a network of {size}")
        return blocks(groups, self.degree, self.within, seed)


class Torus(_Law):
    """A square grid without borders, nothing random: exactly 4 or 8 neighbours.

    The grid is the most square one of rows * columns = N, both at least 3. Morris (2000): a share
    of at most 1/4 (von Neumann) or 3/8 (Moore) of the neighbours spreads from a small solid block.
    """

    kind: Literal["torus"] = "torus"
    neighbourhood: Literal["von_neumann", "moore"] = _field(
        "moore", "4 neighbours, or 8 with those across the corners: nearer to the usual 10"
    )

    def check(self, size: int) -> None:
        """Raise InputError if N is not rows * columns; it names the nearest sizes that are."""
        self._shape(size)

    def _draw(self, size: int, groups: NDArray[np.int64], seed: int) -> Network:
        return network_models.torus(*self._shape(size), diagonal=self.neighbourhood == "moore")

    def _shape(self, size: int) -> tuple[int, int]:
        if shape := network_models.torus_shape(size):
            return shape
        below = next((n for n in range(size - 1, 8, -1) if network_models.torus_shape(n)), None)
        above = next(n for n in count(size + 1) if network_models.torus_shape(n))
        raise InputError(
            "network.kind",
            f"no torus has {size} people (rows times columns, both at least 3)",
            f"population.size = {f'{below} or ' if below else ''}{above}",
        )


class EdgeList(_Law):
    """Ties from a text file (:func:`gigsim.society.network_files.read_edge_list`)."""

    kind: Literal["edge_list"] = "edge_list"
    path: str = Field(
        min_length=1,
        description="text file of two names a line; the names are 0 to N - 1, or as many as people",
    )

    def _draw(self, size: int, groups: NDArray[np.int64], seed: int) -> Network:
        return read_edge_list(self.path, size)


class GraphML(_Law):
    """Ties from a GraphML file (:func:`gigsim.society.network_graphml.read_graphml`)."""

    kind: Literal["graphml"] = "graphml"
    path: str = Field(
        min_length=1,
        description="undirected GraphML; the nodes are 0 to N - 1, or as many as people",
    )

    def _draw(self, size: int, groups: NDArray[np.int64], seed: int) -> Network:
        return read_graphml(self.path, size)


NetworkLaw = Annotated[
    SmallWorld | Ring | Complete | ScaleFree | Random | Blocks | Torus | EdgeList | GraphML,
    Field(discriminator="kind"),
]
