//! A masked field as a correlation sees it: views of heights and weights, and where each row begins.

use crate::surface::Texture;
use ndarray::Array2;
use std::ops::Range;

/// A texture with the span of measured samples of every row, found once, so that sums skip the empty
/// margins of a round mark.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    texture: Texture,
    spans: Vec<Range<usize>>,
    valid_count: usize,
}

impl Field {
    /// Finds the spans. Cost: one pass.
    #[must_use]
    pub fn new(texture: Texture) -> Self {
        let mut valid_count = 0;
        let spans = texture.weights.rows().into_iter().map(|row| {
            let valid = |weight: &f32| *weight > 0.0;
            valid_count += row.iter().copied().filter(valid).count();
            let first = row.iter().position(valid).unwrap_or(0);
            let end = row.iter().rposition(valid).map_or(0, |last| last + 1);
            first..end
        });
        let spans = spans.collect();
        Self { texture, spans, valid_count }
    }

    /// The texture.
    #[must_use]
    pub const fn texture(&self) -> &Texture {
        &self.texture
    }

    /// Heights, (rows, columns), 0 where missing.
    #[must_use]
    pub const fn heights(&self) -> &Array2<f32> {
        &self.texture.heights
    }

    /// Weights, (rows, columns), 1 or 0.
    #[must_use]
    pub const fn weights(&self) -> &Array2<f32> {
        &self.texture.weights
    }

    /// Shape: (rows, columns).
    #[must_use]
    pub fn dim(&self) -> (usize, usize) {
        self.texture.dim()
    }

    /// Number of measured samples.
    #[must_use]
    pub const fn valid_count(&self) -> usize {
        self.valid_count
    }

    /// Columns of a row from its first measured sample to its last.
    #[must_use]
    pub fn span(&self, row: usize) -> Range<usize> {
        self.spans[row].clone()
    }

    /// Greatest distance of a measured sample from the centre of the frame, in samples.
    #[must_use]
    pub fn reach(&self) -> f64 {
        let (rows, columns) = self.dim();
        let (centre_y, centre_x) = ((rows - 1) as f64 / 2.0, (columns - 1) as f64 / 2.0);
        let ends = self.spans.iter().enumerate().filter(|(_, span)| !span.is_empty());
        let distances = ends.flat_map(|(row, span)| {
            [span.start, span.end - 1].map(|column| {
                let (x, y) = (column as f64 - centre_x, row as f64 - centre_y);
                (x * x + y * y).sqrt()
            })
        });
        distances.fold(0.0, f64::max)
    }
}
