/* The figures beside the rule follow every edit; faults stand at the very control they belong to. */
(function (root) {
  "use strict";
  var B = root.Builder, h = B.dom.h, PAUSE = 350, THEN = 900, AGAIN = 2000;

  /* `shape()` is what is judged; `box` shows it; `form` holds the controls. */
  function start(box, form, shape) {
    var waiting = null, asked = null, told = null;

    function soon() {
      clearTimeout(waiting);
      box.classList.add("b-waiting");
      waiting = setTimeout(now, PAUSE);
    }

    function now() {
      if (asked) asked.abort();
      asked = new AbortController();
      ask({ shape: shape() }, asked).then(function (answer) {
        if (!answer) return;
        show(answer.told);
        if (answer.told.exact === false) waiting = setTimeout(exactly, THEN, asked);
      });
    }

    /* The exact number follows once the hands rest; the shop counts one such question at a time. */
    function exactly(mine) {
      ask({ shape: shape(), exact: true }, mine).then(function (answer) {
        if (!answer || mine !== asked) return;
        if (answer.status === 409) waiting = setTimeout(exactly, AGAIN, mine);
        else show(Object.assign({}, told, answer.told, { parts: told.parts }));
      });
    }

    function ask(body, mine) {
      return B.dom.ask(B.addresses.judge, body, mine.signal).catch(function (error) {
        if (error.name === "AbortError") return null;
        box.replaceChildren(h("p", { class: "soft" }, B.texts.failed));
        box.classList.remove("b-waiting");
        return null;
      });
    }

    function show(next) {
      told = next;
      box.classList.remove("b-waiting");
      faults(next.faults);
      form.querySelectorAll("[data-count]").forEach(function (place) {
        var count = next.parts && next.parts[place.getAttribute("data-count")];
        place.textContent = count === undefined ? "" : (next.exact ? "" : "≈ ") + B.dom.number(count);
      });
      var live = document.querySelector("[data-live]");
      live.textContent = next.faults.length ? "…" : (next.exact ? "" : "≈ ") + B.dom.number(next.count);
      if (next.faults.length) return;
      box.replaceChildren(count(next), h("p", { class: "in-words", id: "builder-words" }, next.words), sample(next));
    }

    function count(next) {
      var text = B.dom.number(next.count), line = B.dom.fill(B.texts.of_all, { all: B.dom.number(next.customers) });
      var share = next.customers ? Math.max(100 * next.count / next.customers, next.count ? 0.8 : 0) : 0;
      return h("div", { class: "preview-count" },
        h("span", { class: "figure" }, next.exact ? text : B.dom.fill(B.texts.about, { count: text })),
        h("span", { class: "figure-name" }, line), meter(share),
        next.exact ? null : h("small", { class: "soft" }, B.dom.fill(B.texts.between_counts, { low: B.dom.number(next.low), high: B.dom.number(next.high) })));
    }

    function meter(share) {
      var ns = "http://www.w3.org/2000/svg", svg = document.createElementNS(ns, "svg");
      svg.setAttribute("viewBox", "0 0 100 6");
      svg.setAttribute("preserveAspectRatio", "none");
      svg.setAttribute("class", "share b-share");
      svg.setAttribute("aria-hidden", "true");
      [["share-all", 100], ["share-part", share]].forEach(function (one) {
        var bar = document.createElementNS(ns, "rect");
        bar.setAttribute("class", one[0]);
        bar.setAttribute("width", one[1]);
        bar.setAttribute("height", 6);
        svg.append(bar);
      });
      return svg;
    }

    function sample(next) {
      if (!next.sample.length) return h("p", { class: "soft" }, B.texts.nobody_now);
      return h("ul", { class: "sample" }, next.sample.map(function (one) {
        return h("li", null, h("a", { href: one.at, target: "_blank" }, one.name || B.texts.anonymous), h("small", { class: "soft" }, " #" + one.id),
          h("button", { type: "button", class: "b-why", onclick: function () { B.explainFor(one.id, one.name); } }, B.texts.why));
      }));
    }

    /* --- faults ---------------------------------------------------------------------------------------------------- */

    function faults(list) {
      form.querySelectorAll(".b-fault").forEach(function (old) { old.remove(); });
      form.querySelectorAll("[aria-invalid]").forEach(function (old) {
        old.removeAttribute("aria-invalid");
        old.removeAttribute("aria-describedby");
      });
      if (!list.length) return;
      var places = list.map(place), wrong = list.filter(function (fault) { return !empty(fault); }).length;
      var title = wrong ? B.dom.fill(B.texts.faults, { n: wrong }) : B.dom.fill(B.texts.todo, { n: list.length });
      box.replaceChildren(h("div", { class: "preview-head" + (wrong ? " bad" : " b-todo") }, h("strong", null, title)),
        h("ol", { class: "faults" }, list.map(function (fault, i) {
          return h("li", null, h("button", { type: "button", class: "b-to-fault", onclick: function () { if (places[i]) places[i].focus(); } }, said(fault)));
        })));
    }

    /* What nobody has filled in yet is no mistake. */
    function empty(fault) { return fault.found === '""'; }

    function said(fault) {
      if (empty(fault)) return [B.texts.fill_in + " ", h("span", { class: "soft" }, fault.allowed)];
      return [B.texts.found + " ", h("b", null, fault.found), fault.allowed ? h("span", { class: "soft" }, " · " + B.texts.allowed + " " + fault.allowed) : null];
    }

    /* Put a fault under the control it belongs to: the one whose pointer is the longest beginning of its own. */
    function place(fault) {
      var best = null, length = -1;
      form.querySelectorAll("[data-at]").forEach(function (element) {
        var at = element.getAttribute("data-at");
        if ((fault.path === at || fault.path.indexOf(at + "/") === 0) && at.length >= length) { best = element; length = at.length; }
      });
      if (!best) return null;
      var field = best.matches("input, select, textarea") ? best : best.querySelector("input, select, textarea, button");
      var id = B.dom.id(), note = h("p", { class: "b-fault" + (empty(fault) ? " b-todo" : ""), id: id }, said(fault));
      var behind = best.closest(".b-line, .b-condition, .b-head, .b-more, .b-name") || best;
      behind.append(note);
      if (field) {
        field.setAttribute("aria-invalid", String(!empty(fault)));
        field.setAttribute("aria-describedby", id);
      }
      return field;
    }

    return { soon: soon, now: now, show: faults };
  }

  B.judge = { start: start };
})(globalThis);
