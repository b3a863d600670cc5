"""One ipywidget for each kind of control. Knows nothing of experiments or figures."""

from __future__ import annotations

from typing import Any, get_args

import ipywidgets

from workbook import devices
from workbook.control import Choice, Control, DeviceChoice, Dtype, Integer, LogRange, Seed, Toggle

CONTINUOUS_BELOW = 0.15  # seconds: slower than this, a slider reports when it is released


def widget_for(control: Control, value: Any, recorded: tuple[str, ...] = ()) -> Any:
    """Make the widget that sets this control and shows `value`; devices include the recorded.

    TypeError for a kind of control that has no widget.
    """
    shared = {"description": control.label, "tooltip": control.help or control.label}
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


def _text(value: Any) -> str:
    return f"{value:,}" if type(value) is int else str(value)


def _device_label(name: str) -> str:
    return name if devices.device(name).absent() is None else f"{name} (not here)"
