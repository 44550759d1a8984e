//! The kernel against the sums it stands for, turns, bytes, and what does not matter to a score.

mod sieve;

use super::*;
use crate::parameters::Parameters;
use crate::surface::{Spacing, Surface};
use crate::transform::{keep_share, rotate};
use crate::units::Length;
use casemark_fft::num_complex::Complex64;
use ndarray::Array2;
use pulp::{Arch, Scalar, Simd as _, WithSimd};
use rayon::prelude::*;

/// A primer of white noise with a hole off its centre: the extraction makes a texture of it.
fn surface(seed: u64) -> Surface {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) + 1;
    let mut uniform = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f64 / f64::from(1 << 24) - 0.5
    };
    let heights = Array2::from_shape_fn((280, 280), |_| 1e-6 * uniform());
    let (x, y) = (20.0 * uniform(), 20.0 * uniform());
    let mask = Array2::from_shape_fn((280, 280), |(row, column)| {
        let from = |a: f64, b: f64| (column as f64 - 139.5 - a).hypot(row as f64 - 139.5 - b);
        from(0.0, 0.0) < 136.0 && from(x, y) > 70.0
    });
    let spacing = Spacing::square(Length::from_micrometres(12.5));
    Surface::new(heights, mask, spacing, Kind::Topography).unwrap()
}

fn signature(surface: &Surface) -> Signature {
    Signature::extract(surface, Digest::of(b"noise"), &Parameters::default()).unwrap()
}

fn indexer(parameters: Index) -> Indexer {
    Indexer::new(parameters, Arithmetic::Vectorised).unwrap()
}

/// Few rings, angles with every radix, an odd number of centres, strips of two widths.
fn small() -> Index {
    let entry = IndexEntry {
        rings: 7,
        angles: 72,
        harmonics: 20,
        mask_rings: 7,
        mask_harmonics: 5,
        shortest_wave: Length::from_micrometres(400.0),
        ..IndexEntry::default()
    };
    let search = IndexSearch {
        offset_reach: Length::from_micrometres(200.0),
        offset_spacing: Length::from_micrometres(100.0),
        sieve_reach: Length::from_micrometres(150.0),
        sieve_spacing: Length::from_micrometres(150.0),
        sieve_angles: 48,
        sieve_harmonics: 11,
        ..IndexSearch::default()
    };
    Index { entry, search }
}

fn block_of(indexer: &Indexer, entries: &[Entry]) -> Block {
    let mut block = indexer.block(Kind::Topography, Parameters::default().extraction_digest());
    for entry in entries {
        block.push(entry).unwrap();
    }
    block
}

/// Sums over rings and harmonics, at an angle, in double precision.
fn product(
    one: &[Complex64],
    other: &[Complex64],
    places: &[(usize, usize)],
    areas: &[f32],
    turn: f64,
) -> f64 {
    let terms = one.iter().zip(other).zip(places).map(|((one, other), (harmonic, ring))| {
        let angle = turn * *harmonic as f64;
        // Each harmonic but 0 stands for its negative, too.
        let twice = if *harmonic == 0 { 1.0 } else { 2.0 };
        let term = one.conj() * other * Complex64::new(angle.cos(), angle.sin());
        term.re * twice * f64::from(areas[*ring])
    });
    terms.sum()
}

/// Harmonic and ring of every value of the heights.
fn height_places(layout: &Layout) -> Vec<(usize, usize)> {
    (0..=layout.harmonics())
        .flat_map(|k| (layout.first_ring(k)..layout.rings()).map(move |ring| (k, ring)))
        .collect()
}

/// The same of the mask and of the squares.
fn mask_places(layout: &Layout) -> Vec<(usize, usize)> {
    (0..=layout.mask_harmonics())
        .flat_map(|k| (0..layout.mask_rings()).map(move |ring| (k, ring)))
        .collect()
}

/// Heights, squares and mask of an entry.
fn numbers(layout: &Layout, entry: &Entry) -> [Vec<Complex64>; 3] {
    let numbers = |range: std::ops::Range<usize>, step: f32| -> Vec<Complex64> {
        let number = |value: i8| f64::from(value) * f64::from(step);
        let values = entry.values[2 * range.start..2 * range.end].chunks_exact(2);
        values.map(|pair| Complex64::new(number(pair[0]), number(pair[1]))).collect()
    };
    let (h, m) = (layout.height_values(), layout.mask_values());
    [
        numbers(0..h, entry.steps.heights),
        numbers(h..h + m, entry.steps.squares),
        numbers(h + m..h + 2 * m, entry.steps.mask),
    ]
}

/// Heights, squares and mask of a texture about a centre.
fn at_centre(indexer: &Indexer, texture: &Texture, centre: Point) -> [Vec<Complex64>; 3] {
    let rings = indexer.polar.read(texture, centre, &indexer.layout);
    let harmonics = indexer.polar.harmonics(&rings, &indexer.layout);
    [harmonics.heights, harmonics.squares, harmonics.mask].map(|values| {
        values.iter().map(|v| Complex64::new(f64::from(v.re), f64::from(v.im))).collect()
    })
}

fn measured(layout: &Layout, mask: &[Complex64]) -> f64 {
    let means = mask.iter().zip(layout.mask_areas());
    means.map(|(mean, area)| mean.re * f64::from(*area)).sum()
}

/// Lets short waves of the questioned mark count more, and takes from it what that adds to either mark.
fn emphasise(
    indexer: &Indexer,
    places: &[(usize, usize)],
    own: &mut [Complex64],
    reference: &[Complex64],
) {
    let layout = &indexer.layout;
    let factor = |&(harmonic, ring): &(usize, usize)| {
        let length = layout.radii()[ring] * std::f64::consts::TAU;
        let waves = harmonic as f64 * indexer.parameters.entry.cutoff.ratio(length);
        1.0 + indexer.parameters.search.emphasis * waves * waves
    };
    let square = |mark: &[Complex64], factor: &dyn Fn(&(usize, usize)) -> f64| -> f64 {
        let emphasised: Vec<Complex64> =
            mark.iter().zip(places).map(|(value, place)| *value * factor(place)).collect();
        product(mark, &emphasised, places, layout.areas(), 0.0)
    };
    let gain = |mark: &[Complex64]| (square(mark, &factor) / square(mark, &|_| 1.0)).sqrt();
    let gains = gain(own) * gain(reference);
    for (value, place) in own.iter_mut().zip(places) {
        *value *= factor(place) / gains;
    }
}

/// What the kernel stands for, term by term: every score, by centre and angle.
fn naive(indexer: &Indexer, questioned: &Signature, entry: &Entry) -> Vec<f64> {
    let layout = &indexer.layout;
    let heights = height_places(layout);
    let masks = mask_places(layout);
    let [reference, reference_squares, reference_mask] = numbers(layout, entry);
    let texture = indexer.texture(questioned);
    let angles = layout.angles();
    let turn = |angle: usize| std::f64::consts::TAU * angle as f64 / angles as f64;
    let mut scores = Vec::new();
    for centre in &indexer.question(questioned).centres {
        let [mut own, squares, mask] = at_centre(indexer, &texture, *centre);
        emphasise(indexer, &heights, &mut own, &reference);
        let smaller = measured(layout, &mask).min(measured(layout, &reference_mask));
        let factor = |angle: usize| {
            let turn = turn(angle * layout::COARSE);
            let overlap = product(&mask, &reference_mask, &masks, layout.mask_areas(), turn);
            let first = product(&squares, &reference_mask, &masks, layout.mask_areas(), turn);
            let second = product(&mask, &reference_squares, &masks, layout.mask_areas(), turn);
            if overlap <= indexer.parameters.search.least_overlap * smaller {
                return 0.0;
            }
            ((overlap / smaller).min(1.0) / (first * second).max(1e-8 * overlap * overlap)).sqrt()
        };
        let factors: Vec<f64> = (0..layout.coarse_angles()).map(factor).collect();
        for angle in 0..angles {
            let (coarse, between) = (angle / layout::COARSE, angle % layout::COARSE);
            let share = between as f64 / layout::COARSE as f64;
            let next = factors[(coarse + 1) % factors.len()];
            let factor = factors[coarse] * (1.0 - share) + next * share;
            scores.push(product(&own, &reference, &heights, layout.areas(), turn(angle)) * factor);
        }
    }
    scores
}

#[test]
fn the_kernel_gives_what_the_sums_give() {
    for (parameters, references) in [(small(), 19), (Index::default(), 2)] {
        for arithmetic in [Arithmetic::Vectorised, Arithmetic::Portable] {
            let indexer = Indexer::new(parameters.clone(), arithmetic).unwrap();
            let questioned = signature(&surface(1));
            let entries: Vec<Entry> =
                (1..=references).map(|seed| indexer.entry(&signature(&surface(seed)))).collect();
            let block = block_of(&indexer, &entries);
            let question = indexer.question(&questioned);
            let found =
                indexer.score_block(&[&question], &block, &mut indexer.workspace()).unwrap();
            assert_eq!(found[0].len(), entries.len());
            for (number, (entry, found)) in entries.iter().zip(&found[0]).enumerate() {
                let scores = naive(&indexer, &questioned, entry);
                let best = scores.iter().copied().fold(0.0, f64::max);
                let found = found.unwrap();
                let away = (f64::from(found.score) - best).abs();
                assert!(away < 2e-4, "reference {number}: {} instead of {best}", found.score);
                // The pose is that of a score as good.
                let codes = 0..scores.len();
                let posed =
                    |code: &usize| indexer.pose(&question, *code, entry.centre) == found.pose;
                let there = codes.filter(posed).map(|code| scores[code]).fold(0.0, f64::max);
                assert!(best - there < 4e-4, "reference {number}: {there} instead of {best}");
            }
        }
    }
}

#[test]
fn the_picture_keeps_what_the_rings_correlate() {
    // The masked NCC of the rings themselves, sample by sample, at the pose that was found; without emphasis.
    let search = IndexSearch { emphasis: 0.0, ..IndexSearch::default() };
    let indexer = indexer(Index { search, ..Index::default() });
    let turned = signature(&rotate(&surface(1), Angle::from_degrees(30.0)).unwrap());
    let entry = indexer.entry(&signature(&surface(1)));
    let question = indexer.question(&turned);
    let block = block_of(&indexer, &[entry]);
    let found = indexer.score_block(&[&question], &block, &mut indexer.workspace()).unwrap();
    let found = found[0][0].unwrap();
    let layout = &indexer.layout;
    let read = |signature: &Signature, centre| {
        indexer.polar.read(&indexer.texture(signature), centre, layout)
    };
    let reference = read(&signature(&surface(1)), block.centre(0));
    let angles = layout.angles();
    let mut best: f64 = 0.0;
    for centre in &question.centres {
        let own = read(&turned, *centre);
        for turn in 0..angles {
            let (mut n, mut fg, mut ff, mut gg, mut one, mut two) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
            for ring in 0..layout.rings() {
                let area = f64::from(layout.areas()[ring]);
                for angle in 0..angles {
                    let (a, b) = (ring * angles + angle, ring * angles + (angle + turn) % angles);
                    let joint = f64::from(own.weights[a] * reference.weights[b]) * area;
                    let (f, g) = (f64::from(own.heights[a]), f64::from(reference.heights[b]));
                    n += joint;
                    fg += joint * f * g;
                    ff += joint * f * f;
                    gg += joint * g * g;
                    one += f64::from(own.weights[a]) * area;
                    two += f64::from(reference.weights[b]) * area;
                }
            }
            if n > 0.3 * f64::min(one, two) {
                best = best.max(fg / (ff * gg).sqrt() * (n / f64::min(one, two)).sqrt());
            }
        }
    }
    // The harmonics that are cut are in the squares.
    let score = f64::from(found.score);
    assert!(score > 0.88 * best && score < best + 0.02, "{score} instead of {best}");
}

#[test]
fn a_turn_by_any_angle_is_found_and_does_not_change_the_score() {
    let indexer = indexer(Index::default());
    let entries: Vec<Entry> =
        (1..=3).map(|seed| indexer.entry(&signature(&surface(seed)))).collect();
    let block = block_of(&indexer, &entries);
    let mut workspace = indexer.workspace();
    for degrees in [0.0, 7.3, -61.0, 90.0, 142.9, 179.0, -123.4] {
        let turned = rotate(&surface(1), Angle::from_degrees(degrees)).unwrap();
        let question = indexer.question(&signature(&turned));
        let found = indexer.score_block(&[&question], &block, &mut workspace).unwrap();
        let [mate, other, another] = [0, 1, 2].map(|reference| found[0][reference].unwrap());
        assert!(mate.score > 0.7, "turned by {degrees}: {}", mate.score);
        assert!(other.score < 0.5 && another.score < 0.5, "{} {}", other.score, another.score);
        // The pose takes it back: to a step of the angles.
        let away = (mate.pose.theta + Angle::from_degrees(degrees)).wrapped().degrees().abs();
        assert!(away < 2.0, "turned by {degrees}: {:?}", mate.pose);
        assert!(mate.pose.dx.micrometres().abs() < 70.0, "turned by {degrees}: {:?}", mate.pose);
        assert!(mate.pose.dy.micrometres().abs() < 70.0, "turned by {degrees}: {:?}", mate.pose);
    }
}

#[test]
fn half_a_mark_is_found_about_the_centre_of_the_whole() {
    let indexer = indexer(Index::default());
    let block = block_of(&indexer, &[1, 2].map(|seed| indexer.entry(&signature(&surface(seed)))));
    for degrees in [10.0, 100.0, -50.0] {
        let half = keep_share(&surface(1), 0.5, Angle::from_degrees(degrees)).unwrap();
        let question = indexer.question(&signature(&half));
        let found = indexer.score_block(&[&question], &block, &mut indexer.workspace()).unwrap();
        let (mate, other) = (found[0][0].unwrap(), found[0][1].unwrap());
        assert!(mate.score > 0.6 && other.score < 0.45, "{degrees}: {mate:?} {other:?}");
    }
}

#[test]
fn a_score_depends_on_nothing_but_the_two() {
    let indexer = indexer(Index::default());
    let signatures: Vec<Signature> = (1..=20).map(|seed| signature(&surface(seed))).collect();
    let entries: Vec<Entry> = signatures.iter().map(|s| indexer.entry(s)).collect();
    let questions: Vec<Question> = signatures[..2].iter().map(|s| indexer.question(s)).collect();
    let asked: Vec<&Question> = questions.iter().collect();
    let block = block_of(&indexer, &entries);
    let whole = indexer.score_block(&asked, &block, &mut indexer.workspace()).unwrap();
    // In another block, at another place, asked alone, with a used workspace.
    let mut workspace = indexer.workspace();
    for (number, entry) in entries.iter().enumerate().skip(15) {
        let block = block_of(&indexer, &[entries[3].clone(), entry.clone()]);
        for (question, whole) in questions.iter().zip(&whole) {
            let alone = indexer.score_block(&[question], &block, &mut workspace).unwrap();
            assert_eq!(alone[0], [whole[3], whole[number]]);
        }
    }
    // On any number of threads.
    for threads in [1, 3] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let blocks: Vec<Block> = entries.chunks(7).map(|part| block_of(&indexer, part)).collect();
        let found: Vec<Option<Likeness>> = pool.install(|| {
            let score = |block: &Block| {
                indexer.score_block(&asked, block, &mut indexer.workspace()).unwrap().swap_remove(1)
            };
            blocks.par_iter().flat_map_iter(score).collect()
        });
        assert_eq!(found, whole[1]);
    }
}

#[test]
fn a_reference_of_nothing_is_like_nothing() {
    let indexer = indexer(small());
    let empty = Entry {
        values: vec![0; 2 * indexer.layout.values()],
        ..indexer.entry(&signature(&surface(1)))
    };
    let block = block_of(&indexer, &[empty]);
    let question = indexer.question(&signature(&surface(1)));
    let found = indexer.score_block(&[&question], &block, &mut indexer.workspace()).unwrap();
    assert_eq!(found, [[None]]);
}

#[test]
fn an_entry_survives_its_bytes() {
    let indexer = indexer(Index::default());
    let entry = indexer.entry(&signature(&surface(4)));
    let bytes = entry.to_bytes();
    assert_eq!(bytes.len(), indexer.entry_length());
    assert!(bytes.len() <= 6144 && bytes.len().is_multiple_of(64), "{} bytes", bytes.len());
    assert_eq!(Entry::from_bytes(&bytes).unwrap(), entry);
    assert_eq!(indexer.entry(&signature(&surface(4))).to_bytes(), bytes);
}

#[test]
fn malformed_bytes_are_refused() {
    let entry = indexer(Index::default()).entry(&signature(&surface(4)));
    let bytes = entry.to_bytes();
    for length in 0..bytes.len() {
        assert!(Entry::from_bytes(&bytes[..length]).is_err(), "cut to {length}");
    }
    let wrong = |at: usize, value: &[u8]| {
        let mut bytes = bytes.clone();
        bytes[at..at + value.len()].copy_from_slice(value);
        Entry::from_bytes(&bytes).unwrap_err()
    };
    assert_eq!(wrong(0, b"X"), IndexError::NotAnEntry { length: bytes.len() });
    assert_eq!(wrong(5, &[2]), IndexError::Version { found: 2 });
    assert_eq!(wrong(6, &[9]), IndexError::Field { field: "kind" });
    assert_eq!(wrong(7, &[1]), IndexError::Field { field: "padding" });
    assert_eq!(wrong(72, &f32::NAN.to_le_bytes()), IndexError::Field { field: "centre" });
    let negative = (-1.0_f32).to_le_bytes();
    assert_eq!(wrong(88, &negative), IndexError::Field { field: "step of the mask" });
    assert_eq!(wrong(92, &[255; 4]), IndexError::Field { field: "number of values" });
    assert!(matches!(wrong(92, &[1, 0, 0, 0]), IndexError::Length { .. }));
    assert_eq!(wrong(96, &[128]), IndexError::Field { field: "values" });
    assert_eq!(wrong(bytes.len() - 1, &[1]), IndexError::Field { field: "padding" });
    let mut longer = bytes.clone();
    longer.extend([0; 64]);
    assert!(matches!(Entry::from_bytes(&longer), Err(IndexError::Length { .. })));
}

#[test]
fn what_was_made_otherwise_is_refused() {
    let (one, other) = (indexer(small()), indexer(Index::default()));
    let entry = one.entry(&signature(&surface(1)));
    let extraction = Parameters::default().extraction_digest();
    let mut block = other.block(Kind::Topography, extraction);
    let (found, wanted) = (one.entry_digest(), other.entry_digest());
    assert_eq!(block.push(&entry), Err(IndexError::EntryDigest { found, wanted }));
    let mut block = one.block(Kind::Reflectance, extraction);
    assert_eq!(block.push(&entry), Err(IndexError::Kind));
    let elsewhere = Digest::of(b"other parameters");
    let mut block = one.block(Kind::Topography, elsewhere);
    let (found, wanted) = (extraction, elsewhere);
    assert_eq!(block.push(&entry), Err(IndexError::ExtractionDigest { found, wanted }));
    let mut block = one.block(Kind::Topography, extraction);
    let short = Entry { values: vec![0; 4], ..entry };
    let wanted = 2 * one.layout.values();
    assert_eq!(block.push(&short), Err(IndexError::Values { found: 4, wanted }));
    let question = other.question(&signature(&surface(1)));
    let scored = one.score_block(&[&question], &block, &mut one.workspace());
    assert!(matches!(scored, Err(IndexError::EntryDigest { .. })));
}

/// Transforms lane 0 of vectors of any width.
struct Inverse<'a> {
    size: usize,
    values: &'a [Complex64],
}

impl WithSimd for Inverse<'_> {
    type Output = Vec<Complex64>;

    fn with_simd<S: pulp::Simd>(self, simd: S) -> Self::Output {
        let transform = transform::Transform::new(self.size);
        let numbers = self.values.iter().flat_map(|value| [value.re as f32, value.im as f32]);
        let mut data: Vec<S::f32s> = numbers.map(|number| simd.splat_f32s(number)).collect();
        transform.inverse(simd, &mut data);
        let result = |number: usize| {
            let place = 2 * transform.place(number);
            let part = |at: usize| f64::from(simd.reduce_max_f32s(data[at]));
            Complex64::new(part(place), part(place + 1))
        };
        (0..self.size).map(result).collect()
    }
}

#[test]
fn the_transform_gives_what_the_sum_gives() {
    for size in [2, 3, 4, 6, 8, 12, 18, 24, 27, 36, 48, 64, 72, 96, 128, 144, 192, 216] {
        let value = |k: usize| ((k * k + 3 * k) as f64 * 0.37).sin();
        let values: Vec<Complex64> =
            (0..size).map(|k| Complex64::new(value(k), value(k + 5))).collect();
        for found in [
            Arch::new().dispatch(Inverse { size, values: &values }),
            Scalar.vectorize(Inverse { size, values: &values }),
        ] {
            for (number, found) in found.into_iter().enumerate() {
                let term = |(k, value): (usize, &Complex64)| {
                    let angle = std::f64::consts::TAU * ((k * number) % size) as f64 / size as f64;
                    value * Complex64::new(angle.cos(), angle.sin())
                };
                let wanted: Complex64 = values.iter().enumerate().map(term).sum();
                let away = (found - wanted).norm();
                assert!(away < 2e-5 * size as f64, "{size}, {number}: {found} not {wanted}");
            }
        }
    }
}

#[test]
fn the_entry_does_not_depend_on_how_it_is_searched() {
    let search = IndexSearch { offset_spacing: Length::from_micrometres(40.0), ..small().search };
    let fine = indexer(Index { search, ..small() });
    let entry = indexer(small()).entry(&signature(&surface(1)));
    assert_eq!(entry, fine.entry(&signature(&surface(1))));
    let question = fine.question(&signature(&surface(1)));
    let block = block_of(&indexer(small()), &[entry]);
    let found = fine.score_block(&[&question], &block, &mut fine.workspace()).unwrap();
    // Few harmonics keep little of noise, but the same.
    let found = found[0][0].unwrap();
    assert!(found.score > 0.4 && found.pose.theta == Angle::ZERO, "{found:?}");
}

#[test]
fn parameters_that_do_not_fit_are_refused() {
    for (key, entry) in [
        ("index_entry.angles", IndexEntry { angles: 100, ..IndexEntry::default() }),
        ("index_entry.harmonics", IndexEntry { angles: 144, ..IndexEntry::default() }),
        ("index_entry.mask_harmonics", IndexEntry { mask_harmonics: 30, ..IndexEntry::default() }),
        ("index_entry.mask_rings", IndexEntry { mask_rings: 10, ..IndexEntry::default() }),
        ("index_entry.rings", IndexEntry { rings: 3, ..IndexEntry::default() }),
    ] {
        let refused = Index { entry, ..Index::default() }.check().unwrap_err();
        assert_eq!(refused.key, key, "{refused}");
    }
    for (key, search) in [
        ("index_search.sieve_angles", IndexSearch { sieve_angles: 100, ..IndexSearch::default() }),
        (
            "index_search.sieve_harmonics",
            IndexSearch { sieve_harmonics: 96, sieve_angles: 192, ..IndexSearch::default() },
        ),
    ] {
        let refused = Index { search, ..Index::default() }.check().unwrap_err();
        assert_eq!(refused.key, key, "{refused}");
    }
}
