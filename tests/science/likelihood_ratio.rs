//! Are likelihood ratios of counts those of another program?
//!
//! The Netherlands Forensic Institute gives pairs of firearms with the number of congruent cells and of cells, and for a grid of
//! counts the 5 %, 50 % and 95 % points of the posterior of log10 of the likelihood ratio, by Markov chains: beta-binomial for
//! one source with a flat prior, binomial with Jeffreys' prior for two. Our posterior is a sum over a grid; what is left between
//! them is the noise of four thousand draws.
//!
//! Needs the real data: in `lr/` of the folder that `CASEMARK_REAL_DATA` names, by default `../shared/data`.

use crate::real::real_data;
use casemark::statistics::{CountModel, Features, Sample, Scored, Truth};
use std::path::Path;

/// Pairs to fit to, and the grid of counts to evaluate.
fn input(folder: &Path, mark: &str) -> (Vec<Scored>, Vec<Features>) {
    let path = folder.join(format!("{mark}-cmc-all-input.csv"));
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let (mut scored, mut grid) = (Vec::new(), Vec::new());
    for (source, line) in text.lines().filter(|line| !line.is_empty()).enumerate() {
        let fields: Vec<&str> = line.split(',').collect();
        let (congruent, compared) = (fields[1].parse().unwrap(), fields[2].parse().unwrap());
        let features = Features { congruent, compared, ncc: 0.0 };
        // Which firearms they are of makes no difference to a posterior.
        let (truth, sources) = match fields[0] {
            "eval" => {
                grid.push(features);
                continue;
            }
            "km" => (Truth::KnownMatch, [source, source]),
            "knm" => (Truth::KnownNonMatch, [source, source + 1]),
            other => panic!("a row of {other}"),
        };
        scored.push(Scored { features, truth, sources });
    }
    (scored, grid)
}

/// Rows of the 5 %, 50 % and 95 % points.
fn expected(folder: &Path, mark: &str) -> [Vec<f64>; 3] {
    let path = folder.join(format!("{mark}-cmc-llr_unbound.csv"));
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let row = |line: &str| line.split(',').map(|field| field.trim().parse().unwrap()).collect();
    let rows: Vec<Vec<f64>> = text.lines().filter(|line| !line.is_empty()).map(row).collect();
    rows.try_into().unwrap()
}

/// Greatest deviation of the median and of the ends where their median is within 5.
fn deviations(folder: &Path, mark: &str) -> (f64, f64) {
    let (scored, grid) = input(folder, mark);
    let kinds = [Truth::KnownMatch, Truth::KnownNonMatch]
        .map(|truth| scored.iter().filter(|one| one.truth == truth).count());
    assert!(kinds[0] > 150 && kinds[1] > 1000 && grid.len() == 1681, "{kinds:?} {}", grid.len());
    let model = CountModel::beta_binomial_and_binomial(&Sample::new(&scored).unwrap());
    let [low, median, high] = expected(folder, mark);
    let predicted = model.log10_lrs(&grid);
    let (mut middle, mut ends, mut of_prediction, mut compared) = (0.0_f64, 0.0_f64, 0.0_f64, 0);
    for (place, features) in
        grid.iter().enumerate().filter(|(place, _)| median[*place].abs() <= 5.0)
    {
        let found = model.posterior(features, 0.9);
        middle = middle.max((found.median - median[place]).abs());
        ends = ends.max((found.low - low[place]).abs()).max((found.high - high[place]).abs());
        of_prediction = of_prediction.max((predicted[place] - median[place]).abs());
        compared += 1;
    }
    println!(
        "{mark}: {compared} of {} counts; greatest deviation of the median {middle:.4}, of the ends {ends:.4}, of the prediction from their median {of_prediction:.4}",
        grid.len()
    );
    assert!(compared > 200, "{compared}");
    (middle, ends)
}

#[test]
fn ratios_are_those_of_the_netherlands_forensic_institute() {
    let Some(folder) = real_data().map(|folder| folder.join("lr")) else { return };
    for mark in ["breech_face_impression", "firing_pin_impression"] {
        let (median, ends) = deviations(&folder, mark);
        assert!(median < 0.08 && ends < 0.3, "{mark}: median {median}, ends {ends}");
    }
}
