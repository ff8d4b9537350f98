// A query's answer on the map: grids, communities or towns in the colours of their values, or sites as dots, told on hover or tap.
// What it shows is in the page's `.wg-sql-map` (data-shown, JSON); it looks there, and the page never draws this map again.
// shown: {kind, places: {code: [class, said]}, labels: {code: text}, colours: {light: [], dark: []}, name}
(function () {
  "use strict";
  const Wangge = (window.Wangge = window.Wangge || {});
  const LOOK_EVERY_MS = 200; // how soon the map follows the page's picks, language and theme
  const ASK_AGAIN_MS = 3000;
  const REACH_PX = 14; // how near a pointer must come to a dot
  const NOTHING = { kind: "grid", places: {}, labels: {}, colours: { light: [], dark: [] } };

  // Wangge.sqlMap(leafletMap, {zh: words, en: words}): starts the map.
  Wangge.sqlMap = function sqlMap(leaflet, texts) {
    const page = window.parent;
    const frame = document.getElementById("map_div");
    const isPhone = page.innerWidth < 640;
    if (isPhone) leaflet.dragging.disable(); // one finger scrolls the page, two move the map
    leaflet.getContainer().style.background = "var(--page)"; // grids that are not in the answer have the map's own ground
    const canHover = window.matchMedia("(hover: hover)").matches;
    const ends = new AbortController();
    window.addEventListener("pagehide", () => ends.abort());

    let engine = null;
    let geometry = null;
    let shown = NOTHING;
    let seen = null; // the text that `shown` was read from
    let dressed = ""; // language and theme
    let pointed = null; // the place that is told
    let placed = false;

    const tip = Wangge.tip(leaflet);
    const zoomer = L.control.zoom({ zoomInTitle: "", zoomOutTitle: "" }).addTo(leaflet);
    const whole = L.DomUtil.create("a", "lead-whole", zoomer.getContainer());
    whole.href = "#";
    whole.setAttribute("role", "button");
    L.DomEvent.disableClickPropagation(whole);
    L.DomEvent.on(whole, "click", (event) => { L.DomEvent.stop(event); fit(); });

    frame.setAttribute("role", "region");

    leaflet.on("mousemove", ({ containerPoint }) => { if (canHover && shown.kind === "site") pointSite(containerPoint); });
    leaflet.on("click", ({ containerPoint }) => { if (shown.kind === "site") pointSite(containerPoint); });
    leaflet.on("movestart zoomstart mouseout", () => tell(null));
    let touched = false; // whether the reader moved the map: then it is not fitted anew
    leaflet.on("dragstart", () => { touched = true; });
    leaflet.on("zoomend", () => { if (placed && !fitting) touched = true; });
    let fitting = false;
    new ResizeObserver(() => { leaflet.invalidateSize({ animate: false }); if (placed && !touched) fit(); }).observe(frame);
    look();
    const looking = setInterval(look, LOOK_EVERY_MS);
    ends.signal.addEventListener("abort", () => clearInterval(looking));
    fetchShapes();

    async function fetchShapes() {
      try {
        const response = await fetch("/api/geometry", { signal: ends.signal });
        if (!response.ok) throw new Error(`/api/geometry answered ${response.status}`);
        geometry = await response.json();
        draw();
      } catch (trouble) {
        if (!ends.signal.aborted) setTimeout(fetchShapes, ASK_AGAIN_MS);
      }
    }

    function look() {
      if (!window.frameElement) return;
      const app = page.document.querySelector(".stApp");
      const lang = page.document.querySelector(".wg-lang-en") ? "en" : "zh";
      const theme = app && page.getComputedStyle(app).colorScheme === "dark" ? "dark" : "light";
      const told = page.document.querySelector(".wg-sql-map");
      const isNew = told && told.dataset.shown !== seen;
      if (isNew) {
        seen = told.dataset.shown;
        shown = JSON.parse(seen);
      }
      if (`${lang} ${theme}` !== dressed) dress(lang, theme);
      else if (isNew) draw();
    }

    function dress(lang, theme) {
      dressed = `${lang} ${theme}`;
      Wangge.dress(theme);
      document.documentElement.lang = lang;
      whole.textContent = texts[lang].whole;
      frame.setAttribute("aria-label", texts[lang].name);
      if (engine) engine.destroy();
      const onPlace = (grid, at) => tell(grid && shown.kind !== "site" ? placeOf(grid) : null, at);
      engine = Wangge.map(leaflet, {
        role: isPhone ? "phone" : "leader", lang, theme, bare: true,
        onGrid: (grid) => { const place = placeOf(grid); if (place) tell(place, leaflet.latLngToContainerPoint(place.bounds.getCenter())); },
        onPoint: canHover ? onPlace : null,
      });
      draw();
    }

    // The grid itself, or the community or town that it lies in: what the answer is about.
    function placeOf(grid) {
      return shown.kind === "site" ? null : shown.kind === "grid" ? grid : grid[shown.kind];
    }

    function draw() {
      if (!engine || !geometry) return;
      const colours = shown.colours[dressed.split(" ")[1]];
      const colourAt = (code) => (code in shown.places ? colours[shown.places[code][0]] : null);
      engine.setGeometry(geometry);
      const sites = shown.kind === "site" ? Object.keys(shown.places).map((code) => engine.siteOf(code)).filter(Boolean) : [];
      const spotOf = (code) => {
        const place = shown.kind === "site" ? engine.siteOf(code) : engine.placeOf(shown.kind, code);
        return place && (place.lonLat || place.label || [place.bounds.getCenter().lng, place.bounds.getCenter().lat]);
      };
      const boundsOf = (code) => (shown.kind === "site" ? null : (engine.placeOf(shown.kind, code) || { bounds: null }).bounds);
      if (!placed) { placed = true; fit(); }
      engine.paint({
        rank: shown.kind === "site" ? "community" : shown.kind,
        colourOf: (grid) => { const place = placeOf(grid); return place && colourAt(place.code); },
        dots: sites.map((site) => ({ lonLat: site.lonLat, colour: colourAt(site.code) })),
        labels: Object.entries(shown.labels).map(([code, text]) => ({ label: spotOf(code), text, bounds: boundsOf(code) })).filter(({ label }) => label),
      });
      tell(null);
    }

    function fit() {
      if (!engine) return;
      fitting = true;
      engine.fitDistrict(isPhone ? 6 : 10);
      fitting = false;
      touched = false;
    }

    function pointSite(at) {
      let nearest = null;
      let least = REACH_PX;
      for (const code of Object.keys(shown.places)) {
        const site = engine && engine.siteOf(code);
        if (!site) continue;
        const far = leaflet.latLngToContainerPoint([site.lonLat[1], site.lonLat[0]]).distanceTo(at);
        if (far < least) [nearest, least] = [site, far];
      }
      tell(nearest, at);
    }

    // Tells a place with what the answer says of it, at a point of the map in pixels; null: nothing.
    function tell(place, at) {
      if (place !== pointed && engine && geometry) {
        engine.point(place && shown.kind !== "site" ? { kind: shown.kind, code: place.code } : null);
        if (place) {
          const said = place.code in shown.places ? shown.places[place.code][1] : [texts[dressed.split(" ")[0]].absent];
          tip.say((dressed.startsWith("en") && place.nameEn) || place.name, said);
        }
        pointed = place;
      }
      tip.put(place ? at : null);
    }
  };
})();
