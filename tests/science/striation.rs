//! Are striated marks of one tool told from those of others?
//!
//! Needs the real data: see `README.md` of that folder for where it is looked for.

use crate::real::real_data;
use casemark::comparison::Comparison;
use casemark::format::{ProfileOptions, read_profile};
use casemark::parameters::{Parameters, Striation};
use casemark::statistics::{Labelled, Truth};
use casemark::striation::{ProfileComparison, ProfileEngine, ProfileWorkspace, texture};
use casemark::surface::{Kind, MarkKind, Spacing, Surface};
use casemark::units::Length;
use casemark::{Arithmetic, Digest, Engine, Matcher, Prepared, Signature};
use rayon::prelude::*;
use std::path::PathBuf;
use std::time::Instant;

/// The folder of real profiles; `None`, said aloud, where it is not there.
fn real_profiles() -> Option<PathBuf> {
    let folder = real_data()?.join("striation");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("SKIPPED: no real profiles at {} (set CASEMARK_REAL_DATA)", folder.display());
    None
}

/// Every profile with its name.
fn profiles(folder: &std::path::Path) -> Vec<(String, casemark::surface::Profile)> {
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let read = |path: &PathBuf| {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let bytes = std::fs::read(path).unwrap();
        let profile = read_profile(&bytes, &ProfileOptions::default());
        (name, profile.unwrap_or_else(|error| panic!("{}: {error}", path.display())))
    };
    let found: Vec<_> = paths
        .iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .map(read)
        .collect();
    assert!(found.len() >= 120, "{} profiles in {}, wanted 120", found.len(), folder.display());
    found
}

#[test]
fn screwdrivers_are_told_apart_by_the_marks_they_drew() {
    let Some(folder) = real_profiles() else { return };
    let profiles = profiles(&folder);
    let parameters = Striation::default();
    let engine = ProfileEngine::new(&parameters, Arithmetic::Vectorised);
    let prepared: Vec<_> = profiles
        .par_iter()
        .map(|(name, profile)| (name.split('N').next().unwrap(), engine.prepare(profile).unwrap()))
        .collect();
    let pairs: Vec<(usize, usize)> = (0..prepared.len())
        .flat_map(|first| (first + 1..prepared.len()).map(move |second| (first, second)))
        .collect();
    let start = Instant::now();
    let compared: Vec<_> = pairs
        .par_iter()
        .map_init(ProfileWorkspace::default, |workspace, &(first, second)| {
            let [first, second] = [&prepared[first], &prepared[second]];
            let found = engine.compare(&first.1, &second.1, workspace).unwrap();
            let truth = if first.0 == second.0 { Truth::KnownMatch } else { Truth::KnownNonMatch };
            (truth, found, first.0)
        })
        .collect();
    let took = start.elapsed();
    let auc = |of: &dyn Fn(&ProfileComparison) -> f64| {
        let pairs = compared.iter().map(|(truth, found, _)| (*truth, of(found)));
        Labelled::from_pairs(pairs).unwrap().auc()
    };
    let score = auc(&|found| found.score);
    let ncc = auc(&|found| found.ncc);
    let segments = auc(&|found| found.congruent_count() as f64 + found.score * 1e-6);
    let share = auc(&|found| found.congruent_count() as f64 / (found.segments.len().max(1) as f64));
    println!("{} pairs in {took:.1?}", compared.len());
    println!(
        "area under the ROC curve, by source: score {score:.4}, NCC {ncc:.4}, congruent segments {segments:.4}, their share {share:.4}"
    );
    for tool in ["K1", "K3"] {
        let pairs = compared.iter().filter(|(_, _, source)| source.starts_with(tool));
        let one = Labelled::from_pairs(pairs.map(|(truth, found, _)| (*truth, found.score)));
        println!("questioned profile of {tool}: {:.4}", one.unwrap().auc());
    }
    let labelled =
        Labelled::from_pairs(compared.iter().map(|(truth, found, _)| (*truth, found.score)))
            .unwrap();
    let (same, different) = (labelled.same(), labelled.different());
    let at = |values: &[f64], share: f64| values[(share * (values.len() - 1) as f64) as usize];
    for share in [0.0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0] {
        println!(
            "share {share}: same source {:.2}, different {:.2}",
            at(same, share),
            at(different, share)
        );
    }
    assert!(same.len() >= 540 && different.len() >= 6600, "{} {}", same.len(), different.len());
    assert!(score >= 0.985, "{score}");
}

/// A signature of a striated mark, whatever it shows.
fn any_signature(parameters: &Parameters) -> Signature {
    let heights = ndarray::Array2::from_shape_fn((60, 200), |(_, column)| {
        let x = column as f64;
        1e-6 * ((x / 1.3).sin() + (x / 4.1).cos() + (x / 7.7).sin())
    });
    let spacing = Spacing::square(Length::from_micrometres(5.0));
    let surface = Surface::from_finite(heights, spacing, Kind::Topography).unwrap();
    Signature::extract(&surface, Digest::of(b"any"), parameters).unwrap()
}

#[test]
fn screwdrivers_are_told_apart_by_what_signatures_keep_of_their_marks() {
    let Some(folder) = real_profiles() else { return };
    let engine = Engine::new(Parameters::of_mark(MarkKind::ApertureShear), Arithmetic::Vectorised);
    let parameters = engine.parameters();
    let any = any_signature(parameters);
    let prepared: Vec<(String, Prepared)> = profiles(&folder)
        .into_par_iter()
        .map(|(name, profile)| {
            let (texture, _) = texture(&profile, parameters.striation.as_ref().unwrap()).unwrap();
            let kept = any.with_texture(&texture, Digest::of(name.as_bytes()));
            let kept = Signature::from_bytes(&kept.to_bytes()).unwrap();
            (name.split('N').next().unwrap().to_owned(), engine.prepare(&kept).unwrap())
        })
        .collect();
    let compared: Vec<(Truth, Comparison)> = prepared
        .par_iter()
        .enumerate()
        .flat_map_iter(|(place, (source, questioned))| {
            let matcher = Matcher::new(&engine, questioned.clone());
            let mut workspace = engine.workspace();
            prepared[place + 1..].iter().map(move |(other, reference)| {
                let same = source == other;
                let truth = if same { Truth::KnownMatch } else { Truth::KnownNonMatch };
                (truth, matcher.compare(reference, &mut workspace).unwrap())
            })
        })
        .collect();
    let auc = |of: &dyn Fn(&Comparison) -> f64| {
        let pairs = compared.iter().map(|(truth, found)| (*truth, of(found)));
        Labelled::from_pairs(pairs).unwrap().auc()
    };
    let (score, share) = (auc(&Comparison::score), auc(&Comparison::cmc_fraction));
    println!(
        "{} pairs: area under the ROC curve by the score {score:.4}, by the share of congruent segments {share:.4}",
        compared.len()
    );
    assert!(score >= 0.98 && score > share, "{score} {share}");
}
