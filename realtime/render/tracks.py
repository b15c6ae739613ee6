"""What a clip holds beside its pictures: sound, subtitles, a cover, attachments, chapters; copied where that can be."""

from __future__ import annotations

import io
from typing import Any, Protocol

import av
from av.audio.resampler import AudioResampler
from av.error import FFmpegError

from realtime.render.container import pictures_of
from realtime.render.reader import ClipReader
from realtime.render.timecode import advanced

_OF_THE_CODING = frozenset(("alpha_mode", "encoder", "duration"))
"""Words of a track that the new file's own coding says."""


class CopiedTrack:
    """Hands packets through, bytes and times unchanged."""

    def __init__(self, output: Any, stream: Any) -> None:
        self._output = output
        self._stream = output.add_stream_from_template(stream)
        _describe(self._stream, stream)

    def write(self, packet: Any) -> None:
        """Mux `packet`."""
        packet.stream = self._stream
        self._output.mux(packet)

    def finish(self) -> None:
        """Nothing is held back."""


class EncodedTrack:
    """Encodes sound again, as AAC or Opus, for a file that can't hold the original's codec."""

    def __init__(self, output: Any, stream: Any, codec: str) -> None:
        self._output = output
        sound = stream.codec_context
        # Old files count their channels without naming them; AAC wants names.
        layout = {1: "mono", 2: "stereo"}.get(sound.layout.nb_channels, sound.layout.name)
        rate = 48000 if codec == "libopus" else sound.sample_rate
        self._stream = output.add_stream(codec, rate=rate)
        self._stream.codec_context.layout = layout
        _describe(self._stream, stream)
        self._resampler = AudioResampler(
            format="flt" if codec == "libopus" else "fltp",
            layout=layout,
            rate=rate,
            frame_size=960 if codec == "libopus" else 1024,
        )

    def write(self, packet: Any) -> None:
        """Decode, encode and mux `packet`."""
        for frame in packet.decode():
            self._encode(frame)

    def finish(self) -> None:
        """Write what the encoder still holds."""
        self._encode(None)
        self._output.mux(self._stream.encode(None))

    def _encode(self, frame: Any) -> None:
        for part in self._resampler.resample(frame):
            self._output.mux(self._stream.encode(part))


Track = CopiedTrack | EncodedTrack


class Output(Protocol):
    """A file being written: PyAV's `container`, and in it the `stream` of the pictures."""

    container: Any
    stream: Any


class Tracks:
    """All that `writer` takes over from `reader` beside the pictures; `notes` say what it could not."""

    def __init__(self, reader: ClipReader, writer: Output) -> None:
        self.notes: list[str] = []
        source, self._output = reader.container, writer.container
        kinds = self._output.format.name, source.format.name
        starts_later = "matroska" in kinds[1] and not reader.trim
        self._starts_at_0 = kinds[0] in ("matroska", "webm") and not starts_later
        _describe(writer.stream, reader.video)
        self._output.metadata.update(source.metadata)
        if reader.trim.start and reader.form is not None:
            for words in (writer.stream.metadata, self._output.metadata):
                if "timecode" in words:
                    words["timecode"] = advanced(words["timecode"], reader.trim.start, reader.form.rate)
        self._tracks: dict[int, Track] = {}
        self._covers: list[Any] = []
        for stream in (*source.streams.audio, *source.streams.subtitles):
            self._open(stream)
        for stream, data in reader.covers:
            self._keep_cover(stream, data)
        self._attach(source)
        self._keep_chapters(reader)
        for cover in self._covers:  # once every track is known
            self._output.mux(cover)
        if len(pictures_of(source)) > 1:
            self.notes.append("Only the first of several pictures tracks was painted, the others were left out.")

    def write(self, packet: Any) -> None:
        """Copy `packet`, of one of the source's streams, where its track was kept."""
        track = self._tracks.get(packet.stream.index)
        if track is None or packet.dts is None:
            return
        if self._starts_at_0 and packet.stream.type == "audio" and packet.pts is not None and packet.pts < 0:
            # Matroska has no times before 0: all tracks would be moved, and sound that was cut off be heard again.
            if packet.is_discard:
                return
            if packet.pts + (packet.duration or 0) > 0 and packet.stream.codec_context.name != "opus":
                packet.pts = packet.dts = 0
        track.write(packet)

    def finish(self) -> None:
        """Write what is still held back."""
        for track in self._tracks.values():
            track.finish()

    def _open(self, stream: Any) -> None:
        name = stream.codec_context.name if stream.codec_context else "unknown"
        try:
            if can_hold(self._output, stream):
                self._tracks[stream.index] = CopiedTrack(self._output, stream)
            elif stream.type == "audio" and stream.codec_context and (codec := self._sound_codec()):
                self._tracks[stream.index] = EncodedTrack(self._output, stream, codec)
                again = {"aac": "AAC", "libopus": "Opus"}[codec]
                self.notes.append(
                    f"The sound ({name}) was encoded again as {again}, as this kind of file can't hold it (.mkv can)."
                )
            else:
                self.notes.append(
                    f"The {stream.type} track ({name}) was left out, as this kind of file can't hold it (.mkv may)."
                )
        except (FFmpegError, ValueError):
            self.notes.append(f"The {stream.type} track ({name}) was left out, as it can't be copied.")

    def _sound_codec(self) -> str | None:
        """The encoder for sound that can't be copied; None in a file without sound."""
        kinds = {"aac": "aac", "opus": "libopus"}
        return next((kinds[name] for name in kinds if name in self._output.supported_codecs), None)

    def _keep_cover(self, stream: Any, data: bytes) -> None:
        if "matroska" in self._output.format.name:
            name = stream.metadata.get("filename", "cover.png" if stream.codec_context.name == "png" else "cover.jpg")
            mime = "image/png" if name.endswith("png") else "image/jpeg"
            self._output.add_attachment(name, mime, data)
        elif can_hold(self._output, stream):
            copied = self._output.add_stream_from_template(stream)
            _describe(copied, stream)
            packet = av.Packet(data)
            packet.stream, packet.pts, packet.dts, packet.is_keyframe = copied, 0, 0, True
            self._covers.append(packet)
        else:
            self.notes.append("The cover was left out, as this kind of file can't hold it.")

    def _attach(self, source: Any) -> None:
        files = source.streams.attachments
        if files and "matroska" not in self._output.format.name:
            self.notes.append(f"{len(files)} attached files were left out, as only .mkv can hold them.")
            return
        for number, file in enumerate(files, 1):
            name = file.metadata.get("filename", f"attachment-{number}")
            self._output.add_attachment(name, file.mimetype or "application/octet-stream", bytes(file.data))

    def _keep_chapters(self, reader: ClipReader) -> None:
        chapters = reader.container.chapters()
        if not chapters:
            return
        if self._output.format.name in ("webp", "gif"):
            self.notes.append("The chapters were left out, as this kind of file can't hold them.")
            return
        for chapter in chapters:
            shift = round(reader.begin / chapter["time_base"]) if reader.begin else 0
            chapter["start"], chapter["end"] = chapter["start"] - shift, chapter["end"] - shift
        self._output.set_chapters(reader.cut.chapters(chapters))


def can_hold(output: Any, stream: Any) -> bool:
    """Whether the file `output` can hold the codec of `stream` as it is."""
    codec = stream.codec_context.codec if stream.codec_context else None
    name = getattr(codec, "canonical_name", None) or getattr(codec, "name", None)
    if name is None or name not in output.supported_codecs:
        return False
    if stream.type != "audio":
        return True
    try:  # some are in the container's list and refused at the header all the same: Opus in .mov
        with av.open(io.BytesIO(), "w", format=output.format.name) as trial:
            trial.add_stream_from_template(stream)
            trial.start_encoding()
    except (FFmpegError, ValueError):
        return False
    return True


def _describe(stream: Any, source: Any) -> None:
    """Give `stream` the language, title and other words of `source`, and what it is for (default, forced, …)."""
    words = {name: word for name, word in source.metadata.items() if name.lower() not in _OF_THE_CODING}
    stream.metadata.update(words)
    stream.disposition = source.disposition
