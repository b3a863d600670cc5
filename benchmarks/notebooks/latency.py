# %%
import matplotlib.pyplot as plt
from ipywidgets import IntSlider, VBox, interactive_output

from workbook.causes.precision import MANY_NUMBERS
from workbook.experiment import run
from workbook.explorer import explore

# %%
explorer = explore(MANY_NUMBERS)
seed = IntSlider(value=0, min=0, max=99, description="seed")


def draw(seed):
    result = run(MANY_NUMBERS, seed=seed)
    points = result.finding.chart.panels[0].series[0]
    plt.figure(figsize=(6.8, 3.4))
    plt.plot(points.x, points.y, "o")
    plt.axhline(0, linestyle="--")
    plt.title(result.verdict)
    plt.xlabel("order")
    plt.ylabel("relative error of the sum")
    plt.show()


inline = VBox([seed, interactive_output(draw, {"seed": seed})]).add_class("wb-inline")
VBox([explorer, inline])
