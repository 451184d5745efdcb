// Inside Telegram its colours take the place of ours: launch.js kept them for this tab.
const COLOURS = {
  bg_color: "--surface", secondary_bg_color: "--paper", section_bg_color: "--raised", text_color: "--ink",
  subtitle_text_color: "--soft", link_color: "--link", button_color: "--accent", button_text_color: "--on-accent",
};
// What Telegram says nothing of is ours for a dark or a light ground, whichever its own is.
const isDark = (colour) => {
  const [red, green, blue] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
  return red * 0.299 + green * 0.587 + blue * 0.114 < 128;
};
try {
  const theme = JSON.parse(sessionStorage.getItem("theme") ?? "{}");
  const root = document.documentElement, told = (name) => /^#[0-9a-f]{6}$/i.test(theme[name] ?? "");
  if (told("bg_color")) root.dataset.ground = isDark(theme.bg_color) ? "dark" : "light";
  for (const [name, variable] of Object.entries(COLOURS)) if (told(name)) root.style.setProperty(variable, theme[name]);
} catch {
  // Whatever stands there is no theme: our own colours stay.
}
