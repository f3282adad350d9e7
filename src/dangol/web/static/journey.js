/* The editor of a campaign: where the focus goes, steps carried by hand or by keys, rules as a form, nothing lost. */
(function (root) {
  "use strict";
  var form = document.getElementById("journey"), FAR = 6;
  if (!form) return;
  var B = root.Builder, given = JSON.parse(document.getElementById("builder-data").textContent);
  B.language = given.language;
  B.texts = given.texts;
  B.addresses = given.addresses;
  var kept = form.querySelector("[name=definition]").value, leaving = false, touched = false;

  /* Ask the shop for one change, as a button would. */
  function ask(what) {
    root.htmx.ajax("POST", form.action, { source: form, target: "#flow", swap: "outerHTML", values: { do: what } });
  }

  function flow() { return document.getElementById("flow"); }

  function begin() {
    var box = flow(), focus = box.getAttribute("data-focus");
    box.querySelectorAll("[data-rule]").forEach(rule);
    box.querySelectorAll("[data-suggest]").forEach(suggest);
    var wanted = focus && document.getElementById(focus);
    if (wanted) { wanted.focus(); wanted.scrollIntoView({ block: "nearest" }); }
    if (box.getAttribute("data-said")) B.dom.announce(box.getAttribute("data-said"));
    dirty();
  }

  function dirty() { form.classList.toggle("b-dirty", touched || form.querySelector("[name=definition]").value !== kept); }

  /* A rule of the segment language is built with the builder's own tree; the text below it is what is sent. */
  function rule(box) {
    var area = document.getElementById(box.getAttribute("data-rule")), told;
    try { told = area.value ? JSON.parse(area.value) : { event: "Order Completed" }; } catch (error) { return; }
    var state = { tree: B.model.read(told) };
    area.hidden = true;
    function edited() { area.value = JSON.stringify(B.model.write(state.tree)); touched = true; dirty(); }
    B.tree.start(box, state, edited);
  }

  function suggest(input) {
    var list = document.getElementById(input.getAttribute("list")), asked = "";
    function fill() {
      if (asked === input.value && list.children.length) return;
      asked = input.value;
      fetch(B.addresses.suggest + "?source=" + input.getAttribute("data-suggest") + "&typed=" + encodeURIComponent(input.value)).then(function (answer) { return answer.json(); }).then(function (told) {
        list.replaceChildren.apply(list, told.items.map(function (one) { return B.dom.h("option", { value: one.value }, one.label); }));
      }).catch(function () { /* the shop is away: what is typed stands */ });
    }
    input.addEventListener("focus", fill);
    input.addEventListener("input", fill);
  }

  /* --- moving --------------------------------------------------------------------------------------------------- */

  form.addEventListener("keydown", function (event) {
    var line = event.target.closest(".line"), row = line && line.closest("[data-place]");
    if (event.key === "s" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); form.querySelector("[data-save]").click(); return; }
    if (!line) return;
    if (!event.altKey && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      var all = Array.from(form.querySelectorAll(".line, .gap-add")), next = all[all.indexOf(line) + (event.key === "ArrowDown" ? 1 : -1)];
      event.preventDefault();
      if (next) next.focus();
    }
    if (!row || !event.altKey) return;
    var what = { ArrowUp: "up", ArrowDown: "down", Delete: "remove", KeyD: "twice" }[event.key] || { KeyD: "twice" }[event.code];
    if (what === "remove" && row.hasAttribute("data-remove") && !root.confirm(row.getAttribute("data-remove"))) { event.preventDefault(); return; }
    if (what) { event.preventDefault(); ask(what + ":" + row.getAttribute("data-place")); }
  });

  form.addEventListener("change", function (event) {
    if (event.target.matches("[data-move]") && event.target.value) ask("move:" + event.target.value);
  });

  form.addEventListener("pointerdown", function (event) {
    var handle = event.target.closest("[data-handle]");
    if (!handle || event.button) return;
    var row = handle.closest("[data-place]"), from = event.clientY, moving = false, over = null;
    handle.setPointerCapture(event.pointerId);

    function move(now) {
      if (!moving && Math.abs(now.clientY - from) < FAR) return;
      moving = true;
      row.classList.add("is-lifted");
      if (over) over.classList.remove("is-target");
      over = nearest(now.clientX, now.clientY, row);
      if (over) over.classList.add("is-target");
    }

    function end(now) {
      handle.removeEventListener("pointermove", move);
      handle.removeEventListener("pointerup", end);
      handle.removeEventListener("pointercancel", end);
      row.classList.remove("is-lifted");
      if (over) over.classList.remove("is-target");
      if (moving && over && now.type === "pointerup") {
        ask("move:" + row.getAttribute("data-place") + "@" + over.getAttribute("data-list") + "@" + over.getAttribute("data-number"));
      }
    }
    handle.addEventListener("pointermove", move);
    handle.addEventListener("pointerup", end);
    handle.addEventListener("pointercancel", end);
  });

  /* The gap between two steps that is nearest to a point, but none below the step that is carried. */
  function nearest(x, y, row) {
    var best = null, least = Infinity;
    form.querySelectorAll(".gap").forEach(function (gap) {
      if (row.contains(gap)) return;
      var place = gap.getBoundingClientRect(), away = Math.abs(y - (place.top + place.bottom) / 2) + Math.max(0, place.left - x) / 4;
      if (away < least) { least = away; best = gap; }
    });
    return best;
  }

  /* --- the letter of the open step, as one customer reads it ------------------------------------------------------ */

  form.addEventListener("click", function (event) {
    var box = event.target.closest("[data-letter]");
    if (!box) return;
    var frame = box.querySelector("iframe");
    if (event.target.closest("[data-narrow]")) {
      event.target.closest("[data-narrow]").setAttribute("aria-pressed", String(box.classList.toggle("is-narrow")));
    } else if (event.target.closest("[data-look]")) {
      var apart = B.dom.h("form", { method: "post", action: box.getAttribute("data-letter"), target: frame.name, hidden: true });
      new FormData(form).forEach(function (value, name) { apart.append(B.dom.h("textarea", { name: name, value: value })); });
      frame.hidden = false;
      document.body.append(apart);
      apart.submit();
      apart.remove();
    }
  });

  /* --- nothing is lost by accident --------------------------------------------------------------------------------- */

  form.addEventListener("input", function () { touched = true; dirty(); });
  document.body.addEventListener("htmx:afterSwap", function (event) { if (event.target.id === "flow" || event.detail.target.id === "flow") begin(); });
  document.body.addEventListener("htmx:beforeOnLoad", function (event) { if (event.detail.xhr.getResponseHeader("HX-Redirect")) leaving = true; });
  addEventListener("beforeunload", function (event) { if (!leaving && form.classList.contains("b-dirty")) event.preventDefault(); });
  begin();
})(globalThis);
