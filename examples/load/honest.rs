//! What do honest clients see, moment by moment, whatever happens beside them?
//!
//! A few clients that get records and do small searches, each of which says when it began and how long it took, refusals
//! and the waits after them included.

use crate::clients::{self, Meaning, Trouble};
use crate::mix::Mix;
use crate::report::{Kind, quantile};
use crate::world::Draws;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// Wait between two calls of one client.
const PAUSE: Duration = Duration::from_millis(20);
/// Calls for records between two searches.
const GETS: usize = 5;

/// A call that was answered.
#[derive(Clone, Copy, Debug)]
struct Sample {
    kind: Kind,
    began: Instant,
    took: Duration,
    refusals: u64,
}

/// What they saw.
#[derive(Debug, Default)]
struct Seen {
    samples: Vec<Sample>,
    errors: Vec<(Instant, String)>,
}

/// The honest clients; gone when dropped.
#[derive(Debug)]
pub(crate) struct Honest {
    seen: Arc<Mutex<Seen>>,
    _clients: JoinSet<()>,
}

/// A stretch of time as they saw it.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub(crate) struct Stretch {
    pub(crate) gets: usize,
    pub(crate) get_p50_ms: f64,
    pub(crate) get_p99_ms: f64,
    pub(crate) searches: usize,
    pub(crate) search_p50_ms: f64,
    pub(crate) search_p99_ms: f64,
    pub(crate) refusals: u64,
    pub(crate) errors: Vec<String>,
}

impl Honest {
    /// So many clients of the first laboratories.
    pub(crate) fn start(mix: &Arc<Mix>, clients: usize) -> anyhow::Result<Self> {
        let seen = Arc::new(Mutex::new(Seen::default()));
        let mut tasks = JoinSet::new();
        for client in 0..clients {
            let (mix, seen) = (Arc::clone(mix), Arc::clone(&seen));
            let channel = mix.directory.channel(client)?;
            tasks.spawn(async move {
                let mut draws = Draws::new(mix.arguments.seed, 1000 + client as u64);
                for turn in 0_usize.. {
                    let search = turn.is_multiple_of(GETS + 1);
                    call(&mix, &seen, &channel, &mut draws, search).await;
                    tokio::time::sleep(PAUSE).await;
                }
            });
        }
        Ok(Self { seen, _clients: tasks })
    }

    /// What they saw of calls that began in this time.
    pub(crate) fn between(&self, from: Instant, to: Instant) -> Stretch {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let within = |at: &Instant| (from..to).contains(at);
        let times = |kind: Kind| {
            let of_it = seen.samples.iter().filter(|s| s.kind == kind && within(&s.began));
            let mut times: Vec<Duration> = of_it.map(|sample| sample.took).collect();
            times.sort_unstable();
            times
        };
        let (gets, searches) = (times(Kind::Get), times(Kind::Search));
        let ms = |times: &[Duration], share| crate::report::ms(quantile(times, share));
        let refusals = seen.samples.iter().filter(|sample| within(&sample.began));
        let errors = seen.errors.iter().filter(|(at, _)| within(at));
        Stretch {
            gets: gets.len(),
            get_p50_ms: ms(&gets, 0.5),
            get_p99_ms: ms(&gets, 0.99),
            searches: searches.len(),
            search_p50_ms: ms(&searches, 0.5),
            search_p99_ms: ms(&searches, 0.99),
            refusals: refusals.map(|sample| sample.refusals).sum(),
            errors: errors.map(|(_, what)| what.clone()).collect(),
        }
    }
}

/// One call, again and again until it is answered.
async fn call(
    mix: &Mix,
    seen: &Mutex<Seen>,
    channel: &tonic::transport::Channel,
    draws: &mut Draws,
    search: bool,
) {
    let (began, mut refusals) = (Instant::now(), 0);
    let kind = if search { Kind::Search } else { Kind::Get };
    let scan = mix.catalogue.scan(draws);
    let narrowed = mix.small_search(draws);
    loop {
        let called = match (&narrowed, search) {
            (Ok(narrowed), true) => {
                clients::search(channel.clone(), &narrowed.wanted, narrowed.records.clone()).await
            }
            (Err(error), true) => Err(Trouble::Wrong(format!("{error:#}"))),
            (_, false) => clients::get(channel.clone(), &scan).await.map(drop),
        };
        let error = match called {
            Ok(()) => {
                let sample = Sample { kind, began, took: began.elapsed(), refusals };
                seen.lock().unwrap_or_else(PoisonError::into_inner).samples.push(sample);
                return;
            }
            Err(Trouble::Status(status)) => {
                let meaning = clients::meaning(&status);
                if let Meaning::Refused { after, .. } = meaning {
                    refusals += 1;
                    tokio::time::sleep(after).await;
                    continue;
                }
                format!("{}: {meaning}", kind.name())
            }
            Err(trouble) => format!("{}: {trouble}", kind.name()),
        };
        seen.lock().unwrap_or_else(PoisonError::into_inner).errors.push((began, error));
        tokio::time::sleep(Duration::from_millis(200)).await;
        return;
    }
}
