// Shows what the kernel measured, and makes the explorer's controls safe and named.

const FOCUSABLE = "input, select, button, textarea, summary, [tabindex], [role=slider]";

// JupyterLab's command mode listens for x, dd, b and the arrows. Lumino leaves a key alone only
// when the element that has the focus carries this attribute itself.
function protect(root) {
  for (const element of root.querySelectorAll(FOCUSABLE)) {
    if (element.dataset.lmSuppressShortcuts !== "true") element.dataset.lmSuppressShortcuts = "true";
    if (element.getAttribute("role") !== "slider") continue;
    const words = (part) => element.closest(".widget-inline-hbox")?.querySelector(part)?.textContent;
    const [label, value] = [words(".widget-label"), words(".widget-readout")];
    if (label && element.ariaLabel !== label) element.ariaLabel = label;
    if (value && element.ariaValueText !== value) element.ariaValueText = value; // not its position
  }
}

function guard(el, signal) {
  const root = el.closest(".wb-explorer");
  if (!root) return requestAnimationFrame(() => signal.aborted || guard(el, signal));
  protect(root);
  const observer = new MutationObserver(() => protect(root));
  const watched = { childList: true, subtree: true, attributeFilter: ["aria-valuetext"] };
  observer.observe(root, watched);
  signal.addEventListener("abort", () => observer.disconnect());
  root.dataset.wbReady = "";
}

function follow(model, el, signal) {
  followTheme((dark) => {
    const theme = dark ? "dark" : "light";
    if (theme === model.get("theme")) return;
    el.classList.add("wb-waiting"); // no card of the other color while the kernel draws
    model.set("theme", theme);
    model.save_changes();
  }, signal);
}

// The figure is drawn anew for the room that it has, so that its texts keep their size.
const NARROWEST = 300, WIDEST = 680, STEP = 20;
function measure(model, el, signal) {
  let later = 0;
  const observer = new ResizeObserver(([entry]) => {
    const room = entry.contentRect.width;
    clearTimeout(later);
    if (!room) return; // not shown now
    later = setTimeout(() => {
      const width = Math.min(WIDEST, Math.max(NARROWEST, STEP * Math.floor((room + 1) / STEP)));
      if (signal.aborted || width === model.get("width")) return;
      model.set("width", width);
      model.save_changes();
    }, 150);
  });
  observer.observe(el);
  signal.addEventListener("abort", () => observer.disconnect());
}

const SCALE = 1.5; // device pixels to a CSS pixel, as plots draws
function make(parent, tag, className, attributes = {}) {
  const element = document.createElement(tag);
  element.className = className;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return parent.appendChild(element);
}

function render({ model, el }) {
  const abort = new AbortController();
  el.classList.add("wb-view");
  const cover = make(el, "div", "wb-cover");
  make(cover, "div", "wb-kicker").textContent = "Commit first, then see. This figure answers:";
  const asked = make(cover, "p", "");
  const uncover = make(cover, "button", "jupyter-button", { type: "button" });
  uncover.textContent = "Open it without an answer";
  const status = make(el, "div", "wb-status", { role: "status" });
  const verdict = make(status, "div", "wb-verdict");
  const reading = make(status, "div", "wb-reading");
  const frame = make(el, "div", "wb-frame");
  let image = make(frame, "img", "wb-figure");
  const unseen = make(el, "div", "wb-unseen");
  const where = make(el, "div", "wb-where");
  const error = make(el, "div", "wb-error", { role: "alert" });
  const busy = make(el, "div", "wb-busy", { "aria-live": "polite" });
  const details = make(el, "details", "wb-data");
  make(details, "summary", "").textContent = "The figure's data as a table";
  const table = make(details, "div", "wb-table");

  let url = null;
  let newest = 0;
  async function figure() {
    const turn = ++newest;
    const next = URL.createObjectURL(new Blob([model.get("png")], { type: "image/png" }));
    const ahead = new Image();
    ahead.src = next;
    try { await ahead.decode(); } catch { /* shown as it is: the browser says what is wrong */ }
    if (turn !== newest || abort.signal.aborted) return URL.revokeObjectURL(next);
    ahead.className = image.className;
    ahead.alt = model.get("alt");
    ahead.width = Math.round(ahead.naturalWidth / SCALE);
    if (turn > 1) el.classList.remove("wb-waiting"); // the first was drawn before the theme was told
    image.replaceWith(ahead); // already decoded: no blank frame, and nothing to decode again
    image = ahead;
    if (url) URL.revokeObjectURL(url);
    url = next;
  }
  let due = false;
  function redraw() { // once for a picture and its alternative text, which come together
    if (due) return;
    due = true;
    queueMicrotask(() => { due = false; figure(); });
  }
  function words() {
    verdict.textContent = model.get("verdict");
    reading.textContent = model.get("reading");
    unseen.textContent = model.get("unseen");
    unseen.classList.toggle("wb-blind", model.get("blind"));
    where.textContent = model.get("where");
  }
  function failure() {
    const message = model.get("error");
    el.classList.toggle("wb-failed", message !== "");
    error.textContent = message && `${message.replace(/\.?$/, ".")} The figure still shows the last settings that worked.`;
  }
  function measuring() {
    busy.textContent = model.get("measuring") ? "Measuring. The figure still shows the last settings." : "";
  }
  function covering() {
    const question = model.get("cover");
    asked.replaceChildren();
    question.split("`").forEach((part, i) => { make(asked, i % 2 ? "code" : "span", "").textContent = part; });
    cover.hidden = question === "";
  }
  uncover.addEventListener("click", () => {
    model.set("cover", "");
    model.save_changes();
    el.closest(".wb-explorer")?.querySelector(".wb-controls :is(input, select, button, [role=slider])")?.focus();
  });
  const changes = {
    cover: covering, png: redraw, alt: redraw,
    verdict: words, reading: words, unseen: words, blind: words, where: words, error: failure, measuring,
    table: () => { table.innerHTML = model.get("table"); },
  };
  for (const [name, change] of Object.entries(changes)) model.on(`change:${name}`, change);
  details.addEventListener("toggle", () => {
    model.set("wants_table", details.open);
    model.save_changes();
  });
  for (const change of new Set(Object.values(changes))) change();
  guard(el, abort.signal);
  follow(model, el, abort.signal);
  measure(model, el, abort.signal);
  return () => {
    abort.abort();
    for (const [name, change] of Object.entries(changes)) model.off(`change:${name}`, change);
    if (url) URL.revokeObjectURL(url);
  };
}

export default { render };
