// What the scripts of widgets ask of the page: whether it is dark, now and whenever that changes.

// JupyterLab says on the body whether its theme is light, VS Code which kind it has.
function followTheme(tell, signal) {
  const { body } = document;
  const now = () => {
    const { jpThemeLight, vscodeThemeKind = "" } = body.dataset;
    tell(jpThemeLight === "false" || /dark|contrast$/.test(vscodeThemeKind));
  };
  const observer = new MutationObserver(now);
  observer.observe(body, { attributeFilter: ["data-jp-theme-light", "data-vscode-theme-kind"] });
  signal.addEventListener("abort", () => observer.disconnect());
  now();
}

