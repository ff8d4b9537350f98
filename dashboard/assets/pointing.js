// What a click would choose, told before it is chosen: the outline and figures under the pointer, and the keyboard's cursor that
// walks from place to place. Owns the cursor and what the tip says. Chooses nothing and knows no address.
(function () {
  "use strict";
  const Wangge = (window.Wangge = window.Wangge || {});

  // Wangge.pointing(leafletMap, {engine(), words(), shown(), choices()}) → {show, walk, cursor, forget}. A choice is {kind, place}.
  Wangge.pointing = function pointing(leaflet, { engine, words, shown, choices }) {
    let cursor = null; // the choice that the keyboard stands on
    let told = null; // what the tip tells of
    const tip = Wangge.tip(leaflet);
    return { show, walk, cursor: () => cursor, forget() { cursor = null; } };

    // Shows what would be chosen, with its figures, at a point of the map in pixels; null: nothing.
    function show(aimed, at) {
      const key = aimed && `${aimed.kind} ${aimed.place.code}`;
      if (key !== told) {
        told = key;
        engine().point(aimed ? { kind: aimed.kind, code: aimed.place.code } : null);
        if (aimed) {
          const said = words();
          const { name, coverage, missing } = engine().figuresOf(aimed.kind, aimed.place);
          tip.say(name, [`${said.coverage} ${coverage} · ${said.missing} ${missing}`]);
        }
      }
      tip.put(aimed ? at : null);
    }

    function spotOf({ place }) {
      const [lon, lat] = place.label || [place.bounds.getCenter().lng, place.bounds.getCenter().lat];
      return L.latLng(lat, lon);
    }

    // To the nearest choice in a direction, counting what lies aside twice; without a place to start from, to the one that is
    // shown or nearest to the middle.
    function walk([dx, dy]) {
      const all = choices();
      const pixelOf = (one) => leaflet.latLngToContainerPoint(spotOf(one));
      const start = cursor && all.some((one) => one.place === cursor.place) ? pixelOf(cursor) : null;
      const middle = leaflet.getSize().divideBy(2);
      const now = shown();
      const far = (one) => {
        const p = pixelOf(one);
        if (!start) return now && now.code === one.place.code ? -1 : p.distanceTo(middle);
        const along = (p.x - start.x) * dx + (p.y - start.y) * dy;
        const aside = Math.abs((p.x - start.x) * dy) + Math.abs((p.y - start.y) * dx);
        return one.place === cursor.place || along <= 1 || aside > 2 * along ? Infinity : along + 2 * aside;
      };
      const reaches = all.map(far);
      const least = Math.min(...reaches);
      if (least < Infinity) cursor = all[reaches.indexOf(least)];
      if (!cursor) return;
      if (!leaflet.getBounds().pad(-0.04).contains(spotOf(cursor))) leaflet.panTo(spotOf(cursor), { animate: false });
      show(cursor, pixelOf(cursor));
    }
  };
})();
