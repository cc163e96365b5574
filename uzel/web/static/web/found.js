// The list under the search field of the header: arrows go through it, Escape comes back to the field.
(function () {
  "use strict";
  var field = document.getElementById("q");
  var found = document.getElementById("found");
  if (!field || !found) return;

  function leave() {
    found.replaceChildren();
    field.focus();
  }

  field.form.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    var links = Array.from(found.querySelectorAll("a"));
    var at = links.indexOf(document.activeElement);
    if (event.key === "ArrowDown" && links.length) links[Math.min(at + 1, links.length - 1)].focus();
    else if (event.key === "ArrowUp" && at > 0) links[at - 1].focus();
    else if (event.key === "ArrowUp" && at === 0) field.focus();
    else if (event.key === "Escape" && found.firstElementChild) leave();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
})();
