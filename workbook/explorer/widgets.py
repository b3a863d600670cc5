"""One ipywidget for each kind of control. Knows nothing of experiments or figures."""

from typing import Any, get_args

import ipywidgets

from workbook import devices
from workbook.control import Choice, Control, DeviceChoice, Dtype, Integer, LogRange, Seed, Toggle

CONTINUOUS_BELOW = 0.15  # seconds: slower than this, a slider reports when it is released


def widget_for(
    control: Control, value: Any, recorded: tuple[str, ...] = (), unmoved: str = ""
) -> Any:
    """Make the widget that sets this control and shows `value`; devices include the recorded.

    Its help says of a control that changes nothing why that is so: `unmoved`.

    TypeError for a kind of control that has no widget.
    """
    shared = {"description": control.label, "tooltip": help_of(control, unmoved)}
    match control:
        case Toggle():
            return ipywidgets.Checkbox(value=value, indent=False, **shared)
        case Seed():
            top = max(control.shown[-1], value)
            return ipywidgets.IntSlider(value=value, min=0, max=top, **shared)
        case Integer():
            limits = {"min": control.low, "max": control.high, "step": control.step}
            return ipywidgets.IntSlider(value=value, **limits, **shared)
        case LogRange() | Choice(ordered=True):
            options = [(_text(each), each) for each in control.values()]
            return ipywidgets.SelectionSlider(value=value, options=options, **shared)
        case DeviceChoice():
            options = [(_device_label(name), name) for name in control.options]
            options += [(f"recorded: {title}", title) for title in recorded]
            return ipywidgets.Dropdown(value=value, options=options, **shared)
        case Choice() | Dtype():
            options = [(_text(each), each) for each in control.options]
            return ipywidgets.Dropdown(value=value, options=options, **shared)
        case _:
            kinds = ", ".join(kind.__name__ for kind in get_args(Control))
            raise TypeError(f"a control is one of {kinds}; got a {type(control).__name__}")


def help_of(control: Control, unmoved: str = "") -> str:
    """Say what a control is for, and why it changes nothing where that is the finding."""
    told = control.help or control.label
    return f"{told}. It changes nothing: {unmoved}" if unmoved else told


def _text(value: Any) -> str:
    return f"{value:,}" if type(value) is int else str(value)


def _device_label(name: str) -> str:
    return name if devices.device(name).absent() is None else f"{name} (not here)"
