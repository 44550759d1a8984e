//! What does a random field look like that has one grain size in each direction?
//!
//! A [`Lattice`] holds independent normal numbers on a grid and joins them by cubic B-splines: a smooth
//! random field whose spectrum is flat up to wavelengths of about four steps and falls steeply beyond.
//! With very different steps along the two axes it is a family of tool marks. Cheap enough to evaluate
//! at any point, so nothing needs a Fourier transform.

use super::stream::Stream;

/// The variance of a B-spline field of unit normal numbers is that of one axis squared: the integral of
/// the squared cubic B-spline, 151/315. This is its root over both axes, inverted.
const TO_UNIT_RMS: f64 = 315.0 / 151.0;

/// A random field with mean 0 and rms 1.
#[derive(Debug)]
pub(crate) struct Lattice {
    values: Vec<f64>,
    columns: usize,
    rows: usize,
    /// Nodes per unit of length along u and v.
    density: [f64; 2],
    /// Place of u = v = 0 in nodes.
    origin: [f64; 2],
}

impl Lattice {
    /// A field over [-half, half] in both directions, with these steps between nodes (same unit).
    pub(crate) fn new(stream: &mut Stream, half: f64, steps: [f64; 2]) -> Self {
        let nodes = steps.map(|step| (2.0 * half / step).ceil() as usize + 4);
        // The grid lies at a random place, so that fields of equal steps share no seams.
        let origin = steps.map(|step| half / step + 1.0 + stream.share());
        let values = (0..nodes[0] * nodes[1]).map(|_| stream.normal() * TO_UNIT_RMS).collect();
        let density = steps.map(f64::recip);
        Self { values, columns: nodes[0], rows: nodes[1], density, origin }
    }

    /// The same without waves across (along v) that are longer than about twice `window`: tool marks
    /// are cut by an edge that does not wander.
    pub(crate) fn levelled_across(mut self, window: f64) -> Self {
        let reach = (window * self.density[1] / 2.0).round().max(1.0) as usize;
        let scale = 1.0 / (1.0 - 1.0 / (2 * reach + 1) as f64).sqrt();
        for column in 0..self.columns {
            let line: Vec<f64> =
                (0..self.rows).map(|row| self.values[row * self.columns + column]).collect();
            for row in 0..self.rows {
                let near = &line[row.saturating_sub(reach)..(row + reach + 1).min(self.rows)];
                let mean = near.iter().sum::<f64>() / near.len() as f64;
                self.values[row * self.columns + column] = (line[row] - mean) * scale;
            }
        }
        self
    }

    /// The field at a point; beyond its extent, at the nearest cell's continuation.
    pub(crate) fn at(&self, u: f64, v: f64) -> f64 {
        let (column, x) = cell(u * self.density[0] + self.origin[0], self.columns);
        let (row, y) = cell(v * self.density[1] + self.origin[1], self.rows);
        let (x, y) = (weights(x), weights(y));
        let mut sum = 0.0;
        for (line, weight) in y.iter().enumerate() {
            let start = (row + line) * self.columns + column;
            sum += weight * joined(&self.values[start..start + 4], &x);
        }
        sum
    }

    /// The field along one line of constant v: cheaper than point by point.
    pub(crate) fn line(&self, v: f64) -> Line {
        let (row, y) = cell(v * self.density[1] + self.origin[1], self.rows);
        let mut values = vec![0.0; self.columns];
        for (line, weight) in weights(y).iter().enumerate() {
            let start = (row + line) * self.columns;
            for (sum, value) in values.iter_mut().zip(&self.values[start..start + self.columns]) {
                *sum += weight * value;
            }
        }
        Line { values, density: self.density[0], origin: self.origin[0] }
    }
}

/// A [`Lattice`] along one line of constant v.
#[derive(Debug)]
pub(crate) struct Line {
    values: Vec<f64>,
    density: f64,
    origin: f64,
}

impl Line {
    /// The field at a point of the line.
    pub(crate) fn at(&self, u: f64) -> f64 {
        let (column, x) = cell(u * self.density + self.origin, self.values.len());
        joined(&self.values[column..column + 4], &weights(x))
    }
}

/// Four neighbouring nodes under their weights.
fn joined(nodes: &[f64], weights: &[f64; 4]) -> f64 {
    nodes[0] * weights[0] + nodes[1] * weights[1] + nodes[2] * weights[2] + nodes[3] * weights[3]
}

/// First of the four nodes about a place, and how far beyond the second it lies, 0 to 1.
fn cell(place: f64, nodes: usize) -> (usize, f64) {
    let place = place.clamp(1.0, nodes as f64 - 2.0 - 1e-9);
    // Positive, so truncation is the floor.
    let first = place as usize - 1;
    (first, place - (first + 1) as f64)
}

/// Uniform cubic B-spline weights.
fn weights(t: f64) -> [f64; 4] {
    const SIXTH: f64 = 1.0 / 6.0;
    let s = 1.0 - t;
    let (t2, s2) = (t * t, s * s);
    let (first, last) = (s2 * s * SIXTH, t2 * t * SIXTH);
    [first, 2.0 / 3.0 - t2 + 3.0 * last, 2.0 / 3.0 - s2 + 3.0 * first, last]
}

#[cfg(test)]
mod tests {
    use super::super::stream::Part;
    use super::*;

    #[test]
    fn a_lattice_has_unit_rms_and_its_grain() {
        let mut stream = Stream::new(5, Part::Slide, [0, 0]);
        let lattice = Lattice::new(&mut stream, 1000.0, [100.0, 10.0]);
        let (mut squares, mut along, mut across, mut count) = (0.0, 0.0, 0.0, 0.0);
        for row in -99..99 {
            for column in -99..99 {
                let (u, v) = (f64::from(column) * 10.0, f64::from(row) * 10.0);
                let here = lattice.at(u, v);
                squares += here * here;
                along += here * lattice.at(u + 10.0, v);
                across += here * lattice.at(u, v + 10.0);
                count += 1.0;
            }
        }
        let rms = (squares / count).sqrt();
        assert!((rms - 1.0).abs() < 0.1, "rms {rms}");
        assert!(along > 0.95 * squares, "along {}", along / squares);
        assert!(across < 0.75 * squares, "across {}", across / squares);
    }

    #[test]
    fn a_line_is_the_lattice_along_it() {
        let mut stream = Stream::new(6, Part::Slide, [0, 0]);
        let lattice = Lattice::new(&mut stream, 50.0, [7.0, 9.0]);
        for v in [-49.0, -3.5, 0.0, 21.0, 49.9] {
            let line = lattice.line(v);
            for u in [-49.5, -7.0, 0.0, 1.0, 33.3] {
                let (point, along) = (lattice.at(u, v), line.at(u));
                assert!((point - along).abs() < 1e-12, "at {u}, {v}: {point} {along}");
            }
        }
    }
}
