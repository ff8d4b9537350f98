// The leaders' map: puts the engine on st_folium's Leaflet map and ties it to the page around the frame.
// Owns what the reader does: which measure and place (read from the page's address), taps, keys (the cursor: pointing.js), zoom,
// legend, theme, and the page's links to places. The page never draws this map again; it changes the address, and the map follows.
(function () {
  "use strict";
  const Wangge = (window.Wangge = window.Wangge || {});
  const LOOK_EVERY_MS = 200; // how soon the map follows the page's address and theme
  const TOWN_ZOOM = { leader: 14.3, phone: 13.5 }; // UI, map: where a view of a town stands
  const SPOT_ZOOM = 16.5; // near enough to see one building among others
  const NEAR_ZOOM = 13.45; // UI, map: from here on grids, not towns, are what one sees
  const VIEW_AFTER_MS = 300; // a view stands in the address once the reader's hand rests
  const ASK_AGAIN_MS = 3000;
  const TRIES = 4;
  const LOST_AFTER_S = 3; // silence of the feed that, together with Streamlit's own complaint, means that the server is lost
  const NOTE_EVERY_MS = 10000;
  const SEEN_FOR_S = 2592000; // thirty days
  const MARKS = ["high", "medium", "smooth", "busy", "jammed", "resting", "unknown"];
  const MOMENT = /^\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d$/; // the server judges whether there is such a moment
  const RANKS = ["grid", "community", "town"]; // from below: the names of places in the address
  const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const ABOVE = '[role="dialog"], [role="menu"], [role="listbox"]'; // what lies above the page takes the keys first

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
    let address = null; // what the map shows now: {measure, town, community, grid, spot, view, lang, theme}
    let tapped = null; // the grid last tapped here: the view stays where the reader's finger is
    let handMade = null; // the view as the address has it, where the reader made it; null where the place makes it
    let steering = false; // whether the map is being moved by this script
    let spotShown = null;
    let asked = 0;
    let errand = null; // where the reader asked to go, until the address has it: {where, tries, sentAt}
    let viewTimer = 0;
    let link = null; // to /api/live
    let lastLink = null; // the link to a place that has the focus, or had it when the page was drawn anew
    let judged = "";
    let placed = false;
    const ends = new AbortController();
    window.addEventListener("pagehide", () => ends.abort()); // the page outlives this frame; its listeners must not

    const zoomer = L.control.zoom({ zoomInTitle: "", zoomOutTitle: "" }).addTo(leaflet);
    // On a phone a bar of four would cover the map: the two that lead out stand in the other corner.
    const leading = role === "phone" ? L.control({ position: "topright" }) : zoomer;
    if (leading !== zoomer) {
      leading.onAdd = () => L.DomUtil.create("div", "leaflet-bar lead-leading");
      leading.addTo(leaflet);
    }
    const whole = addButton("lead-whole", () => go({ view: "all" }));
    const up = addButton("lead-up", goUp);
    up.textContent = "↑";
    const pointer = Wangge.pointing(leaflet, { engine: () => engine, words: () => texts[address.lang], shown: placeShown, choices });
    frame.tabIndex = 0;
    frame.setAttribute("role", "application");
    new ResizeObserver(() => {
      steer(() => leaflet.invalidateSize({ animate: false }));
      if (placed && (!handMade || handMade === "all") && !viewTimer) showPlace(); // what the place decides fits the new size
    }).observe(frame);
    leaflet.on("moveend", () => { if (!steering && placed) keepView(); });
    leaflet.on("movestart zoomstart", () => pointer.show(null));

    link = Wangge.follow({
      onPicture(live, geometry) {
        if (!engine) return;
        steer(() => engine.setGeometry(geometry));
        engine.show(live, Wangge.judge(link));
        if (!placed && geometry) { placed = true; showPlace(); engine.select(placeShown()); }
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
    const looking = setInterval(look, LOOK_EVERY_MS);
    const noting = setInterval(noteSeen, NOTE_EVERY_MS);
    ends.signal.addEventListener("abort", () => { clearInterval(looking); clearInterval(noting); link.stop(); });
    listen(page.document, "keydown", onPageKey);
    listen(page.document, "click", followLink);
    listen(page.document, "focusin", (event) => { lastLink = event.target.closest(".wg-list a"); });
    listen(page, "popstate", () => { tapped = errand = null; window.Streamlit.setComponentValue({ back: (asked += 1) }); look(); });
    listen(document, "keydown", onMapKey);
    frame.addEventListener("blur", () => pointer.show(null));

    // Notes when this browser last saw the newest figures, for the list of what changed since: a time, no more.
    function noteSeen() {
      if (!link.live || !link.live.as_of || readMoment(new URLSearchParams(page.location.search)) || page.document.visibilityState !== "visible") return;
      page.document.cookie = `wangge_seen=${link.live.as_of}; path=/; max-age=${SEEN_FOR_S}; SameSite=Strict`;
    }

    // Reads the page's address and theme; changes the map where they changed.
    function look() {
      if (!window.frameElement) return;
      const query = new URLSearchParams(page.location.search);
      const app = page.document.querySelector(".stApp");
      const read = {
        measure: query.get("measure") || "coverage",
        town: query.get("town"),
        community: query.get("community"),
        grid: query.get("grid"),
        spot: query.get("spot"),
        view: query.get("view"),
        lang: page.document.querySelector(".wg-lang-en") ? "en" : "zh",
        theme: app && page.getComputedStyle(app).colorScheme === "dark" ? "dark" : "light",
      };
      keepFocus();
      followUp(query);
      link.turnTo(readMoment(query));
      const last = address || {};
      const moved = RANKS.some((name) => read[name] !== last[name]);
      const redressed = read.lang !== last.lang || read.theme !== last.theme;
      const isSame = !moved && !redressed && ["measure", "view", "spot"].every((name) => read[name] === last[name]);
      address = read;
      showSpot();
      if (isSame) return;
      up.hidden = !placeShown();
      if (redressed) dress();
      else {
        engine.setMeasure(read.measure);
        engine.select(placeShown());
        drawLegend();
      }
      if (!placed) return;
      if (moved) pointer.forget();
      if (moved && tapped && read.grid === tapped && !read.view) keepView(); // the tap's own view goes with the new place
      else if (moved) showPlace();
      else if (read.view !== handMade) {
        if (read.view) showPlace();
        else keepView(); // the page wrote the address for another reason: the reader's view stays in it
      }
      tapped = null;
    }

    // The past moment that the page shows, as /api/live takes it; "" for the newest.
    function readMoment(query) {
      const at = query.get("at") || "";
      return MOMENT.test(at) ? `at=${at}${query.get("known") === "then" ? "&known=then" : ""}` : "";
    }

    function placeShown() {
      const kind = RANKS.find((name) => address[name]);
      return kind ? { kind, code: address[kind] } : null;
    }

    // Going to places --------------------------------------------------------------------------------------------------
    function go(where) {
      if (where.view && !placeShown()) return showWhole();
      errand = { where, tries: 0 };
      send();
    }

    function send() {
      errand.sentAt = performance.now();
      errand.tries += 1;
      window.Streamlit.setComponentValue({ go: errand.where, n: (asked += 1) });
    }

    // A busy server can drop the word to write an address with a run that it broke off: what was asked for is asked again.
    function followUp(query) {
      if (!errand) return;
      const { where } = errand;
      const isThere = where.view ? !RANKS.some((name) => query.get(name)) : Object.entries(where).every(([name, code]) => query.get(name) === code);
      if (isThere || (errand.tries === TRIES && performance.now() - errand.sentAt > ASK_AGAIN_MS)) errand = null;
      else if (performance.now() - errand.sentAt > ASK_AGAIN_MS) send();
    }

    // The whole district, where it is only a matter of the view: the page has nothing else to show.
    function showWhole() {
      address.view = "all";
      writeView("all");
      showPlace();
    }

    // What a choice of this grid's ground means: one rank below the place that is shown; outside of that, its neighbour.
    // Without a place: what one sees, towns from far off, grids from near.
    function aim(grid) {
      const kind = address.grid ? "grid"
        : address.community ? (grid.community.code === address.community ? "grid" : "community")
        : address.town ? (grid.town.code === address.town ? "community" : "town")
        : leaflet.getZoom() < NEAR_ZOOM ? "town" : "grid";
      return { kind, place: kind === "grid" ? grid : grid[kind] };
    }

    function choose({ kind, place }) {
      if (kind === "grid") tapped = place.code;
      pointer.show(null);
      engine.select({ kind, code: place.code }); // at once; the page follows
      go({ [kind]: place.code });
    }

    function goUp() {
      const way = page.document.querySelector("a.wg-up");
      const back = page.document.querySelector(".st-key-clear button");
      if (way) followTo(way);
      else if (back) back.click();
    }

    // Links of the page that lead to places go through here, so that the page is not loaded anew.
    function followLink(event) {
      const one = event.target.closest && event.target.closest("a.wg-go");
      if (!one || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
      event.preventDefault();
      followTo(one);
    }

    function followTo(one) {
      const query = new URLSearchParams(new URL(one.href, page.location).search);
      go(Object.fromEntries([...RANKS, "spot", "view"].filter((name) => query.get(name)).map((name) => [name, query.get(name)])));
    }

    // A list that ticks is drawn anew under the reader's keys: the same link gets the focus back.
    function keepFocus() {
      if (!lastLink || lastLink.isConnected || page.document.activeElement !== page.document.body) return;
      lastLink = [...page.document.querySelectorAll(".wg-list a")].find((one) => one.getAttribute("href") === lastLink.getAttribute("href")) || null;
      if (lastLink) lastLink.focus({ preventScroll: true });
    }

    // The view ---------------------------------------------------------------------------------------------------------
    function steer(move) {
      steering = true;
      move();
      steering = false;
    }

    // Writes the reader's own view into the address, over the entry of the history that it belongs to.
    function keepView() {
      clearTimeout(viewTimer);
      const shown = placeShown();
      viewTimer = setTimeout(() => {
        viewTimer = 0;
        const now = placeShown();
        if (!window.frameElement || (now && now.code) !== (shown && shown.code)) return;
        const query = new URLSearchParams(page.location.search);
        if (RANKS.some((name) => query.get(name) !== address[name])) return; // a place was chosen just now: its view comes
        const { lat, lng } = leaflet.getCenter();
        writeView(`${lat.toFixed(5)},${lng.toFixed(5)},${leaflet.getZoom().toFixed(2)}`);
      }, VIEW_AFTER_MS);
    }

    function writeView(text) {
      handMade = address.view = text;
      const url = new URL(page.location.href);
      url.searchParams.set("view", text);
      page.history.replaceState(page.history.state, "", url.pathname + url.search.replaceAll("%2C", ","));
    }

    // Moves the view to what the address names: a view of its own, the whole district, or the place; without any to the risk
    // zones, as that is where leaders look.
    function showPlace() {
      clearTimeout(viewTimer);
      viewTimer = 0;
      handMade = address.view;
      const [lat, lng, zoom] = (address.view || "").split(",").map(Number);
      const place = placeShown();
      const bounds = place ? boundsOf(place) : null;
      const nearest = 15.4 + Math.max(0, Math.log2(leaflet.getSize().y / 460)); // on a large screen as large a share of it
      steer(() => {
        if ([lat, lng, zoom].every(Number.isFinite)) leaflet.setView([lat, lng], zoom, { animate: false });
        else if (address.view === "all") engine.fitDistrict(8);
        else if (bounds && address.grid) leaflet.setView(bounds.getCenter(), Math.max(TOWN_ZOOM[role], Math.min(nearest, leaflet.getBoundsZoom(bounds.pad(1)))), { animate: false });
        else if (bounds) leaflet.fitBounds(bounds.pad(address.community ? 0.4 : 0.03), { maxZoom: nearest, animate: false });
        else if (engine.zoneBounds()) leaflet.setView(engine.zoneBounds().getCenter(), TOWN_ZOOM[role], { animate: false });
        else engine.fitDistrict(8);
      });
      spotShown = null;
    }

    function boundsOf({ kind, code }) {
      const place = engine.placeOf(kind, code);
      return place && place.bounds.isValid() ? place.bounds : null;
    }

    // Marks the building or site that the panel names; the view goes there unless the reader made one.
    function showSpot() {
      if (!engine || !placed) return;
      const named = address.spot && page.document.querySelector(".wg-spot");
      const key = named ? `${address.spot} ${named.dataset.lon} ${named.dataset.lat}` : null;
      if (key === spotShown) return;
      spotShown = key;
      if (!named) return engine.setSpot(null);
      const [lon, lat] = [Number(named.dataset.lon), Number(named.dataset.lat)];
      if (!handMade) steer(() => leaflet.setView([lat, lon], SPOT_ZOOM, { animate: false }));
      engine.setSpot([lon, lat]);
    }

    // Keys -------------------------------------------------------------------------------------------------------------
    // What the arrows walk over: what one sees one rank down.
    function choices() {
      const shown = placeShown();
      if (shown) return engine.placesIn(shown).map((place) => ({ kind: shown.kind === "town" ? "community" : "grid", place }));
      const kind = leaflet.getZoom() < NEAR_ZOOM ? "town" : "grid";
      return engine.placesIn(kind === "town" ? null : { kind: "grid" }).map((place) => ({ kind, place }));
    }

    function onMapKey(event) {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const isButton = event.target.closest && event.target.closest("a, button");
      if (ARROWS[event.key] && placed) pointer.walk(ARROWS[event.key]);
      else if ((event.key === "Enter" || event.key === " ") && !isButton && pointer.cursor()) choose(pointer.cursor());
      else if (event.key === "+" || event.key === "=") leaflet.zoomIn();
      else if (event.key === "-") leaflet.zoomOut();
      else return onPageKey(event);
      event.preventDefault();
    }

    // "/" goes to the search, Escape one level up, arrows along a list of places; what lies above the page comes first.
    function onPageKey(event) {
      if (event.ctrlKey || event.metaKey || event.altKey || page.document.querySelector(ABOVE)) return;
      const target = event.target;
      const isTyping = target.matches && target.matches("input, textarea, [contenteditable=true]");
      const box = page.document.querySelector(".st-key-search_control input");
      if (event.key === "Escape") return goUp();
      if (event.key === "/" && !isTyping && box) {
        event.preventDefault();
        page.focus();
        box.focus();
        box.select();
        return;
      }
      if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
      const links = [...page.document.querySelectorAll(".wg-list a")];
      const at = links.indexOf(target);
      if (!links.length || (at < 0 && target !== box)) return;
      event.preventDefault();
      const next = event.key === "ArrowDown" ? at + 1 : at - 1;
      if (next < 0 && box) box.focus();
      else if (links[next]) links[next].focus();
    }

    function listen(target, name, handler) {
      target.addEventListener(name, handler, { signal: ends.signal });
    }

    function addButton(name, act) {
      const button = L.DomUtil.create("a", name, leading.getContainer());
      button.href = "#";
      button.setAttribute("role", "button");
      L.DomEvent.disableClickPropagation(button);
      L.DomEvent.on(button, "click", (event) => { L.DomEvent.stop(event); act(); });
      return button;
    }

    // A new engine in the language and theme of the page; the Leaflet map under it, its node and its view stay.
    function dress() {
      if (engine) engine.destroy();
      Wangge.dress(address.theme);
      page.document.body.style.colorScheme = address.theme; // popovers hang outside of Streamlit's own element
      document.documentElement.lang = address.lang;
      whole.textContent = texts[address.lang].whole;
      up.title = texts[address.lang].up;
      up.setAttribute("aria-label", texts[address.lang].up);
      frame.setAttribute("aria-label", texts[address.lang].name);
      engine = Wangge.map(leaflet, {
        role, lang: address.lang, theme: address.theme, measure: address.measure, selected: placeShown(), words: texts[address.lang],
        reserved: () => (leading === zoomer ? [underBar(zoomer)] : [underBar(zoomer), underBar(leading)]),
        onGrid: (grid) => choose(aim(grid)),
        onPoint: window.matchMedia("(hover: hover)").matches ? (grid, at) => pointer.show(grid && aim(grid), at) : null,
      });
      spotShown = null;
      if (!link.live || !link.geometry) return;
      engine.setGeometry(link.geometry);
      engine.show(link.live, Wangge.judge(link));
      drawLegend();
    }

    // The map's corner under a bar of buttons, as [x, y, width, height]: no label may hide there.
    function underBar(bar) {
      const [box, own] = [bar.getContainer().getBoundingClientRect(), leaflet.getContainer().getBoundingClientRect()];
      return [box.left - own.left - 6, box.top - own.top - 10, box.width + 12, box.height + 16];
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
})();
