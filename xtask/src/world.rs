//! `xtask world`: draws the outline of the land on the page's map.
//!
//! From Natural Earth's 1:110m land, which is in the public domain, as the npm
//! package `world-atlas` carries it: in whole degrees, and without what is
//! smaller than a pixel on a phone.

use crate::programs::npm_file;
use crate::workspace::Workspace;
use anyhow::{Context, Result, bail};
use geojson::Value;
use std::fmt::Write;
use std::path::Path;
use topojson::{TopoJson, to_geojson};

/// How far a line may be from the coast that it stands for, in degrees.
const TOLERANCE: f64 = 0.8;

/// The smallest island, as twice its area in square degrees.
const SMALLEST: i32 = 10;

/// Longitude and latitude in degrees.
type Point = (f64, f64);

/// A point of the map: longitude, and latitude downwards, as SVG counts.
type Pixel = (i32, i32);

/// Draws the map and writes it to a file, as the data of an SVG path.
///
/// # Errors
///
/// If npm cannot install the package, or the file cannot be written.
pub fn draw(workspace: &Workspace, file: &Path) -> Result<()> {
    let folder = workspace.root.join("xtask/world");
    let json = npm_file(&folder, "world-atlas/land-110m.json");
    let json = json.context("the map needs world-atlas from npm")?;
    std::fs::write(file, path(&json)?).with_context(|| file.display().to_string())
}

/// The path of the object `land` in a TopoJSON file.
fn path(json: &str) -> Result<String> {
    let mut path = String::new();
    for coast in coasts(json)? {
        let coast = unwrap(&coast);
        // A closed line has no ends that could stay: two halves have.
        let (first, second) = coast.split_at(coast.len() / 2);
        let first = [first, &second[..1]].concat();
        let mut kept = simplify(&first);
        kept.pop();
        kept.extend(simplify(second));
        let kept = pixels(&kept);
        if kept.len() < 5 || area(&kept) < SMALLEST {
            continue;
        }
        write_ring(&mut path, &kept)?;
        if let Some(other_side) = beyond_the_edge(&kept) {
            write_ring(&mut path, &other_side)?;
        }
    }
    Ok(path)
}

/// The outer rings of all polygons.
fn coasts(json: &str) -> Result<Vec<Vec<Point>>> {
    let TopoJson::Topology(topology) = json.parse::<TopoJson>()? else {
        bail!("the land is no topology");
    };
    let land = to_geojson(&topology, "land")?;
    let mut coasts = Vec::new();
    for geometry in land.features.into_iter().filter_map(|land| land.geometry) {
        let Value::MultiPolygon(polygons) = geometry.value else {
            bail!("the land is not made of polygons");
        };
        for polygon in polygons {
            let ring = polygon.into_iter().next().context("an empty polygon")?;
            let mut ring: Vec<_> = ring.iter().map(|point| (point[0], point[1])).collect();
            // The last point of an arc is the first of the next.
            ring.dedup();
            coasts.push(ring);
        }
    }
    Ok(coasts)
}

/// Follows a ring over the antimeridian, where longitude jumps by 360.
fn unwrap(ring: &[Point]) -> Vec<Point> {
    let mut turn = 0.0;
    let mut previous = ring[0].0;
    let mut points: Vec<_> = ring
        .iter()
        .map(|&(x, y)| {
            turn -= 360.0 * ((x - previous) / 360.0).round();
            previous = x;
            (x + turn, y)
        })
        .collect();
    // Antarctica goes around the pole: close it there.
    if turn != 0.0 {
        let (first, last) = (points[0], points[points.len() - 1]);
        points.extend([(last.0, -90.0), (first.0, -90.0), first]);
    }
    points
}

/// Leaves out points by the algorithm of Ramer, Douglas and Peucker. First and
/// last stay.
fn simplify(points: &[Point]) -> Vec<Point> {
    let (first, last) = (points[0], points[points.len() - 1]);
    let (mut farthest, mut at) = (0.0, 0);
    for (index, &point) in points.iter().enumerate().take(points.len() - 1).skip(1) {
        let distance = distance(point, first, last);
        if distance > farthest {
            (farthest, at) = (distance, index);
        }
    }
    if farthest <= TOLERANCE {
        return vec![first, last];
    }
    let mut kept = simplify(&points[..=at]);
    kept.pop();
    kept.extend(simplify(&points[at..]));
    kept
}

/// The distance of a point from the line through two others.
fn distance((x, y): Point, (ax, ay): Point, (bx, by): Point) -> f64 {
    let length = (bx - ax).hypot(by - ay);
    if length == 0.0 {
        return (x - ax).hypot(y - ay);
    }
    ((bx - ax) * (ay - y) - (ax - x) * (by - ay)).abs() / length
}

fn pixels(points: &[Point]) -> Vec<Pixel> {
    let round = |degrees: f64| (degrees + 0.5).floor() as i32;
    let mut pixels: Vec<_> = points.iter().map(|&(x, y)| (round(x), round(-y))).collect();
    pixels.dedup();
    pixels
}

/// Twice the area of a ring.
fn area(ring: &[Pixel]) -> i32 {
    let next = ring.iter().cycle().skip(1);
    let parts = ring.iter().zip(next).map(|(a, b)| a.0 * b.1 - b.0 * a.1);
    parts.sum::<i32>().abs()
}

/// What leaves the map on one side, where it comes back on the other.
fn beyond_the_edge(ring: &[Pixel]) -> Option<Vec<Pixel>> {
    let turn = match ring {
        ring if ring.iter().any(|point| point.0 > 181) => -360,
        ring if ring.iter().any(|point| point.0 < -181) => 360,
        _ => return None,
    };
    let turned = ring.iter().map(|&(x, y)| (x + turn, y));
    Some(turned.filter(|point| point.0.abs() < 200).collect())
}

/// A closed ring in the shortest notation of lines: relative ones, with a space
/// only where the sign does not part two numbers.
fn write_ring(path: &mut String, ring: &[Pixel]) -> Result<()> {
    let (mut x, mut y) = ring[0];
    write!(path, "M{x} {y}l")?;
    let mut is_first = true;
    for &(next_x, next_y) in &ring[1..ring.len() - 1] {
        for step in [next_x - x, next_y - y] {
            let space = if is_first || step < 0 { "" } else { " " };
            write!(path, "{space}{step}")?;
            is_first = false;
        }
        (x, y) = (next_x, next_y);
    }
    path.push('z');
    Ok(())
}
