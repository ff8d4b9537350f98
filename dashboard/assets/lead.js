// The leaders' map: puts the engine on st_folium's Leaflet map and ties it to the page around the frame.
// Owns what the reader does: which measure, town and grid (read from the page's address), taps, zoom, legend, theme.
// The page never draws this map again; it changes the address, and the map follows.
(function () {
  "use strict";
  const Wangge = (window.Wangge = window.Wangge || {});
  const LOOK_EVERY_MS = 200; // how soon the map follows the page's address and theme
  const TOWN_ZOOM = { leader: 14.3, phone: 13.5 }; // UI, map: where a view of a town stands
  const LOST_AFTER_S = 3; // silence of the feed that, together with Streamlit's own complaint, means that the server is lost
  const MARKS = ["high", "medium", "smooth", "busy", "jammed", "resting", "unknown"];

  // Wangge.lead(leafletMap, {zh: words, en: words}): starts the map; what it shows from then on is in the page's address.
  Wangge.lead = function lead(leaflet, texts) {
    const page = window.parent;
    const frame = document.getElementById("map_div");
    const role = page.innerWidth < 640 ? "phone" : "leader";
    const legend = document.createElement("div");
    legend.className = "lead-legend";
    document.getElementById("parent").append(legend);
    if (role === "phone") leaflet.dragging.disable(); // one finger scrolls the page, two move the map

    let engine = null;
    let address = null; // what the map shows now: {measure, town, community, grid, lang, theme}
    let tapped = null; // the grid last tapped here: the view stays where the reader's finger is
    let judged = "";
    let placed = false;
    const zoomer = L.control.zoom({ zoomInTitle: "", zoomOutTitle: "" }).addTo(leaflet);
    const whole = L.DomUtil.create("a", "lead-whole", zoomer.getContainer());
    whole.href = "#";
    whole.setAttribute("role", "button");
    L.DomEvent.on(whole, "click", (event) => { L.DomEvent.stop(event); engine.fitDistrict(8); });
    new ResizeObserver(() => leaflet.invalidateSize({ animate: false })).observe(frame);

    const link = Wangge.follow({
      onPicture(live, geometry) {
        if (!engine) return;
        engine.setGeometry(geometry);
        engine.show(live, Wangge.judge(link));
        if (!placed && geometry) { placed = true; showPlace(true); }
        drawLegend();
      },
      onTime() {
        const verdict = Wangge.judge(link);
        showLost(verdict);
        const key = verdict.state + [...verdict.townsLacking.keys()].join();
        if (key === judged) return;
        judged = key;
        if (engine && link.geometry) { engine.show(link.live, verdict); drawLegend(); }
      },
    });
    look();
    setInterval(look, LOOK_EVERY_MS);
    for (const one of [page.document, document]) one.addEventListener("keydown", goBack);

    // Reads the page's address and theme; changes the map where they changed.
    function look() {
      const query = new URLSearchParams(page.location.search);
      const app = page.document.querySelector(".stApp");
      const read = {
        measure: query.get("measure") || "coverage",
        town: query.get("town"),
        community: query.get("community"),
        grid: query.get("grid"),
        lang: page.document.querySelector(".wg-lang-en") ? "en" : "zh",
        theme: app && page.getComputedStyle(app).colorScheme === "dark" ? "dark" : "light",
      };
      const last = address || {};
      const moved = ["town", "community", "grid"].some((name) => read[name] !== last[name]);
      const redressed = read.lang !== last.lang || read.theme !== last.theme;
      if (!moved && !redressed && read.measure === last.measure) return;
      address = read;
      if (redressed) dress();
      else {
        engine.setMeasure(read.measure);
        engine.select(read.grid);
        drawLegend();
      }
      if (moved && placed && !(tapped && read.grid === tapped)) showPlace(false, last);
      tapped = null;
    }

    // A new engine in the language and theme of the page; the Leaflet map under it, its node and its view stay.
    function dress() {
      if (engine) engine.destroy();
      Wangge.dress(address.theme);
      page.document.body.style.colorScheme = address.theme; // popovers hang outside of Streamlit's own element
      document.documentElement.lang = address.lang;
      whole.textContent = texts[address.lang].whole;
      engine = Wangge.map(leaflet, {
        role, lang: address.lang, theme: address.theme, measure: address.measure, selected: address.grid, words: texts[address.lang],
        reserved: () => [underZoomer()],
        onSelect(code) {
          tapped = code;
          window.Streamlit.setComponentValue({ grid: code });
        },
      });
      if (!link.live || !link.geometry) return;
      engine.setGeometry(link.geometry);
      engine.show(link.live, Wangge.judge(link));
      drawLegend();
    }

    // Esc closes the panel as its button does; what lies above the page (menu, dialog, open list) closes first.
    function goBack(event) {
      const back = page.document.querySelector(".st-key-clear button");
      const above = page.document.querySelector('[role="dialog"], [role="menu"], [role="listbox"]');
      if (event.key === "Escape" && back && !above) back.click();
    }

    // The map's corner under the zoom buttons, as [x, y, width, height]: no label may hide there.
    function underZoomer() {
      const { offsetLeft, offsetTop, offsetWidth, offsetHeight } = zoomer.getContainer();
      return [0, 0, offsetLeft + offsetWidth + 6, offsetTop + offsetHeight + 6];
    }

    // Moves the view to what the address names; at first to the risk zones, as that is where leaders look. A selection that
    // is cleared leaves the view where it is.
    function showPlace(first, last) {
      const code = address.grid || address.community || address.town;
      const bounds = code ? boundsOf(link.geometry, code) : null;
      if (bounds && bounds.isValid()) {
        if (address.grid) leaflet.setView(bounds.getCenter(), Math.max(TOWN_ZOOM[role], leaflet._loaded && !first ? leaflet.getZoom() : 0), { animate: false });
        else leaflet.fitBounds(bounds.pad(address.community ? 0.4 : 0.03), { maxZoom: 15.4, animate: false });
      } else if (first && engine.zoneBounds()) leaflet.setView(engine.zoneBounds().getCenter(), TOWN_ZOOM[role], { animate: false });
      else if (first || last.town) engine.fitDistrict(8);
    }

    // Every mark, pattern and class of the map, best first; the same drawing as on the map.
    function drawLegend() {
      const words = texts[address.lang];
      const rows = engine.legend();
      const ramp = document.createElement("span");
      ramp.className = "lead-ramp";
      for (const row of rows.filter((one) => one.colour).reverse()) ramp.append(swatch(row.colour, row.label.replace(/–.*/, "").replace(/([<≥]) /, "$1")));
      const marks = MARKS.map((kind) => {
        const item = document.createElement("span");
        item.append(Wangge.glyph(kind, 14, address.theme), words[kind]);
        return item;
      });
      const unknown = swatch(Wangge.dotsStyle(address.theme, 5), words.unknown_fill);
      unknown.className = "lead-unknown";
      legend.replaceChildren(...(ramp.childElementCount ? [ramp] : []), ...marks, unknown);
    }

    function swatch(background, label) {
      const item = document.createElement("span");
      const block = document.createElement("i");
      block.style.background = background;
      item.append(block, label);
      return item;
    }

    // While the server is lost only this frame can say so: the line under the header, in the page's language, in place of
    // Streamlit's English dialog (the stylesheet hides that one while the line stands).
    function showLost(verdict) {
      const old = page.document.getElementById("wg-lost");
      const dialog = page.document.querySelector('[data-testid="stConnectionStatus"]') && page.document.querySelector('[role="dialog"]');
      if (verdict.state !== "broken" && !(dialog && verdict.silence > LOST_AFTER_S)) {
        if (old) old.remove();
        return;
      }
      const line = old || page.document.createElement("div");
      const at = link.live && link.live.as_of ? Wangge.clockText(Date.parse(link.live.as_of), link.live.district.timezone) : "—";
      const text = texts[address.lang].lost.replace("{at}", at).replace("{n}", link.tries);
      if (line.textContent !== text) line.textContent = text;
      if (old) return;
      line.id = "wg-lost";
      line.className = "wg-band wg-band-act";
      line.setAttribute("role", "alert");
      page.document.body.append(line);
    }
  };

  // The bounds of a grid, or of all grids of a community or town, straight from the payload of /api/geometry.
  function boundsOf(raw, code) {
    const bounds = L.latLngBounds([]);
    const community = raw.communities.codes.indexOf(code);
    const town = raw.towns.codes.indexOf(code);
    raw.grids.codes.forEach((grid, index) => {
      const own = raw.grids.community[index];
      if (grid !== code && own !== community && (town < 0 || raw.communities.town[own] !== town)) return;
      for (const ring of raw.grids.rings[index]) for (const number of ring) {
        let x = 0;
        let y = 0;
        const arc = raw.arcs[number < 0 ? ~number : number];
        for (let at = 0; at < arc.length; at += 2) bounds.extend([(y += arc[at + 1]) * raw.step, (x += arc[at]) * raw.step]);
      }
    });
    return bounds;
  }
})();
