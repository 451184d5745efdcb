// The page's own words, dates and numbers: each phone speaks its owner's language, the frame around them the viewer's.

const LANGUAGES = { en: "en-GB", fr: "fr-FR" };
const catalogues = {};
const made = new Map();
let zone = "Europe/Paris";

/** The zone of the phones' clocks, as an IANA name. */
export const zoneName = () => zone;
export function setZone(name) { zone = name; made.clear(); }

export async function loadWords() {
  await Promise.all(Object.keys(LANGUAGES).map(async (code) => {
    catalogues[code] = await (await fetch(`/page/words/${code}.json`)).json();
  }));
}

/** The language that is spoken for a code such as "fr" or "en-GB"; English for those the page does not know. */
export const spoken = (code) => { const short = (code ?? "").slice(0, 2).toLowerCase(); return short in LANGUAGES ? short : "en"; };

/** The words of a language: `say(key, values)`, and its dates and numbers. */
export function wordsFor(code) {
  const language = spoken(code);
  if (!made.has(language)) made.set(language, new Words(language));
  return made.get(language);
}

class Words {
  constructor(language) {
    this.language = language;
    this.locale = LANGUAGES[language];
    this.words = catalogues[language];
    this.plural = new Intl.PluralRules(this.locale);
    this.number = new Intl.NumberFormat(this.locale, { maximumFractionDigits: 1 });
    const date = (options) => new Intl.DateTimeFormat(this.locale, { timeZone: zone, ...options });
    this.timeFormat = date({ hour: "2-digit", minute: "2-digit" });
    this.secondsFormat = date({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
    this.weekdayFormat = date({ weekday: "short" });
    this.dayFormat = date({ weekday: "long", day: "numeric", month: "long" });
    this.shortFormat = date({ day: "2-digit", month: "2-digit", year: "2-digit" });
    this.dateFormat = date({ day: "numeric", month: "short", year: "numeric" });
    this.momentFormat = date({ day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" });
  }

  say(key, values = {}) {
    const form = key in this.words ? key : `${key}.${this.plural.select(values.n)}`;
    return this.words[form].replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
  }

  time(instant) { return this.timeFormat.format(new Date(instant)); }
  day(instant) { return this.dayFormat.format(new Date(instant)); }
  moment(instant) { return this.momentFormat.format(new Date(instant)); }

  /** When something was, as a list of chats says it: the hour of today, the day of this week, else the date. */
  when(instant, now) {
    const date = new Date(instant);
    if (this.day(date) === this.day(now) && Math.abs(now - date) < 86_400_000) return this.time(date);
    return Math.abs(now - date) < 6 * 86_400_000 ? this.weekdayFormat.format(date) : this.shortFormat.format(date);
  }

  size(bytes) {
    if (bytes < 1000) return this.say("bytes", { n: bytes });
    if (bytes < 1_000_000) return this.say("kilobytes", { n: this.number.format(bytes / 1000) });
    return this.say("megabytes", { n: this.number.format(bytes / 1_000_000) });
  }
}

/** Give words to everything in the HTML that names some: `data-say` (text), `data-say-label`, `data-say-placeholder`. */
export function fillWords(root, words) {
  for (const node of root.querySelectorAll("[data-say]")) node.textContent = words.say(node.dataset.say);
  for (const node of root.querySelectorAll("[data-say-label]")) {
    node.setAttribute("aria-label", words.say(node.dataset.sayLabel));
    if (node.tagName === "BUTTON") node.title = words.say(node.dataset.sayLabel);
  }
  for (const node of root.querySelectorAll("[data-say-placeholder]")) node.placeholder = words.say(node.dataset.sayPlaceholder);
}
