// A chat on a phone: its header, its messages, what is shown over them, its foot. BotChat, GroupChat and FriendChat are its kinds.

import { iconButton, make, notify } from "/page/dom.js";
import { messageNode, textNode } from "/page/message.js";

const NEAR_THE_END = 120;
const TOAST_SECONDS = 4;

export class Chat {
  /** `phone` has `words`, `person`, `bot()`, `open(address)`, `developer`, `showChats()`; `picture` and `title` are the other side's. */
  constructor(phone, picture, title) {
    this.phone = phone;
    this.bot = phone.bot();
    this.words = phone.words;
    this.messages = new Map();
    this.event = 0;
    this.stays = true;
    this.top = 0;
    this.unread = 0;
    this.title = make("h2", {}, title);
    this.subtitle = make("p", {}, "");
    this.list = make("ol", { class: "messages" });
    this.scroller = make("div", { class: "scroller", tabIndex: 0, attrs: { role: "log", "aria-label": this.words.say("messages_with", { name: title }) } }, this.list);
    this.scroller.addEventListener("scroll", () => this.scrolled());
    // A keyboard that opens or a picture that arrives must not hide the end of the chat.
    const observer = new ResizeObserver(() => { if (this.stays) this.toEnd(); });
    observer.observe(this.scroller);
    observer.observe(this.list);
    this.pill = iconButton("down", this.words.say("new_messages"), () => this.toEnd(), "round pill");
    this.pill.hidden = true;
    this.toast = make("div", { class: "toast", hidden: true, attrs: { role: "status" } });
    this.foot = make("div", { class: "foot" });
    this.bar = make("button", { type: "button", class: "pin-bar", hidden: true });
    this.body = make("div", { class: "body" }, this.scroller, this.pill, this.toast);
    this.back = iconButton("back", this.words.say("back_to_chats"), () => phone.showChats(), "round back");
    this.head = make("header", { class: "chat-head" }, this.back, picture, make("div", { class: "who" }, this.title, this.subtitle));
    this.node = make("section", { class: "chat" }, this.head, this.bar, this.body, this.foot);
  }

  get acts() {
    return {
      words: this.words,
      developer: this.phone.developer,
      me: this.phone.person.id,
      command: (text) => this.send(text),
      open: (address) => this.phone.open(address),
      press: (...pressed) => this.press(...pressed),
      showMessage: (number) => this.messages.get(number)?.node.scrollIntoView({ block: "center" }),
    };
  }

  /** Whether a message of the phone's owner was read. */
  isSeen() { return false; }

  place(message, first) {
    const known = this.messages.get(message.message_id);
    const node = messageNode(message, this.acts, this.isSeen(message));
    if (known) {
      if (message.edits > known.message.edits) node.classList.add("changed");
      known.node.replaceWith(node);
    } else {
      if (!first) node.classList.add("arrived");
      this.shelf(message).append(node);
    }
    this.messages.set(message.message_id, { message, node });
    if (message.album) this.captionAlbum(message.album);
  }

  remove(number) {
    const gone = this.messages.get(number);
    gone?.node.remove();
    this.messages.delete(number);
    if (gone?.message.album) this.captionAlbum(gone.message.album);
  }

  /** The only caption of an album stands under all of it. */
  captionAlbum(number) {
    const album = this.shelf({ album: number }).parentNode;
    const said = [...this.messages.values()].filter(({ message }) => message.album === number && message.text);
    album.querySelector(":scope > .album-caption")?.remove();
    album.classList.toggle("lifted", said.length === 1);
    if (said.length === 1) album.append(make("div", { class: "bubble album-caption" }, textNode(said[0].message, this.acts)));
  }

  /** Where a new message stands: at the end of the chat, or beside the others of its album. */
  shelf(message) {
    if (!message.album) return this.list;
    const known = this.list.querySelector(`[data-album="${CSS.escape(message.album)}"] > ol`);
    if (known) return known;
    const shelf = make("ol", {});
    this.list.append(make("li", { class: `album ${message.from === "person" ? "mine" : "theirs"}`, data: { album: message.album } }, shelf));
    return shelf;
  }

  /** Draw again the ticks of what was read since. */
  redrawTicks() {
    for (const { message, node } of this.messages.values()) {
      if (message.from === "person" && this.isSeen(message) && !node.querySelector(".ticks.seen")) this.place(message, true);
    }
  }

  markDays() {
    this.list.querySelectorAll(".day").forEach((node) => node.remove());
    let last = "";
    for (const { message, node } of this.messages.values()) {
      const day = this.words.day(message.date);
      if (day !== last) (node.closest(".album") ?? node).before(make("li", { class: "day" }, make("span", {}, day)));
      last = day;
    }
  }

  afterNew(messages) {
    if (this.stays) this.toEnd();
    else if (messages.length) { this.unseen = true; this.showPill(true); }
  }

  /** Do one of the buttons under a message. */
  async press(message, button, node) {
    if (button.url) this.phone.open(button.url);
    else if (button.web_app) this.phone.openApp(button.web_app, "inline", button.label, this.query());
    else if (button.inline?.here) this.composer.begin(`@${this.bot.username} ${button.inline.query}`);
    else if (button.inline) this.phone.shareInline(this.bot, button.inline.query);
    else if (button.copy) await this.copy(button.copy);
    else if (button.data !== null) await this.tap(message, button, node);
  }

  async copy(text) {
    try {
      await navigator.clipboard.writeText(text);
      this.showToast(this.words.say("copied"));
    } catch (error) {
      notify(error.message);
    }
  }

  async tap(message, button, node) {
    if (node.classList.contains("pending")) return;
    node.classList.add("pending");
    node.setAttribute("aria-busy", "true");
    try {
      const { toast, alert, url, answered } = await this.post("tap", { message_id: message.message_id, data: button.data, wait: 20 });
      if (alert) this.phone.alert(alert, this.bot.first_name);
      else if (toast) this.showToast(toast);
      else if (!answered) this.showToast(this.words.say("bot_silent"));
      if (url) this.phone.open(url);
    } catch (error) {
      notify(error.message);
    } finally {
      node.classList.remove("pending");
      node.removeAttribute("aria-busy");
    }
  }

  /** What says in which chat something is done; nothing for that with the bot. */
  where() { return {}; }

  /** What says in the address with which bot; the first one is meant without. */
  query() { return ""; }

  post(act, content = {}) { return this.phone.post(act, { ...this.where(), ...content }, this.query()); }

  /** Tell the simulator that the owner has read everything, if they look at it. */
  async read() {
    if (!this.unread || !this.node.isConnected || document.hidden || !this.stays) return;
    this.unread = 0;
    await this.post("read");
  }

  showToast(text) {
    this.toast.textContent = text;
    this.toast.hidden = false;
    clearTimeout(this.toastTimer);
    this.toastTimer = setTimeout(() => { this.toast.hidden = true; }, TOAST_SECONDS * 1000);
  }

  /** Only whoever scrolls up leaves the end: a chat that narrows becomes longer under a place that stays. */
  scrolled() {
    const { scrollTop } = this.scroller;
    if (this.isAtEnd()) this.stays = true;
    else if (scrollTop < this.top) this.stays = false;
    this.top = scrollTop;
    this.showPill(!this.stays);
    this.read();
  }

  isAtEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.scroller;
    return scrollHeight - scrollTop - clientHeight < NEAR_THE_END;
  }

  toEnd() {
    this.stays = true;
    this.showPill(false);
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.read();
  }

  showPill(shown) {
    this.pill.hidden = !shown;
  }
}
