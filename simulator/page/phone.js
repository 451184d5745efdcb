// One person's phone: a screen with the chat with the bot, the chats with friends, or the list of both.

import { get, post } from "/page/api.js";
import { BotChat } from "/page/bot_chat.js";
import { now } from "/page/clock.js";
import { arrowKeys, avatar, botAvatar, fullName, icon, iconButton, make, notify, ticks, unreadBadge } from "/page/dom.js";
import { FriendChat } from "/page/friend_chat.js";
import { GroupChat, groupAvatar } from "/page/group_chat.js";
import { readLink } from "/page/links.js";
import { withoutPayload } from "/page/message.js";
import { MiniApp, themeParams } from "/page/mini_app.js";
import { pickFriend } from "/page/picker.js";
import { alertSheet, groupSheet, groupsSheet, linkSheet, locationSheet } from "/page/sheet.js";
import { wordsFor } from "/page/words.js";

const BANNER_SECONDS = 6;

export class Phone {
  /** `bots` are the bots as they are known now, the first one first; `onClose` takes the phone away; `frameWords` are those of the page around it. */
  constructor(person, bots, { onClose, developer, frameWords }) {
    this.person = person;
    this.bots = bots;
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
    this.botChats = new Map(bots.map((bot) => [bot.id, new BotChat(this, bot)]));
    this.groups = new Map(); // id -> GroupChat
    this.botChat = this.botChats.get(bots[0].id);
    this.show(this.botChat);
  }

  /** The bot that is meant where none is named. */
  bot() { return this.bots[0]; }

  /** `query` says in the address with which bot. */
  post(act, content, query = "") { return post(`/people/${this.person.id}/${act}${query}`, content); }

  refresh() {
    for (const chat of this.botChats.values()) chat.refresh();
    this.refreshFriends();
    this.refreshGroups();
  }

  async refreshGroups() {
    try {
      const { groups } = await get(`/people/${this.person.id}/groups`);
      for (const group of groups) {
        if (!this.groups.has(group.id)) this.groups.set(group.id, new GroupChat(this, group));
        this.groups.get(group.id).follow(group);
      }
      this.chatsChanged();
    } catch (error) {
      notify(error.message);
    }
  }

  /** Make a group with a bot in it. */
  async newGroup(bot) {
    const wanted = await groupSheet(this);
    if (!wanted) return;
    try {
      const { id } = await post("/groups", { ...wanted, owner: this.person.id, bots: [bot.username] });
      await this.refreshGroups();
      this.show(this.groups.get(id));
    } catch (error) {
      notify(error.message);
    }
  }

  /** Choose one of the owner's groups, or make one, for a bot that wants to be added to it. */
  async addToGroup({ bot, payload }) {
    const group = await groupsSheet(this, [...this.groups.values()].map((chat) => chat.group).filter(({ here }) => here));
    if (!group) return;
    if (group === "new") { await this.newGroup(bot); return; }
    try {
      await this.post("start", { group: group.id, payload }, `?bot=${encodeURIComponent(bot.username)}`);
      this.show(this.groups.get(group.id));
    } catch (error) {
      notify(error.message);
    }
  }

  async join(link) {
    try {
      const { id, requested, title } = await this.post("join", { link });
      if (requested) { this.alert(this.words.say("join_asked"), title); return; }
      await this.refreshGroups();
      this.show(this.groups.get(id));
    } catch (error) {
      notify(error.message);
    }
  }

  /** Every chat of this phone. */
  get all() { return [...this.botChats.values(), ...this.groups.values(), ...this.friends.values()]; }

  async refreshFriends() {
    try {
      const { chats } = await get(`/people/${this.person.id}/friends`);
      const known = this.chats.length > 0 || this.loaded;
      this.loaded = true;
      this.chats = chats;
      for (const chat of chats) {
        const fresh = this.friendChat(chat.friend).show(chat).filter((message) => message.from === "friend");
        if (known && fresh.length) this.announce(this.friendChat(chat.friend), fresh.at(-1).brief);
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
    if (this.all.length === 1) { this.onClose(); return; }
    this.show({ node: this.chatList(), isList: true });
    this.view.querySelector("button.chat-row")?.focus();
  }

  chatList() {
    const { words } = this;
    const rows = [
      ...[...this.botChats.values()].map((chat) => botRow(chat, words)),
      ...[...this.groups.values()].map((chat) => groupRow(chat, words)),
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
    const elsewhere = this.all.filter((chat) => chat !== open).reduce((sum, chat) => sum + chat.unread, 0);
    for (const chat of this.all) {
      chat.back.classList.toggle("many", this.all.length > 1);
      chat.back.replaceChildren(icon("back"), ...[unreadBadge(elsewhere, this.words)].filter(Boolean));
    }
  }

  /** A message arrived in a chat that is not on the screen. */
  announce(chat, text) {
    if (chat === this.shown || this.shown?.isList) return;
    const picture = chat.friend ? avatar(chat.friend) : chat.group ? groupAvatar(chat.group) : botAvatar();
    this.banner.replaceChildren(picture, make("span", {}, make("strong", {}, chat.title.textContent), make("span", {}, text)));
    this.banner.onclick = () => { this.banner.hidden = true; this.show(chat); };
    this.banner.hidden = false;
    clearTimeout(this.bannerTimer);
    this.bannerTimer = setTimeout(() => { this.banner.hidden = true; }, BANNER_SECONDS * 1000);
  }

  // Links, friends, Mini Apps

  /** Follow a link as Telegram does: its own stay inside, others are asked about first. */
  async open(address) {
    const link = readLink(address, this.bots);
    if (link?.toApp && link.bot.main_app) await this.openApp(link.bot.main_app, "main", link.bot.first_name, `?bot=${encodeURIComponent(link.bot.username)}`, link.payload);
    else if (link?.toGroup) await this.addToGroup(link);
    else if (link?.kind === "bot") { const chat = this.botChats.get(link.bot.id); this.show(chat); chat.openLink(link.payload); }
    else if (link?.kind === "invite") await this.join(link.url);
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
  async shareInline(bot, query) {
    const friend = await pickFriend(this);
    if (!friend) return;
    const chat = this.friendChat(friend);
    this.show(chat);
    chat.composer.begin(`@${bot.username} ${query}`);
  }

  /** Pass on a message that the bot prepared (savePreparedInlineMessage); whether it was sent. */
  async sharePrepared(id, query) {
    const friend = await pickFriend(this);
    if (!friend) return false;
    try {
      await this.post("choose", { inline_query_id: id, friend: friend.id }, query);
      await this.refreshFriends();
      return true;
    } catch (error) {
      notify(error.message);
      return false;
    }
  }

  async openApp(url, kind, label, query = "", start = "") {
    const link = readLink(url, this.bots);
    if (link?.kind !== "here") { this.alert(`${this.words.say("mini_app_elsewhere")} ${url}`, this.words.say("mini_app")); return; }
    try {
      const { url: address } = await this.post("app", { url, kind, start, theme: themeParams() }, query);
      await new MiniApp(this, address, kind, label, query).open();
    } catch (error) {
      notify(error.message);
    }
  }

  alert(text, title = this.bot().first_name) { return alertSheet(this, title, text); }

  askLocation() { return locationSheet(this); }
}

// The word for what a message holds, by the name of its field.
export const KINDS = { photo: "photo", video: "video", animation: "animation", audio: "audio", voice: "voice", video_note: "video_note", sticker: "sticker", location: "location", venue: "place", contact: "contact", poll: "poll", document: "file" };

function botRow(chat, words) {
  const last = [...chat.messages.values()].at(-1)?.message;
  return { chat, picture: botAvatar(), name: chat.bot.first_name, date: last?.date, text: last?.brief || kindWord(last, words), unread: chat.unread, mine: last?.from === "person", seen: last && chat.isSeen(last) };
}

function groupRow(chat, words) {
  const { group } = chat;
  const said = group.last_text || (group.last_kind ? words.say(KINDS[group.last_kind] ?? "group") : "");
  return { chat, picture: groupAvatar(group), name: group.title, date: group.last_date, text: said, tag: group.last_mine ? "" : group.last_sender, unread: group.unread, mine: false };
}

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
