/* The steps of a sequence, one below the other. */
(function (root) {
  "use strict";
  var B = root.Builder, h = B.dom.h, O = B.operands;

  B.steps = function (context, value, here, set) {
    var list = Array.isArray(value) ? value : [];
    function row(step, i) {
      var at = O.below(here, i, B.dom.fill(B.texts.step, { n: i + 1 })), event = O.below(at, "event", B.language.leaves.event.subject.label);
      function changed(redraw) { set(list, redraw); }
      event.ask = function () { return { source: "events" }; };
      return h("li", { class: "b-step", "data-at": at.at },
        h("div", { class: "b-line" },
          h("span", { class: "b-says" }, i ? B.texts.then : "1"),
          O.text(step.event, function (next) { step.event = next; changed(false); }, event),
          i ? happens(step, at, changed) : null,
          h("button", { type: "button", class: "b-clear", "aria-label": B.texts.remove + ": " + at.label, onclick: function () { drop(i); } }, B.dom.icon("close")),
          i ? within(step, at, changed) : null),
        where(step, at, changed));
    }
    /* The first step must occur, and has nothing before it to be close to. */
    function drop(i) {
      list.splice(i, 1);
      if (list.length) {
        delete list[0].within;
        delete list[0].count;
      }
      set(list, true);
    }
    function happens(step, at, changed) {
      return B.dom.select({ yes: B.texts.happens, no: B.texts.not_happens }, step.count === 0 ? "no" : "yes",
        { "aria-label": B.texts.happens, "data-at": at.at + "/count", "data-focus": at.id + "/count" }, function (word) {
          if (word === "no") step.count = 0;
          else delete step.count;
          changed(false);
        });
    }
    function within(step, at, changed) {
      var told = B.language.step.within, place = O.below(at, "within", told.label);
      if (!("within" in step)) return part(told.label, place.id, function () { step.within = "1d"; changed(place.id); });
      return h("span", { class: "b-joined b-optional" }, h("span", { class: "b-says" }, told.label),
        O.span(step.within, function (next) { step.within = next; changed(false); }, place),
        h("button", { type: "button", class: "b-clear", "aria-label": B.texts.clear + ": " + told.label, onclick: function () { delete step.within; changed(true); } }, B.dom.icon("close")));
    }
    function where(step, at, changed) {
      var told = B.language.step.where, place = O.below(at, "where", told.label);
      if (!("where" in step)) return part(told.label, place.id, function () { step.where = [{ property: "", is: "" }]; changed(place.id + "/0/property"); });
      return B.leaf.conditions({ event: function () { return step.event || ""; }, changed: changed }, step.where, place, function (next, redraw) {
        if (next.length) step.where = next;
        else delete step.where;
        changed(redraw);
      }, {});
    }
    var add = part(B.texts.add_step, here.id, function () {
      list.push({ event: "", within: "1d" });
      set(list, here.id + "/" + (list.length - 1) + "/event");
    });
    return h("div", { class: "b-steps", "data-at": here.at }, h("ol", null, list.filter(B.model.isObject).map(row)), add);
  };

  function part(label, id, act) {
    return h("button", { type: "button", class: "b-add-part", "data-focus": id + "/add", onclick: act }, B.dom.icon("plus"), label);
  }
})(globalThis);
