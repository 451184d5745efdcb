// The chat with a friend: where a shared link or an invitation arrives.

import { Chat } from "/page/chat.js";
import { Composer } from "/page/composer.js";
import { avatar, fullName, make, notify } from "/page/dom.js";

export class FriendChat extends Chat {
  constructor(phone, friend) {
    super(phone, avatar(friend), fullName(friend));
    this.friend = friend;
    this.composer = new Composer(phone, { send: (text) => this.send(text), where: () => this.where(), query: () => "", bot: this.bot }, false);
    this.foot.append(this.composer.node);
    this.empty = make("li", { class: "day" }, make("span", {}, this.words.say("empty_chat")));
    this.list.append(this.empty);
  }

  /** Take over what the simulator says of this chat. */
  show(chat) {
    const fresh = chat.messages.filter((message) => message.event > this.event);
    const first = this.event === 0;
    const changed = chat.messages.filter((message) => message.event > this.event || message.seen !== this.messages.get(message.message_id)?.message.seen);
    for (const message of changed) this.place(message, first);
    this.event = Math.max(this.event, chat.event);
    this.unread = chat.unread;
    this.empty.remove();
    this.markDays();
    this.afterNew(fresh);
    return fresh;
  }

  isSeen(message) { return message.seen; }

  get acts() { return { ...super.acts, vote: (message, options) => this.vote(message, options) }; }

  async vote(message, options) {
    try {
      await this.post("vote", { message_id: message.message_id, options });
    } catch (error) {
      notify(error.message);
    }
  }

  where() { return { friend: this.friend.id }; }

  async send(text) {
    try {
      await this.phone.post("write", { to: this.friend.id, text });
      this.toEnd();
      return true;
    } catch (error) {
      notify(error.message);
      return false;
    }
  }
}
