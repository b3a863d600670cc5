// One figure, drawn for a light and for a dark page: shows the one that fits, and changes with the page.
function render({ model, el, signal }) {
  const { body } = document;
  const image = document.createElement("img");
  image.alt = model.get("alt");
  image.style.maxWidth = "100%";
  image.width = model.get("width");
  const urls = ["light", "dark"].map((theme) =>
    URL.createObjectURL(new Blob([model.get(theme)], { type: "image/png" })));
  const show = () => {
    const { jpThemeLight, vscodeThemeKind = "" } = body.dataset;
    const dark = jpThemeLight === "false" || /dark|contrast$/.test(vscodeThemeKind);
    image.src = urls[dark ? 1 : 0];
  };
  const observer = new MutationObserver(show);
  observer.observe(body, { attributeFilter: ["data-jp-theme-light", "data-vscode-theme-kind"] });
  const end = () => {
    observer.disconnect();
    urls.forEach((url) => URL.revokeObjectURL(url));
  };
  signal?.addEventListener("abort", end);
  el.append(image);
  show();
}

export default { render };
