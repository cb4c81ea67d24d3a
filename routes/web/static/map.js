// A map of events: land, a graticule, a scale, and a mark for each place. No tiles, nobody else's server.
"use strict";

const SVG = "http://www.w3.org/2000/svg";
const CLOSEST = 2 ** 26; // pixels round the earth: a metre or so each
const STEPS = [30, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001]; // degrees between graticule lines
const APART = 30; // pixels below which two marks become one

function drawing(name, attributes = {}, text = "") {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.textContent = text;
  return element;
}

class EventMap {
  // `onPick` is told the events of a mark, `onMove` that the reader has moved the map.
  constructor(section, { onPick, onMove }) {
    this.canvas = section.querySelector(".canvas");
    this.scaleBar = section.querySelector(".scale span");
    this.onPick = onPick;
    this.onMove = onMove;
    this.events = [];
    this.chosen = new Set();
    this.x = this.y = 0.5; // what is in the middle
    this.scale = 256; // the side of the earth's square in pixels
    this.layers = Object.fromEntries(["land", "lines", "degrees", "marks"].map((name) => [name, this.layer(name)]));
    this.svg = drawing("svg", { width: "100%", height: "100%" });
    this.svg.append(...Object.values(this.layers));
    this.canvas.append(this.svg);
    this.listen(section);
    new ResizeObserver(() => this.resized()).observe(this.canvas);
    fetch(section.dataset.coastline).then((answer) => answer.json()).then((coastline) => {
      this.coastline = new Coastline(coastline);
      this.draw();
    });
  }

  layer(name) {
    return drawing(name === "land" || name === "lines" ? "path" : "g", { class: name });
  }

  get window() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const across = width / this.scale / 2;
    const down = height / this.scale / 2;
    return { west: this.x - across, east: this.x + across, north: this.y - down, south: this.y + down };
  }

  // West, south, east and north in degrees.
  get bounds() {
    const { west, south, east, north } = this.window;
    return [
      clamp(mercator.longitude(west), -180, 180),
      clamp(mercator.latitude(south), -90, 90),
      clamp(mercator.longitude(east), -180, 180),
      clamp(mercator.latitude(north), -90, 90),
    ];
  }

  show(events) {
    this.events = events.map((event) => ({
      event,
      x: mercator.x(event.location.longitude),
      y: mercator.y(event.location.latitude),
    }));
    this.draw();
  }

  choose(ids) {
    this.chosen = new Set(ids);
    this.draw();
  }

  fit() {
    const xs = this.events.map(({ x }) => x);
    const ys = this.events.map(({ y }) => y);
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (xs.length === 0) {
      Object.assign(this, { x: 0.5, y: 0.45, scale: Math.max(width, 300) });
    } else {
      const [west, east] = [Math.min(...xs), Math.max(...xs)];
      const [north, south] = [Math.min(...ys), Math.max(...ys)];
      this.x = (west + east) / 2;
      const roomy = Math.min((width - 100) / (east - west), (height - 130) / (south - north)); // buttons cover the rim
      this.scale = clamp(roomy, 300, 2 ** 19);
      this.y = (north + south) / 2 - 15 / this.scale;
    }
    this.draw();
  }

  centre({ longitude, latitude }) {
    this.x = mercator.x(longitude);
    this.y = mercator.y(latitude);
    this.scale = Math.max(this.scale, 2 ** 19);
    this.draw();
  }

  // Zoom by a factor, with the point at these pixels from the middle staying where it is.
  zoom(factor, right = 0, down = 0) {
    const scale = clamp(this.scale * factor, 300, CLOSEST);
    this.x += right / this.scale - right / scale;
    this.y += down / this.scale - down / scale;
    this.scale = scale;
    this.moved();
  }

  pan(right, down) {
    this.x = clamp(this.x + right / this.scale, 0, 1);
    this.y = clamp(this.y + down / this.scale, 0, 1);
    this.moved();
  }

  moved() {
    this.draw();
    this.onMove();
  }

  resized() {
    if (this.canvas.clientWidth && !this.seen) this.fit();
    this.seen = true;
    this.draw();
  }

  draw() {
    this.pending ??= requestAnimationFrame(() => {
      this.pending = null;
      this.drawLand();
      this.drawLines();
      this.drawMarks();
      this.drawScale();
    });
  }

  drawLand() {
    const { west, east, north, south } = this.window;
    const edge = 4 / this.scale; // so that no cut shows
    const wider = { west: west - edge, east: east + edge, north: north - edge, south: south + edge };
    const path = this.coastline?.path(wider, this.scale) ?? "";
    this.layers.land.setAttribute("d", path);
    this.layers.land.setAttribute("transform", "translate(-4 -4)");
  }

  drawLines() {
    const [west, south, east, north] = this.bounds;
    const window = this.window;
    const step = STEPS.findLast((degrees) => (degrees / 360) * this.scale > 110) ?? STEPS[0];
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const decimals = Math.max(0, Math.ceil(-Math.log10(step)));
    const degrees = (value, [positive, negative]) =>
      `${Math.abs(value).toFixed(decimals)}°${value > 0 ? positive : value < 0 ? negative : ""}`;
    const labels = [];
    let path = "";
    for (let line = Math.ceil(west / step); line * step <= east; line++) {
      const left = ((mercator.x(line * step) - window.west) * this.scale).toFixed(1);
      path += `M${left} 0V${height}`;
      if (left < 40 || left > width - 150) continue; // the other labels and the scale stand there
      labels.push(drawing("text", { x: left, y: height - 6, "text-anchor": "middle" }, degrees(line * step, "EW")));
    }
    for (let line = Math.ceil(south / step); line * step <= north; line++) {
      const top = (mercator.y(line * step) - window.north) * this.scale;
      path += `M0 ${top.toFixed(1)}H${width}`;
      if (top < 20 || top > height - 20) continue;
      labels.push(drawing("text", { x: 6, y: (top - 5).toFixed(1) }, degrees(line * step, "NS")));
    }
    this.layers.lines.setAttribute("d", path);
    this.layers.degrees.replaceChildren(...labels);
  }

  drawMarks() {
    const focused = document.activeElement?.dataset?.ids;
    const marks = this.groups().map((group) => this.mark(group));
    this.layers.marks.replaceChildren(...marks);
    if (focused) marks.find(({ dataset }) => dataset.ids === focused)?.focus();
  }

  // Events whose marks would touch, together.
  groups() {
    const { west, east, north, south } = this.window;
    const rim = 20 / this.scale;
    const groups = [];
    for (const { event, x, y } of this.events) {
      if (x < west - rim || x > east + rim || y < north - rim || y > south + rim) continue;
      const left = (x - west) * this.scale;
      const top = (y - north) * this.scale;
      const near = groups.find((group) => Math.hypot(group.left - left, group.top - top) < APART);
      if (near) near.events.push(event);
      else groups.push({ left, top, events: [event] });
    }
    return groups;
  }

  mark({ left, top, events }) {
    const many = events.length > 1;
    const label = many ? `${events.length} events, such as ${events[0].title}` : events[0].title;
    const mark = drawing("g", {
      class: events.some(({ id }) => this.chosen.has(id)) ? "mark chosen" : "mark",
      transform: `translate(${left.toFixed(1)} ${top.toFixed(1)})`,
      role: "button",
      tabindex: "0",
      "aria-label": label,
      "data-ids": events.map(({ id }) => id).join(" "),
    });
    const radius = many ? 11 + 2.2 * Math.log2(events.length) : 8;
    mark.append(drawing("title", {}, label), drawing("circle", { r: radius.toFixed(1) }));
    if (many) mark.append(drawing("text", { "text-anchor": "middle", dy: ".35em" }, String(events.length)));
    return mark;
  }

  drawScale() {
    const metres = (METRES_ROUND * Math.cos((mercator.latitude(this.y) * Math.PI) / 180)) / this.scale; // in a pixel
    const most = 110 * metres;
    const power = 10 ** Math.floor(Math.log10(most));
    const length = [5, 2, 1].find((times) => times * power <= most) * power;
    this.scaleBar.style.width = `${(length / metres).toFixed(1)}px`;
    this.scaleBar.textContent = length < 1000 ? `${length} m` : `${(length / 1000).toLocaleString()} km`;
  }

  pick(mark) {
    const ids = new Set(mark.dataset.ids.split(" "));
    const group = this.events.filter(({ event }) => ids.has(event.id));
    const spread = Math.max(...group.map(({ x, y }) => Math.hypot(x - group[0].x, y - group[0].y)));
    if (spread * CLOSEST > APART && spread * this.scale > 2 && group.length > 4) {
      this.x = group.reduce((sum, { x }) => sum + x, 0) / group.length;
      this.y = group.reduce((sum, { y }) => sum + y, 0) / group.length;
      this.zoom(clamp((0.3 * this.canvas.clientWidth) / (spread * this.scale), 2, 64));
    }
    this.onPick(group.map(({ event }) => event));
  }

  listen(section) {
    const actions = { in: () => this.zoom(2), out: () => this.zoom(0.5), fit: () => this.fit() };
    section.addEventListener("click", ({ target }) => {
      actions[target.closest("[data-do]")?.dataset.do]?.();
      const mark = target.closest(".mark");
      if (mark && !this.dragged) this.pick(mark);
    });
    this.canvas.addEventListener("keydown", (event) => this.key(event));
    this.canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    this.canvas.addEventListener("dblclick", (event) => this.zoom(2, ...this.fromMiddle(event)));
    this.pointers = new Map();
    this.canvas.addEventListener("pointerdown", (event) => {
      this.dragged = false;
      this.pointers.set(event.pointerId, event);
    });
    this.canvas.addEventListener("pointermove", (event) => this.drag(event));
    for (const end of ["pointerup", "pointercancel", "pointerleave"]) {
      this.canvas.addEventListener(end, (event) => this.pointers.delete(event.pointerId));
    }
  }

  key(event) {
    const stride = 80;
    const moves = {
      ArrowLeft: () => this.pan(-stride, 0),
      ArrowRight: () => this.pan(stride, 0),
      ArrowUp: () => this.pan(0, -stride),
      ArrowDown: () => this.pan(0, stride),
      "+": () => this.zoom(2),
      "=": () => this.zoom(2),
      "-": () => this.zoom(0.5),
      0: () => this.fit(),
    };
    const mark = event.target.closest(".mark");
    if (mark && (event.key === "Enter" || event.key === " ")) this.pick(mark);
    else if (moves[event.key] && !event.ctrlKey && !event.metaKey && !event.altKey) moves[event.key]();
    else return;
    event.preventDefault();
  }

  // Only with Ctrl or Command (which is also how a pinch on a touch pad arrives): the wheel alone scrolls the page.
  wheel(event) {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    this.zoom(2 ** (-event.deltaY / 100), ...this.fromMiddle(event));
  }

  // One finger or the mouse moves the map; two zoom it, and move it.
  drag(event) {
    const before = this.pointers.get(event.pointerId);
    if (!before) return;
    const still = [...this.pointers.values()].find(({ pointerId }) => pointerId !== event.pointerId);
    const right = event.clientX - before.clientX;
    const down = event.clientY - before.clientY;
    if (!this.dragged && !still && Math.hypot(right, down) < 4) return;
    this.dragged = true;
    this.pointers.set(event.pointerId, event);
    if (still) {
      const gap = (one) => Math.hypot(one.clientX - still.clientX, one.clientY - still.clientY);
      this.zoom(gap(event) / Math.max(1, gap(before)), ...this.fromMiddle(still));
    } else {
      this.pan(-right, -down);
    }
  }

  fromMiddle({ clientX, clientY }) {
    const { left, top, width, height } = this.canvas.getBoundingClientRect();
    return [clientX - left - width / 2, clientY - top - height / 2];
  }
}
