// What the viewer of the page chose: light or dark, the language around the phones, whether they develop.

import { byId } from "/page/dom.js";
import { spoken } from "/page/words.js";

const given = new URLSearchParams(location.search);
const stored = (name) => given.get(name) ?? localStorage.getItem(name);

export const language = spoken(stored("lang") ?? navigator.language);
export const developer = stored("developer") === "yes";

export function startPreferences() {
  const theme = stored("theme") ?? "auto";
  if (theme !== "auto") document.documentElement.dataset.theme = theme;
  document.documentElement.lang = language;
  const form = byId("settings-form");
  form.elements.theme.value = theme;
  form.elements.lang.value = language;
  form.elements.developer.checked = developer;
  byId("settings").addEventListener("click", () => byId("settings-dialog").showModal());
  form.addEventListener("change", (event) => {
    if (event.target.name === "theme") setTheme(form.elements.theme.value);
    else keep(event.target.name, event.target.type === "checkbox" ? (event.target.checked ? "yes" : "no") : event.target.value);
  });
}

function setTheme(theme) {
  localStorage.setItem("theme", theme);
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

/** Keep a choice that the whole page is drawn by. */
function keep(name, value) {
  localStorage.setItem(name, value);
  const address = new URL(location.href);
  address.searchParams.delete(name);
  location.replace(address);
}
