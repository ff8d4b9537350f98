// The box beside the pointer that tells of a place: one a map. Owns where it stands, so that it never leaves the map; what it says
// is its owner's. Its looks are in lead.css.
(function () {
  "use strict";
  const Wangge = (window.Wangge = window.Wangge || {});

  // Wangge.tip(leafletMap) → {say(title, lines), put(point of the map in pixels, or null: nowhere)}.
  Wangge.tip = function tip(leaflet) {
    const box = document.createElement("div");
    box.className = "lead-tip";
    box.setAttribute("role", "status");
    box.hidden = true;
    leaflet.getContainer().append(box);
    return { say, put };

    function say(title, lines) {
      const head = document.createElement("b");
      head.textContent = title;
      box.replaceChildren(head, ...lines.flatMap((line) => [document.createElement("br"), line]));
    }

    function put(at) {
      box.hidden = !at;
      if (!at) return;
      const room = leaflet.getSize();
      const [w, h] = [box.offsetWidth, box.offsetHeight];
      const x = Math.max(4, Math.min(at.x + 14, room.x - w - 4));
      const y = at.y + 16 + h < room.y ? at.y + 16 : at.y - h - 10;
      box.style.transform = `translate(${Math.round(x)}px, ${Math.round(Math.max(4, y))}px)`;
    }
  };
})();
