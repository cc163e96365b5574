// Keys of the desk: arrows between the search field and the results, r = check again, e = raw readings.
(function () {
  "use strict";

  function rows() {
    return Array.from(document.querySelectorAll("#results [data-row] a"));
  }

  function arrows(event) {
    var field = document.getElementById("q");
    var all = rows();
    if (!all.length || !field) return;
    var at = all.indexOf(document.activeElement);
    if (at < 0 && document.activeElement !== field && document.activeElement !== document.body) return;
    event.preventDefault();
    var next = at + (event.key === "ArrowDown" ? 1 : -1);
    if (next < 0) field.focus();
    else all[Math.min(next, all.length - 1)].focus();
  }

  // The line that the keys are for: the one with the focus in it, else the first.
  function line() {
    return document.activeElement.closest(".verdict") || document.querySelector(".verdict");
  }

  // Raw readings that somebody reads stay open while the verdict around them is drawn anew.
  var reading = new Set();

  document.addEventListener("toggle", function (event) {
    var verdict = event.target.closest(".verdict");
    if (!verdict || !event.target.matches("details.raw") || !event.target.isConnected) return;
    if (event.target.open) reading.add(verdict.id);
    else reading.delete(verdict.id);
  }, true);

  document.addEventListener("htmx:afterSwap", function () {
    reading.forEach(function (id) {
      var raw = document.querySelector("#" + id + " details.raw");
      if (raw) raw.open = true;
    });
  });

  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") return arrows(event);
    if (event.target.closest("input, textarea, select")) return;
    var verdict = line();
    if (!verdict) return;
    if (event.code === "KeyR") {
      var again = verdict.querySelector("[data-again]");
      if (again) again.click();
    } else if (event.code === "KeyE") {
      var raw = verdict.querySelector("details.raw");
      raw.open = !raw.open;
      // The event "toggle" comes later, maybe after the verdict was drawn anew.
      if (raw.open) reading.add(verdict.id);
      else reading.delete(verdict.id);
    }
  });

  // Enter goes on to what the page already shows, when that is one thing.
  document.addEventListener("DOMContentLoaded", function () {
    var asking = document.getElementById("asking");
    var field = document.getElementById("q");
    if (asking && asking.dataset.focusSearch && field) field.focus();
  });
})();
