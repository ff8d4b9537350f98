// The map on which an order's extent is drawn: corners set and moved by mouse or touch, over the grids and the zones in force.
// Owns the drawing and its buttons. What stands becomes the component's value as GeoJSON; what the page's field holds (pasted,
// or emptied after an order) comes back through `.wg-drawn`. The page never draws this map again.
(function () {
  "use strict";
  const Wangge = (window.Wangge = window.Wangge || {});
  const LOOK_EVERY_MS = 200; // how soon the map follows the page's field, language and theme
  const DECIMALS = 6; // of a degree: a tenth of a metre
  const SAME_SPOT_PX = 5; // the second half of a double click is no further corner
  const AREA_FROM_M2 = 1e5; // from here on areas are told in square kilometres
  const M_PER_DEGREE = 111195;
  const [FAR_ZOOM, NEAR_ZOOM] = [15, 16.5]; // a zone among its neighbours; a drawing by itself
  const EMPTY = { tool: null, corners: [], foreign: null };
  const MARKS = ["high", "medium"];
  const TOOLS = ["polygon", "rectangle"];

  // Wangge.draw(leafletMap, {zh: words, en: words}): starts the map.
  Wangge.draw = function draw(leaflet, texts) {
    const page = window.parent;
    const frame = document.getElementById("map_div");
    const isPhone = page.innerWidth < 640;
    const isCoarse = window.matchMedia("(pointer: coarse)").matches;
    if (isPhone) leaflet.dragging.disable(); // one finger scrolls the page, two move the map
    leaflet.doubleClickZoom.disable(); // a double click ends a drawing

    // tool: what is being drawn, null once it stands. corners: [[lon, lat]]. foreign: {text, rings} of a pasted extent in several
    // parts or with holes, which is shown and not edited.
    let state = EMPTY;
    const past = []; // the states before, newest last
    let told = ""; // the text that the page was told last, or has told
    const sent = []; // texts that the page has not shown back yet
    let seen = null; // what the page's field held when last looked at
    let asked = 0;
    let pointer = null; // where the mouse is, while drawing
    let dressed = ""; // language and theme
    let words = texts.zh;
    let engine = null;
    let placed = false;
    let isOurs = false; // whether the view is being moved by this script
    let isMoved = false; // whether the reader moved it

    const bar = part("div", "draw-bar");
    const buttons = Object.fromEntries(
      [["polygon", () => start("polygon")], ["rectangle", () => start("rectangle")], ["finish", finish], ["undo", undo], ["delete", () => change(EMPTY)]]
        .map(([name, act]) => {
          const button = part("button", `draw-${name}`);
          button.type = "button";
          button.addEventListener("click", act);
          bar.append(button);
          return [name, button];
        }),
    );
    const hint = part("p", "draw-hint");
    hint.setAttribute("role", "status");
    const legend = part("div", "lead-legend");
    document.getElementById("parent").append(bar, hint, legend);

    const pane = leaflet.createPane("wg-drawing");
    pane.style.zIndex = 440; // above the zones, below the corners
    pane.style.pointerEvents = "none";
    const renderer = L.svg({ pane: "wg-drawing", padding: 0.5 });
    const lined = (className, more) => ({ renderer, className, interactive: false, smoothFactor: 0, noClip: true, ...more });
    const casing = L.polygon([], lined("draw-casing", { fill: false })).addTo(leaflet);
    const outline = L.polygon([], lined("draw-outline")).addTo(leaflet);
    const track = L.polyline([], lined("draw-track", { fill: false })).addTo(leaflet);
    const handles = L.layerGroup().addTo(leaflet);
    L.control.zoom({ zoomInTitle: "", zoomOutTitle: "" }).addTo(leaflet);

    leaflet.on("click", ({ latlng }) => addCorner(latlng));
    leaflet.on("dblclick", finish);
    leaflet.on("zoomend", showHandles);
    leaflet.on("mousemove", ({ latlng }) => { pointer = state.tool && !isCoarse ? latlng : null; showLines(); });
    leaflet.on("mouseout", () => { pointer = null; showLines(); });
    document.addEventListener("keydown", onKey);
    leaflet.on("zoomend dragend", () => { if (placed && !isOurs) isMoved = true; });
    // a frame may get its size after the map was placed: what fits none is no view
    new ResizeObserver(() => {
      leaflet.invalidateSize({ animate: false });
      if (placed && !isMoved && !state.tool) showPlace();
    }).observe(frame);

    const link = Wangge.follow({
      onPicture(live, geometry) {
        if (!engine || !geometry) return;
        engine.setGeometry(geometry);
        engine.show(live, Wangge.judge(link));
        if (!placed) { placed = true; showPlace(); }
      },
      onTime() {},
    });
    look();
    const looking = setInterval(look, LOOK_EVERY_MS);
    window.addEventListener("pagehide", () => { clearInterval(looking); link.stop(); });

    // Follows the page ---------------------------------------------------------------------------------------------------
    function look() {
      if (!window.frameElement) return;
      const app = page.document.querySelector(".stApp");
      const lang = page.document.querySelector(".wg-lang-en") ? "en" : "zh";
      const theme = app && page.getComputedStyle(app).colorScheme === "dark" ? "dark" : "light";
      if (`${lang} ${theme}` !== dressed) dress(lang, theme);
      const field = page.document.querySelector(".wg-drawn");
      if (!field || field.dataset.polygon === seen) return;
      seen = field.dataset.polygon;
      const at = sent.indexOf(seen);
      if (at >= 0) return void sent.splice(0, at + 1); // the page shows back what was drawn here
      if (seen !== told) adopt(seen);
    }

    // Takes over what the page's field holds.
    function adopt(text) {
      told = text;
      sent.length = past.length = 0;
      state = { ...EMPTY, ...readExtent(text) };
      if (placed && hasExtent()) showPlace();
      show();
    }

    function hasExtent() {
      return Boolean(state.foreign || state.corners.length);
    }

    // The view: what was drawn, else the zones in force, else the whole district.
    function showPlace() {
      const bounds = hasExtent() ? L.latLngBounds(ringsOf(state).flat()).pad(0.5) : engine.zoneBounds();
      isOurs = true;
      if (bounds) leaflet.fitBounds(bounds, { maxZoom: hasExtent() ? NEAR_ZOOM : FAR_ZOOM, animate: false });
      else engine.fitDistrict(8);
      isOurs = false;
    }

    function dress(lang, theme) {
      dressed = `${lang} ${theme}`;
      words = texts[lang];
      Wangge.dress(theme);
      document.documentElement.lang = lang;
      frame.setAttribute("aria-label", words.name);
      bar.setAttribute("role", "toolbar");
      bar.setAttribute("aria-label", words.name);
      for (const [name, button] of Object.entries(buttons)) button.textContent = words[name];
      legend.replaceChildren(...MARKS.map((kind) => {
        const item = part("span", "");
        item.append(Wangge.glyph(kind, 14, theme), words[kind]);
        return item;
      }));
      if (engine) engine.destroy();
      engine = Wangge.map(leaflet, { role: isPhone ? "phone" : "leader", lang, theme, bare: true });
      if (link.live && link.geometry) {
        engine.setGeometry(link.geometry);
        engine.show(link.live, Wangge.judge(link));
      }
      show();
    }

    // Drawing ------------------------------------------------------------------------------------------------------------
    // Begins anew with a tool; the same button again gives up what was begun.
    function start(tool) {
      if (state.tool !== tool) return change({ ...EMPTY, tool });
      while (past.length && state.tool) state = past.pop();
      if (state.tool) state = EMPTY;
      tell();
      show();
    }

    function addCorner(latlng) {
      if (!state.tool) return;
      const corner = cornerOf(latlng);
      const { tool, corners } = state;
      if (corners.length && pixelOf(corners.at(-1)).distanceTo(pixelOf(corner)) < SAME_SPOT_PX) return;
      if (tool === "rectangle" && corners.length) change({ ...EMPTY, corners: box(corners[0], corner) });
      else change({ ...state, corners: [...corners, corner] });
    }

    function finish() {
      if (canFinish()) change({ ...state, tool: null });
    }

    function canFinish() {
      return state.tool === "polygon" && state.corners.length >= 3;
    }

    function undo() {
      if (!past.length) return;
      state = past.pop();
      tell();
      show();
    }

    function change(next) {
      past.push(state);
      state = next;
      pointer = null;
      tell();
      show();
    }

    // An unfinished drawing is no extent: the field is empty until it stands.
    function tell() {
      const text = state.foreign ? state.foreign.text : state.tool || !state.corners.length ? "" : writeExtent(state.corners);
      if (text === told) return;
      told = text;
      sent.push(text);
      window.Streamlit.setComponentValue({ polygon: text, n: (asked += 1) });
    }

    function onKey(event) {
      if (event.key === "Escape" && state.tool) start(state.tool);
      else if (event.key === "Enter" && event.target.tagName !== "BUTTON") finish();
      else return;
      event.preventDefault();
    }

    // Showing ------------------------------------------------------------------------------------------------------------
    function show() {
      showLines();
      showHandles();
      for (const tool of TOOLS) buttons[tool].setAttribute("aria-pressed", String(state.tool === tool));
      buttons.finish.disabled = !canFinish();
      buttons.undo.disabled = !past.length;
      buttons.delete.disabled = !hasExtent();
      hint.textContent = say();
      frame.classList.toggle("draw-on", Boolean(state.tool));
    }

    function say() {
      if (state.foreign) return words.foreign;
      if (state.tool) return words[`${state.tool}_hint`];
      if (!state.corners.length) return isPhone ? words.idle_phone : words.idle;
      const size = areaOf(state.corners);
      const area = size < AREA_FROM_M2 ? `${Wangge.countText(size)} m²` : `${(size / 1e6).toFixed(2)} km²`;
      return words.drawn.replace("{count}", state.corners.length).replace("{area}", area);
    }

    function showLines(moved = state.corners) {
      const whole = state.tool ? [] : state.foreign ? state.foreign.rings : [moved.map(placeOf)];
      casing.setLatLngs(whole);
      outline.setLatLngs(whole);
      let path = state.tool ? moved.map(placeOf) : [];
      if (pointer && moved.length) {
        path = state.tool === "rectangle" ? [...box(moved[0], cornerOf(pointer)), moved[0]].map(placeOf) : [...path, pointer];
      }
      track.setLatLngs(path);
    }

    // A handle on every corner, and a small one on every edge that is long enough: dragged, it becomes a corner.
    function showHandles() {
      handles.clearLayers();
      const { tool, corners } = state;
      corners.forEach((corner, index) => {
        const handle = addHandle(corner, `draw-corner${tool && index === 0 ? " draw-first" : ""}`, !tool, !tool || (index === 0 && canFinish()));
        if (tool) return void handle.on("click", finish);
        moveable(handle, (place) => corners.map((one, at) => (at === index ? place : one)));
        handle.on("click", () => { if (corners.length > 3) change({ ...state, corners: corners.filter((_, at) => at !== index) }); });
      });
      if (tool) return;
      corners.forEach((corner, index) => {
        const next = corners[(index + 1) % corners.length];
        const [a, b] = [pixelOf(corner), pixelOf(next)];
        if (a.distanceTo(b) < (isCoarse ? 100 : 56)) return;
        const middle = leaflet.containerPointToLatLng(a.add(b).divideBy(2));
        moveable(addHandle(cornerOf(middle), "draw-middle", true, true), (place) => [...corners.slice(0, index + 1), place, ...corners.slice(index + 1)]);
      });
    }

    function moveable(handle, cornersWith) {
      handle.on("drag", () => showLines(cornersWith(cornerOf(handle.getLatLng()))));
      handle.on("dragend", () => change({ ...state, corners: cornersWith(cornerOf(handle.getLatLng())) }));
    }

    function addHandle(corner, className, draggable, interactive) {
      const side = isCoarse ? 44 : 24;
      const icon = L.divIcon({ className: `draw-handle ${className}`, iconSize: [side, side], html: "<i></i>" });
      return L.marker(placeOf(corner), { icon, draggable, interactive, keyboard: false }).addTo(handles);
    }

    // Places -------------------------------------------------------------------------------------------------------------
    function pixelOf([lon, lat]) {
      return leaflet.latLngToContainerPoint([lat, lon]);
    }
  };

  function part(tag, className) {
    const made = document.createElement(tag);
    made.className = className;
    return made;
  }

  function placeOf([lon, lat]) {
    return L.latLng(lat, lon);
  }

  function cornerOf({ lng, lat }) {
    return [Number(lng.toFixed(DECIMALS)), Number(lat.toFixed(DECIMALS))];
  }

  function box([west, south], [east, north]) {
    return [[west, south], [east, south], [east, north], [west, north]];
  }

  function ringsOf(state) {
    return state.foreign ? state.foreign.rings.flat() : [state.corners.map(placeOf)];
  }

  function writeExtent(corners) {
    return JSON.stringify({ type: "Polygon", coordinates: [[...corners, corners[0]]] });
  }

  // What a text says, as corners to edit or as an extent to show; neither where it is no polygon: the order's own checks tell why.
  function readExtent(text) {
    try {
      const shape = JSON.parse(text);
      if (shape.type === "Polygon" && shape.coordinates.length === 1) {
        const corners = shape.coordinates[0].map(([lon, lat]) => [Number(lon), Number(lat)]);
        if (String(corners[0]) === String(corners.at(-1))) corners.pop();
        return corners.length >= 3 && corners.every(isPlace) ? { corners } : {};
      }
      const parts = shape.type === "MultiPolygon" ? shape.coordinates : shape.type === "Polygon" ? [shape.coordinates] : [];
      const isWhole = parts.length && parts.flat(2).every(isPlace);
      return isWhole ? { foreign: { text, rings: parts.map((rings) => rings.map((ring) => ring.map(placeOf))) } } : {};
    } catch {
      return {};
    }
  }

  function isPlace([lon, lat]) {
    return Math.abs(lon) <= 180 && Math.abs(lat) <= 85;
  }

  // Square metres on a plane that touches the ground at the first corner: a district is small enough.
  function areaOf(corners) {
    const [lon0, lat0] = corners[0];
    const wide = M_PER_DEGREE * Math.cos((lat0 * Math.PI) / 180);
    const flat = corners.map(([lon, lat]) => [(lon - lon0) * wide, (lat - lat0) * M_PER_DEGREE]);
    return Math.abs(flat.reduce((sum, [x, y], at) => {
      const [nextX, nextY] = flat[(at + 1) % flat.length];
      return sum + (x * nextY - nextX * y) / 2;
    }, 0));
  }
})();
