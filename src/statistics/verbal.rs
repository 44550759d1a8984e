//! How is a likelihood ratio said in words?
//!
//! By the scale in the guideline for evaluative reporting of the European Network of Forensic Science Institutes (ENFSI
//! 2015): words for how strongly findings support one proposition over the other, never for a proposition itself. The scale
//! names no words from 1 to 2; here they are "no or limited support". A ratio at a limit takes the stronger words, as the
//! guideline's "1,000,000 and above" does.

use serde::{Deserialize, Serialize};

/// How strong support is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strength {
    /// A ratio from 1 to 2.
    NoOrLimited,
    /// From 2 to 10.
    Weak,
    /// From 10 to 100.
    Moderate,
    /// From 100 to 1,000.
    ModeratelyStrong,
    /// From 1,000 to 10,000.
    Strong,
    /// From 10,000 to 1,000,000.
    VeryStrong,
    /// 1,000,000 and above.
    ExtremelyStrong,
}

/// Which proposition findings support.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proposition {
    /// Both marks are of one source.
    SameSource,
    /// The marks are of two sources.
    DifferentSources,
}

/// What findings say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Support {
    /// How strongly.
    pub strength: Strength,
    /// For what.
    pub proposition: Proposition,
}

/// Least log10 of the ratio, from the strongest; log10 of 2 is the last.
const LIMITS: [(f64, Strength); 6] = [
    (6.0, Strength::ExtremelyStrong),
    (4.0, Strength::VeryStrong),
    (3.0, Strength::Strong),
    (2.0, Strength::ModeratelyStrong),
    (1.0, Strength::Moderate),
    (std::f64::consts::LOG10_2, Strength::Weak),
];

impl Support {
    /// The words for log10 of a likelihood ratio; `None` for what is not a number.
    #[must_use]
    pub fn of(log10_lr: f64) -> Option<Self> {
        if log10_lr.is_nan() {
            return None;
        }
        let proposition =
            if log10_lr < 0.0 { Proposition::DifferentSources } else { Proposition::SameSource };
        let reached = LIMITS.iter().find(|(limit, _)| log10_lr.abs() >= *limit);
        let strength = reached.map_or(Strength::NoOrLimited, |(_, strength)| *strength);
        Some(Self { strength, proposition })
    }

    /// A sentence for a report.
    #[must_use]
    pub fn sentence(self) -> String {
        let strength = match self.strength {
            Strength::NoOrLimited => {
                return "The findings provide no or limited support for either proposition over the other.".into();
            }
            Strength::Weak => "weak",
            Strength::Moderate => "moderate",
            Strength::ModeratelyStrong => "moderately strong",
            Strength::Strong => "strong",
            Strength::VeryStrong => "very strong",
            Strength::ExtremelyStrong => "extremely strong",
        };
        let (this, other) = ("are of the same source", "are of different sources");
        let (this, other) = match self.proposition {
            Proposition::SameSource => (this, other),
            Proposition::DifferentSources => (other, this),
        };
        format!(
            "The findings provide {strength} support for the proposition that the marks {this}, relative to the proposition that they {other}."
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_those_of_the_guideline() {
        let cases = [
            (1.0, Strength::NoOrLimited),
            (1.99, Strength::NoOrLimited),
            (2.0, Strength::Weak),
            (9.9, Strength::Weak),
            (10.0, Strength::Moderate),
            (100.0, Strength::ModeratelyStrong),
            (999.0, Strength::ModeratelyStrong),
            (1000.0, Strength::Strong),
            (10_000.0, Strength::VeryStrong),
            (999_000.0, Strength::VeryStrong),
            (1e6, Strength::ExtremelyStrong),
            (f64::INFINITY, Strength::ExtremelyStrong),
        ];
        for (ratio, strength) in cases {
            let ratio: f64 = ratio;
            let same = Support { strength, proposition: Proposition::SameSource };
            assert_eq!(Support::of(ratio.log10()), Some(same), "{ratio}");
            if strength > Strength::NoOrLimited {
                let different = Support { strength, proposition: Proposition::DifferentSources };
                assert_eq!(Support::of(-ratio.log10()), Some(different), "1 / {ratio}");
            }
        }
        assert_eq!(Support::of(f64::NAN), None);
    }

    #[test]
    fn words_never_decide() {
        for tenth in -80..=80 {
            let sentence = Support::of(f64::from(tenth) / 10.0).unwrap().sentence().to_lowercase();
            assert!(sentence.contains("support") && sentence.contains("proposition"));
            let deciding = ["match", "identif", "exclu", "same firearm", "conclu"];
            assert!(!deciding.iter().any(|word| sentence.contains(word)), "{sentence}");
        }
    }
}
