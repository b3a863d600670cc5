// A case: trials to run within a budget, suspects that they clear, a cause to name, the tool's word.

let cases = 0;

function listing(parent, text, label) {
  // It may scroll, so it can take the focus; then it needs a name.
  const attributes = { tabindex: "0", role: "region", "aria-label": label, ...FOCUSABLE };
  make(parent, "pre", "", attributes).textContent = text;
}

function folded(parent, title, text, label, open = false) {
  const details = make(parent, "details");
  details.open = open;
  say(make(details, "summary", "", FOCUSABLE), title);
  listing(details, text, label);
  return details;
}

function trialRows(el, model, send) {
  return model.get("trials").map((title, index) => {
    const item = make(el, "li", "wb-trial");
    const line = make(item, "div", "wb-line");
    say(make(line, "span", "wb-trial-title"), title);
    const plain = title.replaceAll("`", "");
    const button = make(line, "button", "", {
      type: "button", "aria-label": `Run: ${plain}`, ...FOCUSABLE,
    });
    const outcome = make(item, "div");
    button.addEventListener("click", () => {
      if (button.getAttribute("aria-disabled") !== "true") send({ run: index });
    });
    return { button, outcome };
  });
}

function suspectRows(set, model, chosen) {
  const name = `wb-case-${++cases}`;
  return model.get("suspects").map((words, index) => {
    const label = make(set, "label", "wb-suspect");
    const radio = make(label, "input", "", { type: "radio", name, ...FOCUSABLE });
    const both = make(label, "span", "wb-both");
    say(make(both, "span", "wb-name"), words);
    const mark = make(both, "span", "wb-mark");
    radio.addEventListener("change", () => chosen(index));
    return { label, radio, mark };
  });
}

function render({ model, el }) {
  el.classList.add("wb-page", "wb-case");
  make(el, "div", "wb-kicker").textContent = "Solve it with few trials";
  const title = { role: "heading", "aria-level": "3" };
  say(make(el, "div", "wb-title", title), model.get("title"));
  say(make(el, "p"), model.get("story"));
  folded(el, `The program, \`${model.get("file")}\``, model.get("program"), "The program", true);

  const left = make(el, "div", "wb-heading");
  const list = make(el, "ul", "wb-trials", { "aria-label": "Trials" });
  const heard = make(el, "div", "wb-hidden", { role: "status" });
  const trials = trialRows(list, model, send);

  const form = make(el, "form");
  const set = make(form, "fieldset", "wb-set");
  make(set, "legend", "wb-heading").textContent = "Which of these is the cause?";
  let choice = null;
  const suspects = suspectRows(set, model, (index) => { choice = index; controls(); });
  const row = make(form, "div", "wb-row");
  const name = make(row, "button", "wb-main", { type: "submit", ...FOCUSABLE });
  name.textContent = "Name the cause";
  const again = make(row, "button", "", { type: "button", ...FOCUSABLE });
  again.textContent = "Start again";
  const advice = make(row, "span", "wb-advice");
  const status = make(el, "div", "wb-answer", { role: "status" });

  let waiting = null;
  function send(message) {
    if (waiting) return;
    waiting = message;
    controls();
    model.send(message);
  }
  function controls() {
    const ran = model.get("ran");
    const budget = model.get("budget");
    const rest = budget - ran.length;
    left.textContent = `Trials: ${rest} of ${budget} left`;
    trials.forEach(({ button, outcome }, index) => {
      const order = ran.findIndex((each) => each.trial === index);
      const running = waiting?.run === index;
      // Not `disabled`: a button that is would lose the focus.
      button.setAttribute("aria-disabled", String(order >= 0 || rest === 0 || waiting !== null));
      button.textContent = running ? "Running …" : order >= 0 ? `Trial ${order + 1}` : "Run";
      if (order >= 0 && !outcome.childElementCount) result(outcome, ran[order], order + 1);
      if (order < 0) outcome.replaceChildren(), (outcome.className = "");
    });
    const cleared = model.get("cleared");
    suspects.forEach(({ label, mark, radio }, index) => {
      label.classList.toggle("wb-cleared", cleared[index] > 0);
      mark.textContent = cleared[index] ? `cleared by trial ${cleared[index]}` : "";
      radio.checked = choice === index;
    });
    name.setAttribute("aria-disabled", String(choice === null || waiting !== null));
    const out = rest === 0 && !model.get("solved") ? "No trial is left: name the cause." : "";
    advice.textContent = choice === null ? out || "Name it whenever you are sure." : out;
  }
  function result(outcome, row, order) {
    outcome.className = `wb-outcome ${row.went ? "wb-went" : "wb-stayed"}`;
    const words = make(outcome, "div");
    make(words, "span", "", { "aria-hidden": "true" }).textContent = row.went ? "○ " : "≠ ";
    make(words, "span").textContent = row.words;
    folded(outcome, "What was run", row.code, `The code of trial ${order}`);
  }
  function answer() {
    status.replaceChildren();
    status.className = "wb-answer";
    const error = model.get("error");
    const headline = error ? "⚠ The trial failed" : model.get("headline");
    if (!headline) return;
    const solved = model.get("solved");
    status.classList.add(error ? "wb-error" : solved ? "wb-right" : "wb-other");
    say(make(status, "div", "wb-title"), error ? headline : `${solved ? "✓" : "✗"} ${headline}`);
    say(make(status, "p"), error || model.get("verdict"));
    const tool = error ? [] : model.get("tool");
    if (tool.length) make(status, "div", "wb-title").textContent = "What the tool says";
    tool.forEach((text) => say(make(status, "p"), text));
  }
  function turn() {
    const ran = model.get("ran");
    if (!ran.length && !model.get("headline")) choice = null;
    if (waiting && "run" in waiting && ran.length) heard.textContent = ran.at(-1).words;
    waiting = null;
    answer();
    controls();
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (choice !== null) send({ name: choice });
  });
  again.addEventListener("click", () => send({ restart: true }));
  model.on("change:turns", turn);
  turn();
  el.dataset.wbReady = "";
  return () => model.off("change:turns", turn);
}

export default { render };
