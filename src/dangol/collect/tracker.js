/* Dangol's tracker: analytics.js calls (identify, track, page, alias, reset) in one small file.
   <script async src="https://YOUR-DANGOL/t.js" data-key="WRITE KEY"></script>  (data-page="off": no automatic page view) */
(function () {
  "use strict";
  var script = document.currentScript;
  var host = new URL(script.src).origin;
  var key = script.getAttribute("data-key") || "";
  var store = memory();
  var early = window.dangol && window.dangol.q ? window.dangol.q : [];

  function memory() {
    try {
      localStorage.setItem("dangol.t", "1");
      localStorage.removeItem("dangol.t");
      return localStorage;
    } catch (e) { // storage is blocked: remember for this page only
      var kept = {};
      return {
        getItem: function (k) { return k in kept ? kept[k] : null; },
        setItem: function (k, v) { kept[k] = v; },
        removeItem: function (k) { delete kept[k]; }
      };
    }
  }
  function uuid() {
    if (window.crypto && crypto.randomUUID) return crypto.randomUUID();
    return "xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx".replace(/x/g, function () { return (Math.random() * 16 | 0).toString(16); });
  }
  function optedOut() { return navigator.globalPrivacyControl === true || navigator.doNotTrack === "1"; }
  function anonymousId() {
    var id = store.getItem("dangol.anonymous");
    if (!id) { id = uuid(); store.setItem("dangol.anonymous", id); }
    return id;
  }
  function waiting() { try { return JSON.parse(store.getItem("dangol.queue")) || []; } catch (e) { return []; } }
  function keep(events) { store.setItem("dangol.queue", JSON.stringify(events.slice(-200))); }
  function campaign() {
    var found = {}, any = false;
    new URLSearchParams(location.search).forEach(function (value, name) {
      if (name.indexOf("utm_") === 0) { found[name === "utm_campaign" ? "name" : name.slice(4)] = value; any = true; }
    });
    return any ? found : undefined;
  }
  function context() {
    return {
      library: { name: "dangol.js", version: "1" }, channel: "web", locale: navigator.language, userAgent: navigator.userAgent,
      gpc: optedOut() || undefined, campaign: campaign(),
      page: { path: location.pathname, referrer: document.referrer, search: location.search, title: document.title, url: location.href }
    };
  }
  function send(event) {
    event.messageId = "dangol-" + uuid();
    event.timestamp = new Date().toISOString();
    event.anonymousId = anonymousId();
    var user = store.getItem("dangol.user");
    if (user && !event.userId) event.userId = user;
    event.context = context();
    keep(waiting().concat([event]));
    flush();
  }
  var busy = false, again = 0;
  function body(events) { return JSON.stringify({ writeKey: key, sentAt: new Date().toISOString(), batch: events }); }
  function flush() {
    var events = waiting().slice(0, 50);
    if (busy || !events.length) return;
    busy = true;
    // text/plain asks for no preflight, so the first fact of a visit is one request
    fetch(host + "/v1/b", { method: "POST", body: body(events), headers: { "Content-Type": "text/plain" }, keepalive: true }).then(function (answer) {
      if (answer.status >= 500 || answer.status === 429) throw answer;
      var sent = events.map(function (e) { return e.messageId; });
      keep(waiting().filter(function (e) { return sent.indexOf(e.messageId) < 0; }));
      busy = false; again = 0;
      flush();
    }).catch(function () {
      busy = false;
      again = Math.min((again || 500) * 2, 60000);
      setTimeout(flush, again);
    });
  }
  addEventListener("pagehide", function () { // what is still waiting leaves with the page; the log knows each id only once
    var events = waiting();
    if (events.length && navigator.sendBeacon) navigator.sendBeacon(host + "/v1/b", body(events));
  });
  addEventListener("online", flush);

  var api = window.dangol = {
    track: function (name, properties) { send({ type: "track", event: name, properties: properties || {} }); },
    page: function (name, properties) {
      if (name && typeof name === "object") { properties = name; name = ""; }
      var here = context().page;
      send({ type: "page", name: name || "", properties: Object.assign({}, here, properties) });
    },
    identify: function (userId, traits) {
      if (userId && typeof userId === "object") { traits = userId; userId = ""; }
      if (userId) store.setItem("dangol.user", String(userId));
      send({ type: "identify", traits: traits || {} });
    },
    alias: function (userId, previousId) { send({ type: "alias", userId: String(userId), previousId: previousId || anonymousId() }); },
    reset: function () { store.removeItem("dangol.user"); store.removeItem("dangol.anonymous"); }
  };
  early.forEach(function (call) { if (api[call[0]]) api[call[0]].apply(api, [].slice.call(call, 1)); });
  if (script.getAttribute("data-page") !== "off") api.page();
  flush();
})();
