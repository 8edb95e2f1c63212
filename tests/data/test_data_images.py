"""Every kind of picture becomes BGR uint8 as Pillow sees it, or one line that names the file and the cause."""

from __future__ import annotations

import io
import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import ImageOps

from facelab.data.images import decoded_image, is_picture, natural_key, read_image
from facelab.errors import BadInput


@pytest.fixture(scope="module")
def rgb() -> np.ndarray:
    noise = np.random.default_rng(3).integers(0, 255, (60, 80, 3), dtype=np.uint8)
    return cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 4), None, 0, 255, cv2.NORM_MINMAX)


def _encoded(image: Pillow.Image, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def _oracle(data: bytes) -> np.ndarray:
    """BGR as Pillow reads it, turned upright."""
    image = ImageOps.exif_transpose(Pillow.open(io.BytesIO(data)))
    return np.asarray(image.convert("RGB"))[..., ::-1]


def _difference(a: np.ndarray, b: np.ndarray) -> int:
    assert a.shape == b.shape
    return int(np.abs(a.astype(int) - b.astype(int)).max())


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        *(("RGB", kind) for kind in ("JPEG", "PNG", "WEBP", "BMP", "TIFF")),
        *(("L", "JPEG"), ("L", "PNG"), ("P", "PNG"), ("P", "GIF"), ("1", "PNG"), ("LA", "PNG"), ("RGBA", "PNG")),
        *(("CMYK", "JPEG"), ("CMYK", "TIFF")),
    ],
)
def test_agrees_with_pillow(tmp_path, rgb, mode, kind):
    path = tmp_path / "picture"
    path.write_bytes(_encoded(Pillow.fromarray(rgb).convert(mode), kind))
    image = read_image(path)
    assert image.dtype == np.uint8
    assert image.shape == (60, 80, 3)
    assert _difference(image, _oracle(path.read_bytes())) <= 1


def test_cmyk_without_adobes_marker_is_not_inverted(rgb):
    data = _encoded(Pillow.fromarray(rgb).convert("CMYK"), "JPEG", quality=95)
    at = data.index(b"\xff\xee")
    plain = data[:at] + data[at + 2 + int.from_bytes(data[at + 2 : at + 4], "big") :]
    assert _difference(decoded_image(plain), _oracle(plain)) <= 1


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_exif_orientation_is_applied(rgb, orientation, kind):
    exif = Pillow.Exif()
    exif[0x0112] = orientation
    data = _encoded(Pillow.fromarray(rgb), kind, exif=exif)
    assert _difference(decoded_image(data), _oracle(data)) <= 1


@pytest.mark.parametrize("suffix", [".png", ".tiff"])
@pytest.mark.parametrize("channels", [1, 3])
def test_sixteen_bits_become_eight(rgb, suffix, channels):
    """The upper byte of each value stays."""
    eight = rgb if channels == 3 else rgb[..., 0]
    data = cv2.imencode(suffix, eight.astype(np.uint16) * 257)[1].tobytes()
    assert _difference(decoded_image(data), rgb if channels == 3 else np.dstack([eight] * 3)) == 0


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_one_pixel_is_a_picture(kind):
    data = _encoded(Pillow.new("RGB", (1, 1), (200, 100, 50)), kind)
    image = decoded_image(data)
    assert image.shape == (1, 1, 3)
    assert _difference(image, np.array([[[50, 100, 200]]])) <= 3


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF"])
@pytest.mark.parametrize("share", [0.5, 0.9])
def test_a_picture_that_was_cut_off_is_refused(tmp_path, rgb, kind, share, capfd):
    """Also a JPEG, of which OpenCV would give the upper part; and nothing else lands on the terminal."""
    path = tmp_path / "cut.img"
    data = _encoded(Pillow.fromarray(rgb), kind)
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(BadInput, match=r"cut\.img: .*cut off"):
        read_image(path)
    assert capfd.readouterr().err == ""


def test_the_end_of_an_embedded_thumbnail_is_not_the_end_of_the_picture(rgb):
    thumbnail = _encoded(Pillow.fromarray(rgb[:20, :20]), "JPEG")
    data = _encoded(Pillow.fromarray(rgb), "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0" + thumbnail)
    assert decoded_image(data).shape == (60, 80, 3)
    with pytest.raises(BadInput, match="cut off"):
        decoded_image(data[: len(data) - 200])


def test_a_progressive_jpeg_and_one_with_bytes_behind_its_end_are_whole(rgb):
    data = _encoded(Pillow.fromarray(rgb), "JPEG", progressive=True)
    assert _difference(decoded_image(data + b"trailing"), _oracle(data)) <= 1


def _too_large() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (b"", "empty"),
        (b"these are words", "no picture"),
        (b"\xff\xd8\xff\xe0garbage", "cut off"),
        (b"\xff\xd8\xff", "cut off"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "HEIC"),
        (_too_large(), "too large"),
    ],
    ids=["empty", "text", "head only", "three bytes", "heic", "bomb"],
)
def test_what_is_no_picture_is_refused_by_name(tmp_path, content, cause, capfd):
    path = tmp_path / "person.jpg"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=rf"person\.jpg: .*{cause}") as caught:
        read_image(path)
    assert "\n" not in str(caught.value)
    assert capfd.readouterr().err == ""


def test_a_missing_file_and_a_folder_are_refused_by_name(tmp_path):
    with pytest.raises(BadInput, match=r"gone\.jpg: there is no such picture"):
        read_image(tmp_path / "gone.jpg")
    with pytest.raises(BadInput, match="this is a folder"):
        read_image(tmp_path)


def test_names_sort_as_people_count():
    names = ["f10.jpg", "f9.jpg", "f010b.jpg", "a.jpg", "10.jpg", "9.jpg"]
    assert sorted(names, key=natural_key) == ["9.jpg", "10.jpg", "a.jpg", "f9.jpg", "f010b.jpg", "f10.jpg"]


def test_hidden_files_and_other_kinds_are_no_pictures(tmp_path):
    told = {name: is_picture(tmp_path / name) for name in ("a.JPG", "b.heic", "._a.jpg", "Thumbs.db", "notes.txt", "c")}
    assert told == {"a.JPG": True, "b.heic": True, "._a.jpg": False, "Thumbs.db": False, "notes.txt": False, "c": False}
