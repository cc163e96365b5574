// The front panel: what the port under the pointer or the focus is, in words below; arrows walk over the holes.
(function () {
  "use strict";

  function tell(jack) {
    var told = document.getElementById("port-told");
    if (!told) return;
    var touch = window.matchMedia("(hover: none), (max-width: 48rem)").matches;
    told.textContent = jack ? jack.dataset.told : touch ? told.dataset.touch : told.dataset.hint;
    told.classList.toggle("idle", !jack);
  }

  function jackOf(event) {
    return event.target.closest ? event.target.closest("[data-panel] .jack") : null;
  }

  ["pointerover", "focusin"].forEach(function (name) {
    document.addEventListener(name, function (event) {
      var jack = jackOf(event);
      if (jack) tell(jack);
    });
  });
  ["pointerout", "focusout"].forEach(function (name) {
    document.addEventListener(name, function (event) {
      if (jackOf(event)) tell(document.querySelector("[data-panel] .jack:focus"));
    });
  });

  // The nearest hole in that direction, as the eye sees it.
  function next(from, dx, dy) {
    var here = from.getBoundingClientRect();
    var best = null;
    var least = Infinity;
    document.querySelectorAll("[data-panel] .jack").forEach(function (jack) {
      var there = jack.getBoundingClientRect();
      var along = (there.left - here.left) * dx + (there.top - here.top) * dy;
      var aside = Math.abs((there.left - here.left) * dy) + Math.abs((there.top - here.top) * dx);
      if (along < 4 || aside > along * 4 + 12) return;
      if (along + aside * 3 < least) {
        least = along + aside * 3;
        best = jack;
      }
    });
    return best;
  }

  var WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  document.addEventListener("keydown", function (event) {
    var way = WAYS[event.key];
    var jack = way && jackOf(event);
    if (!jack || event.ctrlKey || event.metaKey || event.altKey) return;
    var to = next(jack, way[0], way[1]);
    event.preventDefault();
    if (to) to.focus();
  });

  // The page is drawn anew when a device changes: the focus stays where it was.
  var held = "";
  document.addEventListener("htmx:beforeSwap", function () {
    var jack = document.querySelector("[data-panel] .jack:focus");
    held = jack ? jack.getAttribute("href") : "";
  });
  document.addEventListener("htmx:afterSwap", function () {
    if (!held) return;
    document.querySelectorAll("[data-panel] .jack").forEach(function (jack) {
      if (jack.getAttribute("href") === held) jack.focus();
    });
    held = "";
  });
})();
