/* The console's few lines of script: copying, asking before what cannot be undone, line numbers, the running feed. */
(function () {
  "use strict";
  var FEED_ROWS = 60;

  document.addEventListener("click", function (event) {
    var copy = event.target.closest("[data-copy]");
    if (copy) {
      var text = copy.closest(".snippet").querySelector("code").textContent;
      navigator.clipboard.writeText(text).then(function () {
        copy.classList.add("copied");
        setTimeout(function () { copy.classList.remove("copied"); }, 1200);
      });
      return;
    }
    var sure = event.target.closest("[data-sure]");
    if (sure && !window.confirm(sure.getAttribute("data-sure"))) event.preventDefault();
  });

  /* An editor's line numbers; lines with a fault are marked. */
  function number(field) {
    var area = field.querySelector("textarea"), gutter = field.querySelector(".gutter");
    var faults = {};
    var form = field.closest("form");
    form.querySelectorAll("[data-fault-line]").forEach(function (item) { faults[item.getAttribute("data-fault-line")] = true; });
    gutter.textContent = "";
    var lines = area.value.split("\n").length;
    for (var line = 1; line <= lines; line++) {
      var mark = document.createElement("span");
      mark.textContent = line;
      if (faults[line]) mark.className = "fault";
      gutter.appendChild(mark);
    }
    gutter.scrollTop = area.scrollTop;
  }
  function numberAll() { document.querySelectorAll("[data-code-field]").forEach(number); }
  document.querySelectorAll("[data-code-field] textarea").forEach(function (area) {
    var field = area.closest("[data-code-field]");
    area.addEventListener("input", function () { number(field); });
    area.addEventListener("scroll", function () { field.querySelector(".gutter").scrollTop = area.scrollTop; });
    area.addEventListener("keydown", function (event) {
      if (event.key !== "Tab" || event.shiftKey || area.selectionStart !== area.selectionEnd) return;
      event.preventDefault();
      area.setRangeText("  ", area.selectionStart, area.selectionEnd, "end");
      area.dispatchEvent(new Event("input", { bubbles: true }));
    });
  });
  document.addEventListener("click", function (event) {
    var item = event.target.closest("[data-fault-line]");
    if (!item) return;
    var area = item.closest("form").querySelector("textarea");
    var before = area.value.split("\n").slice(0, Number(item.getAttribute("data-fault-line")) - 1).join("\n").length;
    area.focus();
    area.setSelectionRange(before ? before + 1 : 0, before ? before + 1 : 0);
  });
  numberAll();

  /* The feed keeps a screenful; a page that nobody looks at asks for nothing. */
  document.body.addEventListener("htmx:beforeRequest", function (event) {
    if (document.hidden && event.detail.elt.closest("#pulse, #loop")) event.preventDefault();
  });
  document.body.addEventListener("htmx:afterSettle", function () {
    var feed = document.getElementById("feed");
    if (feed) {
      var rows = feed.querySelectorAll("li.fact");
      for (var i = FEED_ROWS; i < rows.length; i++) rows[i].remove();
      var first = document.querySelector(".feed-first");
      if (first && rows.length && document.querySelector("#loop[hidden]")) first.hidden = false;
    }
    numberAll();
  });

  /* The letter that is open is marked in the list. */
  document.body.addEventListener("htmx:afterRequest", function (event) {
    var link = event.detail.elt;
    if (!link.matches || !link.matches(".letters a")) return;
    document.querySelectorAll(".letters a[aria-current]").forEach(function (old) { old.removeAttribute("aria-current"); });
    link.setAttribute("aria-current", "true");
    link.closest(".outbox").classList.add("is-open");
  });
})();
