"""What FFmpeg's filters do to frames: HDR toned down, colours counted for a GIF."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import av
import numpy as np
from av.filter import Graph
from numpy.typing import NDArray

from realtime.tone_curve import HLG, PQ, cube

_BT709, _UNSPECIFIED = 1, 2


def is_hdr(frame: av.VideoFrame) -> bool:
    """Whether the numbers of `frame` mean brightness beyond a screen's white (PQ or HLG)."""
    return int(frame.color_trc) in (PQ, HLG)


class ToneMap:
    """Turns HDR frames of one stream into RGB ones of BT.709."""

    def __init__(self) -> None:
        self._graph: Graph | None = None
        self._made_for: tuple[Any, ...] = ()

    def __call__(self, frame: av.VideoFrame) -> av.VideoFrame:
        """`frame` with its brightness rolled off (`tone_curve`), in 8 bits a channel; its time is kept."""
        colors = int(frame.color_trc), int(frame.colorspace), int(frame.color_range)
        looks = (frame.format.name, frame.width, frame.height, *colors)
        if self._graph is None or looks != self._made_for:
            self._graph, self._made_for = _toning_graph(frame), looks
        pts = frame.pts
        frame.pts = None
        self._graph.push(frame)
        mapped: Any = self._graph.pull()
        mapped.pts, mapped.time_base = pts, frame.time_base
        mapped.color_primaries = mapped.color_trc = _BT709
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


def _toning_graph(frame: av.VideoFrame) -> Graph:
    with TemporaryDirectory(prefix="livebrush-") as folder:
        path = Path(folder, "tone.cube")
        path.write_text(cube(int(frame.color_trc)), encoding="ascii")
        graph = Graph()
        last = _source(graph, frame)
        matrix = ":in_color_matrix=bt2020" if int(frame.colorspace) == _UNSPECIFIED else ""
        for following in (
            graph.add("scale", f"flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp{matrix}"),
            graph.add("format", "gbrp16le"),
            graph.add("lut3d", file=str(path), interp="tetrahedral"),  # read at once
            graph.add("scale", "sws_dither=none"),
            graph.add("format", "gbrp"),
            graph.add("buffersink"),
        ):
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
