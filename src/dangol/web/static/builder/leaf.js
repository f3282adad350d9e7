/* One leaf as a form: its subject, and the controls that the description names. */
(function (root) {
  "use strict";
  var B = root.Builder, h = B.dom.h, O = B.operands;
  var MEASURE_STARTS = { count: { at_least: 2 } };

  /* `here`: {at, id} of the leaf; `changed(redraw)` after every change of `shape`. */
  function draw(shape, here, changed) {
    var subject = Object.keys(B.language.leaves).filter(function (word) { return word in shape; })[0];
    var told = B.language.leaves[subject];
    var context = { shape: shape, here: here, changed: changed, event: function () { return eventOf(shape); } };
    var parts = told.controls.map(function (control) { return control_(context, control); }).filter(Boolean);
    var folded = told.controls.filter(function (control) { return missing(shape, control); });
    return h("div", { class: "b-leaf" },
      h("div", { class: "b-line" }, chooser(shape, subject, here, changed), subjectField(context, told.subject),
        parts.filter(function (part) { return !part.block; }), folded.map(function (control) { return adder(context, control); })),
      parts.filter(function (part) { return part.block; }));
  }

  function eventOf(shape) { return shape.event || shape.last_event || shape.first_event || (shape.message ? "Message Sent" : ""); }

  function chooser(shape, subject, here, changed) {
    var select = h("select", { class: "form-select b-select b-subject", "aria-label": B.texts.condition, "data-focus": here.id + "/subject" });
    Object.keys(B.language.families).forEach(function (family) {
      var group = h("optgroup", { label: B.language.families[family] });
      Object.keys(B.language.leaves).forEach(function (word) {
        if (B.language.leaves[word].family !== family) return;
        var option = h("option", { value: word }, B.language.leaves[word].label);
        option.selected = word === subject;
        group.append(option);
      });
      if (group.children.length) select.append(group);
    });
    select.addEventListener("change", function () {
      var next = begin(select.value), before = shape[subject];
      var bothEvents = typeof before === "string" && ["event", "last_event", "first_event"].indexOf(subject) >= 0;
      if (bothEvents && ["event", "last_event", "first_event"].indexOf(select.value) >= 0) next = carried(shape, subject, select.value);
      Object.keys(shape).forEach(function (key) { delete shape[key]; });
      Object.assign(shape, next);
      changed(true);
    });
    return select;
  }

  /* From one leaf about an event to another: name, details and window stay. */
  function carried(shape, from, to) {
    var next = {};
    next[to] = shape[from];
    ["where", "within", "ago", "since", "until", "between", "calendar"].forEach(function (key) { if (key in shape) next[key] = shape[key]; });
    return next;
  }

  /* A new leaf of a subject, with what it must hold. */
  function begin(subject) {
    var told = B.language.leaves[subject], shape = {};
    shape[subject] = B.model.copy(told.subject.start === undefined ? "" : told.subject.start);
    told.controls.forEach(function (control) {
      if (control.kind === "comparison" && !control.label) shape[control.words === "quantity" ? "at_least" : "is"] = control.words === "quantity" ? 0 : "";
      else if (control.start !== undefined && (!control.optional || control.kind === "number")) shape[control.key] = B.model.copy(control.start);
    });
    return shape;
  }

  function place(context, key, label) {
    return { at: context.here.at + "/" + key, id: context.here.id + "/" + key, label: label };
  }

  function setter(context, key) {
    return function (value, redraw) { context.shape[key] = value; context.changed(redraw || false); };
  }

  function asking(context, source, more) {
    return source ? function () { return Object.assign({ source: source, event: context.event() }, more ? more() : {}); } : null;
  }

  function subjectField(context, control) {
    var here = place(context, control.key, control.label || B.language.leaves[control.key].label), value = context.shape[control.key];
    if (control.kind === "choice") return B.dom.select(control.options, value, O.marks(here), setter(context, control.key));
    if (control.kind === "fixed") return null;
    if (control.kind === "steps") return B.steps(context, value, here, setter(context, control.key));
    if (control.kind === "mapping") return mapping(context, control, value, here);
    here.ask = asking(context, control.source);
    return O.text(value, setter(context, control.key), here);
  }

  /* A few named values: {campaign, step …}, {lat, lon}. */
  function mapping(context, control, value, here) {
    var told = B.model.isObject(value) ? value : {};
    return h("span", { class: "b-mapping", "data-at": here.at }, Object.keys(control.options).map(function (key) {
      var inner = O.below(here, key, control.options[key]), numeric = control.words === "number";
      if (!numeric) inner.ask = function () { return { source: key, event: told.campaign || "" }; };
      return h("label", { class: "b-named" }, h("span", null, control.options[key]), (numeric ? O.number : O.text)(told[key], function (next) {
        if (next === "" && !numeric) delete told[key];
        else told[key] = next;
        context.shape[control.key] = told;
        context.changed(false);
      }, inner));
    }));
  }

  function given(shape, words) { return words.filter(function (word) { return word in shape; }); }

  /* Whether an optional control is left out, and so only offered. */
  function missing(shape, control) {
    if (control.kind === "measure" || control.kind === "window") return false;
    if (control.kind === "comparison") return !!control.label && !given(shape, comparisonsOf(shape, control)).length;
    if (control.kind === "flag" || control.kind === "choice") return false;
    return !(control.key in shape);
  }

  function comparisonsOf(shape, control) {
    return B.language.sets[control.words].filter(function (word) { return word !== "is" || !control.label; });
  }

  function adder(context, control) {
    return h("button", { type: "button", class: "b-add-part", "data-focus": context.here.id + "/add-" + (control.key || control.words), onclick: function () {
      if (control.kind === "comparison") context.shape.within = "30d";
      else context.shape[control.key] = startOf(control);
      context.changed(context.here.id + "/" + (control.kind === "comparison" ? "word" : control.key) + (control.kind === "conditions" ? "/0/property" : ""));
    } }, B.dom.icon("plus"), control.label);
  }

  function startOf(control) {
    if (control.start !== undefined) return B.model.copy(control.start);
    return { conditions: [{ property: "", is: "" }], span: "30d", number: 0, text: control.default || "" }[control.kind];
  }

  function control_(context, control) {
    if (missing(context.shape, control)) return null;
    var here = place(context, control.key, control.label), value = context.shape[control.key], set = setter(context, control.key);
    if (control.kind === "measure") return measure(context);
    if (control.kind === "window") return window_(context);
    if (control.kind === "comparison") return compare(context, control);
    if (control.kind === "conditions") return block(control.label, conditions(context, value, here, set, {}), leaveOut(context, control));
    if (control.kind === "judged") return named(context, control, judged(context, control, value, here, set));
    if (control.kind === "flag") {
      here.options = control.options;
      here.label = here.label || B.language.leaves[Object.keys(context.shape)[0]] && B.texts.comparison;
      return O.flag(value === undefined ? control.default : value, function (next) { assign(context, control, next); }, here);
    }
    if (control.kind === "choices") return choices(control, value, here, set);
    if (control.kind === "choice") {
      here.label = here.label || B.texts.comparison;
      return B.dom.select(control.options, value === undefined ? control.default : value, O.marks(here), function (next) { assign(context, control, next); });
    }
    here.ask = asking(context, control.source);
    return named(context, control, O[control.kind](value, set, here));
  }

  /* Any number of a few words, each a button that is down or up. */
  function choices(control, value, here, set) {
    var list = Array.isArray(value) ? value : [];
    return h("span", { class: "b-chips", role: "group", "aria-label": B.texts.choose, "data-at": here.at }, Object.keys(control.options).map(function (word) {
      var button = h("button", { type: "button", class: "b-toggle", "aria-pressed": String(list.indexOf(word) >= 0), "data-focus": here.id + "/" + word, onclick: function () {
        list = list.indexOf(word) >= 0 ? list.filter(function (one) { return one !== word; }) : list.concat([word]);
        button.setAttribute("aria-pressed", String(list.indexOf(word) >= 0));
        set(list.slice());
      } }, control.options[word]);
      return button;
    }));
  }

  /* What is the default anyway is not written, unless it stood there. */
  function assign(context, control, next) {
    if (next === control.default && !(control.key in context.shape)) return;
    context.shape[control.key] = next;
    context.changed(false);
  }

  function named(context, control, editor) {
    return h("span", { class: "b-joined b-optional" }, control.label ? h("span", { class: "b-says" }, control.label) : null, editor,
      control.optional ? leaveOut(context, control) : null);
  }

  function leaveOut(context, control) {
    return h("button", { type: "button", class: "b-clear", "aria-label": B.texts.clear + ": " + (control.label || control.key), title: B.texts.clear, onclick: function () {
      delete context.shape[control.key];
      context.changed(context.here.id + "/add-" + control.key);
    } }, B.dom.icon("close"));
  }

  function block(label, content, clear) {
    var element = h("div", { class: "b-block" }, h("div", { class: "b-block-head" }, h("span", { class: "b-says" }, label), clear), content);
    element.block = true;
    return element;
  }

  /* --- measure and window: one of a few keys of the leaf itself -------------------------------------------------- */

  function swap(context, words, word, value) {
    given(context.shape, words).forEach(function (old) { delete context.shape[old]; });
    if (word) context.shape[word] = value;
  }

  function measure(context) {
    var words = Object.keys(B.language.measures).filter(Boolean), word = given(context.shape, words)[0] || "";
    var value = context.shape[word], here = place(context, word || "measure", B.texts.how_many);
    var chooser = B.dom.select(B.language.measures, word, O.marks(here, { "data-focus": context.here.id + "/measure" }), function (next) {
      swap(context, words, next, next === "count" ? MEASURE_STARTS.count : { of: B.model.isObject(value) && value.of || "", at_least: 1 });
      context.changed(true);
    });
    if (!word) return chooser;
    if (word === "count") return h("span", { class: "b-joined" }, chooser, O.quantity(value, setter(context, word), here));
    var of = O.below(here, "of", B.texts.property), told = B.model.isObject(value) ? value : { of: "" };
    of.ask = asking(context, "property");
    var rest = Object.assign({}, told);
    delete rest.of;
    return h("span", { class: "b-joined" }, chooser,
      O.text(told.of, function (next) { told.of = next; context.shape[word] = told; context.changed(false); }, of),
      O.quantity(rest, function (next, redraw) {
        told = context.shape[word] = Object.assign({ of: told.of }, B.model.isObject(next) ? next : { is: next });
        context.changed(redraw || false);
      }, here));
  }

  function window_(context) {
    var words = Object.keys(B.language.windows).filter(Boolean), word = given(context.shape, words)[0] || "";
    var value = context.shape[word], here = place(context, word || "window", B.language.windows[word] || B.texts.how_many);
    var chooser = B.dom.select(B.language.windows, word, { "aria-label": B.language.windows[word], "data-focus": context.here.id + "/window" }, function (next) {
      swap(context, words, next, windowStart(next, value));
      context.changed(true);
    });
    var editor = { within: O.span, ago: O.spans, since: O.moment, until: O.moment, between: O.moments, calendar: O.calendar }[word];
    return h("span", { class: "b-joined" }, chooser, editor ? editor(value, setter(context, word), here) : null,
      word === "ago" ? h("span", { class: "soft" }, B.texts.ago) : null);
  }

  function windowStart(word, before) {
    var today = new Date().toISOString().slice(0, 10), span = /^\d+[smhdw]$/.test(O.first(before)) ? O.first(before) : "30d";
    return { within: span, ago: [span, "60d"], since: today, until: today, between: [today, today], calendar: "this_month" }[word];
  }

  /* --- comparisons and conditions --------------------------------------------------------------------------------- */

  function compare(context, control) {
    var words = comparisonsOf(context.shape, control);
    var source = control.source, shape = context.shape;
    var values = source === "trait" ? function () { return { source: "trait", path: shape.trait }; } : null;
    var editor = comparison(shape, words, context.here, context.changed, values, { traits: source === "trait" });
    if (!control.label) return editor;
    return h("span", { class: "b-joined b-optional" }, h("span", { class: "b-says" }, control.label), editor,
      h("button", { type: "button", class: "b-clear", "aria-label": B.texts.clear, onclick: function () {
        given(shape, words).forEach(function (word) { delete shape[word]; });
        context.changed(true);
      } }, B.dom.icon("close")));
  }

  /* The one comparison of a mapping: a choice of words, and the editor of the one chosen. */
  function comparison(shape, words, here, changed, values, inside) {
    var word = given(shape, words)[0], kind = O.kindOf(word), operand = shape[word];
    var select = h("select", { class: "form-select b-select", "aria-label": B.texts.comparison, "data-focus": here.id + "/word" });
    Object.keys(B.language.comparison_families).forEach(function (family) {
      var group = h("optgroup", { label: B.language.comparison_families[family] });
      words.forEach(function (one) {
        if (B.language.comparisons[one].family !== family) return;
        var option = h("option", { value: one }, B.language.comparisons[one].label);
        option.selected = one === word;
        group.append(option);
      });
      if (group.children.length) select.append(group);
    });
    if (!word) select.prepend(h("option", { value: "", selected: true }, B.texts.choose));
    select.addEventListener("change", function () {
      given(shape, words).forEach(function (old) { delete shape[old]; });
      shape[select.value] = O.converted(kind, O.kindOf(select.value), operand);
      changed(true);
    });
    var place_ = { at: here.at + "/" + word, id: here.id + "/operand", label: B.texts.value, ask: values };
    function set(value, redraw) { shape[word] = value; changed(redraw || false); }
    if (kind === "items") return h("span", { class: "b-joined b-items" }, select, conditions({ changed: changed, event: inside.event || function () { return ""; } }, operand, place_, set, inside, shape));
    var textual = ["scalar", "scalars", "text"].indexOf(kind) >= 0;
    if (!textual) place_.ask = null;
    return h("span", { class: "b-joined" }, select, word ? O[kind](operand, set, place_) : null);
  }

  function judged(context, control, value, here, set) {
    var told = B.model.isObject(value) ? value : { is: value };
    var words = B.language.sets[control.words];
    return comparison(told, words, here, function (redraw) { context.shape[control.key] = told; context.changed(redraw); },
      function () { return { source: "value", event: "Survey Answered", path: control.key }; }, {});
  }

  /* A list of conditions on properties: of an event, or of one item of a list. */
  function conditions(context, value, here, set, inside, around) {
    var list = Array.isArray(value) ? value : [], item = inside.item || "";
    if (around) item = (item ? item + "\n" : "") + (around.property || around.trait || "");
    function row(one, i) {
      var at = O.below(here, i), property = O.below(at, "property", B.texts.property);
      property.ask = function () { return { source: "property", event: context.event(), item: item }; };
      var values = function () { return { source: inside.traits ? "trait" : "value", event: context.event(), path: one.property || "", item: item }; };
      return h("li", { class: "b-condition", "data-at": at.at },
        O.text(one.property, function (next) { one.property = next; set(list); }, property),
        comparison(one, B.language.sets.property, at, function (redraw) { set(list, redraw); }, values, { event: context.event, item: item, traits: inside.traits }),
        h("button", { type: "button", class: "b-clear", "aria-label": B.texts.remove, title: B.texts.remove, onclick: function () { list.splice(i, 1); set(list, true); } }, B.dom.icon("close")));
    }
    var add = h("button", { type: "button", class: "b-add-part", "data-focus": here.id + "/add", onclick: function () {
      list.push({ property: "", is: "" });
      set(list, here.id + "/" + (list.length - 1) + "/property");
    } }, B.dom.icon("plus"), B.texts.add_where);
    return h("div", { class: "b-conditions", "data-at": here.at }, h("ul", null, list.filter(B.model.isObject).map(row)), add);
  }

  B.leaf = { draw: draw, begin: begin, conditions: conditions, measure: measure, place: place };
})(globalThis);
