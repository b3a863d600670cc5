"""The explorer without a browser: setting a control is what moving it does."""

import base64
import math
import threading
from dataclasses import replace
from unittest.mock import patch

import pytest
import torch

from workbook.chart import Axis, Chart, Panel, Series
from workbook.conditions import Conditions
from workbook.control import Choice, DeviceChoice, Dtype, Integer, LogRange, Seed, Toggle
from workbook.devices import DeviceUnavailable
from workbook.experiment import Experiment, run
from workbook.explorer import Explorer, explore
from workbook.explorer.widgets import widget_for
from workbook.plots import Drawing, static
from workbook.question import Answered, Option, Prediction
from workbook.recording import Recording
from workbook.result import KEPT, Finding, Result

PNG = b"\x89PNG\r\n\x1a\n"


def curve(where: Conditions, *, power: int) -> Finding:
    """A curve that moves with its control; 13 is bad luck."""
    if power == 13:
        raise ValueError("power is not 13, got 13")
    x = tuple(float(i) for i in range(10))
    y = tuple(math.sin(power * value) for value in x)
    series = (Series("sine", x, y),)
    chart = Chart((Panel(Axis("x", 0, 9), Axis("y", -1, 1), series),))
    return Finding(f"The power is {power}.", f"first draw {torch.rand(1).item()}", chart)


CURVE = Experiment(
    "curve", "Does the curve move?", "power", (Seed(), Integer("power", 2, 0, 20)), curve
)
DEVICE = Experiment(
    "anywhere", "Where?", "device", (DeviceChoice(), Choice("power", 1, (1, 2))), curve
)


def test_moving_a_control_measures_again_and_redraws() -> None:
    """A new value gives a new verdict, a new figure and a new reading, all in one step."""
    explorer = explore(CURVE)
    before = explorer.png
    explorer.controls["power"].value = 5
    assert explorer.view.verdict == "The power is 5."
    assert explorer.view.png == explorer.png != before
    assert explorer.png.startswith(PNG)
    assert "The power is 5." in explorer.view.alt


def test_the_figure_follows_the_theme_of_the_page() -> None:
    """What the page tells is drawn, with nothing measured again; the kept figure stays light."""
    explorer = explore(CURVE)
    kept, result = static(explorer.result), explorer.result
    explorer.view.theme = "dark"
    chart = result.finding.chart
    assert explorer.view.png == explorer.png == Drawing(theme="dark").png(chart)
    assert explorer.result is result
    explorer.controls["power"].value = 5
    explorer.controls["power"].value = 2
    assert explorer.view.png == Drawing(theme="dark").png(chart)
    data, _ = explorer._repr_mimebundle_()
    assert base64.b64decode(data["image/png"]) == kept
    explorer.view.theme = "light"
    assert explorer.view.png == Drawing().png(chart)


def test_the_figure_has_the_width_of_the_page() -> None:
    """In a narrow page it is drawn narrow, with texts of their usual size, and nothing measured."""
    explorer = explore(CURVE)
    result = explorer.result
    explorer.view.width = 400
    assert explorer.view.png == Drawing(400).png(result.finding.chart)
    assert explorer.result is result
    data, _ = explorer._repr_mimebundle_()
    assert base64.b64decode(data["image/png"]) == static(result)


QUESTION = Prediction(
    "moves",
    "Does the `curve` move?",
    (Option("yes", lambda moves: moves), Option("no", lambda moves: not moves)),
    lambda: True,
    "The power is in the formula.",
)


def test_what_answers_a_prediction_is_covered_until_it_is_answered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The page shows the question instead; the answer takes the cover away, for good."""
    answered = Answered()
    monkeypatch.setattr("workbook.explorer.ANSWERED", answered)
    explorer = explore(CURVE, after=QUESTION, power=3)
    assert explorer.view.cover == "Does the `curve` move?"
    assert explorer.view.verdict == "The power is 3."
    answered.add("another")
    assert explorer.view.cover
    answered.add("moves")
    assert explorer.view.cover == explore(CURVE, after=QUESTION).view.cover == ""


def test_without_a_kernel_a_covered_verdict_is_opened_by_hand(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its text stands folded in the page, and is compared all the same; others are open."""
    shown: list[dict[str, str]] = []
    monkeypatch.setattr("workbook.explorer.display", lambda data, **_: shown.append(data))
    explore(CURVE, after=QUESTION)._ipython_display_()
    explore(CURVE)._ipython_display_()
    covered, uncovered = shown[1], shown[3]
    assert covered["text/plain"] == uncovered["text/plain"]
    assert covered["text/html"].startswith("<details><summary")
    assert "<details>" not in uncovered["text/html"]


def test_a_seed_is_a_control_like_any_other() -> None:
    """Moving the seed changes what is drawn, and moving it back brings the same bits back."""
    explorer = explore(CURVE)
    first = explorer.view.reading
    explorer.controls["seed"].value = 1
    assert explorer.view.reading != first
    explorer.controls["seed"].value = 0
    assert explorer.view.reading == first


def test_an_error_is_shown_and_raised_and_loses_nothing() -> None:
    """A failing measurement puts its sentence in the page, raises, and keeps the last figure."""
    explorer = explore(CURVE)
    kept = explorer.png, explorer.result
    with pytest.raises(ValueError, match="power is not 13"):
        explorer.controls["power"].value = 13
    assert explorer.view.error == "power is not 13, got 13"
    assert (explorer.png, explorer.result) == kept
    explorer.controls["power"].value = 3
    assert explorer.view.error == ""


def test_the_page_hears_that_a_slow_measurement_goes_on() -> None:
    """While it lasts, what is shown belongs to the last settings; an interrupt ends it, too."""
    told = threading.Event()

    def slow(where: Conditions, *, power: int) -> Finding:
        if power >= 5:
            assert told.wait()
        if power == 12:
            raise KeyboardInterrupt
        return curve(where, power=power)

    explorer = explore(replace(CURVE, measure=slow))
    explorer.view.observe(lambda change: change.new and told.set(), "measuring")
    explorer.controls["power"].value = 5
    assert not explorer.view.measuring
    told.clear()
    with pytest.raises(KeyboardInterrupt):
        explorer.controls["power"].value = 12
    assert explorer.view.error == "The measurement was interrupted"
    assert not explorer.view.measuring


def test_a_quick_measurement_sends_no_message_before_its_result() -> None:
    """What comes at once needs no word that it is coming, which would make it later."""
    explorer = explore(CURVE)
    heard: list[bool] = []
    explorer.view.observe(lambda change: heard.append(change.new), "measuring")
    with patch("workbook.explorer.BLINK", 86_400.0):  # on the slowest machine, too
        explorer.controls["power"].value = 5
    assert heard == []


def test_an_error_at_the_opening_settings_fails_the_cell() -> None:
    """A broken first measurement raises where the explorer is made."""
    with pytest.raises(ValueError, match="power is not 13"):
        explore(CURVE, power=13)
    with pytest.raises(ValueError, match="power is a whole number from 0 to 20, got 21"):
        explore(CURVE, power=21)


def test_an_absent_device_is_a_sentence_in_the_page() -> None:
    """Choosing a device that is not here says why, and the thread count stays what it was."""
    explorer = explore(DEVICE)
    absent = [name for label, name in explorer.controls["device"].options if "(not here)" in label]
    threads = torch.get_num_threads()
    with pytest.raises(DeviceUnavailable):
        explorer.controls["device"].value = absent[0]
    assert explorer.view.error.strip()
    assert torch.get_num_threads() == threads


def test_reset_returns_to_the_opening_settings_with_one_measurement() -> None:
    """Every control goes back, and so does every bit of the figure."""
    runs = []
    explorer = explore(CURVE, power=4)
    opening = explorer.png
    explorer.controls["power"].value = 9
    explorer.controls["seed"].value = 7
    explorer.view.observe(runs.append, names="verdict")
    explorer.reset()
    assert explorer.settings == {"seed": 0, "power": 4}
    assert explorer.png == opening
    assert len(runs) == 1


def test_the_bundle_holds_the_widget_a_figure_and_words() -> None:
    """Live view, PNG, text and the data: the same wherever the controls stand by then."""
    explorer = explore(CURVE)
    data, metadata = explorer._repr_mimebundle_()
    assert base64.b64decode(data["image/png"]).startswith(PNG)
    assert data["text/plain"] == "Explorer: Does the curve move?"
    assert "application/vnd.jupyter.widget-view+json" in data
    assert set(metadata["image/png"]) == {"width", "height"}
    kept = Result.from_kept(metadata[KEPT])
    assert kept == explorer.result
    assert base64.b64decode(data["image/png"]) == static(kept)
    explorer.controls["power"].value = 9
    assert explorer._repr_mimebundle_()[0]["image/png"] == data["image/png"]
    assert explorer._repr_mimebundle_()[1] == metadata


def test_displaying_shows_the_verdict_beside_the_figure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two outputs: the bundle, then the opening verdict in words."""
    shown = []
    monkeypatch.setattr("workbook.explorer.display", lambda data, **_: shown.append(data))
    explore(CURVE)._ipython_display_()
    assert shown[1]["text/plain"] == "With the opening settings: The power is 2."
    assert "The power is 2." in shown[1]["text/html"]
    assert "image/png" in shown[0]


def test_the_table_is_made_only_on_request() -> None:
    """No table travels until a reader opens it; then it follows the figure."""
    explorer = explore(CURVE)
    assert explorer.view.table == ""
    explorer.view.wants_table = True
    opened = explorer.view.table
    assert "<table" in opened
    explorer.controls["power"].value = 7
    assert explorer.view.table != opened
    explorer.view.wants_table = False
    assert explorer.view.table == ""


def test_a_slow_experiment_waits_until_its_slider_is_released(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where one measurement takes long, a slider reports on release only."""
    monkeypatch.setattr("workbook.explorer.CONTINUOUS_BELOW", math.inf)
    assert explore(CURVE).controls["power"].continuous_update
    monkeypatch.setattr("workbook.explorer.CONTINUOUS_BELOW", 0.0)
    assert not explore(CURVE).controls["power"].continuous_update


@pytest.mark.parametrize(
    ("control", "kind"),
    [
        (Seed(), "IntSlider"),
        (Seed(1000), "IntSlider"),
        (Integer("n", 2, 0, 8, step=2), "IntSlider"),
        (LogRange("n", 100, 1, 4), "SelectionSlider"),
        (Toggle("fused", True), "Checkbox"),
        (Choice("order", "up", ("up", "down")), "Dropdown"),
        (Dtype("float16"), "Dropdown"),
        (DeviceChoice(), "Dropdown"),
    ],
)
def test_each_kind_of_control_has_its_widget(control: object, kind: str) -> None:
    """The widget opens on the control's value, is named after it, and offers its values."""
    widget = widget_for(control, control.opening)  # type: ignore[arg-type, attr-defined]
    assert type(widget).__name__ == kind
    assert widget.value == control.opening  # type: ignore[attr-defined]
    assert widget.description == control.label  # type: ignore[attr-defined]


def test_the_class_is_what_the_function_makes() -> None:
    """explore(...) returns an Explorer that names its question."""
    assert repr(explore(CURVE)) == "Explorer: Does the curve move?"
    assert isinstance(explore(CURVE), Explorer)


def test_a_recording_is_a_device_of_the_menu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the opening device is absent, its recording is shown and marked as one."""
    made = run(DEVICE)
    facts = {
        "date": "2026-01-02",
        "device": "xpu",
        "torch": "2.9.0",
        "workbook": "0",
        "xpu": "A card",
    }
    recording = Recording(facts, (replace(made, source="RECORDED", provenance=facts),))
    for module in ("explorer", "recording"):
        monkeypatch.setattr(f"workbook.{module}.recorded", lambda name: (recording,))
    explorer = explore(DEVICE, device="xpu")
    assert explorer.settings["device"] == "A card, 2026-01-02"
    assert explorer.view.where.startswith("RECORDED")
    assert "2026-01-02" in explorer.view.where
    explorer.controls["device"].value = "cpu"
    assert explorer.view.where.startswith("LIVE")
    explorer.controls["device"].value = "A card, 2026-01-02"
    with pytest.raises(ValueError, match="recorded at other settings, such as power = 1"):
        explorer.controls["power"].value = 2
    facts["device"] = "cpu"  # of a device that is here, too, one may show the recording first
    assert explore(DEVICE, device="cpu").view.where.startswith("LIVE")
    assert explore(DEVICE, device="cpu", recording=True).view.where.startswith("RECORDED")


def test_only_the_named_controls_are_shown() -> None:
    """The others keep their opening values; a name that is no control is refused."""
    everything, some = explore(CURVE), explore(CURVE, controls=("power",))
    shown = [child for child in some.children[0].children if child in some.controls.values()]
    assert shown == [some.controls["power"]]
    assert some.settings == everything.settings
    with pytest.raises(ValueError, match="controls are some of seed, power; got"):
        explore(CURVE, controls=("size",))
