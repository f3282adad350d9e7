/* Dangol's service worker: shows notifications and follows a click. The shop's own file loads it with one line:
   importScripts("https://YOUR-DANGOL/sw.js"); */
self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("push", (event) => {
  let told = {};
  try { told = event.data.json(); } catch (e) { return; }
  const { title, body, icon, tag, url } = told;
  event.waitUntil(self.registration.showNotification(title || "", { body, icon, tag, data: { url } }));
});
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const { url } = event.notification.data || {};
  if (url && /^https?:\/\//.test(url)) event.waitUntil(self.clients.openWindow(url));
});
