//! From a pose that is nearly right to the best one nearby, by direct sums.

use super::direct::moments;
use super::exhaustive::{Hypothesis, score};
use super::field::Field;
use super::moments::Moments;
use super::peak::vertex;
use super::rotate::transform;
use crate::surface::Pose;
use crate::units::Angle;

/// The two fields of a refinement, at one spacing.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a> {
    pub(super) questioned: &'a Field,
    pub(super) reference: &'a Field,
    pub(super) least_overlap: f64,
}

/// Best shift among the nine about the pose's own, at the pose's angle.
#[derive(Clone, Copy)]
struct AtAngle {
    score: f32,
    dy: isize,
    dx: isize,
    offset_y: f64,
    offset_x: f64,
}

impl Fields<'_> {
    fn score(&self, moments: &Moments) -> Option<f32> {
        let smaller = self.questioned.valid_count().min(self.reference.valid_count());
        score(moments, smaller, self.least_overlap)
    }

    /// The questioned field under `pose` in the reference's frame.
    pub(super) fn turned(&self, pose: Pose) -> Field {
        Field::new(transform(self.questioned.texture(), pose, self.reference.dim()))
    }

    /// Looks at the nine shifts within one sample of the pose.
    fn shifts(&self, pose: Pose) -> Option<AtAngle> {
        let turned = self.turned(pose);
        let mut scores = [[None; 3]; 3];
        let mut best: Option<(usize, usize, f32)> = None;
        for (y, row) in scores.iter_mut().enumerate() {
            for (x, slot) in row.iter_mut().enumerate() {
                let found = moments(&turned, self.reference, y as isize - 1, x as isize - 1);
                *slot = self.score(&found);
                if let Some(score) = *slot
                    && best.is_none_or(|best| score > best.2)
                {
                    best = Some((y, x, score));
                }
            }
        }
        let (y, x, score) = best?;
        let at = |y: Option<usize>, x: Option<usize>| *scores.get(y?)?.get(x?)?;
        let offset_y = vertex(at(y.checked_sub(1), Some(x)), score, at(Some(y + 1), Some(x)));
        let offset_x = vertex(at(Some(y), x.checked_sub(1)), score, at(Some(y), Some(x + 1)));
        Some(AtAngle { score, dy: y as isize - 1, dx: x as isize - 1, offset_y, offset_x })
    }

    /// Climbs from `start` over shifts of one sample and turns of `step`, at most `steps` times, then
    /// takes the vertex of the parabolas through the best.
    pub(super) fn climb(&self, start: Pose, step: Angle, steps: usize) -> Option<Hypothesis> {
        let spacing = self.reference.texture().spacing;
        let shifted = |pose: Pose, dy: f64, dx: f64| Pose {
            dy: pose.dy + spacing * dy,
            dx: pose.dx + spacing * dx,
            ..pose
        };
        let turned = |pose: Pose, turn: Angle| Pose { theta: pose.theta + turn, ..pose };
        let mut pose = start;
        let mut here = self.shifts(pose)?;
        let (mut before, mut after) = (None, None);
        for _ in 0..steps {
            let moved = here.dy != 0 || here.dx != 0;
            if moved {
                pose = shifted(pose, here.dy as f64, here.dx as f64);
                here = self.shifts(pose)?;
                (before, after) = (None, None);
                continue;
            }
            before = before.or_else(|| self.shifts(turned(pose, -step)));
            after = after.or_else(|| self.shifts(turned(pose, step)));
            let is_better = |other: Option<AtAngle>| other.filter(|other| other.score > here.score);
            let (next, turn) = match (is_better(before), is_better(after)) {
                (Some(one), Some(two)) if two.score > one.score => (two, step),
                (Some(one), _) => (one, -step),
                (None, Some(two)) => (two, step),
                (None, None) => break,
            };
            let old = here;
            (pose, here) = (turned(pose, turn), next);
            (before, after) =
                if turn > Angle::ZERO { (Some(old), None) } else { (None, Some(old)) };
        }
        let score = |other: Option<AtAngle>| other.map(|other| other.score);
        let turn = step * vertex(score(before), here.score, score(after));
        let best = shifted(
            turned(pose, turn),
            here.dy as f64 + here.offset_y,
            here.dx as f64 + here.offset_x,
        );
        Some(Hypothesis { pose: Pose { theta: best.theta.wrapped(), ..best }, score: here.score })
    }
}
