//! What do several marks of one exhibit weigh together?
//!
//! Marks that different parts of a firearm made are independent given their source, as far as those parts were made by
//! different tools: the likelihood ratios of breech block, firing pin and ejector multiply. Marks of one part are not: the
//! aperture is cut into the very face whose texture is compared, so of breech face and aperture shear the stronger counts,
//! whichever way it points. A mark that is missing, or that has no likelihood ratio, is no evidence. Nothing here depends on the
//! order of the marks.

use crate::surface::{FirearmPart, MarkKind};
use serde::Serialize;

/// What one mark weighs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MarkWeight {
    /// Which mark.
    pub mark: MarkKind,
    /// log10 of its likelihood ratio, within its bounds.
    pub log10_lr: f64,
    /// The ends of its interval.
    pub interval: [f64; 2],
}

/// What the marks of an exhibit weigh together.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FusedWeight {
    /// log10 of the likelihood ratio: the sum of those that count.
    pub log10_lr: f64,
    /// The sum of the lower ends of their intervals: no less sure than if all erred the same way.
    pub log10_lr_low: f64,
    /// The sum of the upper ends.
    pub log10_lr_high: f64,
    /// The marks that count.
    pub counted: Vec<MarkKind>,
    /// The marks that do not, because a stronger one is of the same part.
    pub set_aside: Vec<MarkKind>,
}

impl FusedWeight {
    /// How it was made, in words.
    #[must_use]
    pub fn sentence(&self) -> String {
        let list = |marks: &[MarkKind]| {
            marks.iter().map(|mark| mark.name().replace('_', " ")).collect::<Vec<_>>().join(", ")
        };
        let counted = list(&self.counted);
        let mut text = if self.counted.len() == 1 {
            format!("by the {counted} alone")
        } else {
            format!(
                "{counted} together: different parts made them, so their likelihood ratios multiply"
            )
        };
        if !self.set_aside.is_empty() {
            text += &format!(
                "; {} set aside, since a stronger mark is of the same part",
                list(&self.set_aside)
            );
        }
        text
    }
}

/// Weighs the marks of one exhibit together; `None` without any.
#[must_use]
pub fn fuse(weights: &[MarkWeight]) -> Option<FusedWeight> {
    let mut weights = weights.to_vec();
    weights.sort_by(|one, two| {
        let strength = |weight: &MarkWeight| weight.log10_lr.abs();
        strength(two).total_cmp(&strength(one)).then(one.mark.cmp(&two.mark))
    });
    let (mut counted, mut set_aside): (Vec<MarkWeight>, Vec<MarkKind>) = (Vec::new(), Vec::new());
    for weight in weights {
        let part = |weight: &MarkWeight| -> FirearmPart { weight.mark.part() };
        if counted.iter().any(|other| part(other) == part(&weight)) {
            set_aside.push(weight.mark);
        } else {
            counted.push(weight);
        }
    }
    // In the order of marks, so that the sum is the same whatever came first.
    counted.sort_by_key(|weight| weight.mark);
    set_aside.sort();
    let sum = |of: &dyn Fn(&MarkWeight) -> f64| counted.iter().map(of).sum::<f64>();
    (!counted.is_empty()).then(|| FusedWeight {
        log10_lr: sum(&|weight| weight.log10_lr),
        log10_lr_low: sum(&|weight| weight.interval[0]),
        log10_lr_high: sum(&|weight| weight.interval[1]),
        counted: counted.iter().map(|weight| weight.mark).collect(),
        set_aside,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weight(mark: MarkKind, log10_lr: f64) -> MarkWeight {
        MarkWeight { mark, log10_lr, interval: [log10_lr - 0.5, log10_lr + 0.25] }
    }

    #[test]
    fn parts_multiply_and_marks_of_one_part_do_not() {
        let all = [
            weight(MarkKind::ApertureShear, -1.5),
            weight(MarkKind::FiringPin, 2.0),
            weight(MarkKind::BreechFace, 1.0),
            weight(MarkKind::Ejector, -0.25),
        ];
        let fused = fuse(&all).unwrap();
        // The shear is the stronger of the block's two, though it speaks against.
        assert_eq!(
            fused.counted,
            [MarkKind::FiringPin, MarkKind::Ejector, MarkKind::ApertureShear]
        );
        assert_eq!(fused.set_aside, [MarkKind::BreechFace]);
        assert!((fused.log10_lr - 0.25).abs() < 1e-12);
        assert!((fused.log10_lr_low + 1.25).abs() < 1e-12);
        assert!((fused.log10_lr_high - 1.0).abs() < 1e-12);
        let mut turned = all;
        turned.reverse();
        assert_eq!(fuse(&turned), Some(fused));
    }

    #[test]
    fn a_missing_mark_is_no_evidence() {
        assert_eq!(fuse(&[]), None);
        let alone = fuse(&[weight(MarkKind::Ejector, 0.75)]).unwrap();
        assert!((alone.log10_lr - 0.75).abs() < 1e-12);
        assert_eq!(alone.sentence(), "by the ejector alone");
    }

    #[test]
    fn words_say_what_counts() {
        let two = [weight(MarkKind::BreechFace, 1.0), weight(MarkKind::ApertureShear, 0.5)];
        assert_eq!(
            fuse(&two).unwrap().sentence(),
            "by the breech face alone; aperture shear set aside, since a stronger mark is of the same part"
        );
        let two = [weight(MarkKind::BreechFace, 1.0), weight(MarkKind::FiringPin, 0.5)];
        assert_eq!(
            fuse(&two).unwrap().sentence(),
            "breech face, firing pin together: different parts made them, so their likelihood ratios multiply"
        );
    }
}
