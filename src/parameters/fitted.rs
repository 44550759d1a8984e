//! Which numbers differ for marks other than the breech face?
//!
//! A firing pin's impression is a third as wide as a primer and its texture as much finer; an ejector's is as small, and flat.
//! Aperture shear is scanned with the whole head, not as finely as the mark of a tool.
//! Whatever is not named here is as for the breech face.

use crate::surface::MarkKind;

/// A parameter that another mark needs otherwise.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fitted {
    /// Group and name, `group.name`.
    pub(super) key: &'static str,
    /// Its value, in the unit of its declaration.
    pub(super) value: f64,
    /// The paper, clause or measurement it comes from.
    pub(super) source: &'static str,
}

const fn fit(key: &'static str, value: f64, source: &'static str) -> Fitted {
    Fitted { key, value, source }
}

const SIMULATED: &str = "measured on simulated marks: benches/README.md, marks";

/// Of firing pins and ejectors: both are small, and their texture is fine.
const SMALL: &[Fitted] = &[
    fit(
        "extraction.spacing",
        6.25,
        "a cell of 0.15 mm then has 576 samples; Zhang et al. 2021 use 3 um to 6 um",
    ),
    fit("extraction.s_filter_cutoff", 15.0, "two samples of most instruments"),
    fit("extraction.l_filter_cutoff", 300.0, "beyond the cutoff of the form"),
    fit("registration.middle_spacing", 12.5, "half that of the breech face"),
    fit("registration.middle_cutoff", 30.0, "half that of the breech face"),
    fit("registration.shift_reach", 300.0, "centres of masks differ by less"),
    fit("congruent_cells.cell_side", 150.0, SIMULATED),
    fit("congruent_cells.search_reach", 50.0, "half that of the breech face"),
    fit("congruent_cells.displacement_threshold", 30.0, "half that of the breech face"),
    fit("index_entry.cutoff", 75.0, "half that of the breech face"),
    fit("index_entry.spacing", 12.5, "a sixth of the cutoff"),
    fit("index_entry.outer_radius", 800.0, "firing pins and ejectors leave less than 1.6 mm"),
    fit("index_entry.shortest_wave", 65.0, "below the cutoff"),
    fit("index_search.offset_reach", 125.0, "half that of the breech face"),
    fit("index_search.offset_spacing", 31.25, "half that of the breech face"),
    fit("index_search.sieve_reach", 125.0, "half that of the breech face"),
    fit("index_search.sieve_spacing", 34.5, "half that of the breech face"),
];

const FIRING_PIN: &[Fitted] = &[
    fit("registration.coarse_spacing", 25.0, "half that of the breech face"),
    fit("registration.coarse_cutoff", 75.0, "three samples of the coarse spacing"),
];

const EJECTOR: &[Fitted] = &[
    fit("registration.coarse_spacing", 20.0, SIMULATED),
    fit("registration.coarse_cutoff", 50.0, SIMULATED),
    fit("registration.hypotheses", 12.0, SIMULATED),
];

/// Against marks of tools, which are drawn by a finer instrument.
const APERTURE_SHEAR: &[Fitted] = &[fit(
    "striation.shortest_wave",
    15.0,
    "two samples of most instruments; measured: benches/README.md, marks",
)];

/// What differs for this mark.
pub(super) fn fitted(mark: MarkKind) -> impl Iterator<Item = &'static Fitted> {
    let (common, own): (&[Fitted], &[Fitted]) = match mark {
        MarkKind::BreechFace => (&[], &[]),
        MarkKind::ApertureShear => (&[], APERTURE_SHEAR),
        MarkKind::FiringPin => (SMALL, FIRING_PIN),
        MarkKind::Ejector => (SMALL, EJECTOR),
    };
    common.iter().chain(own)
}

#[cfg(test)]
mod tests {
    use crate::parameters::{Index, Parameters};
    use crate::surface::MarkKind;
    use std::collections::BTreeSet;

    #[test]
    fn every_mark_has_parameters_within_bounds_and_digests_of_its_own() {
        let mut digests = BTreeSet::new();
        for mark in MarkKind::ALL {
            let parameters = Parameters::of_mark(mark);
            parameters.check().unwrap_or_else(|error| panic!("{mark}: {error}"));
            let index = Index::of_mark(mark).map_or(Ok(()), |index| index.check());
            index.unwrap_or_else(|error| panic!("{mark}: {error}"));
            digests.extend([parameters.digest(), parameters.extraction_digest()]);
            let listed = parameters.list();
            assert!(
                listed.iter().all(|entry| entry.value.total_cmp(&entry.default).is_eq()),
                "{mark}"
            );
        }
        assert_eq!(digests.len(), 2 * MarkKind::ALL.len());
    }

    #[test]
    fn only_a_striated_mark_is_steered_by_the_parameters_of_profiles() {
        for mark in MarkKind::ALL {
            let parameters = Parameters::of_mark(mark);
            let listed = parameters.list();
            let groups: BTreeSet<&str> =
                listed.iter().filter_map(|entry| entry.key.split('.').next()).collect();
            let striated = mark == MarkKind::ApertureShear;
            assert_eq!(groups.contains("striation"), striated, "{mark}");
            assert_eq!(groups.contains("congruent_cells"), !striated, "{mark}");
            assert_eq!(Index::of_mark(mark).is_none(), striated, "{mark}");
        }
        // A threshold of comparisons leaves stored profiles as they are.
        let mut parameters = Parameters::of_mark(MarkKind::ApertureShear);
        let (all, of_profiles) = (parameters.digest(), parameters.extraction_digest());
        if let Some(striation) = &mut parameters.striation {
            striation.segment_ncc += 0.1;
        }
        assert_ne!(parameters.digest(), all);
        assert_eq!(parameters.extraction_digest(), of_profiles);
    }

    #[test]
    fn the_breech_face_keeps_its_digest() {
        // What is in stores must be found there.
        let digest = Parameters::default().digest().to_string();
        assert!(digest.starts_with("31c56a5516a36025"), "{digest}");
    }
}
