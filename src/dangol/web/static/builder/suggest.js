/* A text field that offers what the shop's own facts hold: an ARIA combobox with a list below it. */
(function (root) {
  "use strict";
  var B = root.Builder, h = B.dom.h, kept = new Map();

  function fetchItems(question) {
    var query = new URLSearchParams(question).toString();
    if (!kept.has(query)) {
      if (kept.size > 200) kept.clear();
      kept.set(query, fetch(B.addresses.suggest + "?" + query, { headers: { "HX-Request": "true" } })
        .then(function (answer) { return answer.ok ? answer.json() : { items: [] }; })
        .then(function (told) { return told.items; })
        .catch(function () { kept.delete(query); return []; }));
    }
    return kept.get(query);
  }

  /* `options`: question() → what to ask for, or nothing; value, label, pick(value, chosen), attributes. */
  function combobox(options) {
    var listId = B.dom.id(), items = [], at = -1, waiting = null, typed = false;
    var input = h("input", Object.assign({
      class: "form-control b-input", type: "text", role: "combobox", autocomplete: "off", autocapitalize: "off",
      spellcheck: "false", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": listId,
      value: options.value
    }, options.attributes));
    var list = h("ul", { class: "b-options", role: "listbox", id: listId, hidden: true, "aria-label": options.attributes["aria-label"] });
    var box = h("span", { class: "b-combo" }, input, list);
    fit();

    function fit() {
      var length = Array.from(input.value).reduce(function (sum, one) { return sum + (one > "\u2e7f" ? 1.8 : 1); }, 0);
      input.size = Math.max(options.least || 8, Math.min(Math.ceil(length) + 2, 34));
    }

    function close() {
      clearTimeout(waiting);
      list.hidden = true;
      at = -1;
      input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
    }

    function open() {
      var question = options.question();
      if (!question) return;
      fetchItems(Object.assign({ typed: typed ? input.value : "" }, question)).then(function (found) {
        if (document.activeElement !== input) return;
        items = found;
        draw();
      });
    }

    function draw() {
      list.replaceChildren.apply(list, items.map(function (item, i) {
        var label = item.label || String(item.value);
        return h("li", { role: "option", id: listId + "-" + i, "aria-selected": "false", onpointerdown: function (event) {
          event.preventDefault();
          choose(i);
        } }, h("span", { class: "b-option" }, label, item.label && item.label !== String(item.value) ? h("small", { class: "soft" }, " " + item.value) : null),
        item.count === null || item.count === undefined ? null : h("span", { class: "num soft" }, B.dom.number(item.count)));
      }));
      if (!items.length) list.append(h("li", { class: "b-nothing soft", role: "presentation" }, B.texts.no_matches));
      list.hidden = false;
      at = -1;
      input.setAttribute("aria-expanded", "true");
      if (typed) B.dom.announce(B.dom.fill(B.texts.suggestions, { n: items.length }));
      list.classList.toggle("b-up", list.getBoundingClientRect().bottom > innerHeight && box.getBoundingClientRect().top > 320);
    }

    function mark(to) {
      if (!items.length) return;
      if (at >= 0) list.children[at].setAttribute("aria-selected", "false");
      at = (to + items.length) % items.length;
      var row = list.children[at];
      row.setAttribute("aria-selected", "true");
      row.scrollIntoView({ block: "nearest" });
      input.setAttribute("aria-activedescendant", row.id);
    }

    function choose(i) {
      var value = items[i].value;
      input.value = options.named && items[i].label ? items[i].label : String(value);
      fit();
      close();
      options.pick(value, true);
    }

    input.addEventListener("focus", function () {
      typed = false;
      // On a phone the list would lie over the buttons below: there it opens by a tap.
      if (input.value === "" && !options.named && matchMedia("(min-width: 561px)").matches) open();
    });
    input.addEventListener("click", function () { if (list.hidden) open(); });
    input.addEventListener("blur", close);
    input.addEventListener("input", function () {
      typed = true;
      fit();
      options.pick(input.value, false);
      clearTimeout(waiting);
      waiting = setTimeout(open, 120);
    });
    input.addEventListener("keydown", function (event) {
      if (event.altKey || event.isComposing) return;
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        if (list.hidden) open();
        else mark(at + (event.key === "ArrowDown" ? 1 : at < 0 ? 0 : -1));
      } else if (event.key === "Enter") {
        event.preventDefault();
        if (!list.hidden && at >= 0) choose(at);
        else { close(); if (options.enter) options.enter(); }
      } else if (event.key === "Escape" && !list.hidden) {
        event.stopPropagation();
        close();
      }
    });
    box.input = input;
    return box;
  }

  B.combobox = combobox;
  B.warm = function () { fetchItems({ typed: "", source: "events", event: "" }); };  // the shop draws its sample meanwhile
})(globalThis);
