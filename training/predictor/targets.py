"""What every view of every painting is judged by, computed once: its Gram matrices, and what the encoder says of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from training.images import resized, to_tensor
from training.objective import LossSettings, Objective, reduced
from training.optimisation import chosen_precision
from training.perceptual import VGG, gram_matrix
from training.predictor.network import StyleEncoder
from training.predictor.views import looked_at, view_of
from training.run import Run
from weights.errors import InputError
from weights.files import replacing

BETWEEN_NOTES = 20
"""Views between two notes of how far the table is."""


@dataclass(frozen=True)
class View:
    """One view of one painting (training.predictor.views)."""

    painting: Path
    number: int


class Table:
    """A folder of arrays with a row for each stroke of each view, written once and read a few rows at a time.

    Row 2 v is the fine strokes of view v, row 2 v + 1 the bold ones. Of each Gram matrix, which is symmetric, half is
    kept, divided by its norm, as float16: some hundred paintings are a gigabyte.
    """

    def __init__(self, folder: Path, losses: tuple[LossSettings, LossSettings], views: Sequence[View]) -> None:
        self.folder, self.losses, self.views = folder, losses, views
        self.scales = losses[1].style_views()
        self._grams: dict[str, np.ndarray] = {}
        self._held: dict[str, Tensor] = {}

    def build(self, vgg: VGG, encoder: StyleEncoder, seed: int, same: str, run: Run) -> None:
        """Compute what is not there yet, where the networks are; what was stopped goes on.

        `same` says of what and how it is made. Raises InputError where a picture can't be read or the disk is full.
        """
        device = vgg.mean.device
        note = self.folder / "progress.json"
        known = json.loads(note.read_text(encoding="utf-8")) if note.exists() else {}
        done = int(known["done"]) if known.get("same") == same else 0
        low_precision = chosen_precision("auto", device.type)[0] == "bf16-mixed"
        if done == len(self.views):
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        run.say(f"looking at {len(self.views) - done} views of the paintings")
        for v in run.steps(done, len(self.views), {}):
            view = self.views[v]
            picture = view_of(view.painting, view.number, seed)
            seen = looked_at(picture).to(device)
            self._put("features", v, encoder(seen)[0], len(self.views), np.float32)
            for stroke, loss in enumerate(self.losses):
                painting = to_tensor(np.asarray(resized(picture, loss.style_size))).to(device)
                with torch.autocast(device.type, torch.bfloat16, enabled=low_precision):
                    self._put_grams(vgg, 2 * v + stroke, painting.to(memory_format=torch.channels_last))
            if (v + 1) % BETWEEN_NOTES == 0 or v + 1 == len(self.views) or run.due():
                for array in self._grams.values():
                    array.flush()  # type: ignore[attr-defined]
                with replacing(note) as temporary:
                    temporary.write_text(json.dumps({"same": same, "done": v + 1}), encoding="utf-8")
                run.saved()

    def _put_grams(self, vgg: VGG, row: int, painting: Tensor) -> None:
        for scale, names in self.scales.items():
            found = vgg(reduced(painting, scale), names)
            for name in names:
                gram = gram_matrix(found[name])[0]
                norm = gram.norm()
                upper = torch.triu_indices(*gram.shape)
                self._put(f"{scale}_{name}", row, gram[upper[0], upper[1]] / norm, 2 * len(self.views), np.float16)
                self._put(f"norm_{scale}_{name}", row, norm[None], 2 * len(self.views), np.float32)

    def _put(self, name: str, row: int, values: Tensor, rows: int, kind: type) -> None:
        if name not in self._grams:
            path = self.folder / f"{name}.npy"
            fresh = not path.exists() or np.load(path, mmap_mode="r").shape != (rows, len(values))
            shape = (rows, len(values)) if fresh else None
            mode = "w+" if fresh else "r+"
            try:
                self._grams[name] = np.lib.format.open_memmap(path, mode, dtype=kind, shape=shape)
            except OSError as error:
                raise InputError(f"{path} can't be written ({error}): make room, then go on with --resume.") from error
        self._grams[name][row] = values.cpu().numpy()

    def features(self) -> Tensor:
        """(V, F): what the encoder says of every view."""
        return torch.from_numpy(np.load(self.folder / "features.npy"))

    def gram(self, scale_and_layer: str, rows: Tensor) -> Tensor:
        """(N, C, C) float32: the Gram matrices of these rows (N,) at `scale_and_layer`, as "2_relu3_3"."""
        half = self._rows(scale_and_layer, rows).float()
        side = int((2 * half.shape[1]) ** 0.5)
        i, j = torch.triu_indices(side, side, device=rows.device)
        whole = half.new_zeros(len(half), side, side)
        whole[:, i, j] = half
        whole[:, j, i] = half
        return whole * self.norm(scale_and_layer, rows)[:, None, None]

    def norm(self, scale_and_layer: str, rows: Tensor) -> Tensor:
        """(N,): the norms of these Gram matrices."""
        return self._rows(f"norm_{scale_and_layer}", rows)[:, 0]

    def hold(self, device: torch.device) -> None:
        """Keep all rows in the memory of `device`, where a training asks for them: no disk is fast enough for a GPU."""
        for scale, names in self.scales.items():
            for name in (f"{kind}{scale}_{layer}" for layer in names for kind in ("", "norm_")):
                self._held[name] = torch.from_numpy(np.array(self._read(name))).to(device)

    @property
    def nbytes(self) -> int:
        """How much memory all rows take."""
        layers = (f"{scale}_{layer}" for scale, names in self.scales.items() for layer in names)
        return sum(self._read(name).nbytes for name in layers)

    def _rows(self, name: str, rows: Tensor) -> Tensor:
        """These rows of one array, where `rows` are."""
        if name in self._held:
            return self._held[name][rows]
        return torch.from_numpy(np.array(self._read(name)[rows.tolist()])).to(rows.device)

    def _read(self, name: str) -> np.ndarray:
        if name not in self._grams:
            self._grams[name] = np.load(self.folder / f"{name}.npy", mmap_mode="r")
        return self._grams[name]


class TableObjective(Objective):
    """The losses of training.objective with the Gram matrices of a table: `which` are its rows."""

    def __init__(self, vgg: VGG, table: Table) -> None:
        nn.Module.__init__(self)
        self.vgg, self.table = vgg, table
        self.settings = table.losses[1]
        self.views = table.scales
        self.register_buffer("content_weights", torch.tensor([loss.content_weight for loss in table.losses]))
        self.register_buffer("style_weights", torch.tensor([loss.style_weight for loss in table.losses]))

    def _of(self, name: str, which: Tensor) -> Tensor:
        stroke = which % 2
        if name == "content_weight":
            return self.get_buffer("content_weights")[stroke]
        kind, _, scale_and_layer = name.partition("_")
        if kind == "target":
            return self.table.gram(scale_and_layer, which)
        weight = self.get_buffer("style_weights")[stroke] * self.settings.scale_weight(int(scale_and_layer[0]))
        if self.settings.relative_style:
            weight = weight / self.table.norm(scale_and_layer, which).square()
        return weight
