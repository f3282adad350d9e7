/* Editors for what stands to the right of a word: each shows a value, and `set`s another as it is edited.

   `here`: {at: JSON Pointer, id: what focus returns to, label, ask(): what suggestions to look for}. */
(function (root) {
  "use strict";
  var B = root.Builder, h = B.dom.h, NUMBER = /^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$/;
  var DATE = /^\d{4}-\d\d-\d\d$/, SPAN = /^(\d+)([smhdw])$/;

  function marks(here, more) {
    return Object.assign({ "data-at": here.at, "data-focus": here.id, "aria-label": here.label, placeholder: here.label }, more);
  }

  function below(here, key, label) {
    return Object.assign({}, here, { at: here.at + "/" + key, id: here.id + "/" + key, label: label || here.label });
  }

  /* A typed text as the scalar it looks like. */
  function scalarOf(text) {
    if (text === "true" || text === "false") return text === "true";
    return NUMBER.test(text) ? Number(text) : text;
  }
  function looksTyped(text) { return typeof scalarOf(text) !== "string"; }
  function shown(value) { return value === undefined || value === null ? "" : typeof value === "object" ? JSON.stringify(value) : String(value); }

  function text(value, set, here) {
    if (here.ask) return B.combobox({ value: shown(value), question: here.ask, pick: set, attributes: marks(here) });
    return plain(value, set, here, {});
  }

  function plain(value, set, here, more) {
    var input = h("input", marks(here, Object.assign({
      class: "form-control b-input", type: "text", autocomplete: "off", autocapitalize: "off", spellcheck: "false",
      value: shown(value), oninput: function () { fit(); set(input.value); }
    }, more)));
    function fit() { input.size = Math.max(more.size || 8, Math.min(input.value.length + 1, 34)); }
    fit();
    return input;
  }

  function number(value, set, here) {
    return plain(value, function (typed) { set(NUMBER.test(typed) ? Number(typed) : typed); }, here,
      { inputmode: "decimal", size: 5 });
  }

  /* A text, a number, true or false. What could be either can be switched. */
  function scalar(value, set, here) {
    var now = value, kind = h("button", { type: "button", class: "b-kind", hidden: true });
    function tell() {
      kind.hidden = !looksTyped(shown(now));
      kind.textContent = typeof now === "string" ? B.texts.as_text : typeof now === "number" ? B.texts.as_number : B.texts.as_flag;
    }
    function take(typed, chosen) {
      var keep = chosen ? typed : typeof now === "string" && looksTyped(shown(now)) ? typed : scalarOf(typed);
      now = keep;
      tell();
      set(now);
    }
    kind.addEventListener("click", function () {
      now = typeof now === "string" ? scalarOf(now) : String(now);
      tell();
      set(now);
    });
    tell();
    var field = B.combobox({ value: shown(value), question: here.ask || function () { return null; }, pick: take, attributes: marks(here) });
    return h("span", { class: "b-joined" }, field, kind);
  }

  /* A list of scalars as chips. */
  function scalars(value, set, here, onlyText) {
    var list = Array.isArray(value) ? value.slice() : [], box = h("span", { class: "b-chips", "data-at": here.at });
    var field = B.combobox({
      value: "", question: here.ask || function () { return null; }, enter: take, least: 10,
      pick: function (picked, chosen) { if (chosen) push(picked); },
      attributes: marks(here, { placeholder: B.texts.add_value })
    });
    function take() { if (field.input.value !== "") push(onlyText ? field.input.value : scalarOf(field.input.value)); }
    function push(one) {
      if (list.indexOf(one) < 0) list.push(one);
      field.input.value = "";
      draw();
      set(list.slice());
    }
    function drop(i) {
      list.splice(i, 1);
      draw();
      set(list.slice());
      field.input.focus();
    }
    field.input.addEventListener("blur", take);
    field.input.addEventListener("keydown", function (event) {
      if (event.key === "," ) { event.preventDefault(); take(); }
      if (event.key === "Backspace" && field.input.value === "" && list.length) drop(list.length - 1);
    });
    function draw() {
      var chips = list.map(function (one, i) {
        return h("span", { class: "b-chip", "data-at": here.at + "/" + i }, typeof one === "string" && looksTyped(one) ? "“" + one + "”" : shown(one),
          h("button", { type: "button", "aria-label": B.texts.remove + ": " + shown(one), onclick: function () { drop(i); } }, B.dom.icon("close")));
      });
      box.replaceChildren.apply(box, chips.concat([field]));
    }
    draw();
    return box;
  }

  function strings(value, set, here) { return scalars(value, set, here, true); }

  function flag(value, set, here) {
    return B.dom.select(here.options || B.language.yes_no, String(value), marks(here), function (word) { set(word === "true"); });
  }

  function span(value, set, here) {
    var match = SPAN.exec(value || ""), unit = match ? match[2] : "d";
    function tell() { set(field.value.trim() + unit); }
    var field = plain(match ? match[1] : value, tell, here, { inputmode: "numeric", size: 3 });
    return h("span", { class: "b-joined" }, field, B.dom.select(B.language.units, unit,
      { "aria-label": B.texts.unit, "data-focus": here.id + "/unit" }, function (word) { unit = word; tell(); }));
  }

  function moment(value, set, here) {
    if (value === "" || DATE.test(value)) {
      var input = h("input", marks(here, { type: "date", class: "form-control b-input b-date", value: value, oninput: function () { set(input.value); } }));
      return input;
    }
    return plain(value, function (typed) { set(NUMBER.test(typed) ? Number(typed) : typed); }, here, { size: 20 });
  }

  function two(edit) {
    return function (value, set, here) {
      var ends = Array.isArray(value) && value.length === 2 ? value.slice() : ["", ""];
      function end(i) {
        return edit(ends[i], function (one) { ends[i] = one; set(ends.slice()); }, below(here, i, here.label + " " + (i + 1)));
      }
      return h("span", { class: "b-joined", "data-at": here.at }, end(0), h("span", { class: "soft" }, B.texts.and), end(1));
    };
  }

  function numberOrDate(value, set, here) {
    return DATE.test(value) ? moment(value, set, here) : number(value, set, here);
  }

  /* {word: value} over a few words, each with its editor. */
  function oneOf(words, editOf, startOf) {
    return function (value, set, here) {
      var word = B.model.isObject(value) ? Object.keys(value)[0] || Object.keys(words)[0] : Object.keys(words)[0];
      var operand = B.model.isObject(value) ? value[word] : value;
      function tell(one) { var told = {}; told[word] = one; set(told); }
      var chooser = B.dom.select(words, word, { "aria-label": B.texts.comparison, "data-focus": here.id + "/word" }, function (other) {
        var told = {};
        told[other] = startOf(other, operand);
        set(told, true);
      });
      var editor = editOf(word);
      return h("span", { class: "b-joined", "data-at": here.at }, chooser, editor ? editor(operand, tell, below(here, word)) : null);
    };
  }

  function anniversary(value, set, here) {
    return oneOf(B.language.anniversaries, function (word) { return word === "on" ? null : span; },
      function (word, before) { return word === "on" ? "today" : SPAN.test(before) ? before : "7d"; })(value, set, here);
  }

  function calendar(value, set, here) {
    return B.dom.select(B.language.calendar, value, marks(here), set);
  }

  function held(value, set, here) {
    return oneOf(B.language.held, function (word) { return word === "between" ? two(span) : span; }, function (word, before) {
      var first = Array.isArray(before) ? before[0] : before;
      return word === "between" ? [first, first] : first;
    })(value, set, here);
  }

  /* A number, or {comparison: number}; a number alone is "exactly so many". */
  function quantity(value, set, here) {
    var words = B.language.quantity, whole = !B.model.isObject(value);
    var word = whole ? "is" : Object.keys(value).filter(function (key) { return key in words; })[0];
    var operand = whole ? value : value[word];
    var chooser = B.dom.select(words, word, { "aria-label": B.texts.comparison, "data-focus": here.id + "/word" }, function (other) {
      set(other === "is" ? first(operand) : one(other, converted(kindOf(word), kindOf(other), operand)), true);
    });
    function tell(next) { set(whole ? next : one(word, next)); }
    var editor = { number: number, scalar: number, pair: two(numberOrDate), scalars: scalars }[kindOf(word)];
    return h("span", { class: "b-joined", "data-at": here.at }, chooser, editor(operand, tell, whole ? here : below(here, word)));
  }

  function one(word, value) { var told = {}; told[word] = value; return told; }
  function first(value) { return Array.isArray(value) ? value[0] : value; }
  function kindOf(word) { var told = B.language.comparisons[word]; return told ? told.operand : "scalar"; }

  var STARTS = {
    scalar: "", scalars: [], number: 0, pair: [0, 0], text: "", span: "30d", moment: "", flag: true, quantity: { at_least: 1 },
    anniversary: { in_next: "7d" }, calendar: "this_month", held: { at_least: "7d" }, items: [{ property: "", is: "" }]
  };

  /* What of an operand can be kept under another comparison. */
  function converted(from, to, value) {
    if (from === to) return value;
    var alone = first(value), isNumber = typeof alone === "number" || NUMBER.test(alone);
    if (to === "scalars") return alone === "" || alone === undefined || typeof alone === "object" ? [] : [alone];
    if (to === "scalar" && typeof alone !== "object") return alone;
    if (to === "text" && typeof alone === "string") return alone;
    if (to === "number") return isNumber ? Number(alone) : 0;
    if (to === "pair") return isNumber ? [Number(alone), Number(alone)] : [0, 0];
    if (to === "moment") return DATE.test(alone) ? alone : new Date().toISOString().slice(0, 10);
    return B.model.copy(STARTS[to]);
  }

  B.operands = {
    text: text, number: number, scalar: scalar, scalars: scalars, strings: strings, flag: flag, span: span, moment: moment,
    pair: two(numberOrDate), spans: two(span), moments: two(moment), calendar: calendar, anniversary: anniversary, held: held, quantity: quantity,
    converted: converted, kindOf: kindOf, below: below, marks: marks, first: first, shown: shown
  };
})(globalThis);
