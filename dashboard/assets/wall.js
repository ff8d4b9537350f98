// The wall: fills the regions of the document with what /api/live says, and says what the figures are worth.
// Every value goes in as text. Owns the panels; the maps are map.js, polling and judging follow.js.
(function () {
  "use strict";
  const Wangge = (window.Wangge = window.Wangge || {});
  const PAGE = { width: 3840, height: 2160 };
  const THEME = "dark";
  const KINDS = ["smooth", "busy", "jammed", "resting"];
  const ROLES = ["grid_leader", "full_time", "part_time", "volunteer", "commando", "medic"];
  const BLINK_MS = 3000; // a new alert's chip blinks three times, then rests
  const SHIFT_EVERY_MS = 600000; // against burn-in on OLED walls: 4 px every 10 minutes
  const SHIFTS = [[0, 0], [4, 0], [4, 4], [0, 4]];

  Wangge.dress(THEME);

  Wangge.wall = function wall(maps, { lang, words }) {
    const query = new URLSearchParams(location.search);
    const measure = ["coverage", "waiting", "on_duty", "vulnerable"].find((one) => one === query.get("measure")) || "coverage";
    const page = document.getElementById("wall");
    const part = (id) => document.getElementById(id);
    const shown = new Map(); // what each region shows, so that only what changed is touched
    const knownAlerts = new Map(); // when each open alert was first seen here; -Infinity for those that were there before
    let hasSeenAlerts = false;
    let zone = "Asia/Shanghai";
    let zonesKey = null;
    let townShown = "";
    let lastZones = null;

    // The corners of the district map where the ramp may lie, best first; below right are the notes.
    const RAMP_SPOTS = [[890, 16, 320, 450], [16, 16, 320, 450], [16, 830, 320, 450], [890, 716, 320, 450]];
    let rampSpot = RAMP_SPOTS[0];
    let fittedTo = null;

    const mapWords = { unknown_fill: words.unknown_fill, high_chip: words.high_chip, stopped_at: words.stopped_at, callout_whistle: words.callout_whistle };
    const holds = (lonLat) => maps.zone.getBounds().contains([lonLat[1], lonLat[0]]);
    const zoneMap = Wangge.map(maps.zone, { role: "zone", lang, theme: THEME, measure, words: mapWords });
    const districtMap = Wangge.map(maps.district, { role: "district", lang, theme: THEME, measure, words: mapWords, skipsCallout: holds, reserved: () => [rampSpot, [800, 1176, 416, 120]] });
    maps.zone.on("moveend", () => { if (link.geometry) districtMap.setBox(maps.zone.getBounds()); });

    const link = Wangge.follow({ onPicture, onTime, onRelease: () => location.reload() });
    fitPage();
    window.addEventListener("resize", fitPage);
    setInterval(fitPage, SHIFT_EVERY_MS);
    drawLegend();

    function onPicture(live, geometry) {
      zone = live.district.timezone;
      if (live.zones) lastZones = live.zones;
      else if (lastZones) live.zones = lastZones; // an order holds until replaced, also while its question fails
      const verdict = Wangge.judge(link);
      if (geometry) {
        const isFirst = zonesKey === null;
        [districtMap, zoneMap].forEach((map) => { map.setGeometry(geometry); map.show(live, verdict); });
        if (fittedTo !== geometry.address) {
          fittedTo = geometry.address;
          districtMap.fitDistrict(20);
          rampSpot = RAMP_SPOTS.find((spot) => districtMap.isBare(spot)) || RAMP_SPOTS[0];
          districtMap.redraw();
        }
        const key = (live.zones || []).map((one) => one.order_code).join() + geometry.address;
        if (key !== zonesKey && (live.zones || isFirst)) {
          zonesKey = key;
          townShown = zoneMap.fitZones();
          districtMap.setBox(maps.zone.getBounds());
        }
      }
      drawAll(verdict);
    }

    let lastVerdict = "";
    function onTime() {
      const verdict = Wangge.judge(link);
      const key = verdict.state + [...verdict.townsLacking.keys()].join() + verdict.lacking.length;
      if (key !== lastVerdict && link.live && link.geometry) [districtMap, zoneMap].forEach((map) => map.show(link.live, verdict));
      drawAll(verdict);
    }

    // The whole page again; a region whose content did not change is left alone.
    function drawAll(verdict) {
      lastVerdict = verdict.state + [...verdict.townsLacking.keys()].join() + verdict.lacking.length;
      const live = link.live || {};
      const isOld = ["stale", "broken", "error"].includes(verdict.state);
      page.classList.toggle("old", isOld);
      page.classList.toggle("lost", verdict.state === "broken" || verdict.state === "error");
      page.dataset.state = verdict.state;
      drawMoment(live, verdict);
      drawBand(live, verdict);
      if (verdict.state === "loading" || !link.live) return;
      const view = { live, verdict, isOld, isEmpty: verdict.state === "empty" || (verdict.state !== "ok" && !live.as_of), now: link.now(), errors: live.errors || {} };
      document.title = fill(words.page_title, { district: districtName(live) });
      put("title", [fill(words.page_title, { district: districtName(live) })]);
      drawHeads(view);
      drawRamp();
      drawPlate(view);
      for (const [id, title, draw] of BLOCKS) drawBlock(view, id, title, draw);
      drawFeeds(view);
    }

    const BLOCKS = [
      ["throughput", ["rate", "throughput"], drawThroughput],
      ["whistles", ["whistles"], drawWhistles],
      ["on-duty", ["on_duty"], drawOnDuty],
      ["alerts", ["alerts"], drawAlerts],
      ["coverage", ["rounds"], drawCoverage],
      ["queues", ["queues"], drawQueues],
    ];

    function drawBlock(view, id, blocks, draw) {
      const region = part(id);
      const failed = blocks.find((name) => view.errors[name]);
      const head = { since: view.isOld && !view.isEmpty ? fill(words.since, { time: clock(view.live.as_of) }) : "", note: "", amber: false };
      let nodes;
      if (failed) nodes = [el("div", "failed", fill(words.block_failed, { time: clock(view.errors[failed]) })), el("div", "failed small", words.block_failed_hint)];
      else nodes = draw(view, head) || [];
      if (failed) nodes[1].style.top = "156px";
      put(id, nodes, region.querySelector(".body"));
      const since = region.querySelector(".since");
      const note = region.querySelector(".note");
      if (since.textContent !== head.since) since.textContent = head.since;
      if (note.textContent !== head.note) note.textContent = head.note;
      note.className = head.amber ? "note amber small" : "note";
    }

    // Top of the page ------------------------------------------------------------------------------------------------
    function drawMoment(live, verdict) {
      const now = link.now();
      const nodes = [at("clock", {}, Wangge.clockText(now, zone)), at("date", {}, dateText(now, true))];
      if (link.live) {
        const line = at("as-of", {});
        line.append(live.as_of ? fill(words.as_of, { time: clock(live.as_of, true) }) : words.as_of_none);
        for (const { feed, since } of verdict.lacking.slice(0, 1)) {
          line.append(" · ", el("span", "amber", fill(words.feed_as_of, { feed: feedName(feed), time: Wangge.clockText(since, zone) })));
        }
        nodes.push(line);
      }
      put("moment", nodes);
    }

    function drawBand(live, verdict) {
      const band = part("band");
      const state = verdict.state;
      const time = live.as_of ? clock(live.as_of, true) : "";
      let lines = null;
      if (state === "stale") lines = [fill(words.band_stale, { time, duration: durationText(verdict.ageS, true) + (lang === "zh" ? " " : "") }).replace(" 没有", "没有"), words.band_stale_hint];
      if (state === "broken") lines = [fill(live.as_of ? words.band_broken : words.band_broken_never, { time, duration: durationText(verdict.silence, true) }), fill(words.band_broken_hint, { n: link.tries })];
      if (state === "error") lines = [fill(live.as_of ? words.band_error : words.band_error_never, { time }), words.band_error_hint];
      band.classList.toggle("shown", Boolean(lines));
      band.style.background = state === "stale" ? "var(--watch)" : "var(--act)";
      if (lines) put("band", [el("div", "first", lines[0]), el("div", "then", lines[1])]);
    }

    // Maps -----------------------------------------------------------------------------------------------------------
    function drawHeads({ live, verdict, isEmpty, errors }) {
      const summary = live.summary || {};
      const blind = verdict.state === "broken" || verdict.state === "error" || isEmpty;
      let note = summary.grid_count === undefined ? "" : fill(words.grids, { n: count(summary.grid_count) });
      if (!blind && measure === "coverage" && summary.grid_count !== undefined && live.grids) note = fill(words.grids_below, { n: count(summary.grid_count), below: count(summary.below_60_count) });
      if (errors.grids) note = fill(words.block_failed, { time: clock(errors.grids) });
      put("district-head", [el("b", "", words[`map_${measure === "coverage" ? "coverage_pct" : measure}`]), el("span", "note", note)]);
      const right = el("span", "note");
      if (errors.zones || errors.summary) right.append(fill(words.block_failed, { time: clock(errors.zones || errors.summary) }));
      else if (!townShown && summary.grid_count !== undefined) {
        const high = summary.high_place_count ? fill(words.zones_high, { places: count(summary.high_place_count), people: count(summary.high_resident_count) }) : "";
        const medium = mediumText(live);
        if (lang === "en") right.append([high, medium].filter(Boolean).join(" · "));
        else for (const text of [high, medium].filter(Boolean)) right.append(el("span", "", text));
      }
      put("zone-head", [el("b", "", townShown ? fill(words.town_title, { town: townShown }) : words.zones_title), right]);
      drawZoneLegend(live);
      const notes = [words.size_note];
      if (live.district && live.district.is_synthetic) notes.push(words.synthetic);
      put("notes", notes.map((text) => el("div", "", text)), part("notes"));
    }

    // 中风险 3 社区 21,401 人; once what was strict is lifted to single buildings, 中风险 4 处 548 人.
    function mediumText(live) {
      const summary = live.summary;
      const places = (live.zones || []).filter((one) => one.level === "medium").reduce((sum, one) => sum + (one.member_count || 0), 0);
      const values = { places: count(summary.medium_community_count || places), people: count(summary.medium_resident_count) };
      if (summary.medium_community_count) return fill(words.zones_medium, values);
      return places ? fill(words.zones_medium_places, values) : "";
    }

    function drawLegend() {
      put("district-legend", ["high", "medium", "smooth", "busy", "jammed", "resting", "unknown"].map((kind) => {
        const item = el("span", "");
        item.append(Wangge.glyph(kind, 36, THEME), words[kind]);
        return item;
      }));
    }

    function drawZoneLegend(live) {
      const high = (live.zones || []).filter((one) => one.level === "high");
      const nodes = [];
      const font = lang === "en" ? 34 : 38;
      const room = 1216 - textWidth(words.minutes_note, font) - 20;
      let used = 0;
      // Without a high-risk place those of medium risk get the names; their marks have no numbers.
      const named = high.length ? high : (live.zones || []).filter((one) => one.level === "medium" && one.extent_kind === "building");
      for (const [index, one] of named.entries()) {
        const name = (lang === "en" && one.zone_name_en) || one.zone_name;
        const item = el("span", "");
        if (high.length) item.append(el("b", "", fill(words.high_chip, { n: index + 1 })), ` ${name}`);
        else item.append(...(index ? [] : [el("b", "", `${words.medium} `)]), name);
        used += textWidth(item.textContent, font) + (index ? 24 : 0);
        if (used > room - (index < named.length - 1 ? 100 : 0)) {
          nodes.push(el("span", "", fill(words.more_zones, { n: named.length - index })));
          break;
        }
        nodes.push(item);
      }
      if (!live.zones) nodes.push(el("span", "", "—"));
      else if (!live.zones.some((one) => one.level !== "low")) nodes.push(el("span", "", words.zones_none));
      else nodes.push(el("span", "last", words.minutes_note));
      put("zone-legend", nodes);
    }

    function drawRamp() {
      const rows = districtMap.legend();
      put("ramp", rows.map((row) => {
        const line = el("div", row.colour ? "row" : "row last");
        const swatch = el("i", "");
        swatch.style.background = row.colour || Wangge.dotsStyle(THEME, 15);
        line.append(swatch, row.label);
        return line;
      }), part("ramp"));
      const ramp = part("ramp");
      ramp.style.left = `${48 + rampSpot[0] + 10}px`;
      ramp.style.top = `${252 + rampSpot[1] + 8}px`;
      ramp.classList.toggle("covers", Boolean(link.geometry) && !districtMap.isBare(rampSpot));
    }

    function drawPlate({ live, verdict, isEmpty }) {
      const plate = part("plate");
      const summary = live.summary || {};
      const lost = verdict.state === "error" && !live.as_of;
      const isShown = isEmpty && (verdict.state === "empty" || lost);
      plate.classList.toggle("shown", isShown);
      if (!isShown) return;
      const lines = lost ? [words.error_do] : [fill(words.empty_loaded, { grids: count(summary.grid_count), sites: count(summary.site_count) }), words.empty_missing, words.empty_do];
      put("plate", [el("div", "first", lost ? words.error_title : words.empty_title), ...lines.map((line) => el("div", "then", line))], plate);
    }

    // Throughput -----------------------------------------------------------------------------------------------------
    function drawThroughput(view, head) {
      lackNote(view, head, "registrations");
      const rate = view.live.rate ? view.live.rate.sampled_per_hour : null;
      const nodes = [at("figure", { left: 0, top: 74 }, figure(rate, words.per_hour))];
      const quarters = view.isEmpty ? [] : view.live.throughput || [];
      const chart = { x: 0, width: 880, base: 328, height: 108 };
      const svg = shape("svg", { width: 880, height: 380, class: "at" });
      svg.style.left = svg.style.top = "0";
      svg.style.pointerEvents = "none";
      if (quarters.length) {
        const legend = (y, glyph, text) => { nodes.push(at("small second right", { right: 0, top: y }, text)); svg.append(glyph); };
        const textW = Math.max(textWidth(words.registered, 38), textWidth(words.sampled, 38));
        legend(84, shape("line", { x1: 880 - textW - 68, x2: 880 - textW - 14, y1: 110, y2: 110, stroke: "var(--text)", "stroke-width": 6 }), words.registered);
        legend(136, shape("rect", { x: 880 - textW - 46, y: 148, width: 28, height: 28, fill: "var(--bars)" }), words.sampled);
        const top = Math.max(1, ...quarters.flatMap((one) => [one.sampled_count || 0, one.registered_count || 0]));
        const pitch = chart.width / Math.max(quarters.length, 8); // a young day's bars stay bars
        const bar = Math.max(2, pitch - Math.max(2, Math.min(6, pitch * 0.12)));
        const height = (value) => (chart.height * (value || 0)) / top;
        const line = [];
        quarters.forEach((one, index) => {
          const x = index * pitch;
          const h = height(one.sampled_count);
          if (one.is_running) {
            svg.append(shape("rect", { x: x + 2, y: chart.base - Math.max(h, 4), width: bar - 4, height: Math.max(h, 4) - 2, fill: "none", stroke: "var(--bars)", "stroke-width": 4, "stroke-dasharray": "12 8" }));
          } else {
            svg.append(shape("rect", { x, y: chart.base - h, width: bar, height: h, fill: "var(--bars)" }));
            line.push(`${(x + bar / 2).toFixed(1)},${(chart.base - height(one.registered_count)).toFixed(1)}`);
          }
        });
        svg.append(shape("polyline", { points: line.join(" "), fill: "none", stroke: view.isOld ? "var(--stale)" : "var(--text)", "stroke-width": 6, "stroke-linejoin": "round" }));
        nodes.push(
          at("small second", { left: 0, top: 332 }, Wangge.clockText(Date.parse(quarters[0].quarter_start_at), zone)),
          at("small second", { left: 0, right: chart.width - Math.max(pitch * quarters.length, 420), top: 332, center: true }, words.per_quarter),
          at("small second right", { right: chart.width - Math.max(pitch * quarters.length, 420), top: 332 }, clock(view.live.as_of)),
        );
      }
      svg.append(shape("line", { x1: 0, x2: 880, y1: chart.base + 1, y2: chart.base + 1, stroke: "var(--rule)", "stroke-width": 2 }));
      nodes.push(svg);
      return nodes;
    }

    // Whistles -------------------------------------------------------------------------------------------------------
    function drawWhistles(view, head) {
      const whistles = view.isEmpty ? [] : view.live.whistles || [];
      if (!whistles.length) return [at("second", { left: 0, top: 80 }, view.live.whistles ? words.whistles_none : "—")];
      const spans = whistles.map((one) => Math.round((Date.parse(one.due_at) - Date.parse(one.raised_at)) / 60000));
      head.note = whistles.length > 3 ? fill(words.whistles_more, { n: whistles.length - 3 }) : spans.every((one) => one === spans[0]) ? fill(words.whistles_within, { n: spans[0] }) : words.whistles_tick;
      lackNote(view, head, "staff");
      const nodes = [];
      whistles.slice(0, 3).forEach((one, index) => {
        const top = 70 + index * 104;
        const raised = Date.parse(one.raised_at);
        const due = Date.parse(one.due_at);
        const until = one.full_at ? Date.parse(one.full_at) : view.isOld ? Date.parse(view.live.as_of) : view.now;
        const used = Math.max(0, until - raised) / 1000;
        const isLate = one.is_late && !one.full_at;
        const isFull = Boolean(one.full_at);
        const who = `${placeName(one)} ${roleText(one.role)}`;
        const lasted = isFull ? fill(words.full_after, { duration: durationText(used) }) : durationText(used);
        const tally = textWidth(count(one.arrived_count), 72) + textWidth(` / ${count(one.needed_count)}`, 44);
        // The durations stand in one column; a long name takes a smaller size and pushes its own to its figure.
        const isLong = textWidth(who, 44) + textWidth(lasted, 44) + 24 > 800 - 262;
        nodes.push(at(isLong ? "small" : "", { left: 0, top: top + (isLong ? 20 : 14) }, who));
        nodes.push(at(isLong ? "small second right" : "second right", { right: isLong ? tally + 30 : 262, top: top + (isLong ? 20 : 14) }, lasted));
        const value = at("right", { right: 0, top: top - 2 });
        const arrived = el("span", "worth strong", count(one.arrived_count));
        arrived.style.fontSize = "72px";
        arrived.style.lineHeight = "80px";
        if (isLate && !view.isOld) arrived.style.color = "var(--watch)";
        const needed = el("span", "second", ` / ${count(one.needed_count)}`);
        value.append(arrived, needed);
        nodes.push(value);
        const bar = at("bar", { left: 0, right: 0, top: top + 88 });
        bar.style.height = "13px";
        const done = el("i", "");
        done.style.width = `${Math.min(100, (100 * one.arrived_count) / Math.max(1, one.needed_count))}%`;
        done.style.background = isLate && !view.isOld ? "var(--watch)" : "var(--mustered)";
        bar.append(done);
        if (!isFull) {
          const tick = el("u", "");
          tick.style.left = `${Math.min(100, (100 * used * 1000) / Math.max(1, due - raised))}%`;
          tick.style.top = "-8px";
          tick.style.height = "29px";
          bar.append(tick);
        }
        nodes.push(bar);
      });
      return nodes;
    }

    // On duty --------------------------------------------------------------------------------------------------------
    function drawOnDuty(view, head) {
      lackNote(view, head, "staff");
      const rows = view.isEmpty ? [] : view.live.on_duty || [];
      const total = rows.length ? rows.reduce((sum, row) => (row.on_duty_count === null ? sum : (sum || 0) + row.on_duty_count), null) : null;
      const nodes = [at("figure", { left: 0, top: 74 }, figure(total, words.people))];
      ROLES.forEach((role, index) => {
        const row = rows.find((one) => one.role === role);
        const left = index % 2 ? 340 : 0;
        const top = 218 + Math.floor(index / 2) * 54;
        nodes.push(at("small second", { left, top }, words[role]));
        nodes.push(at("small strong right worth", { right: index % 2 ? 0 : 340, top }, count(row ? row.on_duty_count : null)));
      });
      return nodes;
    }

    // Alerts ---------------------------------------------------------------------------------------------------------
    function drawAlerts(view) {
      const { live, isEmpty, isOld } = view;
      const title = part("alerts").querySelector("h2");
      const alerts = live.alerts || { open: [], closed: [], closed_count: 0 };
      const open = isEmpty || isOld ? [] : alerts.open;
      const heading = open.length ? `${words.alerts} ${open.length}` : words.alerts;
      if (title.textContent !== heading) title.textContent = heading;
      if (isEmpty) return [at("blind", { left: 0, top: 78 }, words.alerts_no_data)];
      for (const key of knownAlerts.keys()) if (!alerts.open.some((alert) => key === `${alert.rule} ${alert.place_code}`)) knownAlerts.delete(key);
      if (!open.length) {
        if (!isOld) hasSeenAlerts = true;
        const nodes = [];
        if (isOld) {
          const then = alerts.open.length ? fill(words.alerts_then, { time: clock(live.as_of), n: alerts.open.length }) : fill(words.alerts_then_none, { time: clock(live.as_of) });
          nodes.push(at("calm blind", { left: 0, top: 78 }, words.alerts_unsure), at("second", { left: 0, top: 216 }, then));
          nodes[0].style.fontSize = "88px";
        } else nodes.push(at("calm", { left: 0, top: 78 }, words.alerts_none), at("second", { left: 0, top: 216 }, alerts.closed_count ? fill(words.alerts_closed, { n: alerts.closed_count }) : words.alerts_closed_none));
        alerts.closed.slice(0, 3).forEach((one, index) => {
          const top = 298 + index * 66;
          nodes.push(at("second", { left: 0, top }, clock(one.started_at)));
          nodes.push(at("", { left: 150, top }, fill(words[`closed_${one.rule}`] || one.rule, { place: placeName(one), n: count(one.needed_count) })));
          nodes.push(at("second right", { right: 0, top }, fill(words[`closed_${one.rule}_end`] || "", { duration: durationText(one.duration_min * 60, true) })));
        });
        return nodes;
      }
      const nodes = [];
      const isBrief = open.length > 2;
      const listed = open.length > 4 ? open.slice(0, 3) : open;
      listed.forEach((alert, index) => {
        const top = isBrief ? 78 + index * 104 : 78 + index * 238;
        const key = `${alert.rule} ${alert.place_code}`;
        const chip = at(`chip ${alert.level}`, { left: 0, top: top + 10 }, String(index + 1));
        if (!knownAlerts.has(key)) knownAlerts.set(key, hasSeenAlerts ? performance.now() : -Infinity);
        if (performance.now() - knownAlerts.get(key) < BLINK_MS) chip.classList.add("new");
        nodes.push(chip);
        const say = describeAlert(view, alert);
        const colour = alert.level === "act" ? "var(--act)" : "var(--watch)";
        const title_ = at("strong", { left: 98, top: top + 8 }, say.title);
        Object.assign(title_.style, { fontSize: "54px", lineHeight: "72px", color: colour });
        const value = at("right", { right: 0, top: top - 8 });
        const big = el("span", "strong", say.figure);
        Object.assign(big.style, { fontSize: isBrief ? "72px" : "100px", lineHeight: "100px", color: colour });
        value.append(big, el("span", "second small", say.unit));
        nodes.push(title_, value);
        // an acknowledged alert keeps its place and its chip, and shouts no more
        if (alert.acknowledged_at) for (const node of [title_, big]) node.style.color = "var(--text-2)";
        if (isBrief) return;
        const when = alert.acknowledged_at ? `${words.alert_acknowledged} ${clock(alert.acknowledged_at)}` : say.when || fill(words.ago, { duration: durationText((view.now - Date.parse(alert.since_at)) / 1000, true) });
        nodes.push(at("second", { left: 98, top: top + 92 }, say.detail), at("second right", { right: 0, top: top + 92 }, when));
        const act = at("second", { left: 98, top: top + 153 });
        const what = el("b", "", say.what);
        what.style.color = "var(--text)";
        act.append(what, ` · ${say.who}`);
        nodes.push(act);
      });
      if (open.length > 4) nodes.push(at("second", { left: 98, top: 78 + 3 * 104 + 14 }, fill(words.alerts_more, { n: open.length - 3 })));
      hasSeenAlerts = true;
      return nodes;
    }

    // What an alert says: how bad, why, what to do, who. Figures and actions are those of queries/alerts.
    function describeAlert(view, alert) {
      const place = placeName(alert);
      const whole = (value) => count(value);
      const who = (text) => `${text}${alert.responsible_staff_code ? ` ${alert.responsible_staff_code}` : ""}`;
      if (alert.rule === "site_jammed") {
        const index = link.geometry ? link.geometry.sites.codes.indexOf(alert.place_code) : -1;
        const site = (view.live.sites || [])[index] || [];
        const isAssisted = alert.action === "assist_registration";
        return {
          title: fill(words.site_jammed, { place: siteName(place) }),
          figure: whole(Math.floor(alert.figure)), unit: ` ${words.site_jammed_unit}`,
          detail: isAssisted ? fill(words.site_jammed_assisted, { pct: Math.round(alert.detail_pct), waiting: count(site[2]) }) : fill(words.site_jammed_waiting, { waiting: count(site[2]), open: count(site[4]), needed: count(site[5]) }),
          what: isAssisted ? words.site_jammed_do_assist : alert.action === "open_units" ? fill(words.site_jammed_do_units, { n: alert.detail_count }) : words.site_jammed_do_divert,
          who: who(fill(words.site_jammed_who, { grid: gridName(alert.grid_code) })),
        };
      }
      if (alert.rule === "unit_idle") {
        return {
          title: fill(words.unit_idle, { place: siteName(place) }),
          figure: whole(alert.figure), unit: ` / ${whole(alert.target)}`,
          detail: fill(words.unit_idle_detail, { time: clock(alert.since_at), n: whole(alert.figure), open: whole(alert.target) }),
          what: fill(words.unit_idle_do, { n: whole(Math.ceil(alert.figure / 2)), place: (lang === "en" && alert.neighbour_name_en) || alert.neighbour_name || "—" }),
          who: who(words.unit_idle_who),
        };
      }
      if (alert.rule === "zone_without_staff") {
        return {
          title: fill(words.zone_without_staff, { place }),
          figure: Wangge.countText(Math.floor((view.now - Date.parse(alert.since_at)) / 60000)), unit: ` ${words.site_jammed_unit}`,
          detail: fill(words.zone_without_staff_detail, { time: clock(alert.since_at), n: whole(alert.detail_count) }),
          what: words.zone_without_staff_do,
          who: who(alert.responsible_role === "community_cadre" ? words.zone_without_staff_who_community : words.zone_without_staff_who_grid),
        };
      }
      if (alert.rule === "sum_mismatch") {
        return {
          title: fill(words.sum_mismatch, { check: words[`check_${alert.place_code}`] || alert.place_code }),
          figure: whole(alert.figure), unit: ` ${words.sum_mismatch_unit}`,
          detail: words.sum_mismatch_detail, what: words.sum_mismatch_do, who: words.sum_mismatch_who,
        };
      }
      if (alert.rule === "whistle_late") {
        const whistle = (view.live.whistles || []).find((one) => one.whistle_code === alert.place_code);
        const used = durationText((view.now - Date.parse((whistle || alert).raised_at || alert.since_at)) / 1000, true);
        const lateS = whistle && alert.expected_at ? (Date.parse(alert.expected_at) - Date.parse(whistle.due_at)) / 1000 : 0;
        const missing = Math.max(0, (alert.target || 0) - (alert.figure || 0));
        return {
          title: fill(words.whistle_late, { place, role: whistle ? roleText(whistle.role) : "" }).replace(/ +/g, " "),
          figure: whole(alert.figure), unit: ` / ${whole(alert.target)}`,
          detail: !alert.expected_at ? fill(words.whistle_late_detail_none, { used }) : lateS > 0 ? fill(words.whistle_late_detail, { used, time: clock(alert.expected_at), late: durationText(lateS) }) : fill(words.whistle_late_detail_met, { used }),
          when: whistle ? fill(words.due, { time: clock(whistle.due_at) }) : "",
          what: fill(words.whistle_late_do, { n: whole(missing) }), who: who(words.whistle_late_who),
        };
      }
      if (alert.rule === "feed_silent") {
        const silentS = (view.now - Date.parse(alert.since_at)) / 1000;
        return {
          title: fill(words.feed_silent, { place }),
          figure: Wangge.countText(Math.floor(silentS / 60)), unit: ` ${words.site_jammed_unit}`,
          detail: alert.detail_count ? fill(words.feed_silent_detail, { time: clock(alert.since_at), n: whole(alert.detail_count) }) : fill(words.feed_silent_detail_plain, { time: clock(alert.since_at) }),
          what: words.feed_silent_do, who: fill(words.feed_silent_who, { place }),
        };
      }
      const round = (view.live.rounds || []).find((one) => one.round_code === alert.place_code);
      const missing = whole(round ? round.missing_count : alert.detail_count);
      const lateS = round && alert.expected_at ? (Date.parse(alert.expected_at) - Date.parse(round.deadline_at)) / 1000 : 0;
      return {
        title: fill(words.coverage_behind, { place }),
        figure: Wangge.shareText(alert.figure), unit: " %",
        detail: alert.level === "act" ? fill(words.coverage_behind_detail_over, { missing }) : !alert.expected_at ? fill(words.coverage_behind_detail_none, { missing }) : lateS > 0 ? fill(words.coverage_behind_detail, { missing, time: clock(alert.expected_at), late: durationText(lateS) }) : fill(words.coverage_behind_detail_met, { missing }),
        what: words.coverage_behind_do, who: who(words.coverage_behind_who),
      };
    }

    // Coverage -------------------------------------------------------------------------------------------------------
    function drawCoverage(view, head) {
      const rounds = view.isEmpty ? [] : view.live.rounds || [];
      if (!rounds.length) return [at("blind", { left: 0, top: 86 }, view.live.rounds ? words.rounds_none : "—")];
      head.note = words.tick_note;
      const nodes = [];
      rounds.slice(0, 2).forEach((round, index) => {
        const left = index * 648;
        const width = 584;
        const nodesBefore = nodes.length;
        nodes.push(at("", { left, top: 82 }, (lang === "en" && round.round_name_en) || round.round_name));
        const lacking = round.scope === "district" && view.verdict.lacking.find(({ feed }) => feed.kind === "registrations");
        if (lacking) nodes.push(at("small amber right", { right: 1232 - left - width, top: 86 }, lackText(view, "registrations", true)));
        const pct = at("pct strong", { left, top: 146 }, Wangge.shareText(round.coverage_pct));
        Object.assign(pct.style, { fontSize: "176px", lineHeight: "168px" });
        if (round.coverage_pct !== null) pct.append(el("span", "unit", "%"));
        nodes.push(pct);
        const bar = at("bar", { left, top: 341 });
        Object.assign(bar.style, { width: `${width}px`, height: "27px", right: "auto" });
        const done = el("i", "");
        done.style.width = `${Math.max(0, Math.min(100, round.coverage_pct || 0))}%`;
        done.style.background = "var(--share)";
        const tick = el("u", "");
        const starts = Date.parse(round.starts_at);
        const due = Date.parse(round.deadline_at);
        const moment = view.isOld ? Date.parse(view.live.as_of) : view.now;
        tick.style.left = `${Math.max(0, Math.min(100, (100 * (moment - starts)) / (due - starts)))}%`;
        tick.style.top = "-12px";
        tick.style.height = "51px";
        bar.append(done, tick);
        nodes.push(bar);
        const strong = at("", { left, top: 394 });
        const [before, after] = words.to_go.split("{n}");
        strong.append(before, el("b", "worth", count(round.missing_count)), after);
        nodes.push(strong);
        const end = round.expected_finish_at ? Date.parse(round.expected_finish_at) : null;
        let expected = round.missing_count === 0 ? words.expected_done : end ? fill(view.isOld ? words.expected_then : words.expected, { time: dayClock(end, view.now) }) : words.expected_none;
        nodes.push(at("second", { left, top: 455 }, expected));
        let margin = fill(words.due, { time: dayClock(due, view.now) });
        let isLate = false;
        if (!view.isOld) {
          if (view.now > due && round.missing_count !== 0) margin = fill(words.due_passed, { time: dayClock(due, view.now), duration: durationText((view.now - due) / 1000, true) });
          else if (end && round.missing_count !== 0) {
            isLate = end > due;
            margin = fill(isLate ? words.due_late : words.due_early, { time: dayClock(due, view.now), duration: durationText(Math.abs(end - due) / 1000, true) });
          }
        }
        const isTight = rounds.length > 1 && textWidth(margin, 44) > width; // a deadline of another day, beside another round
        const line = at(`${isTight ? "small " : ""}${isLate ? "amber" : "second"}`, { left, top: isTight ? 520 : 516 }, margin);
        if (isTight && textWidth(margin, 38) > width) line.style.fontSize = "36px";
        nodes.push(line);
        for (const node of nodes.slice(nodesBefore)) node.dataset.round = round.round_code;
      });
      return nodes;
    }

    // Queues ---------------------------------------------------------------------------------------------------------
    function drawQueues(view, head) {
      lackNote(view, head, "registrations");
      const queues = (!view.isEmpty && view.live.queues) || {};
      const [a, b] = view.live.wait_bounds_min || [25, 50];
      const lackingSites = lackingSiteStates(view);
      const minus = (kind) => lackingSites.filter((site) => site[1] === KINDS.indexOf(kind)).length;
      const nodes = [];
      KINDS.forEach((kind, index) => {
        const left = index * 314;
        const raw = queues[`${kind}_count`];
        const value = raw === undefined || raw === null ? null : raw - minus(kind);
        const name = at("", { left, top: 70 });
        const glyph = Wangge.glyph(kind, 44, THEME, view.isOld ? Wangge.tokens[THEME].stale : undefined);
        Object.assign(glyph.style, { verticalAlign: "-8px", marginRight: "16px" });
        name.append(glyph, words[kind]);
        nodes.push(name);
        const big = at("figure", { left, top: 128 }, count(value));
        if (kind === "jammed" && value > 0) big.style.color = "var(--act)";
        if (value === 0 || (kind === "resting" && value !== null)) big.style.color = "var(--text-3)";
        nodes.push(big);
        nodes.push(at("small second", { left, top: 252 }, fill(words[`class_${kind}`], { a, b })));
      });
      const unknown = (queues.unknown_count || 0) + lackingSites.filter((site) => site[1] !== 4).length;
      if (unknown && !view.isOld) {
        nodes.pop();
        nodes.push(at(isMissing(view) ? "small amber" : "small second", { left: 942, top: 252 }, fill(words.sites_unknown, { n: unknown })));
      }
      nodes.push(at("second", { left: 0, top: 330 }, words.waiting), at("figure", { left: 0, top: 386 }, figure(queues.waiting_count, words.people)));
      nodes.push(at("second", { left: 628, top: 330 }, words.units));
      const units = at("figure", { left: 628, top: 386 }, count(queues.open_unit_count));
      units.append(el("span", "unit", `/ ${count(queues.needed_unit_count)}`));
      nodes.push(units);
      let short = "—";
      if (queues.short_unit_count) short = fill(words.short_units, { n: count(queues.short_unit_count), sites: count(queues.short_site_count) });
      else if (queues.short_unit_count === 0) short = words.short_none;
      nodes.push(at("small second", { left: 628, top: 526 }, short));
      const ranked = rankByWait(view);
      ranked.forEach((site, index) => nodes.push(...drawRanked(view, site, index)));
      if (!ranked.length) nodes.push(at("small second", { left: 0, top: 526 }, queues.waiting_count === 0 ? words.longest_none : "—"));
      return nodes;
    }

    // One of the sites where people stand longest: its rank, the mark of its class, minutes, name; a jam in its colour.
    function drawRanked(view, { kind, minutes, site }, index) {
      const top = 526 + index * 50;
      const [afterRank, afterMinutes] = lang === "en" ? [132, 300] : [88, 240];
      const nodes = [at("small second", { left: 0, top }, words[`longest_${index + 1}`]), at("", { left: afterRank, top: top + 9 })];
      nodes[1].style.lineHeight = "0";
      nodes[1].append(Wangge.glyph(kind, 34, THEME, view.isOld ? Wangge.tokens[THEME].stale : undefined));
      const value = at("small strong right worth", { right: 1232 - afterMinutes, top }, fill(words.minutes, { n: minutes }));
      if (kind === "jammed") value.style.color = "var(--act)";
      nodes.push(value, at("small", { left: afterMinutes + 20, top }, site));
      if (lang === "en") for (const node of [nodes[0], value, nodes[3]]) node.style.fontSize = "36px"; // the longest names
      return nodes;
    }

    // Whether sites are unknown because a feed lacks; those that never report what they sample are no news.
    function isMissing(view) {
      const isMute = (feed) => feed.kind === "registrations" && !feed.last_event_at;
      return view.verdict.lacking.length > 0 || (view.live.feeds || []).some(isMute);
    }

    // The three sites where people stand longest; a site whose feed is silent is not judged.
    function rankByWait(view) {
      if (!link.geometry || view.isEmpty || !view.live.queues || !view.live.sites) return [];
      const silent = new Set(view.verdict.lacking.map(({ feed }) => feed.feed_code));
      const waits = view.live.sites.map(([minutes, kind], index) => ({ minutes, kind, index }));
      return waits
        .filter(({ minutes, index }) => minutes >= 1 && !silent.has(link.geometry.sites.feed[index]))
        .sort((one, other) => other.minutes - one.minutes)
        .slice(0, 3)
        .map(({ minutes, kind, index }) => ({ minutes: Math.floor(minutes), kind: [...KINDS, "unknown"][kind], site: shortSite(siteNameAt(index)) }));
    }

    function lackingSiteStates(view) {
      if (!link.geometry || !view.verdict.lacking.length || !view.live.sites) return [];
      const lacking = new Set(view.verdict.lacking.map(({ feed }) => feed.feed_code));
      return view.live.sites.filter((_, index) => lacking.has(link.geometry.sites.feed[index]));
    }

    // Feeds ----------------------------------------------------------------------------------------------------------
    function drawFeeds(view) {
      const feeds = view.live.feeds || [];
      const first = el("span", "feed strong", words.feeds);
      first.style.left = "0";
      const kind = el("span", "feed second", words.feeds_registrations);
      kind.style.left = lang === "en" ? "181px" : "182px";
      if (view.errors.feeds) {
        kind.textContent = fill(words.block_failed, { time: clock(view.errors.feeds) });
        return put("feeds", [first, kind]);
      }
      const start = lang === "en" ? 453 : 313;
      const pitch = (3744 - start) / Math.max(1, feeds.length);
      const nodes = [first, kind];
      feeds.forEach((feed, index) => {
        const lacking = view.verdict.lacking.find((one) => one.feed.feed_code === feed.feed_code);
        const moment = feed.last_event_at ? Date.parse(feed.last_event_at) : null;
        const ageS = moment === null ? null : Math.max(0, (view.now - moment) / 1000);
        const isLate = feed.kind !== "orders" && view.isOld && ageS !== null && ageS > view.live.tolerances.stale_s;
        const isBehind = feed.waiting_file_count > 0;
        const item = el("span", `feed${lacking ? " lacking" : ""}${isLate || isBehind ? " late" : ""}`);
        item.style.left = `${start + index * pitch}px`;
        let age = "—";
        if (feed.kind === "orders" && moment !== null) age = dateText(moment, false);
        else if (isBehind) age = fill(words.backlog, { n: count(feed.waiting_file_count) });
        else if (lacking) age = fill(words.silent, { duration: durationText(ageS) });
        else if (ageS !== null && !view.isEmpty) age = durationText(ageS);
        item.append(feedName(feed), el("span", "age", age));
        nodes.push(item);
      });
      put("feeds", nodes);
    }

    // Words ----------------------------------------------------------------------------------------------------------
    function lackNote(view, head, kind) {
      const text = lackText(view, kind);
      if (text) { head.note = text; head.amber = true; }
    }

    function lackText(view, kind, isShort) {
      const lacking = view.verdict.lacking.filter(({ feed }) => feed.kind === kind);
      if (!lacking.length) return "";
      if (lacking.length > 1) return fill(isShort ? words.lacks_some_short : words.lacks_some, { n: lacking.length });
      return fill(isShort ? words.lacks_short : words.lacks, { feed: feedName(lacking[0].feed), time: Wangge.clockText(lacking[0].since, zone) });
    }

    function figure(value, unit) {
      const node = el("span", "", count(value));
      node.append(el("span", "unit", unit));
      return node;
    }

    function districtName(live) {
      return (lang === "en" && live.district.name_en) || live.district.name;
    }

    function placeName(row) {
      return (lang === "en" && row.place_name_en) || row.place_name || "";
    }

    function roleText(role) {
      return (words[role] || role).toLowerCase();
    }

    function feedName(feed) {
      return (lang === "en" && feed.feed_name_en) || feed.feed_name;
    }

    function siteName(name) {
      if (lang === "en") return / site$/i.test(name) ? name : `${name} ${words.site_suffix}`;
      return /点$/.test(name) ? name : `${name}${words.site_suffix}`;
    }

    // 侧贤社区第2网格点 → 侧贤第2网格: as long as it stays unmistakable, a name in a line of figures is short.
    function shortSite(name) {
      return name.replace(/社区(?=第)/, "").replace(/(采样点|点)$/, "");
    }

    function siteNameAt(index) {
      const sites = link.geometry.sites;
      return (lang === "en" && sites.names_en[index]) || sites.names[index];
    }

    function gridName(code) {
      const grids = link.geometry && link.geometry.grids;
      const index = grids ? grids.codes.indexOf(code) : -1;
      return index < 0 ? "" : (lang === "en" && grids.names_en[index]) || grids.names[index];
    }

    function clock(iso, withSeconds) {
      return iso ? Wangge.clockText(Date.parse(iso), zone, withSeconds) : "—";
    }

    // The time of day, with the date where it is not today's.
    function dayClock(moment, now) {
      const time = Wangge.clockText(moment, zone);
      return dateText(moment, false) === dateText(now, false) ? time : `${dateText(moment, false)} ${time}`;
    }

    function durationText(seconds, isLong) {
      if (seconds === null || !Number.isFinite(seconds)) return "—";
      if (seconds < 60) return fill(words.seconds, { n: Math.max(0, Math.floor(seconds)) });
      const minutes = Math.floor(seconds / 60);
      if (minutes < 60) return fill(isLong ? words.minutes_long : words.minutes, { n: minutes });
      const h = Math.floor(minutes / 60);
      if (h >= 48) return fill(words.days_hours, { d: Math.floor(h / 24), h: h % 24 });
      return minutes % 60 ? fill(words.hours_minutes, { h, n: minutes % 60 }) : fill(words.hours, { h });
    }

    function dateText(moment, withWeekday) {
      const parts = Object.fromEntries(new Intl.DateTimeFormat("en-US", { timeZone: zone, year: "numeric", month: "numeric", day: "numeric", weekday: "short" }).formatToParts(moment).map((one) => [one.type, one.value]));
      const at_ = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"].indexOf(parts.weekday);
      const weekday = lang === "zh" ? words.weekdays[at_] : words.weekdays.split(" ")[at_];
      const month = lang === "zh" ? parts.month : words.months.split(" ")[Number(parts.month) - 1];
      return fill(withWeekday ? words.date_weekday : words.date, { month, day: parts.day, weekday });
    }

    // The page ---------------------------------------------------------------------------------------------------------
    function fitPage() {
      const scale = Math.min(window.innerWidth / PAGE.width, window.innerHeight / PAGE.height);
      const [x, y] = still() ? [0, 0] : SHIFTS[Math.floor(Date.now() / SHIFT_EVERY_MS) % SHIFTS.length];
      page.style.transform = `scale(${scale}) translate(${x}px, ${y}px)`;
      Object.values(maps).forEach((map) => map.invalidateSize({ animate: false, pan: false }));
    }

    function still() {
      return window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    }

    // Replaces what a region shows, in one step, only if it is something else than before.
    function put(id, nodes, target) {
      const into = target || part(id).querySelector(".body") || part(id);
      const holder = document.createElement("div");
      holder.append(...nodes);
      const key = holder.innerHTML;
      if (shown.get(id) === key) return;
      shown.set(id, key);
      into.replaceChildren(...holder.childNodes);
    }

    return { link, districtMap, zoneMap };
  };

  // Building blocks ------------------------------------------------------------------------------------------------------
  function el(tag, name, content) {
    const node = document.createElement(tag);
    if (name) node.className = name;
    if (content !== undefined) node.append(content); // a string becomes a text node, never markup
    return node;
  }

  function at(name, { left, top, right, center }, content) {
    const node = el("div", `at ${name}`.trim(), content);
    if (left !== undefined) node.style.left = `${left}px`;
    if (top !== undefined) node.style.top = `${top}px`;
    if (right !== undefined) node.style.right = `${right}px`;
    if (center) node.style.textAlign = "center";
    return node;
  }

  function shape(tag, attributes) {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    return node;
  }

  function fill(template, values) {
    return String(template).replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
  }

  function count(value) {
    return Wangge.countText(value);
  }

  const pen = document.createElement("canvas").getContext("2d");
  function textWidth(text, size) {
    pen.font = `400 ${size}px "Source Sans","Noto Sans SC","Noto Sans CJK SC",sans-serif`;
    return pen.measureText(text).width;
  }
})();
