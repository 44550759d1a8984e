//! Which likelihood ratios were misleading?

use crate::statistics::Truth;
use crate::validation::Evaluated;
use crate::validation::html::{Column, Table, count, escape, number};

/// How many are listed.
const LISTED: usize = 200;

/// Every ratio that supports what is not so, the strongest first.
pub(super) fn misleading(pairs: &[Evaluated]) -> String {
    let mut wrong: Vec<&Evaluated> = pairs
        .iter()
        .filter(|pair| match pair.truth {
            Truth::KnownMatch => pair.log10_lr < 0.0,
            Truth::KnownNonMatch => pair.log10_lr > 0.0,
        })
        .collect();
    if wrong.is_empty() {
        return "<p>None: every ratio is 1 or supports what is so.</p>\n".to_owned();
    }
    wrong.sort_by(|one, other| {
        let names =
            |pair: &&Evaluated| (pair.questioned.clone(), pair.reference.clone(), pair.fold);
        other
            .log10_lr
            .abs()
            .total_cmp(&one.log10_lr.abs())
            .then_with(|| names(one).cmp(&names(other)))
    });
    let folds = wrong.iter().any(|pair| pair.fold.is_some());
    let row = |pair: &&Evaluated| {
        let [one, other] = &pair.sources;
        let sources = match pair.truth {
            Truth::KnownMatch => escape(one),
            Truth::KnownNonMatch => format!("{} and {}", escape(one), escape(other)),
        };
        let mut cells = vec![
            escape(&pair.questioned),
            escape(&pair.reference),
            pair.truth.to_string(),
            sources,
            number(pair.score, 3),
            number(pair.log10_lr, 2),
        ];
        cells.extend(pair.fold.filter(|_| folds).map(|fold| fold.to_string()));
        cells
    };
    let columns = [
        Column::Words("Questioned"),
        Column::Words("Reference"),
        Column::Words("Truth"),
        Column::Words("Sources"),
        Column::Numbers("Score"),
        Column::Numbers("log10 LR"),
        Column::Numbers("Fold"),
    ];
    let table = Table {
        columns: if folds { &columns } else { &columns[..6] },
        rows: wrong.iter().take(LISTED).map(row).collect(),
    };
    let lead = "<p>Each supports the proposition that is not so, at whatever strength; the strongest come first.</p>\n";
    let rest = match wrong.len().saturating_sub(LISTED) {
        0 => String::new(),
        rest => format!("<p>And {} more, none of them stronger.</p>\n", count(rest)),
    };
    format!("{lead}{}{rest}", table.markup())
}
