// News without reload. One EventSource serves all tabs of a browser where the browser can share it
// (a browser opens only six connections to a host, so seven tabs would otherwise stop loading).
// Elements say what they wait for: hx-trigger="sse:outage.changed". After a gap "resync" goes to all of them.
(function () {
  "use strict";
  var url = document.body.dataset.live;
  if (!url) return;
  var rendered = Number(document.body.dataset.rendered) || 0;
  var channel = window.BroadcastChannel ? new BroadcastChannel("uzel-live") : null;
  var state = document.getElementById("live-state");
  // What is amiss: no news come, or the database behind the pages is away.
  var lost = false;
  var away = false;
  var seen = new Set();
  // The last minute of messages, kept by the tab that listens, for tabs that open meanwhile.
  var recent = [];

  // In a storm an element is told at once and then at most every 700 ms, and the last word is always told: a message
  // that comes while the answer to an earlier one is on its way waits, since the answer replaces the element.
  var held = new Map();

  function current(key) {
    return typeof key === "string" ? document.getElementById(key) : key;
  }

  function nudge(element, trigger, data) {
    var key = element.id || element;
    var waiting = held.get(key);
    if (waiting) {
      waiting.next = { trigger: trigger, data: data };
      return;
    }
    if (element.classList.contains("htmx-request")) {
      held.set(key, { next: { trigger: trigger, data: data } });
    } else {
      held.set(key, { next: null });
      element.dispatchEvent(new CustomEvent(trigger, { bubbles: false, detail: data }));
    }
    window.setTimeout(release, 700, key);
  }

  function release(key) {
    var next = held.get(key).next;
    var element = current(key);
    if (next && element && element.isConnected && element.classList.contains("htmx-request")) {
      window.setTimeout(release, 200, key);
      return;
    }
    held.delete(key);
    if (next && element && element.isConnected) nudge(element, next.trigger, next.data);
  }

  function fresh(message) {
    if (!message.id) return true;
    if (seen.has(message.id)) return false;
    seen.add(message.id);
    if (seen.size > 2000) seen.delete(seen.values().next().value);
    return true;
  }

  function show() {
    state.hidden = !lost && !away;
    state.textContent = away ? state.dataset.away : lost ? state.dataset.lost : "";
  }

  document.addEventListener("htmx:afterRequest", function (event) {
    var status = event.detail.xhr ? event.detail.xhr.status : 0;
    if (!status || away === (status === 503)) return;
    away = status === 503;
    show();
  });

  function tell(message) {
    if (message.name === "live") {
      lost = !message.on;
      show();
      document.body.dataset.listening = message.on ? "yes" : "no";
      return;
    }
    if (!fresh(message)) return;
    document.querySelectorAll('[hx-trigger*="sse:"]').forEach(function (element) {
      element
        .getAttribute("hx-trigger")
        .match(/sse:[\w.]+/g)
        .forEach(function (trigger) {
          if (message.name === "resync" || trigger === "sse:" + message.name) {
            nudge(element, trigger, message.data);
          }
        });
    });
    document.dispatchEvent(new CustomEvent("uzel:news", { detail: message }));
  }

  function share(message) {
    tell(message);
    if (!channel) return;
    channel.postMessage(message);
    if (message.at) {
      recent.push(message);
      while (recent.length && recent[0].at < message.at - 60) recent.shift();
    }
  }

  function listen() {
    var last = "";
    var wait = 500;
    var source;
    function open() {
      source = new EventSource(url + (last ? "?last=" + last : "?since=" + (rendered - 2)));
      source.onopen = function () {
        wait = 500;
        share({ name: "live", on: true });
      };
      source.onerror = function () {
        share({ name: "live", on: false });
        // The browser itself tries again after a lost line, not after an error of the server.
        if (source.readyState === EventSource.CLOSED) {
          wait = Math.min(wait * 2, 15000);
          window.setTimeout(open, wait);
        }
      };
      source.addEventListener("news", function (event) {
        last = event.lastEventId || last;
        var message = JSON.parse(event.data);
        if (message.at) message.id = Number(event.lastEventId);
        share(message);
      });
    }
    open();
    // Leaving the page must free the connection at once, or the next pages wait for it.
    window.addEventListener("pagehide", function () { source.close(); });
    window.addEventListener("pageshow", function (event) { if (event.persisted) open(); });
  }

  function listening() {
    if (channel) {
      channel.addEventListener("message", function (event) {
        if (event.data.name !== "hello") return;
        channel.postMessage({ name: "live", on: document.body.dataset.listening === "yes" });
        recent.forEach(function (message) {
          if (message.at >= event.data.rendered - 2) channel.postMessage(message);
        });
      });
    }
    listen();
    return new Promise(function () {});
  }

  if (channel) {
    channel.addEventListener("message", function (event) {
      if (event.data.name !== "hello") tell(event.data);
    });
    channel.postMessage({ name: "hello", rendered: rendered });
  }
  if (channel && navigator.locks) {
    // The tab that holds the lock listens for all; when it closes, the next one takes over.
    navigator.locks.request("uzel-live", listening);
  } else {
    channel = null;
    listening();
  }
})();
