// A group: who is in it, its topics, what happened in it.

import { BotChat } from "/page/bot_chat.js";
import { icon, make, notify } from "/page/dom.js";
import { pickFriend } from "/page/picker.js";
import { textSheet } from "/page/sheet.js";

/** The picture of a group: the first letters of its title. */
export function groupAvatar(group, className = "avatar group-avatar") {
  const badge = make("span", { class: className, attrs: { "aria-hidden": "true" } }, group.title.split(/\s+/).slice(0, 2).map((word) => [...word][0] ?? "").join("").toUpperCase());
  badge.style.setProperty("--hue", String((Math.abs(group.id) * 67) % 360));
  return badge;
}

export class GroupChat extends BotChat {
  constructor(phone, group) {
    super(phone, phone.bot(), { picture: groupAvatar(group), title: group.title });
    this.group = group;
    this.topic = 0;
    this.tabs = make("div", { class: "topics", hidden: true, attrs: { role: "group", "aria-label": this.words.say("topics") } });
    this.head.after(this.tabs);
    this.follow(group);
  }

  // The base class asks for these before this.group is set.
  query() { return `?bot=${encodeURIComponent(this.bot.username)}${this.group ? `&group=${this.group.id}` : ""}`; }
  where() { return { group: this.group.id, topic: this.topic }; }
  about() { return this.group ? this.words.say("members", { n: this.members.length }) : ""; }
  async loadMenuButton() { this.composer.setMenuButton({ type: "commands" }); }

  get members() { return this.group.members.filter(({ status, is_member: stays }) => !["left", "kicked"].includes(status) && stays !== false); }

  /** The group as it stands in the list of chats now. */
  follow(group) {
    const changed = group.event > this.event;
    this.take(group);
    if (changed) this.refresh();
  }

  take(group) {
    this.group = group;
    this.unread = group.unread;
    this.title.textContent = group.title;
    this.subtitle.textContent = this.about();
    this.showTopics();
    this.showStanding();
  }

  show(chat) {
    this.take(chat.group);
    super.show(chat);
  }

  place(message, first) {
    super.place(message, first);
    const { node } = this.messages.get(message.message_id);
    node.hidden = !this.isShown(message);
  }

  isShown(message) { return !this.group.is_forum || message.topic === this.topic; }

  markDays() {
    super.markDays();
    // A day is said only where something of it is shown.
    for (const day of this.list.querySelectorAll(".day")) {
      let next = day.nextElementSibling;
      while (next?.hidden) next = next.nextElementSibling;
      day.hidden = !next || next.matches(".day, .typing");
    }
  }

  isSeen() { return true; }

  nameOf(message) { return message.from === "person" ? this.words.say("you") : message.sender.first_name; }

  // Topics

  showTopics() {
    const { words } = this;
    this.tabs.hidden = !this.group.is_forum;
    if (!this.group.is_forum) return;
    const known = this.group.topics.filter(({ hidden }) => !hidden);
    const general = this.group.topics.find(({ topic }) => topic === 0);
    const shown = general ? known : [{ topic: 0, name: words.say("general"), color: 0 }, ...known];
    if (!shown.some(({ topic }) => topic === this.topic)) this.openTopic(shown[0]?.topic ?? 0);
    this.tabs.replaceChildren(...shown.sort((a, b) => a.topic - b.topic).map((topic) => this.tab(topic)),
      make("button", { type: "button", class: "topic", title: words.say("new_topic"), attrs: { "aria-label": words.say("new_topic") }, on: { click: () => this.newTopic() } }, icon("plus")));
  }

  tab({ topic, name, color, closed }) {
    const dot = make("i", { attrs: { "aria-hidden": "true" } });
    if (color) dot.style.setProperty("--topic", `#${color.toString(16).padStart(6, "0")}`);
    return make("button", { type: "button", class: `topic ${closed ? "closed" : ""}`, title: closed ? this.words.say("closed") : "", attrs: { "aria-pressed": String(topic === this.topic) }, on: { click: () => { this.openTopic(topic); this.showTopics(); } } }, dot, name);
  }

  openTopic(topic) {
    this.topic = topic;
    for (const { message, node } of this.messages.values()) node.hidden = !this.isShown(message);
    this.markDays();
    this.showStanding();
    this.toEnd();
  }

  get opened() { return this.group.topics.find(({ topic }) => topic === this.topic); }

  async newTopic() {
    const name = await textSheet(this.phone, this.words.say("new_topic"));
    if (!name) return;
    try {
      const made = await this.post("topic", { name });
      await this.phone.refreshGroups();
      this.openTopic(made.topic);
      this.showTopics();
    } catch (error) {
      notify(error.message);
    }
  }

  // Being in it

  showStanding() {
    this.welcome.hidden = true;
    const { words } = this;
    if (!this.group.here) this.foot.replaceChildren(make("button", { type: "button", class: "strong wide", on: { click: () => this.act("join") } }, words.say("join")));
    else if (this.opened?.closed && !this.group.admin) this.foot.replaceChildren(make("p", { class: "foot-note" }, words.say("closed")));
    else if (this.composer.node.parentNode !== this.foot) this.foot.replaceChildren(this.composer.node);
  }

  menuItems(words) {
    const item = (label, act, content = {}, style = "") => ({ label, does: () => this.act(act, content), style });
    const { topic, opened } = this;
    return [
      ...this.phone.bots.flatMap((bot) => this.botItems(bot, words, item)),
      { label: words.say("add_member"), does: () => this.addMember() },
      ...(this.group.admin ? this.group.requests : []).flatMap(({ id, first_name: name }) => [
        item(words.say("let_in", { name }), "admit", { member: id }),
        item(words.say("turn_away", { name }), "admit", { member: id, on: false }),
      ]),
      ...(this.group.is_forum ? [
        { label: words.say("new_topic"), does: () => this.newTopic() },
        item(words.say(opened?.closed ? "reopen_topic" : "close_topic"), "topic-change", { topic, closed: !opened?.closed }),
        ...(topic ? [item(words.say("delete_topic"), "topic-delete", { topic }, "danger")] : []),
      ] : [item(words.say("turn_topics_on"), "topics", { on: true })]),
      item(words.say("leave_group"), "leave", {}, "danger"),
    ];
  }

  botItems(bot, words, item) {
    const { username } = bot;
    const standing = this.group.members.find(({ user }) => user.id === bot.id)?.status ?? "left";
    if (["left", "kicked"].includes(standing)) return [item(words.say("add_bot", { bot: username }), "add", { member_bot: username })];
    return [
      standing === "administrator" ? item(words.say("no_admin", { bot: username }), "promote", { member_bot: username, rights: [] }) : item(words.say("make_admin", { bot: username }), "promote", { member_bot: username }),
      item(words.say("remove_bot", { bot: username }), "remove", { member_bot: username }),
    ];
  }

  async addMember() {
    const friend = await pickFriend(this.phone);
    if (friend) await this.act("add", { member: friend.id });
  }
}
