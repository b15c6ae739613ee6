"""The picture over HTTP on real sockets: as frames come, to several readers, none of whom can hold up another."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from http.client import HTTPConnection

import cv2
import numpy as np
import pytest

from realtime.live import Condition, Painted
from realtime.live.clips import Stream
from realtime.live.network import Network
from tests.live_fakes import until


def painted(level: int, size: tuple[int, int] = (48, 64)) -> Painted:
    image = np.full((*size, 3), level, np.uint8)
    return Painted(image, image, "a", time.monotonic(), 0.0)


@pytest.fixture
def network() -> Iterator[Network]:
    made = Network(port=0)
    made.start()
    until(lambda: made.state.condition is Condition.RUNNING)
    yield made
    made.stop()
    made.join(5)
    until(lambda: not [t for t in threading.enumerate() if t.name.startswith("output ")])


def decoded(jpeg: bytes) -> np.ndarray:
    image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return image


def port_of(network: Network) -> int:
    return int(network.url.rpartition(":")[2])


def get(network: Network, path: str, host: str | None = None) -> tuple[int, str, bytes]:
    line = HTTPConnection("127.0.0.1", port_of(network), timeout=5)
    line.request("GET", path, headers={"Host": host} if host else {})
    answer = line.getresponse()
    found = answer.status, answer.headers["Content-Type"], answer.read()
    line.close()
    return found


def test_the_page_shows_the_stream(network: Network) -> None:
    status, kind, page = get(network, "/")
    assert (status, kind) == (200, "text/html; charset=utf-8")
    assert b'src="/stream"' in page
    assert get(network, "/else")[0] == 404


def test_the_newest_frame_is_a_jpeg(network: Network) -> None:
    network.offer(painted(10))
    network.offer(painted(90))
    until(lambda: not network._waiting)
    status, kind, jpeg = get(network, "/frame.jpg")
    assert (status, kind) == (200, "image/jpeg")
    assert decoded(jpeg).mean() == pytest.approx(90, abs=2)


def test_a_stream_can_be_a_source(network: Network) -> None:
    over = threading.Event()

    def paint() -> None:
        level = 0
        while not over.wait(0.02):
            network.offer(painted(level % 200))
            level += 1

    painter = threading.Thread(target=paint)
    painter.start()
    try:
        with Stream(f"{network.url}/stream") as one, Stream(f"{network.url}/stream") as other:
            for stream in (one, other):
                levels = [float(image.mean()) for image in (stream.read() for _ in range(5)) if image is not None]
                assert levels == sorted(levels)
                assert len(set(map(round, levels))) == 5
    finally:
        over.set()
        painter.join()


def test_a_reader_that_does_not_read_holds_up_nobody(network: Network) -> None:
    with socket.create_connection(("127.0.0.1", port_of(network))) as lazy:
        lazy.sendall(b"GET /stream HTTP/1.0\r\nHost: localhost:1\r\n\r\n")
        noise = np.random.default_rng(0).integers(0, 255, (480, 640, 3), np.uint8)
        for _ in range(40):  # more than a socket holds
            network.offer(Painted(noise, noise, "a", 0.0, 0.0))
            time.sleep(0.01)
        network.offer(painted(50))
        until(lambda: not network._waiting)
        assert decoded(get(network, "/frame.jpg")[2]).shape == (48, 64, 3)
        began = time.monotonic()
        network.stop()
        network.join(5)
        assert time.monotonic() - began < 2


def test_where_nobody_reads_nothing_is_coded(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cv2, "imencode", lambda *_: pytest.fail("coded"))
    network.offer(painted(1))
    until(lambda: not network._waiting)
    assert network._newest._coded == (0, b"")


@pytest.mark.parametrize(
    ("host", "status"), [("localhost:8", 200), ("[::1]:8", 200), ("evil.example:8", 403), ("", 403)]
)
def test_only_this_machine_is_answered(network: Network, host: str, status: int) -> None:
    assert get(network, "/", host or "evil.example")[0] == status


def test_a_port_that_is_taken_is_said(network: Network) -> None:
    other = Network(port_of(network))
    other.start()
    until(lambda: other.state.condition is Condition.OUTPUT_BROKEN)
    assert f"The port {port_of(network)} can't be used" in other.state.words
    other.join(5)


def test_a_host_that_is_not_here_is_said() -> None:
    network = Network(0, "no such host")
    network.start()
    until(lambda: network.state.condition is Condition.OUTPUT_BROKEN)
    assert "The address no such host:0 can't be used" in network.state.words
    network.join(5)
