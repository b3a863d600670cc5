// One figure, drawn for a light and for a dark page: shows the one that fits, and changes with the page.
function render({ model, el }) {
  const abort = new AbortController();
  const image = document.createElement("img");
  image.alt = model.get("alt");
  image.style.maxWidth = "100%";
  image.width = model.get("width");
  const [light, dark] = ["light", "dark"].map((theme) =>
    URL.createObjectURL(new Blob([model.get(theme)], { type: "image/png" })));
  followTheme((isDark) => { image.src = isDark ? dark : light; }, abort.signal);
  el.append(image);
  return () => {
    abort.abort();
    [light, dark].forEach((url) => URL.revokeObjectURL(url));
  };
}

export default { render };
