"""The torch half's one door between uint8 pictures and float tensors, and the folder of photos to train on."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor
from torch.nn.functional import pad
from torch.utils.data import Dataset

from weights.errors import InputError
from weights.files import replacing

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"})


@contextmanager
def _opened(path: Path | str) -> Iterator[Image.Image]:
    """The picture file, its header read. Raises InputError, for what is done with it too."""
    try:
        with Image.open(path) as file:
            yield file
    except FileNotFoundError:
        raise InputError(f"There is no picture {path}: check the path.") from None
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise InputError(f"The picture {path} can't be read ({error}): save it again as PNG or JPEG.") from error


def open_picture(path: Path | str, short_side: int = 0) -> Image.Image:
    """The picture as upright RGB (EXIF honoured). Raises InputError.

    With `short_side` a JPEG may come at the smallest of the sizes its decoder offers that is still that large.
    """
    with _opened(path) as file:
        if short_side:
            file.draft("RGB", (short_side, short_side))
        upright = ImageOps.exif_transpose(file)
        if upright.mode.startswith("I"):  # 16 bits, which Pillow would cut off rather than scale
            upright = Image.fromarray((np.asarray(upright, np.int64).clip(0, 65535) // 257).astype(np.uint8))
        return upright.convert("RGB")


def size_of(path: Path) -> tuple[int, int]:
    """The two sides of a picture in pixels, not yet turned upright, from its header. Raises InputError."""
    with _opened(path) as file:
        return file.size


def scaled(size: tuple[int, int], short_side: int) -> tuple[int, int]:
    """The two sides in pixels where the shorter becomes `short_side`."""
    scale = short_side / min(size)
    return round(size[0] * scale), round(size[1] * scale)


def resized(picture: Image.Image, short_side: int) -> Image.Image:
    """The picture with that short side."""
    return picture.resize(scaled(picture.size, short_side), Image.Resampling.LANCZOS)


def load_image(path: Path | str, short_side: int | None = None) -> Tensor:
    """The picture as (1, 3, H, W) float32 RGB in [0, 1], its short side resized where given. Raises InputError."""
    picture = open_picture(path)
    return to_tensor(np.asarray(resized(picture, short_side) if short_side else picture))


def to_tensor(image: np.ndarray) -> Tensor:
    """(H, W, 3) uint8 RGB -> (1, 3, H, W) float32 in [0, 1]."""
    return torch.from_numpy(np.array(image)).permute(2, 0, 1)[None].float() / 255


def to_uint8(x: Tensor) -> np.ndarray:
    """(1, 3, H, W) or (3, H, W) float in [0, 1] -> (H, W, 3) uint8 RGB, clamped and rounded."""
    x = x[0] if x.ndim == 4 else x
    return (x.detach().float().clamp(0, 1) * 255).round().to(torch.uint8).permute(1, 2, 0).cpu().numpy()


def save_image(x: Tensor, path: Path | str) -> None:
    """Write one tensor picture; the suffix chooses the format; whole or not at all."""
    with replacing(path) as temporary:
        Image.fromarray(to_uint8(x)).save(temporary, quality=95)


def sheet(rows: list[list[Tensor]], gap: int = 4) -> Tensor:
    """Rows of equally high (1, 3, h, w) pictures as one (1, 3, H, W) picture on white."""
    lines = [torch.cat([pad(x.float().cpu(), (0, gap, 0, gap), value=1.0) for x in row], dim=3) for row in rows]
    width = max(line.shape[3] for line in lines)
    return torch.cat([pad(line, (0, width - line.shape[3]), value=1.0) for line in lines], dim=2)


def pictures_in(folder: Path | str) -> list[Path]:
    """The picture files in `folder` and below, sorted. Raises InputError where there are none."""
    root = Path(folder)
    if not root.is_dir():
        raise InputError(f"There is no folder {folder}: name a folder of pictures.")
    paths = sorted(p for p in root.rglob("*") if p.suffix.lower() in SUFFIXES)
    if not paths:
        raise InputError(f"The folder {folder} holds no pictures ({', '.join(sorted(SUFFIXES))}).")
    return paths


def split(paths: Sequence[Path], every: int) -> tuple[list[Path], list[Path]]:
    """The pictures to train on, and every `every`-th, the first among them, held out; none where `every` is 0."""
    held_out = list(paths[::every]) if every else []
    return [p for i, p in enumerate(paths) if not every or i % every], held_out


def pass_over(error: InputError) -> None:
    """Say that a picture can't be read and that the work goes on without it."""
    print(f"livebrush: {error} It is passed over.", file=sys.stderr)


ENLARGED = 1.5
"""How much a photo may be enlarged before it is cropped, lest a training see blurred pictures only."""


class PhotoCrops(Dataset[Tensor]):
    """An endless row of (3, size, size) float32 crops in [0, 1] from a folder of photos.

    Crop i is a function of (seed, i) alone, whatever came before it and in whichever process, so that a stopped
    training goes on exactly where it was. Every photo comes once in each pass. The short side is scaled at random to
    between `size` and `zoom` times `size` (a photo of a smaller short side than that is enlarged by ENLARGED at most,
    or to `size`); flips are random.
    With `companions`, a picture for each photo, it is (6, size, size): the photo and the same crop of its companion.
    A photo that can't be read is said once and the next one taken in its place.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        size: int,
        seed: int,
        count: int,
        companions: Mapping[Path, Path] | None = None,
        zoom: float = 1.5,
    ) -> None:
        self.zoom = zoom
        self.paths = list(paths)
        self.companions = companions or {}
        self.size = size
        self.seed = seed
        self.count = count
        self.broken: set[Path] = set()
        self._order: tuple[int, list[int]] = (-1, [])

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> Tensor:
        epoch, position = divmod(index, len(self.paths))
        if self._order[0] != epoch:
            order = np.random.default_rng((self.seed, epoch)).permutation(len(self.paths))
            self._order = (epoch, order.tolist())
        count = len(self.paths)
        for offset in range(count):
            path = self.paths[self._order[1][(position + offset) % count]]
            if path in self.broken:
                continue
            try:
                return self._crop(path, np.random.default_rng((self.seed, epoch, position)))
            except InputError as error:
                self.broken.add(path)
                pass_over(error)
        raise InputError(f"None of the pictures in {self.paths[0].parent} can be read: give others.")

    def _crop(self, path: Path, rng: np.random.Generator) -> Tensor:
        """The crop that `rng` chooses of one photo, and of its companion. Raises InputError."""
        size = self.size
        short_side = self.short_side(min(size_of(path)), rng)
        photo = resized(open_picture(path, short_side), short_side)
        left, top = (int(rng.integers(side - size + 1)) for side in photo.size)
        pictures = [photo]
        if self.companions:
            pictures.append(open_picture(self.companions[path]).resize(photo.size, Image.Resampling.LANCZOS))
        crops = [picture.crop((left, top, left + size, top + size)) for picture in pictures]
        if rng.random() < 0.5:
            crops = [ImageOps.mirror(crop) for crop in crops]
        return torch.cat([to_tensor(np.asarray(crop))[0] for crop in crops])

    def short_side(self, photo: int, rng: np.random.Generator) -> int:
        """The short side in pixels to which a photo, whose own is `photo`, is scaled before it is cropped."""
        largest = max(self.size, min(self.largest, round(ENLARGED * photo)))
        return int(rng.integers(self.size, largest + 1))

    @property
    def largest(self) -> int:
        """The largest short side in pixels to which a photo is scaled."""
        return round(self.zoom * self.size)


def central_crop(path: Path, size: int) -> Tensor:
    """The largest central square of a picture as (1, 3, size, size)."""
    return to_tensor(np.asarray(ImageOps.fit(open_picture(path, size), (size, size), Image.Resampling.LANCZOS)))
