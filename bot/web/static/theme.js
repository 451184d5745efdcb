// Inside Telegram its colours take the place of ours: launch.js kept them for this tab. Its button is no colour for words, its link is.
const COLOURS = {
  bg_color: ["--surface", "--on-accent"], secondary_bg_color: ["--paper"], section_bg_color: ["--raised"],
  text_color: ["--ink"], subtitle_text_color: ["--soft"], link_color: ["--link", "--accent", "--accent-strong"],
};
try {
  const theme = JSON.parse(sessionStorage.getItem("theme") ?? "{}");
  // What Telegram does not name goes with how light its background is, not with the system.
  if (/^#[0-9a-f]{6}$/i.test(theme.bg_color ?? "")) {
    const [red, green, blue] = [1, 3, 5].map((at) => parseInt(theme.bg_color.slice(at, at + 2), 16));
    const isDark = 0.299 * red + 0.587 * green + 0.114 * blue < 128;
    const rules = [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules]);
    const light = rules.find((rule) => rule.selectorText === ":root");
    const dark = rules.find((rule) => rule.conditionText?.includes("prefers-color-scheme: dark")).cssRules[0];
    const { style } = isDark ? dark : light;
    for (const name of style) document.documentElement.style.setProperty(name, style.getPropertyValue(name));
  }
  for (const [name, variables] of Object.entries(COLOURS)) {
    if (!/^#[0-9a-f]{6}$/i.test(theme[name] ?? "")) continue;
    for (const variable of variables) document.documentElement.style.setProperty(variable, theme[name]);
  }
} catch {
  // Whatever stands there is no theme: our own colours stay.
}
