//! `fill`: a store as large as a region's.
//!
//! Every exhibit is a simulated shot with its own file and signature. Simulated and extracted on all cores, entered by one
//! thread in the order of the plan, some tens at a time. What is random in an identifier comes from the seed and the batch,
//! so the same seed gives the same store, interrupted or not; a fill that was interrupted goes on where it was. (Entered one
//! by one, a fill goes on too, but the identifiers of its interrupted batch are others.)

use crate::scans;
use crate::world::{self, Planned, SHOTS};
use anyhow::{Context as _, anyhow, ensure};
use casemark::simulate::shot_name;
use casemark::store::{
    DiskStore, Enrolment, Entropy, ExhibitRef, Filter, MarkKind, Outcome, ReferenceStore as _,
    SeededEntropy, SignatureBlob,
};
use casemark::{Digest, Parameters, Signature};
use rayon::prelude::*;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// Exhibits that are entered together: whole firearms.
const TOGETHER: usize = 8 * SHOTS;

/// Fill a store with simulated exhibits
#[derive(Debug, clap::Args)]
pub(crate) struct FillArguments {
    /// The store; made if it is not there
    #[arg(long, value_name = "DIR")]
    store: PathBuf,
    /// How many exhibits
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    exhibits: usize,
    /// Same seed, same store
    #[arg(long, value_name = "SEED", default_value_t = 1)]
    seed: u64,
    /// Sample distance of the files, um: that of signatures by default, which halves the cost of a fill
    #[arg(long, value_name = "UM", default_value_t = 12.5)]
    spacing_um: f64,
    /// Enter each exhibit by itself, as laboratories do: as many record objects as exhibits, and many more syncs
    #[arg(long)]
    singly: bool,
}

/// Random bits that start anew with each batch.
#[derive(Clone, Debug)]
struct Batched(Arc<Mutex<SeededEntropy>>);

impl Batched {
    fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(SeededEntropy::new(seed))))
    }

    fn begin(&self, seed: u64, batch: usize) {
        let seed = Digest::of(&[seed.to_le_bytes(), (batch as u64).to_le_bytes()].concat());
        let seed = seed.as_bytes()[..8].iter().fold(0, |seed, &byte| seed << 8 | u64::from(byte));
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = SeededEntropy::new(seed);
    }
}

impl Entropy for Batched {
    fn bytes(&self) -> [u8; 16] {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).bytes()
    }
}

/// An exhibit ready to be entered.
struct Ready {
    name: String,
    file: Vec<u8>,
    signature: Vec<u8>,
    engine_version: String,
}

pub(crate) fn run(arguments: &FillArguments) -> anyhow::Result<()> {
    let FillArguments { store: path, exhibits, seed, spacing_um, singly } = arguments;
    ensure!(*exhibits > 0, "a store of no exhibits is no store");
    let plan = world::plan(*seed, *exhibits)?;
    let simulation = scans::simulation(*seed, *spacing_um)?;
    let entropy = Batched::new(*seed);
    let store = DiskStore::create_or_open_with(path, Box::new(entropy.clone()))
        .with_context(|| path.display().to_string())?;
    let before = entered(&store)?;
    ensure!(
        *singly || before.is_multiple_of(TOGETHER) || before >= *exhibits,
        "{} was not filled with this seed and number: it holds {before} exhibits",
        path.display()
    );
    if before > 0 {
        println!("{before} exhibits are there already");
    }
    let started = Instant::now();
    let parameters = Parameters::default();
    let (sender, receiver) = sync_channel::<(usize, Vec<Ready>)>(2);
    let done = if before >= *exhibits { exhibits.div_ceil(TOGETHER) } else { before / TOGETHER };
    let batches = plan.chunks(TOGETHER).enumerate().skip(done);
    let plan = &plan;
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| -> anyhow::Result<()> {
            for (batch, ready) in receiver {
                entropy.begin(*seed, batch);
                let from = batch * TOGETHER;
                enter(&store, &plan[from..from + ready.len()], &ready, &parameters, *singly)?;
                let done = from + ready.len();
                if batch.is_multiple_of(8) || done == plan.len() {
                    let seconds = started.elapsed().as_secs_f64();
                    print!("\r{done} of {} exhibits, {seconds:.0} s", plan.len());
                    std::io::stdout().flush()?;
                }
            }
            Ok(())
        });
        for (batch, planned) in batches {
            let ready = planned
                .par_chunks(SHOTS)
                .map(|shots| make(&simulation, shots, &parameters))
                .collect::<anyhow::Result<Vec<_>>>()?;
            if sender.send((batch, ready.into_iter().flatten().collect())).is_err() {
                break;
            }
        }
        drop(sender);
        writer.join().map_err(|_| anyhow!("the thread that enters panicked"))?
    })?;
    println!();
    report(&store, path, plan.len() - before.min(plan.len()), started)
}

/// How many exhibits of the plan's years are in the store.
fn entered(store: &DiskStore) -> anyhow::Result<usize> {
    let (from, before) = world::horizon()?;
    let filter =
        Filter { entered_from: Some(from), entered_before: Some(before), ..Filter::default() };
    let mut count = 0;
    for scan in store.scans(&filter) {
        scan?;
        count += 1;
    }
    Ok(count)
}

/// The shots of one firearm.
fn make(
    simulation: &casemark::simulate::Simulation,
    shots: &[Planned],
    parameters: &Parameters,
) -> anyhow::Result<Vec<Ready>> {
    let Some(first) = shots.first() else { return Ok(Vec::new()) };
    let firearm = simulation.firearm(first.firearm)?;
    let ready = shots.iter().map(|planned| {
        let (surface, file) = scans::shot(&firearm, planned.shot)?;
        let signature = Signature::extract(&surface, Digest::of(&file), parameters)?;
        Ok(Ready {
            name: format!("{}.x3p", shot_name(planned.firearm, planned.shot)),
            file,
            signature: signature.to_bytes(),
            engine_version: signature.engine_version().to_owned(),
        })
    });
    ready.collect()
}

fn enter(
    store: &DiskStore,
    planned: &[Planned],
    ready: &[Ready],
    parameters: &Parameters,
    singly: bool,
) -> anyhow::Result<()> {
    let enrolments = planned.iter().zip(ready).map(|(planned, ready)| Enrolment {
        original: &ready.file,
        original_name: &ready.name,
        mark: MarkKind::BreechFace,
        signature: SignatureBlob {
            bytes: &ready.signature,
            engine_version: &ready.engine_version,
            extraction: parameters.extraction_digest(),
            location: None,
        },
        correction: None,
        exhibit: ExhibitRef::Labelled(&planned.metadata),
        entered: planned.entered,
    });
    let enrolments: Vec<Enrolment<'_>> = enrolments.collect();
    for together in enrolments.chunks(if singly { 1 } else { TOGETHER }) {
        for enrolled in store.enrol_many(together)? {
            // One by one, an interrupted batch is there in part.
            let new = singly || enrolled.outcome == Outcome::New;
            ensure!(new, "an exhibit of the plan was there already");
        }
    }
    Ok(())
}

fn report(store: &DiskStore, path: &Path, made: usize, started: Instant) -> anyhow::Result<()> {
    let seconds = started.elapsed().as_secs_f64();
    let found = store.statistics()?;
    println!(
        "{}: {} scans of {} exhibits in {} cases, {} recovered firearms",
        path.display(),
        found.scans,
        found.exhibits,
        found.cases,
        found.firearms
    );
    let bytes = found.original_bytes + found.signature_bytes + found.record_bytes;
    println!(
        "{bytes} bytes: {} of originals, {} of signatures, {} of records",
        found.original_bytes, found.signature_bytes, found.record_bytes
    );
    println!("{made} exhibits made and entered in {seconds:.1} s");
    Ok(())
}
