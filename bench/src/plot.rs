//! Plots, in SVG.

use crate::load::Measured;
use crate::machine;
use anyhow::{Result, anyhow};
use plotters::coord::Shift;
use plotters::prelude::*;

const SIZE: (u32, u32) = (720, 400);

const COLOURS: [RGBColor; 6] = [
    RGBColor(0, 114, 178),
    RGBColor(86, 180, 233),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(120, 120, 120),
];

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// The latency of each case at its percentiles, with an upstream that takes some
/// milliseconds.
///
/// # Errors
///
/// If it cannot be drawn.
pub fn latency(upstream: u64, cases: &[(&str, Measured)]) -> Result<String> {
    draw(|area| {
        let caption = format!("Latency, 16 connections, an upstream that takes {upstream} ms");
        let area = captioned(area, &caption)?;
        let names = ["p50", "p90", "p99", "p99.9"];
        let mut chart = ChartBuilder::on(&area)
            .margin(12)
            .margin_right(90)
            .x_label_area_size(28)
            .y_label_area_size(56)
            .build_cartesian_2d(0f64..3f64, (0.1f64..1000f64).log_scale())?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .light_line_style(TRANSPARENT)
            .x_labels(4)
            .x_label_formatter(&|place| names[place.round() as usize % 4].to_owned())
            .y_label_formatter(&|ms| format!("{ms} ms"))
            .draw()?;
        // Names beside curves that end at the same place go above each other.
        let mut ends: Vec<f64> = Vec::new();
        for ((name, latency), colour) in cases.iter().zip(COLOURS) {
            let values = [latency.p50, latency.p90, latency.p99, latency.p999];
            let points = values.into_iter().enumerate();
            let points: Vec<_> = points
                .filter(|(_, ms)| ms.is_finite())
                .map(|(place, ms)| (place as f64, ms))
                .collect();
            let end = points.last().copied().unwrap_or((0.0, 1.0));
            chart.draw_series(LineSeries::new(points, colour.stroke_width(2)))?;
            let style = ("sans-serif", 13).into_font().color(&colour);
            let near = |other: &&f64| (0.7..1.4).contains(&(end.1 / **other));
            let below = ends.iter().filter(near).count() as i32;
            ends.push(end.1);
            let name = Text::new(name.to_string(), (6, -6 - 14 * below), style);
            let label = EmptyElement::at(end) + name;
            chart.draw_series([label])?;
        }
        Ok(())
    })
}

fn draw(content: impl FnOnce(&Area) -> Result<(), Box<dyn std::error::Error>>) -> Result<String> {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        let drawn = area.fill(&WHITE).map_err(Into::into);
        let drawn = drawn.and_then(|()| content(&area));
        drawn.map_err(|error| anyhow!("a plot cannot be drawn: {error}"))?;
        area.present()?;
    }
    Ok(svg)
}

/// Writes what is shown above, and on what machine it was measured below.
fn captioned<'a>(area: &Area<'a>, caption: &str) -> Result<Area<'a>, Box<dyn std::error::Error>> {
    let (width, height) = SIZE;
    let black = ("sans-serif", 16).into_font().color(&BLACK);
    let grey = ("sans-serif", 11).into_font().color(&RGBColor(90, 90, 90));
    area.draw(&Text::new(caption.to_owned(), (12, 10), black))?;
    let place = (12, height as i32 - 18);
    area.draw(&Text::new(machine::description(), place, grey))?;
    Ok(area.clone().shrink((0, 28), (width, height - 50)))
}
