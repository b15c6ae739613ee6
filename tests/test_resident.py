"""Photos that are decoded once and lie where the training computes show what the others show, and resume to the bit."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from tests.conftest import picture
from tests.johnson_fakes import change, tiny_training
from training.images import PhotoCrops, open_picture, pictures_in
from training.johnson import train
from training.resident import SHARE, ResidentCrops, resident
from weights.errors import InputError

CPU, CUDA = torch.device("cpu"), torch.device("cuda")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for i, size in enumerate([(80, 64), (50, 90), (36, 40), (64, 64)]):
        smooth = Image.fromarray(picture(12, 16, seed=i)).resize(size, Image.Resampling.BICUBIC)
        smooth.save(tmp_path / f"{i}.png")
    return tmp_path


def crops_of(photos: Path, **more: object) -> PhotoCrops:
    return PhotoCrops(pictures_in(photos), 32, 0, 100, **more)  # type: ignore[arg-type]


def test_crops_are_those_of_photos_read_each_time(photos: Path) -> None:
    """But for the last touch: cubics in Lanczos' place. A crop a pixel further, or mirrored, would be far off."""
    crops = crops_of(photos, zoom=2.0)
    there = ResidentCrops(crops, CPU)
    for i in range(24):
        read, lying = crops[i], there[i]
        assert lying.shape == read.shape and lying.dtype == read.dtype
        assert lying.min() >= 0 and lying.max() <= 1
        assert (lying - read).abs().mean() < 0.004
        assert (lying - read.roll(1, 2)).abs().mean() > 0.006 and (lying - read.flip(2)).abs().mean() > 0.05
        assert torch.equal(lying, there[i])


def test_a_companion_is_cut_as_its_photo(photos: Path, tmp_path: Path) -> None:
    companions = {path: tmp_path / "dark" / path.name for path in pictures_in(photos)}
    (tmp_path / "dark").mkdir()
    for path, companion in companions.items():
        Image.open(path).point(lambda v: v // 2).save(companion)
    there = ResidentCrops(PhotoCrops(list(companions), 32, 0, 100, companions), CPU)
    for i in range(8):
        photo, dark = there[i].tensor_split([3])
        assert (dark - photo / 2).abs().mean() < 0.01


def test_a_photo_lies_there_no_larger_than_it_is_scaled_to(tmp_path: Path) -> None:
    Image.fromarray(picture(900, 1200)).save(tmp_path / "large.jpg")
    assert ResidentCrops(crops_of(tmp_path, zoom=2.0), CPU).nbytes == 3 * 64 * 85


def test_a_broken_photo_is_said_once_and_passed_over(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (photos / "bad.jpg").write_bytes(b"not a picture")
    crops = crops_of(photos)
    there = ResidentCrops(crops, CPU)
    assert capsys.readouterr().err.count("bad.jpg can't be read") == 1
    assert all((there[i] - crops[i]).abs().mean() < 0.004 for i in range(10))
    (photos / "only").mkdir()
    (photos / "bad.jpg").rename(photos / "only" / "bad.jpg")
    with pytest.raises(InputError, match=r"None of the pictures in .*only can be read"):
        ResidentCrops(crops_of(photos / "only"), CPU)[0]


@pytest.mark.parametrize(("wanted", "device", "there"), [("auto", CPU, False), ("yes", CPU, True), ("no", CUDA, False)])
def test_it_is_as_one_asks(photos: Path, wanted: str, device: torch.device, there: bool) -> None:
    assert resident(crops_of(photos), wanted, device) is there  # type: ignore[arg-type]


@pytest.mark.parametrize("missing", [0, 1])
def test_a_gpu_holds_what_fits_into_its_share(photos: Path, monkeypatch: pytest.MonkeyPatch, missing: int) -> None:
    (photos / "bad.jpg").write_bytes(b"not a picture")  # takes nothing
    crops = crops_of(photos, companions={path: path for path in pictures_in(photos)})
    memory = SimpleNamespace(total_memory=ResidentCrops(crops, CPU).nbytes / SHARE - missing)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _: memory)
    assert resident(crops, "auto", CUDA) is not bool(missing)


def test_too_little_memory_is_said(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate")

    monkeypatch.setattr(torch.Tensor, "to", full)
    with pytest.raises(InputError, match="too small for the photos: train with --resident no"):
        ResidentCrops(crops_of(photos), CPU)


def test_a_training_on_them_resumes_to_the_bit(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    settings = change(tiny_training(tmp_path), schedule="constant", steps=3, resident="yes", zoom=1.5)
    train(settings)
    assert "the photos lie in the memory of cpu: 0 MB" in capfd.readouterr().err
    resumed = load_file(train(change(settings, steps=7, resume=True)))
    unbroken = load_file(train(change(settings, steps=7, out=tmp_path / "whole")))
    assert all(torch.equal(resumed[k], unbroken[k]) for k in unbroken)


def test_the_photos_of_a_training_are_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Path] = []

    def watched(path: Path, short_side: int = 0) -> Image.Image:
        read.append(path)
        return open_picture(path, short_side)

    for module in ("images", "resident"):
        monkeypatch.setattr(f"training.{module}.open_picture", watched)
    settings = change(tiny_training(tmp_path), resident="yes", steps=8)
    train(settings)
    there = pictures_in(settings.loop.photos)  # the one that is held out among them
    assert sorted(read) == sorted([settings.style_image, *there])


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no NVIDIA GPU that torch can use here")
def test_a_gpu_cuts_the_crops_of_the_processor(photos: Path, tmp_path: Path) -> None:
    crops = crops_of(photos, zoom=2.0)
    here, there = ResidentCrops(crops, CPU), ResidentCrops(crops, CUDA)
    for i in range(24):
        assert there[i].device.type == "cuda"
        assert torch.allclose(there[i].cpu(), here[i], atol=1e-4)
    (tmp_path / "run").mkdir()
    settings = change(tiny_training(tmp_path / "run"), accelerator="cuda", resident="auto", steps=2)
    assert resident(crops, "auto", CUDA) and train(settings).exists()
