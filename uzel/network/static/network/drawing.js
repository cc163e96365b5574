// Draws the neighbourhood: layers from the source of light down; state by colour, shape and word. The list beside it
// says the same to a screen reader and to the keyboard.
(function () {
  "use strict";
  var shapes = { lit: "ellipse", dark: "rectangle", silent: "triangle", planned: "diamond", unknown: "ellipse" };

  function positions(nodes, width) {
    var ranks = {};
    nodes.forEach(function (node) {
      (ranks[node.rank] = ranks[node.rank] || []).push(node);
    });
    var placed = {};
    var y = 0;
    Object.keys(ranks)
      .map(Number)
      .sort(function (a, b) { return a - b; })
      .forEach(function (rank) {
        var row = ranks[rank];
        var most = Math.max(1, Math.floor(width / 96));
        row.forEach(function (node, i) {
          var line = Math.floor(i / most);
          var count = Math.min(most, row.length - line * most);
          placed[node.id] = { x: ((i % most) - (count - 1) / 2) * 96, y: y + line * 60 };
        });
        y += 66 + 60 * Math.floor((row.length - 1) / most);
      });
    return placed;
  }

  function draw(box) {
    if (box.dataset.drawn || !window.cytoscape) return;
    box.dataset.drawn = "1";
    // The page may be on its way out: a link was followed before the drawing began.
    var source = document.getElementById(box.dataset.drawing);
    if (!source) return;
    var data = JSON.parse(source.textContent);
    var css = getComputedStyle(document.documentElement);
    function colour(name) { return css.getPropertyValue("--uz-" + name).trim(); }
    var place = positions(data.nodes, box.clientWidth - 20);
    var lowest = Math.max.apply(null, data.nodes.map(function (node) { return place[node.id].y; }));
    box.style.height = Math.max(160, lowest + 80) + "px";
    var elements = data.nodes.map(function (node) {
      // The last two parts of a code tell neighbours apart; the whole is in the list.
      var label = node.code.split("-").slice(-2).join("-") + (node.light === "lit" ? "" : "\n" + node.word);
      return {
        data: { id: "n" + node.id, label: label, url: node.url, colour: colour(node.light), shape: shapes[node.light], hollow: node.light === "unknown" ? 0 : 1, edge: node.here ? 4 : 2 },
        position: place[node.id],
      };
    });
    data.edges.forEach(function (edge) {
      elements.push({ data: { id: "e" + edge.id, source: "n" + edge.a, target: "n" + edge.b, colour: colour(edge.state === "dark" ? "dark" : "soft"), line: edge.state === "dark" ? "dashed" : "solid" } });
    });
    var drawing = window.cytoscape({
      container: box,
      elements: elements,
      layout: { name: "preset", fit: true, padding: 12 },
      userZoomingEnabled: false,
      boxSelectionEnabled: false,
      autoungrabify: true,
      maxZoom: 1,
      style: [
        { selector: "node", style: { label: "data(label)", shape: "data(shape)", "background-color": "data(colour)", "background-opacity": "data(hollow)", "border-color": "data(colour)", "border-width": "data(edge)", color: colour("ink"), width: 22, height: 22, "font-size": 11, "text-wrap": "wrap", "text-valign": "bottom", "text-margin-y": 4, "text-max-width": 94, "text-background-color": colour("bg"), "text-background-opacity": 0.85 } },
        { selector: "edge", style: { width: 2, "line-color": "data(colour)", "line-style": "data(line)", "curve-style": "bezier" } },
      ],
    });
    drawing.on("tap", "node", function (event) {
      window.location.href = event.target.data("url");
    });
  }

  function drawAll() {
    document.querySelectorAll("[data-drawing]").forEach(draw);
  }
  document.addEventListener("htmx:afterSettle", drawAll);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", drawAll);
  else drawAll();
})();
