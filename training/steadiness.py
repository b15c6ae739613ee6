"""How still a style holds in motion: noise gain, shift and rim error, and the flow-warped error of Huang et al. 2017.

All compare paintings of nearly the same picture. The identity is the floor of each measure and is printed beside it;
an unsteadied twin (the same training with --steady-weight 0) is what the steadiness term is judged by.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import av
import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from training.images import load_image, to_tensor
from weights.errors import InputError, first_line

Network = Callable[[Tensor], Tensor]
"""(1, 3, H, W) in [0, 1] -> the same."""

SIGMA = 3 / 255
"""Deviation of the noise whose gain is measured: about that of a webcam in a lit room."""

SHIFTS = (1, 2, 3, 4)

RIM = 16
"""Pixels next to a painting's border that the shift error leaves out, and the rim error is about."""

CONTEXT = 32
"""Pixels, of small pictures fewer, that the rim error takes off each side: the painting knows them, or doesn't."""

FLO_MAGIC = 202021.25
UNKNOWN_FLOW = 1e8

SAME_COLOR = 0.1
"""Largest difference in [0, 1] between a pixel and where the flow says it went; above, it is taken as hidden."""


@dataclass(frozen=True)
class Pair:
    """Two pictures, (1, 3, H, W) each, the flow from the first to the second, (1, H, W, 2) pixels (x, y), and where
    it is known, (1, 1, H, W) bool."""

    first: Tensor
    second: Tensor
    flow: Tensor
    known: Tensor


def noise_gain(paint: Network, photo: Tensor) -> float:
    """Output change over input change (root mean squares) under Gaussian noise of SIGMA; the identity has 1."""
    noisy = (photo + SIGMA * torch.randn(photo.shape, generator=torch.Generator().manual_seed(0))).clamp(0, 1)
    with torch.no_grad():
        change: Tensor = paint(noisy) - paint(photo)
    gain: float = (change.square().mean().sqrt() / (noisy - photo).square().mean().sqrt()).item()
    return gain


def shift_error(paint: Network, photo: Tensor, pixels: int) -> float:
    """RMSE in [0, 1] between f(shift(x)) and shift(f(x)), vertical and horizontal, away from the rim."""
    room = max(SHIFTS)
    errors: list[float] = []
    height, width = (side - 2 * room for side in photo.shape[2:])
    with torch.no_grad():
        still = paint(photo[:, :, room : room + height, room : room + width])
        for dy, dx in ((pixels, 0), (0, pixels)):
            moved = paint(photo[:, :, room + dy : room + dy + height, room + dx : room + dx + width])
            a = moved[:, :, RIM - dy : height - RIM - dy, RIM - dx : width - RIM - dx]
            errors.append((a - still[:, :, RIM:-RIM, RIM:-RIM]).square().mean().sqrt().item())
    return sum(errors) / len(errors)


def rim_error(paint: Network, photo: Tensor) -> float:
    """RMSE in [0, 1] between f(cut(x)) and cut(f(x)) in the outermost RIM pixels, where CONTEXT is cut off each side.

    Some of it can't be had away, as strokes hang on what is around them; lines and marks along the border can.
    """
    cut = max(8, min(CONTEXT, min(photo.shape[2:]) // 64 * 8))
    inside = (..., slice(cut, -cut), slice(cut, -cut))
    with torch.no_grad():
        change = (paint(photo[inside].contiguous()) - paint(photo)[inside]).square()
    rim = torch.ones(change.shape[2:], dtype=torch.bool)
    rim[RIM:-RIM, RIM:-RIM] = False
    return float(change[..., rim].mean().sqrt())


def warp_back(picture: Tensor, flow: Tensor) -> Tensor:
    """(1, C, H, W) sampled at x + flow(x), bilinear: what the second picture shows at the first one's pixels."""
    height, width = picture.shape[2:]
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    at = torch.stack([x, y], dim=-1) + flow
    grid = 2 * at / torch.tensor([width - 1, height - 1]) - 1
    return F.grid_sample(picture, grid.float(), align_corners=True, padding_mode="border")


def visible(pair: Pair) -> Tensor:
    """(1, 1, H, W) bool: pixels whose flow is known, stays inside, and leads to the same colour."""
    height, width = pair.first.shape[2:]
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    at = torch.stack([x, y], dim=-1) + pair.flow
    inside = (at >= 0).all(-1) & (at[..., 0] <= width - 1) & (at[..., 1] <= height - 1)
    alike = (warp_back(pair.second, pair.flow) - pair.first).abs().amax(1, keepdim=True) < SAME_COLOR
    return pair.known & inside[:, None] & alike


def flow_error(paint: Network, pair: Pair) -> float:
    """RMSE in [0, 1] between the first painting and the second led back along the flow, where visible."""
    with torch.no_grad():
        first, second = paint(pair.first), paint(pair.second)
    change = (warp_back(second, pair.flow) - first).square().mean(1, keepdim=True)
    return float(change[visible(pair)].mean().sqrt())


def read_flo(path: Path) -> np.ndarray:
    """A Middlebury .flo file as (H, W, 2) float32 (x, y). Raises InputError."""
    data = path.read_bytes()
    if len(data) < 12 or np.frombuffer(data, "<f4", 1)[0] != np.float32(FLO_MAGIC):
        raise InputError(f"{path} is no .flo file.")
    width, height = (int(v) for v in np.frombuffer(data, "<i4", 2, 4))
    if len(data) < 12 + 8 * width * height:
        raise InputError(f"{path} is cut off: it should hold {width}x{height} vectors.")
    return np.frombuffer(data, "<f4", 2 * width * height, 12).reshape(height, width, 2)


def true_pairs(folder: Path) -> Iterator[Pair]:
    """The pairs of a folder of folders, each with frame0.png, frame1.png and flow.flo. Raises InputError."""
    found = sorted(folder.glob("*/flow.flo"))
    if not found:
        raise InputError(f"{folder} holds no folders with frame0.png, frame1.png and flow.flo: choose another one.")
    for path in found:
        flow = torch.from_numpy(read_flo(path).copy())[None]
        known = (flow.abs() < UNKNOWN_FLOW).all(-1)[:, None]
        first, second = (load_image(path.with_name(name)) for name in ("frame0.png", "frame1.png"))
        yield Pair(*_even(first, second, torch.where(known[:, 0, :, :, None], flow, 0.0), known))


def clip_pairs(path: Path, count: int = 4) -> Iterator[Pair]:
    """Neighbouring frames of a clip, `count` pairs evenly chosen, with flow estimated both ways (DIS, Kroeger 2016).

    A pixel's flow is taken as known where going there and back again returns within one pixel. Raises InputError.
    """
    estimate = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    for first, second in _neighbours(path, count):
        grey = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in (first, second)]
        rest = np.zeros((*grey[0].shape, 2), np.float32)
        there = torch.from_numpy(estimate.calc(grey[0], grey[1], rest.copy()))[None]
        back = torch.from_numpy(estimate.calc(grey[1], grey[0], rest))[None]
        returned = there + warp_back(back.permute(0, 3, 1, 2), there).permute(0, 2, 3, 1)
        known = (returned.norm(dim=-1) < 1)[:, None]
        yield Pair(*_even(to_tensor(first), to_tensor(second), there, known))


def _neighbours(path: Path, count: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """`count` pairs of neighbouring frames, (H, W, 3) uint8 RGB, evenly chosen; no other frame is kept."""
    try:
        with av.open(str(path)) as container:
            frames = sum(packet.size > 0 for packet in container.demux(video=0))
    except (av.error.FFmpegError, IndexError) as error:
        raise InputError(f"{path} can't be read as a clip ({first_line(error)}): choose another one.") from error
    if frames < 2:
        raise InputError(f"{path} has one frame, and nothing moves in it: choose another clip.")
    step = max(1, (frames - 1) // count)
    chosen = range(0, frames - 1, step)[:count]
    with av.open(str(path)) as container:
        for number, (first, second) in enumerate(pairwise(container.decode(video=0))):
            if number in chosen:
                yield first.to_ndarray(format="rgb24"), second.to_ndarray(format="rgb24")


def _even(first: Tensor, second: Tensor, flow: Tensor, known: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Cut to multiples of 8 pixels, which the networks need."""
    height, width = (side // 8 * 8 for side in first.shape[2:])
    window = (..., slice(height), slice(width))
    return first[window], second[window], flow[:, :height, :width], known[window]
