//! Which harmonics of which rings are kept, and where each lies among an entry's values?

use crate::parameters::IndexEntry;
use crate::units::Length;

/// The plan of an entry, which follows from the parameters alone.
///
/// Values are complex, in this order: the heights, harmonic by harmonic from 0, each over the rings from
/// [`Layout::first_ring`] outwards; then the squared heights and the mask, harmonic by harmonic, each over
/// all rings of the mask, which are means of several.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Layout {
    radii: Vec<Length>,
    /// Share of the mark's area that a sample of the ring stands for, so that all rings make 1.
    areas: Vec<f32>,
    /// The same of the mask's rings.
    mask_areas: Vec<f32>,
    first_rings: Vec<usize>,
    /// Where each harmonic of the heights begins; one more for the end.
    starts: Vec<usize>,
    mask_harmonics: usize,
    angles: usize,
}

impl Layout {
    pub(super) fn new(parameters: &IndexEntry) -> Self {
        let rings = parameters.rings;
        let step = parameters.outer_radius * (1.0 / rings as f64);
        let radii: Vec<Length> = (0..rings).map(|ring| step * (ring as f64 + 0.5)).collect();
        // Rings of one width: the area goes with the radius, and (ring + 1/2) sums to rings^2 / 2.
        let area = |ring: usize| ((2 * ring + 1) as f64 / (rings * rings) as f64) as f32;
        let fits = |harmonic: usize, radius: Length| {
            radius.metres() * std::f64::consts::TAU
                >= harmonic as f64 * parameters.shortest_wave.metres()
        };
        let first_rings: Vec<usize> = (0..=parameters.harmonics)
            .map(|harmonic| radii.partition_point(|radius| !fits(harmonic, *radius)))
            .collect();
        let mut starts = vec![0];
        for first in &first_rings {
            starts.push(starts[starts.len() - 1] + rings - first);
        }
        let areas: Vec<f32> = (0..rings).map(area).collect();
        let merged = rings / parameters.mask_rings;
        Self {
            mask_areas: areas.chunks(merged).map(|areas| areas.iter().sum()).collect(),
            areas,
            radii,
            first_rings,
            starts,
            mask_harmonics: parameters.mask_harmonics,
            angles: parameters.angles,
        }
    }

    pub(super) fn rings(&self) -> usize {
        self.radii.len()
    }

    pub(super) fn radii(&self) -> &[Length] {
        &self.radii
    }

    pub(super) fn areas(&self) -> &[f32] {
        &self.areas
    }

    pub(super) fn mask_areas(&self) -> &[f32] {
        &self.mask_areas
    }

    pub(super) fn mask_rings(&self) -> usize {
        self.mask_areas.len()
    }

    /// The share of a ring in the mask's ring that it belongs to.
    pub(super) fn mask_share(&self, ring: usize) -> f32 {
        self.areas[ring] / self.mask_areas[ring * self.mask_rings() / self.rings()]
    }

    pub(super) fn angles(&self) -> usize {
        self.angles
    }

    /// Number of angles at which the denominators are computed: they vary slowly.
    pub(super) fn coarse_angles(&self) -> usize {
        self.angles / COARSE
    }

    /// Highest harmonic of the heights.
    pub(super) fn harmonics(&self) -> usize {
        self.first_rings.len() - 1
    }

    /// Highest harmonic of the mask and of the squares.
    pub(super) fn mask_harmonics(&self) -> usize {
        self.mask_harmonics
    }

    /// The innermost ring whose harmonic is kept.
    pub(super) fn first_ring(&self, harmonic: usize) -> usize {
        self.first_rings[harmonic]
    }

    /// Where the harmonic of the heights begins, in complex values.
    pub(super) fn start(&self, harmonic: usize) -> usize {
        self.starts[harmonic]
    }

    /// Number of complex values of the heights.
    pub(super) fn height_values(&self) -> usize {
        self.starts[self.starts.len() - 1]
    }

    /// Number of complex values of the mask, and of the squares.
    pub(super) fn mask_values(&self) -> usize {
        (self.mask_harmonics + 1) * self.mask_rings()
    }

    /// Number of complex values of an entry.
    pub(super) fn values(&self) -> usize {
        self.height_values() + 2 * self.mask_values()
    }
}

/// Angles to one at which the denominators are computed.
pub(super) const COARSE: usize = 4;
