// Gives a walk's page without network: what the page has put aside comes before what is asked elsewhere.
const CACHE = "walk";

self.addEventListener("install", (event) => event.waitUntil(self.skipWaiting()));
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const { method, url, mode } = event.request;
  const { origin, pathname } = new URL(url);
  if (method !== "GET" || origin !== location.origin) return;
  if (mode === "navigate" || pathname.startsWith("/static/")) event.respondWith(kept(event.request, origin + pathname));
});

async function kept(request, address) {
  const found = await (await caches.open(CACHE)).match(address, { ignoreVary: true });
  return found ?? fetch(request);
}
