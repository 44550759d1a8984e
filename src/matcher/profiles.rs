//! Two striated marks compared, told as a comparison of surfaces is: segments are cells of one row.
//!
//! Congruent matching profile segments (Chen et al. 2019) of either profile, sought on the other; a profile that lies the
//! other way round is turned by half. There is one rule for segments, so that both verdicts on a cell are the same.

use crate::cmc::{CellRegistration, CellVerdict, Consensus, Peak};
use crate::comparison::{CellResult, Direction, DirectionResult, ProfileAgreement};
use crate::correlate::Registration;
use crate::striation::{
    PreparedProfile, ProfileComparison, ProfileEngine, ProfileWorkspace, Segment, SegmentVerdict,
    Way,
};
use crate::surface::Pose;
use crate::units::{Angle, Length};

/// What was found.
pub(super) struct Agreement {
    pub(super) registration: Registration,
    pub(super) directions: Vec<DirectionResult>,
    pub(super) profile: ProfileAgreement,
}

/// Compares a questioned profile, as it is and from its other end, with a reference; `None` where nowhere enough of both is
/// measured.
pub(super) fn compare_profiles(
    engine: &ProfileEngine,
    questioned: [&PreparedProfile; 2],
    reference: &PreparedProfile,
    workspace: &mut ProfileWorkspace,
) -> Option<Agreement> {
    let (found, way) = engine.compare_both_ways(questioned, reference, workspace).ok()?;
    let turn = match way {
        Way::Forward => Angle::ZERO,
        Way::Reversed => Angle::from_degrees(180.0),
    };
    let smaller = questioned[0].valid_count().min(reference.valid_count()).max(1);
    let joint = found.overlap.ratio(engine.parameters().spacing);
    let registration = Registration {
        pose: Pose { dx: found.lag, dy: Length::ZERO, theta: turn },
        ncc: found.ncc,
        overlap: (joint / smaller as f64).min(1.0),
    };
    let ProfileComparison { score, scale, segments, reference_segments, .. } = found;
    let segments = match way {
        Way::Forward => segments,
        Way::Reversed => segments.into_iter().rev().map(turned).collect(),
    };
    let directions = vec![
        direction(Direction::ReferenceToQuestioned, &reference_segments),
        direction(Direction::QuestionedToReference, &segments),
    ];
    Some(Agreement { registration, directions, profile: ProfileAgreement { score, scale } })
}

/// A segment of a profile that was drawn from its other end, on the profile as it is.
fn turned(mut segment: Segment) -> Segment {
    segment.centre = -segment.centre;
    if let Some(place) = &mut segment.place {
        place.displacement = -place.displacement;
    }
    segment
}

fn direction(direction: Direction, segments: &[Segment]) -> DirectionResult {
    let cell_results: Vec<CellResult> = segments.iter().enumerate().map(cell).collect();
    let with = |wanted: &[CellVerdict]| -> Vec<&CellResult> {
        cell_results.iter().filter(|cell| wanted.contains(&cell.verdict)).collect()
    };
    let congruent = with(&[CellVerdict::Congruent]).len();
    let correlated = with(&[CellVerdict::Congruent, CellVerdict::Displaced]);
    let mut places: Vec<Length> =
        correlated.iter().filter_map(|cell| cell.registration.best().map(|peak| peak.dx)).collect();
    places.sort_by(|one, two| one.metres().total_cmp(&two.metres()));
    // As the segments were judged: the lower of two in the middle.
    let median = places.get(places.len().saturating_sub(1) / 2);
    DirectionResult {
        direction,
        cmc_count: congruent,
        cells: cell_results.len() - with(&[CellVerdict::NotCompared]).len(),
        convergence_cmc_count: congruent,
        consensus: median.map(|dx| Consensus { dx: *dx, dy: Length::ZERO, theta: Angle::ZERO }),
        cell_results,
    }
}

fn cell((column, segment): (usize, &Segment)) -> CellResult {
    let verdict = match segment.verdict {
        SegmentVerdict::Congruent => CellVerdict::Congruent,
        SegmentVerdict::TooFewJoint => CellVerdict::NotCompared,
        SegmentVerdict::LowNcc => CellVerdict::LowCorrelation,
        SegmentVerdict::Displaced => CellVerdict::Displaced,
    };
    let peak = segment.place.map(|place| Peak {
        theta: Angle::ZERO,
        dx: place.displacement,
        dy: Length::ZERO,
        ncc: place.ncc,
        joint_fraction: place.joint,
    });
    let registration = CellRegistration {
        row: 0,
        column,
        x: segment.centre,
        y: Length::ZERO,
        side: segment.length,
        fill_fraction: segment.measured,
        joint_fraction: segment.joint,
        peaks: peak.into_iter().collect(),
    };
    CellResult { registration, verdict, convergence_verdict: verdict }
}
