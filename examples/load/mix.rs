//! The load: many clients of all laboratories, each of which asks again as soon as it was answered.
//!
//! Of a hundred calls eighty are searches, fifteen enrolments and five of all other kinds. Half of the searches are over
//! everything, half are narrowed as an examiner narrows them. One search in some is over everything and ends early, by its
//! deadline or because its client goes away. A client that is refused comes back when it
//! was told to. Whatever is neither an answer nor such a refusal is an error.

use crate::catalogue::{Catalogue, Narrowed};
use crate::clients::{self, Called, Directory, Meaning, Questioned, Trouble};
use crate::process::{Service, Site};
use crate::report::{Kind, Tally};
use crate::scans::Pool;
use crate::world::{Draws, LABORATORIES};
use anyhow::{Context as _, anyhow};
use casemark::service::pb;
use prost::bytes::Bytes;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tonic::transport::Channel;

/// Of a hundred calls.
const SEARCHES: u64 = 80;
const ENROLMENTS: u64 = 15;
/// How long a search over everything lasts at least and at most until it is cut short.
const CUT_MS: (u64, u64) = (1000, 3000);
/// Wait after a call that ended with an error, so that a service that is gone is not asked without end.
const AFTER_ERROR: Duration = Duration::from_secs(1);

/// What the load is like.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct MixArguments {
    /// Clients at once, spread over the laboratories
    #[arg(long, value_name = "N", default_value_t = 64)]
    pub(crate) clients: usize,
    /// About how many records a search looks at: as many as an examiner's filters leave
    #[arg(long, value_name = "N", default_value_t = 15)]
    pub(crate) records_per_search: usize,
    /// One search in so many is over everything and waits for its answer
    #[arg(long, value_name = "N", default_value_t = 2)]
    pub(crate) whole_every: u64,
    /// One search in so many is over everything and is cut short
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) cut_every: u64,
    /// Firearms of the files that are uploaded
    #[arg(long, value_name = "N", default_value_t = 12)]
    pub(crate) firearms: usize,
    /// Wait of each client between two calls, ms
    #[arg(long, value_name = "MS", default_value_t = 0)]
    pub(crate) pause_ms: u64,
    /// Same seed, same choices
    #[arg(long, value_name = "SEED", default_value_t = 7)]
    pub(crate) seed: u64,
}

/// What all clients share.
#[derive(Debug)]
pub(crate) struct Mix {
    pub(crate) arguments: MixArguments,
    pub(crate) directory: Directory,
    pub(crate) catalogue: Catalogue,
    pool: Pool,
    /// Makes the files and cases of this run unlike those of any other.
    run: String,
    numbered: AtomicU64,
    /// No new calls.
    pub(crate) over: AtomicBool,
    /// When the service was told to stop: from then on it may refuse, and its connections may end.
    pub(crate) stopped: OnceLock<Instant>,
}

/// An enrolment that the service acknowledged.
#[derive(Clone, Debug)]
pub(crate) struct Acknowledged {
    scan: String,
    sha256: String,
    laboratory: usize,
}

/// What came of a load.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) tally: Tally,
    pub(crate) acknowledged: Vec<Acknowledged>,
}

/// What one call is to do, the same at every attempt.
enum Task {
    Search { kind: Kind, search: Narrowed },
    SearchCut { wanted: clients::Wanted, after: Duration, by_deadline: bool },
    Enrol { request_id: String, exhibit: pb::ExhibitMetadata, name: String, file: Bytes },
    Get(String),
    List(pb::Filter),
    Download(String),
    Compare { name: String, file: Bytes, reference: String },
    Extract { name: String, file: Bytes },
    Statistics,
}

impl Task {
    const fn kind(&self) -> Kind {
        match self {
            Self::Search { kind, .. } => *kind,
            Self::SearchCut { .. } => Kind::SearchCut,
            Self::Enrol { .. } => Kind::Enrol,
            Self::Get(_) => Kind::Get,
            Self::List(_) => Kind::List,
            Self::Download(_) => Kind::Download,
            Self::Compare { .. } => Kind::Compare,
            Self::Extract { .. } => Kind::Extract,
            Self::Statistics => Kind::Statistics,
        }
    }

    /// One attempt. What was acknowledged comes back.
    async fn attempt(&self, channel: Channel) -> Called<Option<pb::EnrolResponse>> {
        match self {
            Self::Search { search, .. } => {
                clients::search(channel, &search.wanted, search.records.clone()).await?;
            }
            Self::SearchCut { wanted, after, by_deadline } => {
                clients::cut_search(channel, wanted, *after, *by_deadline).await?;
            }
            Self::Enrol { request_id, exhibit, name, file } => {
                let exhibit = exhibit.clone();
                return Ok(Some(clients::enrol(channel, request_id, exhibit, name, file).await?));
            }
            Self::Get(scan) => drop(clients::get(channel, scan).await?),
            Self::List(filter) => {
                let filter = Some(filter.clone());
                drop(clients::list(channel, filter, 100, String::new()).await?);
            }
            Self::Download(scan) => clients::download(channel, scan).await?,
            Self::Compare { name, file, reference } => {
                clients::compare(channel, name, file, reference).await?;
            }
            Self::Extract { name, file } => clients::extract(channel, name, file).await?,
            Self::Statistics => drop(clients::statistics(channel).await?),
        }
        Ok(None)
    }
}

impl Mix {
    /// Makes the files, and reads what is in the store.
    pub(crate) async fn new(
        arguments: MixArguments,
        site: &Site,
        service: &Service,
    ) -> anyhow::Result<Arc<Self>> {
        let directory = Directory::new(site, service)?;
        let (seed, firearms) = (arguments.seed, arguments.firearms.max(1));
        let pool = tokio::task::spawn_blocking(move || Pool::new(seed, firearms)).await??;
        let channel = directory.channel(0)?;
        let catalogue = Catalogue::read(channel, arguments.records_per_search).await?;
        let run = uuid::Uuid::new_v4().simple().to_string();
        println!("{} records in the store, {} files to send", catalogue.len(), pool.len());
        Ok(Arc::new(Self {
            arguments,
            directory,
            catalogue,
            pool,
            run,
            numbered: AtomicU64::new(0),
            over: AtomicBool::new(false),
            stopped: OnceLock::new(),
        }))
    }

    /// Lets all clients ask until it is over, or the service is gone.
    pub(crate) async fn load(self: &Arc<Self>) -> anyhow::Result<Outcome> {
        let mut clients = JoinSet::new();
        for client in 0..self.arguments.clients {
            let mix = Arc::clone(self);
            let channel = self.directory.channel(client % LABORATORIES.len())?;
            clients.spawn(async move { mix.client(client, channel).await });
        }
        let mut outcome = Outcome::default();
        while let Some(client) = clients.join_next().await {
            let client = client.context("a client of the load panicked")??;
            outcome.tally.merge(client.tally);
            outcome.acknowledged.extend(client.acknowledged);
        }
        Ok(outcome)
    }

    async fn client(&self, client: usize, channel: Channel) -> anyhow::Result<Outcome> {
        let laboratory = client % LABORATORIES.len();
        let mut draws = Draws::new(self.arguments.seed, client as u64);
        let mut outcome = Outcome::default();
        while !self.over.load(Ordering::Relaxed) {
            let task = self.task(laboratory, &mut draws)?;
            if !self.through(&task, &channel, laboratory, &mut outcome).await {
                break;
            }
            if self.arguments.pause_ms > 0 {
                tokio::time::sleep(Duration::from_millis(self.arguments.pause_ms)).await;
            }
        }
        Ok(outcome)
    }

    /// Attempts until it is answered. Whether the service is still there.
    async fn through(
        &self,
        task: &Task,
        channel: &Channel,
        laboratory: usize,
        outcome: &mut Outcome,
    ) -> bool {
        let (kind, began) = (task.kind(), Instant::now());
        let tally = &mut outcome.tally;
        loop {
            let attempt = Instant::now();
            let status = match task.attempt(channel.clone()).await {
                Ok(answer) => {
                    tally.answered(kind, attempt.elapsed(), began.elapsed());
                    if let Some(when) = self.stop_met(attempt) {
                        tally.ended(when, "answered");
                    }
                    outcome.acknowledged.extend(answer.map(|answer| Acknowledged {
                        scan: answer.scan_id,
                        sha256: answer.original_sha256,
                        laboratory,
                    }));
                    return true;
                }
                Err(Trouble::Wrong(what)) => {
                    tally.error(format!("{}: {what}", kind.name()));
                    return true;
                }
                Err(Trouble::Status(status)) => status,
            };
            // Looked at after the call ended: what ends before the signal is not the signal's doing.
            let met = self.stop_met(attempt);
            match (clients::meaning(&status), met) {
                (Meaning::Refused { reason, after }, _) => {
                    tally.refused(kind, reason);
                    if self.over.load(Ordering::Relaxed) {
                        return true;
                    }
                    tokio::time::sleep(after).await;
                }
                (Meaning::Deadline, _) if matches!(task, Task::SearchCut { .. }) => {
                    tally.answered(kind, attempt.elapsed(), began.elapsed());
                    return true;
                }
                (Meaning::Stopping, Some(when)) => {
                    tally.ended(when, "UNAVAILABLE, the server is stopping");
                    return false;
                }
                (Meaning::Closed(how), Some(when)) => {
                    tally.ended(when, &format!("the connection is gone: {how}"));
                    return false;
                }
                (other, _) => {
                    let after = attempt.elapsed();
                    tally.error(format!("{} after {after:.1?}: {other}", kind.name()));
                    tokio::time::sleep(AFTER_ERROR).await;
                    return true;
                }
            }
        }
    }

    /// What the stop met of a call that ends now: the call itself, or its client's intention.
    fn stop_met(&self, attempt: Instant) -> Option<&'static str> {
        let stopped = self.stopped.get()?;
        Some(if attempt < *stopped { "in flight at the stop" } else { "begun after it" })
    }

    fn task(&self, laboratory: usize, draws: &mut Draws) -> anyhow::Result<Task> {
        let number = self.numbered.fetch_add(1, Ordering::Relaxed);
        let note = format!("{} {number}", self.run);
        let which = draws.below(100);
        if which < SEARCHES {
            if draws.below(self.arguments.cut_every.max(1)) == 0 {
                let after = CUT_MS.0 + draws.below(CUT_MS.1 - CUT_MS.0);
                return Ok(Task::SearchCut {
                    wanted: self.catalogue.wide(draws),
                    after: Duration::from_millis(after),
                    by_deadline: draws.below(2) == 0,
                });
            }
            let whole = draws.below(self.arguments.whole_every.max(1)) == 0;
            let (kind, search) = if whole {
                (Kind::SearchWhole, self.catalogue.whole(&self.pool, draws, &note)?)
            } else {
                (Kind::Search, self.catalogue.narrowed(&self.pool, draws, &note)?)
            };
            return Ok(Task::Search { kind, search });
        }
        let which_file = draws.index(self.pool.len());
        let file = || self.pool.copy(which_file, &note);
        if which < SEARCHES + ENROLMENTS {
            let (name, file) = file()?;
            let (country, laboratory) = LABORATORIES[laboratory];
            let exhibit = pb::ExhibitMetadata {
                laboratory: laboratory.to_owned(),
                country: Some(country.to_owned()),
                case_number: Some(format!("{country}-{}", &self.run[..8])),
                label: Some(format!("L{number}")),
                calibre: Some("9 mm Luger".to_owned()),
                ..Default::default()
            };
            return Ok(Task::Enrol { request_id: note, exhibit, name, file });
        }
        Ok(match draws.below(6) {
            0 => Task::Get(self.catalogue.scan(draws)),
            1 => Task::List(self.catalogue.group(draws)),
            2 => Task::Download(self.catalogue.scan(draws)),
            3 => {
                let (name, file) = file()?;
                Task::Compare { name, file, reference: self.catalogue.scan(draws) }
            }
            4 => {
                let (name, file) = file()?;
                Task::Extract { name, file }
            }
            _ => Task::Statistics,
        })
    }

    /// A small search with a scan of the store, for the honest clients beside hostile ones.
    pub(crate) fn small_search(&self, draws: &mut Draws) -> anyhow::Result<Narrowed> {
        loop {
            let search = self.catalogue.narrowed(&self.pool, draws, "")?;
            if matches!(search.wanted.questioned, Questioned::Stored(_)) {
                return Ok(search);
            }
        }
    }

    /// A file that no store has, for hostile clients that send one.
    pub(crate) fn file(&self, draws: &mut Draws) -> anyhow::Result<(String, Bytes)> {
        let number = self.numbered.fetch_add(1, Ordering::Relaxed);
        self.pool.copy(draws.index(self.pool.len()), &format!("{} {number}", self.run))
    }
}

/// Looks whether every enrolment that was acknowledged is in the store.
pub(crate) async fn found(
    directory: &Directory,
    acknowledged: &[Acknowledged],
) -> anyhow::Result<Result<String, String>> {
    let mut looking = JoinSet::new();
    for laboratory in 0..LABORATORIES.len() {
        let of_it = acknowledged.iter().filter(|known| known.laboratory == laboratory);
        let of_it: Vec<Acknowledged> = of_it.cloned().collect();
        let channel = directory.channel(laboratory)?;
        looking.spawn(async move {
            let mut missing = Vec::new();
            for known in of_it {
                match clients::get(channel.clone(), &known.scan).await {
                    Ok(record) if record.original_sha256 == known.sha256 => {}
                    Ok(record) => {
                        let sha256 = record.original_sha256;
                        missing.push(format!("{}: has the file {sha256}", known.scan));
                    }
                    Err(trouble) => missing.push(format!("{}: {trouble}", known.scan)),
                }
            }
            missing
        });
    }
    let mut missing = Vec::new();
    while let Some(looked) = looking.join_next().await {
        missing.extend(looked.map_err(|error| anyhow!(error))?);
    }
    let count = acknowledged.len();
    Ok(match missing.first() {
        None => Ok(format!("all {count} of them")),
        Some(first) => Err(format!("{} of {count}: {first}", missing.len())),
    })
}
