"""The PNG encoder, read back by Pillow."""

import io

import numpy as np
import pytest
from PIL import Image

from workbook.plots import encoding


def decoded(pixels):
    """What Pillow reads from the encoder's file, and the image itself."""
    image = Image.open(io.BytesIO(encoding.png(pixels)))
    return np.asarray(image.convert("RGB")), image


def picture(rows, columns, colors):
    """A picture that takes these colors in turn."""
    colors = np.array([[*color, 255] for color in colors], dtype=np.uint8)
    return colors[np.arange(rows * columns) % len(colors)].reshape(rows, columns, 4)


@pytest.mark.parametrize("columns", [1, 2, 7, 8, 101])
@pytest.mark.parametrize("count", [1, 2, 12])
def test_colors_of_the_palette_come_back_exactly(columns, count):
    """At odd and even widths, two pixels to a byte."""
    pixels = picture(5, columns, encoding.palette()[:count].tolist())
    back, _ = decoded(pixels)
    assert (back == pixels[..., :3]).all()


def test_full_colors_survive_where_there_are_too_many():
    """With every color of the palette present, only shades of edges are rounded."""
    everything = encoding.palette().tolist()
    pixels = picture(9, 40, everything)
    back, _ = decoded(pixels)
    number = np.arange(pixels[..., 0].size).reshape(9, 40) % len(everything)
    full = ~np.isin(number, list(encoding.SHADES))
    assert (back[full] == pixels[full][:, :3]).all()
    assert len({tuple(color) for color in back.reshape(-1, 3).tolist()}) <= 16


def test_other_colors_become_the_nearest():
    """A grey between two of the palette stays grey; a shade of blue stays blue."""
    back, _ = decoded(picture(2, 2, [(120, 120, 120), (20, 120, 180)]))
    grey, blue = back[0].astype(int)
    assert len(set(grey.tolist())) == 1 and abs(int(grey[0]) - 120) < 30
    assert tuple(blue) == (0x00, 0x72, 0xB2)


def test_the_file_is_an_opaque_palette_image():
    """Mode P, no transparency, checked down to its checksums."""
    image = Image.open(io.BytesIO(encoding.png(picture(4, 4, [(255, 255, 255), (0, 0, 0)]))))
    assert image.mode == "P" and "transparency" not in image.info
    image.verify()


def test_a_picture_beyond_the_budget_loses_shades_and_no_colors():
    """Noise of ink, blue and an edge's light blue: the light blue goes, the others stay."""
    blue, light = (0x00, 0x72, 0xB2), tuple(encoding.palette()[len(encoding.FULL)].tolist())
    colors = [(255, 255, 255), (0x1A, 0x1A, 0x1A), blue, light]
    noise = np.random.default_rng(0).integers(0, 4, 300 * 400)
    pixels = np.array([[*color, 255] for color in colors], dtype=np.uint8)[noise]
    back, _ = decoded(pixels.reshape(300, 400, 4))
    flat = back.reshape(-1, 3)
    assert (flat[noise < 3] == pixels[noise < 3][:, :3]).all()
    assert not (flat == light).all(axis=1).any()
