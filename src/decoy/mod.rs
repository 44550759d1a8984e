//! Who else might be in a store of a million?
//!
//! A decoy is a signature of a source that nobody has fired: made of measured ones, as hard to tell from a mate as
//! marks of other sources are, and no mate of any. A [`DecoyMaker`] makes decoy number `index` at once, whatever the number,
//! and the same for the same bases and seed.
//!
//! Not evidence: no error rate of real firearms follows from decoys. [`impostors`] tests whether their scores are
//! those of other sources, which is to be done anew for every set of bases.
//!
//! ```
//! use casemark::decoy::{Base, DecoyMaker};
//! use casemark::simulate::Simulation;
//! use casemark::{Digest, Parameters, Signature};
//!
//! let simulation = Simulation { subclass_group: 1, ..Simulation::default() };
//! let mut bases = Vec::new();
//! for number in 0..3 {
//!     let surface = simulation.firearm(number)?.shot(0).surface;
//!     let digest = Digest::of(&[number as u8]);
//!     let signature = Signature::extract(&surface, digest, &Parameters::default())?;
//!     bases.push(Base { signature, source: format!("firearm {number}"), group: String::new() });
//! }
//! let maker = DecoyMaker::new(&bases, 7)?;
//! let decoy = maker.signature(999_999);
//! println!("{} samples", decoy.summary().valid_samples);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod impostors;
mod part;
mod rim;
#[cfg(test)]
mod tests;
mod weave;

use crate::digest::{Digest, Hasher};
use crate::signature::Signature;
use crate::simulate::{Part as Purpose, Stream};
use part::Part;
use rayon::prelude::*;
use weave::Recipe;

/// A measured signature that decoys are made of.
#[derive(Clone, Debug, PartialEq)]
pub struct Base {
    /// What was measured.
    pub signature: Signature,
    /// Label of its source; bases of one source have equal labels.
    pub source: String,
    /// Label of what is made alike: a model, a study. A decoy is made of bases of one group.
    pub group: String,
}

/// Bases that no decoy can be made of.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecoyError {
    /// There is none.
    #[error("decoys are made of measured signatures, found none")]
    NoBases,
    /// One holds no measured sample.
    #[error("base {base} (of {source_label}) has no measured sample")]
    Empty {
        /// Its number, from 0.
        base: usize,
        /// Label of its source.
        source_label: String,
    },
    /// One is of another kind than the first, or was extracted with other parameters.
    #[error("base {base} (of {source_label}) is not of the kind and parameters of the first")]
    Unlike {
        /// Its number, from 0.
        base: usize,
        /// Label of its source.
        source_label: String,
    },
}

/// Makes decoys, each by its number.
#[derive(Clone, Debug)]
pub struct DecoyMaker {
    bases: Vec<Base>,
    parts: Vec<Part>,
    /// Of each base: the bases of other sources of its group.
    others: Vec<Vec<usize>>,
    seed: u64,
    digest: Digest,
}

impl DecoyMaker {
    /// Makes the bases ready. Cost: tens of milliseconds a base, shared among rayon's threads.
    ///
    /// Decoys lose what their group's sources have in common at one place of the mark (subclass marks), since
    /// parts are mirrored: of bases with strong ones, decoys are as hard as sources of different tools.
    /// Where a group has fewer than three sources, parts of one source come more than once, and a decoy's scores with
    /// that source are somewhat higher than an impostor's.
    ///
    /// # Errors
    /// No bases, one without samples, one of another kind or of other extraction parameters.
    pub fn new(bases: &[Base], seed: u64) -> Result<Self, DecoyError> {
        let first = &bases.first().ok_or(DecoyError::NoBases)?.signature;
        let mut hasher = Hasher::default();
        for (base, Base { signature, source, group }) in bases.iter().enumerate() {
            let alike = signature.kind() == first.kind()
                && signature.extraction_digest() == first.extraction_digest();
            if !alike {
                return Err(DecoyError::Unlike { base, source_label: source.clone() });
            }
            for piece in [&signature.to_bytes(), source.as_bytes(), group.as_bytes()] {
                hasher.update(&(piece.len() as u64).to_le_bytes());
                hasher.update(piece);
            }
        }
        let part = |(base, Base { signature, source, .. }): (usize, &Base)| {
            let part = Part::new(&signature.texture());
            part.ok_or_else(|| DecoyError::Empty { base, source_label: source.clone() })
        };
        let parts = bases.par_iter().enumerate().map(part).collect::<Result<Vec<_>, _>>()?;
        let other =
            |one: &Base, other: &Base| one.group == other.group && one.source != other.source;
        let others = |one| (0..bases.len()).filter(|&number| other(one, &bases[number])).collect();
        let others = bases.iter().map(others).collect();
        Ok(Self { bases: bases.to_vec(), parts, others, seed, digest: hasher.finish() })
    }

    /// Number of the base that leads a decoy: whose group it is of.
    #[must_use]
    pub fn base(&self, index: u64) -> usize {
        self.lead(&mut self.stream(index))
    }

    /// The name that a decoy goes by, in place of a file's SHA-256: of the bases, the seed and the number.
    #[must_use]
    pub fn source(&self, index: u64) -> Digest {
        let mut key = b"casemark decoy 1".to_vec();
        key.extend(self.digest.as_bytes());
        key.extend(self.seed.to_le_bytes());
        key.extend(index.to_le_bytes());
        Digest::of(&key)
    }

    /// A decoy, turned by any angle. Cost: see `benches/README.md`.
    #[must_use]
    pub fn signature(&self, index: u64) -> Signature {
        let mut stream = self.stream(index);
        let lead = self.lead(&mut stream);
        let recipe = Recipe::draw(lead, &self.others[lead], &self.bases, &mut stream);
        let texture = weave::texture(recipe, &self.parts, &mut stream);
        self.bases[lead].signature.with_texture(&texture, self.source(index))
    }

    fn lead(&self, stream: &mut Stream) -> usize {
        stream.below(self.bases.len())
    }

    fn stream(&self, index: u64) -> Stream {
        // Two numbers of 32 bits are the same on every machine.
        let halves = [(index >> 32) as u32 as usize, index as u32 as usize];
        Stream::new(self.seed, Purpose::Decoy, halves)
    }
}
