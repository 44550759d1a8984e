//! The Gaussian regression filter of a surface (ISO 16610-71).
//!
//! The normal equations at every place are moments of the weights, and of the weighted heights, about it.
//! The Gaussian and the powers of a distance along x and y are products of a part along x and one along
//! y, so every moment is two passes along the axes and no window is ever summed as a whole: a filter of second
//! degree is some 30 passes a fit.

use super::solve::first_unknown;
use super::{Order, Weighting, reweighted};
use crate::filter::profile::Kernel;
use crate::surface::Surface;
use crate::units::Length;
use ndarray::{Array2, ArrayView2, Axis};

/// What a surface is without short waves.
#[derive(Clone, Debug, PartialEq)]
pub struct RegressedSurface {
    /// The fit in metres, at missing samples too; 0 where no measured sample is in reach.
    pub heights: Array2<f64>,
    /// Share of the Gaussian's weight, of that within the frame, on samples that count.
    pub support: Array2<f64>,
    /// How much each sample counted, 0 to 1.
    pub weights: Array2<f64>,
}

/// Powers (along x, along y) of the unknowns: the lower degrees first, so that they remain where others
/// cannot be told.
const POWERS: [(usize, usize); 6] = [(0, 0), (1, 0), (0, 1), (2, 0), (1, 1), (0, 2)];

/// Along one axis: for each power, weights at the distances -reach..=reach.
struct Passes {
    reach: usize,
    taps: Vec<Vec<f64>>,
}

impl Passes {
    fn new(cutoff: Length, spacing: Length, order: Order, count: usize) -> Self {
        let kernel = Kernel::new(cutoff, spacing, order.alpha());
        let reach = (kernel.reach().floor() as usize).min(count);
        let powers = match order {
            Order::Constant => 0,
            Order::Quadratic => 4,
        };
        let taps = (0..=powers).map(|power| {
            let tap = |index: usize| {
                let distance = index as f64 - reach as f64;
                let step = distance / kernel.width();
                (0..power).fold(kernel.weight(distance), |tap, _| tap * step)
            };
            (0..=2 * reach).map(tap).collect()
        });
        Self { reach, taps: taps.collect() }
    }

    /// One pass over the rows: row r of the result is the sum of rows about r.
    fn over_rows(&self, field: ArrayView2<'_, f64>, power: usize) -> Array2<f64> {
        let rows = field.nrows();
        let mut result = Array2::zeros(field.dim());
        for (row, mut sum) in result.axis_iter_mut(Axis(0)).enumerate() {
            let (first, last) = (row.saturating_sub(self.reach), (row + self.reach).min(rows - 1));
            for other in first..=last {
                let tap = self.taps[power][other + self.reach - row];
                sum.scaled_add(tap, &field.row(other));
            }
        }
        result
    }
}

/// Every moment that is asked for: powers (x, y) of a field.
fn moments(
    field: &Array2<f64>,
    along: &(Passes, Passes),
    degree: usize,
) -> Vec<((usize, usize), Array2<f64>)> {
    let turned = field.t().as_standard_layout().into_owned();
    let mut moments = Vec::new();
    for x in 0..=degree {
        let once = along.0.over_rows(turned.view(), x);
        let once = once.t().as_standard_layout().into_owned();
        for y in 0..=degree - x {
            moments.push(((x, y), along.1.over_rows(once.view(), y)));
        }
    }
    moments
}

/// Filters a surface; waves longer than the cutoff pass.
///
/// Cost: samples times samples in three cutoffs along an axis, times 2 (constant) or 30 (quadratic), as often as the
/// robust fit takes.
#[must_use]
pub fn regress_surface(
    surface: &Surface,
    cutoff: Length,
    order: Order,
    weighting: Weighting,
) -> RegressedSurface {
    let dim = (surface.rows(), surface.columns());
    let along = (
        Passes::new(cutoff, surface.spacing().x, order, dim.1),
        Passes::new(cutoff, surface.spacing().y, order, dim.0),
    );
    let field = |values: &[f64]| Array2::from_shape_fn(dim, |(y, x)| values[y * dim.1 + x]);
    let heights: Vec<f64> = surface.heights().iter().copied().collect();
    let measured: Vec<f64> =
        surface.mask().iter().map(|&valid| if valid { 1.0 } else { 0.0 }).collect();
    let whole = &moments(&Array2::ones(dim), &along, 0)[0].1;
    let (degree, sizes): (usize, &[usize]) = match order {
        Order::Constant => (0, &[1]),
        Order::Quadratic => (2, &[6, 3, 1]),
    };
    let fit = |weights: &[f64]| -> (Vec<f64>, Vec<f64>) {
        let weights = field(weights);
        let of_weights = moments(&weights, &along, 2 * degree);
        let of_heights = moments(&(&weights * &field(&heights)), &along, degree);
        let find = |all: &[((usize, usize), Array2<f64>)], powers: (usize, usize)| {
            all.iter().position(|(of, _)| *of == powers).unwrap_or(0)
        };
        let places: [[usize; 6]; 6] = std::array::from_fn(|row| {
            std::array::from_fn(|column| {
                let (a, b) = (POWERS[row], POWERS[column]);
                find(&of_weights, (a.0 + b.0, a.1 + b.1))
            })
        });
        let rights: [usize; 6] = std::array::from_fn(|row| find(&of_heights, POWERS[row]));
        let at = |(y, x): (usize, usize)| {
            let matrix = places.map(|row| row.map(|moment| of_weights[moment].1[[y, x]]));
            let right = rights.map(|moment| of_heights[moment].1[[y, x]]);
            let weight = matrix[0][0];
            let fit = if weight > 0.0 { first_unknown(&matrix, &right, sizes) } else { None };
            fit.map_or((0.0, 0.0), |fit| (fit, weight / whole[[y, x]]))
        };
        ndarray::indices(dim).into_iter().map(at).unzip()
    };
    let (heights, support, weights) = reweighted(&heights, &measured, weighting, fit);
    RegressedSurface {
        heights: field(&heights),
        support: field(&support),
        weights: field(&weights),
    }
}
