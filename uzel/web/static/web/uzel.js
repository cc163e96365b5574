// Keyboard map, theme switch, copying, row navigation. No library but htmx.
(function () {
  "use strict";

  var PLACES = { b: "g b", o: "g o", n: "g n", c: "g c", p: "g p", h: "g h", m: "g m", a: "g a", u: "g u" };
  var waitingForPlace = 0;

  function typing(target) {
    return target.closest("input, textarea, select, [contenteditable]") !== null;
  }

  function rows() {
    return Array.from(document.querySelectorAll("[data-row]")).filter(function (row) {
      return row.offsetParent !== null;
    });
  }

  function move(step) {
    var all = rows();
    if (!all.length) return;
    var at = all.indexOf(document.activeElement.closest("[data-row]"));
    var next = all[Math.min(Math.max(at + step, 0), all.length - 1)];
    (next.matches("a, button, [tabindex]") ? next : next.querySelector("a, button, [tabindex]")).focus();
    next.scrollIntoView({ block: "nearest" });
  }

  function go(key) {
    var link = document.querySelector('.topnav [aria-keyshortcuts="' + PLACES[key] + '"]');
    if (link) link.click();
  }

  function copy(button) {
    var source = document.querySelector(button.dataset.copy);
    var text = source.value === undefined ? source.innerText : source.value;
    var done = function () {
      button.classList.add("copied");
      var words = button.textContent;
      button.textContent = button.dataset.copied;
      window.setTimeout(function () {
        button.textContent = words;
        button.classList.remove("copied");
      }, 1500);
    };
    if (navigator.clipboard) {
      navigator.clipboard.writeText(text).then(done);
    } else {
      // Clipboard needs https or localhost; elsewhere the old way still works.
      var range = document.createRange();
      range.selectNodeContents(source);
      var selection = window.getSelection();
      selection.removeAllRanges();
      selection.addRange(range);
      if (document.execCommand("copy")) done();
    }
  }

  // A short low-high tone on the board when an outage opens; off until the person asks for it.
  function chime() {
    var audio = new AudioContext();
    [440, 660].forEach(function (pitch, n) {
      var tone = audio.createOscillator();
      var volume = audio.createGain();
      var at = audio.currentTime + n * 0.18;
      tone.frequency.value = pitch;
      volume.gain.setValueAtTime(0.12, at);
      volume.gain.exponentialRampToValueAtTime(0.001, at + 0.17);
      tone.connect(volume).connect(audio.destination);
      tone.start(at);
      tone.stop(at + 0.18);
    });
  }

  var sound = document.getElementById("sound-switch");
  if (sound) {
    sound.checked = localStorage.getItem("uzel-sound") === "on";
    sound.addEventListener("change", function () {
      localStorage.setItem("uzel-sound", sound.checked ? "on" : "off");
      if (sound.checked) chime();
    });
    document.addEventListener("uzel:news", function (event) {
      if (sound.checked && event.detail.name === "outage.opened" && document.getElementById("board")) chime();
    });
  }

  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (typing(event.target)) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    var physical = event.code.replace(/^Key/, "").toLowerCase();
    if (Date.now() - waitingForPlace < 1200 && PLACES[physical]) {
      waitingForPlace = 0;
      event.preventDefault();
      go(physical);
      return;
    }
    waitingForPlace = 0;
    var search = document.getElementById("q");
    // Physical keys, so that the map works in the Russian layout too.
    if (event.key === "?" || (event.code === "Slash" && event.shiftKey)) {
      document.getElementById("keys").showModal();
    } else if (event.key === "/" || event.code === "Slash") {
      if (!search) return;
      event.preventDefault();
      search.focus();
      search.select();
    } else if (physical === "g") {
      waitingForPlace = Date.now();
    } else if (physical === "j") {
      move(1);
    } else if (physical === "k") {
      move(-1);
    } else if (physical === "y") {
      var button = document.querySelector("[data-copy]");
      if (button) copy(button);
    } else if (event.key === "Escape") {
      document.querySelectorAll("details.me[open], details.change-menu[open]").forEach(function (menu) {
        menu.open = false;
      });
    }
  });

  document.addEventListener("click", function (event) {
    var target = event.target;
    var button = target.closest("[data-copy]");
    if (button) copy(button);
    if (target.closest("[data-keys-open]")) document.getElementById("keys").showModal();
    if (target.closest("[data-print]")) window.print();
    document.querySelectorAll("details.me[open], details.change-menu[open]").forEach(function (menu) {
      if (!menu.contains(target)) menu.open = false;
    });
  });

  document.addEventListener("submit", function (event) {
    if (event.target.id === "theme-switch" && event.submitter) {
      event.preventDefault();
      var theme = event.submitter.value;
      window.uzelTheme(theme);
      event.target.querySelectorAll("button").forEach(function (button) {
        button.setAttribute("aria-pressed", String(button.value === theme));
      });
      window.htmx.ajax("POST", event.target.action, { values: { theme: theme }, swap: "none" });
    }
    var question = event.target.dataset.confirm;
    if (question && !window.confirm(question)) event.preventDefault();
  });
})();
