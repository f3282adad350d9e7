/* Why one customer is in what is being edited, or not: asked for by name, answered leaf by leaf. */
(function (root) {
  "use strict";
  var B = root.Builder;

  /* `panel` holds a place for the search and one for the answer; `where()` is the rule. */
  function start(panel, where) {
    var answer = panel.querySelector("[data-answer]"), place = panel.querySelector("[data-search]"), who = null;
    var field = B.combobox({
      value: "", named: true, least: 24, question: function () { return { source: "customers" }; },
      pick: function (value, chosen) { if (chosen) look(value); },
      attributes: { "aria-label": place.getAttribute("data-label"), placeholder: place.getAttribute("data-label") }
    });
    place.append(field);

    function look(customer) {
      who = customer;
      B.dom.ask(B.addresses.explain, { where: where(), customer: customer }).then(function (got) {
        if (got.told.html === undefined) return;
        answer.innerHTML = got.told.html;
      }).catch(function () { answer.textContent = B.texts.failed; });
    }

    B.explainFor = function (customer, name) {
      field.input.value = name || "#" + customer;
      look(customer);
      panel.scrollIntoView({ block: "nearest", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
    };
    return { again: function () { if (who !== null) look(who); } };
  }

  B.explain = { start: start };
})(globalThis);
