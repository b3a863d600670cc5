"""The explorer: an experiment with its controls live beside its figure.

Owns the wiring from a control to a measurement to what the page shows. What is shown comes from
below: the experiment measures, plots draws. No widget is laid out by hand for an experiment.
"""

import base64
import html
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

from workbook import devices, lab_extra
from workbook.experiment import Experiment, recall
from workbook.question import ANSWERED, Estimate, Prediction
from workbook.recording import recorded
from workbook.result import KEPT, Result

with lab_extra("workbook.explorer"):
    import ipywidgets
    from IPython.display import display

    from workbook import plots
    from workbook.explorer.view import View
    from workbook.explorer.widgets import CONTINUOUS_BELOW, widget_for

__all__ = ["Explorer", "explore"]

BLINK = 0.4  # seconds
# JupyterLab's command mode listens for x, dd and b, but not where this is on the focused element.
OWN_KEYS = "data-lm-suppress-shortcuts='true'"


def explore(
    experiment: Experiment,
    /,
    *,
    after: Prediction | Estimate | None = None,
    recording: bool = False,
    controls: Collection[str] = (),
    **opening: Any,
) -> "Explorer":
    """Show an experiment with its controls; `opening` replaces their opening values.

    What answers a prediction is named with it, `after=QUESTION`: in the page it stays covered until
    that prediction is answered, or until the reader opens it by hand.
    Where the opening device is absent and was recorded, the recording is shown, marked RECORDED;
    with `recording` also where it is present. `controls` names those that the page shows, where a
    reader of this page needs only some; the others keep their opening values.
    ValueError or TypeError for a value that a control does not allow; whatever the first
    measurement raises is raised here.
    """
    return Explorer(experiment, after=after, recording=recording, controls=controls, **opening)


@contextmanager
def _told_where_slow(view: View) -> Iterator[None]:
    """Have the page say that a measurement goes on, if the block takes longer than a blink.

    A message before each measurement would make the quick ones slower.
    """
    timer = threading.Timer(BLINK, setattr, (view, "measuring", True))
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()  # what follows is the last word


class Explorer(ipywidgets.VBox):  # type: ignore[misc]  # ipywidgets has no type hints
    """One displayable object: the live widget, a PNG for readers without a kernel, and the verdict.

    `controls` maps a control's name to its widget: setting `.value` measures again, as moving it
    in the page does. `result` is the newest result, `png` its figure.
    """

    def __init__(
        self,
        experiment: Experiment,
        /,
        *,
        after: Prediction | Estimate | None = None,
        recording: bool = False,
        controls: Collection[str] = (),
        **opening: Any,
    ) -> None:
        self.experiment, self.after = experiment, after
        self._recordings = {each.title: each for each in recorded(experiment.name)}
        self.opening = self._with_recording(experiment.checked(opening), recording)
        self.controls = {
            control.name: widget_for(
                control,
                self.opening[control.name],
                tuple(self._recordings),
                experiment.unmoved.get(control.name, ""),
            )
            for control in experiment.controls
        }
        self._drawing = plots.Drawing()
        self._resetting = False
        self.view = View(cover=after.question if after else "")
        self.result: Result
        self.png = b""
        started = time.perf_counter()
        self._measure()
        self._opened = self.result  # what readers without a kernel see
        quick = time.perf_counter() - started < CONTINUOUS_BELOW
        for widget in self.controls.values():
            if not quick and hasattr(widget, "continuous_update"):
                widget.continuous_update = False
            widget.observe(self._changed, names="value")
        self.view.observe(self._table, names="wants_table")
        self.view.observe(self._redraw, names=["theme", "width"])
        reset = ipywidgets.Button(description="Reset", tooltip="back to the opening settings")
        reset.on_click(lambda _: self.reset())
        unknown = sorted(set(controls) - set(self.controls))
        if unknown:
            raise ValueError(f"controls are some of {', '.join(self.controls)}; got {unknown}")
        shown = [self.controls[name] for name in controls or self.controls]
        row = ipywidgets.Box([*shown, reset]).add_class("wb-controls")
        super().__init__([row, self.view])
        self.add_class("wb-explorer")
        if after:
            ANSWERED.when(after.name, self.uncover)

    @property
    def settings(self) -> dict[str, Any]:
        """What the controls say now."""
        return {name: widget.value for name, widget in self.controls.items()}

    def reset(self) -> None:
        """Put every control back to its opening value and measure once."""
        self._resetting = True
        try:
            for name, value in self.opening.items():
                self.controls[name].value = value
        finally:
            self._resetting = False
        self._measure()

    def uncover(self) -> None:
        """Show what was covered: its question is answered."""
        self.view.cover = ""

    def _changed(self, _: Any) -> None:
        if not self._resetting:
            self._measure()

    def _measure(self) -> None:
        """Measure and show; an error is shown in the page and raised, the last figure stays."""
        view = self.view
        try:
            with _told_where_slow(view):
                result = self._result()
                finding, png = result.finding, self._drawn(result)
        except (Exception, KeyboardInterrupt) as error:
            stopped = isinstance(error, KeyboardInterrupt)
            with view.hold_sync():
                view.error = "The measurement was interrupted" if stopped else f"{error}"
                view.measuring = False
            raise
        self.result, self.png = result, png
        with view.hold_sync():  # one message for all
            view.png, view.alt = png, plots.alt(finding.chart, finding.verdict, finding.reading)
            view.verdict, view.reading, view.where = finding.verdict, finding.reading, result.where
            view.unseen, view.blind = finding.unseen, finding.blind
            view.error, view.measuring = "", False
            self._table()

    def _redraw(self, _: Any) -> None:
        """Draw the newest result in the theme and width of the page; nothing is measured."""
        self.png = self.view.png = self._drawn(self.result)

    def _drawn(self, result: Result) -> bytes:
        finding = result.finding
        theme: plots.Theme = "dark" if self.view.theme == "dark" else "light"
        if (self.view.width, theme) != (self._drawing.room, self._drawing.theme):
            self._drawing = plots.Drawing(self.view.width, theme)
        return self._drawing.png(finding.chart)

    def _result(self) -> Result:
        """Measure now, or look up what a recording of the chosen device has."""
        return recall(self.experiment, **self.settings)

    def _with_recording(self, opening: dict[str, Any], always: bool) -> dict[str, Any]:
        """Give the settings, with a recording in place of a device that is absent, or `always`."""
        name = opening.get("device")
        if name is None or not (always or devices.device(name).absent()):
            return opening
        for title, recording in self._recordings.items():
            if recording.provenance["device"] == name:
                return {**opening, "device": title}
        return opening

    def _table(self, _: Any = None) -> None:
        """Give the figure's data as a table, made only while a reader has it open."""
        wanted = self.view.wants_table
        self.view.table = plots.table_html(self.result.finding.chart) if wanted else ""

    def __repr__(self) -> str:
        return f"Explorer: {self.experiment.question}"

    def _repr_mimebundle_(self, **options: Any) -> Any:
        bundle = super()._repr_mimebundle_(**options)
        data = dict(bundle[0] if isinstance(bundle, tuple) else bundle)
        data["text/plain"] = repr(self)
        data["image/png"] = base64.b64encode(plots.static(self._opened)).decode()
        return data, {"image/png": plots.static_size(self._opened), KEPT: self._opened.kept()}

    def _ipython_display_(self) -> None:
        data, metadata = self._repr_mimebundle_()
        display(data, metadata=metadata, raw=True)  # type: ignore[no-untyped-call]
        text = f"With the opening settings: {self._opened.verdict}"
        page = f"<p style='margin: 2px 0'>{html.escape(text)}</p>"  # wraps between words
        if self.after:
            title = "Decide first, then open what was measured"
            page = f"<details><summary {OWN_KEYS}>{title}</summary>{page}</details>"
        display({"text/plain": text, "text/html": page}, raw=True)  # type: ignore[no-untyped-call]
