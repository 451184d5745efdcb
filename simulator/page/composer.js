// The lower end of a chat: the menu, keys, attachments, the text being written.

import { get } from "/page/api.js";
import { arrowKeys, icon, iconButton, make, notify, whenLeft } from "/page/dom.js";

const TALLEST = 180; // pixels
const INLINE_PAUSE = 400; // milliseconds without a key before the bot is asked

export class Composer {
  /** `acts` has `send(text)`, `where()`, `query()`, `bot` and, with the bot, `key(key)`, `location()`, `upload(kind, ...files)`. */
  constructor(phone, acts, withBot) {
    this.phone = phone;
    this.acts = acts;
    this.withBot = withBot;
    this.keysOpen = true;
    const { words } = phone;
    this.keys = make("div", { class: "keys", attrs: { role: "group", "aria-label": words.say("bot_keyboard") } });
    this.menu = make("div", { class: "menu", hidden: true, on: { keydown: (event) => { if (event.key === "Escape") { this.closeMenu(); this.field.focus(); } } } });
    arrowKeys(this.menu, "button");
    this.field = make("textarea", { rows: 1, placeholder: words.say("message"), attrs: { "aria-label": words.say("message") } });
    this.field.addEventListener("keydown", (event) => this.onKey(event));
    this.field.addEventListener("input", () => this.onInput());
    this.keysToggle = iconButton("keys", words.say("show_keyboard"), () => { this.keysOpen = !this.keysOpen; this.showKeys(); });
    this.keysToggle.hidden = true;
    this.menuLabel = make("span", {}, words.say("menu"));
    this.menuButton = make("button", { type: "button", class: "menu-button", hidden: !withBot, title: words.say("commands"), attrs: { "aria-haspopup": "true", "aria-expanded": "false" }, on: { click: () => this.openMenuButton() } }, icon("menu"), this.menuLabel);
    const attach = iconButton("clip", words.say("attach"), () => this.toggle(() => this.showAttachments()));
    attach.hidden = !withBot;
    this.sendButton = iconButton("send", words.say("send"), () => this.submit(), "round strong send");
    this.line = make("div", { class: "line" }, make("div", { class: "field" }, this.menuButton, this.field, this.keysToggle, attach), this.sendButton);
    this.about = make("div", { class: "about-line", hidden: true });
    this.node = make("div", { class: "composer" }, this.menu, this.about, this.line, this.keys);
    whenLeft([this.node], () => this.closeMenu());
    this.setKeyboard(null);
  }

  /** Begin a text, as a button for an inline query does. */
  begin(text) {
    this.field.value = text;
    this.field.focus();
    this.onInput();
  }

  /** Answer a message: its beginning stands above the field. `forced`: the bot wants it. */
  answer(message, forced = false) {
    this.edited = null;
    this.replied = message;
    this.showAbout(this.acts.nameOf(message), message.brief, forced);
  }

  /** Change one of one's own texts. */
  edit(message) {
    this.replied = null;
    this.edited = message;
    this.showAbout(this.phone.words.say("editing"), message.text);
    this.field.value = message.text;
    this.onInput();
  }

  /** The bot wants an answer to a message (force_reply), or to none; and what stands in the empty field. */
  setAsked(message, placeholder) {
    this.field.placeholder = placeholder || this.phone.words.say("message");
    if (message?.message_id === this.asked) return;
    this.asked = message?.message_id;
    if (message) this.answer(message, true);
    else if (!this.edited) this.leave();
  }

  showAbout(title, text, quiet = false) {
    const { words } = this.phone;
    this.about.replaceChildren(icon(this.edited ? "pencil" : "back"), make("span", {}, make("strong", {}, title), make("span", {}, text)), iconButton("close", words.say("leave"), () => { if (this.edited) this.field.value = ""; this.leave(); this.field.focus(); }));
    this.about.hidden = false;
    if (!quiet) this.field.focus();
  }

  leave() {
    this.replied = null;
    this.edited = null;
    this.about.hidden = true;
  }

  /** What says to which message a text is the answer; 0 where the answer that the bot wants was left. */
  meant() {
    if (this.replied) return { reply_to: this.replied.message_id };
    return this.asked ? { reply_to: 0 } : {};
  }

  /** What stands left of the text: the commands, or a Mini App of the bot's. */
  setMenuButton(button) {
    this.app = button.type === "web_app" ? button : null;
    this.menuLabel.textContent = this.app?.text ?? this.phone.words.say("menu");
  }

  openMenuButton() {
    if (this.app) this.phone.openApp(this.app.web_app.url, "menu", this.app.text, this.acts.query());
    else this.toggle(() => this.showCommands("", true));
  }

  setKeyboard(rows) {
    const changed = JSON.stringify(rows) !== JSON.stringify(this.rows);
    this.rows = rows;
    if (changed) this.keysOpen = true;
    this.showKeys();
  }

  showKeys() {
    this.keysToggle.hidden = !this.rows;
    this.keysToggle.setAttribute("aria-expanded", String(Boolean(this.rows) && this.keysOpen));
    this.keys.hidden = !this.rows || !this.keysOpen;
    const icons = { location: "place", app: "app" };
    this.keys.replaceChildren(...(this.rows ?? []).map((row) => make("div", { class: "row" }, ...row.map((key) =>
      make("button", { type: "button", class: "key", on: { click: () => this.acts.key(key) } }, key.asks in icons ? icon(icons[key.asks]) : null, key.label)))));
  }

  onKey(event) {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); this.submit(); }
    if (event.key === "Escape") { this.closeMenu(); if (!this.about.hidden) this.leave(); }
    if (event.key === "ArrowDown" && !this.menu.hidden) { event.preventDefault(); this.menu.querySelector("button")?.focus(); }
  }

  onInput() {
    this.field.style.height = "auto";
    this.field.style.height = `${Math.min(this.field.scrollHeight, TALLEST)}px`;
    const text = this.field.value;
    const called = `@${this.acts.bot.username} `;
    clearTimeout(this.inlineTimer);
    if (text.startsWith(called)) this.inlineTimer = setTimeout(() => this.showInline(text.slice(called.length)), INLINE_PAUSE);
    else if (this.withBot && text.startsWith("/") && !/\s/.test(text)) this.showCommands(text.slice(1));
    else this.closeMenu();
  }

  async submit() {
    const text = this.field.value;
    if (!text.trim()) return;
    const done = this.edited ? this.acts.edit(this.edited.message_id, text) : this.acts.send(text, this.meant());
    if (await done) { this.field.value = ""; this.leave(); this.onInput(); }
    this.field.focus();
  }

  toggle(show) {
    if (this.menu.hidden) show(); else this.closeMenu();
  }

  openMenu(...nodes) {
    this.menu.replaceChildren(...nodes);
    this.menu.hidden = nodes.length === 0;
    this.menuButton.setAttribute("aria-expanded", String(!this.menu.hidden));
  }

  closeMenu() {
    this.menu.hidden = true;
    this.menuButton.setAttribute("aria-expanded", "false");
  }

  async showCommands(prefix = "", focused = false) {
    const asked = this.field.value;
    const { commands } = await get(`/people/${this.phone.person.id}/commands${this.acts.query()}`);
    if (this.field.value !== asked) return; // it was sent or went on meanwhile
    const fitting = commands.filter(({ command }) => command.startsWith(prefix));
    if (!commands.length && !prefix) { this.openMenu(make("p", { class: "empty" }, this.phone.words.say("no_commands"))); return; }
    this.openMenu(...fitting.map(({ command, description }) => this.item(() => { this.clear(); this.acts.send(`/${command}`); },
      make("strong", {}, `/${command}`), make("span", {}, description))));
    if (focused) this.menu.querySelector("button")?.focus();
  }

  item(act, ...content) {
    return make("button", { type: "button", class: "menu-item", on: { click: () => { this.closeMenu(); act(); } } }, ...content);
  }

  clear() {
    this.field.value = "";
    this.onInput();
  }

  showAttachments() {
    const { words } = this.phone;
    const choose = (kindOf, accept) => {
      const input = make("input", { type: "file", accept, multiple: true });
      input.addEventListener("change", () => {
        const files = [...input.files];
        if (files.length > 1) this.acts.upload("album", ...files);
        else if (files.length) this.acts.upload(kindOf(files[0]), files[0]);
      });
      input.click();
    };
    const item = (name, label, act) => this.item(act, icon(name), make("strong", {}, words.say(label)));
    this.openMenu(
      item("place", "location", () => this.acts.location()),
      item("photo", "gallery", () => choose((file) => (file.type.startsWith("video/") ? "video" : "photo"), "image/*,video/*")),
      item("sound", "audio", () => choose(() => "audio", "audio/*")),
      item("file", "file", () => choose(() => "document", "")),
    );
    this.menu.firstChild.focus();
  }

  /** The button above the results of an inline query: it starts the bot, or opens a Mini App of its. */
  openAbove(button) {
    this.clear();
    if (button.web_app) this.phone.openApp(button.web_app.url, "results", button.text, this.acts.query());
    else this.phone.open(`https://t.me/${this.acts.bot.username}?start=${button.start_parameter}`);
  }

  async showInline(query) {
    const { words } = this.phone;
    try {
      const asked = this.field.value;
      const { inline_query_id: id, results, button, answered } = await this.phone.post("inline", { ...this.acts.where(), query, wait: 5 }, this.acts.query());
      if (this.field.value !== asked) return;
      const above = button ? [this.item(() => this.openAbove(button), make("strong", {}, button.text))] : [];
      if (!results.length && !button) { this.openMenu(make("p", { class: "empty" }, words.say(answered ? "inline_nothing" : "inline_none"))); return; }
      this.openMenu(...above, ...results.map((result) => this.item(async () => {
        this.clear();
        await this.phone.post("choose", { ...this.acts.where(), inline_query_id: id, result_id: String(result.id) }, this.acts.query());
      }, make("strong", {}, result.title ?? result.type), make("span", {}, result.description ?? ""))));
    } catch (error) {
      notify(error.message);
    }
  }
}
