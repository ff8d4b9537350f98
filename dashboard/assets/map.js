// The map of the grids: one engine for the wall, the leaders' pages and the phone (UI, map).
// Draws shapes of /api/geometry and figures of /api/live on a Leaflet map. Never asks the server, never moves the view.
(function () {
  "use strict";
  const Wangge = (window.Wangge = window.Wangge || {});
  const SVG = "http://www.w3.org/2000/svg";

  const TOKENS = (Wangge.tokens = {
    dark: {
      page: "#0B1015", surface: "#121A21", raised: "#1B252E", rule: "#33414D",
      text: "#F3F6F8", "text-2": "#B9C5CE", "text-3": "#9BABB7",
      act: "#FF857A", watch: "#FFC445", ok: "#43D18B", busy: "#FFC445", jam: "#FF857A", rest: "#9BABB7",
      zone: "#FF8FC0", "zone-ink": "#2B0716", bar: "#9FB2C1", "bar-2": "#5C7183", stale: "#A7B0B8", focus: "#7CC4FF",
      unknown: "#2A3138", dot: "#6E7982",
    },
    light: {
      page: "#FFFFFF", surface: "#F4F6F8", raised: "#E8ECF0", rule: "#C9D2DA",
      text: "#12202B", "text-2": "#3E4F5C", "text-3": "#485863",
      act: "#9C1812", watch: "#6B4200", ok: "#075C34", busy: "#C77E00", jam: "#9C1812", rest: "#4A5964",
      zone: "#9E0056", "zone-ink": "#FFFFFF", bar: "#4F6474", "bar-2": "#8798A5", stale: "#4A5964", focus: "#0A4E94",
      unknown: "#E6E6E6", dot: "#A3ABB1",
    },
  });
  const RAMPS = (Wangge.ramps = {
    dark: ["#172A3A", "#1B4059", "#225A7C", "#34779E", "#5596BB", "#82B8D4", "#BCDDEC"],
    light: ["#EAF2F7", "#CFE1EC", "#ABCBDF", "#7FB0CF", "#518FB8", "#2A6C99", "#0E4A75"],
  });
  const STALE_RAMPS = (Wangge.staleRamps = {
    dark: ["#22272B", "#30363B", "#40474D", "#535A61", "#686F76", "#7F868C", "#9AA0A5"],
    light: ["#F2F2F2", "#E4E4E4", "#D0D0D0", "#B9B9B9", "#9F9F9F", "#858585", "#6A6A6A"],
  });
  const COVERAGE_BOUNDS = [20, 40, 60, 75, 90, 98];
  const FIELDS = { coverage: "coverage_pct", waiting: "waiting", on_duty: "on_duty", vulnerable: "vulnerable" };
  const CLASSES = ["smooth", "busy", "jammed", "resting", "unknown"];
  const CLASS_TOKENS = { smooth: "ok", busy: "busy", jammed: "jam", resting: "rest", unknown: "text-2" };
  const FONT = '"Source Sans","Noto Sans SC","Noto Sans CJK SC","PingFang SC","Microsoft YaHei",sans-serif';
  const ROLES = {
    district: { u: 0.8, label: 42, small: 38, ring: 12, diamond: 40, square: 37, plate: 38, dots: 17 },
    zone: { u: 1.25, label: 42, small: 38, ring: 20, diamond: 40, square: 37, plate: 38, dots: 18 },
    leader: { u: 0.5, label: 15, small: 13, ring: 9, diamond: 29, square: 27, plate: 15, dots: 8 },
    phone: { u: 0.42, label: 15, small: 14, ring: 9, diamond: 29, square: 27, plate: 14, dots: 8 },
  };
  const FADE_MS = 300; // UI, motion: fills change within 300 ms
  const FILL_EVERY_MS = 2000; // and at most once in 2 s
  const OVER_TILES = 0.75; // how opaque fills are over a background map
  const USUAL_RATE = 400; // people an hour at a site of middling throughput: a mark of the size that UI gives

  // Wangge.map(leafletMap, {role, lang, theme, measure, selected, words, onGrid, onPoint, follow, bare}) → engine.
  // With follow: true the engine polls by itself; else the caller hands it every picture by `show`. `onGrid(grid)` is told of
  // clicks on grids, `onPoint(grid or null, point)` of the pointer over them. selected: {kind, code} of a place. bare: true draws
  // a ground to draw on: outlines, names and zones, no figures and no sites.
  Wangge.map = function map(leaflet, options) {
    const role = options.role || "leader";
    const size = ROLES[role];
    const theme = options.theme === "light" ? "light" : "dark";
    const ink = TOKENS[theme];
    const words = { ...DEFAULT_WORDS[options.lang === "en" ? "en" : "zh"], ...(options.words || {}) };
    const english = options.lang === "en";
    const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    const id = `wg${(serial += 1)}`;
    const dots = makeDots(ink, size.dots);

    let shapes = null; // the geometry, decoded
    let picture = null; // {live, verdict}
    let measure = options.measure in FIELDS ? options.measure : "coverage";
    let selected = options.selected || null;
    let pointed = null; // {kind, code} under the pointer or the keyboard's cursor
    let spot = null; // [lon, lat] of the building or site that is asked for
    let box = null; // bounds of the other map, shown as a frame
    let painted = null; // what a bare map shows of its own: {rank, colourOf(grid), dots: [{lonLat, colour}], labels: [{label: [lon, lat], text, bounds}]}
    let filled = []; // the colour each grid has now
    let fillTimer = 0;
    let filledAt = -Infinity;
    let fading = 0;

    const panes = {};
    ["grids", "borders", "over"].forEach((name, index) => {
      panes[name] = leaflet.getPane(`wg-${name}`) || leaflet.createPane(`wg-${name}`);
      panes[name].style.zIndex = 400 + 10 * index;
    });
    panes.borders.style.pointerEvents = panes.over.style.pointerEvents = "none";
    const gridCanvas = L.canvas({ pane: "wg-grids", padding: 0.15 });
    const borderCanvas = L.canvas({ pane: "wg-borders", padding: 0.15 });
    let polygons = [];
    let borders = [];

    const over = draw("svg", { class: "wangge-over leaflet-zoom-hide", width: 1, height: 1 });
    const groups = {};
    over.append(drawPatterns(id, ink, size.u));
    for (const name of ["zones", "boxes", "pointed", "sites", "labels", "callouts"]) over.append((groups[name] = draw("g", { class: `wg-${name}` })));
    panes.over.append(over);
    leaflet.on("zoomend viewreset resize moveend", redraw);

    const engine = { setGeometry, show, select, point, setSpot, placeOf, placesIn, figuresOf, paint, siteOf, setMeasure, setBox, fitDistrict, fitZones, zoneBounds, sums, legend, isBare, destroy, redraw };
    engines.add(engine);
    if (options.follow) followByItself();
    return engine;

    // Shapes -----------------------------------------------------------------------------------------------------
    function setGeometry(raw) {
      if (!raw || (shapes && shapes.raw === raw)) return;
      layTiles(raw.tiles);
      shapes = decode(raw);
      shapes.use(levelHere());
      polygons.concat(borders).forEach((layer) => layer.remove());
      filled = [];
      polygons = shapes.grids.map((grid) => {
        const layer = L.polygon(grid.rings, {
          renderer: gridCanvas, stroke: false, fillColor: ink.surface, fillOpacity: raw.tiles ? OVER_TILES : 1, smoothFactor: 0, noClip: true,
          interactive: Boolean(options.onGrid), bubblingMouseEvents: true,
        });
        if (options.onGrid) layer.on("click", () => options.onGrid(grid));
        if (options.onPoint) layer.on("mousemove", (event) => options.onPoint(grid, event.containerPoint)).on("mouseout", () => options.onPoint(null));
        return layer.addTo(leaflet);
      });
      const line = (rank, weight, color) =>
        L.polyline(shapes.lines[rank], { renderer: borderCanvas, weight, color, smoothFactor: 0, noClip: true, interactive: false, lineJoin: "round" }).addTo(leaflet);
      borders = [
        line("grid", Math.max(0.6, 1.6 * size.u), options.bare ? ink.rule : ink.page),
        line("community", 3.2 * size.u, options.bare ? ink["bar-2"] : ink.page),
        line("outer", 6 * size.u, ink.page),
        line("outer", Math.max(1, 2.4 * size.u), ink.text),
      ];
      weighBorders();
      if (painted) paint(painted);
    }

    // Gives a bare map colours of its own: one for each grid (null: none; "unknown": the pattern of that), dots at places, labels where there is room for them.
    // Lines of a lower rank than `rank` are left out.
    function paint(given) {
      painted = given;
      if (!shapes) return;
      polygons.forEach((polygon, index) => {
        const colour = painted.colourOf(shapes.grids[index]) || ink.surface;
        const hasSeams = painted.rank === "grid" || colour === "unknown"; // else the ground would shine through between grids of one place
        polygon.setStyle({ fillColor: colour === "unknown" ? dots : colour, stroke: !hasSeams, color: colour, weight: 1 });
      });
      borders[1].setStyle({ color: ink.rule });
      weighBorders();
      redraw();
    }

    function siteOf(code) {
      return (shapes && shapes.sites.find((site) => site.code === code)) || null;
    }

    function metresPerPixel() {
      return (40075016.686 * Math.cos((leaflet.getCenter().lat * Math.PI) / 180)) / (256 * 2 ** leaflet.getZoom());
    }

    // The coarsest outlines whose corners left out are less than a pixel of the screen.
    function levelHere() {
      if (!leaflet._loaded) return 0;
      const pixel = metresPerPixel() / (window.devicePixelRatio || 1);
      return (shapes.raw.coarser_m || []).filter((tolerance) => tolerance <= pixel).length;
    }

    // From far off, lines of the lower ranks would lie so close that they hide the fills: they thin out, then go.
    function weighBorders() {
      if (!leaflet._loaded) return;
      const pixel = metresPerPixel();
      const share = (side, least) => Math.min(1, Math.max(0, (side / pixel - least) / 22));
      const [hasGrids, hasCommunities] = painted ? [painted.rank === "grid", painted.rank !== "town"] : [true, true];
      borders[0].setStyle({ weight: hasGrids ? Math.max(0.6, 1.6 * size.u) * share(shapes.sides.grid, 4) : 0 });
      borders[1].setStyle({ weight: hasCommunities ? (painted ? 1.6 : 3.2) * size.u * share(shapes.sides.community, 8) : 0 });
    }

    // Puts the outlines of this zoom in place of those of the last one.
    function refine() {
      weighBorders();
      if (!shapes.use(levelHere())) return;
      polygons.forEach((polygon, index) => polygon.setLatLngs(shapes.grids[index].rings));
      borders.forEach((border, index) => border.setLatLngs(shapes.lines[["grid", "community", "outer", "outer"][index]]));
    }

    // The picture ------------------------------------------------------------------------------------------------
    function show(live, verdict) {
      picture = { live, verdict };
      if (!shapes) return;
      scheduleFill();
      redraw();
    }

    // The place that is shown, {kind: "town", "community" or "grid", code}, or null.
    function select(place) {
      selected = place;
      redraw();
    }

    // The place that a click or Enter would choose, or null; drawn without drawing anything else anew.
    function point(place) {
      pointed = place;
      if (shapes && leaflet._loaded) fill(groups.pointed, drawPointed(makeView()));
    }

    // The building or site that is asked for, [lon, lat], or null.
    function setSpot(lonLat) {
      spot = lonLat;
      redraw();
    }

    // A town, community or grid by its code, with bounds and label; null where there is none.
    function placeOf(kind, code) {
      if (!shapes) return null;
      return (kind === "grid" ? shapes.byCode.get(code) : shapes[kind === "town" ? "towns" : "communities"].find((one) => one.code === code)) || null;
    }

    // What lies one rank down: the towns of the district (null), the communities of a town, the grids of a community; of a
    // grid, all grids.
    function placesIn(place) {
      if (!shapes) return [];
      if (!place) return shapes.towns;
      if (place.kind === "town") return shapes.communities.filter((one) => one.town.code === place.code);
      return place.kind === "community" ? shapes.grids.filter((one) => one.community.code === place.code) : shapes.grids;
    }

    // Name, coverage and people missing of a place, as text.
    function figuresOf(kind, place) {
      const own = (picture && picture.live && picture.live[kind === "grid" ? "grids" : kind === "town" ? "towns" : "communities"]) || {};
      const blind = !picture || ["broken", "empty", "error", "loading"].includes(picture.verdict.state);
      const at = (name) => (blind || !own[name] ? null : own[name][place.index]);
      const share = at("coverage_pct");
      return { name: nameOf(place), coverage: share === null || share === undefined ? "—" : `${Wangge.shareText(share)}%`, missing: Wangge.countText(at("missing")) };
    }

    // The district's own background map under everything, in its own datum: with shifted tiles the map's projection shifts too,
    // so that every place stays in WGS 84 for all who ask (clicks, addresses, exports) and is only drawn where the tiles have it.
    function layTiles(tiles) {
      if (!tiles || leaflet.wgTiles) return;
      leaflet.wgTiles = true;
      if (tiles.shift) {
        const [centre, zoom] = [leaflet.getCenter(), leaflet.getZoom()];
        leaflet.options.crs = shiftedCrs(tiles.shift);
        leaflet.setView(centre, zoom, { reset: true });
      }
      const layer = L.tileLayer(tiles.url, { maxNativeZoom: tiles.max_zoom, maxZoom: 24, className: "wg-tile" }).addTo(leaflet);
      layer.getPane().classList.add("wg-tiles");
      if (!tiles.attribution || role === "district") return; // the wall says it once, on the zone map
      const note = document.createElement("div");
      note.className = "wg-attribution";
      note.style.fontSize = `${Math.max(13, size.small - 2)}px`;
      note.textContent = tiles.attribution; // as text: a setting can never become markup
      leaflet.getContainer().append(note);
    }

    function setMeasure(name) {
      if (!(name in FIELDS) || name === measure) return;
      measure = name;
      if (picture) { fillNow(); redraw(); }
    }

    function setBox(bounds) {
      box = bounds;
      redraw();
    }

    function fitDistrict(padding) {
      if (shapes) leaflet.fitBounds(shapes.bounds, { padding: [padding, padding], animate: false });
    }

    // The bounding box of all high- and medium-risk zones with 12 % around, or null without zones.
    function zoneBounds() {
      const zones = zonesInForce();
      if (!shapes || !zones.length) return null;
      const bounds = L.latLngBounds([]);
      for (const zone of zones) for (const ring of ringsOf(zone)) ring.forEach((corner) => bounds.extend(corner));
      return bounds.isValid() ? bounds.pad(0.12) : null;
    }

    // Shows the zones, else the town with most residents; returns the name of what is shown instead of zones, or "".
    function fitZones() {
      if (!shapes) return "";
      const bounds = zoneBounds();
      if (bounds) {
        leaflet.fitBounds(bounds, { animate: false });
        return "";
      }
      const town = shapes.towns[shapes.largestTown];
      leaflet.fitBounds(town.bounds, { padding: [20, 20], animate: false });
      return nameOf(town);
    }

    function zonesInForce() {
      return ((picture && picture.live && picture.live.zones) || []).filter((zone) => zone.level !== "low");
    }

    function ringsOf(zone) {
      if (zone.shapes && zone.shapes.length) return zone.shapes.map((ring) => ring.map(([lon, lat]) => L.latLng(lat, lon)));
      return shapes.dissolve(gridsOf(zone.members));
    }

    function gridsOf(codes) {
      const wanted = new Set(codes);
      return shapes.grids.filter((grid) => wanted.has(grid.code) || wanted.has(grid.community.code) || wanted.has(grid.town.code));
    }

    // Fills ------------------------------------------------------------------------------------------------------
    function scheduleFill() {
      clearTimeout(fillTimer);
      const wait = filledAt + FILL_EVERY_MS - performance.now();
      if (wait <= 0) fillNow();
      else fillTimer = setTimeout(fillNow, wait);
    }

    function fillNow() {
      if (!picture || !shapes || options.bare) return;
      filledAt = performance.now();
      const wanted = colours();
      cancelAnimationFrame(fading);
      const changing = polygons.map((_, index) => index).filter((index) => filled[index] !== wanted[index]);
      const from = filled.slice();
      const paint = (share) => {
        for (const index of changing) {
          polygons[index].setStyle({ fillColor: mix(from[index], wanted[index], share) });
        }
      };
      filled = wanted;
      if (still || from.length === 0 || document.hidden) return paint(1);
      const began = performance.now();
      const step = () => {
        const share = Math.min(1, (performance.now() - began) / FADE_MS);
        paint(share);
        if (share < 1) fading = requestAnimationFrame(step);
      };
      step();
    }

    function values() {
      if (measure === "vulnerable") return shapes.raw.grids.vulnerable;
      const grids = picture.live && picture.live.grids;
      return (grids && grids[FIELDS[measure]]) || [];
    }

    function bounds() {
      if (measure === "coverage") return COVERAGE_BOUNDS;
      return niceBounds(values());
    }

    function colours() {
      const { state, townsLacking } = picture.verdict;
      const figures = values();
      const limits = bounds();
      return shapes.grids.map((grid, index) => {
        const value = figures[index];
        if (value === null || value === undefined || state === "broken" || state === "empty" || state === "error") return dots;
        const grey = state === "stale" || townsLacking.has(grid.town.code);
        return (grey ? STALE_RAMPS : RAMPS)[theme][classOf(value, limits)];
      });
    }

    // Whether no grid is drawn under a box [x, y, width, height] of the map, in pixels.
    function isBare([x, y, w, h]) {
      if (!shapes) return false;
      const corners = [[x, y], [x + w, y], [x + w, y + h], [x, y + h]].map((corner) => leaflet.containerPointToLatLng(corner));
      const bounds = L.latLngBounds(corners);
      return !shapes.grids.some((grid) => grid.bounds.intersects(bounds)
        && grid.rings.some((ring) => ring.some((point) => bounds.contains(point)) || corners.some((corner) => isInside(corner, ring))));
    }

    // The legend of the fills: [{colour, label}], best first, the unknown one last.
    function legend() {
      const limits = picture && shapes ? bounds() : COVERAGE_BOUNDS;
      const state = picture ? picture.verdict.state : "loading";
      const rows = [];
      if (state === "ok" || state === "stale") {
        const ramp = (state === "stale" ? STALE_RAMPS : RAMPS)[theme];
        const unit = measure === "coverage" ? "%" : "";
        for (let index = 6; index >= 0; index -= 1) {
          const low = limits[index - 1];
          const high = limits[index];
          const label = index === 6 ? `≥ ${low}${unit}` : index === 0 ? `< ${high}${unit}` : `${low}–${high}`;
          if (index === 0 || index === 6 || low !== high) rows.push({ colour: ramp[index], label });
        }
      }
      rows.push({ colour: null, label: words.unknown_fill });
      return rows;
    }

    // Figures of towns and communities: shares as sent, counts summed over grids.
    function sums(kind) {
      const live = picture && picture.live;
      if (!live) return [];
      if (measure === "coverage") return (live[kind] && live[kind].coverage_pct) || [];
      const figures = values();
      const totals = shapes[kind].map(() => null);
      shapes.grids.forEach((grid, index) => {
        const at = (kind === "towns" ? grid.town : grid.community).index;
        if (figures[index] !== null && figures[index] !== undefined) totals[at] = (totals[at] || 0) + figures[index];
      });
      return totals;
    }

    // Everything above the fills -----------------------------------------------------------------------------------
    function redraw() {
      if (!shapes || !leaflet._loaded) return;
      refine();
      const view = makeView();
      fill(groups.zones, drawZones(view));
      fill(groups.boxes, drawBoxes(view));
      if (options.bare) {
        drawChips(view);
        if (painted) drawPainted(view);
        if (!painted || view.step !== "district") { // from far off names would hide what the colours say
          drawNames(view, true);
          drawNames(view, false);
        }
        return fill(groups.labels, view.labels);
      }
      // In the order in which they may take the room (UI, map): alerts, high chips, jammed, busy, zone communities, the rest.
      const sites = drawSites(view, ["jammed", "busy"]);
      fill(groups.callouts, drawCallouts(view));
      drawChips(view);
      drawMinutes(view);
      drawNames(view, true);
      fill(groups.sites, drawSites(view, ["smooth", "resting", "unknown"]).concat(sites));
      drawNames(view, false);
      fill(groups.labels, view.labels);
    }

    function drawPainted(view) {
      const r = size.ring * 0.7;
      fill(groups.sites, painted.dots.map(({ lonLat, colour }) => {
        const { x, y } = view.at(lonLat);
        view.taken.push({ ...around({ x, y }, r), hard: true });
        return draw("circle", { cx: round(x), cy: round(y), r, fill: colour, stroke: ink.page, "stroke-width": 1.5 });
      }));
      for (const label of painted.labels) {
        if (label.bounds && !hasRoom(label.bounds, label.text)) continue;
        drawName(view, { ...label, isFree: true }, [{ text: label.text, font: size.small }], label.bounds ? 0.5 : 2.4, false);
      }
    }

    function makeView() {
      const zoom = leaflet.getZoom();
      const frame = leaflet.getSize();
      const origin = leaflet.containerPointToLayerPoint([0, 0]);
      const hasZones = zonesInForce().length > 0;
      const step = role === "zone" && hasZones && zoom > 14.2 ? "zone" : zoom < 13.45 ? "district" : zoom < 15.45 ? "town" : "zone";
      const verdict = picture ? picture.verdict : { state: "loading", lacking: [], townsLacking: new Map() };
      return {
        step, verdict, hasZones,
        dead: verdict.state !== "ok",
        // Boxes that labels keep clear of, {x0, y0, x1, y1, hard}; first what the page itself lays over the map.
        taken: reservedBoxes().map(([x, y, w, h]) => ({ x0: origin.x + x, y0: origin.y + y, x1: origin.x + x + w, y1: origin.y + y + h, hard: true, laid: true })),
        soft: [], // where plates would like to stand
        marks: [], // where the marks of quiet sites stand
        labels: [],
        inner: { x0: origin.x + 6, y0: origin.y + 6, x1: origin.x + frame.x - 6, y1: origin.y + frame.y - 6 },
        at: (lonLat) => leaflet.latLngToLayerPoint(L.latLng(lonLat[1], lonLat[0])),
        path: (rings) => rings.map((ring) => "M" + ring.map((corner) => { const p = leaflet.latLngToLayerPoint(corner); return `${round(p.x)},${round(p.y)}`; }).join("L") + "Z").join(""),
      };
    }

    // What the page lays over the map, as [x, y, width, height].
    function reservedBoxes() {
      const note = leaflet.getContainer().querySelector(".wg-attribution");
      const own = note ? [[note.offsetLeft, note.offsetTop, note.offsetWidth, note.offsetHeight]] : [];
      return own.concat(options.reserved ? options.reserved() : []);
    }

    function drawZones(view) {
      const out = [];
      const zones = zonesInForce();
      const wide = zones.filter((zone) => zone.level === "medium" && !(zone.shapes && zone.shapes.length));
      view.chips = [];
      if (wide.length) {
        const d = view.path(shapes.dissolve(gridsOf(wide.flatMap((zone) => zone.members))));
        out.push(draw("path", { d, fill: `url(#${id}-medium)`, "fill-rule": "evenodd" }), ...outlineMedium(d));
      }
      let number = 0;
      for (const zone of zones) {
        if (zone.level === "high") number += 1;
        if (wide.includes(zone)) continue;
        const squares = ringsOf(zone).map((ring) => growSquare(view, ring));
        const d = squares.map((square) => square.d).join("");
        const least = squares.reduce(hull, null);
        if (least) view.taken.push({ ...least, hard: true });
        if (zone.level === "high") {
          out.push(draw("path", { d, fill: ink.page, stroke: ink.page, "stroke-width": 12 * size.u, "stroke-linejoin": "miter" }));
          out.push(draw("path", { d, fill: `url(#${id}-high)`, stroke: ink.zone, "stroke-width": squares[0] && squares[0].small ? 3.2 * size.u : 6 * size.u }));
          if (least) view.chips.push({ text: words.high_chip.replace("{n}", number), box: least });
        } else {
          for (const square of squares) out.push(...(square.small ? markMedium(square) : [draw("path", { d: square.d, fill: `url(#${id}-medium)` }), ...outlineMedium(square.d)]));
        }
      }
      return out;
    }

    function outlineMedium(d) {
      const u = size.u;
      return [
        draw("path", { d, fill: "none", stroke: ink.page, "stroke-width": 11 * u, "stroke-linejoin": "round" }),
        draw("path", { d, fill: "none", stroke: ink.zone, "stroke-width": 5 * u, "stroke-dasharray": `${22 * u} ${9 * u}`, "stroke-linejoin": "round" }),
      ];
    }

    // One medium-risk building, too small for hatch and dashes of full size: the mark of the legend.
    function markMedium({ x0, y0, x1, y1, d }) {
      const u = size.u;
      return [
        draw("path", { d, fill: ink.page, stroke: ink.page, "stroke-width": 10 * u }),
        draw("line", { x1: x0 + 5 * u, y1: y1 - 5 * u, x2: x1 - 5 * u, y2: y0 + 5 * u, stroke: ink.zone, "stroke-width": 4 * u }),
        draw("path", { d, fill: "none", stroke: ink.zone, "stroke-width": 4 * u, "stroke-dasharray": `${8 * u} ${5 * u}`, "stroke-dashoffset": 4 * u }),
      ];
    }

    // A building to scale, or a square of 26 u where to scale it would be too small to see.
    function growSquare(view, ring) {
      const points = ring.map((corner) => leaflet.latLngToLayerPoint(corner));
      const edge = hull(null, boxOf(points));
      const side = 26 * size.u;
      if (Math.max(edge.x1 - edge.x0, edge.y1 - edge.y0) >= side) {
        return { ...edge, d: "M" + points.map((p) => `${round(p.x)},${round(p.y)}`).join("L") + "Z", small: false };
      }
      const x = (edge.x0 + edge.x1) / 2;
      const y = (edge.y0 + edge.y1) / 2;
      const grown = { x0: x - side / 2, y0: y - side / 2, x1: x + side / 2, y1: y + side / 2 };
      return { ...grown, d: `M${round(grown.x0)},${round(grown.y0)}h${round(side)}v${round(side)}h${round(-side)}Z`, small: true };
    }

    function drawBoxes(view) {
      const out = [];
      if (box) {
        const a = leaflet.latLngToLayerPoint(box.getNorthWest());
        const b = leaflet.latLngToLayerPoint(box.getSouthEast());
        view.box = { x0: a.x, y0: a.y, x1: b.x, y1: b.y };
        out.push(draw("rect", { x: a.x, y: a.y, width: b.x - a.x, height: b.y - a.y, fill: "none", stroke: ink.text, "stroke-width": 2.4 }));
        view.taken.push({ ...view.box, hard: true, soft: true });
      }
      const d = selected && outlineOf(view, selected);
      if (d) {
        out.push(draw("path", { d, fill: "none", stroke: ink.page, "stroke-width": 12 * size.u, "stroke-linejoin": "round" }));
        out.push(draw("path", { d, fill: "none", stroke: ink.text, "stroke-width": 6 * size.u, "stroke-linejoin": "round", class: "wg-selected" }));
      }
      if (spot) {
        const { x, y } = view.at(spot);
        const ring = { cx: round(x), cy: round(y), r: 22 * size.u, fill: "none" };
        out.push(draw("circle", { ...ring, stroke: ink.page, "stroke-width": 16 * size.u }), draw("circle", { ...ring, stroke: ink.text, "stroke-width": 6 * size.u, class: "wg-spot" }));
        view.taken.push({ ...around({ x, y }, 26 * size.u), hard: true });
      }
      fill(groups.pointed, drawPointed(view));
      return out;
    }

    function drawPointed(view) {
      const d = pointed && outlineOf(view, pointed);
      return d ? [draw("path", { d, fill: "none", stroke: ink.page, "stroke-width": 9 * size.u, "stroke-linejoin": "round" }), draw("path", { d, fill: "none", stroke: ink.text, "stroke-width": 3.6 * size.u, "stroke-linejoin": "round" })] : [];
    }

    function outlineOf(view, { kind, code }) {
      const place = placeOf(kind, code);
      if (!place) return null;
      return view.path(kind === "grid" ? place.rings : shapes.dissolve(shapes.grids.filter((grid) => grid[kind] === place)));
    }

    function siteStates(view) {
      const live = picture && picture.live;
      return shapes.sites.map((site, index) => {
        const state = (live && live.sites && live.sites[index]) || [null, 4, null, null, null, null];
        const lacking = view.verdict.lacking.some(({ feed }) => feed.feed_code === site.feed);
        const kind = view.dead || lacking ? "unknown" : CLASSES[state[1]];
        return { site, kind, minutes: kind === "unknown" ? null : state[0], rate: state[3], at: view.at(site.lonLat) };
      });
    }

    // Marks of the given classes; in the zone view plates, which move aside where they would hide something.
    function drawSites(view, kinds) {
      const out = [];
      if (!view.sites) findSites(view);
      for (const state of view.sites.filter((one) => kinds.includes(one.kind))) {
        if (view.step === "zone") {
          out.push(...drawPlate(view, state));
          continue;
        }
        // A mark grows with the square root of what its site samples an hour, so its area keeps step with it.
        const grown = state.rate ? Math.min(1.3, Math.max(0.8, Math.sqrt(state.rate / USUAL_RATE))) : 1;
        const scale = state.kind === "smooth" ? grown ** 1.6 : state.kind === "busy" || state.kind === "jammed" ? Math.sqrt(grown) : 1;
        state.half = drawMark(out, state.kind, state.at.x, state.at.y, scale);
        view.taken.push({ ...around(state.at, state.half), hard: state.kind === "busy" || state.kind === "jammed" });
      }
      return out;
    }

    // The sites in view, the quiet ones first so that the urgent ones lie on top.
    function findSites(view) {
      const order = ["unknown", "resting", "smooth", "busy", "jammed"];
      const seen = grow(view.inner, 80);
      view.sites = siteStates(view)
        .filter(({ at }) => isIn(at, seen))
        .filter(({ at, kind }) => !(view.box && view.hasZones && kind !== "jammed" && isIn(at, view.box)))
        .sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
      // Where marks will stand, labels give way; plates stand aside themselves, a label just leaves them some room.
      if (view.step === "town") for (const { at, kind } of view.sites) if (kind !== "jammed" && kind !== "busy") view.marks.push(around(at, size.ring * 0.9));
      if (view.step !== "zone") return;
      for (const { at, kind } of view.sites) if (kind !== "jammed" && kind !== "busy") view.soft.push(around(at, size.plate * 1.1));
    }

    function drawMark(out, kind, x, y, scale) {
      const shape = markOf(kind, scale, size, ink);
      for (const [tag, attributes] of shape.parts) {
        const node = draw(tag, attributes);
        node.setAttribute("transform", `translate(${round(x)} ${round(y)})`);
        out.push(node);
      }
      return shape.half;
    }

    function drawPlate(view, state) {
      const font = size.plate;
      const text = state.minutes === null ? "—" : String(state.minutes);
      const h = font * 1.32;
      const mark = font * 0.58;
      const w = font * 0.36 + mark + font * 0.3 + widthOf(text, font, 600) + font * 0.4;
      const spot = place(view, state.at, w, h, plateSpots(w, h), { always: true });
      view.taken.push({ ...spot, hard: true });
      const colour = ink[CLASS_TOKENS[state.kind]];
      const nodes = [draw("rect", { x: round(spot.x0), y: round(spot.y0), width: round(w), height: round(h), rx: font * 0.18, fill: ink.page, stroke: colour, "stroke-width": Math.max(1.5, font * 0.075) })];
      const small = { ...size, ring: mark * 0.86, diamond: mark * 1.16, square: mark };
      const glyph = markOf(state.kind, 1, small, { ...ink, page: "none" });
      for (const [tag, attributes] of glyph.parts) {
        const node = draw(tag, attributes);
        node.setAttribute("transform", `translate(${round(spot.x0 + font * 0.36 + mark / 2)} ${round((spot.y0 + spot.y1) / 2)})`);
        nodes.push(node);
      }
      nodes.push(textNode(text, spot.x1 - font * 0.4, (spot.y0 + spot.y1) / 2 + font * 0.36, font, 600, state.minutes === null ? ink["text-2"] : ink.text, "end", false));
      state.plate = spot;
      return nodes;
    }

    function drawChips(view) {
      if (view.step === "district") return;
      const font = size.label;
      for (const chip of view.chips) {
        const w = widthOf(chip.text, font, 600) + font * 0.36;
        const h = font * 1.3;
        const b = chip.box;
        const spots = [
          [(b.x0 + b.x1) / 2 - w / 2, b.y0 - h - font * 0.16], [b.x1 + font * 0.16, (b.y0 + b.y1) / 2 - h / 2],
          [b.x0 - w - font * 0.16, (b.y0 + b.y1) / 2 - h / 2], [(b.x0 + b.x1) / 2 - w / 2, b.y1 + font * 0.16],
          [b.x1 + font * 0.1, b.y0 - h], [b.x0 - w - font * 0.1, b.y0 - h], [b.x1 + font * 0.1, b.y1], [b.x0 - w - font * 0.1, b.y1],
          [(b.x0 + b.x1) / 2 - w / 2, b.y0 - 2.2 * h], [(b.x0 + b.x1) / 2 - w / 2, b.y1 + 1.2 * h],
        ];
        const spot = choose(view, spots.map(([x, y]) => ({ x0: x, y0: y, x1: x + w, y1: y + h })), { always: true });
        view.taken.push({ ...spot, hard: true });
        view.labels.push(
          draw("rect", { x: spot.x0, y: spot.y0, width: w, height: h, fill: ink.zone, stroke: ink.page, "stroke-width": Math.max(2, font * 0.1), "paint-order": "stroke" }),
          textNode(chip.text, (spot.x0 + spot.x1) / 2, spot.y1 - h / 2 + font * 0.36, font, 600, ink["zone-ink"], "middle", false),
        );
      }
    }

    function drawMinutes(view) {
      if (view.step !== "town") return;
      const font = size.label;
      for (const kind of ["jammed", "busy"]) {
        for (const state of view.sites.filter((one) => one.kind === kind && one.minutes !== null && one.half)) {
          const text = words.minutes.replace("{n}", state.minutes);
          const w = widthOf(text, font, 600);
          const h = font * 1.2;
          const gap = state.half + font * 0.15;
          const { x, y } = state.at;
          const spots = [[x + gap, y - h / 2], [x - gap - w, y - h / 2], [x - w / 2, y - gap - h], [x - w / 2, y + gap]];
          const spot = choose(view, spots.map(([a, b]) => ({ x0: a, y0: b, x1: a + w, y1: b + h })), {});
          if (!spot) continue;
          view.taken.push({ ...spot, hard: true });
          view.labels.push(textNode(text, spot.x0, spot.y0 + h * 0.78, font, 600, ink.text, "start", true));
        }
      }
    }

    // Names of towns in the district view, else of communities: first those of the zones, then the others.
    function drawNames(view, isZones) {
      if (view.step === "district") return isZones ? undefined : drawTowns(view);
      const zones = zonesInForce();
      const wide = new Set(zones.filter((zone) => zone.extent_kind === "community").flatMap((zone) => zone.members));
      const holding = new Set(zones.filter((zone) => zone.extent_kind === "building").flatMap((zone) => zone.members.map((code) => (shapes.byCode.get(code.slice(0, 15)) || { community: {} }).community.code)));
      const rank = (community) => (wide.has(community.code) ? 0 : holding.has(community.code) ? 1 : 2);
      const figures = sums("communities");
      const blind = ["broken", "empty", "error", "loading"].includes(view.verdict.state) || options.bare;
      for (const community of shapes.communities.filter((one) => (rank(one) === 0) === isZones).sort((a, b) => rank(a) - rank(b) || a.index - b.index)) {
        const level = rank(community);
        if (view.step === "zone" && level === 2) continue;
        if (view.step === "town" && level === 2 && !fitsInside(view, community)) continue;
        const lines = [{ text: placeName(community), font: level === 2 ? size.small : size.label }];
        if (view.step === "zone" && level === 0 && !blind) {
          lines.push({ text: figureText(figures[community.index]), font: size.label * 0.92, colour: view.verdict.state === "ok" ? ink.text : ink.stale });
        }
        const isSure = level === 0 && holds(view, community);
        drawName(view, community, lines, level === 0 ? 4 : 2.4, isSure, level === 0 ? insideOf(view, (grid) => grid.community === community) : null);
      }
    }

    // A test whether a point of the view lies within one of the chosen grids.
    function insideOf(view, isChosen) {
      const rings = shapes.grids.filter(isChosen).flatMap((grid) => grid.rings).map((ring) => ring.map((corner) => leaflet.latLngToLayerPoint(corner)));
      return (point) => rings.some((ring) => {
        let isInside = false;
        for (let i = 0, j = ring.length - 1; i < ring.length; j = i, i += 1) {
          const [a, b] = [ring[i], ring[j]];
          if (a.y > point.y !== b.y > point.y && point.x < ((b.x - a.x) * (point.y - a.y)) / (b.y - a.y) + a.x) isInside = !isInside;
        }
        return isInside;
      });
    }

    function holds(view, community) {
      const at = view.at(community.label);
      return at.x > view.inner.x0 && at.x < view.inner.x1 && at.y > view.inner.y0 && at.y < view.inner.y1;
    }

    function fitsInside(view, community) {
      return hasRoom(community.bounds, placeName(community));
    }

    // Whether a small label is narrower than what it stands on.
    function hasRoom(bounds, text) {
      const a = leaflet.latLngToLayerPoint(bounds.getNorthWest());
      const b = leaflet.latLngToLayerPoint(bounds.getSouthEast());
      return b.x - a.x > widthOf(text, size.small, 600) * 1.15 && b.y - a.y > size.small * 1.8;
    }

    function drawTowns(view) {
      const figures = sums("towns");
      const { state, townsLacking } = view.verdict;
      for (const town of shapes.towns) {
        const since = townsLacking.get(town.code);
        const blind = state === "broken" || state === "empty" || state === "error" || state === "loading";
        const lines = [
          { text: nameOf(town), font: size.label },
          { text: blind ? "—" : figureText(figures[town.index]), font: size.label * 0.92, colour: state === "stale" || since ? ink.stale : ink.text },
        ];
        if (options.bare) lines.length = 1;
        else if (since) lines.push({ text: words.stopped_at.replace("{time}", Wangge.clockText(since, shapes.timezone)), font: size.small, colour: ink.watch });
        drawName(view, town, lines, 6, true, insideOf(view, (grid) => grid.town === town), view15(role) ? 1.5 : 0.5);
      }
    }

    function drawName(view, owner, lines, reach, always, belongs, homing) {
      if (!owner.label) return;
      const w = Math.max(...lines.map((line) => widthOf(line.text, line.font, 600)));
      const heights = lines.map((line) => line.font * 1.14);
      const h = heights.reduce((sum, one) => sum + one, 0);
      const centre = view.at(owner.label);
      const spot = place(view, centre, w, h, ringSpots(w, h, reach), { always, belongs, homing });
      if (!spot || isCut(view, spot) || (view.step === "district" && !owner.isFree && isAstray(owner, spot))) return;
      view.taken.push({ ...spot, hard: true });
      let y = spot.y0;
      lines.forEach((line, index) => {
        y += heights[index];
        view.labels.push(textNode(line.text, (spot.x0 + spot.x1) / 2, y - line.font * 0.28, line.font, 600, line.colour || ink.text, "middle", true));
      });
    }

    // Whether a label there would be cut by the frame or hidden by what the page lays over the map: better none.
    function isCut(view, spot) {
      const { x0, y0, x1, y1 } = view.inner;
      return spot.x0 < x0 - 4 || spot.y0 < y0 - 4 || spot.x1 > x1 + 4 || spot.y1 > y1 + 4 || view.taken.some((other) => other.laid && overlap(spot, other) > 0);
    }

    // Whether the name of a town would stand on another town's ground, where it would be read as that one's.
    function isAstray(town, spot) {
      const middle = leaflet.layerPointToLatLng([(spot.x0 + spot.x1) / 2, (spot.y0 + spot.y1) / 2]);
      const under = shapes.grids.find((grid) => grid.bounds.contains(middle) && grid.rings.some((ring) => isInside(middle, ring)));
      return Boolean(under) && under.town !== town;
    }

    function drawCallouts(view) {
      const out = [];
      const open = (picture && picture.live && picture.live.alerts && picture.live.alerts.open) || [];
      if (view.verdict.state !== "ok") return out;
      open.forEach((alert, index) => {
        if (alert.lon === null || alert.lat === null || alert.lon === undefined) return;
        if (!["site", "whistle", "zone"].includes(alert.place_kind)) return; // a silent feed shows by its grey grids
        if (options.skipsCallout && options.skipsCallout([alert.lon, alert.lat])) return;
        const at = view.at([alert.lon, alert.lat]);
        if (at.x < view.inner.x0 || at.x > view.inner.x1 || at.y < view.inner.y0 || at.y > view.inner.y1) return;
        const font = size.label * (role === "district" ? 0.9 : 1);
        const name = (english ? alert.place_name_en : alert.place_name) || alert.place_name || "";
        const label = alert.rule === "whistle_late" ? words.callout_whistle.replace("{place}", name) : name;
        const number = String(index + 1);
        const h = font * 1.6;
        const chip = Math.max(h * 0.82, widthOf(number, font, 600) + font * 0.5);
        const w = chip + font * 0.3 + widthOf(label, font, 600) + font * 0.35;
        const known = alert.place_kind === "site" && view.sites.find(({ site }) => site.code === alert.place_code);
        const target = (known && known.plate) || around(at, 14);
        const spot = choose(view, calloutSpots(target, w, h, font), { always: true, avoidsPlates: true });
        view.taken.push({ ...spot, hard: true });
        const colour = ink[alert.level === "act" ? "act" : "watch"];
        const [from, to] = nearest(spot, target);
        for (let step = 1; step < 8; step += 1) view.taken.push({ ...around({ x: from.x + ((to.x - from.x) * step) / 8, y: from.y + ((to.y - from.y) * step) / 8 }, font * 0.1), hard: true });
        const lead = { x1: from.x, y1: from.y, x2: to.x, y2: to.y };
        out.push(draw("line", { ...lead, stroke: ink.page, "stroke-width": font * 0.24 }), draw("line", { ...lead, stroke: colour, "stroke-width": font * 0.1 }));
        const edge = font * 0.1;
        out.push(draw("rect", { x: spot.x0, y: spot.y0, width: w, height: h, fill: ink.page, stroke: colour, "stroke-width": edge }));
        if (alert.level === "act") out.push(draw("rect", { x: spot.x0, y: spot.y0, width: chip, height: h, fill: colour }));
        else out.push(draw("line", { x1: spot.x0 + chip, x2: spot.x0 + chip, y1: spot.y0, y2: spot.y1, stroke: colour, "stroke-width": edge }));
        const base = (spot.y0 + spot.y1) / 2 + font * 0.36;
        out.push(textNode(number, spot.x0 + chip / 2, base, font, 700, alert.level === "act" ? ink.page : colour, "middle", false));
        out.push(textNode(label, spot.x0 + chip + font * 0.3, base, font, 600, ink.text, "start", false));
      });
      return out;
    }

    // Words and figures ----------------------------------------------------------------------------------------------
    function nameOf(thing) {
      return (english && thing.nameEn) || thing.name;
    }

    function placeName(community) {
      const name = nameOf(community);
      return english || view15(role) ? name : `${name}${/[村社居]|社区$/.test(name.slice(-2)) && /(村|社区)$/.test(name) ? "" : words.community_suffix}`;
    }

    function figureText(value) {
      if (value === null || value === undefined) return "—";
      return measure === "coverage" ? Wangge.shareText(value) + "%" : Wangge.countText(value);
    }

    // Places for labels ------------------------------------------------------------------------------------------------
    function place(view, centre, w, h, spots, rule) {
      return choose(view, spots.map(([dx, dy]) => ({ x0: centre.x + dx - w / 2, y0: centre.y + dy - h / 2, x1: centre.x + dx + w / 2, y1: centre.y + dy + h / 2 })), rule);
    }

    // The first spot that hides nothing; else, where the label must appear, the one that hides least.
    function choose(view, spots, { always, belongs, homing = 2, avoidsPlates }) {
      let best = null;
      let least = Infinity;
      spots.forEach((spot, turn) => {
        let cost = turn * 0.02;
        const frame = view.inner;
        const outside = spot.x0 < frame.x0 || spot.x1 > frame.x1 || spot.y0 < frame.y0 || spot.y1 > frame.y1;
        if (outside) cost += 50;
        if (belongs) {
          const away = [[0.5, 0.5], [0.1, 0.2], [0.9, 0.2], [0.1, 0.8], [0.9, 0.8]].filter(([x, y]) => !belongs({ x: spot.x0 + x * (spot.x1 - spot.x0), y: spot.y0 + y * (spot.y1 - spot.y0) }));
          cost += homing * away.length;
        }
        if (belongs || avoidsPlates) for (const other of view.soft) cost += Math.min(1, overlap(spot, other) / 2000);
        for (const mark of view.marks) if (overlap(spot, mark) > 0) cost += always ? 1.5 : 9.5;
        for (const other of view.taken) {
          const common = overlap(spot, other);
          if (common > 0) cost += other.laid ? 30 : other.hard ? 10 + common / 400 : 0.3;
        }
        if (cost < least) { least = cost; best = spot; }
      });
      return least < 9 || always ? best : null;
    }

    function followByItself() {
      const link = Wangge.follow({
        onPicture(live, geometry) {
          setGeometry(geometry);
          show(live, Wangge.judge(link));
        },
        onTime() {
          const verdict = Wangge.judge(link);
          const key = verdict.state + [...verdict.townsLacking.keys()].join();
          if (key !== engine.judged) {
            engine.judged = key;
            if (shapes) show(link.live, verdict);
          }
        },
      });
      engine.link = link;
    }

    function destroy() {
      engines.delete(engine);
      if (engine.link) engine.link.stop();
      cancelAnimationFrame(fading);
      clearTimeout(fillTimer);
      leaflet.off("zoomend viewreset resize moveend", redraw);
      polygons.concat(borders).forEach((layer) => layer.remove());
      over.remove();
    }
  };

  let serial = 0;
  const engines = new Set();
  const DEFAULT_WORDS = {
    zh: { unknown_fill: "— 未知", high_chip: "高{n}", minutes: "{n} 分", stopped_at: "停于 {time}", callout_whistle: "{place}集结", community_suffix: "社区" },
    en: { unknown_fill: "— unknown", high_chip: "H{n}", minutes: "{n} min", stopped_at: "stopped {time}", callout_whistle: "{place} muster", community_suffix: "" },
  };

  function view15(role) {
    return role === "leader" || role === "phone";
  }

  // A glyph of the legend, the same as on the map: high, medium, smooth, busy, jammed, resting, unknown.
  Wangge.glyph = function glyph(kind, height, theme, colour) {
    const ink = { ...TOKENS[theme || "dark"] };
    const isZone = kind === "high" || kind === "medium";
    const width = isZone ? height * 1.5 : height;
    const svg = draw("svg", { width, height, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" });
    const u = height / 36;
    if (isZone) {
      const name = `wg-glyph${(serial += 1)}`;
      svg.append(drawPatterns(name, ink, kind === "high" ? u : 0.66 * u));
      const edge = { x: 2 * u, y: 2 * u, width: width - 4 * u, height: height - 4 * u };
      if (kind === "high") svg.append(draw("rect", { ...edge, fill: `url(#${name}-high)`, stroke: ink.zone, "stroke-width": 4 * u }));
      else {
        svg.append(draw("line", { x1: 6 * u, y1: height - 5 * u, x2: width - 6 * u, y2: 5 * u, stroke: ink.zone, "stroke-width": 3.4 * u }));
        svg.append(draw("rect", { ...edge, fill: "none", stroke: ink.zone, "stroke-width": 4 * u, "stroke-dasharray": `${11 * u} ${6 * u}` }));
      }
      return svg;
    }
    if (colour) for (const token of ["ok", "busy", "jam", "rest"]) ink[token] = colour;
    const size = { ring: height * 0.5, diamond: height * 0.82, square: height * 0.72, u: u * 0.7 };
    for (const [tag, attributes] of markOf(kind, 1, size, { ...ink, page: "none" }).parts) {
      const node = draw(tag, attributes);
      node.setAttribute("transform", `translate(${width / 2} ${height / 2})`);
      svg.append(node);
    }
    return svg;
  };

  Wangge.countText = (value) => (value === null || value === undefined ? "—" : Math.round(value).toLocaleString("en-US"));
  Wangge.shareText = (value) => (value === null || value === undefined ? "—" : value >= 100 ? "100" : value.toFixed(1));
  Wangge.clockText = (moment, timezone, withSeconds) =>
    new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", ...(withSeconds ? { second: "2-digit" } : {}), hourCycle: "h23", timeZone: timezone }).format(moment);

  // Puts the theme's colours on the page, as custom properties for its stylesheet.
  Wangge.dress = function dress(theme, element) {
    const style = (element || document.documentElement).style;
    for (const [name, value] of Object.entries(TOKENS[theme])) style.setProperty(`--${name}`, value);
    style.setProperty("--tile-light", theme === "dark" ? 0.5 : 1); // a bright background map would outshine the fills
  };

  // The fill of a grid without a figure, for a legend: ground with dots, as a CSS background.
  Wangge.dotsStyle = function dotsStyle(theme, pitch) {
    const ink = TOKENS[theme];
    return `radial-gradient(circle at center, ${ink.dot} ${pitch * 0.12}px, transparent ${pitch * 0.13}px) 0 0 / ${pitch}px ${pitch}px ${ink.unknown}`;
  };

  // Web Mercator over coordinates that are shifted first, by a lattice of shifts: {west, south, step, columns, lon, lat}, degrees
  // and ten-millionths of them, rows from the south. Beyond the lattice the shift of its edge holds.
  function shiftedCrs(lattice) {
    const rows = lattice.lon.length / lattice.columns;
    const clamp = (value, high) => Math.min(Math.max(value, 0), high);
    const shift = (lng, lat) => {
      const x = clamp((lng - lattice.west) / lattice.step, lattice.columns - 1.000001);
      const y = clamp((lat - lattice.south) / lattice.step, rows - 1.000001);
      const [i, j] = [Math.floor(x), Math.floor(y)];
      const at = j * lattice.columns + i;
      const blend = (values) => {
        const low = values[at] + (values[at + 1] - values[at]) * (x - i);
        const high = values[at + lattice.columns] + (values[at + lattice.columns + 1] - values[at + lattice.columns]) * (x - i);
        return (low + (high - low) * (y - j)) / 1e7;
      };
      return [blend(lattice.lon), blend(lattice.lat)];
    };
    const mercator = L.Projection.SphericalMercator;
    return L.extend({}, L.CRS.EPSG3857, {
      projection: L.extend({}, mercator, {
        project({ lat, lng }) {
          const [east, north] = shift(lng, lat);
          return mercator.project(L.latLng(lat + north, lng + east));
        },
        unproject(point) {
          const target = mercator.unproject(point);
          let [lng, lat] = [target.lng, target.lat];
          for (let turn = 0; turn < 6; turn += 1) {
            const [east, north] = shift(lng, lat);
            [lng, lat] = [target.lng - east, target.lat - north];
          }
          return L.latLng(lat, lng);
        },
      }),
    });
  }

  // Shapes -----------------------------------------------------------------------------------------------------------
  function decode(raw) {
    const step = raw.step;
    const full = raw.arcs.map((flat) => {
      const line = [];
      let x = 0;
      let y = 0;
      for (let i = 0; i < flat.length; i += 2) {
        x += flat[i];
        y += flat[i + 1];
        line.push(L.latLng(y * step, x * step));
      }
      return line;
    });
    // The same lines from farther off: a corner of rank n stays in the n coarser ones; where lines meet, all stay.
    const thin = (line, ranks, level) => {
      const kept = line.filter((_, place) => place === 0 || place === line.length - 1 || Number(ranks[place]) >= level);
      return kept.length > 3 || !line[0].equals(line[line.length - 1]) ? kept : line;
    };
    const levels = [full, ...(raw.coarser_m || []).map((_, index) => full.map((line, number) => thin(line, raw.ranks[number], index + 1)))];
    let arcs = full;
    const walk = (ring) => {
      const line = [];
      for (const number of ring) {
        const arc = number < 0 ? arcs[~number].slice().reverse() : arcs[number];
        line.push(...(line.length ? arc.slice(1) : arc));
      }
      return line;
    };
    const list = (part) => part.codes.map((code, index) => ({ code, index, name: part.names[index], nameEn: part.names_en[index], label: part.label && part.label[index], bounds: L.latLngBounds([]), residents: 0 }));
    const towns = list(raw.towns);
    const communities = list(raw.communities);
    communities.forEach((one, index) => { one.town = towns[raw.communities.town[index]]; });
    const grids = list(raw.grids);
    const owners = arcs.map(() => []);
    const bounds = L.latLngBounds([]);
    grids.forEach((grid, index) => {
      grid.community = communities[raw.grids.community[index]];
      grid.town = grid.community.town;
      grid.arcRings = raw.grids.rings[index];
      grid.rings = grid.arcRings.map(walk);
      grid.residents = raw.grids.residents[index] || 0;
      grid.town.residents += grid.residents;
      for (const ring of grid.arcRings) for (const number of ring) owners[number < 0 ? ~number : number].push(grid);
      for (const ring of grid.rings) for (const corner of ring) [grid.bounds, grid.community.bounds, grid.town.bounds, bounds].forEach((one) => one.extend(corner));
    });
    const ranks = owners.map(([a, b]) => (!b ? "outer" : a.town !== b.town ? "outer" : a.community !== b.community ? "community" : "grid"));
    const side = (part) => Math.sqrt(part.reduce((sum, { bounds: b }) => sum + metresBetween(b.getSouthWest(), b.getSouthEast()) * metresBetween(b.getSouthWest(), b.getNorthWest()), 0) / Math.max(1, part.length)) * 0.8;
    const lines = {};
    let level = -1;
    // Draws with the outlines of a level; tells whether they are others than before.
    function use(wanted) {
      if (wanted === level) return false;
      level = wanted;
      arcs = levels[level];
      grids.forEach((grid) => { grid.rings = grid.arcRings.map(walk); });
      for (const rank of ["grid", "community", "outer"]) lines[rank] = arcs.filter((_, number) => ranks[number] === rank);
      return true;
    }
    use(0);
    const sites = raw.sites.codes.map((code, index) => ({ code, index, name: raw.sites.names[index], nameEn: raw.sites.names_en[index], lonLat: raw.sites.lon_lat[index], grid: grids[raw.sites.grid[index]], feed: raw.sites.feed[index] }));
    // The outline of several grids together: their arcs that only one of them has, joined end to end.
    function dissolve(members) {
      const loose = new Map();
      for (const grid of members) for (const ring of grid.arcRings) for (const number of ring) {
        if (loose.has(~number)) loose.delete(~number);
        else loose.set(number, number);
      }
      const key = (corner) => `${corner.lat},${corner.lng}`;
      const starts = new Map();
      const pieces = [...loose.keys()].map((number) => (number < 0 ? arcs[~number].slice().reverse() : arcs[number]));
      pieces.forEach((piece) => { const at = key(piece[0]); starts.set(at, [...(starts.get(at) || []), piece]); });
      const rings = [];
      for (const piece of pieces) {
        if (piece.used) continue;
        const ring = [];
        let next = piece;
        while (next && !next.used) {
          next.used = true;
          ring.push(...next.slice(0, -1));
          next = (starts.get(key(next[next.length - 1])) || []).find((one) => !one.used);
        }
        if (ring.length > 2) rings.push(ring);
      }
      pieces.forEach((piece) => { piece.used = false; });
      return rings;
    }
    return {
      raw, timezone: raw.district.timezone, grids, communities, towns, sites, lines, bounds, dissolve, use,
      sides: { grid: side(grids), community: side(communities) }, // metres, of a middling one
      byCode: new Map(grids.map((grid) => [grid.code, grid])),
      largestTown: towns.reduce((best, town) => (town.residents > towns[best].residents ? town.index : best), 0),
    };
  }

  function metresBetween(a, b) {
    return L.CRS.Earth.distance(a, b);
  }

  // Drawing ----------------------------------------------------------------------------------------------------------
  function draw(tag, attributes) {
    const node = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes || {})) node.setAttribute(name, value);
    return node;
  }

  function fill(group, nodes) {
    group.replaceChildren(...nodes);
  }

  function textNode(text, x, y, font, weight, colour, anchor, hasCasing) {
    const node = draw("text", { x: round(x), y: round(y), fill: colour, "font-size": round(font), "font-weight": weight, "font-family": FONT, "text-anchor": anchor });
    if (hasCasing) {
      node.setAttribute("stroke", "var(--page)");
      node.setAttribute("stroke-width", round(font * 0.22));
    }
    node.textContent = text; // as text: a name from the data can never become markup
    return node;
  }

  // The mark of a wait class as [tag, attributes] around 0,0, and half its width. Form and colour both tell the class.
  function markOf(kind, scale, size, ink) {
    const colour = ink[CLASS_TOKENS[kind]];
    const casing = ink.page === "none" ? 0 : Math.max(2, 4 * size.u);
    if (kind === "smooth") {
      const r = (size.ring / 2) * scale;
      const line = Math.max(2, size.ring * 0.25);
      return { half: r + line, parts: [...(casing ? [["circle", { r: r + casing / 2 + 1, fill: ink.page }]] : []), ["circle", { r, fill: ink.page, stroke: colour, "stroke-width": line }]] };
    }
    if (kind === "busy") {
      const r = (size.diamond / 2) * scale;
      return { half: r, parts: [["path", { d: `M0,${-r}L${r},0L0,${r}L${-r},0Z`, fill: colour, stroke: ink.page, "stroke-width": casing, "stroke-linejoin": "miter", "paint-order": "stroke" }]] };
    }
    if (kind === "jammed") {
      const r = (size.square / 2) * scale;
      return { half: r, parts: [["rect", { x: -r, y: -r, width: 2 * r, height: 2 * r, fill: colour, stroke: ink.page, "stroke-width": casing, "paint-order": "stroke" }]] };
    }
    if (kind === "resting") {
      const r = size.ring * (casing ? 0.62 : 0.55);
      const h = Math.max(2, size.ring * 0.25);
      return { half: r, parts: [["rect", { x: -r, y: -h / 2, width: 2 * r, height: h, fill: colour, stroke: ink.page, "stroke-width": casing, "paint-order": "stroke" }]] };
    }
    const r = Math.max(2, size.ring * 0.3);
    return { half: r, parts: [["circle", { r, fill: ink["text-2"], stroke: ink.page, "stroke-width": casing, "paint-order": "stroke" }]] };
  }

  function drawPatterns(id, ink, u) {
    const defs = draw("defs");
    const high = draw("pattern", { id: `${id}-high`, width: 11 * u, height: 11 * u, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" });
    high.append(draw("rect", { width: 11 * u, height: 11 * u, fill: ink.page }), draw("rect", { width: 4 * u, height: 11 * u, fill: ink.zone }), draw("rect", { width: 11 * u, height: 4 * u, fill: ink.zone }));
    const medium = draw("pattern", { id: `${id}-medium`, width: 34 * u, height: 34 * u, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" });
    medium.append(draw("rect", { x: 0, width: 9 * u, height: 34 * u, fill: ink.page, "fill-opacity": 0.7 }), draw("rect", { x: 2.5 * u, width: 4 * u, height: 34 * u, fill: ink.zone }));
    defs.append(high, medium);
    return defs;
  }

  function makeDots(ink, pitch) {
    const tile = document.createElement("canvas");
    tile.width = tile.height = pitch;
    const pen = tile.getContext("2d");
    pen.fillStyle = ink.unknown;
    pen.fillRect(0, 0, pitch, pitch);
    pen.fillStyle = ink.dot;
    pen.beginPath();
    pen.arc(pitch / 2, pitch / 2, pitch * 0.13, 0, 7);
    pen.fill();
    return pen.createPattern(tile, "repeat");
  }

  // Numbers ----------------------------------------------------------------------------------------------------------
  function round(value) {
    return Math.round(value * 10) / 10;
  }

  function classOf(value, limits) {
    let index = 0;
    while (index < limits.length && value >= limits[index]) index += 1;
    return index;
  }

  // Six equal round steps up to about the largest value; round ones hold still from tick to tick.
  function niceBounds(values) {
    const sorted = values.filter((value) => value > 0).sort((a, b) => a - b);
    const top = sorted.length ? sorted[Math.floor(0.98 * (sorted.length - 1))] : 6;
    const raw = Math.max(1, top / 6);
    const power = 10 ** Math.floor(Math.log10(raw));
    const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((one) => one >= raw && Number.isInteger(one)) || 10 * power;
    return [1, 2, 3, 4, 5, 6].map((times) => times * step);
  }

  function mix(from, to, share) {
    if (share >= 1 || typeof from !== "string" || typeof to !== "string") return to;
    const parse = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
    const a = parse(from);
    const b = parse(to);
    return `rgb(${a.map((part, index) => Math.round(part + (b[index] - part) * share)).join(",")})`;
  }

  // Labels are measured in the face they are drawn in: once it has come, everything is measured and placed anew.
  Promise.all([400, 600, 700].map((weight) => document.fonts.load(`${weight} 20px "Source Sans"`))).then(() => {
    rulers.clear();
    engines.forEach((engine) => engine.redraw());
  }, () => {});

  const rulers = new Map();
  const pen = document.createElement("canvas").getContext("2d");
  function widthOf(text, font, weight) {
    const key = `${weight} ${text}`;
    if (!rulers.has(key)) {
      if (rulers.size > 5000) rulers.clear();
      pen.font = `${weight} 100px ${FONT}`;
      rulers.set(key, pen.measureText(text).width / 100);
    }
    return rulers.get(key) * font;
  }

  function boxOf(points) {
    return points.reduce((box, p) => ({ x0: Math.min(box.x0, p.x), y0: Math.min(box.y0, p.y), x1: Math.max(box.x1, p.x), y1: Math.max(box.y1, p.y) }), { x0: Infinity, y0: Infinity, x1: -Infinity, y1: -Infinity });
  }

  function hull(a, b) {
    if (!a) return { x0: b.x0, y0: b.y0, x1: b.x1, y1: b.y1 };
    return { x0: Math.min(a.x0, b.x0), y0: Math.min(a.y0, b.y0), x1: Math.max(a.x1, b.x1), y1: Math.max(a.y1, b.y1) };
  }

  function around(point, half) {
    return { x0: point.x - half, y0: point.y - half, x1: point.x + half, y1: point.y + half };
  }

  function grow(box, by) {
    return { x0: box.x0 - by, y0: box.y0 - by, x1: box.x1 + by, y1: box.y1 + by };
  }

  function isIn(point, box) {
    return point.x > box.x0 && point.x < box.x1 && point.y > box.y0 && point.y < box.y1;
  }

  function overlap(a, b) {
    return Math.max(0, Math.min(a.x1, b.x1) - Math.max(a.x0, b.x0)) * Math.max(0, Math.min(a.y1, b.y1) - Math.max(a.y0, b.y0));
  }

  // Even-odd rule.
  function isInside(point, ring) {
    let inside = false;
    for (let i = 0, j = ring.length - 1; i < ring.length; j = i, i += 1) {
      const [a, b] = [ring[i], ring[j]];
      if (a.lat > point.lat !== b.lat > point.lat && point.lng < ((b.lng - a.lng) * (point.lat - a.lat)) / (b.lat - a.lat) + a.lng) inside = !inside;
    }
    return inside;
  }

  function plateSpots(w, h) {
    const spots = [[0, 0]];
    for (const reach of [0.6, 1.1, 1.7, 2.4]) for (const [x, y] of [[0, -1], [0, 1], [1, 0], [-1, 0], [0.8, -0.8], [-0.8, -0.8], [0.8, 0.8], [-0.8, 0.8]]) spots.push([x * w * 0.8 * reach, y * h * reach]);
    return spots;
  }

  function ringSpots(w, h, reach) {
    const spots = [[0, 0]];
    for (let far = 0.35; far <= reach; far += 0.35) {
      for (let turn = 0; turn < 16; turn += 1) {
        const angle = (Math.PI * turn) / 8;
        spots.push([Math.cos(angle) * far * Math.min(w, 2.2 * h) * 0.5, Math.sin(angle) * far * h * 0.6]);
      }
    }
    return spots;
  }

  function calloutSpots(target, w, h, font) {
    const spots = [];
    const x = (target.x0 + target.x1) / 2;
    const y = (target.y0 + target.y1) / 2;
    for (const gap of [0.8, 1.6, 2.6, 3.8, 5.2, 7, 9]) {
      const reach = gap * font;
      for (const [dx, dy] of [[-1, 0.5], [1, 0.5], [-1, -0.5], [1, -0.5], [-1, 0], [1, 0], [-0.3, 1], [0.3, 1], [-0.3, -1], [0.3, -1], [-1, 1], [1, 1], [-1, -1], [1, -1]]) {
        const cx = x + dx * ((target.x1 - target.x0) / 2 + reach + w / 2);
        const cy = y + dy * ((target.y1 - target.y0) / 2 + reach + h / 2);
        spots.push({ x0: cx - w / 2, y0: cy - h / 2, x1: cx + w / 2, y1: cy + h / 2 });
      }
    }
    return spots;
  }

  function nearest(a, b) {
    const clamp = (value, low, high) => Math.max(low, Math.min(high, value));
    const ca = { x: (a.x0 + a.x1) / 2, y: (a.y0 + a.y1) / 2 };
    const cb = { x: (b.x0 + b.x1) / 2, y: (b.y0 + b.y1) / 2 };
    return [
      { x: clamp(cb.x, a.x0, a.x1), y: clamp(cb.y, a.y0, a.y1) },
      { x: clamp(ca.x, b.x0, b.x1), y: clamp(ca.y, b.y0, b.y1) },
    ];
  }
})();
