/* Dangol's service worker: shows notifications and follows a click. The shop's own file loads it with one line:
   importScripts("https://YOUR-DANGOL/sw.js"); */
self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("push", (event) => {
  let told = {};
  try { told = event.data.json(); } catch (e) { return; }
  const { title, body, icon, tag, url, refusal, refuse } = told;
  const actions = refusal ? [{ action: "refuse", title: refuse }] : [];
  event.waitUntil(self.registration.showNotification(title || "", { body, icon, tag, actions, data: { url, refusal } }));
});
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const data = event.notification.data || {};
  const url = event.action === "refuse" ? data.refusal : data.url;
  if (url && /^https?:\/\//.test(url)) event.waitUntil(self.clients.openWindow(url));
});
