// Keys of the desk: arrows between the search field and the results, r = check again, c = test the cable,
// 1…9 = what the device printed for a check, e = raw readings.
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

  // What somebody reads stays open while the verdict around it is drawn anew.
  var reading = new Map();
  var KEPT = ".verdict details.raw, .verdict details.said, .verdict details.change-menu";

  function name(details) {
    if (details.matches(".raw, .change-menu")) return "details." + details.classList[0];
    return 'details.said[data-check="' + details.dataset.check + '"]';
  }

  function remember(details) {
    var verdict = details.closest(".verdict");
    var open = reading.get(verdict.id) || new Set();
    if (details.open) open.add(name(details));
    else open.delete(name(details));
    reading.set(verdict.id, open);
  }

  document.addEventListener("toggle", function (event) {
    if (!event.target.matches(KEPT) || !event.target.isConnected) return;
    remember(event.target);
  }, true);

  // The focus stays where it was as well; at the verdict itself while its button can take none.
  var kept = null;

  function place(element) {
    if (element.matches(".verdict")) return kept && kept.id === element.id ? kept.place : "";
    var details = element.closest("details");
    if (details) return name(details) + (element.matches("summary, pre") ? " " + element.localName : " summary");
    var mark = ["again", "cable", "copy", "raw"].find(function (key) { return key in element.dataset; });
    return mark ? "[data-" + mark + "]" : "";
  }

  document.addEventListener("htmx:beforeSwap", function () {
    var verdict = document.activeElement.closest(".verdict");
    kept = verdict && { id: verdict.id, place: place(document.activeElement) };
  });

  document.addEventListener("htmx:afterSwap", function () {
    reading.forEach(function (open, id) {
      open.forEach(function (selector) {
        var details = document.querySelector("#" + id + " " + selector);
        if (details) details.open = true;
      });
    });
    var verdict = kept && document.getElementById(kept.id);
    var focused = document.activeElement;
    if (verdict && (focused === verdict || !verdict.contains(focused))) {
      var same = kept.place && verdict.querySelector(kept.place);
      (same && !same.disabled ? same : verdict).focus({ preventScroll: true });
    }
  });

  // The line works and its cable is to be tested: the answer is one Enter away, and never a second press of the key.
  // Not before the page has settled: until then htmx does not hear the button.
  document.addEventListener("htmx:afterSettle", function () {
    var agree = document.querySelector("[data-agree]");
    if (agree) agree.focus();
  });

  function toggle(details) {
    if (!details) return;
    details.open = !details.open;
    // The event "toggle" comes later, maybe after the verdict was drawn anew.
    remember(details);
    if (details.open) details.scrollIntoView({ block: "nearest" });
  }

  function press(verdict, selector) {
    var button = verdict.querySelector(selector);
    if (!button || button.disabled) return;
    // For a moment after a verdict was drawn htmx does not hear its buttons.
    if (!verdict.matches(".htmx-added")) button.click();
    else document.addEventListener("htmx:afterSettle", function () { press(line(), selector); }, { once: true });
  }

  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") return arrows(event);
    if (event.target.closest("input, textarea, select")) return;
    var verdict = line();
    if (!verdict) return;
    var digit = /^(?:Digit|Numpad)([1-9])$/.exec(event.code);
    if (event.code === "KeyR") press(verdict, "[data-again]");
    else if (event.code === "KeyC") press(verdict, "[data-cable]");
    else if (event.code === "KeyE") toggle(verdict.querySelector("details.raw"));
    else if (digit) toggle(verdict.querySelector('details.said[data-said="' + digit[1] + '"]'));
  });

  document.addEventListener("click", function (event) {
    var button = event.target.closest("[data-raw]");
    if (button) toggle(button.closest(".verdict").querySelector("details.raw"));
  });

  // Enter goes on to what the page already shows, when that is one thing.
  document.addEventListener("DOMContentLoaded", function () {
    var asking = document.getElementById("asking");
    var field = document.getElementById("q");
    if (asking && asking.dataset.focusSearch && field) field.focus();
  });
})();
