"""The color code: contrast, patterns, and which names have which color."""

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from workbook.chart import KINDS, PARTS
from workbook.plots import cells, style

THEMES = ("light", "dark")
LOOKS = [*style.CODE.values(), *style.NAMED]
CONTRIBUTING = Path(__file__).parents[2] / "CONTRIBUTING.md"


def contrast(one, other):
    """The contrast ratio of two colors by WCAG 2's formula for relative luminance."""
    light = []
    for color in (one, other):
        parts = to_rgb(color)
        linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        light.append(np.dot(linear, (0.2126, 0.7152, 0.0722)) + 0.05)
    return max(light) / min(light)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("look", LOOKS)
def test_thin_marks_have_a_contrast_of_three_to_one(look, theme):
    """On paper, and as a stripe on their own tint: level AA for graphics."""
    own = style.color(look, theme)
    assert contrast(own, style.PAPER[theme]) >= 3
    assert contrast(own, style.tint(look, theme)) >= 2.4


@pytest.mark.parametrize("theme", THEMES)
def test_text_has_a_contrast_of_seven_to_one_on_paper(theme):
    """Level AAA, for words of lesser rank, too."""
    assert contrast(style.INK[theme], style.PAPER[theme]) >= 7
    assert contrast(style.SOFT[theme], style.PAPER[theme]) >= 7


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("look", LOOKS)
def test_text_on_a_cell_has_a_contrast_of_four_and_a_half_to_one(look, theme):
    """Level AA; on white it is 7."""
    least = 7 if theme == "light" else 4.5
    assert contrast(style.INK[theme], style.tint(look, theme)) >= least


# Brettel, Vienot and Mollon's projections for missing red and green cones (Vienot 1999), on linear
# red, green and blue.
WITHOUT = {
    "red": np.array([[0.11238, 0.88762, 0], [0.11238, 0.88762, 0], [0.00401, -0.00401, 1]]),
    "green": np.array([[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]]),
}


def seen(color, cones):
    """A color as somebody without these cones sees it, in a space of even steps (CIELAB)."""
    linear = np.array(
        [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in to_rgb(color)]
    )
    linear = np.clip(WITHOUT[cones] @ linear, 0, 1)
    xyz = (
        np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
        @ linear
    )
    x, y, z = np.cbrt(np.maximum(xyz / (0.9505, 1, 1.089), 0.008856))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("cones", WITHOUT)
def test_the_code_is_told_apart_without_red_or_green_cones(theme, cones):
    """Any two colors of the code are at least 12 apart in CIELAB, five times what is just seen."""
    colors = [style.color(look, theme) for look in style.CODE.values()]
    for one, other in combinations(colors, 2):
        assert np.linalg.norm(seen(one, cones) - seen(other, cones)) >= 12, (one, other)


@pytest.mark.parametrize("looks", [tuple(style.CODE.values()), style.NAMED])
def test_no_two_looks_differ_by_color_alone(looks):
    """Stripes of cells, dashes of lines and markers are all different."""
    for trait in ("stripe", "dash", "marker"):
        assert len({getattr(look, trait) for look in looks}) == len(looks)


def test_every_kind_that_judges_has_its_color_and_every_part_one_that_means_nothing():
    """What chart.KINDS names is drawn; a series takes the code's color by the code's word alone."""
    assert set(style.CODE) == set(KINDS) - {"plain", "blank", *PARTS}
    assert [cells.LOOKS[kind] for kind in PARTS] == list(style.NAMED)
    assert style.looks(("float32", "agrees", "rest")) == [
        style.NAMED[0], style.CODE["agrees"], style.NAMED[1],
    ]  # fmt: skip


def test_the_legend_for_contributors_is_the_code_itself():
    """Each word stands in CONTRIBUTING.md with its color in both themes."""
    text = CONTRIBUTING.read_text(encoding="utf-8")
    for word, look in style.CODE.items():
        (line,) = [line for line in text.splitlines() if line.startswith(f"| {word} |")]
        assert f"`{look.light}`" in line and f"`{look.dark}`" in line
