/* The previews of a template follow what is written: the form is posted into both frames, and its notes are fetched.
   What is not saved is not left without a question. */
(function () {
  "use strict";
  var WAIT = 500;
  var form = document.querySelector("[data-template]");
  if (!form) return;
  var timer = 0, asked = 0, leaving = false, kept = form.hasAttribute("data-unsaved") ? null : written();

  /* Everything that is saved; as whom it is looked at is not. */
  function written() {
    var told = new FormData(form);
    told.delete("customer");
    return JSON.stringify(Array.from(told));
  }

  function into(frame) {
    var copy = document.createElement("form");
    copy.method = "post";
    copy.action = form.getAttribute("data-look");
    copy.target = frame;
    copy.hidden = true;
    new FormData(form).forEach(function (value, name) {
      var field = document.createElement("textarea");
      field.name = name;
      field.value = value;
      copy.appendChild(field);
    });
    document.body.appendChild(copy);
    copy.submit();
    copy.remove();
  }

  function follow() {
    var mine = ++asked;
    into("look-wide");
    into("look-narrow");
    fetch(form.getAttribute("data-notes"), { method: "POST", body: new FormData(form) })
      .then(function (answer) { return answer.ok ? answer.text() : ""; })
      .then(function (told) { if (mine === asked && told) document.getElementById("template-notes").innerHTML = told; })
      .catch(function () { /* the shop is away, or the page is being left: the notes stay as they are */ });
  }

  form.addEventListener("input", function () {
    clearTimeout(timer);
    timer = setTimeout(follow, WAIT);
  });

  /* Saving, testing, removing and taking the newest are meant; following a link or closing the window may be a slip. */
  document.addEventListener("submit", function (event) { if (event.target.hasAttribute("data-leaves")) leaving = true; });
  document.addEventListener("click", function (event) { if (event.target.closest("a[data-leaves]")) leaving = true; });
  addEventListener("pageshow", function () { leaving = false; });
  addEventListener("beforeunload", function (event) { if (!leaving && written() !== kept) event.preventDefault(); });
  follow();
})();
