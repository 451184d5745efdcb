// One person's chat with the bot, as a column.

import { get, post, call } from "/page/api.js";
import { parisDay } from "/page/clock.js";
import { askLocation, Composer } from "/page/composer.js";
import { avatar, byId, iconButton, make, notify } from "/page/dom.js";
import { messageNode } from "/page/message.js";

const NEAR_THE_END = 120;

export class Column {
  /** `bot` is the bot as it is known now; `onClose` takes the column away. */
  constructor(person, bot, onClose) {
    this.person = person;
    this.bot = bot;
    this.onClose = onClose;
    this.event = 0;
    this.messages = new Map();
    this.pinned = 0;
    this.composer = new Composer(person, () => bot.username, {
      send: (text) => this.act("send", { text }),
      key: (key) => this.pressKey(key),
      location: () => this.shareLocation(),
      upload: (kind, file) => this.upload(kind, file),
    });
    this.list = make("ol", { class: "messages" });
    this.scroller = make("div", { class: "scroller", tabIndex: 0, attrs: { role: "log", "aria-label": `Chat of ${person.first_name}` } }, this.list);
    this.stays = true;
    this.top = 0;
    this.scroller.addEventListener("scroll", () => this.scrolled());
    // A keyboard that opens or a picture that arrives must not hide the end of the chat.
    const observer = new ResizeObserver(() => { if (this.stays) this.toEnd(); });
    observer.observe(this.scroller);
    observer.observe(this.list);
    this.pill = iconButton("down", "New messages", () => this.toEnd(), "round pill");
    this.pill.hidden = true;
    this.toast = make("div", { class: "toast", hidden: true, attrs: { role: "status" } });
    this.typing = make("p", { class: "typing", hidden: true }, make("i"), make("i"), make("i"), make("span", { class: "sr" }, "The bot is writing"));
    this.welcome = make("div", { class: "welcome", hidden: true });
    this.foot = make("div", { class: "foot" });
    this.pinBar = make("button", { type: "button", class: "pin-bar", hidden: true, on: { click: () => this.showPinned() } });
    this.node = make("article", { class: "column", attrs: { "aria-label": `${person.first_name}'s phone` } },
      this.head(), this.pinBar, make("div", { class: "body" }, this.scroller, this.welcome, this.pill, this.toast), this.foot);
  }

  head() {
    const { person } = this;
    const name = [person.first_name, person.last_name].filter(Boolean).join(" ");
    const back = iconButton("back", "Back to the people", () => this.onClose(), "round back");
    const details = make("div", { class: "who" }, make("h2", {}, name), make("p", {}, [person.language_code, person.id, person.note].filter(Boolean).join(" · ")));
    this.blockItem = make("button", { type: "button", class: "menu-item", on: { click: () => this.fromMenu(this.standing?.blocked ? "unblock" : "block") } });
    const leave = make("button", { type: "button", class: "menu-item danger", on: { click: () => this.fromMenu("deactivate") } }, "Delete the account");
    this.menu = make("div", { class: "menu person-menu", hidden: true }, this.blockItem, leave);
    const more = iconButton("more", `More about ${person.first_name}`, () => { this.menu.hidden = !this.menu.hidden; });
    const close = iconButton("close", `Close the chat of ${person.first_name}`, () => this.onClose(), "round close");
    return make("header", { class: "column-head" }, back, avatar(person), details, more, close, this.menu);
  }

  /** Read what changed, one reading at a time however often it is called. */
  async refresh() {
    if (this.reading) { this.again = true; return; }
    this.reading = true;
    try {
      do {
        this.again = false;
        this.show(await get(`/people/${this.person.id}/messages?after=${this.event}`));
      } while (this.again);
    } catch (error) {
      notify(error.message);
    } finally {
      this.reading = false;
    }
  }

  show(chat) {
    const first = this.event === 0;
    for (const message of chat.messages) this.place(message, first);
    for (const id of chat.deleted) { this.messages.get(id)?.node.remove(); this.messages.delete(id); }
    this.event = Math.max(this.event, chat.event);
    if (chat.messages.some((message) => message.from === "bot")) this.typing.hidden = true;
    this.markDays();
    this.composer.setKeyboard(chat.reply_keyboard);
    this.pinned = chat.pinned;
    this.pinBar.hidden = !this.messages.has(chat.pinned);
    this.pinBar.textContent = `Pinned: ${this.messages.get(chat.pinned)?.message.text.slice(0, 80) ?? ""}`;
    this.showStanding(chat);
    if (this.stays) this.toEnd(); else if (chat.messages.length) { this.unseen = true; this.showPill(true); }
  }

  place(message, first) {
    const known = this.messages.get(message.message_id);
    const node = messageNode(message, { command: (text) => this.act("send", { text }), tap: (...tapped) => this.tap(...tapped) });
    if (known) {
      if (message.edits > known.message.edits) node.classList.add("changed");
      known.node.replaceWith(node);
    } else {
      if (!first) node.classList.add("arrived");
      this.list.append(node);
    }
    this.messages.set(message.message_id, { message, node });
  }

  markDays() {
    this.list.querySelectorAll(".day").forEach((node) => node.remove());
    let last = "";
    for (const { message, node } of this.messages.values()) {
      const day = parisDay(message.date);
      if (day !== last) node.before(make("li", { class: "day" }, make("span", {}, day)));
      last = day;
    }
    this.list.append(this.typing);
  }

  showStanding(standing) {
    this.standing = standing;
    this.blockItem.textContent = standing.blocked ? "Unblock the bot" : "Block the bot";
    const button = (label, act, content) => make("button", { type: "button", class: "strong wide", on: { click: () => this.act(act, content?.() ?? {}) } }, label);
    this.welcome.hidden = standing.started || this.messages.size > 0;
    if (standing.deactivated) this.foot.replaceChildren(make("p", { class: "foot-note" }, "This account was deleted."));
    else if (standing.blocked) this.foot.replaceChildren(make("p", { class: "foot-note" }, `${this.person.first_name} blocked the bot.`), button("Unblock", "unblock"));
    else if (!this.welcome.hidden) this.showWelcome(button);
    else if (this.composer.node.parentNode !== this.foot) this.foot.replaceChildren(this.composer.node);
  }

  async showWelcome(button) {
    const payload = make("input", { placeholder: "payload of a ?start= link, if any", attrs: { "aria-label": "Payload of a start link" }, maxLength: 64 });
    this.foot.replaceChildren(make("div", { class: "start" }, payload, button("Start", "start", () => ({ payload: payload.value.trim() }))));
    const { description, name } = await get(`/people/${this.person.id}/commands`);
    this.welcome.replaceChildren(make("h3", {}, name), make("p", {}, description || "Press Start to talk to this bot."));
  }

  async act(name, content = {}) {
    try {
      await post(`/people/${this.person.id}/${name}`, content);
      this.toEnd();
      return true;
    } catch (error) {
      notify(error.message);
      return false;
    }
  }

  fromMenu(act) {
    this.menu.hidden = true;
    this.act(act);
  }

  async tap(message, button, node) {
    if (node.classList.contains("pending")) return;
    node.classList.add("pending");
    node.setAttribute("aria-busy", "true");
    try {
      const { toast, alert, answered } = await post(`/people/${this.person.id}/tap`, { message_id: message.message_id, data: button.data, wait: 20 });
      if (alert) { byId("alert-text").textContent = alert; byId("alert-dialog").showModal(); }
      else if (toast) this.showToast(toast);
      else if (!answered) this.showToast("The bot did not answer this button.");
    } catch (error) {
      notify(error.message);
    } finally {
      node.classList.remove("pending");
      node.removeAttribute("aria-busy");
    }
  }

  async pressKey(key) {
    if (key.asks === "location") await this.shareLocation(key.label);
    else await this.act("tap", { label: key.label });
  }

  async shareLocation(label) {
    const place = await askLocation();
    if (place) await (label ? this.act("tap", { label, ...place }) : this.act("location", place));
  }

  async upload(kind, file) {
    const form = new FormData();
    form.append("file", file);
    try {
      await call("POST", `/people/${this.person.id}/${kind}`, form);
    } catch (error) {
      notify(error.message);
    }
  }

  showToast(text) {
    this.toast.textContent = text;
    this.toast.hidden = false;
    clearTimeout(this.toastTimer);
    this.toastTimer = setTimeout(() => { this.toast.hidden = true; }, 4000);
  }

  showTyping() {
    this.typing.hidden = false;
    clearTimeout(this.typingTimer);
    this.typingTimer = setTimeout(() => { this.typing.hidden = true; }, 5000);
    if (this.isAtEnd()) this.toEnd();
  }

  showPinned() {
    this.messages.get(this.pinned)?.node.scrollIntoView({ block: "center" });
  }

  /** Only whoever scrolls up leaves the end: a column that narrows makes its chat longer under a place that stays. */
  scrolled() {
    const { scrollTop } = this.scroller;
    if (this.isAtEnd()) this.stays = true;
    else if (scrollTop < this.top) this.stays = false;
    this.top = scrollTop;
    this.showPill(!this.stays && this.unseen);
  }

  isAtEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.scroller;
    return scrollHeight - scrollTop - clientHeight < NEAR_THE_END;
  }

  toEnd() {
    this.stays = true;
    this.unseen = false;
    this.showPill(false);
    this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  showPill(shown) {
    this.pill.hidden = !shown;
  }
}
