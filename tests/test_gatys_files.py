"""What a run writes and reads again: never an original, nothing lost at the end, checkpoints that are checked."""

from __future__ import annotations

import dataclasses
import errno
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gatys import compare, reconstruct, record, study
from gatys.compare import Comparison
from gatys.descent import Step
from gatys.reconstruct import Reconstruction
from gatys.record import beside
from gatys.render import Renderer, render_file
from gatys.report import curves
from gatys.settings import Settings
from gatys.study import Study
from training.images import load_image
from weights.errors import InputError


def stop_after(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Press Ctrl-C after so many steps."""
    walk = Renderer.walk

    def stopped(self: Renderer, *arguments: object) -> Iterator[tuple[int, Step]]:
        for number, found in enumerate(walk(self, *arguments), start=1):  # type: ignore[arg-type]
            yield found
            if number == count:
                raise KeyboardInterrupt

    monkeypatch.setattr(Renderer, "walk", stopped)


@pytest.mark.parametrize("steps", [2, 5], ids=["in the coarse size", "in the full size"])
def test_ctrl_c_keeps_the_picture_and_resume_goes_on(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    with monkeypatch.context() as pressed:
        stop_after(steps, pressed)
        assert render_file(settings).complete is False
    with Image.open(settings.output) as file:
        assert file.size == (48, 36)
    assert json.loads(beside(settings.output, ".json").read_text())["complete"] is False
    resumed = render_file(dataclasses.replace(settings, resume=True))
    assert resumed.complete and len(resumed.curve) == 7
    assert not beside(settings.output, ".resume.safetensors").exists()


def test_resume_wants_the_same_settings(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    again = dataclasses.replace(settings, resume=True)
    with pytest.raises(InputError, match="nothing to resume"):
        render_file(again)
    with monkeypatch.context() as pressed:
        stop_after(2, pressed)
        render_file(settings)
    with pytest.raises(InputError, match=r"--beta is 5\.0 and was 1"):
        render_file(dataclasses.replace(again, beta=5.0))
    beside(settings.output, ".resume.safetensors").write_bytes(b"no")
    with pytest.raises(InputError, match="can't be read"):
        render_file(again)


def resumable(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The settings to go on with a run that was stopped after two steps."""
    with monkeypatch.context() as pressed:
        stop_after(2, pressed)
        render_file(settings)
    return dataclasses.replace(settings, resume=True)


@pytest.mark.parametrize("name", ["photo.png", "painting.png"])
def test_resume_wants_the_same_pictures(settings: Settings, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    again = resumable(settings, monkeypatch)
    changed = settings.photo.with_name(name)
    with Image.open(changed) as file:
        file.rotate(180).save(changed)
    with pytest.raises(InputError, match=f"{name} is another picture than when the run began: run without --resume"):
        render_file(again)


@pytest.mark.parametrize("part", [0.0, 0.001, 0.1, 0.5, 0.99])
def test_a_checkpoint_cut_off_is_a_sentence(settings: Settings, monkeypatch: pytest.MonkeyPatch, part: float) -> None:
    again = resumable(settings, monkeypatch)
    path = beside(settings.output, ".resume.safetensors")
    whole = path.read_bytes()
    path.write_bytes(whole[: int(part * len(whole))])
    with pytest.raises(InputError, match=r"resume\.safetensors can't be read \(.*\): run without --resume"):
        render_file(again)


def test_a_checkpoint_of_something_else_is_a_sentence(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    again = resumable(settings, monkeypatch)
    path = beside(settings.output, ".resume.safetensors")
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"level", b"lever"))
    with pytest.raises(InputError, match=r"resume\.safetensors can't be read \(.*\): run without --resume"):
        render_file(again)


@pytest.mark.parametrize("name", ["photo.png", "painting.png", "./photo.png", "link.png", "mask.png", "start.png"])
def test_what_is_painted_from_is_never_overwritten(settings: Settings, tmp_path: Path, name: str) -> None:
    Image.fromarray(np.full((48, 64), 255, np.uint8)).save(tmp_path / "mask.png")
    Image.fromarray(np.full((48, 64, 3), 99, np.uint8)).save(tmp_path / "start.png")
    (tmp_path / "link.png").symlink_to(settings.photo)
    before = (tmp_path / name).read_bytes()
    of_all = dataclasses.replace(settings, masks=(tmp_path / "mask.png",), init=str(tmp_path / "start.png"))
    with pytest.raises(InputError, match="is the original, which is never overwritten"):
        render_file(dataclasses.replace(of_all, out=tmp_path / name))
    assert (tmp_path / name).read_bytes() == before


def test_what_lies_beside_the_picture_is_no_original_either(settings: Settings, tmp_path: Path) -> None:
    photo = settings.photo.rename(tmp_path / "out-loss.png")
    before = photo.read_bytes()
    with pytest.raises(InputError, match=r"out-loss\.png is the original"):
        render_file(dataclasses.replace(settings, photo=photo))
    assert photo.read_bytes() == before


@pytest.mark.parametrize("name", ["out.xyz", "out", "folder", "photo.png/out.png"])
def test_an_output_that_can_not_be_is_said_before_the_work(
    settings: Settings, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "folder").mkdir()
    stop_after(0, monkeypatch)
    with pytest.raises(InputError, match=name):
        render_file(dataclasses.replace(settings, out=tmp_path / name))


def full(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize(
    ("trouble", "words"),
    [(full, "No space left on device"), (ValueError("too large for WebP"), "too large for WebP")],
)
def test_a_finished_picture_is_kept_where_its_place_fails(
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    trouble: Callable[..., None] | Exception,
    words: str,
) -> None:
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path))
    save = Image.Image.save

    def fails_once(self: Image.Image, path: Path, *arguments: object, **options: object) -> None:
        monkeypatch.setattr(Image.Image, "save", save)
        if isinstance(trouble, Exception):
            raise trouble
        trouble()

    monkeypatch.setattr(Image.Image, "save", fails_once)
    with pytest.raises(InputError, match=words) as said:
        render_file(settings)
    kept = Path(str(said.value).split("The picture is kept as ")[1].rstrip("."))
    assert not settings.output.exists() and load_image(kept).shape == (1, 3, 36, 48)


def test_a_checkpoint_that_can_not_be_written_stops_nothing(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(record, "save_file", full)
    assert render_file(dataclasses.replace(settings, checkpoint_minutes=0)).complete
    said = capsys.readouterr().err
    assert "No space left on device" in said and settings.output.exists()


def test_the_other_commands_keep_originals_too(settings: Settings, tmp_path: Path) -> None:
    photo, painting = settings.photo, settings.paintings[0]
    before = photo.read_bytes()
    for out in (photo, tmp_path / "sheet.xyz"):
        for work in (
            lambda out=out: study.study(Study("ratio", photo, painting, out)),
            lambda out=out: reconstruct.reconstruct_all(Reconstruction("content", photo, out)),
            lambda out=out: compare.run(Comparison(photo, "starry-night", painting, out)),
        ):
            with pytest.raises(InputError, match="is the original" if out == photo else r"sheet\.xyz can't be written"):
                work()
    with pytest.raises(InputError, match=r"sheet\.xyz can't be written"):
        curves.draw(curves.Options((str(photo),), tmp_path / "sheet.xyz"))
    assert photo.read_bytes() == before


def test_a_photo_of_the_compared_folder_is_kept(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is the original"):
        compare.run(Comparison(tmp_path, "starry-night", settings.paintings[0], settings.photo))
