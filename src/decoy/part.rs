//! A base made ready to be cut: where its mark lies, which way it is wide, and heights that go on beyond its edge.

use super::rim;
use crate::surface::Texture;
use crate::units::Length;
use ndarray::Array2;

/// Missing samples all around, so that a cubic's sixteen neighbours are always there.
const MARGIN: usize = 4;
/// How far heights go on beyond the edge, in samples: as far as a cubic reaches.
const BEYOND: usize = 3;

/// Share of the variance that a mean along the edge has where nothing goes along with the edge.
const NO_RIM: f32 = 0.07;
/// Gain of the rim by its share beyond that. Measured on two studies: without a gain the decoys of one, whose slides have
/// much of a rim in common, are somewhat too easy; the other's need none.
const RIM_GAIN: f32 = 8.0;
/// However much of a rim there is.
const GREATEST_GAIN: f32 = 0.8;

/// A base's texture in a frame of its own: about the middle of the mark, wide side to the right, mirrored.
#[derive(Clone, Debug)]
pub(super) struct Part {
    heights: Array2<f32>,
    weights: Array2<f32>,
    /// What of the heights goes along with the edge.
    rim: Array2<f32>,
    /// Greatest gain of the rim.
    gain: f32,
    spacing: Length,
    /// Middle of the mark's extent in the arrays, (x, y).
    middle: (f64, f64),
    /// Unit vector (x, y) from there to where most of the mark lies.
    wide: (f64, f64),
    /// Measured samples.
    count: usize,
    /// Half the greater side of the mark's extent, in samples.
    reach: f64,
}

impl Part {
    /// `None` where nothing is measured.
    pub(super) fn new(texture: &Texture) -> Option<Self> {
        let (mut rows, mut columns) = ((usize::MAX, 0), (usize::MAX, 0));
        let (mut sums, mut count) = ((0.0, 0.0), 0);
        for ((row, column), weight) in texture.weights.indexed_iter() {
            if *weight > 0.0 {
                rows = (rows.0.min(row), rows.1.max(row));
                columns = (columns.0.min(column), columns.1.max(column));
                sums = (sums.0 + column as f64, sums.1 + row as f64);
                count += 1;
            }
        }
        if count == 0 {
            return None;
        }
        let half = |ends: (usize, usize)| (ends.0 + ends.1) as f64 / 2.0;
        let middle = (half(columns), half(rows));
        let (x, y) = (sums.0 / count as f64 - middle.0, sums.1 / count as f64 - middle.1);
        let length = (x * x + y * y).sqrt();
        // A mark that is wide nowhere may lie any way.
        let wide = if length > 1e-9 { (x / length, y / length) } else { (1.0, 0.0) };
        let side = (rows.1 - rows.0).max(columns.1 - columns.0);
        let (heights, weights) = framed(texture);
        let rim = rim::along_edges(&heights, &weights);
        let gain = greatest_gain(&rim, &heights);
        let rim = continued(rim, &weights);
        let heights = continued(heights, &weights);
        let margin = MARGIN as f64;
        Some(Self {
            heights,
            weights,
            rim,
            gain,
            spacing: texture.spacing,
            middle: (middle.0 + margin, middle.1 + margin),
            wide,
            count,
            reach: (side + 1) as f64 / 2.0,
        })
    }

    pub(super) const fn spacing(&self) -> Length {
        self.spacing
    }

    pub(super) const fn count(&self) -> usize {
        self.count
    }

    pub(super) const fn reach(&self) -> f64 {
        self.reach
    }

    /// The height at a point of the part's own frame, in samples from its middle, where it is measured. To it is added
    /// as much of the rim as this share of the greatest gain.
    pub(super) fn at(&self, u: f64, v: f64, rim: f32) -> Option<f32> {
        let (x, y) = (
            self.middle.0 + u * self.wide.0 + v * self.wide.1,
            self.middle.1 + u * self.wide.1 - v * self.wide.0,
        );
        let (rows, columns) = self.heights.dim();
        let inside = |at: f64, count: usize| at >= 1.0 && at < (count - 2) as f64;
        if !inside(x, columns) || !inside(y, rows) {
            return None;
        }
        // Positive, so truncation is the floor.
        let (column, row) = (x as usize, y as usize);
        let (right, lower) = ((x - column as f64) as f32, (y - row as f64) as f32);
        let blend = |field: &[f32]| {
            let pair = |row: usize| {
                let two = &field[row * columns + column..][..2];
                two[0] + right * (two[1] - two[0])
            };
            let (upper, below) = (pair(row), pair(row + 1));
            upper + lower * (below - upper)
        };
        if blend(self.weights.as_slice()?) < 0.5 {
            return None;
        }
        let heights = self.heights.as_slice()?;
        let (along, down) = (cubic(right), cubic(lower));
        let lines = down.iter().enumerate().map(|(line, weight)| {
            let four = &heights[(row + line - 1) * columns + column - 1..][..4];
            weight
                * (four[0] * along[0]
                    + four[1] * along[1]
                    + four[2] * along[2]
                    + four[3] * along[3])
        });
        Some(lines.sum::<f32>() + rim * self.gain * blend(self.rim.as_slice()?))
    }
}

/// Nothing for a texture whose rim has no more of the variance than any texture's mean along a line.
fn greatest_gain(rim: &Array2<f32>, heights: &Array2<f32>) -> f32 {
    let squares = |field: &Array2<f32>| field.iter().map(|height| height * height).sum::<f32>();
    let share = squares(rim) / squares(heights).max(f32::MIN_POSITIVE);
    (RIM_GAIN * (share - NO_RIM)).clamp(0.0, GREATEST_GAIN)
}

/// Weights of four neighbours, the point between the middle two (Catmull and Rom 1974).
fn cubic(t: f32) -> [f32; 4] {
    let (t2, t3) = (t * t, t * t * t);
    [
        0.5 * (2.0 * t2 - t - t3),
        0.5 * (3.0 * t3 - 5.0 * t2) + 1.0,
        0.5 * (t + 4.0 * t2 - 3.0 * t3),
        0.5 * (t3 - t2),
    ]
}

/// Heights and weights within the margin.
fn framed(texture: &Texture) -> (Array2<f32>, Array2<f32>) {
    let (rows, columns) = texture.dim();
    let dim = (rows + 2 * MARGIN, columns + 2 * MARGIN);
    let (mut heights, mut weights) = (Array2::zeros(dim), Array2::<f32>::zeros(dim));
    for ((row, column), weight) in texture.weights.indexed_iter() {
        if *weight > 0.0 {
            heights[[row + MARGIN, column + MARGIN]] = texture.heights[[row, column]];
            weights[[row + MARGIN, column + MARGIN]] = 1.0;
        }
    }
    (heights, weights)
}

/// The field, which beyond the edge is the mean of its neighbours nearer to it.
fn continued(mut field: Array2<f32>, weights: &Array2<f32>) -> Array2<f32> {
    let dim = field.dim();
    let mut known = weights.mapv(|weight| weight > 0.0);
    for _ in 0..BEYOND {
        let (before, there) = (field.clone(), known.clone());
        for row in 1..dim.0 - 1 {
            for column in 1..dim.1 - 1 {
                if there[[row, column]] {
                    continue;
                }
                let near = (row - 1..=row + 1)
                    .flat_map(|r| (column - 1..=column + 1).map(move |c| [r, c]));
                let (mut sum, mut count) = (0.0_f32, 0.0_f32);
                for at in near.filter(|at| there[*at]) {
                    sum += before[at];
                    count += 1.0;
                }
                if count > 0.0 {
                    field[[row, column]] = sum / count;
                    known[[row, column]] = true;
                }
            }
        }
    }
    field
}
