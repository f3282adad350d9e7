/* The editor of a segment: form and YAML of one rule, its name and key, saving, and no change lost by accident. */
(function (root) {
  "use strict";
  var B = root.Builder, M = B.model, frame = document.querySelector("[data-builder]");
  if (!frame) return;
  var given = JSON.parse(document.getElementById("builder-data").textContent);
  B.language = given.language;
  B.texts = given.texts;
  B.addresses = given.addresses;

  var form = frame.querySelector("[data-form]"), yaml = frame.querySelector("[data-yaml]"), area = yaml.querySelector("textarea");
  var name = frame.querySelector("[data-name]"), key = frame.querySelector("[data-key]");
  var state = { shape: {}, tree: null, keyed: !!given.saved };
  var inYaml = false, textThen = "", kept = "", leaving = false;

  function shape() {
    return Object.assign({}, state.shape, { key: key.value.trim(), name: name.value.trim(), where: M.write(state.tree) });
  }

  function take(told) {
    state.shape = M.isObject(told) ? told : {};
    state.tree = M.read("where" in state.shape ? state.shape.where : null);
    name.value = B.operands.shown(state.shape.name);
    key.value = B.operands.shown(state.shape.key);
  }

  function dirty() { return inYaml ? area.value !== textThen || JSON.stringify(shape()) !== kept : JSON.stringify(shape()) !== kept; }

  take(given.shape);
  kept = JSON.stringify(shape());
  var judge = B.judge.start(document.getElementById("preview"), form, shape);
  var explained = B.explain.start(document.getElementById("explain"), function () { return M.write(state.tree); });
  var asking = null;
  function edited() {
    frame.classList.toggle("b-dirty", dirty());
    judge.soon();
    clearTimeout(asking);
    asking = setTimeout(explained.again, 1000);
  }
  var tree = B.tree.start(form.querySelector("[data-tree]"), state, edited);

  /* --- name and key ------------------------------------------------------------------------------------------------ */

  function slug(text) {
    return text.normalize("NFKD").toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 50);
  }
  name.addEventListener("input", function () {
    if (!state.keyed) key.value = slug(name.value) || given.key;
    edited();
  });
  key.addEventListener("input", function () { state.keyed = true; edited(); });

  /* --- form and YAML ----------------------------------------------------------------------------------------------- */

  function show(nowYaml) {
    inYaml = nowYaml;
    form.hidden = nowYaml;
    yaml.hidden = !nowYaml;
    frame.querySelectorAll("[data-view]").forEach(function (tab) {
      var on = (tab.getAttribute("data-view") === "yaml") === nowYaml;
      tab.setAttribute("aria-selected", String(on));
      tab.tabIndex = on ? 0 : -1;
    });
  }

  function toYaml() {
    if (inYaml) return;
    B.dom.ask(B.addresses.text, { shape: shape() }).then(function (got) {
      area.value = textThen = got.told.text;
      show(true);
      area.dispatchEvent(new Event("input", { bubbles: true }));
    });
  }

  function toForm() {
    if (!inYaml) return;
    if (area.value === textThen) return back();
    read().then(function (told) { if (told) { take(told.shape); back(); } });
  }

  function back() {
    show(false);
    tree.redraw();
    judge.now();
  }

  /* What the YAML says, once nobody minds what is lost; nothing where it cannot be read. */
  function read() {
    return B.dom.ask(B.addresses.shape, { text: area.value }).then(function (got) {
      if (got.status !== 200) { B.dom.announce(B.dom.fill(B.texts.faults, { n: got.told.faults.length })); area.focus(); return null; }
      return got.told.comments ? sure(B.texts.comments).then(function (yes) { return yes ? got.told : null; }) : got.told;
    });
  }

  function sure(text) {
    var dialog = frame.querySelector("dialog");
    dialog.querySelector("p").textContent = text;
    dialog.returnValue = "";
    dialog.querySelectorAll("[data-close]").forEach(function (button) {
      button.onclick = function () { dialog.close(button.getAttribute("data-close")); };
    });
    dialog.showModal();
    return new Promise(function (answer) {
      dialog.addEventListener("close", function () { answer(dialog.returnValue === "yes"); }, { once: true });
    });
  }

  frame.querySelectorAll("[data-view]").forEach(function (tab) {
    var act = tab.getAttribute("data-view") === "yaml" ? toYaml : toForm;
    tab.addEventListener("click", act);
    tab.addEventListener("keydown", function (event) {
      if (event.key !== "ArrowRight" && event.key !== "ArrowLeft") return;
      var other = tab.nextElementSibling || tab.previousElementSibling;
      other.focus();
      other.click();
    });
  });
  area.addEventListener("input", function () { frame.classList.toggle("b-dirty", dirty()); });

  /* --- saving ------------------------------------------------------------------------------------------------------- */

  frame.addEventListener("submit", function (event) {
    if (event.submitter && event.submitter.hasAttribute("formaction")) { leaving = true; return; }
    event.preventDefault();
    save("active");
  });

  function save(as) {
    if (inYaml) read().then(function (told) { if (told) keep(told.shape, as); });
    else keep(shape(), as);
  }

  var draft = frame.querySelector("[data-save-draft]");
  if (draft) {
    draft.hidden = false;
    draft.addEventListener("click", function () { save("draft"); });
  }

  function keep(told, as) {
    var button = frame.querySelector("[data-save]");
    button.disabled = true;
    B.dom.ask(B.addresses.keep, { shape: Object.assign({ state: as }, told) }).then(function (got) {
      button.disabled = false;
      if (got.told.go) { leaving = true; location.assign(got.told.go); return; }
      if (inYaml) { area.dispatchEvent(new Event("input", { bubbles: true })); return; }
      judge.show(got.told.faults);
      var wrong = form.querySelector("[aria-describedby][aria-invalid]");
      if (wrong) wrong.focus();
    }).catch(function () {
      button.disabled = false;
      B.dom.announce(B.texts.failed);
    });
  }

  addEventListener("beforeunload", function (event) {
    if (!leaving && dirty()) event.preventDefault();
  });
  frame.addEventListener("keydown", function (event) {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s") { event.preventDefault(); frame.requestSubmit(frame.querySelector("[data-save]")); }
    if (event.key === "Enter" && event.target.matches("input") && !event.defaultPrevented) event.preventDefault();
  });

  frame.querySelector("[data-views]").hidden = false;
  show(false);
  judge.now();
  B.warm();
  root.Builder.now = shape;
  root.Builder.explained = explained;
})(globalThis);
