// News without reload. One EventSource serves all tabs of a browser where the browser can share it
// (a browser opens only six connections to a host, so seven tabs would otherwise stop loading).
// Elements say what they wait for: hx-trigger="sse:outage.changed". After a gap "sse:resync" goes to all of them.
(function () {
  "use strict";
  var url = document.body.dataset.live;
  if (!url) return;
  var channel = window.BroadcastChannel ? new BroadcastChannel("uzel-live") : null;
  var state = document.getElementById("live-state");

  function tell(message) {
    if (message.name === "live") {
      state.hidden = message.on;
      state.textContent = message.on ? "" : state.dataset.lost;
      document.body.classList.toggle("live-lost", !message.on);
      return;
    }
    var names = message.name === "resync" ? null : message.name;
    document.querySelectorAll('[hx-trigger*="sse:"]').forEach(function (element) {
      var wanted = element.getAttribute("hx-trigger").match(/sse:[\w.]+/g);
      wanted.forEach(function (trigger) {
        if (names === null || trigger === "sse:" + names) {
          element.dispatchEvent(new CustomEvent(trigger, { bubbles: false, detail: message.data }));
        }
      });
    });
    document.body.dispatchEvent(new CustomEvent("uzel:news", { bubbles: true, detail: message }));
  }

  function share(message) {
    tell(message);
    if (channel) channel.postMessage(message);
  }

  function listen() {
    var last = "";
    var wait = 500;
    function open() {
      var source = new EventSource(last ? url + "?last=" + last : url);
      source.onopen = function () {
        wait = 500;
        share({ name: "live", on: true });
      };
      source.onerror = function () {
        share({ name: "live", on: false });
        if (source.readyState === EventSource.CLOSED) {
          wait = Math.min(wait * 2, 15000);
          window.setTimeout(open, wait);
        }
      };
      // Every event comes as the default "message" type would lose its name, so the server wraps: name + payload.
      source.addEventListener("news", function (event) {
        last = event.lastEventId || last;
        share(JSON.parse(event.data));
      });
    }
    open();
  }

  if (channel) channel.onmessage = function (event) { tell(event.data); };
  if (channel && navigator.locks) {
    // The tab that holds the lock listens for all; when it closes, the next one takes over.
    navigator.locks.request("uzel-live", function () {
      listen();
      return new Promise(function () {});
    });
  } else {
    listen();
  }
})();
