/* Carrying a condition by its handle, with mouse or finger, to the place before or behind another. */
(function (root) {
  "use strict";
  var B = root.Builder, FAR = 6;

  /* `drop(id of the row it is let go at, whether behind it)`; nothing happens where that is no other row. */
  B.drag = function (event, box, drop) {
    if (event.button) return;
    var handle = event.currentTarget, row = handle.closest(".b-row"), from = event.clientY;
    var over = null, behind = false, moving = false;
    handle.setPointerCapture(event.pointerId);
    handle.addEventListener("pointermove", move);
    handle.addEventListener("pointerup", end);
    handle.addEventListener("pointercancel", end);

    function clear() {
      if (over) over.classList.remove("b-drop-before", "b-drop-after");
      over = null;
    }

    function move(now) {
      if (!moving && Math.abs(now.clientY - from) < FAR) return;
      moving = true;
      row.classList.add("b-lifted");
      clear();
      var element = document.elementFromPoint(now.clientX, now.clientY), target = element && element.closest(".b-row");
      if (!target || row.contains(target) || !box.contains(target)) return;
      var place = target.getBoundingClientRect();
      behind = now.clientY > place.top + place.height / 2;
      over = target;
      over.classList.add(behind ? "b-drop-after" : "b-drop-before");
    }

    function end(now) {
      handle.removeEventListener("pointermove", move);
      handle.removeEventListener("pointerup", end);
      handle.removeEventListener("pointercancel", end);
      row.classList.remove("b-lifted");
      var target = over;
      clear();
      if (moving && target && now.type === "pointerup") drop(target.getAttribute("data-node"), behind);
    }
  };
})(globalThis);
