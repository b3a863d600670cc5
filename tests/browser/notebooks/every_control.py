# %% [markdown]
# # One explorer with every kind of control

# %%
import time
from pathlib import Path

from workbook.chart import Axis, Chart, Panel, Series
from workbook.control import Choice, DeviceChoice, Dtype, Integer, LogRange, Seed, Toggle
from workbook.experiment import Experiment
from workbook.explorer import explore
from workbook.result import Finding


# %%
def measure(where, *, size, trials, order, rising):
    heights = tuple(float((step * (where.seed + 1)) % 7) for step in range(size))
    bars = Series("heights", tuple(map(float, range(size))), heights, mark="bars")
    chart = Chart((Panel(Axis("step", 0, 40), Axis("height", 0, 7), (bars,)),))
    if size == 13:
        raise ValueError("size is not 13, got 13")
    while trials == 10 and not Path("go_on").exists():
        time.sleep(0.01)
    words = f"seed={where.seed} dtype={where.dtype} trials={trials} {order} rising={rising}"
    return Finding(f"{words} size={size}.", f"reading of {words}", chart)


# %%
CONTROLS = (
    Seed(),
    Dtype("float32"),
    DeviceChoice(),
    Integer("size", 10, 2, 40),
    LogRange("trials", 100, 1, 4),
    Choice("order", "up", ("up", "down")),
    Toggle("rising", False),
)
explore(Experiment("every", "Does every control work?", "seed", CONTROLS, measure))

# %%
print("one cell below")

# %% [markdown]
# The last cell.
