//! What lies within the breech face: flowback, and the firing pin's impression?
//!
//! The largest patch inside the primer's flat that is not near its form: metal that flowed back stands
//! above, the pin's impression lies below, and the walls of both may not have been measured. An aperture has
//! no dents, so what is missing of one is filled.

use super::centre::Ring;
use super::hull::hull;
use super::moat::rest;
use super::patches::{Patch, close, fill_holes, grow, open, patches};
use super::relief::{Reading, Relief};
use super::rim::steadiness;
use ndarray::{Array2, Axis, Zip};

/// What is this far below the form, in micrometres, was pressed in by the pin.
const PIN_DEPTH: f32 = 30.0;
/// Gaps narrower than twice this belong to what is around them, in micrometres.
const CLOSING: f64 = 40.0;
/// Strands of disturbed metal narrower than twice this are texture and not aperture, in micrometres.
const OPENING: f64 = 30.0;
/// Raised ground this near to flowback is the foot of its wall, in micrometres.
const FOOT: f64 = 100.0;
/// Where low flowback is looked for: smoothed heights as shares of what is raised.
const LOW: [f64; 4] = [1.0, 0.7, 0.5, 0.35];
/// The step along the rim of a lower shape has to be so much steadier: it may reach into bulges.
const STEADIER: f64 = 0.06;
/// Spurs narrower than twice this do not stretch the aperture, in micrometres.
const HULL_OPENING: f64 = 100.0;
/// A pit's walls rise by at least this much away from its middle.
const WALL_SLOPE: f64 = 0.2;

/// The middle of a primer, cell by cell.
#[derive(Clone, Debug)]
pub(super) struct Inside {
    /// True where the flat is disturbed, and a margin around that: flowback and pin.
    pub(super) aperture: Array2<bool>,
    /// True where the flat is disturbed.
    pub(super) flowback: Array2<bool>,
    /// True where the pin was.
    pub(super) pin: Array2<bool>,
    /// How steadily the ground steps along the rim of what is disturbed, 0 to 1.
    pub(super) steadiness: f64,
}

/// How far from the form ground has to lie, in micrometres.
#[derive(Clone, Copy, Debug)]
pub(super) struct Disturbance {
    /// To be disturbed, whichever way.
    pub(super) plain: f64,
    /// To be sheared flowback where it stands above the form and hangs together with such.
    pub(super) raised: f64,
}

/// Looks within `enclosed`, the cells inside the flat's end.
///
/// 1. Disturbed ground, gaps closed and strands taken away, and of that the largest patch;
/// 2. with the raised ground that hangs together with it and is near or `sheared`, and all that this shape without
///    dents holds: flowback may have been planed down to the flat's height;
/// 3. or, where the ground does not step all along the rim of that, as much lower ground as it takes: flowback may hardly
///    have risen;
/// 4. and about it what is not at rest, at most a `margin` in micrometres;
/// 5. the pin where the patch is deep, and its walls as far as they rise.
pub(super) fn look_inside(
    departures: &Relief,
    enclosed: &Array2<bool>,
    ring: Ring,
    disturbance: Disturbance,
    margin: f64,
    sheared: &dyn Fn(&Array2<bool>) -> Array2<bool>,
) -> Inside {
    let dim = departures.dim();
    let cells = |length: f64| length / departures.spacing;
    let empty = || Array2::from_elem(dim, false);
    // 1.
    let clean = |wanted: &dyn Fn(f64) -> bool| {
        let mut disturbed = empty();
        Zip::from(&mut disturbed)
            .and(&departures.heights)
            .and(&departures.mask)
            .and(enclosed)
            .for_each(|disturbed, &height, &valid, &enclosed| {
                *disturbed = enclosed && (!valid || wanted(f64::from(height)));
            });
        within(&open(&close(&disturbed, cells(CLOSING)), cells(OPENING)), enclosed)
    };
    let disturbed = clean(&|height| height.abs() >= disturbance.plain);
    let none = || Inside { aperture: empty(), flowback: empty(), pin: empty(), steadiness: 0.0 };
    let Some(patch) = largest(patches(&disturbed)) else { return none() };
    // A dent at the edge is no aperture.
    let Some((x, y)) = departures.middle(patch.cells.iter().copied()) else { return none() };
    if ((x - ring.x).powi(2) + (y - ring.y).powi(2)).sqrt() > 0.6 * ring.radius {
        return none();
    }
    // 2.
    let core = patch.mask(dim);
    let seed = patch.cells[0];
    let joined = |raised: &Array2<bool>| {
        patches(&either(raised, &core))
            .into_iter()
            .find(|patch| patch.cells.contains(&seed))
            .map_or_else(|| core.clone(), |patch| patch.mask(dim))
    };
    let raised = clean(&|height| height >= disturbance.raised || height <= -disturbance.plain);
    let mut upper = joined(&raised);
    Zip::from(&mut upper).and(&departures.heights).for_each(|upper, &height| {
        *upper &= f64::from(height) >= disturbance.raised;
    });
    let foot = within(&upper, &grow(&core, cells(FOOT)));
    let undented = |mask: &Array2<bool>| {
        let whole = either(mask, &hull(&open(&fill_holes(mask), cells(HULL_OPENING))));
        within(&fill_holes(&whole), enclosed)
    };
    let high = undented(&either(&either(&core, &foot), &sheared(&upper)));
    // 3.
    let judged =
        |shape: Array2<bool>| (steadiness(departures, &shape, enclosed, disturbance.raised), shape);
    let mut shapes = vec![judged(high)];
    let mut level = None;
    for share in LOW {
        if shapes.last().is_some_and(|shape| shape.0 + STEADIER >= 1.0) {
            break;
        }
        let level = level.get_or_insert_with(|| levelled(departures, disturbance.plain));
        let mut raised = empty();
        Zip::indexed(&mut raised).and(&*level).and(enclosed).for_each(
            |cell, raised, &level, &enclosed| {
                let lies = f64::from(departures.heights[cell]) <= -disturbance.plain;
                let disturbed = f64::from(level) >= share * disturbance.raised || lies;
                *raised = enclosed && (!departures.mask[cell] || disturbed);
            },
        );
        let raised = within(&open(&close(&raised, cells(CLOSING)), cells(OPENING)), enclosed);
        shapes.push(judged(undented(&joined(&raised))));
    }
    let steadiest = shapes.iter().map(|shape| shape.0).fold(0.0, f64::max);
    let taken = shapes.into_iter().find(|shape| shape.0 + STEADIER >= steadiest);
    let Some((steadiness, flowback)) = taken else { return none() };
    // 4.
    let margin = rest(departures, &flowback, enclosed, margin);
    let aperture = within(&grow(&flowback, cells(margin)), enclosed);
    // 5.
    let mut deep = empty();
    Zip::from(&mut deep).and(&departures.heights).and(&departures.mask).and(&aperture).for_each(
        |deep, &height, &valid, &aperture| *deep = aperture && (!valid || height < -PIN_DEPTH),
    );
    let pin = largest(patches(&open(&deep, cells(OPENING))))
        .map_or_else(empty, |patch| climb(departures, &patch, &flowback, cells(OPENING)));
    Inside { pin: within(&pin, &aperture), aperture, flowback, steadiness }
}

/// Means over five cells along each axis of heights that go no farther than `limit`: texture and striations
/// mostly gone, and walls no wider than they have to be.
fn levelled(departures: &Relief, limit: f64) -> Array2<f32> {
    const REACH: usize = 2;
    let limit = limit as f32;
    let mut sums = departures.heights.mapv(|height| height.clamp(-limit, limit));
    let mut counts = departures.mask.mapv(|valid| if valid { 1.0_f32 } else { 0.0 });
    for field in [&mut sums, &mut counts] {
        for axis in 0..2 {
            for mut lane in field.lanes_mut(Axis(axis)) {
                let values = lane.to_vec();
                for (index, sum) in lane.iter_mut().enumerate() {
                    let near = index.saturating_sub(REACH)..(index + REACH + 1).min(values.len());
                    *sum = values[near].iter().sum();
                }
            }
        }
    }
    Zip::from(&mut sums).and(&counts).for_each(|sum, &count| *sum /= count.max(1.0));
    sums
}

/// The pit with its walls: from its deep ground on, as long as it rises steeply away from the middle.
fn climb(departures: &Relief, deep: &Patch, limit: &Array2<bool>, opening: f64) -> Array2<bool> {
    let dim = departures.dim();
    let (x, y) = departures.middle(deep.cells.iter().copied()).unwrap_or_default();
    let core = fill_holes(&deep.mask(dim));
    let pit = Array2::from_shape_fn(dim, |(row, column)| {
        if core[[row, column]] {
            return true;
        }
        if !limit[[row, column]] {
            return false;
        }
        let (cell_x, cell_y) = departures.place(row, column);
        let (right, down) = (cell_x - x, cell_y - y);
        let length = (right * right + down * down).sqrt().max(1.0);
        let step = departures.spacing;
        let outer = departures.read(cell_x + step * right / length, cell_y + step * down / length);
        match (departures.read(cell_x, cell_y), outer) {
            (Reading::Height(here), Reading::Height(outer)) => (outer - here) / step > WALL_SLOPE,
            // A wall that was not measured.
            (Reading::Missing, _) | (_, Reading::Missing) => true,
            (Reading::Outside, _) | (_, Reading::Outside) => false,
        }
    });
    let seed = deep.cells[0];
    let joined = patches(&pit)
        .into_iter()
        .find(|patch| patch.cells.contains(&seed))
        .map_or_else(|| core.clone(), |patch| patch.mask(dim));
    either(&core, &open(&fill_holes(&joined), opening))
}

/// What is true in either.
fn either(one: &Array2<bool>, other: &Array2<bool>) -> Array2<bool> {
    let mut either = one.clone();
    Zip::from(&mut either).and(other).for_each(|inside, &other| *inside |= other);
    either
}

/// The patch with most cells, the first of equals.
pub(super) fn largest(found: Vec<Patch>) -> Option<Patch> {
    found.into_iter().rev().max_by_key(|patch| patch.cells.len())
}

/// What is true in both.
pub(super) fn within(mask: &Array2<bool>, limit: &Array2<bool>) -> Array2<bool> {
    let mut both = mask.clone();
    Zip::from(&mut both).and(limit).for_each(|inside, &limit| *inside &= limit);
    both
}
