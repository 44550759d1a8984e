//! `run` and `stop`: the load, and SIGTERM in its middle.

use crate::clients::{self, Directory, Trouble};
use crate::mix::{self, Mix, MixArguments, Outcome};
use crate::process::{Held, Limits, ServeArguments, Service, Site};
use crate::report::Verdict;
use anyhow::Context as _;
use serde_json::json;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Seconds that the service gives to calls in flight when it stops: its default.
const GRACE_S: u64 = 20;
/// How much longer than that it may take to end.
const CLOSING: Duration = Duration::from_secs(10);
/// How soon a service that was started again has to answer.
const BACK: Duration = Duration::from_secs(2);
/// How soon nothing is left of what clients asked.
const IDLE: Duration = Duration::from_secs(10);
/// Minutes after which its memory is noted.
const MARKS: [u64; 3] = [1, 5, 10];

/// Load the service and see what becomes of it
#[derive(Debug, clap::Args)]
pub(crate) struct RunArguments {
    #[command(flatten)]
    serve: ServeArguments,
    #[command(flatten)]
    mix: MixArguments,
    /// How long
    #[arg(long, value_name = "MINUTES", default_value_t = 10.0)]
    minutes: f64,
    /// Write the report here too
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Stop the service in the middle of the load, and start it again
#[derive(Debug, clap::Args)]
pub(crate) struct StopArguments {
    #[command(flatten)]
    serve: ServeArguments,
    #[command(flatten)]
    mix: MixArguments,
    /// When to stop it, seconds after the load began
    #[arg(long, value_name = "S", default_value_t = 20.0)]
    after_s: f64,
    /// Write the report here too
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

fn limits() -> Limits {
    Limits { lines: Vec::new(), shutdown_s: GRACE_S }
}

/// 1. starts the service, 2. loads it, 3. looks for what was acknowledged, 4. stops and 5. checks the store.
pub(crate) async fn run(arguments: &RunArguments) -> anyhow::Result<bool> {
    // 1.
    let site = Site::new(&arguments.serve, &limits())?;
    let mut service = site.start()?;
    let mix = Mix::new(arguments.mix.clone(), &site, &service).await?;
    // 2.
    let longest = Duration::from_secs_f64(arguments.minutes * 60.0);
    announce(&mix, longest);
    let (started, load) = begin(&mix);
    let memory = watch(&service, &mix, started, longest).await;
    mix.over.store(true, Ordering::Relaxed);
    let outcome = load.await.context("the load panicked")??;
    let took = started.elapsed();
    outcome.tally.print(took);
    print_memory(&memory, took);
    // 3. to 5.
    let mut verdict = Verdict::default();
    let errors = outcome.tally.errors();
    let only = "nothing but answers and documented refusals".to_owned();
    verdict.check("calls", if errors == 0 { Ok(only) } else { Err(format!("{errors} errors")) });
    let found = mix::found(&mix.directory, &outcome.acknowledged).await?;
    verdict.check("acknowledged enrolments are found", found);
    let held = idle(&service, &mut verdict).await;
    stop_well(&site, &mut service, &mut verdict)?;
    check_store(&site, &mut verdict)?;
    let report = json!({
        "clients": arguments.mix.clients,
        "records_in_store": mix.catalogue.len(),
        "records_per_search": arguments.mix.records_per_search,
        "load": outcome.tally.json(took),
        "acknowledged": outcome.acknowledged.len(),
        "rss_kb_by_second": memory,
        "held_after": held,
    });
    verdict.conclude(report, arguments.json.as_deref())
}

/// Loads the service and 1. stops it meanwhile, 2. starts it again and measures how soon it answers, 3. looks for what
/// was acknowledged, 4. stops it again and checks the store.
pub(crate) async fn stop(arguments: &StopArguments) -> anyhow::Result<bool> {
    let site = Site::new(&arguments.serve, &limits())?;
    let mut service = site.start()?;
    let mix = Mix::new(arguments.mix.clone(), &site, &service).await?;
    let after = Duration::from_secs_f64(arguments.after_s);
    announce(&mix, after);
    let (started, load) = begin(&mix);
    tokio::time::sleep(after).await;
    // 1. What a client sees from here on may be the stop's doing.
    mix.stopped.get_or_init(Instant::now);
    println!("SIGTERM after {:.1} s", started.elapsed().as_secs_f64());
    let mut verdict = Verdict::default();
    let longest = Duration::from_secs(GRACE_S) + CLOSING;
    let ending = tokio::task::spawn_blocking(move || service.stop(longest));
    let outcome: Outcome = load.await.context("the load panicked")??;
    let took = started.elapsed();
    let ended = ending.await.context("the wait for the end panicked")??;
    outcome.tally.print(took);
    let stop_s = ended.as_ref().ok().map(Duration::as_secs_f64);
    let ended = ended.map(|took| format!("exit code 0 after {:.1} s", took.as_secs_f64()));
    verdict.check("the service ended", ended);
    let errors = outcome.tally.errors();
    let only = "answered, refused as documented, or ended by the stop".to_owned();
    verdict.check("calls", if errors == 0 { Ok(only) } else { Err(format!("{errors} errors")) });
    verdict.check("the service's log", quiet(&site));
    // 2.
    let mut service = site.start()?;
    let directory = Directory::new(&site, &service)?;
    let scan = mix.catalogue.scan(&mut crate::world::Draws::new(arguments.mix.seed, 0));
    let [listening, healthy, got] = back(&service, &directory, &scan).await?;
    let seconds = [listening, healthy, got].map(|time| time.as_secs_f64());
    let [listening_s, healthy_s, got_s] = seconds;
    let said = format!(
        "listening after {listening_s:.3} s, healthy after {healthy_s:.3} s, a record after {got_s:.3} s"
    );
    verdict.check("back within 2 s", if got <= BACK { Ok(said) } else { Err(said) });
    // 3.
    let found = mix::found(&directory, &outcome.acknowledged).await?;
    verdict.check("acknowledged enrolments are found", found);
    // 4.
    stop_well(&site, &mut service, &mut verdict)?;
    check_store(&site, &mut verdict)?;
    let report = json!({
        "clients": arguments.mix.clients,
        "records_in_store": mix.catalogue.len(),
        "load": outcome.tally.json(took),
        "acknowledged": outcome.acknowledged.len(),
        "stop_s": stop_s,
        "listening_s": listening_s,
        "healthy_s": healthy_s,
        "first_get_s": got_s,
    });
    verdict.conclude(report, arguments.json.as_deref())
}

fn announce(mix: &Mix, longest: Duration) {
    let MixArguments { clients, records_per_search, whole_every, cut_every, pause_ms, .. } =
        mix.arguments;
    println!(
        "{clients} clients of 15 laboratories for {:.1} min: 80 % searches, 15 % enrolments, 5 % others; each asks again\n\
         {pause_ms} ms after it was answered. One search in {whole_every} is over all {} records; the others are narrowed by case, or by\n\
         laboratory, calibre and time of entry, to about {records_per_search}. One in {cut_every} is over all and is cut short.",
        longest.as_secs_f64() / 60.0,
        mix.catalogue.len(),
    );
}

type Load = tokio::task::JoinHandle<anyhow::Result<Outcome>>;

fn begin(mix: &Arc<Mix>) -> (Instant, Load) {
    let mix = Arc::clone(mix);
    (Instant::now(), tokio::spawn(async move { mix.load().await }))
}

/// Waits until it is over, and notes the service's memory meanwhile: seconds and kB.
async fn watch(
    service: &Service,
    mix: &Mix,
    started: Instant,
    longest: Duration,
) -> Vec<(u64, Option<u64>)> {
    let mut memory = Vec::new();
    let mut tick = tokio::time::interval(Duration::from_secs(10));
    while started.elapsed() < longest && !mix.over.load(Ordering::Relaxed) {
        let left = longest.saturating_sub(started.elapsed());
        tokio::select! {
            _ = tick.tick() => {}
            () = tokio::time::sleep(left) => {}
        }
        memory.push((started.elapsed().as_secs(), service.rss_kb()));
    }
    memory
}

fn print_memory(memory: &[(u64, Option<u64>)], took: Duration) {
    let mut said = Vec::new();
    let shown = |kb: Option<u64>| {
        kb.map_or_else(|| "unknown".to_owned(), |kb| format!("{} MiB", kb / 1024))
    };
    for minutes in MARKS.into_iter().filter(|minutes| minutes * 60 <= took.as_secs()) {
        let at = memory.iter().min_by_key(|(second, _)| second.abs_diff(minutes * 60));
        said.extend(at.map(|(_, kb)| format!("{} after {minutes} min", shown(*kb))));
    }
    said.extend(memory.last().map(|(_, kb)| format!("{} at the end", shown(*kb))));
    let most = memory.iter().filter_map(|(_, kb)| *kb).max();
    println!("memory of the service: {}; at most {}", said.join(", "), shown(most));
}

/// Once nobody asks any more, nothing may run, wait or be held: what clients gave up is over.
async fn idle(service: &Service, verdict: &mut Verdict) -> Held {
    let started = Instant::now();
    loop {
        let held = tokio::task::block_in_place(|| service.held());
        let Held { calls, searches, held_bytes, .. } = held;
        let left = [calls, searches, held_bytes];
        let over = left.iter().all(|left| *left == Some(0));
        if !over && started.elapsed() < IDLE {
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        }
        let [calls, searches, bytes] =
            left.map(|left| left.map_or_else(|| "?".to_owned(), |left| left.to_string()));
        let said = format!("{calls} calls, {searches} searches, {bytes} bytes");
        verdict.check("nothing is left of the load", if over { Ok(said) } else { Err(said) });
        return held;
    }
}

fn stop_well(site: &Site, service: &mut Service, verdict: &mut Verdict) -> anyhow::Result<()> {
    let stopped = service.stop(Duration::from_secs(GRACE_S) + CLOSING)?;
    let stopped = stopped.map(|took| format!("exit code 0 after {:.1} s", took.as_secs_f64()));
    verdict.check("the service stops on SIGTERM", stopped);
    verdict.check("the service's log", quiet(site));
    Ok(())
}

/// Nothing in the log that the service itself calls an error.
pub(crate) fn quiet(site: &Site) -> Result<String, String> {
    let errors = site.logged_errors();
    match errors.first() {
        None => Ok("no error in it".to_owned()),
        Some(first) => Err(format!("{} errors, the first: {first}", errors.len())),
    }
}

pub(crate) fn check_store(site: &Site, verdict: &mut Verdict) -> anyhow::Result<()> {
    for words in [["audit", "verify"], ["store", "verify"]] {
        let started = Instant::now();
        let checked = site.check(&words)?;
        let seconds = started.elapsed().as_secs_f64();
        let checked = checked.map(|()| format!("passes, in {seconds:.1} s"));
        verdict.check(&format!("casemark {}", words.join(" ")), checked);
    }
    Ok(())
}

/// From the start of the process: when it listened, when it was healthy, when it gave a record.
async fn back(
    service: &Service,
    directory: &Directory,
    scan: &str,
) -> anyhow::Result<[Duration; 3]> {
    let listening = service.started.elapsed();
    let ready = clients::healthy(directory, Duration::from_secs(60)).await;
    ready.map_err(anyhow::Error::msg).context("the service did not come back")?;
    let healthy = service.started.elapsed();
    let got = clients::get(directory.channel(0)?, scan).await;
    got.map_err(|trouble: Trouble| anyhow::anyhow!("no record: {trouble}"))?;
    Ok([listening, healthy, service.started.elapsed()])
}
