// One person's phone: a screen with the chat with the bot, the chats with friends, or the list of both.

import { get, post } from "/page/api.js";
import { BotChat } from "/page/bot_chat.js";
import { now } from "/page/clock.js";
import { arrowKeys, avatar, botAvatar, fullName, icon, iconButton, make, notify, ticks, unreadBadge } from "/page/dom.js";
import { FriendChat } from "/page/friend_chat.js";
import { readLink } from "/page/links.js";
import { withoutPayload } from "/page/message.js";
import { MiniApp, themeParams } from "/page/mini_app.js";
import { pickFriend } from "/page/picker.js";
import { alertSheet, linkSheet, locationSheet } from "/page/sheet.js";
import { wordsFor } from "/page/words.js";

const BANNER_SECONDS = 6;

export class Phone {
  /** `bot` is the bot as it is known now; `onClose` takes the phone away; `frameWords` are those of the page around it. */
  constructor(person, bot, { onClose, developer, frameWords }) {
    this.person = person;
    this.bot = () => bot;
    this.onClose = onClose;
    this.developer = developer;
    this.words = wordsFor(person.language_code);
    this.friends = new Map(); // id -> FriendChat
    this.chats = [];
    this.view = make("div", { class: "view" });
    this.banner = make("button", { type: "button", class: "banner", hidden: true, attrs: { "aria-live": "polite" } });
    this.screen = make("div", { class: "screen", attrs: { lang: this.words.language } }, this.view, this.banner);
    const about = [person.note, developer ? `${person.language_code} · ${person.id}` : null].filter(Boolean).join(" · ");
    const strip = make("header", { class: "device" }, avatar(person, "avatar small"), make("strong", {}, fullName(person)), make("span", {}, about),
      iconButton("close", frameWords.say("close_phone", { name: person.first_name }), onClose, "round small close"));
    this.node = make("article", { class: "column", data: { person: String(person.id) }, attrs: { "aria-label": frameWords.say("phone_of", { name: person.first_name }) } }, strip, this.screen);
    this.botChat = new BotChat(this);
    this.show(this.botChat);
  }

  post(act, content) { return post(`/people/${this.person.id}/${act}`, content); }

  refresh() {
    this.botChat.refresh();
    this.refreshFriends();
  }

  async refreshFriends() {
    try {
      const { chats } = await get(`/people/${this.person.id}/friends`);
      const known = this.chats.length > 0 || this.loaded;
      this.loaded = true;
      this.chats = chats;
      for (const chat of chats) {
        const fresh = this.friendChat(chat.friend).show(chat).filter((message) => message.from === "friend");
        if (known && fresh.length) this.announce(this.friendChat(chat.friend), fresh.at(-1).text);
      }
      this.chatsChanged();
    } catch (error) {
      notify(error.message);
    }
  }

  friendChat(friend) {
    if (!this.friends.has(friend.id)) this.friends.set(friend.id, new FriendChat(this, friend));
    return this.friends.get(friend.id);
  }

  // What the screen shows

  show(shown) {
    this.shown = shown;
    this.view.replaceChildren(shown.node);
    this.chatsChanged();
    if (shown.toEnd) { shown.toEnd(); shown.read(); }
  }

  /** The list of chats on this phone; where there is only one chat, the phone itself is left. */
  showChats() {
    if (this.chats.length === 0) { this.onClose(); return; }
    this.show({ node: this.chatList(), isList: true });
    this.view.querySelector("button.chat-row")?.focus();
  }

  chatList() {
    const { words } = this;
    const bot = this.bot();
    const last = [...this.botChat.messages.values()].at(-1)?.message;
    const rows = [
      { chat: this.botChat, picture: botAvatar(), name: bot.first_name, date: last?.date, text: last?.text || kindWord(last, words), unread: this.botChat.unread, mine: last?.from === "person", seen: last && this.botChat.isSeen(last) },
      ...this.chats.map((each) => ({
        chat: this.friendChat(each.friend), picture: avatar(each.friend), name: fullName(each.friend), date: each.last_date, text: each.last_text || (each.last_kind ? words.say(KINDS[each.last_kind] ?? "file") : ""),
        unread: each.unread, mine: each.last_mine, seen: each.messages.at(-1)?.seen,
      })),
    ].sort((a, b) => (b.date ?? "").localeCompare(a.date ?? ""));
    const list = make("ul", { class: "chat-rows" }, ...rows.map((row) => make("li", {}, make("button", { type: "button", class: "chat-row", on: { click: () => this.show(row.chat) } },
      row.picture, chatLines(row, words)))));
    arrowKeys(list, "button");
    return make("section", { class: "chat", attrs: { "aria-label": words.say("chats_of", { name: this.person.first_name }) } },
      make("header", { class: "chat-head" }, iconButton("back", words.say("back"), () => this.onClose(), "round back leave"), make("div", { class: "who" }, make("h2", {}, words.say("chats")))), list);
  }

  /** Something changed that the list, or the arrow that leads to it, shows. */
  chatsChanged() {
    if (this.shown?.isList) { this.shown = { node: this.chatList(), isList: true }; this.view.replaceChildren(this.shown.node); }
    const open = this.shown;
    const elsewhere = [this.botChat, ...this.friends.values()].filter((chat) => chat !== open).reduce((sum, chat) => sum + chat.unread, 0);
    for (const chat of [this.botChat, ...this.friends.values()]) {
      chat.back.classList.toggle("many", this.chats.length > 0);
      chat.back.replaceChildren(icon("back"), ...[unreadBadge(elsewhere, this.words)].filter(Boolean));
    }
  }

  /** A message arrived in a chat that is not on the screen. */
  announce(chat, text) {
    if (chat === this.shown || this.shown?.isList) return;
    const picture = chat.friend ? avatar(chat.friend) : botAvatar();
    this.banner.replaceChildren(picture, make("span", {}, make("strong", {}, chat.title.textContent), make("span", {}, text)));
    this.banner.onclick = () => { this.banner.hidden = true; this.show(chat); };
    this.banner.hidden = false;
    clearTimeout(this.bannerTimer);
    this.bannerTimer = setTimeout(() => { this.banner.hidden = true; }, BANNER_SECONDS * 1000);
  }

  // Links, friends, Mini Apps

  /** Follow a link as Telegram does: its own stay inside, others are asked about first. */
  async open(address) {
    const link = readLink(address, this.bot().username);
    if (link?.kind === "bot") { this.show(this.botChat); this.botChat.openLink(link.payload); }
    else if (link?.kind === "share") await this.share(link.text);
    else if (link?.kind === "here" || (link && await linkSheet(this, link.url))) window.open(link.url, "_blank", "noopener,noreferrer");
  }

  /** Pass something on to a friend who is chosen. */
  async share(text) {
    const friend = await pickFriend(this);
    if (!friend) return;
    try {
      await this.post("write", { to: friend.id, text });
      await this.refreshFriends();
      this.show(this.friendChat(friend));
    } catch (error) {
      notify(error.message);
    }
  }

  /** Choose a friend, then one of the bot's answers to an inline query. */
  async shareInline(query) {
    const friend = await pickFriend(this);
    if (!friend) return;
    const chat = this.friendChat(friend);
    this.show(chat);
    chat.composer.begin(`@${this.bot().username} ${query}`);
  }

  /** Pass on a message that the bot prepared (savePreparedInlineMessage); whether it was sent. */
  async sharePrepared(id) {
    const friend = await pickFriend(this);
    if (!friend) return false;
    try {
      await this.post("choose", { inline_query_id: id, friend: friend.id });
      await this.refreshFriends();
      return true;
    } catch (error) {
      notify(error.message);
      return false;
    }
  }

  async openApp(url, kind, label) {
    const link = readLink(url, this.bot().username);
    if (link?.kind !== "here") { this.alert(`${this.words.say("mini_app_elsewhere")} ${url}`, this.words.say("mini_app")); return; }
    try {
      const { url: address } = await this.post("app", { url, kind, theme: themeParams() });
      await new MiniApp(this, address, kind, label).open();
    } catch (error) {
      notify(error.message);
    }
  }

  alert(text, title = this.bot().first_name) { return alertSheet(this, title, text); }

  askLocation() { return locationSheet(this); }
}

// The word for what a message holds, by the name of its field.
export const KINDS = { photo: "photo", video: "video", animation: "animation", audio: "audio", voice: "voice", video_note: "video_note", sticker: "sticker", location: "location", venue: "place", contact: "contact", poll: "poll", document: "file" };

function kindWord(message, words) {
  if (!message) return "";
  const kind = message.file?.kind ?? Object.keys(KINDS).find((name) => (Array.isArray(message[name]) ? message[name].length : message[name]));
  return kind ? words.say(KINDS[kind]) : "";
}

/** The two lines of a chat in a list: name, tick and time; the last text and how many wait. */
export function chatLines({ name, tag, date, text, unread, mine, seen }, words) {
  return make("span", { class: "chat-lines" },
    make("span", { class: "chat-line" }, make("strong", {}, name),
      date ? make("span", { class: "when" }, mine ? ticks(seen, words) : null, make("time", { dateTime: date }, words.when(date, now()))) : null),
    make("span", { class: "chat-line" }, make("span", { class: "last" }, tag ? make("span", { class: "tag-note" }, tag, text ? " · " : "") : null, mine ? withoutPayload(text) : text), unreadBadge(unread, words)));
}
