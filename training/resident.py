"""Photos decoded once and resident, as uint8, where a training computes: no processor decodes fast enough for a GPU."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from training.images import PhotoCrops, open_picture, pass_over, resized, scaled, size_of
from training.settings import Resident
from weights.errors import InputError

SHARE = 0.25
"""Of a GPU's memory, what photos, or a predictor's table, may take without being asked to."""


class ResidentCrops(PhotoCrops):
    """The crops of another row, (3, size, size) each, cut and scaled on `device` from photos that lie in its memory.

    Crop i is chosen as there, from (seed, i) alone; it is resampled by cubics in Lanczos' place, which torch has for
    processors only. A photo lies there no larger than it is ever scaled to. Meant for one process without workers.
    Raises InputError where the memory is too small.
    """

    def __init__(self, crops: PhotoCrops, device: torch.device) -> None:
        super().__init__(crops.paths, crops.size, crops.seed, crops.count, crops.companions, crops.zoom)
        self.device = device
        try:
            with ThreadPoolExecutor() as pool:
                found = dict(zip(self.paths, pool.map(self._decoded, self.paths), strict=True))
        except torch.OutOfMemoryError:
            raise InputError(f"The memory of {device} is too small for the photos: train with --resident no.") from None
        self._photos = {path: photo for path, photo in found.items() if photo is not None}
        self.broken = found.keys() - self._photos.keys()

    @property
    def nbytes(self) -> int:
        """How much memory the photos take."""
        return sum(photo.nbytes for photo in self._photos.values())

    def _decoded(self, path: Path) -> Tensor | None:
        """A photo, and its companion, as (3 or 6, H, W) uint8; None, said, where one of them can't be read."""
        try:
            photo = open_picture(path, self.largest)
            photo = resized(photo, self.largest) if min(photo.size) > self.largest else photo
            pictures = [photo]
            if self.companions:
                pictures.append(open_picture(self.companions[path]).resize(photo.size, Image.Resampling.LANCZOS))
        except InputError as error:
            pass_over(error)
            return None
        channels = np.concatenate([np.asarray(picture) for picture in pictures], axis=2)
        return torch.from_numpy(channels).permute(2, 0, 1).contiguous().to(self.device)

    def _crop(self, path: Path, rng: np.random.Generator) -> Tensor:
        photo, size = self._photos[path], self.size
        height, width = photo.shape[1:]
        width, height = scaled((width, height), self.short_side(min(width, height), rng))
        left, top = (int(rng.integers(side - size + 1)) for side in (width, height))
        whole = F.interpolate(photo[None].float(), (height, width), mode="bicubic", antialias=True)[0]
        crop = whole[:, top : top + size, left : left + size]
        if rng.random() < 0.5:
            crop = crop.flip(2)
        return crop.clamp(0, 255) / 255


def resident(crops: PhotoCrops, wanted: Resident, device: torch.device) -> bool:
    """Whether the photos of `crops` are to lie on `device`: as `wanted`, or on a GPU where they fit into its SHARE."""
    if wanted != "auto" or device.type != "cuda":
        return wanted == "yes"
    return _bytes_of(crops) <= memory_for_data(device)


def memory_for_data(device: torch.device) -> float:
    """The bytes of a GPU's memory that what is learned from may take."""
    return SHARE * torch.cuda.get_device_properties(device).total_memory


def _bytes_of(crops: PhotoCrops) -> int:
    """What the photos would take, from their headers."""
    total = 0
    for path in crops.paths:
        with suppress(InputError):
            size = size_of(path)
            width, height = scaled(size, min(*size, crops.largest))
            total += 3 * width * height
    return 2 * total if crops.companions else total
