// The earth on a flat sheet: Web Mercator on a unit square, and coastlines cut to what a window shows.
"use strict";

const TOP = 85.0511; // degrees north at which the square ends
const METRES_ROUND = 40_075_017; // the equator
const clamp = (value, least, most) => Math.min(most, Math.max(least, value));

const mercator = {
  x: (longitude) => (longitude + 180) / 360,
  y: (latitude) => {
    const sine = Math.sin((clamp(latitude, -TOP, TOP) * Math.PI) / 180);
    return 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI);
  },
  longitude: (x) => x * 360 - 180,
  latitude: (y) => 90 - (360 * Math.atan(Math.exp((y - 0.5) * 2 * Math.PI))) / Math.PI,
};

class Coastline {
  constructor({ grid, rings }) {
    this.rings = rings.map((text) => outline(text, grid));
  }

  // The land inside a window of the square, as an SVG path; `scale` is the side of the square in pixels.
  path(window, scale) {
    const seen = this.rings.filter(({ box }) => overlap(box, window) && (box.east - box.west) * scale > 1);
    return seen.map(({ points, box }) => drawn(within(box, window) ? points : cut(points, window), window, scale)).join("");
  }
}

// The reverse of `encoded` in make_coastline.py.
function outline(text, grid) {
  const points = [];
  const box = { west: 1, east: 0, north: 1, south: 0 };
  let at = 0;
  const number = () => {
    let result = 0;
    let shift = 0;
    let part;
    do {
      part = text.charCodeAt(at++) - 63;
      result |= (part & 31) << shift;
      shift += 5;
    } while (part & 32);
    return result & 1 ? ~(result >> 1) : result >> 1;
  };
  for (let east = 0, north = 0; at < text.length; ) {
    east += number();
    north += number();
    const x = mercator.x(east * grid);
    const y = mercator.y(north * grid);
    points.push([x, y]);
    box.west = Math.min(box.west, x);
    box.east = Math.max(box.east, x);
    box.north = Math.min(box.north, y);
    box.south = Math.max(box.south, y);
  }
  return { points, box };
}

const overlap = (one, other) =>
  one.west < other.east && one.east > other.west && one.north < other.south && one.south > other.north;
const within = (inner, outer) =>
  inner.west >= outer.west && inner.east <= outer.east && inner.north >= outer.north && inner.south <= outer.south;

// Sutherland and Hodgman, 1974: the part of a polygon inside a rectangle, one edge after another.
function cut(points, { west, east, north, south }) {
  const crossing = (axis, edge) => (a, b) => {
    const share = (edge - a[axis]) / (b[axis] - a[axis]);
    return [a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])];
  };
  const edges = [
    [(point) => point[0] >= west, crossing(0, west)],
    [(point) => point[0] <= east, crossing(0, east)],
    [(point) => point[1] >= north, crossing(1, north)],
    [(point) => point[1] <= south, crossing(1, south)],
  ];
  return edges.reduce((left, [inside, meet]) => {
    const kept = [];
    left.forEach((point, index) => {
      const before = left.at(index - 1);
      if (inside(point) !== inside(before)) kept.push(meet(before, point));
      if (inside(point)) kept.push(point);
    });
    return kept;
  }, points);
}

// Points less than a pixel from the one before are left out.
function drawn(points, { west, north }, scale) {
  let path = "";
  let lastX = Infinity;
  let lastY = Infinity;
  for (const [x, y] of points) {
    const left = (x - west) * scale;
    const top = (y - north) * scale;
    if (Math.abs(left - lastX) + Math.abs(top - lastY) < 1) continue;
    path += `${path ? "L" : "M"}${left.toFixed(1)} ${top.toFixed(1)}`;
    lastX = left;
    lastY = top;
  }
  return path && `${path}Z`;
}
