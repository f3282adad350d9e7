/* The rule as a tree that can be edited, read from its shape and written back to the same shape. Nothing here draws.

   A group is {id, word, k, items}; a leaf {id, shape}; what the form does not know {id, raw}. A rule that is one leaf
   stands in a group that is `bare` and writes nothing of itself while it holds just that. */
(function (root) {
  "use strict";
  var last = 0;
  var LISTS = { all: true, any: true, none: true };

  function fresh(node) { node.id = "n" + (++last); return node; }
  function copy(value) { return value === undefined ? undefined : JSON.parse(JSON.stringify(value)); }
  function isObject(value) { return value !== null && typeof value === "object" && !Array.isArray(value); }

  function read(where) {
    if (where === "everyone") return fresh({ word: "all", bare: true, everyone: true, items: [] });
    var node = readOne(where);
    return node.items ? node : fresh({ word: "all", bare: true, items: [node] });
  }

  function readOne(value) {
    if (!isObject(value)) return fresh({ raw: copy(value) });
    var words = Object.keys(value);
    if (words.length === 1 && LISTS[words[0]] && Array.isArray(value[words[0]])) {
      return fresh({ word: words[0], items: value[words[0]].map(readOne) });
    }
    var told = value.exactly;
    if (words.length === 1 && isObject(told) && Array.isArray(told.of) && Object.keys(told).length === 2 && "k" in told) {
      return fresh({ word: "exactly", k: copy(told.k), items: told.of.map(readOne) });
    }
    if (words.some(function (word) { return LISTS[word] || word === "exactly"; })) return fresh({ raw: copy(value) });
    return fresh({ shape: copy(value) });
  }

  function write(node) {
    if (node.bare && node.everyone && !node.items.length) return "everyone";
    if (node.bare && node.items.length === 1) return write(node.items[0]);
    return writeOne(node);
  }

  function writeOne(node) {
    if ("raw" in node) return copy(node.raw);
    if (node.shape) return copy(node.shape);
    var items = node.items.map(writeOne), shape = {};
    shape[node.word] = node.word === "exactly" ? { k: copy(node.k), of: items } : items;
    return shape;
  }

  /* Where each node stands in the shape, as JSON Pointers: node's id → pointer. */
  function pointers(tree) {
    var found = {};
    function walk(node, pointer) {
      found[node.id] = pointer;
      (node.items || []).forEach(function (item, i) { walk(item, below(node, pointer) + "/" + i); });
    }
    if (tree.bare && tree.items.length === 1) {
      found[tree.id] = "/where";
      walk(tree.items[0], "/where");
    } else {
      walk(tree, "/where");
    }
    return found;
  }

  function below(node, pointer) { return pointer + "/" + (node.word === "exactly" ? "exactly/of" : node.word); }

  function find(tree, id) {
    if (tree.id === id) return tree;
    for (var i = 0; i < (tree.items || []).length; i++) {
      var found = find(tree.items[i], id);
      if (found) return found;
    }
    return null;
  }

  function parent(tree, id) {
    if (!tree.items) return null;
    if (tree.items.some(function (item) { return item.id === id; })) return tree;
    for (var i = 0; i < tree.items.length; i++) {
      var found = parent(tree.items[i], id);
      if (found) return found;
    }
    return null;
  }

  function place(tree, id) {
    var group = parent(tree, id);
    return group ? { group: group, at: group.items.findIndex(function (item) { return item.id === id; }) } : null;
  }

  function add(group, node, at) {
    group.items.splice(at === undefined ? group.items.length : at, 0, node);
    delete group.everyone;
    return node;
  }

  function remove(tree, id) {
    var here = place(tree, id);
    if (!here) return null;
    here.group.items.splice(here.at, 1);
    return here;
  }

  /* One place up or down among its neighbours; false at the end. */
  function shift(tree, id, by) {
    var here = place(tree, id), to = here && here.at + by;
    if (!here || to < 0 || to >= here.group.items.length) return false;
    here.group.items.splice(to, 0, here.group.items.splice(here.at, 1)[0]);
    return true;
  }

  /* Out of its group, to the place behind it. */
  function out(tree, id) {
    var here = place(tree, id), around = here && place(tree, here.group.id);
    if (!around) return false;
    add(around.group, here.group.items.splice(here.at, 1)[0], around.at + 1);
    return true;
  }

  /* Into the group that stands before it, to its end; where the one before is no group, into the one behind it. */
  function into(tree, id) {
    var here = place(tree, id);
    if (!here) return false;
    var before = here.group.items[here.at - 1], behind = here.group.items[here.at + 1];
    var target = before && before.items ? before : behind && behind.items ? behind : null;
    if (!target) return false;
    var node = here.group.items.splice(here.at, 1)[0];
    add(target, node, target === before ? target.items.length : 0);
    return true;
  }

  /* Before or behind another node, wherever that stands; false where that one is inside it. */
  function carry(tree, id, to, behind) {
    var here = place(tree, id), node = here && here.group.items[here.at];
    if (!node || find(node, to) || !place(tree, to)) return false;
    here.group.items.splice(here.at, 1);
    var there = place(tree, to);
    add(there.group, node, there.at + (behind ? 1 : 0));
    return true;
  }

  function duplicate(tree, id) {
    var here = place(tree, id);
    return here ? add(here.group, again(here.group.items[here.at]), here.at + 1) : null;
  }

  function again(node) {
    if (node.items) return fresh({ word: node.word, k: copy(node.k), items: node.items.map(again) });
    return fresh("raw" in node ? { raw: copy(node.raw) } : { shape: copy(node.shape) });
  }

  function wrap(tree, id) {
    var here = place(tree, id);
    if (!here) return null;
    var group = fresh({ word: here.group.word === "any" ? "all" : "any", items: [here.group.items[here.at]] });
    here.group.items.splice(here.at, 1, group);
    return group;
  }

  /* The group is gone, what it held stands in its place. */
  function unwrap(tree, id) {
    var here = place(tree, id), group = here && here.group.items[here.at];
    if (!group || !group.items) return false;
    Array.prototype.splice.apply(here.group.items, [here.at, 1].concat(group.items));
    return true;
  }

  function rename(group, word) {
    group.word = word;
    delete group.bare;
    if (word === "exactly" && group.k === undefined) group.k = Math.min(1, group.items.length);
    if (word !== "exactly") delete group.k;
  }

  function leaf(shape) { return fresh({ shape: copy(shape) }); }
  function group(word, items) { return fresh({ word: word, items: items || [] }); }

  root.Builder = root.Builder || {};
  root.Builder.model = {
    read: read, write: write, pointers: pointers, find: find, parent: parent, place: place, add: add, remove: remove,
    shift: shift, out: out, into: into, carry: carry, duplicate: duplicate, wrap: wrap, unwrap: unwrap, rename: rename, leaf: leaf,
    group: group, copy: copy, isObject: isObject
  };
})(typeof globalThis === "undefined" ? this : globalThis);
