// Makes world.path, the outline of the land on the page's map:
//
//   npm install world-atlas@2 topojson-client@3 && node world.mjs > world.path
//
// From Natural Earth's 1:110m land (public domain), as world-atlas has it.
// Whole degrees, and without what is smaller than a pixel on a phone.
import { createRequire } from "node:module";
import { feature } from "topojson-client";

const require = createRequire(import.meta.url);
const atlas = require("world-atlas/land-110m.json");
const { features } = feature(atlas, atlas.objects.land);

/** Twice the area of a ring. */
const area = (ring) =>
  Math.abs(ring.reduce((sum, [x, y], i) => {
    const [nextX, nextY] = ring[(i + 1) % ring.length];
    return sum + x * nextY - nextX * y;
  }, 0));

/** The distance of a point from the line between two others. */
const distance = ([x, y], [ax, ay], [bx, by]) => {
  const length = Math.hypot(bx - ax, by - ay);
  if (length === 0) return Math.hypot(x - ax, y - ay);
  return Math.abs((bx - ax) * (ay - y) - (ax - x) * (by - ay)) / length;
};

/** Ramer, Douglas and Peucker: leaves away what is closer than `limit`. */
const simplify = (points, limit) => {
  let [far, at] = [0, 0];
  for (let i = 1; i < points.length - 1; i++) {
    const d = distance(points[i], points[0], points.at(-1));
    if (d > far) [far, at] = [d, i];
  }
  if (far <= limit) return [points[0], points.at(-1)];
  const left = simplify(points.slice(0, at + 1), limit);
  return [...left.slice(0, -1), ...simplify(points.slice(at), limit)];
};

let path = "";
for (const polygon of features.flatMap((f) => f.geometry.coordinates)) {
  const half = Math.floor(polygon[0].length / 2);
  const ring = [
    ...simplify(polygon[0].slice(0, half + 1), 0.7).slice(0, -1),
    ...simplify(polygon[0].slice(half), 0.7),
  ].map(([x, y]) => [Math.round(x), Math.round(-y)]);
  const points = ring.filter(([x, y], i) => i === 0 || x !== ring[i - 1][0] || y !== ring[i - 1][1]);
  if (points.length < 4 || area(points) < 6) continue;
  let [x, y] = points[0];
  path += `M${x} ${y}l`;
  let line = "";
  for (const [nextX, nextY] of points.slice(1, -1)) {
    for (const step of [nextX - x, nextY - y]) {
      line += line && step >= 0 ? ` ${step}` : step;
    }
    [x, y] = [nextX, nextY];
  }
  path += `${line}z`;
}
process.stdout.write(path);
