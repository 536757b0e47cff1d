"""What the page's figures share. No pyplot: they are drawn in the threads that play economies."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterable
from typing import Final

import numpy as np
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from gigsim.app.live import FREE_RIDER, MEMBER, OUTSIDER

COLOURS: Final = {OUTSIDER: "#C9CDD2", FREE_RIDER: "#E69F00", MEMBER: "#0072B2"}
RED: Final = "#D55E00"
GREY: Final = "#8A8A8A"
DPI: Final = 90
#: Width and height of a figure.
INCHES: Final = (6.4, 4.6)

#: Held while drawing: figures share matplotlib's fonts, and each open page draws in a thread.
drawing = threading.Lock()


def png(figure: Figure) -> bytes:
    """A whole figure as the browser gets it."""
    with drawing:
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        return _encoded(canvas)


class Layers:
    """A figure whose still part is drawn once, with what moves over it.

    Texts, ticks and ties are most of the time of drawing, and never change from frame to frame.

    Args:
        figure: the still part.
    """

    def __init__(self, figure: Figure) -> None:
        self._canvas = FigureCanvasAgg(figure)
        self._canvas.draw()
        self._still = self._canvas.copy_from_bbox(figure.bbox)

    def png(self, moving: Iterable[Artist]) -> bytes:
        """The picture with these artists of the figure's axes over the still part, in order."""
        self._canvas.restore_region(self._still)
        for artist in moving:
            artist.draw(self._canvas.get_renderer())
        return _encoded(self._canvas)


def _encoded(canvas: FigureCanvasAgg) -> bytes:
    """Time counts, bytes to the same machine do not."""
    data = io.BytesIO()
    pixels = np.asarray(canvas.buffer_rgba())[:, :, :3]
    Image.fromarray(np.ascontiguousarray(pixels)).save(data, "png", compress_level=1)
    return data.getvalue()
