/* A small menu behind a button, by the ARIA pattern: arrows move, Escape closes, Tab leaves. */
(function (root) {
  "use strict";
  var B = root.Builder, h = B.dom.h;

  B.menu = function (label, focus, entries) {
    var list = h("div", { class: "b-menu", role: "menu", hidden: true });
    var button = h("button", {
      type: "button", class: "b-dots", "aria-haspopup": "menu", "aria-expanded": "false", "aria-label": label, "data-focus": focus,
      onclick: function () { if (list.hidden) open(); else close(true); },
      onkeydown: function (event) { if (event.key === "ArrowDown" && !event.altKey) { event.preventDefault(); open(); } }
    }, B.dom.icon("dots"));
    var box = h("span", { class: "b-menu-box" }, button, list);

    function open() {
      list.replaceChildren.apply(list, entries().map(function (entry) {
        return h("button", { type: "button", role: "menuitem", tabindex: "-1", onclick: function () { close(false); entry.act(); } },
          entry.label, h("kbd", { "aria-hidden": "true" }, entry.keys));
      }));
      list.hidden = false;
      button.setAttribute("aria-expanded", "true");
      list.firstElementChild.focus();
      document.addEventListener("pointerdown", outside, true);
    }

    function close(back) {
      list.hidden = true;
      button.setAttribute("aria-expanded", "false");
      document.removeEventListener("pointerdown", outside, true);
      if (back) button.focus();
    }

    function outside(event) { if (!box.contains(event.target)) close(false); }

    list.addEventListener("keydown", function (event) {
      var all = Array.from(list.children), at = all.indexOf(document.activeElement);
      var to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
      event.stopPropagation();
      if (to !== undefined) { event.preventDefault(); all[(to + all.length) % all.length].focus(); }
      if (event.key === "Escape") close(true);
      if (event.key === "Tab") close(false);
    });
    return box;
  };
})(globalThis);
