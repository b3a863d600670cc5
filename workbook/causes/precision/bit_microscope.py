"""The bit microscope: one value in every format, side by side, stepped one ULP at a time.

Owns one experiment. The factor is the format that the same real number is rounded to.
"""

import math

from workbook.chart import PARTS, Cell, Cells, Chart, Kind
from workbook.conditions import Conditions
from workbook.control import Choice, Integer
from workbook.experiment import Experiment
from workbook.floats import FORMATS, Format, fields, next_down, next_up, round_to
from workbook.result import Finding

VALUES = {
    "one tenth": 0.1,
    "one third": 1 / 3,
    "one": 1.0,
    "minus two and a half": -2.5,
    "2 to the 24": 2.0**24,
    "1e-40": 1e-40,
    "1e300": 1e300,
}
KINDS: dict[Kind, str] = {"first": "sign", "second": "exponent", "third": "fraction"}


def look(where: Conditions, *, value: str, steps: int, format: str) -> Finding:
    """Round one number to each format and show the bits that hold it.

    The number is `value` rounded to `format`, then moved `steps` ULPs in it.
    """
    stepped = _stepped(VALUES[value], steps, format)
    held = {fmt.name: round_to(stepped, fmt) for fmt in FORMATS}
    exact = [name for name, number in held.items() if number == stepped]
    grid = Cells.of(
        {f"{fmt.name}  {held[fmt.name]:.9g}": _bits(held[fmt.name], fmt) for fmt in FORMATS}, KINDS
    )
    reading = f"the value in {format} is {stepped!r}; held exactly by: {', '.join(exact)}"
    left = math.isinf(stepped) or any(map(math.isinf, held.values()))
    return Finding(_verdict(exact, format, left), reading, Chart((grid,)), held)


def _stepped(value: float, steps: int, name: str) -> float:
    number = round_to(value, name)
    for _ in range(abs(steps)):
        number = next_up(number, name) if steps > 0 else next_down(number, name)
    return number


def _bits(number: float, fmt: Format) -> dict[str, Cell]:
    """Give the digit of each bit, by its place."""
    first_of_fraction = 1 + fmt.exponent_bits
    return {
        str(place): Cell(bit, PARTS[(place > 0) + (place >= first_of_fraction)])
        for place, bit in enumerate(fields(number, fmt).bits)
    }


def _verdict(exact: list[str], name: str, left: bool) -> str:
    if left:
        return f"Some formats do not reach so far: this {name} value leaves their range."
    if len(exact) == len(FORMATS):
        return f"Every format holds this {name} value exactly."
    return f"Some formats hold this {name} value exactly; the others round it to another one."


MICROSCOPE = Experiment(
    name="bit_microscope",
    question="What does each format keep of one number?",
    factor="dtype",
    controls=(
        Choice("value", "one third", tuple(VALUES)),
        Integer("steps", 0, -32, 32, label="ULPs away", help="one key press is one ULP"),
        Choice("format", "float32", tuple(fmt.name for fmt in FORMATS), label="of"),
    ),
    measure=look,
)
