"""A recording of what is painted: Matroska while it runs, which survives a crash, and what its name says at the end."""

from __future__ import annotations

import logging
import shutil
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.error import FFmpegError

from realtime.av_frames import Colors, file_url, reason_of
from realtime.clip_writer import ClipFormat, ClipWriter
from realtime.codecs import Encoding
from realtime.frames import Image, framed
from realtime.live.microphone import Microphone, SoundTrack
from realtime.live.outputs import Painted, QueuedOutput
from weights.errors import InputError
from weights.files import replacing

_log = logging.getLogger(__name__)

SUFFIXES = (".mp4", ".mkv")
_MILLISECOND = Fraction(1, 1000)  # what Matroska counts in
_ROOM = 24  # frames: at 640x360 33 MB with their originals, nearly a second of a disk that hesitates
_PACE = Encoding(crf=20, preset="ultrafast")  # the cores are the painter's
_PLAYED_AT = Fraction(30)  # what the file says of its rate; the frames' own times say more


class Recorder(QueuedOutput):
    """Records every frame it is offered into `path`, .mp4 or .mkv, at the time of its capture.

    While it runs the file is `working`, a Matroska file of that name; what cannot be made an .mp4 of, on a full disk,
    stays one. `saved` is where the recording lies once it has ended, None where nothing was recorded; `seconds` is how
    long it is, `began` the monotonic time of its first frame; `note` says in a sentence what is missing in it, ""
    mostly. Frames of another size than the first one's
    are fitted into that. Raises InputError for a path that can't be used, or is there already.
    """

    def __init__(self, path: Path, microphone: bool = False) -> None:
        super().__init__("recording", _ROOM, keep_order=True)
        self.path, self.working = path, path.with_suffix(".mkv")
        self.saved: Path | None = None
        self.seconds, self.note = 0.0, ""
        self._with_sound = microphone
        self._microphone: Microphone | None = None
        self._sound: SoundTrack | None = None
        self._clip: ClipWriter | None = None
        self._size = 0, 0
        self.began = self._captured = 0.0
        self._pts = -1
        self._image: Image | None = None
        if path.suffix.lower() not in SUFFIXES:
            raise InputError(f"A recording can't be written as {path}: end its name in {' or '.join(SUFFIXES)}.")
        for there in (self.path, self.working):
            if there.exists():
                raise self._there(there)

    def open(self) -> None:
        """Make the folder, and listen where that is asked for."""
        try:
            self.working.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self._stopped_by(error) from error
        if self._with_sound:
            try:
                self._microphone = Microphone()
            except InputError as error:
                self.note = str(error)
                _log.warning("%s", error)

    def write(self, painted: Painted) -> None:
        """Encode one frame."""
        # A picture that stands still and is painted anew has the time of its painting.
        at = painted.captured if painted.captured > self._captured else painted.began
        self._captured = max(self._captured, painted.captured)
        try:
            if self._clip is None:
                self._begin(painted, at)
            self._encode(painted.image, at)
            if self._sound is not None:
                self._sound.write(self.began)
        except (OSError, FFmpegError) as error:
            raise self._stopped_by(error) from error

    def finish(self) -> None:
        """End the file and give it its name."""
        if self._microphone is not None:
            self._microphone.close()
        clip, self._clip = self._clip, None
        if clip is None:
            return
        self.saved = self.working if self.working.exists() else None
        try:
            self._end(clip)
        except (OSError, FFmpegError) as error:
            raise self._stopped_by(error) from error
        finally:
            with suppress(OSError, FFmpegError):  # a full disk, which is said: the file plays up to there
                clip.close()
        if self.saved is not None and self.working != self.path:
            _remux(self.working, self.path)
            self.saved = self.path

    def _begin(self, painted: Painted, at: float) -> None:
        try:
            self.working.open("xb").close()  # another program may have begun to record there meanwhile
        except FileExistsError:
            raise self._there(self.working) from None
        self._size = painted.image.shape[0], painted.image.shape[1]
        form = ClipFormat(self._size, _MILLISECOND, Colors(), _PLAYED_AT, survives=True)
        self._clip = ClipWriter(self.working, form, _PACE)
        self.began = at
        if self._microphone is not None:
            self._sound = SoundTrack(self._clip, self._microphone)

    def _encode(self, image: Image, at: float) -> None:
        assert self._clip is not None
        self._pts = max(self._pts + 1, round((at - self.began) * 1000))
        self._image = image
        self._clip.write(framed(image, self._size), self._pts)
        self.seconds = self._pts / 1000

    def _end(self, clip: ClipWriter) -> None:
        """Hold the last picture until the stop, and write what is held back."""
        stopped = self.stopped_at
        if self._image is not None and stopped is not None and stopped - self.began > self.seconds + 1 / _PLAYED_AT:
            self._clip = clip
            self._encode(self._image, stopped)
            self._clip = None
        if self._sound is not None:
            self._sound.write(self.began)
            self._sound.finish()
        clip.finish()

    @staticmethod
    def _there(path: Path) -> InputError:
        return InputError(f"{path} is there already, and no recording is written over: choose another name.")

    def _stopped_by(self, error: Exception) -> InputError:
        if not self.working.exists():
            return InputError(f"{self.path} can't be recorded ({reason_of(error)}): choose another place.")
        return InputError(f"The recording has stopped ({reason_of(error)}): what was recorded is in {self.working}.")


def _remux(source: Path, target: Path) -> None:
    """Move the packets of `source` into a file of the kind of `target`, whole or not at all; `source` goes then.

    Raises InputError where that can't be, and `source` stays.
    """
    try:
        if shutil.disk_usage(target.parent).free < source.stat().st_size:
            raise InputError(f"There is no room to make {target} of the recording: it is kept as {source}.")
        with replacing(target) as temporary:
            _copy(source, temporary)
    except (OSError, FFmpegError) as error:
        raise InputError(
            f"{target} can't be written ({reason_of(error)}): the recording is kept as {source}."
        ) from error
    source.unlink()


def _copy(source: Path, target: Path) -> None:
    with av.open(file_url(source)) as read, av.open(file_url(target), "w") as written:
        tracks: dict[int, Any] = {s.index: written.add_stream_from_template(s) for s in read.streams}
        for packet in read.demux():
            if packet.dts is not None:
                packet.stream = tracks[packet.stream.index]
                written.mux(packet)
