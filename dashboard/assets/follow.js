// Follows /api/live: keeps the newest figures and shapes, the district's clock, and how long the server has been silent.
// Owns polling and judging (fresh, partial, stale, broken). Draws nothing.
(function () {
  "use strict";
  const Wangge = (window.Wangge = window.Wangge || {});

  const POLL_EVERY_MS = 1500; // with the feed's look each 0.2 s, a commit shows within 2 s
  const GIVE_UP_MS = 2500; // a lost network swallows requests silently; a shorter limit would call a busy server lost
  const RING_MS = 500; // how often the followers are told that time has passed

  // Wangge.follow({onPicture(live, geometry), onTime(), onRelease()}) → link. onRelease: the server has newer scripts.
  // link.turnTo("at=…") follows a past moment from now on, link.turnTo("") the newest.
  Wangge.follow = function follow(listener) {
    const startedAt = performance.now();
    const link = { live: null, geometry: null, tries: 0, stop, now, silenceS, turnTo };
    let moment = ""; // what is asked for: a query string; "" is the newest
    let turns = 0; // answers to an earlier one come too late
    let etag = null;
    let answeredAt = null;
    let anchor = null; // {district: ms, page: ms of performance.now(), speed, endsAt}
    let stopped = false;
    let timer = 0;

    function now() {
      if (!anchor) return Date.now();
      const moment = anchor.district + (performance.now() - anchor.page) * anchor.speed;
      return anchor.endsAt === null ? moment : Math.min(moment, anchor.endsAt);
    }

    function silenceS() {
      return (performance.now() - (answeredAt === null ? startedAt : answeredAt)) / 1000;
    }

    function readClock(header) {
      if (!header) return;
      const clock = JSON.parse(header);
      const district = Date.parse(clock.now);
      const jumps = Math.abs(district - now()) > 1000 * Math.max(1, clock.speed);
      if (!anchor || jumps || anchor.speed !== clock.speed) {
        anchor = { district, page: performance.now(), speed: clock.speed, endsAt: null };
      }
      anchor.endsAt = clock.ends_at ? Date.parse(clock.ends_at) : null;
    }

    async function ask(address, headers) {
      const abort = new AbortController();
      const limit = setTimeout(() => abort.abort(), GIVE_UP_MS);
      try {
        const response = await fetch(address, { headers: headers || {}, cache: headers ? "no-store" : "default", signal: abort.signal });
        if (!response.ok && response.status !== 304) throw new Error(`${address} answered ${response.status}`);
        return { response, body: response.status === 304 ? null : await response.json() };
      } finally {
        clearTimeout(limit);
      }
    }

    async function poll() {
      const began = performance.now();
      const turn = turns;
      let fresh = null;
      try {
        const { response, body } = await ask("/api/live" + (moment && "?" + moment), etag ? { "If-None-Match": etag } : {});
        if (turn !== turns) return;
        if (body) {
          const address = body.geometry;
          if (address && (!link.geometry || link.geometry.address !== address)) {
            const shapes = (await ask(address, null)).body;
            if (turn !== turns) return;
            shapes.address = address;
            link.geometry = shapes;
          }
          link.live = fresh = body;
          etag = response.headers.get("ETag");
        }
        readClock(response.headers.get("Wangge-Clock"));
        const release = response.headers.get("Wangge-Release");
        if (link.release && release !== link.release && listener.onRelease) listener.onRelease();
        link.release = release;
        answeredAt = performance.now();
        link.tries = 0;
      } catch (trouble) {
        if (turn !== turns) return;
        link.tries += 1; // whatever it is, the next round tries again, and the page says how long it has lasted
        link.trouble = String(trouble);
      }
      again(began);
      if (fresh) listener.onPicture(fresh, link.geometry); // last, so that a fault in drawing cannot end the polling
    }

    function turnTo(query) {
      if (query === moment) return;
      moment = query;
      turns += 1;
      etag = null;
      clearTimeout(timer);
      if (!stopped) poll();
    }

    function again(began) {
      if (stopped) return;
      timer = setTimeout(poll, Math.max(50, POLL_EVERY_MS - (performance.now() - began)));
    }

    const ring = setInterval(() => listener.onTime && listener.onTime(), RING_MS);

    function stop() {
      stopped = true;
      clearTimeout(timer);
      clearInterval(ring);
    }

    poll();
    return link;
  };

  // Wangge.judge(link) → what the figures are worth now: {state, ageS, lacking: [{feed, code, town, since}], townsLacking}.
  // state: loading, empty, ok, stale, broken, error. Partial is "ok" with feeds lacking.
  Wangge.judge = function judge(link) {
    const live = link.live;
    const silence = link.silenceS();
    const verdict = { state: "loading", ageS: null, silence, lacking: [], townsLacking: new Map() };
    const brokenAfter = live ? live.tolerances.broken_s : 15;
    if (!live) {
      if (silence >= brokenAfter) verdict.state = "broken";
      return verdict;
    }
    const asOf = live.as_of ? Date.parse(live.as_of) : null;
    verdict.ageS = asOf === null ? null : Math.max(0, (link.now() - asOf) / 1000);
    const open = !live.sites || live.sites.some((site) => site[4] === null || site[4] > 0);
    if (silence >= brokenAfter) verdict.state = "broken";
    else if (live.state === "error") verdict.state = "error";
    else if (live.state === "empty" || asOf === null) verdict.state = "empty";
    else {
      verdict.state = open && verdict.ageS > live.tolerances.stale_s + live.tolerances.allowance_s ? "stale" : "ok";
    }
    if (verdict.state !== "ok") return verdict;
    for (const feed of live.feeds || []) {
      if (feed.silent_after_min === null || !feed.last_event_at || feed.kind === "orders") continue;
      if (feed.kind === "registrations" ? feed.has_open_site === false : !open) continue; // nobody checks in at night
      const since = Date.parse(feed.last_event_at);
      const ageS = (link.now() - since) / 1000;
      if (ageS <= feed.silent_after_min * 60 + live.tolerances.allowance_s) continue;
      verdict.lacking.push({ feed, since, ageS });
      if (feed.kind === "registrations" && feed.town_code) verdict.townsLacking.set(feed.town_code, since);
    }
    return verdict;
  };
})();
