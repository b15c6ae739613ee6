"""The tracks of a clip beside its pictures: sound and subtitles, copied packet by packet where that can be."""

from __future__ import annotations

from typing import Any

from av.audio.resampler import AudioResampler
from av.error import FFmpegError


class CopiedTrack:
    """Hands packets through, bytes and times unchanged."""

    def __init__(self, output: Any, stream: Any) -> None:
        self._output = output
        self._stream = output.add_stream_from_template(stream)
        self._stream.metadata.update(stream.metadata)

    def write(self, packet: Any) -> None:
        """Mux `packet`."""
        packet.stream = self._stream
        self._output.mux(packet)

    def finish(self) -> None:
        """Nothing is held back."""


class AacTrack:
    """Re-encodes sound to AAC, for a file that can't hold the original's codec."""

    def __init__(self, output: Any, stream: Any) -> None:
        self._output = output
        sound = stream.codec_context
        # Old files count their channels without naming them; AAC wants names.
        layout = {1: "mono", 2: "stereo"}.get(sound.layout.nb_channels, sound.layout.name)
        self._stream = output.add_stream("aac", rate=sound.sample_rate)
        self._stream.codec_context.layout = layout
        self._stream.metadata.update(stream.metadata)
        self._resampler = AudioResampler(format="fltp", layout=layout, rate=sound.sample_rate, frame_size=1024)

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


Track = CopiedTrack | AacTrack


def can_hold(output: Any, stream: Any) -> bool:
    """Whether the file `output` can hold the codec of `stream` as it is."""
    codec = stream.codec_context.codec if stream.codec_context else None
    name = getattr(codec, "canonical_name", None) or getattr(codec, "name", None)
    return name is not None and name in output.supported_codecs


def open_tracks(source: Any, output: Any) -> tuple[dict[int, Track], list[str]]:
    """A track in `output` for each sound and subtitle stream of `source`, by stream index; and words about changes."""
    tracks: dict[int, Track] = {}
    notes: list[str] = []
    for stream in (*source.streams.audio, *source.streams.subtitles):
        name = stream.codec_context.name if stream.codec_context else "unknown"
        try:
            if can_hold(output, stream):
                tracks[stream.index] = CopiedTrack(output, stream)
            elif stream.type == "audio" and stream.codec_context and "aac" in output.supported_codecs:
                tracks[stream.index] = AacTrack(output, stream)
                notes.append(
                    f"The sound ({name}) was encoded again as AAC, as this kind of file can't hold it (.mkv can)."
                )
            else:
                notes.append(
                    f"The {stream.type} track ({name}) was left out, as this kind of file can't hold it (.mkv may)."
                )
        except (FFmpegError, ValueError):
            notes.append(f"The {stream.type} track ({name}) was left out, as it can't be copied.")
    return tracks, notes
