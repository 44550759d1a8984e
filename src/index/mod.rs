//! Which of very many references might be alike, so that only those need to be compared?
//!
//! A compact picture of every signature in polar coordinates about the centre of its mark, in which a turn
//! is a shift along the angle: the harmonics along some rings of the low-passed heights, of their squares and
//! of the mask, about 3 KB ([`Entry`]). A questioned signature is laid out in the same way at several centres
//! ([`Question`]), since marks of one firearm are not centred alike. [`Indexer::score_block`] then scores
//! every reference of a [`Block`] at every angle and every centre: nothing is skipped and nothing is
//! approximated but the picture itself. Where references are many, [`Indexer::sieve_block`] looks at every one
//! first, at every angle too but at fewer centres, and [`Indexer::score_chosen`] scores the best of them.
//!
//! The score is the masked normalised cross-correlation about a mean of nought (heights have no long waves) of the
//! rings, in which short waves along a ring count more (`emphasis`), times the square root of the overlap as a share of the smaller
//! mark, as hypotheses of `correlate` are ranked. Only a rank: no score that people see depends on it. Not for files and not for threads: blocks
//! are independent, and who has many shares them out.

mod block;
mod centre;
mod emphasis;
mod entry;
mod factor;
mod kernel;
mod layout;
mod pairs;
mod polar;
mod question;
mod sieve;
mod sums;
#[cfg(test)]
mod tests;
mod transform;

pub use block::Block;
pub use entry::{Entry, FORMAT_VERSION};
pub use question::Question;

use crate::correlate::fft::Arithmetic;
use crate::digest::Digest;
use crate::filter::coarsen;
use crate::parameters::{Index, IndexEntry, IndexSearch, ParameterError};
use crate::signature::Signature;
use crate::surface::{Kind, MarkKind, Pose, Texture};
use crate::units::{Angle, Length};
use block::LANES;
use emphasis::Emphasis;
use entry::Family;
use kernel::{Best, Buffers, Kernel, Pass};
use layout::Layout;
use polar::{Point, Polar};
use sieve::{Sieve, SieveBuffers, Sift};
use std::sync::Arc;

/// Least share of the low-pass's weight on measured samples for a sample to be kept: half the kernel, so that the
/// edge of the mask stays where it was.
const LEAST_SUPPORT: f64 = 0.5;

/// An entry or a question that cannot be used.
#[derive(Debug, thiserror::Error, PartialEq)]
#[non_exhaustive]
pub enum IndexError {
    /// The bytes do not begin as an entry does.
    #[error("these {length} bytes are not an index entry: they do not begin with CMIDX")]
    NotAnEntry {
        /// Number of bytes.
        length: usize,
    },
    /// A version that this engine does not know.
    #[error("the index entry has format version {found}, this engine reads {FORMAT_VERSION}")]
    Version {
        /// What was found.
        found: u8,
    },
    /// The bytes end too early or go on too long.
    #[error("the index entry has {found} bytes, wanted {wanted}")]
    Length {
        /// What was found.
        found: usize,
        /// What its own header asks for.
        wanted: usize,
    },
    /// A field holds a value that it cannot have.
    #[error("the index entry's {field} is out of range")]
    Field {
        /// Which.
        field: &'static str,
    },
    /// Another number of values than its parameters say.
    #[error("the index entry has {found} values, its parameters say {wanted}")]
    Values {
        /// What was found.
        found: usize,
        /// What the parameters say.
        wanted: usize,
    },
    /// Made with other parameters of entries.
    #[error("the index entry was made with parameters {found}, wanted {wanted}: index again")]
    EntryDigest {
        /// Digest of the entry at fault.
        found: Digest,
        /// Digest that was wanted.
        wanted: Digest,
    },
    /// Made from a signature that was extracted with other parameters.
    #[error("the index entry is of a signature extracted with parameters {found}, wanted {wanted}")]
    ExtractionDigest {
        /// Digest of the entry at fault.
        found: Digest,
        /// Digest that was wanted.
        wanted: Digest,
    },
    /// A reference was chosen that the block does not have.
    #[error("reference {reference} was chosen of a block of {length}")]
    Reference {
        /// Its number.
        reference: usize,
        /// Number of references in the block.
        length: usize,
    },
    /// One is of a topography, the other of a reflectance image.
    #[error("a topography and a reflectance image cannot be compared")]
    Kind,
}

/// How alike a reference is in the index, and where.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Likeness {
    /// Masked NCC, in which short waves count more, times the square root of the share of overlap: above 0, and only a rank.
    pub score: f32,
    /// Takes the questioned surface about onto the reference: to a step of the angles and of the centres.
    pub pose: Pose,
}

/// Makes entries and questions, and scores them. Cheap to share among threads.
///
/// Entries depend on [`Index::entry`] alone, blocks on the emphasis of [`Index::search`] too: an indexer with more centres for a
/// shortlist scores the same blocks.
#[derive(Clone, Debug)]
pub struct Indexer {
    parameters: Index,
    entry_digest: Digest,
    arithmetic: Arithmetic,
    layout: Arc<Layout>,
    emphasis: Arc<Emphasis>,
    polar: Arc<Polar>,
    kernel: Arc<Kernel>,
    sieve: Arc<Sieve>,
}

/// Buffers of one thread, reused: about 1 MB.
#[derive(Debug)]
pub struct IndexWorkspace {
    buffers: Buffers,
    sieve: SieveBuffers,
}

impl Indexer {
    /// By the default parameters of a kind of mark; `None` of one that has no [index](Index::of_mark).
    ///
    /// # Panics
    /// Never: the defaults are within bounds.
    #[must_use]
    pub fn of_mark(mark: MarkKind, arithmetic: Arithmetic) -> Option<Self> {
        let indexer = Self::new(Index::of_mark(mark)?, arithmetic);
        Some(indexer.expect("the defaults are within bounds"))
    }

    /// An indexer with these parameters. [`Arithmetic::Portable`] gives the same bytes on every processor.
    ///
    /// # Errors
    /// A parameter outside its bounds.
    pub fn new(parameters: Index, arithmetic: Arithmetic) -> Result<Self, ParameterError> {
        parameters.check()?;
        let layout = Layout::new(&parameters.entry);
        Ok(Self {
            entry_digest: parameters.entry_digest(),
            arithmetic,
            polar: Arc::new(Polar::new(&layout, arithmetic)),
            kernel: Arc::new(Kernel::new(&layout, parameters.search.least_overlap)),
            sieve: Arc::new(Sieve::new(&layout, &parameters)),
            emphasis: Arc::new(Emphasis::new(
                &layout,
                parameters.search.emphasis,
                parameters.entry.cutoff,
            )),
            layout: Arc::new(layout),
            parameters,
        })
    }

    /// Its parameters.
    #[must_use]
    pub const fn parameters(&self) -> &Index {
        &self.parameters
    }

    /// Digest of the parameters that its entries carry.
    #[must_use]
    pub const fn entry_digest(&self) -> Digest {
        self.entry_digest
    }

    /// Number of bytes of an entry.
    #[must_use]
    pub fn entry_length(&self) -> usize {
        Entry::length(2 * self.layout.values())
    }

    /// Buffers for one thread.
    #[must_use]
    pub fn workspace(&self) -> IndexWorkspace {
        IndexWorkspace {
            buffers: Buffers::new(&self.layout),
            sieve: SieveBuffers::new(&self.layout, &self.sieve),
        }
    }

    /// What the index keeps of a reference. Cost: some milliseconds.
    #[must_use]
    pub fn entry(&self, signature: &Signature) -> Entry {
        let texture = self.texture(signature);
        let centre = rounded(centre::centre(&texture));
        let rings = self.polar.read(&texture, centre, &self.layout);
        let harmonics = self.polar.harmonics(&rings, &self.layout);
        Entry::new(self.family(signature), centre, &harmonics)
    }

    /// A questioned signature at every centre that is tried, in the full score and in the coarse pass. Cost: some
    /// times an entry.
    #[must_use]
    pub fn question(&self, signature: &Signature) -> Question {
        let texture = self.texture(signature);
        let IndexSearch { offset_reach, offset_spacing, sieve_reach, sieve_spacing, .. } =
            self.parameters.search;
        let centre = centre::centre(&texture);
        let centres = question::lattice(centre, offset_reach, offset_spacing);
        let coarse = (question::lattice(centre, sieve_reach, sieve_spacing), &*self.sieve);
        let family = self.family(signature);
        let (emphasis, polar, layout) = (&*self.emphasis, &*self.polar, &*self.layout);
        Question::new(family, &texture, centres, emphasis, coarse, polar, layout)
    }

    /// An empty block for references of this kind, extracted with these parameters.
    #[must_use]
    pub fn block(&self, kind: Kind, extraction_digest: Digest) -> Block {
        let family = Family { entry_digest: self.entry_digest, extraction_digest, kind };
        self.empty(family)
    }

    fn empty(&self, family: Family) -> Block {
        Block::new(Arc::clone(&self.layout), Arc::clone(&self.emphasis), family)
    }

    /// Scores every reference of the block for every question, at every angle and every centre: one list a
    /// question, in the block's order. `None` where nowhere enough overlaps, or nothing is alike at all.
    ///
    /// The block is read once, whatever the number of questions. The same bytes on any number of threads.
    ///
    /// # Errors
    /// A block or a question made with other parameters than this indexer's, or not of one kind.
    pub fn score_block(
        &self,
        questions: &[&Question],
        block: &Block,
        workspace: &mut IndexWorkspace,
    ) -> Result<Vec<Vec<Option<Likeness>>>, IndexError> {
        self.admit(questions, block)?;
        let mut found = vec![Vec::with_capacity(block.len()); questions.len()];
        for group in 0..block.groups() {
            self.score_group(questions, block, group, &mut workspace.buffers, &mut found);
        }
        Ok(found)
    }

    /// Scores the chosen references of the block, in the order in which they were chosen: the same bytes
    /// that [`Indexer::score_block`] gives for them.
    ///
    /// # Errors
    /// As [`Indexer::score_block`], and a number that the block does not have.
    pub fn score_chosen(
        &self,
        question: &Question,
        block: &Block,
        chosen: &[usize],
        workspace: &mut IndexWorkspace,
    ) -> Result<Vec<Option<Likeness>>, IndexError> {
        self.admit(&[question], block)?;
        admit_chosen(block, chosen)?;
        let mut gathered = self.empty(block.family);
        let mut found = [Vec::with_capacity(chosen.len())];
        for chosen in chosen.chunks(LANES) {
            gathered.gather(block, chosen);
            self.score_group(&[question], &gathered, 0, &mut workspace.buffers, &mut found);
        }
        let [found] = found;
        Ok(found)
    }

    /// Appends the likenesses of one group, one list a question.
    fn score_group(
        &self,
        questions: &[&Question],
        block: &Block,
        group: usize,
        buffers: &mut Buffers,
        found: &mut [Vec<Option<Likeness>>],
    ) {
        let none = Best { scores: [0.0; LANES], codes: [0; LANES] };
        let mut best = vec![none; questions.len()];
        let pass = Pass {
            kernel: &self.kernel,
            layout: &self.layout,
            questions,
            block,
            group,
            buffers,
            best: &mut best,
        };
        match self.arithmetic {
            Arithmetic::Vectorised => pairs::vectorised(pass),
            Arithmetic::Portable => pairs::portable(pass),
        }
        let references = group * LANES..block.len().min((group + 1) * LANES);
        for ((question, best), found) in questions.iter().zip(&best).zip(found) {
            let lanes = references.clone().zip(best.scores.into_iter().zip(best.codes));
            found.extend(lanes.map(|(reference, (score, code))| {
                (score > 0.0).then(|| Likeness {
                    score,
                    pose: self.pose(question, code as usize, block.centre(reference)),
                })
            }));
        }
    }

    /// How many of so many references are worth the full score: the best share by [`Indexer::sieve_block`],
    /// and not fewer than the least.
    #[must_use]
    pub fn kept(&self, references: usize) -> usize {
        let IndexSearch { sieve_share, sieve_least, .. } = self.parameters.search;
        ((references as f64 * sieve_share).ceil() as usize).max(sieve_least).min(references)
    }

    /// How alike every reference of the block about is, for every question: one list a question, in the
    /// block's order, 0 where nowhere enough overlaps or nothing is alike at all. Every angle, but fewer
    /// centres and harmonics than [`Indexer::score_block`]; only a rank, to choose what is scored in full.
    ///
    /// # Errors
    /// As [`Indexer::score_block`].
    pub fn sieve_block(
        &self,
        questions: &[&Question],
        block: &Block,
        workspace: &mut IndexWorkspace,
    ) -> Result<Vec<Vec<f32>>, IndexError> {
        self.admit(questions, block)?;
        let mut found = vec![Vec::with_capacity(block.len()); questions.len()];
        for group in 0..block.groups() {
            self.sift_group(questions, block, group, &mut workspace.sieve, &mut found);
        }
        Ok(found)
    }

    /// The same for chosen references of the block, in the order in which they were chosen: the same bytes
    /// that [`Indexer::sieve_block`] gives for them.
    ///
    /// # Errors
    /// As [`Indexer::score_chosen`].
    pub fn sieve_chosen(
        &self,
        questions: &[&Question],
        block: &Block,
        chosen: &[usize],
        workspace: &mut IndexWorkspace,
    ) -> Result<Vec<Vec<f32>>, IndexError> {
        self.admit(questions, block)?;
        admit_chosen(block, chosen)?;
        let mut gathered = self.empty(block.family);
        let mut found = vec![Vec::with_capacity(chosen.len()); questions.len()];
        for chosen in chosen.chunks(LANES) {
            gathered.gather(block, chosen);
            self.sift_group(questions, &gathered, 0, &mut workspace.sieve, &mut found);
        }
        Ok(found)
    }

    /// Appends the coarse scores of one group, one list a question.
    fn sift_group(
        &self,
        questions: &[&Question],
        block: &Block,
        group: usize,
        buffers: &mut SieveBuffers,
        found: &mut [Vec<f32>],
    ) {
        let mut scores = vec![[0.0; LANES]; questions.len()];
        let sift = Sift {
            sieve: &self.sieve,
            layout: &self.layout,
            questions,
            block,
            group,
            buffers,
            scores: &mut scores,
        };
        match self.arithmetic {
            Arithmetic::Vectorised => pairs::vectorised(sift),
            Arithmetic::Portable => pairs::portable(sift),
        }
        let references = LANES.min(block.len() - group * LANES);
        for (found, scores) in found.iter_mut().zip(&scores) {
            found.extend_from_slice(&scores[..references]);
        }
    }

    /// Refuses what was made otherwise.
    fn admit(&self, questions: &[&Question], block: &Block) -> Result<(), IndexError> {
        let own = Family { entry_digest: self.entry_digest, ..block.family };
        own.admit(block.family)?;
        questions.iter().try_for_each(|question| own.admit(question.family))
    }

    /// The pose of a code: the questioned centre that was tried lies on the reference's.
    fn pose(&self, question: &Question, code: usize, reference: Point) -> Pose {
        let angles = self.layout.angles();
        let centre = question.centres[code / angles];
        // Angles along the rings are clockwise as seen.
        let degrees = -360.0 * (code % angles) as f64 / angles as f64;
        let theta = Angle::from_degrees(degrees).wrapped();
        let (x, y) = Pose { theta, ..Pose::IDENTITY }.apply(centre.x, centre.y);
        Pose { dx: reference.x - x, dy: reference.y - y, theta }
    }

    fn texture(&self, signature: &Signature) -> Texture {
        let IndexEntry { spacing, cutoff, .. } = self.parameters.entry;
        coarsen(&signature.texture(), spacing, cutoff, LEAST_SUPPORT)
    }

    fn family(&self, signature: &Signature) -> Family {
        Family {
            entry_digest: self.entry_digest,
            extraction_digest: signature.extraction_digest(),
            kind: signature.kind(),
        }
    }
}

/// Refuses numbers that the block does not have.
fn admit_chosen(block: &Block, chosen: &[usize]) -> Result<(), IndexError> {
    let length = block.len();
    match chosen.iter().find(|reference| **reference >= length) {
        Some(&reference) => Err(IndexError::Reference { reference, length }),
        None => Ok(()),
    }
}

/// As an entry's bytes keep it.
fn rounded(point: Point) -> Point {
    let round = |length: Length| Length::from_metres(f64::from(length.metres() as f32));
    Point { x: round(point.x), y: round(point.y) }
}
