/* The tree of groups and leaves: drawing it, and moving through it and in it by mouse, finger and keys. */
(function (root) {
  "use strict";
  var B = root.Builder, h = B.dom.h, M = B.model;

  /* `box` holds the tree; `state.tree` is edited; `edited()` is called after every change. */
  function start(box, state, edited) {
    var undo = null;

    function redraw(focus) {
      var seen = document.activeElement && document.activeElement.getAttribute("data-focus"), where = M.pointers(state.tree);
      box.replaceChildren(group(state.tree, where, true));
      focusOn(typeof focus === "string" ? focus : seen);
    }

    function focusOn(id) {
      if (!id) return;
      var found = box.querySelector('[data-focus="' + CSS.escape(id) + '"]');
      if (found) found.focus();
    }

    function change(focus, said) {
      undo = null;
      redraw(focus);
      edited();
      if (said) B.dom.announce(said);
    }

    function group(node, where, top) {
      var items = node.items.map(function (item) { return row(item, where); });
      return h("div", { class: "b-group b-" + node.word, role: "group", "aria-label": B.language.groups[node.word], "data-at": where[node.id] },
        h("div", { class: "b-head" }, head(node, where), top ? null : h("span", { class: "b-count num soft", "data-count": where[node.id] }), top ? null : menu(node)),
        items.length ? h("ol", { class: "b-items-list" }, items) : h("p", { class: "b-empty soft" }, emptiness(node, top)),
        h("div", { class: "b-foot" },
          button("plus", B.texts.add, node.id + "/add", function () { addLeaf(node); }),
          button("group", B.texts.add_group, node.id + "/add-group", function () { addGroup(node); }),
          undo && undo.group === node ? button("", B.texts.undo, node.id + "/undo", bringBack) : null));
    }

    function emptiness(node, top) {
      if (node.word === "any") return B.texts.nobody;
      return top && node.word === "all" ? B.texts.everyone : B.texts.empty_group;
    }

    function head(node, where) {
      var at = where[node.id] + "/exactly/k";
      return [
        B.dom.select(B.language.groups, node.word, { "aria-label": B.texts.group, "data-focus": node.id + "/group", class: "form-select b-select b-word" }, function (word) {
          M.rename(node, word);
          change(node.id + "/group");
        }),
        node.word === "exactly" ? B.operands.number(node.k, function (value) { node.k = value; edited(); }, { at: at, id: node.id + "/k", label: B.texts.how_many }) : null
      ];
    }

    function row(node, where) {
      var inside = node.items ? group(node, where, false) : leaf(node, where);
      return h("li", { class: "b-row" + (node.items ? " b-row-group" : ""), "data-node": node.id, onkeydown: function (event) { keys(event, node); } },
        node.items ? null : handle(node), inside, node.items ? null : h("span", { class: "b-count num soft", "data-count": where[node.id] }), node.items ? null : menu(node));
    }

    function leaf(node, where) {
      var at = where[node.id], known = node.shape && Object.keys(B.language.leaves).filter(function (word) { return word in node.shape; }).length === 1;
      if (!known) return raw(node, at);
      return h("div", { class: "b-body", "data-at": at }, B.leaf.draw(node.shape, { at: at, id: node.id }, function (focus) {
        if (focus) redraw(focus);
        edited();
      }));
    }

    /* What the form has no controls for stays as it is written, and can be edited as that. */
    function raw(node, at) {
      var name = "shape" in node ? "shape" : "raw";
      var area = h("textarea", { class: "form-control b-raw", rows: 3, "aria-label": B.texts.as_written, "data-at": at, "data-focus": node.id + "/raw", spellcheck: "false" });
      area.value = JSON.stringify(node[name], null, 1);
      area.addEventListener("input", function () {
        try { node[name] = JSON.parse(area.value); } catch (error) { area.setAttribute("aria-invalid", "true"); return; }
        area.removeAttribute("aria-invalid");
        edited();
      });
      return h("div", { class: "b-body" }, h("p", { class: "soft small" }, B.texts.unknown), area);
    }

    function button(icon, label, focus, act) {
      return h("button", { type: "button", class: "btn btn-ghost btn-small", "data-focus": focus, onclick: act }, icon ? B.dom.icon(icon) : null, label);
    }

    /* --- what can be done with a node ---------------------------------------------------------------------------- */

    function addLeaf(node) {
      if (node.bare && node.items.length) delete node.bare;
      var made = M.add(node, M.leaf(B.leaf.begin("event")));
      change(made.id + "/event", B.texts.added);
    }

    function addGroup(node) {
      if (node.bare && node.items.length) delete node.bare;
      var made = M.add(node, M.group(node.word === "any" ? "all" : "any", [M.leaf(B.leaf.begin("event"))]));
      if (node.bare) delete node.bare;
      change(made.items[0].id + "/event", B.texts.added);
    }

    function act(node, what) {
      var before = M.place(state.tree, node.id);
      if (state.tree.bare && what !== "remove" && before.group === state.tree) delete state.tree.bare;
      if (what === "remove") return remove(node);
      if (what === "duplicate") return change(focusOf(M.duplicate(state.tree, node.id)), B.texts.added);
      if (what === "wrap") return change(M.wrap(state.tree, node.id).id + "/group", B.texts.added);
      if (what === "unwrap") { M.unwrap(state.tree, node.id); return change(before.group.id + "/group", B.texts.removed); }
      var done = { up: M.shift.bind(null, state.tree, node.id, -1), down: M.shift.bind(null, state.tree, node.id, 1),
        out: M.out.bind(null, state.tree, node.id), into: M.into.bind(null, state.tree, node.id) }[what]();
      if (!done) return null;
      var now = M.place(state.tree, node.id);
      return change(node.id + "/handle", B.dom.fill(B.texts.moved, { place: now.at + 1, all: now.group.items.length }));
    }

    function focusOf(node) { return node.id + (node.items ? "/group" : "/handle"); }

    function remove(node) {
      var gone = M.remove(state.tree, node.id), next = gone.group.items[Math.min(gone.at, gone.group.items.length - 1)];
      undo = { group: gone.group, at: gone.at, node: node };
      redraw(next ? focusOf(next) : gone.group.id + "/add");
      edited();
      B.dom.announce(B.texts.removed);
    }

    function bringBack() {
      M.add(undo.group, undo.node, undo.at);
      change(focusOf(undo.node), B.texts.added);
    }

    function can(node) {
      var here = M.place(state.tree, node.id), near = here.group.items, list = [];
      if (here.at > 0) list.push(["up", B.texts.move_up, "Alt ↑"]);
      if (here.at < near.length - 1) list.push(["down", B.texts.move_down, "Alt ↓"]);
      if (here.group !== state.tree) list.push(["out", B.texts.move_out, "Alt ←"]);
      if ([near[here.at - 1], near[here.at + 1]].some(function (one) { return one && one.items; })) list.push(["into", B.texts.move_in, "Alt →"]);
      list.push(["duplicate", B.texts.duplicate, "Alt D"], ["wrap", B.texts.wrap, "Alt G"]);
      if (node.items) list.push(["unwrap", B.texts.unwrap, ""]);
      list.push(["remove", B.texts.remove, "Alt Del"]);
      return list;
    }

    function handle(node) {
      return h("button", { type: "button", class: "b-handle", onpointerdown: function (event) {
        B.drag(event, box, function (to, behind) { carry(node, to, behind); });
      }, "data-focus": node.id + "/handle", "aria-label": B.texts.condition + ". " + B.texts.move_up + ": Alt ↑, " + B.texts.move_down + ": Alt ↓", onkeydown: function (event) {
        var by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
        if (by && !event.altKey) { event.preventDefault(); step(node, by); }
        if (event.key === "Delete" || event.key === "Backspace") { event.preventDefault(); act(node, "remove"); }
      } }, B.dom.icon("grip"));
    }

    function carry(node, to, behind) {
      if (!M.carry(state.tree, node.id, to, behind)) return;
      var now = M.place(state.tree, node.id);
      change(node.id + "/handle", B.dom.fill(B.texts.moved, { place: now.at + 1, all: now.group.items.length }));
    }

    /* From one condition to the next, through all groups. */
    function step(node, by) {
      var all = Array.from(box.querySelectorAll(".b-handle")), at = all.indexOf(document.activeElement);
      if (all[at + by]) all[at + by].focus();
    }

    var KEYS = { ArrowUp: "up", ArrowDown: "down", ArrowLeft: "out", ArrowRight: "into", Delete: "remove", KeyD: "duplicate", KeyG: "wrap" };
    function keys(event, node) {
      var what = event.altKey && !event.ctrlKey && (KEYS[event.key] || KEYS[event.code]);
      if (!what) return;
      event.preventDefault();
      event.stopPropagation();
      act(node, what);
    }

    function menu(node) {
      return B.menu(B.texts.actions, node.id + (node.items ? "/handle" : "/menu"), function () {
        return can(node).map(function (one) { return { label: one[1], keys: one[2], act: function () { act(node, one[0]); } }; });
      });
    }

    redraw();
    return { redraw: redraw };
  }

  B.tree = { start: start };
})(globalThis);
