//! What do the tables of the page say?

use crate::statistics::{ErrorRate, RankPoint};
use crate::validation::html::{Column, Table, count, escape, number, percent, short};
use crate::validation::{Metrics, Protocol, Weighing};

/// Every criterion with what was found.
pub(super) fn criteria(metrics: &Metrics) -> String {
    let rows = metrics.criteria.iter().map(|criterion| {
        // Limits of rates are small: no digit of them is lost.
        let wanted = escape(&criterion.wanted.to_string());
        let held = if criterion.passed {
            "<span class=\"met\">✓ met</span>"
        } else {
            "<span class=\"missed\">✗ not met</span>"
        };
        let name = format!("<code>{}</code>", escape(&criterion.name));
        vec![name, wanted, number(criterion.found, 5), held.to_owned()]
    });
    let columns = [
        Column::Words("Criterion"),
        Column::Numbers("Wanted"),
        Column::Numbers("Found"),
        Column::Words("Result"),
    ];
    Table { columns: &columns, rows: rows.collect() }.markup()
}

/// What was evaluated, and by what.
pub(super) fn protocol(protocol: &Protocol, metrics: &Metrics) -> String {
    let mut rows = vec![
        ("Pairs", pairs(metrics)),
        (
            "Sources and scans",
            format!("{} sources, {} scans", count(metrics.sources), count(metrics.scans)),
        ),
        ("Scores", short(&protocol.scores_sha256)),
        ("Labels", short(&protocol.labels_sha256)),
        ("Engine", escape(&protocol.engine_version)),
        (
            "Parameters",
            protocol.parameters_digest.as_ref().map_or_else(|| "not known".to_owned(), short),
        ),
    ];
    if let Some(frozen) = protocol.weighing.frozen() {
        rows.push((
            "Calibration",
            format!("{} of the population {}", short(&frozen.sha256), escape(&frozen.population)),
        ));
        rows.push((
            "Bounds of log10 LR",
            format!("{} to {}", number(frozen.lower, 2), number(frozen.upper, 2)),
        ));
    }
    if let Weighing::HeldOut { models } = protocol.weighing {
        let models =
            format!("{}, each fitted without the sources of the pairs it weighs", count(models));
        rows.push(("Models", models));
    }
    if let Some(folds) = protocol.weighing.folds() {
        rows.push((
            "Folds",
            format!(
                "{} of sources, {}; {} pairs across folds are in none",
                folds.folds,
                escape(&folds.origin),
                count(folds.across)
            ),
        ));
    }
    let bootstrap = match protocol.rounds {
        0 => "none".to_owned(),
        rounds => format!("{} rounds over sources, seed {}", count(rounds), protocol.seed),
    };
    rows.extend([("Bootstrap", bootstrap), ("Made", escape(&protocol.made))]);
    let rows = rows.into_iter().map(|(name, value)| format!("<dt>{name}</dt><dd>{value}</dd>\n"));
    format!(
        "<dl>\n{}</dl>\n<p class=\"note\">Digests are SHA-256 and shortened; the title of each has all of it.</p>\n",
        rows.collect::<String>()
    )
}

fn pairs(metrics: &Metrics) -> String {
    let repeated = match metrics.repeated {
        0 => String::new(),
        repeated => format!(
            "; {} of them repeat two scans that another row has: figures of all pairs count every row",
            count(repeated)
        ),
    };
    format!(
        "{} ({} known matches, {} known non-matches){repeated}",
        count(metrics.pairs),
        count(metrics.known_matches),
        count(metrics.known_non_matches)
    )
}

/// Rates with their intervals.
pub(super) fn rates(metrics: &Metrics) -> String {
    let (one, any, tenfold) = (&metrics.at_one, &metrics.misleading, &metrics.misleading_tenfold);
    let rows = [
        ("Known non-matches, LR of 1 or more", one.false_match),
        ("Known matches, LR below 1", one.false_non_match),
        ("Misleading known non-matches, LR above 1", any.false_match),
        ("Misleading known matches, LR below 1", any.false_non_match),
        ("Misleading known non-matches, LR above 10", tenfold.false_match),
        ("Misleading known matches, LR below 1/10", tenfold.false_non_match),
    ];
    let row = |(name, rate): (&str, ErrorRate)| {
        vec![
            name.to_owned(),
            count(rate.errors),
            count(rate.cases),
            percent(rate.rate),
            format!("{} to {}", percent(rate.low), percent(rate.high)),
            percent(rate.upper),
        ]
    };
    let columns = [
        Column::Words("Rate"),
        Column::Numbers("Errors"),
        Column::Numbers("Pairs"),
        Column::Numbers("Share"),
        Column::Numbers("95 % interval"),
        Column::Numbers("95 % upper bound"),
    ];
    let table = Table { columns: &columns, rows: rows.into_iter().map(row).collect() };
    format!(
        "{}<p class=\"note\">Exact intervals (Clopper and Pearson 1934), two-sided, and one-sided upper bounds. They take pairs as \
         independent, which pairs of one scan or source are not: the sources allow less certainty than this.</p>\n",
        table.markup()
    )
}

/// What each fold costs.
pub(super) fn folds(metrics: &Metrics) -> String {
    let cost = |cost: Option<f64>| cost.map_or_else(|| "–".to_owned(), |cost| number(cost, 3));
    let rows = metrics.folds.iter().map(|fold| {
        vec![
            fold.fold.to_string(),
            count(fold.known_matches),
            count(fold.known_non_matches),
            cost(fold.cllr),
            cost(fold.cllr_min),
        ]
    });
    let columns = [
        Column::Numbers("Fold"),
        Column::Numbers("Known matches"),
        Column::Numbers("Known non-matches"),
        Column::Numbers("Cllr"),
        Column::Numbers("Least Cllr"),
    ];
    let table = Table { columns: &columns, rows: rows.collect() }.markup();
    let mean = metrics.cllr_fold_mean.map_or_else(
        || "No fold has known matches and known non-matches.".to_owned(),
        |mean| format!("The mean Cllr of the folds is <strong>{}</strong>.", number(mean, 3)),
    );
    let left_out = if metrics.folds_left_out.is_empty() {
        String::new()
    } else {
        let names: Vec<String> = metrics.folds_left_out.iter().map(ToString::to_string).collect();
        format!(" Left out, for want of one kind of pair: {}.", names.join(", "))
    };
    format!(
        "{table}<p>{mean}{left_out} A fold's figures are of its own rows and of one model; all other figures of this page are of \
         all rows together, so that a pair in several folds counts in each.</p>\n"
    )
}

/// Where mates come in lists.
pub(super) fn search(metrics: &Metrics) -> String {
    let search = &metrics.search;
    let at = |curve: &[RankPoint], rank: usize| {
        curve.get(rank - 1).map_or_else(Vec::new, |point| {
            // The interval of those missed, turned round.
            let (low, high) = (1.0 - point.missed.high, 1.0 - point.missed.low);
            vec![percent(point.found), format!("{} to {}", percent(low), percent(high))]
        })
    };
    let rows = [1, 5, 10].map(|rank| {
        let best = at(&search.best_mate.curve, rank);
        let all = at(&search.all_mates.curve, rank);
        [vec![rank.to_string()], best, all].concat()
    });
    let columns = [
        Column::Numbers("Length of the list"),
        Column::Numbers("Best mate within"),
        Column::Numbers("95 % interval"),
        Column::Numbers("All mates within"),
        Column::Numbers("95 % interval"),
    ];
    let table = Table { columns: &columns, rows: rows.to_vec() }.markup();
    let [fewest, most] = search.gallery.map(count);
    let others =
        if search.gallery[0] == search.gallery[1] { most } else { format!("{fewest} to {most}") };
    format!(
        "<p>Each of {} scans that have a mate was put as a question to the {others} scans that it was compared with, ordered by \
         score; other sources come first where scores are equal. There are {} mates in all; one that comes after other mates \
         has their places before it.</p>\n{table}",
        count(search.questions),
        count(search.mates)
    )
}
