/* Dangol's on-site messages: shows what waits for this visitor, and asks for web push at a good moment.
   Loaded by the tracker, only when something waits. Texts are put in as text, in a shadow root of our own. */
(() => {
  "use strict";
  const api = window.dangol;
  if (!api || api.show) return;
  const KO = (navigator.language || "").indexOf("ko") == 0;
  const WORDS = KO
    ? { close: "닫기", ask: "소식(광고)과 재입고 알림을 이 브라우저로 받으시겠어요?", yes: "받을게요", no: "괜찮아요" }
    : { close: "Close", ask: "Shall this browser tell you our news and when things are back in stock?", yes: "Yes, please", no: "No, thanks" };
  const NOT_AGAIN = 30 * 864e5; // milliseconds until a visitor who said no is asked again
  const STYLE = `:host{all:initial}*{box-sizing:border-box;font:15px/1.5 system-ui,-apple-system,"Apple SD Gothic Neo","Noto Sans KR",sans-serif}
.card{background:#fff;color:#1c1c1e;border-radius:12px;padding:16px 44px 16px 18px;position:relative;box-shadow:0 6px 30px rgba(0,0,0,.18);word-break:keep-all;overflow-wrap:anywhere}
.banner{position:fixed;left:16px;right:16px;bottom:16px;max-width:560px;margin:0 auto;z-index:2147483000}
.shade{position:fixed;inset:0;background:rgba(0,0,0,.45);display:grid;place-items:center;padding:16px;z-index:2147483000}
.shade .card{max-width:420px;width:100%}.inline .card{box-shadow:none;border:1px solid #d8d8dc}
h2{font-size:17px;font-weight:700;margin:0 0 4px}p{margin:0;white-space:pre-line}img{max-width:100%;border-radius:8px;display:block;margin:0 0 10px}
a.go,button.go{display:inline-block;margin:12px 8px 0 0;padding:9px 16px;border-radius:8px;background:#1c1c1e;color:#fff;text-decoration:none;border:0;cursor:pointer}
button.no{margin:12px 0 0;padding:9px 12px;background:none;border:0;color:inherit;cursor:pointer;text-decoration:underline}
.close{position:absolute;top:6px;right:6px;width:36px;height:36px;border:0;background:none;color:inherit;font-size:20px;cursor:pointer}
:focus-visible{outline:2px solid #0a64d8;outline-offset:2px}
@media (prefers-color-scheme:dark){.card{background:#26262a;color:#f2f2f4}.inline .card{border-color:#48484c}a.go,button.go{background:#f2f2f4;color:#1c1c1e}}`;

  const make = (name, more, ...inside) => {
    const made = Object.assign(document.createElement(name), more);
    made.append(...inside);
    return made;
  };
  const tell = (card, what) => navigator.sendBeacon(api.found.root + "/m/" + card.token + "/" + what);
  const safe = (url) => /^(https?:\/\/|\/)/i.test(url || "") ? url : undefined;

  // A place of our own on the page, which its styles do not reach.
  const place = (form, slot) => {
    const host = make("div", { className: "dangol-" + form });
    const root = host.attachShadow({ mode: "open" });
    root.append(make("style", { textContent: STYLE }));
    (slot || document.body).append(host);
    return { host, root };
  };
  const frame = (form, card) => form == "modal" ? make("div", { className: "shade" }, card)
    : make("div", { className: form }, card);

  const show = (card, slot) => {
    const { host, root } = place(card.form, slot);
    const before = document.activeElement;
    const end = (what) => {
      if (what) tell(card, what);
      removeEventListener("keydown", key);
      host.remove();
      if (card.form == "modal" && before && before.focus) before.focus();
    };
    const key = (event) => { if (event.key == "Escape" && card.form != "inline") end("closed"); };
    const close = make("button", { className: "close", type: "button", textContent: "×", onclick: () => end("closed") });
    close.setAttribute("aria-label", WORDS.close);
    const box = make("div", { className: "card" }, close);
    box.setAttribute("role", card.form == "modal" ? "dialog" : "region");
    box.setAttribute("aria-label", card.title || card.text.slice(0, 60));
    if (card.form == "modal") box.setAttribute("aria-modal", "true");
    if (safe(card.image)) box.append(make("img", { src: card.image, alt: "" }));
    if (card.title) box.append(make("h2", { textContent: card.title }));
    box.append(make("p", { textContent: card.text }));
    if (card.button && safe(card.url)) {
      box.append(make("a", { className: "go", href: card.url, textContent: card.button, onclick: () => { tell(card, "clicked"); } }));
    }
    root.append(frame(card.form, box));
    addEventListener("keydown", key);
    if (card.form == "modal") close.focus();
    tell(card, "seen");
  };

  // Web push: asked for once there is something to gain, and never again for a while after a no.
  const kept = () => { try { return +localStorage.getItem("dangol.push.no") || 0; } catch (e) { return Date.now(); } };
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));
  const subscribe = async () => {
    if (await Notification.requestPermission() != "granted") return;
    await navigator.serviceWorker.register(api.found.worker);
    const worker = await navigator.serviceWorker.ready;
    const made = await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(api.found.push) });
    const { endpoint, keys } = made.toJSON();
    api.track("Push Subscribed", { endpoint, p256dh: keys.p256dh, auth: keys.auth });
    api.track("Consent Changed", { channel: "webpush", purpose: "marketing", state: "granted", basis: "explicit", wording_text: WORDS.ask });
  };
  const askForPush = () => {
    const { push, worker } = api.found;
    if (!push || !worker || !("PushManager" in window) || Notification.permission != "default") return;
    if (Date.now() - kept() < NOT_AGAIN) return;
    const { host, root } = place("push");
    const no = () => { try { localStorage.setItem("dangol.push.no", Date.now()); } catch (e) { /* asked again then */ } host.remove(); };
    const yes = () => { host.remove(); subscribe().catch((trouble) => console.warn("dangol:", trouble)); };
    const box = make("div", { className: "card" }, make("p", { textContent: WORDS.ask }),
      make("button", { className: "go", type: "button", textContent: WORDS.yes, onclick: yes }),
      make("button", { className: "no", type: "button", textContent: WORDS.no, onclick: no }));
    box.setAttribute("role", "region");
    root.append(frame("banner", box));
  };

  api.show = () => {
    document.querySelectorAll("div.dangol-banner,div.dangol-modal,div.dangol-inline,div.dangol-push").forEach((one) => one.remove());
    let over = false; // one thing at a time lies over the page
    (api.found.cards || []).forEach((card) => {
      if (card.form == "inline") {
        const slot = document.querySelector(`[data-dangol-slot="${CSS.escape(card.slot)}"]`);
        if (slot && !slot.querySelector("div.dangol-inline")) show(card, slot);
      } else if (!over) { over = true; show(card); }
    });
    if (!over) askForPush();
  };
  if (document.body) api.show(); else addEventListener("DOMContentLoaded", api.show);
})();
