// A prediction: native controls that tell the kernel, and a status line for what it measured.

function choices(form, model) {
  const set = make(form, "fieldset", "wb-options");
  say(make(set, "legend", "wb-question"), model.get("question"));
  return model.get("options").map((option, index) => {
    const label = make(set, "label", "wb-option");
    // A form of its own keeps these apart from the options of other predictions.
    const radio = make(label, "input", "", { type: "radio", name: "option", ...FOCUSABLE });
    const words = make(label, "span", "wb-words");
    say(make(words, "span"), option);
    const mark = make(words, "span", "wb-mark");
    radio.addEventListener("change", () => {
      model.set("choice", index);
      model.save_changes();
    });
    return { option, label, radio, mark };
  });
}

// An estimate: from and to, as numbers that are typed.
function range_of(form, model) {
  const set = make(form, "fieldset", "wb-options");
  say(make(set, "legend", "wb-question"), model.get("question"));
  const row = make(set, "div", "wb-range");
  return ["low", "high"].map((name) => {
    const label = make(row, "label");
    make(label, "span").textContent = name === "low" ? "from" : "to";
    const field = make(label, "input", "", { type: "number", step: "any", min: "0", ...FOCUSABLE });
    if (model.get("unit")) make(label, "span").textContent = model.get("unit");
    field.value = model.get(name) ?? "";
    field.addEventListener("input", () => {
      model.set(name, field.value === "" ? null : Number(field.value));
      model.save_changes();
    });
    return field;
  });
}

function lacking(model) {
  const factor = model.get("factor");
  if (!factor) return model.get("choice") === null ? "Choose an answer first." : "";
  const [low, high] = [model.get("low"), model.get("high")];
  if (low === null || high === null) return `Give a range that spans at most a factor of ${factor}.`;
  if (!(low > 0 && low <= high)) return "A range goes from one number above 0 to a larger one.";
  return high > factor * low ? `A range may span a factor of ${factor} at most.` : "";
}

function scale(form) {
  const row = make(form, "div", "wb-sure");
  const label = make(row, "label");
  make(label, "span").textContent = "How sure are you?";
  const range = make(label, "input", "", {
    type: "range", min: "0", max: "100", step: "10", ...FOCUSABLE,
  });
  // No <output>: that is a live region, and the slider speaks for itself.
  const percent = make(row, "span", "wb-percent", { "aria-hidden": "true" });
  return { range, percent };
}

// Cells with the tag `answer` between this prediction and the next: JupyterLab shows "…" in place of
// what they print until the reader has answered, or clicks. Elsewhere they stand open.
function answersBelow(model) {
  const cells = model.widget_manager?.context?.model?.cells;
  const found = [];
  if (!cells?.get) return found;
  const asks = (cell) => cell.type === "code" && /^(predict|claim)\(/m.test(cell.sharedModel.getSource());
  const own = (cell) => asks(cell) && [...Array(cell.outputs.length).keys()].some(
    (i) => cell.outputs.get(i).metadata.workbook?.includes(`"name":"${model.get("name")}"`));
  let below = false;
  for (let i = 0; i < cells.length; i++) {
    const cell = cells.get(i);
    if (below && asks(cell)) break;
    if (below && cell.type === "code" && cell.getMetadata("tags")?.includes("answer")) found.push(cell);
    below ||= own(cell);
  }
  return found;
}

function coverAnswers(model) {
  const open = () => model.get("measured") !== "" || model.get("earlier") !== "";
  const ran = (cell, change) => {
    if (change.name === "executionCount" && change.newValue !== null && !open()) cell.setMetadata("collapsed", true);
  };
  const cells = answersBelow(model);
  for (const cell of cells) {
    cell.stateChanged.connect(ran);
    if (!open()) cell.setMetadata("collapsed", true);
  }
  const answered = () => {
    if (open()) for (const cell of cells) cell.deleteMetadata("collapsed");
  };
  model.on("change:turns", answered);
  return () => {
    model.off("change:turns", answered);
    for (const cell of cells) cell.stateChanged.disconnect(ran);
  };
}

function render({ model, el }) {
  el.classList.add("wb-page", "wb-predict");
  make(el, "div", "wb-kicker").textContent = "Predict, then measure";
  const form = make(el, "form");
  const options = model.get("factor") ? [] : choices(form, model);
  const fields = model.get("factor") ? range_of(form, model) : [];
  const { range, percent } = scale(form);
  const row = make(form, "div", "wb-row");
  const button = make(row, "button", "wb-reveal", { type: "submit", ...FOCUSABLE });
  const advice = make(row, "span", "wb-advice");
  const status = make(el, "div", "wb-answer", { role: "status" });

  let waiting = false;
  function controls() {
    const revealed = model.get("measured") !== "";
    options.forEach(({ option, label, radio, mark }, index) => {
      const chosen = model.get("choice") === index;
      const measured = revealed && model.get("measured") === option;
      radio.checked = chosen;
      radio.disabled = revealed;
      label.classList.toggle("wb-chosen", chosen);
      label.classList.toggle("wb-measured", measured);
      const marks = [chosen && "your prediction", measured && "measured"].filter(Boolean);
      mark.textContent = revealed ? marks.join(", ") : "";
    });
    for (const field of fields) field.disabled = revealed;
    range.value = model.get("confidence");
    range.disabled = revealed;
    sure();
    const needed = lacking(model);
    button.disabled = needed !== "";
    button.textContent = waiting ? "Measuring …" : revealed ? "Measure again" : "Reveal";
    button.setAttribute("aria-busy", String(waiting));
    const turns = model.get("turns");
    const again = revealed && turns > 1 ? `Measured ${turns} times.` : "";
    advice.textContent = [revealed ? "" : model.get("earlier"), needed || again].filter(Boolean).join(" ");
  }
  function sure() {
    percent.textContent = `${range.value} %`;
    range.setAttribute("aria-valuetext", `${range.value} percent sure`);
  }
  function answer() {
    status.replaceChildren();
    status.className = "wb-answer";
    const error = model.get("error");
    if (error) {
      status.classList.add("wb-error");
      make(status, "div", "wb-headline").textContent = "⚠ Measuring failed";
      make(status, "div").textContent = error;
    } else if (model.get("measured")) {
      const right = model.get("right");
      status.classList.add(right ? "wb-right" : "wb-other");
      const words = fields.length ? ["Your range covers it", "Outside your range"] : ["As you predicted", "Not as you predicted"];
      const headline = right ? `✓ ${words[0]}: ` : `≠ ${words[1]}: `;
      const head = make(status, "div", "wb-headline");
      make(head, "span").textContent = headline;
      say(make(head, "span"), model.get("measured"));
      say(make(status, "div"), model.get("verdict"));
      if (model.get("feedback")) say(make(status, "p"), model.get("feedback"));
      say(make(status, "p"), model.get("because"));
      const tally = model.get("tally");
      if (tally) make(status, "div", "wb-tally").textContent = tally;
    }
  }
  function turn() {
    waiting = false;
    answer();
    controls();
  }

  range.addEventListener("input", sure);
  range.addEventListener("change", () => {
    model.set("confidence", Number(range.value));
    model.save_changes();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (waiting || button.disabled) return;
    waiting = true;
    controls();
    // Carried along, because a change that was made a moment ago may still be on its way.
    const names = ["confidence", ...(fields.length ? ["low", "high"] : ["choice"])];
    model.send(Object.fromEntries(names.map((name) => [name, model.get(name)])));
  });
  const changes = { "change:turns": turn };
  for (const name of ["choice", "low", "high", "confidence"]) changes[`change:${name}`] = controls;
  for (const [name, change] of Object.entries(changes)) model.on(name, change);
  turn();
  const uncover = coverAnswers(model);
  el.dataset.wbReady = "";
  return () => {
    uncover();
    for (const [name, change] of Object.entries(changes)) model.off(name, change);
  };
}

export default { render };
