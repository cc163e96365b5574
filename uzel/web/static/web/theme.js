// Sets light or dark before the first paint; "auto" follows the system and its changes.
(function () {
  "use strict";
  var root = document.documentElement;
  var dark = window.matchMedia("(prefers-color-scheme: dark)");
  function apply() {
    var theme = root.dataset.theme;
    root.setAttribute("data-bs-theme", theme === "auto" ? (dark.matches ? "dark" : "light") : theme);
    root.style.colorScheme = root.getAttribute("data-bs-theme");
  }
  dark.addEventListener("change", apply);
  window.uzelTheme = function (theme) {
    root.dataset.theme = theme;
    apply();
  };
  apply();
})();
