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

/** Follows a ring over the antimeridian, where longitude jumps by 360. */
const unwrap = (ring) => {
  let turn = 0;
  const points = ring.map(([x, y], i) => {
    if (i > 0) turn -= 360 * Math.round((x - ring[i - 1][0]) / 360);
    return [x + turn, y];
  });
  // Antarctica goes around the pole: close it there.
  if (turn !== 0) points.push([points.at(-1)[0], -90], [points[0][0], -90], points[0]);
  return points;
};

const round = (ring) =>
  ring
    .map(([x, y]) => [Math.round(x), Math.round(-y)])
    .filter(([x, y], i, all) => i === 0 || x !== all[i - 1][0] || y !== all[i - 1][1]);

/** A closed ring as the path's shortest notation of lines. */
const draw = (points) => {
  let [x, y] = points[0];
  let line = "";
  for (const [nextX, nextY] of points.slice(1, -1)) {
    for (const step of [nextX - x, nextY - y]) line += line && step >= 0 ? ` ${step}` : step;
    [x, y] = [nextX, nextY];
  }
  return `M${points[0].join(" ")}l${line}z`;
};

let path = "";
for (const polygon of features.flatMap((f) => f.geometry.coordinates)) {
  const ring = unwrap(polygon[0]);
  const half = Math.floor(ring.length / 2);
  const points = round([
    ...simplify(ring.slice(0, half + 1), 0.8).slice(0, -1),
    ...simplify(ring.slice(half), 0.8),
  ]);
  if (points.length < 5 || area(points) < 10) continue;
  path += draw(points);
  // What leaves the map on one side comes back on the other.
  const xs = points.map(([x]) => x);
  const side = Math.max(...xs) > 181 ? -360 : Math.min(...xs) < -181 ? 360 : 0;
  if (side) path += draw(points.filter(([x]) => Math.abs(x + side) < 200).map(([x, y]) => [x + side, y]));
}
process.stdout.write(path);
