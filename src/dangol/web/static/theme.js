/* Light or dark, before the first paint: what was chosen here, else what the system says. */
(function () {
  "use strict";
  var root = document.documentElement;
  var system = window.matchMedia("(prefers-color-scheme: dark)");
  function chosen() {
    try { return localStorage.getItem("theme"); } catch (e) { return null; }
  }
  function apply() {
    root.setAttribute("data-bs-theme", chosen() || (system.matches ? "dark" : "light"));
    document.dispatchEvent(new CustomEvent("themechange"));
  }
  system.addEventListener("change", apply);
  document.addEventListener("click", function (event) {
    if (!event.target.closest("[data-theme-switch]")) return;
    var next = root.getAttribute("data-bs-theme") === "dark" ? "light" : "dark";
    try { localStorage.setItem("theme", next); } catch (e) { root.setAttribute("data-bs-theme", next); }
    apply();
  });
  apply();
})();
