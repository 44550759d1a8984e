//! What would a laboratory file about its validation?
//!
//! One file of HTML without anything from outside, which a browser shows and prints on A4: the verdict first, then the
//! figures, what they are of, and what they do not show. The same input gives the same bytes.

mod misleading;
mod tables;

use super::html::{escape, number, percent};
use super::{Evaluated, Metrics, Protocol, ValidationError, check, plot, words};
use crate::statistics::Labelled;
use std::fmt::Write;

/// The style sheet.
const STYLE: &str = include_str!("page.css");

/// Writes the page.
///
/// # Errors
/// Pairs that cannot be measured, or a figure that cannot be drawn.
pub fn page(
    protocol: &Protocol,
    pairs: &[Evaluated],
    metrics: &Metrics,
) -> Result<String, ValidationError> {
    let ratios = Labelled::from_pairs(pairs.iter().map(|pair| (pair.truth, pair.log10_lr)))?;
    check(protocol, pairs)?;
    let scores = Labelled::from_pairs(pairs.iter().map(|pair| (pair.truth, pair.score)))?;
    let mut text = head(protocol);
    section(&mut text, "verdict", "Verdict", &verdict(metrics));
    section(&mut text, "summary", "Summary", &summary(metrics));
    section(&mut text, "protocol", "Data and protocol", &tables::protocol(protocol, metrics));
    section(&mut text, "figures", "Figures", &figures(&ratios, &scores, metrics)?);
    section(&mut text, "rates", "Rates of error", &tables::rates(metrics));
    if !metrics.folds.is_empty() {
        section(&mut text, "folds", "Folds", &tables::folds(metrics));
    }
    section(&mut text, "search", "Search", &tables::search(metrics));
    let title = "Misleading likelihood ratios";
    section(&mut text, "misleading", title, &misleading::misleading(pairs));
    section(&mut text, "limits", "Limits of this study", &words::limits(protocol, metrics));
    section(&mut text, "references", "References", &words::references());
    text.push_str("</main>\n</body>\n</html>\n");
    Ok(text)
}

/// All before the first section. The policy keeps a browser from loading or running anything, whatever a name contains.
fn head(protocol: &Protocol) -> String {
    let Protocol { title, engine_version, made, .. } = protocol;
    let (title, engine_version, made) = (escape(title), escape(engine_version), escape(made));
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n\
         <header>\n<p class=\"eyebrow\">Casemark validation report</p>\n<h1>{title}</h1>\n\
         <p class=\"made\">Engine {engine_version} · {made}</p>\n</header>\n"
    )
}

fn section(text: &mut String, id: &str, title: &str, content: &str) {
    // A String takes whatever is written.
    let _ = write!(text, "<section id=\"{id}\">\n<h2>{title}</h2>\n{content}</section>\n");
}

fn verdict(metrics: &Metrics) -> String {
    let all = metrics.criteria.len();
    let missed = metrics.criteria.iter().filter(|criterion| !criterion.passed).count();
    let (class, words) = match metrics.passed {
        None => ("none", "No criteria were set: these are figures without a verdict.".to_owned()),
        Some(true) if all == 1 => ("met", "The one criterion that was set is met.".to_owned()),
        Some(true) => ("met", format!("All {all} criteria that were set are met.")),
        Some(false) if all == 1 => ("missed", "The one criterion is not met.".to_owned()),
        Some(false) => ("missed", format!("{missed} of {all} criteria are not met.")),
    };
    let banner = format!("<p class=\"verdict {class}\">{words}</p>\n");
    if all == 0 { banner } else { banner + &tables::criteria(metrics) }
}

/// The figures that a reader looks for first.
fn summary(metrics: &Metrics) -> String {
    let cllr = metrics.cllr_interval.map_or_else(String::new, |interval| {
        format!("nominal 95 %: {} to {}", number(interval.low, 3), number(interval.high, 3))
    });
    let error = &metrics.at_one;
    let upper = |rate: f64| format!("at most {}, 95 % one-sided", percent(rate));
    let misleading =
        metrics.misleading.false_match.errors + metrics.misleading.false_non_match.errors;
    let cards = [
        ("Cllr", number(metrics.cllr, 3), cllr),
        (
            "Least Cllr",
            number(metrics.cllr_min, 3),
            "what the order of the ratios allows".to_owned(),
        ),
        ("Loss of calibration", number(metrics.calibration_loss, 3), "bits".to_owned()),
        ("Equal error rate", percent(metrics.eer), format!("AUC {}", number(metrics.auc, 4))),
        (
            "Known non-matches with LR ≥ 1",
            percent(error.false_match.rate),
            upper(error.false_match.upper),
        ),
        (
            "Known matches with LR &lt; 1",
            percent(error.false_non_match.rate),
            upper(error.false_non_match.upper),
        ),
        (
            "Misleading ratios",
            super::html::count(misleading),
            format!("of {} pairs", super::html::count(metrics.pairs)),
        ),
        (
            "Best mate comes first",
            percent(metrics.search.best_mate.at_1),
            format!("of {} searches", super::html::count(metrics.search.questions)),
        ),
    ];
    let mut text = "<div class=\"cards\">\n".to_owned();
    for (name, value, note) in cards {
        let _ = writeln!(
            text,
            "<div class=\"card\"><p class=\"name\">{name}</p><p class=\"value\">{value}</p><p class=\"note\">{note}</p></div>"
        );
    }
    text.push_str("</div>\n");
    text
}

/// A colour of a legend, and what has it.
type Key = (&'static str, &'static str);

/// Every figure with its legend and what it shows.
fn figures(
    ratios: &Labelled,
    scores: &Labelled,
    metrics: &Metrics,
) -> Result<String, ValidationError> {
    const KINDS: &[Key] = &[("matches", "known matches"), ("others", "known non-matches")];
    let figures: [(&str, &str, String, &[Key]); 5] = [
        ("histogram", words::HISTOGRAM, plot::histogram(scores)?, KINDS),
        ("tippett", words::TIPPETT, plot::tippett(ratios)?, KINDS),
        (
            "det",
            words::DET,
            plot::det(ratios, scores)?,
            &[("matches", "likelihood ratios"), ("neutral", "scores")],
        ),
        (
            "ece",
            words::ECE,
            plot::entropy(ratios)?,
            &[
                ("matches", "likelihood ratios"),
                ("best", "best calibration"),
                ("neutral", "no evidence"),
            ],
        ),
        (
            "ranks",
            words::RANKS,
            plot::ranks(&metrics.search)?,
            &[("matches", "best mate"), ("neutral", "all mates")],
        ),
    ];
    let mut text = "<div class=\"figures\">\n".to_owned();
    for (id, caption, svg, keys) in figures {
        let _ = write!(text, "<figure id=\"{id}\">\n<ul class=\"keys\">");
        for (class, name) in keys {
            let _ = write!(text, "<li class=\"{class}\">{name}</li>");
        }
        let _ = write!(text, "</ul>\n{svg}<figcaption>{caption}</figcaption>\n</figure>\n");
    }
    text.push_str("</div>\n");
    Ok(text)
}
