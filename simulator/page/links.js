// Where a link leads: to the bot of this Telegram, to somebody to share with, to this machine, or outside.

const TELEGRAM = new Set(["t.me", "telegram.me", "telegram.dog", "www.t.me"]);
const HERE = new Set(["127.0.0.1", "localhost", "[::1]"]);
const SAFE = new Set(["http:", "https:", "tg:", "mailto:", "tel:"]);

/** Reads an address: {kind: "bot", bot, payload, toGroup, toApp}, {kind: "invite"}, {kind: "share", text}, {kind: "here" | "outside", url}; null for what is no safe link. */
export function readLink(address, bots) {
  let url;
  try {
    url = new URL(/^[a-z][a-z0-9+.-]*:/i.test(address) ? address : `https://${address}`);
  } catch {
    return null;
  }
  if (!SAFE.has(url.protocol)) return null;
  return telegramLink(url, bots) ?? { kind: HERE.has(url.hostname) ? "here" : "outside", url: url.href };
}

function telegramLink(url, bots) {
  const botNamed = (name) => bots.find(({ username }) => (name ?? "").toLowerCase() === username.toLowerCase());
  const given = url.searchParams;
  if (url.protocol === "tg:") {
    const action = url.hostname || url.pathname.replace(/^\/+/, "");
    const bot = action === "resolve" ? botNamed(given.get("domain")) : undefined;
    if (bot) return { kind: "bot", bot, ...meant(given) };
    if (action === "msg_url") return { kind: "share", text: draft(given) };
    return null;
  }
  if (!TELEGRAM.has(url.hostname)) return null;
  const [first] = url.pathname.split("/").filter(Boolean);
  if (first === "share") return { kind: "share", text: draft(given) };
  if (first?.startsWith("+")) return { kind: "invite", url: url.href };
  const bot = botNamed(first);
  return bot ? { kind: "bot", bot, ...meant(given) } : null;
}

/** What a link of a bot carries, and whether it is for a group that is chosen or for its Mini App. */
const meant = (given) => ({ payload: given.get("startgroup") ?? given.get("startapp") ?? given.get("start") ?? "", toGroup: given.has("startgroup"), toApp: given.has("startapp") });

/** What a share link puts into the chat that is chosen: the address, then the text (tdlib, get_internal_link_message_draft). */
function draft(given) {
  const url = (given.get("url") ?? "").trim();
  const text = (given.get("text") ?? "").replace(/\n+$/, "");
  return url && text ? `${url}\n${text}` : url || text;
}
