"""A live camera ends cleanly, at its end, at a limit, or when it falls silent; its password stays out of messages."""

from __future__ import annotations

import itertools
import socket
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import cv2
import pytest

from facelab.data import sources
from facelab.data.sources import LiveCamera, Losses
from facelab.errors import BadInput


@contextmanager
def _camera(content: bytes, *, silent: threading.Event | None = None):
    """An address on this machine that sends `content` and then ends, or is silent until the event."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "video/mp2t")
            self.end_headers()
            try:
                self.wfile.write(content)
                self.wfile.flush()
                if silent is not None:
                    silent.wait(20)
            except OSError:
                pass

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}/live.ts"
    finally:
        if silent is not None:
            silent.set()
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_stream_is_read_to_its_end(media):
    content = media.video("a.ts", codec="libx264").read_bytes()
    with _camera(content) as address:
        losses = Losses()
        frames = list(LiveCamera(f"http://{address}", "gate", reconnects=0).frames(losses))
    assert [media.number(frame.image) for frame in frames] == list(range(50))
    assert [frame.time_s for frame in frames] == pytest.approx([i / 25 for i in range(50)], abs=1e-6)
    assert losses.frames_read == 50


def test_a_limit_ends_it(media):
    with _camera(media.video("a.ts", codec="libx264").read_bytes()) as address:
        losses = Losses()
        frames = list(LiveCamera(f"http://{address}", limit_s=1.0).frames(losses))
    assert len(frames) == losses.frames_read == 26


def test_a_camera_that_falls_silent_ends_and_is_counted(media):
    content = media.video("a.ts", codec="libx264", options={"tune": "zerolatency"}).read_bytes()
    with _camera(content, silent=threading.Event()) as address:
        losses = Losses()
        frames = list(LiveCamera(f"http://{address}", stall_s=1.0, reconnects=0).frames(losses))
    assert 40 <= len(frames) <= 50
    assert losses.clips_cut == 1
    assert address in losses.named[-1]


def test_an_address_that_does_not_answer_is_refused_without_its_password():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    camera = LiveCamera(f"http://guard:s3cr@t@127.0.0.1:{port}/live", stall_s=2)
    camera.check()
    with pytest.raises(BadInput, match=rf"http://127\.0\.0\.1:{port}/live: no video can be read") as caught:
        next(camera.frames(Losses()))
    assert "s3cr" not in str(caught.value)
    assert "guard" not in str(caught.value)


def test_a_live_camera_has_no_digest_and_no_expected_number():
    assert LiveCamera("rtsp://host/1").digest is None
    assert LiveCamera("0").frames_expected is None


def test_a_device_gives_frames_in_the_order_of_their_arrival(media, monkeypatch):
    """OpenCV's reader of a file stands for a device: both are a `cv2.VideoCapture`."""
    path = str(media.video("a.avi", codec="mjpeg", frames=10))
    capture = cv2.VideoCapture
    monkeypatch.setattr(cv2, "VideoCapture", lambda number: capture(path))
    losses = Losses()
    frames = list(LiveCamera("0", "desk").frames(losses))
    assert [media.number(frame.image) for frame in frames] == list(range(10))
    assert [frame.index for frame in frames] == list(range(10))
    times = [frame.time_s for frame in frames]
    assert times == sorted(times)
    assert times[0] == 0
    assert losses.frames_read == 10
    assert losses.clips_cut == 1
    assert losses.named[-1] == "camera 0: it gives no more frames: unplugged?"


def test_a_device_that_is_not_there_is_refused(monkeypatch, capfd):
    with pytest.raises(BadInput, match="camera 97: there is no such camera"):
        next(LiveCamera("97").frames(Losses()))
    assert capfd.readouterr().err == ""


def test_losses_is_named_in_sources():
    assert sources.Losses is Losses


@contextmanager
def _broken_off(contents: list[bytes]):
    """A camera whose every connection sends the next of `contents`, promises more, and breaks off."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            if not contents:
                self.send_error(404)
                return
            part = contents.pop(0)
            self.send_response(200)
            self.send_header("Content-Type", "video/mp2t")
            self.send_header("Content-Length", str(len(part) + 10_000_000))
            self.end_headers()
            self.wfile.write(part)

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/live.ts"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_camera_that_drops_is_opened_again_and_goes_on_in_index_and_time(media):
    content = media.video("a.ts", codec="libx264", options={"tune": "zerolatency"}).read_bytes()
    with _broken_off([content, content]) as address:
        losses = Losses()
        camera = LiveCamera(address, "gate", stall_s=2.0, reconnects=2, pause_s=0.05)
        frames = list(camera.frames(losses))
    assert losses.reconnects == 1
    assert losses.clips_cut == 1  # in the end it stayed away
    assert losses.frames_read == len(frames) >= 90
    assert [frame.index for frame in frames] == list(range(len(frames)))
    times = [frame.time_s for frame in frames]
    assert all(later > earlier for earlier, later in itertools.pairwise(times))
    assert times[-1] > 3.8
    assert any("it was lost, and is back" in line for line in losses.named)
