// A Mini App in a panel over the phone: the frame, its main button, and what app and Telegram say to each other.
//
// The messages are those of telegram-web-app.js: {eventType, eventData} as JSON, by postMessage.

import { icon, iconButton, make, notify } from "/page/dom.js";
import { Sheet } from "/page/sheet.js";

/** The colours of this page, by the names that Telegram gives a Mini App. */
export function themeParams() {
  const style = getComputedStyle(document.documentElement);
  const colours = {
    bg_color: "--raised", secondary_bg_color: "--surface", text_color: "--ink", hint_color: "--soft", link_color: "--link",
    button_color: "--accent", button_text_color: "--on-accent", header_bg_color: "--surface", accent_text_color: "--accent",
    section_bg_color: "--raised", section_header_text_color: "--accent", subtitle_text_color: "--soft", destructive_text_color: "--danger",
    bottom_bar_bg_color: "--surface",
  };
  return Object.fromEntries(Object.entries(colours).map(([name, variable]) => [name, style.getPropertyValue(variable).trim()]));
}

export class MiniApp {
  /** `label` is what the button says that opens it; `kind` where the button stands. */
  constructor(phone, address, kind, label, query) {
    this.phone = phone;
    this.query = query;
    this.kind = kind;
    this.label = label;
    this.origin = new URL(address).origin;
    // The app runs under its own origin: what it may do here is said by the messages below, and nothing else.
    this.frame = make("iframe", { class: "app-frame", src: address, title: label, attrs: { sandbox: "allow-scripts allow-same-origin allow-forms allow-popups", referrerpolicy: "no-referrer" } });
    this.main = make("button", { type: "button", class: "strong wide", hidden: true, on: { click: () => this.tell("main_button_pressed") } });
    this.back = iconButton("back", phone.words.say("back"), () => this.tell("back_button_pressed"));
    this.back.hidden = true;
    this.sheet = new Sheet(phone, label, "panel");
    const bar = this.sheet.bar();
    bar.prepend(this.back, icon("app"));
    this.sheet.node.append(bar, this.frame, this.main);
    this.listener = (event) => { if (event.source === this.frame.contentWindow && event.origin === this.origin) this.hear(event.data); };
  }

  async open() {
    window.addEventListener("message", this.listener);
    await this.sheet.open();
    window.removeEventListener("message", this.listener);
  }

  tell(eventType, eventData = {}) {
    this.frame.contentWindow?.postMessage(JSON.stringify({ eventType, eventData }), this.origin);
  }

  hear(data) {
    let said;
    try {
      said = JSON.parse(data);
    } catch {
      return; // not a message of the protocol
    }
    const given = said.eventData ?? {};
    const heard = {
      web_app_close: () => this.sheet.close(),
      web_app_data_send: () => this.sendData(given.data),
      web_app_request_theme: () => this.tell("theme_changed", { theme_params: themeParams() }),
      web_app_request_viewport: () => this.tellViewport(),
      web_app_setup_main_button: () => this.setMain(given),
      web_app_setup_back_button: () => { this.back.hidden = !given.is_visible; },
      web_app_open_tg_link: () => { this.sheet.close(); this.phone.open(`https://t.me${String(given.path_full ?? "")}`); },
      web_app_open_link: () => this.phone.open(String(given.url ?? "")),
      web_app_send_prepared_message: () => this.sharePrepared(given.id),
      web_app_open_popup: () => this.showPopup(given),
      web_app_switch_inline_query: () => { this.sheet.close(); this.phone.shareInline(this.phone.bot(), String(given.query ?? "")); },
    }[said.eventType];
    heard?.();
  }

  /** Pass on a message that the bot prepared, to a friend who is chosen. */
  async sharePrepared(id) {
    const sent = await this.phone.sharePrepared(String(id ?? ""), this.query);
    if (sent) this.tell("prepared_message_sent");
    else this.tell("prepared_message_failed", { error: "USER_DECLINED" });
  }

  tellViewport() {
    this.tell("viewport_changed", { height: this.frame.clientHeight, width: this.frame.clientWidth, is_expanded: true, is_state_stable: true });
  }

  setMain({ is_visible: visible, is_active: active = true, text = "" }) {
    this.main.hidden = !visible;
    this.main.disabled = !active;
    this.main.textContent = text;
  }

  async showPopup({ title, message }) {
    await this.phone.alert(String(message ?? ""), title ? String(title) : undefined);
    this.tell("popup_closed", {});
  }

  async sendData(data) {
    if (this.kind !== "keyboard") return; // elsewhere Telegram ignores it too
    try {
      await this.phone.post("app-data", { label: this.label, data: String(data ?? "") }, this.query);
      this.sheet.close();
    } catch (error) {
      notify(error.message);
    }
  }
}
