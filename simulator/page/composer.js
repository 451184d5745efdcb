// The lower end of a chat: keys, commands, attachments, the text being written.

import { get, post } from "/page/api.js";
import { ask, byId, icon, iconButton, make, notify } from "/page/dom.js";

const CITIES = [
  ["Paris", 48.8566, 2.3522], ["Lyon", 45.764, 4.8357], ["Marseille", 43.2965, 5.3698], ["Lille", 50.6292, 3.0573],
  ["Saint-Étienne", 45.4397, 4.3872], ["Rennes", 48.1173, -1.6778], ["Fort-de-France", 14.6037, -61.0667],
  ["Saint-Denis (Réunion)", -20.8789, 55.4481], ["Nouméa", -22.2711, 166.438], ["Papeete", -17.5516, -149.5585],
];

/** Ask for a place; resolves with latitude and longitude, or null. */
export async function askLocation() {
  const values = await ask("location-dialog", (form, done) => {
    byId("cities").replaceChildren(...CITIES.map(([name, latitude, longitude]) =>
      make("button", { type: "button", class: "chip", on: { click: () => done({ latitude, longitude }) } }, name)));
  });
  return values && { latitude: Number(values.latitude), longitude: Number(values.longitude) };
}

export class Composer {
  /** `acts` has `send(text)`, `key(key)`, `location()`, `upload(kind, file)`; `person` and `botUsername` are read live. */
  constructor(person, botUsername, acts) {
    this.person = person;
    this.botUsername = botUsername;
    this.acts = acts;
    this.keysOpen = true;
    this.keys = make("div", { class: "keys", attrs: { role: "group", "aria-label": "Keyboard of the bot" } });
    this.menu = make("div", { class: "menu", hidden: true });
    this.field = make("textarea", { rows: 1, placeholder: "Message", attrs: { "aria-label": `Message from ${person.first_name}` } });
    this.field.addEventListener("keydown", (event) => this.onKey(event));
    this.field.addEventListener("input", () => this.onInput());
    this.keysToggle = iconButton("keys", "Show or hide the keyboard of the bot", () => { this.keysOpen = !this.keysOpen; this.showKeys(); });
    this.commands = make("button", { type: "button", class: "round slash", title: "Commands", attrs: { "aria-label": "Commands" }, on: { click: () => this.toggle(() => this.showCommands()) } }, "/");
    const attach = iconButton("clip", "Attach", () => this.toggle(() => this.showAttachments()));
    this.sendButton = iconButton("send", "Send", () => this.submit(), "round strong");
    this.line = make("div", { class: "line" }, this.commands, attach, this.field, this.keysToggle, this.sendButton);
    this.node = make("div", { class: "composer" }, this.menu, this.line, this.keys);
    this.setKeyboard(null);
  }

  setKeyboard(rows) {
    const changed = JSON.stringify(rows) !== JSON.stringify(this.rows);
    this.rows = rows;
    if (changed) this.keysOpen = true;
    this.showKeys();
  }

  showKeys() {
    this.keysToggle.hidden = !this.rows;
    this.keys.hidden = !this.rows || !this.keysOpen;
    this.keys.replaceChildren(...(this.rows ?? []).map((row) => make("div", { class: "row" }, ...row.map((key) =>
      make("button", { type: "button", class: "key", on: { click: () => this.acts.key(key) } }, key.asks === "location" ? icon("place") : null, key.label)))));
  }

  onKey(event) {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); this.submit(); }
    if (event.key === "Escape") this.closeMenu();
  }

  onInput() {
    this.field.style.height = "auto";
    this.field.style.height = `${Math.min(this.field.scrollHeight, 140)}px`;
    const text = this.field.value;
    const inline = text.startsWith(`@${this.botUsername()} `);
    clearTimeout(this.inlineTimer);
    if (inline) this.inlineTimer = setTimeout(() => this.showInline(text.slice(this.botUsername().length + 2)), 400);
    else if (text.startsWith("/") && !text.includes(" ") && !text.includes("\n")) this.showCommands(text.slice(1));
    else this.closeMenu();
  }

  async submit() {
    const text = this.field.value;
    if (!text.trim()) return;
    if (await this.acts.send(text)) { this.field.value = ""; this.onInput(); }
    this.field.focus();
  }

  toggle(show) {
    if (this.menu.hidden) show(); else this.closeMenu();
  }

  openMenu(...nodes) {
    this.menu.replaceChildren(...nodes);
    this.menu.hidden = nodes.length === 0;
  }

  closeMenu() {
    this.menu.hidden = true;
  }

  async showCommands(prefix = "") {
    const { commands } = await get(`/people/${this.person.id}/commands`);
    const fitting = commands.filter(({ command }) => command.startsWith(prefix));
    if (!commands.length && !prefix) { this.openMenu(make("p", { class: "empty" }, "The bot has set no commands yet.")); return; }
    this.openMenu(...fitting.map(({ command, description }) => make("button", {
      type: "button", class: "menu-item",
      on: { click: () => { this.closeMenu(); this.field.value = ""; this.acts.send(`/${command}`); } },
    }, make("strong", {}, `/${command}`), make("span", {}, description))));
  }

  showAttachments() {
    const choose = (kind, accept) => {
      this.closeMenu();
      const input = make("input", { type: "file", accept });
      input.addEventListener("change", () => { if (input.files[0]) this.acts.upload(kind, input.files[0]); });
      input.click();
    };
    const item = (name, label, onClick) => make("button", { type: "button", class: "menu-item", on: { click: onClick } }, icon(name), make("strong", {}, label));
    this.openMenu(
      item("place", "Location", () => { this.closeMenu(); this.acts.location(); }),
      item("photo", "Photo", () => choose("photo", "image/*")),
      item("file", "File", () => choose("document", "")),
    );
  }

  async showInline(query) {
    try {
      const { inline_query_id: id, results, answered } = await post(`/people/${this.person.id}/inline`, { query, wait: 5 });
      if (!results.length) { this.openMenu(make("p", { class: "empty" }, answered ? "No results." : "The bot does not answer inline queries.")); return; }
      this.openMenu(...results.map((result) => make("button", {
        type: "button", class: "menu-item",
        on: { click: async () => { this.closeMenu(); this.field.value = ""; await post(`/people/${this.person.id}/choose`, { inline_query_id: id, result_id: String(result.id) }); } },
      }, make("strong", {}, result.title ?? result.type), make("span", {}, result.description ?? ""))));
    } catch (error) {
      notify(error.message);
    }
  }
}
