// Inside Telegram its colours take the place of ours: launch.js kept them for this tab.
const COLOURS = {
  bg_color: "--surface", secondary_bg_color: "--paper", section_bg_color: "--raised", text_color: "--ink",
  subtitle_text_color: "--soft", link_color: "--link", button_color: "--accent", button_text_color: "--on-accent",
};
try {
  const theme = JSON.parse(sessionStorage.getItem("theme") ?? "{}");
  for (const [name, variable] of Object.entries(COLOURS)) {
    if (/^#[0-9a-f]{6}$/i.test(theme[name] ?? "")) document.documentElement.style.setProperty(variable, theme[name]);
  }
} catch {
  // Whatever stands there is no theme: our own colours stay.
}
