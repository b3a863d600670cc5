// What every part of the page is built with; a widget's own file follows it.

// JupyterLab's command mode listens for x, dd, b and the arrows. Lumino leaves a key alone only
// when the element that has the focus carries this attribute itself.
const FOCUSABLE = { "data-lm-suppress-shortcuts": "true" };

function make(parent, tag, className = "", attributes = {}) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return parent.appendChild(element);
}

// What stands in backquotes is code, what stands between asterisks is emphasized, as in markup.py.
// No HTML is ever read from the kernel.
const EMPHASIS = /(?<![\w*])\*([^\s*](?:[^*]*[^\s*])?)\*(?![\w*])/;

function say(element, text) {
  element.replaceChildren();
  text.split("`").forEach((part, i) => {
    const pieces = i % 2 ? [part] : part.split(EMPHASIS);
    pieces.forEach((piece, j) => {
      const tag = i % 2 ? "code" : j % 2 ? "em" : "span";
      if (piece) make(element, tag).textContent = piece;
    });
  });
  return element;
}

