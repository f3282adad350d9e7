/* The previews of a template follow what is written: the form is posted into both frames, and its notes are fetched. */
(function () {
  "use strict";
  var WAIT = 500;
  var form = document.querySelector("[data-template]");
  if (!form) return;
  var timer = 0, asked = 0;

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
      .then(function (told) { if (mine === asked && told) document.getElementById("template-notes").innerHTML = told; });
  }

  form.addEventListener("input", function () {
    clearTimeout(timer);
    timer = setTimeout(follow, WAIT);
  });
  follow();
})();
