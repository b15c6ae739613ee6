"""The outputs that the command line asks for."""

from __future__ import annotations

from realtime.live.network import HOST, Network
from realtime.live.outputs import QueuedOutput
from realtime.live.recorder import Recorder
from realtime.live.virtual_camera import VirtualCamera
from realtime.options import Options
from weights.errors import InputError


def outputs_of(options: Options) -> list[QueuedOutput]:
    """What `options` send the live picture to, not started yet. Raises InputError where that can't be."""
    outputs: list[QueuedOutput] = []
    if options.record is not None:
        outputs.append(Recorder(options.record, options.microphone))
    if options.serve is not None:
        host, port = _address(options.serve)
        outputs.append(Network(port, host))
    if options.virtual_camera:
        outputs.append(VirtualCamera())
    return outputs


def _address(text: str) -> tuple[str, int]:
    """Host and port of `--serve`: PORT alone is this machine's own."""
    host, colon, port = text.rpartition(":")
    if not (port.isascii() and port.isdecimal() and int(port) < 65536) or (colon and not host):
        raise InputError(f"--serve {text} can't be read: give a port, as in 8080, or HOST:PORT.")
    return host.strip("[]") or HOST, int(port)
