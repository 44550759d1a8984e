//! Are lag, scale and agreement found on profiles that are known?

use super::*;
use crate::parameters::Striation;
use crate::surface::{Kind, Spacing, Surface};
use std::f64::consts::TAU;
use std::ops::Range;

const SPACING: Length = Length::from_micrometres(0.7);

/// The steps of a linear congruential generator (Knuth, MMIX); the seed is a constant.
struct Steps(u64);

impl Steps {
    /// Mean 0, standard deviation 1.
    fn normal(&mut self) -> f64 {
        let mut sum = 0.0;
        for _ in 0..12 {
            self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            sum += (self.0 >> 11) as f64 / (1_u64 << 53) as f64;
        }
        sum - 6.0
    }
}

/// The edge of a tool: waves of 15 to 300 um of chance amplitude and phase.
struct Edge(Vec<[f64; 3]>);

impl Edge {
    fn new(seed: u64) -> Self {
        let mut steps = Steps(seed);
        Self(
            (0..150)
                .map(|index| {
                    let wave = 15.0 * 20.0_f64.powf(f64::from(index) / 150.0);
                    [wave, steps.normal() * wave * 1e-9, steps.normal() * 3.0]
                })
                .collect(),
        )
    }

    /// Height in metres at a place in micrometres.
    fn height(&self, place: f64) -> f64 {
        let waves = self.0.iter();
        waves.map(|[wave, height, phase]| height * (place / wave * TAU + phase).sin()).sum()
    }

    /// What is drawn of it from `start`, `factor` times as long, with noise.
    fn mark(&self, start: f64, factor: f64, count: usize, noise: f64, seed: u64) -> Profile {
        let mut steps = Steps(seed);
        let heights: Vec<f64> = (0..count)
            .map(|index| {
                let place = start + 0.7 * index as f64 / factor;
                // Tilt and bow are of the mark, not of the tool.
                let form = 1e-9 * place + 3e-12 * place * place;
                self.height(place) + form + noise * steps.normal()
            })
            .collect();
        Profile::from_finite(heights, SPACING).unwrap()
    }
}

fn found(questioned: &Profile, reference: &Profile) -> ProfileComparison {
    compare(questioned, reference, &Striation::default()).unwrap()
}

#[test]
fn a_profile_is_itself() {
    let mark = Edge::new(1).mark(0.0, 1.0, 1800, 1e-9, 1);
    let same = found(&mark, &mark);
    assert!(same.lag.micrometres().abs() < 0.1, "{}", same.lag);
    assert!((same.scale - 1.0).abs() < 1e-9, "{}", same.scale);
    assert!((same.ncc - 1.0).abs() < 1e-9, "{}", same.ncc);
    assert!(same.bands.iter().all(|band| (band.ncc - 1.0).abs() < 1e-9), "{:?}", same.bands);
    assert_eq!(same.bands.len(), Striation::default().bands);
    assert_eq!((same.congruent_count(), same.segments.len()), (8, 8));
}

#[test]
fn a_known_lag_and_scale_are_found_where_the_marks_overlap_by_half() {
    let edge = Edge::new(2);
    for (start, factor) in [(0.0, 1.0), (300.0, 1.0), (-500.0, 1.02), (200.0, 0.98), (600.0, 1.03)]
    {
        let questioned = edge.mark(0.0, 1.0, 1780, 2e-9, 3);
        let reference = edge.mark(start, factor, 1780, 2e-9, 4);
        let comparison = found(&questioned, &reference);
        assert!((comparison.scale / factor - 1.0).abs() < 0.006, "{factor}: {}", comparison.scale);
        // The questioned middle is at 622.65 um of the edge, so much beyond the reference's first.
        let middle = 0.7 * 1779.0 / 2.0;
        let expected = (middle - start) * factor - middle;
        let lag = comparison.lag.micrometres();
        assert!((lag - expected).abs() < 3.0, "{start}, {factor}: {lag}, wanted {expected}");
        assert!(comparison.ncc > 0.9, "{}", comparison.ncc);
        assert!(comparison.congruent_count() + 1 >= comparison.segments.len(), "{comparison:?}");
    }
}

#[test]
fn exchanged_profiles_give_the_same_score_the_opposite_lag_and_the_inverse_scale() {
    let edge = Edge::new(5);
    let questioned = edge.mark(0.0, 1.0, 1700, 2e-8, 6);
    let reference = edge.mark(250.0, 1.02, 1500, 2e-8, 7);
    let (there, back) = (found(&questioned, &reference), found(&reference, &questioned));
    assert!((there.score / back.score - 1.0).abs() < 1e-9, "{} {}", there.score, back.score);
    assert!((there.scale * back.scale - 1.0).abs() < 1e-12, "{} {}", there.scale, back.scale);
    let round = back.lag * there.scale + there.lag;
    assert!(round.micrometres().abs() < 0.01, "{} {}", there.lag, back.lag);
}

#[test]
fn marks_of_one_tool_score_above_those_of_others_whatever_their_height() {
    let edges: Vec<Edge> = (10..14).map(Edge::new).collect();
    let marks: Vec<[Profile; 2]> = edges
        .iter()
        .map(|edge| [edge.mark(0.0, 1.0, 1780, 3e-8, 8), edge.mark(350.0, 1.01, 1780, 3e-8, 9)])
        .collect();
    let mut least_same = f64::INFINITY;
    let mut most_different = 0.0_f64;
    for (index, [questioned, _]) in marks.iter().enumerate() {
        for (other, [_, reference]) in marks.iter().enumerate() {
            let score = found(questioned, reference).score;
            if index == other {
                least_same = least_same.min(score);
            } else {
                most_different = most_different.max(score);
            }
        }
    }
    assert!(least_same > 1.5 * most_different, "{least_same} against {most_different}");
    // Heights and their sign of reading do not matter beyond a factor.
    let [questioned, reference] = &marks[0];
    let heights = reference.heights().iter().map(|height| 7.0 * height).collect();
    let louder = Profile::from_finite(heights, SPACING).unwrap();
    let (as_is, louder) = (found(questioned, reference).score, found(questioned, &louder).score);
    assert!((as_is / louder - 1.0).abs() < 1e-9, "{as_is} {louder}");
}

#[test]
fn what_is_missing_takes_no_part() {
    let edge = Edge::new(20);
    let questioned = edge.mark(0.0, 1.0, 1780, 2e-9, 21);
    let reference = edge.mark(100.0, 1.0, 1780, 2e-9, 22);
    let holed = |profile: &Profile, holes: &[Range<usize>]| {
        let mut heights = profile.heights().to_vec();
        for hole in holes {
            heights[hole.clone()].fill(f64::NAN);
        }
        Profile::from_finite(heights, SPACING).unwrap()
    };
    let whole = found(&questioned, &reference);
    let holes = [300..420, 900..1000, 1600..1780];
    let part = found(&holed(&questioned, &holes), &holed(&reference, &[0..100, 700..800]));
    assert!((part.lag - whole.lag).micrometres().abs() < 1.0, "{} {}", part.lag, whole.lag);
    assert!(part.overlap < whole.overlap, "{} {}", part.overlap, whole.overlap);
    assert!(part.ncc > 0.9, "{}", part.ncc);
    assert!(part.score < whole.score, "{} {}", part.score, whole.score);
}

#[test]
fn what_cannot_be_compared_is_refused() {
    let parameters = Striation::default();
    let edge = Edge::new(30);
    let mark = edge.mark(0.0, 1.0, 1780, 0.0, 31);
    let refused = |profile: &Profile, words: &str| {
        let error = compare(profile, &mark, &parameters).unwrap_err().to_string();
        assert!(error.contains(words), "\"{error}\", wanted \"{words}\"");
    };
    let flat = |count: usize, height: f64, spacing: f64| {
        let spacing = Length::from_micrometres(spacing);
        Profile::from_finite(vec![height; count], spacing).unwrap()
    };
    refused(&flat(1000, 1e-6, 0.7), "no striae");
    refused(&flat(1000, 0.0, 0.7), "no striae");
    refused(&edge.mark(0.0, 1.0, 100, 0.0, 1), "samples are left");
    refused(&Profile::from_finite(vec![f64::NAN; 500], SPACING).unwrap(), "0 of");
    refused(&flat(1000, 1e-6, 10.0), "wanted at most 6.25 um");
    refused(&flat(1000, 1e-6, 1e9), "long, wanted at most");
    let beyond = Striation { bands: 0, ..parameters.clone() };
    assert!(compare(&mark, &mark, &beyond).unwrap_err().to_string().contains("striation.bands"));
}

#[test]
fn the_transforms_find_what_plain_sums_find() {
    // Every lag at one scale, against the definition.
    let parameters = Striation { scale_reach: 0.0, ..Striation::default() };
    let edge = Edge::new(40);
    let mut heights = edge.mark(0.0, 1.0, 900, 5e-8, 41).heights().to_vec();
    heights[200..260].fill(f64::NAN);
    let questioned = Profile::from_finite(heights, SPACING).unwrap();
    let reference = edge.mark(120.0, 1.0, 1100, 5e-8, 42);
    let engine = ProfileEngine::new(&parameters, Arithmetic::Portable);
    let [a, b] = [&questioned, &reference].map(|profile| engine.prepare(profile).unwrap());
    // The longer one's transforms serve both.
    assert!(a.size < b.size, "{} {}", a.size, b.size);
    let plan = engine.plan(b.size);
    let spectra = [&a, &b].map(|side| engine.spectra(&side.stretched, b.size));
    let (first, second) = ((&a.stretched[0], &spectra[0][0]), (&b.stretched[0], &spectra[1][0]));
    let mut buffers = plan.buffers();
    let mut compared = 0;
    for lag in 1 - first.0.len() as isize..second.0.len() as isize {
        let joint = plan.joint([first.1, second.1], &mut buffers)(lag);
        let pairs: Vec<(usize, usize)> = (0..first.0.len())
            .filter_map(|index| index.checked_add_signed(lag).map(|other| (index, other)))
            .filter(|(_, other)| *other < second.0.len())
            .filter(|(i, j)| first.0.weights[*i] > 0.0 && second.0.weights[*j] > 0.0)
            .collect();
        assert!((joint - pairs.len() as f64).abs() < 1e-6, "{lag}: {joint}, {}", pairs.len());
        if pairs.len() < 60 || lag % 7 != 0 {
            continue;
        }
        for band in 0..parameters.bands {
            let found = plan.agreement(band, [first.1, second.1], &mut buffers)(lag);
            let (x, y) = (&first.0.bands[band], &second.0.bands[band]);
            let sum = |f: &dyn Fn(usize, usize) -> f64| -> f64 {
                pairs.iter().map(|(i, j)| f(*i, *j)).sum()
            };
            let product = sum(&|i, j| x[i] * y[j]).max(0.0);
            let wanted = product * product / sum(&|i, _| x[i] * x[i]) / sum(&|_, j| y[j] * y[j]);
            assert!((found - wanted).abs() < 1e-9, "{lag}, band {band}: {found}, {wanted}");
            compared += 1;
        }
    }
    assert!(compared > 300, "{compared}");
}

/// A surface of 380 x 320 samples at 2 um on which an edge was drawn at an angle, with tilt, bow, noise, pits and
/// holes.
fn drawn(edge: &Edge, degrees: f64, noise: f64, seed: u64) -> Surface {
    let mut steps = Steps(seed);
    let (sin, cos) = degrees.to_radians().sin_cos();
    let heights = ndarray::Array2::from_shape_fn((320, 380), |(row, column)| {
        let (x, y) = (2.0 * (column as f64 - 189.5), 2.0 * (row as f64 - 159.5));
        let pit = steps.normal() > 2.3;
        let noise = noise * steps.normal();
        let hole = (x - 120.0).hypot(y + 60.0) < 70.0 || x < -300.0 && y > 200.0;
        let form = 5e-9 * x - 3e-9 * y + 1e-11 * x * x;
        let height = edge.height(x * sin + y * cos) + form + noise;
        if hole { f64::NAN } else { height - if pit { 2e-6 } else { 0.0 } }
    });
    let spacing = Spacing::square(Length::from_micrometres(2.0));
    Surface::from_finite(heights, spacing, Kind::Topography).unwrap()
}

#[test]
fn striae_are_found_at_any_angle_under_noise_and_about_holes() {
    let edge = Edge::new(50);
    let deviation = {
        let square = (0..1000).map(|place| edge.height(f64::from(place)).powi(2)).sum::<f64>();
        (square / 1000.0).sqrt()
    };
    let parameters = Striation { scale_reach: 0.0, ..Striation::default() };
    for (index, degrees) in [3.0, 37.4, 89.7, 91.3, 118.8, 150.2, 180.0].into_iter().enumerate() {
        // Noise on every sample as high as half of the striae.
        let surface = drawn(&edge, degrees, 0.5 * deviation, 60 + index as u64);
        let mark = extract(&surface, &parameters).unwrap();
        let away = (mark.direction.degrees() - degrees).abs();
        assert!(away.min(180.0 - away) < 0.25, "{degrees}: found {}", mark.direction);
        assert!(mark.coherence > 0.5, "{degrees}: {}", mark.coherence);
        // Striae at 180 degrees may be found just above 0, where the profile is turned round.
        let profile = if away > 90.0 { mark.profile.reversed() } else { mark.profile };
        let middle = (profile.len() - 1) as f64 / 2.0;
        let truth = |index: usize| edge.height(2.0 * (index as f64 - middle));
        let truth = (0..profile.len()).map(truth).collect();
        let truth = Profile::new(truth, profile.mask().to_vec(), profile.spacing()).unwrap();
        let agreement = compare(&profile, &truth, &parameters).unwrap();
        assert!(agreement.ncc > 0.98, "{degrees}: {}", agreement.ncc);
        assert!(agreement.lag.micrometres().abs() < 2.0, "{degrees}: {}", agreement.lag);
    }
}

#[test]
fn a_surface_without_striae_has_no_coherence() {
    let mut steps = Steps(70);
    let heights = ndarray::Array2::from_shape_fn((150, 150), |_| 1e-7 * steps.normal());
    let spacing = Spacing::square(Length::from_micrometres(4.0));
    let surface = Surface::from_finite(heights, spacing, Kind::Topography).unwrap();
    let mark = extract(&surface, &Striation::default()).unwrap();
    assert!(mark.coherence < 0.15, "{}", mark.coherence);
    let flat = ndarray::Array2::from_elem((150, 150), 1e-6);
    let flat = Surface::from_finite(flat, spacing, Kind::Topography).unwrap();
    assert_eq!(extract(&flat, &Striation::default()), Err(StriationError::Flat));
    let small = ndarray::Array2::from_elem((20, 20), 1e-6);
    let small = Surface::from_finite(small, spacing, Kind::Topography).unwrap();
    let error = extract(&small, &Striation::default()).unwrap_err().to_string();
    assert!(error.contains("400 of 400"), "{error}");
}
