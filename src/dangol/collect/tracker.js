/* Dangol's tracker: the calls of analytics.js in one small file; docs/tracking.md tells all of them.
   <script async src="https://YOUR-DANGOL/t.js" data-key="WRITE KEY"></script>
   Every option is an attribute (data-key) or stands in the file's address (?key=):
     key            the source's write key
     page           "off": no page views by itself; "first": none when a single-page application moves on
     consent        "required": nothing is stored, sent or named before dangol.consent(true)
     cookie-domain  "shop.example": its subdomains share the visitor, by a first-party cookie
     host           where facts go, if not to where this file comes from
     messages       "on": shows on-site messages; the renderer (/m.js) is loaded when one waits
     push           the service worker's file on the shop's site: asks for web push, from the second page on
   What waits has one item of localStorage for each fact, so that tabs never write over one another. */
(() => {
  "use strict";
  const early = window.dangol;
  if (early && !early.q) return; // the line stands on the page twice
  const script = document.currentScript || document.querySelector("script[data-key]");
  const address = new URL(script.src);
  const option = (name) => script.getAttribute("data-" + name) || address.searchParams.get(name) || "";
  const root = option("host") || address.origin, target = root + "/v1/b";
  const required = option("consent") == "required";
  const MOST = 500, TOGETHER = 50, BYTES = 6e4; // waiting; in one request; of it: beacons and keepalive end at 64 KB
  const LEFT = 5e3; // milliseconds after which another tab's fact was left behind
  const CLICKS = "gclid gbraid wbraid dclid fbclid msclkid ttclid twclid li_fat_id yclid n_media k_media".split(" ");
  const HELPERS = ("Products Searched,Product List Viewed,Product List Filtered,Promotion Viewed,Promotion Clicked," +
    "Product Clicked,Product Viewed,Product Added,Product Removed,Cart Viewed,Checkout Started,Checkout Step Viewed," +
    "Checkout Step Completed,Payment Info Entered,Order Updated,Order Completed,Order Refunded,Order Cancelled," +
    "Coupon Entered,Coupon Applied,Coupon Denied,Coupon Removed,Product Added to Wishlist," +
    "Product Removed from Wishlist,Wishlist Product Added to Cart,Product Shared,Cart Shared,Product Reviewed").split(",");
  const ROUTE = /^#[!/]/; // an application that keeps its place behind the #
  const optedOut = () => navigator.globalPrivacyControl === true || navigator.doNotTrack == "1";
  const uuid = () => window.crypto && crypto.randomUUID ? crypto.randomUUID() // absent on pages without https
    : "xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx".replace(/x/g, () => (Math.random() * 16 | 0).toString(16));
  const tab = uuid();

  // What is kept. Until consent is given there is no `store` and all of it lives and ends with the page.
  const domain = option("cookie-domain");
  let store, ram = {};
  let allowed; // true; false: refused; undefined: not decided yet
  let held = [];
  const read = (key) => key in ram ? ram[key] : store ? store.getItem(key) : null;
  const write = (key, value) => {
    try { store.setItem(key, value); delete ram[key]; } catch (e) { ram[key] = value; } // blocked or full
  };
  const drop = (key) => { delete ram[key]; if (store) store.removeItem(key); };
  const keys = (prefix) =>
    Object.keys(ram).concat(store ? Object.keys(store) : []).filter((key) => key.indexOf(prefix) == 0).sort();
  const cookie = (name) =>
    decodeURIComponent((("; " + document.cookie).split("; dangol." + name + "=")[1] || "").split(";")[0]);
  const setCookie = (name, value) => {
    document.cookie = "dangol." + name + "=" + encodeURIComponent(value) + "; path=/; samesite=lax; domain=" + domain +
      "; max-age=" + (value ? 31536e3 : 0) + (location.protocol == "https:" ? "; secure" : "");
  };
  const get = (name) => allowed && domain && cookie(name) || read("dangol." + name);
  const put = (name, value) => { // a cookie that the browser does not take (another shop's domain) falls back
    const shared = allowed && domain;
    if (shared) setCookie(name, value);
    if (value && !(shared && cookie(name) == value)) write("dangol." + name, value); else drop("dangol." + name);
  };
  const disk = () => { try { return localStorage; } catch (e) { return undefined; } };
  const decided = () => { // what was said on an earlier page or in another tab
    let kept = domain && cookie("consent");
    try { kept = kept || localStorage.getItem("dangol.consent"); } catch (e) { /* blocked */ }
    return kept || ram["dangol.consent"];
  };
  const open = () => {
    const user = read("dangol.user");
    ram = {};
    store = disk();
    allowed = true;
    if (user) put("user", user);
    held.splice(0).forEach(keep);
  };
  const wipe = (but) => {
    store = disk();
    keys("dangol.").filter((one) => one != but).forEach(drop);
    if (domain) ["anonymous", "user", "consent"].forEach((name) => "dangol." + name != but && cookie(name) && setCookie(name, ""));
    store = undefined;
    visit = {};
    held = [];
  };
  const look = () => {
    const kept = decided();
    if (kept == "0" || (required && allowed && kept != "1")) {
      if (allowed !== false) { allowed = false; store = undefined; ram = {}; }
    } else if (kept == "1" ? !allowed : !required && allowed === undefined) open();
  };
  const anonymousId = () => {
    if (!allowed) return undefined;
    let id = get("anonymous");
    if (!id) put("anonymous", id = uuid());
    return id;
  };

  // What a fact says about the page and the visit.
  const clean = (url) => { // click ids follow people from site to site: not those who opted out
    if (!url || !optedOut()) return url;
    try { const cut = new URL(url); CLICKS.forEach((name) => cut.searchParams.delete(name)); return cut.href; }
    catch (e) { return url; }
  };
  const outside = () => {
    try {
      const host = new URL(document.referrer).hostname;
      if (host != location.hostname && !(domain && ("." + host).endsWith("." + domain))) return clean(document.referrer);
    } catch (e) { /* none */ }
  };
  let visit = {};
  let previous = document.referrer, here = location.href;
  const landed = () => {
    const campaign = {}, clickIds = {};
    new URLSearchParams(location.search).forEach((value, name) => {
      if (name.indexOf("utm_") == 0) campaign[name == "utm_campaign" ? "name" : name.slice(4)] = value;
      if (CLICKS.indexOf(name) >= 0 && !optedOut()) clickIds[name] = value;
    });
    const some = (found) => Object.keys(found).length ? found : undefined;
    return some({ ...(some(campaign) && { campaign }), ...(some(clickIds) && { clickIds }) });
  };
  const visiting = () => { // ends after half an hour of rest, or where a campaign brings the visitor again
    const now = Date.now();
    if (!visit.at && store) try { visit = JSON.parse(read("dangol.visit")) || {}; } catch (e) { /* begins anew */ }
    const found = landed();
    if (!(now - visit.at < 18e5) || found) visit = { referrer: outside(), ...found };
    visit.at = now;
    if (store) write("dangol.visit", JSON.stringify(visit));
    return visit;
  };
  const context = () => {
    const { referrer, campaign, clickIds } = visiting();
    const url = new URL(clean(location.href));
    if (!ROUTE.test(url.hash)) url.hash = "";
    return {
      library: { name: "dangol.js", version: "2" }, channel: "web", locale: navigator.language,
      timezone: Intl.DateTimeFormat().resolvedOptions().timeZone, userAgent: navigator.userAgent,
      gpc: optedOut() || undefined, campaign, clickIds, referrer: referrer && { url: referrer },
      page: { path: url.pathname, referrer: clean(previous), search: url.search, title: document.title, url: url.href }
    };
  };

  // From a call to the queue.
  let count = 0;
  const key = () => "dangol.e." + Date.now() + (1e4 + count++ % 1e4) + "." + tab;
  const named = (event) => {
    event.anonymousId = event.anonymousId || anonymousId();
    if (event.type == "alias") event.previousId = event.previousId || event.anonymousId;
    return event;
  };
  const keep = (event) => {
    write(key(), JSON.stringify(named(event)));
    keys("dangol.e.").slice(0, -MOST).forEach(drop);
    later();
  };
  const made = (event, options) => {
    const { context: more, ...rest } = options || {};
    return {
      messageId: "dangol-" + uuid(), timestamp: new Date().toISOString(), userId: get("user") || undefined,
      ...rest, ...event, context: { ...context(), ...more }
    };
  };
  const tell = (event, options) => {
    look();
    if (allowed === false) return;
    const fact = JSON.parse(JSON.stringify(made(event, options))); // as it is now: the page may change its objects
    if (allowed) keep(fact);
    else if (held.push(fact) > MOST) held.shift();
  };

  // From the queue to the server: the oldest first, one tab at a time. A tab tells its own facts, and those that another
  // one left behind. Browsers show a tab what another one removed only a moment later: hence the wait before those.
  let flying = [], busy = false, tries = 0, pause = 0, timer;
  const own = (one) => one.endsWith(tab);
  const due = () => keys("dangol.e.").filter((one) => own(one) || one.slice(9, 22) < Date.now() - LEFT);
  const pack = (waiting) => {
    const taken = [], texts = [];
    let bytes = 200; // of the frame
    for (const one of waiting) {
      const text = read(one);
      if (!text) continue;
      const more = new Blob([text]).size + 1;
      if (taken.length && (bytes + more > BYTES || taken.length == TOGETHER)) break;
      bytes += more;
      taken.push(one);
      texts.push(text);
    }
    return { taken, bytes, body: `{"writeKey":${JSON.stringify(option("key"))},"sentAt":"${new Date().toISOString()}","batch":[${texts}]}` };
  };
  const post = async () => {
    if (!due().every(own)) await new Promise((then) => setTimeout(then, 100));
    const { taken, bytes, body } = pack(due());
    if (!taken.length) return;
    flying = taken;
    try {
      // text/plain asks for no preflight, so the first fact of a visit is one request
      const answer = await fetch(target, {
        method: "POST", body, headers: { "Content-Type": "text/plain" }, credentials: "omit", keepalive: bytes <= BYTES,
        signal: AbortSignal.timeout ? AbortSignal.timeout(2e4) : undefined
      });
      if (answer.status == 429 || answer.status == 408 || answer.status > 499) throw answer;
      if (!answer.ok) console.warn("dangol: the facts were refused with status", answer.status);
      taken.forEach(drop); // a refusal too: the same again would be refused again
      tries = 0;
    } catch (trouble) {
      const asked = trouble.headers ? trouble.headers.get("Retry-After") * 1e3 : 0;
      pause = Date.now() + (asked || Math.min(6e4, 500 * 2 ** ++tries) * (1 + Math.random() / 4));
    }
    flying = [];
  };
  const alone = (work) => navigator.locks ? navigator.locks.request("dangol", work).catch(work) : work();
  const flush = async () => {
    if (busy) return;
    busy = true;
    await alone(post);
    busy = false;
    if (keys("dangol.e.").length) later(due().length ? 0 : LEFT);
  };
  const later = (rest = 0) => {
    clearTimeout(timer);
    timer = setTimeout(flush, Math.max(rest, pause - Date.now()));
  };
  const leave = () => { // what of this tab still waits leaves with the page; the log knows each id only once
    if (moved) moved();
    let waiting = keys("dangol.e.").filter((one) => own(one) && flying.indexOf(one) < 0);
    while (waiting.length) {
      const { taken, body } = pack(waiting);
      if (!navigator.sendBeacon || !navigator.sendBeacon(target, body)) return; // the rest is told on the next page
      waiting = waiting.slice(taken.length);
    }
  };

  // The calls.
  const api = {
    track: (event, properties, options) => tell({ type: "track", event, properties: properties || {} }, options),
    page: (category, name, properties, options) => {
      if (typeof category == "object") [category, name, properties, options] = [, , category, name];
      else if (typeof name != "string") [category, name, properties, options] = [, category, name, properties];
      tell({
        type: "page", name: name || "", category: category || undefined,
        properties: { ...context().page, category: category || undefined, ...properties }
      }, options);
    },
    identify: (id, traits, options) => {
      if (id && typeof id == "object") [id, traits, options] = [, id, traits];
      look();
      if (id && allowed !== false) {
        const before = get("user");
        if (before && before != id) put("anonymous", ""); // another person at the same screen
        put("user", String(id));
      }
      tell({ type: "identify", traits: traits || {} }, options);
    },
    group: (id, traits, options) => tell({ type: "group", groupId: String(id), traits: traits || {} }, options),
    alias: (to, from, options) => tell({ type: "alias", userId: String(to), previousId: from || get("user") || undefined }, options),
    reset: () => { put("user", ""); put("anonymous", ""); },
    ready: (then) => { then(); },
    anonymousId: () => { look(); return anonymousId(); },
    user: () => ({ id: () => get("user"), anonymousId: api.anonymousId }),
    consent: (yes, evidence) => {
      look();
      const said = (state) => ({ type: "track", event: "Consent Changed",
        properties: { ...evidence, channel: "onsite", purpose: "tracking", state, basis: "explicit" } });
      if (yes === true && decided() != "1") {
        if (!allowed) open();
        put("consent", "1");
        tell(said("granted"));
      } else if (yes === false) {
        const last = allowed && JSON.stringify(named(made(said("withdrawn"))));
        ram = {};
        wipe();
        allowed = true; // to write one word where it was not asked for first: the refusal itself
        store = disk();
        if (!required) put("consent", "0");
        allowed = false;
        store = undefined;
        if (last) { ram[key()] = last; later(); } // from memory
      }
      return allowed;
    }
  };
  HELPERS.forEach((event) => {
    const name = event[0].toLowerCase() + event.slice(1).replace(/ (.)/g, (all, letter) => letter.toUpperCase());
    api[name] = (told, options) => api.track(event,
      Array.isArray(told) ? { products: told } : typeof told == "string" ? { query: told } : told, options);
  });
  Object.keys(api).forEach((name) => { // whatever is wrong here, the shop's page goes on
    const call = api[name];
    api[name] = (...told) => {
      const done = name != "ready" && told.filter((one) => typeof one == "function")[0];
      try { return call(...told.filter((one) => !done || one !== done)); }
      catch (trouble) { console.warn("dangol:", trouble); }
      finally { if (done) setTimeout(done); }
    };
  });

  // What waits for this visitor: asked for at each page view, a moment later, when its facts are on their way.
  const ask = () => {
    look();
    if (!allowed || !(option("messages") || option("push"))) return;
    visit.n = (visit.n || 0) + 1;
    write("dangol.visit", JSON.stringify(visit));
    fetch(`${root}/m?k=${option("key")}&a=${anonymousId()}&n=${visit.n}`, { credentials: "omit" })
      .then((answer) => answer.status == 200 && answer.json()).then((found) => {
        if (!found) return;
        api.found = { ...found, root, worker: option("push") };
        if (api.show) api.show();
        else document.head.append(Object.assign(document.createElement("script"), { src: root + "/m.js" }));
      }).catch(() => {});
  };

  // Page views, also of applications that move without loading.
  let moved, seen;
  const place = (short) =>
    location.pathname + (short ? "" : location.search) + (ROUTE.test(location.hash) ? location.hash : "");
  const view = () => {
    if (place() == seen) return;
    if (seen) previous = here;
    here = location.href;
    seen = place();
    api.page();
    setTimeout(ask, 1e3);
  };
  const follow = () => {
    moved = view;
    const soon = () => setTimeout(view, 50); // when the application has set its title
    ["pushState", "replaceState"].forEach((name) => {
      const change = history[name];
      history[name] = function () {
        const before = place(1);
        change.apply(this, arguments);
        if (name == "replaceState" && place(1) == before) seen = place(); // a filter or a sort, no other page
        else soon();
      };
    });
    addEventListener("popstate", soon);
    addEventListener("hashchange", soon);
  };
  const begin = () => {
    if (option("page") != "off") {
      view();
      if (option("page") != "first") follow();
      addEventListener("pageshow", (event) => { if (event.persisted) api.page(); }); // back out of the browser's memory
    }
    later();
  };

  const start = () => {
    look();
    if (allowed === undefined) wipe(); // what was kept before the shop asked for consent
    window.dangol = api;
    const run = (call) => api[call[0]] && api[call[0]](...call.slice(1));
    const calls = early ? early.q : [];
    calls.push = run; // whoever holds on to the stub
    calls.forEach(run);
    addEventListener("pagehide", leave);
    addEventListener("storage", (event) => { // a no in another tab, which this one may have overlooked for a moment
      if (event.key == "dangol.consent" && allowed && decided() != "1") {
        ram = {};
        wipe(event.key);
        allowed = false;
      }
    });
    addEventListener("online", () => { pause = 0; later(); });
    if (document.prerendering) document.addEventListener("prerenderingchange", begin, { once: true });
    else begin();
  };
  start();
})();
