// grammY sending the same personalised messages, 64 in flight: node grammy.mjs API TOKEN MESSAGES
import { Api } from "grammy";

const [apiRoot, token, messages] = process.argv.slice(2);
const IN_FLIGHT = 64;
const WARM_UP = 2000;
const api = new Api(token, { apiRoot });

const escape = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

function send(number) {
  const name = escape(`Prénom${number}`);
  const commune = escape("Lyon");
  const text = `Bonjour <b>${name}</b>, réunion publique à ${commune} jeudi à 19 h, salle des fêtes. Viendrez-vous ?`;
  return api.sendMessage(1000000 + number, `${text}\n\n<i>Avec vous pour l’alternance</i>`, {
    parse_mode: "HTML",
    link_preview_options: { is_disabled: true },
    reply_markup: {
      inline_keyboard: [[{ text: "Ne plus recevoir ces messages", callback_data: "1:optout:news" }]],
    },
  });
}

async function sendAll(count) {
  let next = 0;
  const lane = async () => {
    while (next < count) await send(next++);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
}

await sendAll(WARM_UP);
const began = performance.now();
const cpu = process.cpuUsage();
await sendAll(Number(messages));
const spent = process.cpuUsage(cpu);
console.log(JSON.stringify({ seconds: (performance.now() - began) / 1000, cpu: (spent.user + spent.system) / 1e6 }));
