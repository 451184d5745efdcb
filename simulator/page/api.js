// The simulator's HTTP interface.

/** One call to /sim; throws an Error with the simulator's own sentence. */
export async function call(method, path, content) {
  const isForm = content instanceof FormData;
  let response;
  try {
    response = await fetch(`/sim${path}`, {
      method,
      body: content === undefined ? undefined : isForm ? content : JSON.stringify(content),
      headers: content === undefined || isForm ? {} : { "Content-Type": "application/json" },
    });
  } catch {
    throw new Error("The simulator does not answer. / Le simulateur ne répond pas.");
  }
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error ?? "The simulator refused.");
  return answer;
}

export const get = (path) => call("GET", path);
export const post = (path, content = {}) => call("POST", path, content);

/** Listen to everything that happens; `onOpen` is called at each (new) connection. */
export function listen(onEvent, onOpen) {
  const source = new EventSource("/sim/stream");
  source.onopen = onOpen;
  source.onmessage = (message) => onEvent(JSON.parse(message.data));
}
