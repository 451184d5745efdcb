// The chat with the bot: messages, typing, the pinned one, Start, blocking.

import { call, get } from "/page/api.js";
import { Chat } from "/page/chat.js";
import { Composer } from "/page/composer.js";
import { botAvatar, iconButton, make, notify, whenLeft } from "/page/dom.js";
import { messageMenu } from "/page/message_menu.js";
import { pickFriend } from "/page/picker.js";

const TYPING_SECONDS = 5;

export class BotChat extends Chat {
  /** `look` is the picture and title of a chat that is not with `bot` alone. */
  constructor(phone, bot, look = { picture: botAvatar(), title: bot.first_name }) {
    super(phone, look.picture, look.title);
    const { words } = this;
    this.bot = bot;
    this.seen = 0;
    this.pinned = 0;
    this.link = null; // the payload of a link that was opened and not yet started
    this.composer = new Composer(phone, {
      send: (text, more) => this.act("send", { text, ...more }),
      edit: (number, text) => this.act("edit", { message_id: number, text }),
      nameOf: (message) => this.nameOf(message),
      key: (key) => this.pressKey(key),
      location: () => this.shareLocation(),
      upload: (kind, ...files) => this.upload(kind, files),
      where: () => this.where(),
      query: () => this.query(),
      bot,
    }, true);
    this.typing = make("li", { class: "typing", hidden: true }, make("i"), make("i"), make("i"), make("span", { class: "sr" }, words.say("bot_writing")));
    this.draft = make("span", { class: "draft", attrs: { dir: "auto" } });
    this.typing.append(this.draft);
    this.welcome = make("div", { class: "welcome", hidden: true });
    this.body.prepend(this.welcome);
    this.bar.addEventListener("click", () => this.acts.showMessage(this.pinned));
    this.more = iconButton("more", words.say("more"), () => this.toggleMenu());
    this.more.setAttribute("aria-expanded", "false");
    this.menu = make("div", { class: "menu chat-menu", hidden: true, on: { keydown: (event) => { if (event.key === "Escape") { this.toggleMenu(false); this.more.focus(); } } } });
    this.head.append(this.more, this.menu);
    whenLeft([this.more, this.menu], () => this.toggleMenu(false));
    this.body.addEventListener("pointerdown", (event) => { if (!event.target.closest(".message-menu")) this.closeMessageMenu?.(); });
    this.subtitle.textContent = this.about();
    this.loadMenuButton();
  }

  query() { return `?bot=${encodeURIComponent(this.bot.username)}`; }

  /** The line under the title. */
  about() { return this.words.say("bot"); }

  /** Read what changed, one reading at a time however often it is called. */
  async refresh() {
    if (this.reading) { this.again = true; return; }
    this.reading = true;
    try {
      do {
        this.again = false;
        this.show(await get(`/people/${this.phone.person.id}/messages${this.query()}&after=${this.event}`));
      } while (this.again);
    } catch (error) {
      notify(error.message);
    } finally {
      this.reading = false;
    }
  }

  show(chat) {
    const first = this.event === 0;
    this.seen = chat.seen;
    for (const message of chat.messages) this.place(message, first);
    for (const id of chat.deleted) this.remove(id);
    this.event = Math.max(this.event, chat.event);
    this.unread = chat.unread;
    const news = chat.messages.filter((message) => message.from === "bot");
    if (news.length) this.showTyping(false);
    this.markDays();
    this.list.append(this.typing);
    this.composer.setKeyboard(chat.reply_keyboard);
    this.composer.setAsked(this.messages.get(chat.asked)?.message ?? null, chat.placeholder);
    this.pinned = chat.pinned;
    this.bar.hidden = !this.messages.has(chat.pinned);
    this.bar.replaceChildren(make("strong", {}, this.words.say("pinned")), make("span", {}, this.messages.get(chat.pinned)?.message.brief.slice(0, 80) ?? ""));
    this.showStanding(chat);
    this.afterNew(chat.messages);
    if (!first && news.length) this.phone.announce(this, news.at(-1).brief);
    this.phone.chatsChanged();
  }

  isSeen(message) { return message.update <= this.seen; }

  showSeen(update) {
    this.seen = update;
    this.redrawTicks();
  }

  // Beginning, blocking, deleting

  showStanding(standing) {
    this.standing = standing;
    const { words } = this;
    const button = (label, act) => make("button", { type: "button", class: "strong wide", on: { click: act } }, label);
    const isNew = !standing.started && this.messages.size === 0;
    this.welcome.hidden = !isNew;
    if (standing.deactivated) this.foot.replaceChildren(make("p", { class: "foot-note" }, words.say("account_deleted")));
    else if (standing.blocked && this.link === null) this.foot.replaceChildren(make("p", { class: "foot-note" }, words.say("blocked")), button(words.say("unblock"), () => this.act("unblock")));
    else if (isNew || this.link !== null) this.showStart(isNew, button);
    else if (this.composer.node.parentNode !== this.foot) this.foot.replaceChildren(this.composer.node);
  }

  /** Telegram's large button: for a chat that has not begun, and for a link that was opened. */
  async showStart(isNew, button) {
    const payload = make("input", { placeholder: this.words.say("start_payload"), value: this.link ?? "", maxLength: 64, attrs: { "aria-label": this.words.say("start_payload") } });
    const press = async () => {
      const given = this.phone.developer ? payload.value.trim() : this.link ?? "";
      if (await this.act("start", { payload: given })) { this.link = null; this.showStanding(this.standing); }
    };
    this.foot.replaceChildren(make("div", { class: "start" }, this.phone.developer ? payload : null, button(this.words.say("start"), press)));
    if (!isNew) return;
    const { description, name } = await this.menuOf();
    this.title.textContent = name;
    this.welcome.replaceChildren(botAvatar(), make("h3", {}, name), make("p", {}, description || this.words.say("start_hint")));
  }

  /** A link of the bot's was opened on this phone. */
  openLink(payload) {
    if (payload) this.link = payload;
    if (this.standing) this.showStanding(this.standing);
    this.toEnd();
  }

  // One message

  get acts() {
    return { ...super.acts, menu: (message, node) => this.openMessageMenu(message, node), vote: (message, options) => this.act("vote", { message_id: message.message_id, options }) };
  }

  openMessageMenu(message, node) {
    this.closeMessageMenu?.();
    const close = () => { menu.remove(); this.closeMessageMenu = null; node.querySelector(".message-more")?.focus({ preventScroll: true }); };
    const menu = messageMenu(message, this, close);
    this.closeMessageMenu = close;
    this.body.append(menu);
    const frame = this.body.getBoundingClientRect();
    const bubble = node.querySelector(".bubble").getBoundingClientRect();
    const top = Math.min(Math.max(bubble.top - frame.top + 24, 8), frame.height - menu.offsetHeight - 8);
    menu.style.setProperty("top", `${Math.max(top, 8)}px`);
    menu.classList.add(message.from === "person" ? "at-right" : "at-left");
    menu.querySelector("button").focus({ preventScroll: true });
  }

  async forward(message) {
    const friend = await pickFriend(this.phone);
    if (friend && await this.act("forward", { message_id: message.message_id, to: friend.id })) await this.phone.refreshFriends();
  }

  /** Who wrote a message, for the line above an answer to it. */
  nameOf(message) { return message.from === "bot" ? this.title.textContent : this.words.say("you"); }

  menuOf() { return get(`/people/${this.phone.person.id}/commands${this.query()}`); }

  async loadMenuButton() {
    try {
      const { menu_button: menuButton, name } = await this.menuOf();
      this.title.textContent = name;
      this.composer.setMenuButton(menuButton);
    } catch (error) {
      notify(error.message);
    }
  }

  toggleMenu(open = this.menu.hidden) {
    const { words } = this;
    this.menu.hidden = !open;
    this.more.setAttribute("aria-expanded", String(open));
    if (!open) return;
    const item = ({ label, does, style = "" }) => make("button", { type: "button", class: `menu-item ${style}`, on: { click: () => { this.toggleMenu(false); does(); } } }, label);
    this.menu.replaceChildren(...this.menuItems(words).map(item));
    this.menu.firstChild.focus();
  }

  menuItems(words) {
    const act = this.standing?.blocked ? "unblock" : "block";
    return [
      { label: words.say("new_group"), does: () => this.phone.newGroup(this.bot) },
      { label: words.say(this.standing?.blocked ? "unblock_bot" : "block"), does: () => this.act(act) },
      { label: words.say("danger_delete"), does: () => this.act("deactivate"), style: "danger" },
    ];
  }

  // Acts

  async act(name, content = {}) {
    try {
      await this.post(name, content);
      this.toEnd();
      return true;
    } catch (error) {
      notify(error.message);
      return false;
    }
  }

  send(text) { return this.act("send", { text }); }

  async pressKey(key) {
    if (key.asks === "location") await this.shareLocation(key.label);
    else if (key.asks === "app") this.phone.openApp(key.url, "keyboard", key.label, this.query());
    else await this.act("tap", { label: key.label });
  }

  async shareLocation(label) {
    const place = await this.phone.askLocation();
    if (place) await (label ? this.act("tap", { label, ...place }) : this.act("location", place));
  }

  async upload(kind, files) {
    const form = new FormData();
    for (const [name, value] of Object.entries(this.where())) form.append(name, String(value));
    for (const file of files) form.append("file", file);
    try {
      await call("POST", `/people/${this.phone.person.id}/${kind}${this.query()}`, form);
      this.toEnd();
    } catch (error) {
      notify(error.message);
    }
  }

  /** `draft` is what the bot has of its next message so far. */
  showTyping(shown = true, draft = "") {
    this.typing.hidden = !shown;
    this.draft.textContent = draft;
    this.subtitle.textContent = shown ? this.words.say("bot_writing") : this.about();
    clearTimeout(this.typingTimer);
    if (!shown) return;
    this.typingTimer = setTimeout(() => this.showTyping(false), TYPING_SECONDS * 1000);
    if (this.isAtEnd()) this.toEnd();
  }
}
