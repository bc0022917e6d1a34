// Everything here is an extra: the page says all of it without scripts.
(function () {
  "use strict";
  document.querySelectorAll(".js").forEach(function (hint) { hint.hidden = false; });

  // One crosshair over all charts of the timeline, and the values under it.
  var strips = document.querySelector("[data-strips]");
  var data = JSON.parse(document.getElementById("data").textContent);
  if (strips && data.texts.length) {
    var svgs = Array.prototype.slice.call(strips.querySelectorAll(".chart svg"));
    var lines = svgs.map(function (svg) {
      var line = document.createElementNS(svg.namespaceURI, "line");
      line.setAttribute("class", "cross");
      line.setAttribute("y1", 14);
      line.setAttribute("y2", svg.viewBox.baseVal.height - 48);
      svg.appendChild(line);
      return line;
    });
    var readout = document.createElement("p");
    readout.className = "readout";
    readout.setAttribute("role", "status");
    readout.hidden = true;
    strips.appendChild(readout);
    var current = -1;

    var show = function (bucket) {
      current = Math.max(0, Math.min(data.texts.length - 1, bucket));
      var share = ((current + 0.5) * data.bucket) / data.end;
      var x = data.width * (data.left + share * (data.right - data.left));
      lines.forEach(function (line) {
        line.setAttribute("x1", x);
        line.setAttribute("x2", x);
      });
      readout.textContent = data.texts[current];
      readout.hidden = false;
      strips.classList.add("pointing");
    };
    var hide = function () {
      readout.hidden = true;
      strips.classList.remove("pointing");
    };

    svgs.forEach(function (svg) {
      svg.setAttribute("tabindex", "0");
      svg.addEventListener("pointermove", function (event) {
        var box = svg.getBoundingClientRect();
        var share = ((event.clientX - box.left) / box.width - data.left) / (data.right - data.left);
        if (share < 0 || share > 1) { hide(); } else { show(Math.floor((share * data.end) / data.bucket)); }
      });
      svg.addEventListener("pointerleave", hide);
      svg.addEventListener("blur", hide);
      svg.addEventListener("keydown", function (event) {
        var step = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10 }[event.key];
        if (step) { show(current + step); event.preventDefault(); }
        if (event.key === "Escape") { hide(); }
      });
    });
  }

  // Tables sort by a click on a heading: numbers by their value, texts by the alphabet.
  document.querySelectorAll("table").forEach(function (table) {
    var body = table.tBodies[0];
    var heads = table.tHead.rows[table.tHead.rows.length - 1];
    if (body.rows.length < 2) { return; }
    Array.prototype.forEach.call(heads.cells, function (head, column) {
      var button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      head.textContent = "";
      head.appendChild(button);
      button.addEventListener("click", function () {
        var down = head.getAttribute("aria-sort") !== "descending";
        Array.prototype.forEach.call(heads.cells, function (other) { other.removeAttribute("aria-sort"); });
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        var key = function (row) {
          var cell = row.cells[column];
          return cell.hasAttribute("data-v") ? Number(cell.getAttribute("data-v")) : cell.textContent;
        };
        var rows = Array.prototype.slice.call(body.rows);
        rows.sort(function (a, b) {
          var x = key(a), y = key(b);
          var order = typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y));
          return down ? -order : order;
        });
        rows.forEach(function (row) { body.appendChild(row); });
      });
    });
  });
})();
