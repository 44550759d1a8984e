//! What do figures mean, and what do they not show?
//!
//! Wording after ENFSI (2015) and ANSI/ASB Standard 062: support for propositions and its limits, never a decision.

use super::html::{count, escape, number};
use super::{Metrics, Protocol, Weighing};

pub(super) const HISTOGRAM: &str = "<strong>Scores.</strong> The further apart the two kinds, the better they can be told apart. \
     Each is drawn as shares of its own pairs.";

pub(super) const TIPPETT: &str = "<strong>Tippett plot.</strong> The share of pairs with at least so large a likelihood ratio. \
     Known non-matches right of 0 and known matches left of it are misleading. Infinite ratios lie beyond the edges.";

pub(super) const DET: &str = "<strong>DET plot.</strong> Both rates of error at every threshold, on normal axes; nearer to the \
     lower left is better. The dot is the equal error rate. Rates below the least label lie on the edge.";

pub(super) const ECE: &str = "<strong>Empirical cross-entropy.</strong> What is left not known, by prior odds; at 0 it is Cllr. \
     Above the neutral curve ratios do harm; the distance to the best calibration is what calibration loses.";

pub(super) const RANKS: &str = "<strong>Rank curve.</strong> The share of mates that are in a list of candidates of each length, \
     ordered by score.";

/// What limits the study, from what is known of it.
pub(super) fn limits(protocol: &Protocol, metrics: &Metrics) -> String {
    let (sources, scans) = (count(metrics.sources), count(metrics.scans));
    let mut items = vec![
        format!(
            "<strong>Sources.</strong> {sources} sources and {scans} scans were evaluated. No figure shows what sources do that \
             are not like these, and what happens in less than about one source in {sources} may not be seen at all."
        ),
        "<strong>Dependence.</strong> Pairs share scans and sources and are not independent. The interval of Cllr draws sources \
         again; the exact intervals of rates take pairs as independent and are narrower than the sources allow."
            .to_owned(),
    ];
    if let Some(frozen) = protocol.weighing.frozen() {
        items.push(format!(
            "<strong>Population.</strong> The calibration was made of {}. That none of the sources here was among its own, and that \
             it was frozen before they were looked at, is for whoever made this study to show.",
            escape(&frozen.population)
        ));
        items.push(format!(
            "<strong>Bounds.</strong> log10 of the likelihood ratio is kept within {} and {}, which is as much as the calibration's \
             data support; a ratio at a bound says at least so much, and no rate is known beyond it.",
            number(frozen.lower, 2),
            number(frozen.upper, 2)
        ));
    }
    if let Weighing::HeldOut { models } = protocol.weighing {
        items.push(format!(
            "<strong>Models.</strong> Each pair's ratio comes from a model that saw neither of its sources, so these figures are of \
             the method, and of {} models, rather than of one calibration.",
            count(models)
        ));
    }
    if protocol.weighing.folds().is_some() {
        items.push(
            "<strong>Folds.</strong> Each fold's ratios come from a model that saw none of its sources, so these figures are of the \
             method, and of as many models as there are folds, rather than of one calibration. Pairs across folds are not evaluated."
                .to_owned(),
        );
    }
    if metrics.repeated > 0 {
        items.push(format!(
            "<strong>Repeats.</strong> {} rows repeat two scans that another row has. Pooled rates and their intervals count them \
             again and look more certain than they are.",
            count(metrics.repeated)
        ));
    }
    items.extend([
        "<strong>The interval of Cllr</strong> takes the likelihood ratios as they are: it does not show how the model would move \
         if it were made of other sources. Of few sources it is too narrow: of 25, three in four such intervals had in them what \
         very many sources give, where 95 in 100 should."
            .to_owned(),
        "<strong>Not shown.</strong> Other kinds of mark, calibre, ammunition, instrument and resolution; worn, damaged or partial \
         marks; subclass characteristics; whoever cropped the marks, and what an examiner makes of the results."
            .to_owned(),
        "<strong>Wording.</strong> A likelihood ratio says how much more probable the findings are if both marks are of one source \
         than if they are of two (ENFSI 2015). It is not the probability of either proposition, which also depends on the rest of \
         the case, and it decides nothing: conclusions are the examiner's, within the limits of a validation like this one \
         (ANSI/ASB Standard 062)."
            .to_owned(),
    ]);
    let items = items.into_iter().map(|item| format!("<li>{item}</li>\n"));
    format!("<ul class=\"limits\">\n{}</ul>\n", items.collect::<String>())
}

/// What this page follows, by name.
const REFERENCES: [&str; 11] = [
    "ANSI/ASB Standard 062, Standard for Topography Comparison Software for Firearm and Toolmark Analysis.",
    "Brümmer N, du Preez J (2006). Application-independent evaluation of speaker detection. Computer Speech &amp; Language 20, 230–275.",
    "Clopper CJ, Pearson ES (1934). The use of confidence or fiducial limits illustrated in the case of the binomial. Biometrika 26, 404–413.",
    "Efron B, Tibshirani RJ (1993). An Introduction to the Bootstrap. Chapman &amp; Hall.",
    "ENFSI (2015). Guideline for Evaluative Reporting in Forensic Science.",
    "Martin A, Doddington G, Kamm T, Ordowski M, Przybocki M (1997). The DET curve in assessment of detection task performance. Eurospeech, 1895–1898.",
    "Meuwly D, Ramos D, Haraksim R (2017). A guideline for the validation of likelihood ratio methods used for forensic evidence evaluation. Forensic Science International 276, 142–153.",
    "Ramos D, Gonzalez-Rodriguez J (2013). Reliable support: measuring calibration of likelihood ratios. Forensic Science International 230, 156–169.",
    "Song J (2013). Proposed “NIST Ballistics Identification System (NBIS)” based on 3D topography measurements on correlation cells. AFTE Journal 45, 184–194.",
    "Tippett CF, Emerson VJ, Fereday MJ, Lawton F, Richardson A, Jones LT, Lampert SM (1968). The evidential value of the comparison of paint flakes from sources other than vehicles. Journal of the Forensic Science Society 8, 61–65.",
    "Vergeer P, van Es A, de Jongh A, Alberink I, Stoel R (2016). Numerical likelihood ratios outputted by LR systems are often based on extrapolation: when to stop extrapolating? Science &amp; Justice 56, 482–491.",
];

pub(super) fn references() -> String {
    let items = REFERENCES.iter().map(|reference| format!("<li>{reference}</li>\n"));
    format!("<ul class=\"references\">\n{}</ul>\n", items.collect::<String>())
}
