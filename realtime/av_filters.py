"""What FFmpeg's filters do to frames: HDR toned down, colours counted for a GIF."""

from __future__ import annotations

from typing import Any

import av
import numpy as np
from av.filter import Graph
from numpy.typing import NDArray

_PQ, _HLG = 16, 18  # transfers of H.273
_BT709 = 1

_DOWN = "scale=out_primaries=bt709:out_transfer=bt709:out_color_matrix=bt709:out_range=pc:intent=perceptual"


def is_hdr(frame: av.VideoFrame) -> bool:
    """Whether the numbers of `frame` mean brightness beyond a screen's white (PQ or HLG)."""
    return int(frame.color_trc) in (_PQ, _HLG)


class ToneMap:
    """Turns HDR frames of one stream into BT.709 ones of full range."""

    def __init__(self) -> None:
        self._graph: Graph | None = None
        self._made_for: tuple[Any, ...] = ()

    def __call__(self, frame: av.VideoFrame) -> av.VideoFrame:
        """`frame` with its brightness rolled off, as perceived; its time is kept."""
        looks = frame.format.name, frame.width, frame.height, int(frame.colorspace), int(frame.color_range)
        if self._graph is None or looks != self._made_for:
            self._graph, self._made_for = _graph(frame, _DOWN, "format=yuv444p"), looks
        pts = frame.pts
        frame.pts = None
        self._graph.push(frame)
        mapped: Any = self._graph.pull()
        mapped.pts, mapped.time_base = pts, frame.time_base
        mapped.colorspace = mapped.color_primaries = mapped.color_trc = _BT709
        return mapped  # type: ignore[no-any-return]


class ToPalette:
    """Turns pictures into frames of 256 colours each, for a GIF."""

    def __init__(self) -> None:
        self._graph: Graph | None = None

    def __call__(self, image: NDArray[np.uint8], alpha: NDArray[np.uint8] | None = None) -> av.VideoFrame:
        """The frame of `image`, transparent where `alpha` is under 128."""
        pixels = image if alpha is None else np.dstack((image, alpha))
        frame = av.VideoFrame.from_ndarray(pixels, format="rgb24" if alpha is None else "rgba")
        if self._graph is None:
            self._graph = _palette_graph(frame)
        self._graph.push(frame)
        return self._graph.pull()  # type: ignore[return-value]


def _graph(frame: av.VideoFrame, *filters: str) -> Graph:
    graph = Graph()
    last = _source(graph, frame)
    for text in (*filters, "buffersink"):
        name, _, words = text.partition("=")
        following = graph.add(name, words or None)
        last.link_to(following)
        last = following
    graph.configure()
    return graph


def _palette_graph(frame: av.VideoFrame) -> Graph:
    graph = Graph()
    source, split = _source(graph, frame), graph.add("split")
    generate = graph.add("palettegen", "stats_mode=single")
    use, sink = graph.add("paletteuse", "new=1:dither=sierra2_4a"), graph.add("buffersink")
    source.link_to(split)
    split.link_to(use, 0, 0)
    split.link_to(generate, 1, 0)
    generate.link_to(use, 0, 1)
    use.link_to(sink)
    graph.configure()
    return graph


def _source(graph: Graph, frame: av.VideoFrame) -> Any:
    size = f"video_size={frame.width}x{frame.height}:pix_fmt={frame.format.name}:time_base=1/1000"
    return graph.add("buffer", f"{size}:colorspace={int(frame.colorspace)}:range={int(frame.color_range)}")
