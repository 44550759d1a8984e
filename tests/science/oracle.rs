//! Does another program find the same cells in the same places?
//!
//! cmcR 0.1.11 (Zemmels, `VanderPlas`, Hofmann 2023) registered the cells of two Fadul pairs at every
//! rotation; its records are in `oracle/` of the real data. Where the definitions agree, so must the
//! places: a grid of 8 by 8 cells over the whole frame, one rotation of the other scan about the centre
//! of its frame, a search of one cell each way, correlation of pairwise-complete samples.
//!
//! Where they differ:
//! - cmcR indexes a matrix whose first index is x: its rows are our columns, its x is our y, and its
//!   rotations have the other sign. Its shift is where to look from the cell, ours how the other
//!   texture is displaced: opposite signs after the exchange of axes.
//! - it rotates to the nearest sample, we interpolate: our correlations are a little higher.
//! - it picks the peak of a correlation in which missing samples count as the mean, we that of the
//!   pairwise-complete correlation itself: cells that hold little may peak elsewhere.
//! - its cells are a sample wider where the frame does not divide by eight.
//!
//! Needs the real data: see `README.md` of that folder for where it is looked for.

use crate::real::real_data;
use casemark::cmc::{CellCorrelator, CellRegistration};
use casemark::correlate::Field;
use casemark::correlate::fft::Arithmetic;
use casemark::digest::Digest;
use casemark::format;
use casemark::matcher::{Engine, Matcher};
use casemark::parameters::Parameters;
use casemark::signature::Signature;
use casemark::surface::{Pose, Surface, Texture};
use casemark::units::Angle;
use std::collections::BTreeMap;

/// One line of cmcR's records.
struct Record {
    /// Row and column from 1, as cmcR counts them.
    cell: (usize, usize),
    x: f64,
    y: f64,
    /// Peak of the correlation with missing samples as the mean: what cmcR searches by.
    fft_ccf: f64,
    /// Correlation of the pairwise-complete samples there.
    correlation: f64,
    /// Degrees.
    theta: f64,
    direction: String,
}

fn records(folder: &std::path::Path, pair: &str) -> Vec<Record> {
    let path = folder.join(format!("oracle/cmcr_cells_fadul_{pair}.csv"));
    let text = std::fs::read_to_string(path).unwrap();
    let record = |line: &str| {
        // "row, column",x,y,fft_ccf,pairwiseCompCor,theta,"direction"
        let line = line.replace(", ", " ").replace('"', "");
        let fields: Vec<&str> = line.split(',').collect();
        let number = |index: usize| fields[index].parse::<f64>().ok();
        let (row, column) = fields[0].split_once(' ').unwrap();
        Some(Record {
            cell: (row.parse().unwrap(), column.parse().unwrap()),
            x: number(1)?,
            y: number(2)?,
            fft_ccf: number(3)?,
            correlation: number(4)?,
            theta: number(5)?,
            direction: fields[6].to_owned(),
        })
    };
    text.lines().skip(1).filter_map(record).collect()
}

fn scan(folder: &std::path::Path, name: &str) -> (Surface, Digest) {
    let bytes = std::fs::read(folder.join(format!("fadul/Fadul {name}.x3p"))).unwrap();
    let scan = format::read(&bytes, &format::ReadOptions::default()).unwrap();
    (scan.surface, scan.sha256)
}

/// The heights as they are in the file (levelled and band-passed by the study), no step of ours.
fn field(surface: &Surface) -> Field {
    Field::new(Texture {
        heights: surface.heights().mapv(|height| (height * 1e6) as f32),
        weights: surface.mask().mapv(|valid| f32::from(u8::from(valid))),
        spacing: surface.spacing().x,
    })
}

/// The rotation at which most cells have their best correlation, degrees.
fn modal_theta(records: &[Record], direction: &str) -> f64 {
    let mut best: BTreeMap<(usize, usize), &Record> = BTreeMap::new();
    for record in records.iter().filter(|record| record.direction == direction) {
        let held = best.entry(record.cell).or_insert(record);
        if record.fft_ccf > held.fft_ccf {
            *held = record;
        }
    }
    let mut votes: BTreeMap<i64, usize> = BTreeMap::new();
    best.values().for_each(|record| *votes.entry(record.theta as i64).or_default() += 1);
    let (theta, _) = votes.into_iter().max_by_key(|(theta, votes)| (*votes, -theta.abs())).unwrap();
    theta as f64
}

/// Cells of `gridded` on `other` turned by `theta` degrees, as cmcR defines them.
fn register(gridded: &Field, other: &Field, theta: f64) -> Vec<CellRegistration> {
    let mut parameters = Parameters::default().congruent_cells;
    let spacing = gridded.texture().spacing;
    let (rows, columns) = gridded.dim();
    parameters.cell_side = spacing * (rows.min(columns) / 8) as f64;
    // Its window is three cells wide.
    parameters.search_reach = parameters.cell_side;
    parameters.rotation_reach = Angle::ZERO;
    (parameters.least_fill, parameters.least_joint_at_peak) = (0.15, 0.1);
    let pose = Pose { theta: Angle::from_degrees(theta), ..Pose::IDENTITY };
    let mut correlator = CellCorrelator::new(spacing, &parameters, Arithmetic::Vectorised);
    correlator.register(gridded, other, pose, &parameters)
}

#[test]
fn cells_of_a_same_source_pair_lie_where_cmcr_finds_them() {
    let Some(folder) = real_data() else { return };
    let records = records(&folder, "1-1_1-2");
    let (one, two) = (field(&scan(&folder, "1-1").0), field(&scan(&folder, "1-2").0));
    let spacing = one.texture().spacing;
    for (direction, gridded, other) in
        [("reference_vs_target", &one, &two), ("target_vs_reference", &two, &one)]
    {
        let theta = modal_theta(&records, direction);
        let found = register(gridded, other, -theta);
        let (mut compared, mut near, mut differences) = (0, 0, Vec::new());
        let clear = |record: &&Record| {
            record.direction == direction
                && (record.theta - theta).abs() < 0.5
                && record.fft_ccf >= 0.25
                && record.correlation >= 0.5
        };
        for record in records.iter().filter(clear) {
            let (row, column) = (record.cell.1 - 1, record.cell.0 - 1);
            let mine = found.iter().find(|cell| (cell.row, cell.column) == (row, column));
            let Some(peak) = mine.and_then(CellRegistration::best) else { continue };
            let (dx, dy) = (peak.dx.ratio(spacing), peak.dy.ratio(spacing));
            compared += 1;
            println!(
                "{direction} cell {:?}: cmcR {} {} {:.3}, casemark {:.1} {:.1} {:.3}",
                record.cell, record.x, record.y, record.correlation, -dy, -dx, peak.ncc
            );
            // The nearest sample, half a sample between the frames, half a sample of the cell.
            if (record.y + dx).abs() <= 4.0 && (record.x + dy).abs() <= 4.0 {
                near += 1;
                differences.push(peak.ncc - record.correlation);
            }
        }
        differences.sort_by(f64::total_cmp);
        println!("{direction} at {theta} degrees: {near} of {compared}, {differences:.2?}");
        assert!(compared >= 10, "{direction}: compared {compared} cells");
        assert!(near * 4 >= compared * 3, "{direction}: {near} of {compared} cells agree");
        let median = differences[differences.len() / 2];
        assert!((-0.02..0.15).contains(&median), "{direction}: correlations differ by {median}");
    }
}

#[test]
fn the_global_rotation_is_cmcrs_most_frequent_one() {
    let Some(folder) = real_data() else { return };
    let parameters = Parameters::default();
    let engine = Engine::new(parameters.clone(), Arithmetic::Vectorised);
    let prepared = |name: &str| {
        let (surface, source) = scan(&folder, name);
        engine.prepare(&Signature::extract(&surface, source, &parameters).unwrap()).unwrap()
    };
    let compare = |questioned: &str, reference: &str| {
        let matcher = Matcher::new(&engine, prepared(questioned));
        matcher.compare(&prepared(reference), &mut engine.workspace()).unwrap()
    };
    let theta = |questioned: &str, reference: &str| {
        compare(questioned, reference).registration.unwrap().pose.theta
    };
    let records = records(&folder, "1-1_1-2");
    for (direction, found) in
        [("reference_vs_target", theta("1-2", "1-1")), ("target_vs_reference", theta("1-1", "1-2"))]
    {
        // Its rotations are 3 degrees apart.
        let expected = -modal_theta(&records, direction);
        let away = (found.degrees() - expected).abs();
        assert!(away <= 3.0, "{direction}: {found}, cmcR {expected} degrees");
    }
    // And the pair of two sources, on which cmcR's cells agree on no rotation, does not match here.
    let (same, different) = (compare("1-2", "1-1"), compare("2-1", "1-1"));
    let (same, different) = (same.cmc_fraction(), different.cmc_fraction());
    assert!(same > different + 0.5, "{same} {different}");
}
