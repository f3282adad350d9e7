/* Making elements, and saying something to who does not see. */
(function (root) {
  "use strict";
  var SVG = "http://www.w3.org/2000/svg";
  var serial = 0;

  /* An element: attributes by name, `on…` a listener, `class`; children are elements, texts or nothing. */
  function h(tag, attributes) {
    var element = document.createElement(tag);
    Object.keys(attributes || {}).forEach(function (name) {
      var value = attributes[name];
      if (value === undefined || value === null || value === false) return;
      if (name.slice(0, 2) === "on") element.addEventListener(name.slice(2), value);
      else if (name === "value") element.value = value;
      else element.setAttribute(name, value === true ? "" : value);
    });
    append(element, Array.prototype.slice.call(arguments, 2));
    return element;
  }

  function append(element, children) {
    children.forEach(function (child) {
      if (Array.isArray(child)) append(element, child);
      else if (child !== undefined && child !== null && child !== false) element.append(child);
    });
  }

  var PATHS = {
    plus: "M12 5v14M5 12h14", dots: "M5.5 12v.01M12 12v.01M18.5 12v.01", close: "M6 6l12 12M18 6L6 18",
    group: "M8 4H6a2 2 0 0 0-2 2v12a2 2 0 0 0 2 2h2M16 4h2a2 2 0 0 1 2 2v12a2 2 0 0 1-2 2h-2",
    grip: "M9 6v.01M15 6v.01M9 12v.01M15 12v.01M9 18v.01M15 18v.01"
  };

  function icon(name) {
    var svg = document.createElementNS(SVG, "svg"), path = document.createElementNS(SVG, "path");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("class", "icon icon-" + name);
    svg.setAttribute("aria-hidden", "true");
    path.setAttribute("d", PATHS[name]);
    svg.append(path);
    return svg;
  }

  function id() { return "b" + (++serial); }

  /* A text with {places} filled. */
  function fill(text, values) {
    return text.replace(/\{(\w+)\}/g, function (_, name) { return values[name]; });
  }

  function number(value) { return value.toLocaleString(document.documentElement.lang || "en"); }

  /* A <select> over words; `chosen` may be one that is not among them. */
  function select(words, chosen, attributes, change) {
    var element = h("select", Object.assign({ class: "form-select b-select" }, attributes));
    Object.keys(words).forEach(function (word) { element.append(option(word, words[word], chosen)); });
    if (!(chosen in words)) element.append(option(chosen, chosen, chosen));
    element.addEventListener("change", function () { change(element.value); });
    return element;
  }

  function option(value, label, chosen) {
    var element = h("option", { value: value }, label);
    if (value === chosen) element.selected = true;
    return element;
  }

  var live = null;
  function announce(text) {
    live = live || document.getElementById("builder-said");
    if (!live) return;
    live.textContent = "";
    setTimeout(function () { live.textContent = text; }, 60);
  }

  function token() {
    var field = document.querySelector("input[name=csrfmiddlewaretoken]");
    return field ? field.value : "";
  }

  /* Ask the shop; the promise brings {status, told}. */
  function ask(address, body, signal) {
    return fetch(address, {
      method: "POST", signal: signal, body: JSON.stringify(body),
      headers: { "Content-Type": "application/json", "X-CSRFToken": token(), "HX-Request": "true" }
    }).then(function (answer) {
      var away = answer.headers.get("HX-Redirect");
      if (away) throw new Error("signed out");
      return answer.json().then(function (told) { return { status: answer.status, told: told }; });
    });
  }

  root.Builder = root.Builder || {};
  root.Builder.dom = {
    h: h, icon: icon, id: id, fill: fill, number: number, select: select, announce: announce, ask: ask
  };
})(globalThis);
