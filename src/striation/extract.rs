//! What is the one profile of a striated surface?
//!
//! 1. The form of second degree is removed.
//! 2. The direction of the striae is found on the waves of the pass band (ISO 16610-61).
//! 3. Across them, the heights that step 1 left at one place are averaged along the striae: the mean of the
//!    middle half of them, so that pits, spikes and crossing scratches do not count. All waves stay.
//!
//! For marks that were cut out of a scan (a mask says where): what is not of the mark must be masked. For
//! striae that are straight; curved ones give a low coherence.

use super::direction::{self, Across, Sample};
use super::{StriationError, form};
use crate::filter::{Samples, smooth};
use crate::parameters::Striation;
use crate::surface::{Profile, Surface};
use crate::units::{Angle, Length};
use ndarray::Array2;

/// The profile across the striae of a surface.
#[derive(Clone, Debug, PartialEq)]
pub struct StriatedMark {
    /// Heights across the striae, from left to right (or from the top, of level striae), the surface's
    /// middle in its middle. Which way the tool went is not known: a mark may be
    /// [reversed](Profile::reversed) against another.
    pub profile: Profile,
    /// Direction of the striae, in (0, 180] degrees.
    pub direction: Angle,
    /// Share of the variance in the pass band that the profile explains: 1 for perfect striae, below 0.1
    /// for none.
    pub coherence: f64,
}

/// Fewest samples that a direction is looked for among.
const LEAST_SAMPLES: usize = 1000;
/// Heights beyond this many standard deviations do not lead the direction.
const CLIP: f64 = 3.0;
/// Least share of the samples of a full place for a place to be kept.
const LEAST_FILL: f64 = 0.2;

/// Finds the striae and averages along them. Cost: seconds for a million samples, most of it
/// filters and directions.
///
/// # Errors
/// A parameter out of bounds, a surface of too few measured samples, one without any texture, or none of whose places
/// has samples enough.
pub fn extract(surface: &Surface, parameters: &Striation) -> Result<StriatedMark, StriationError> {
    parameters.check()?;
    let (found, samples) = (surface.valid_count(), surface.mask().len());
    if found < LEAST_SAMPLES {
        return Err(StriationError::TooFewValid { found, samples, wanted: LEAST_SAMPLES });
    }
    // 1.
    let heights = without_form(surface);
    let spacing = surface.spacing();
    let grid = (
        Samples { count: surface.rows(), spacing: spacing.y },
        Samples { count: surface.columns(), spacing: spacing.x },
    );
    let weights = surface.mask().mapv(|valid| if valid { 1.0_f32 } else { 0.0 });
    // 2.
    let single = heights.mapv(|height| height as f32);
    let low = smooth(single.view(), weights.view(), grid, grid, parameters.longest_wave);
    let pass = (&single - &low.heights) * &weights;
    let middle = smooth(pass.view(), weights.view(), grid, grid, parameters.shortest_wave);
    let square: f64 = middle
        .heights
        .iter()
        .zip(&weights)
        .map(|(height, weight)| f64::from(height * height * weight))
        .sum();
    let limit = CLIP * libm::sqrt(square / found as f64);
    let noise = 1e-6 * surface.heights().iter().map(|height| height.abs()).sum::<f64>();
    if limit <= noise / found as f64 {
        return Err(StriationError::Flat);
    }
    let measured = |field: &Array2<f64>| -> Vec<Sample> {
        field
            .indexed_iter()
            .filter(|(index, _)| surface.mask()[*index])
            .map(|((row, column), height)| Sample {
                x: spacing.x * (column as f64 - (surface.columns() - 1) as f64 / 2.0),
                y: spacing.y * (row as f64 - (surface.rows() - 1) as f64 / 2.0),
                height: *height,
            })
            .collect()
    };
    let mut clipped = measured(&middle.heights.mapv(f64::from));
    clipped.iter_mut().for_each(|sample| sample.height = sample.height.clamp(-limit, limit));
    let width = if spacing.x > spacing.y { spacing.x } else { spacing.y };
    let square = |sample: &Sample| {
        let (x, y) = (sample.x.metres(), sample.y.metres());
        x * x + y * y
    };
    let reach = Length::from_metres(libm::sqrt(clipped.iter().map(square).fold(0.0, f64::max)));
    let (direction, coherence) = direction::find(&clipped, reach, width, parameters.shortest_wave);
    // 3.
    let across = Across::new(direction, reach, width);
    let mut places: Vec<Vec<f64>> = vec![Vec::new(); across.bins() + 1];
    for sample in measured(&heights) {
        places[across.place(&sample).round().max(0.0) as usize].push(sample.height);
    }
    let mut filled: Vec<usize> = places.iter().map(Vec::len).filter(|length| *length > 0).collect();
    filled.sort_unstable();
    let full = filled[filled.len() / 2] as f64;
    let least = (LEAST_FILL * full).ceil().max(4.0) as usize;
    places.truncate(across.bins());
    let heights = places
        .into_iter()
        .map(|place| if place.len() < least { f64::NAN } else { middle_half(place) })
        .collect();
    let profile = Profile::from_finite(heights, width).map_err(|_| StriationError::Flat)?;
    if profile.valid_count() < 2 {
        let (found, samples) = (profile.valid_count(), profile.len());
        return Err(StriationError::TooFewValid { found, samples, wanted: 2 });
    }
    Ok(StriatedMark { profile, direction, coherence })
}

/// Heights less their form of second degree; 0 where not measured.
fn without_form(surface: &Surface) -> Array2<f64> {
    let (rows, columns) = (surface.rows(), surface.columns());
    let mask: Vec<bool> = surface.mask().iter().copied().collect();
    let mut heights: Vec<f64> = surface.heights().iter().copied().collect();
    let shape = |(x, y): (usize, usize)| -> Vec<f64> {
        let at = |index: usize| {
            let (row, column) = (index / columns, index % columns);
            form::power(column, columns, x) * form::power(row, rows, y)
        };
        (0..rows * columns).map(at).collect()
    };
    let powers = [(0, 0), (1, 0), (0, 1), (2, 0), (1, 1), (0, 2)];
    form::remove(&mut heights, &mask, powers.into_iter().map(shape));
    Array2::from_shape_fn((rows, columns), |(row, column)| heights[row * columns + column])
}

/// Mean of the middle half of some values.
fn middle_half(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let cut = values.len() / 4;
    let middle = &values[cut..values.len() - cut];
    middle.iter().sum::<f64>() / middle.len() as f64
}
