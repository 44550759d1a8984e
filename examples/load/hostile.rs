//! `hostile`: slow and hostile clients beside a few honest ones, one attack after the other.
//!
//! For each: 1. how honest clients fare without it, 2. how they fare while it is on, and whether a client that comes new is
//! let in, 3. whether the service frees by itself what the attackers hold, 4. what is left once they are gone.

use crate::attacks::{ATTACKER, Attack, Front, Stage};
use crate::clients;
use crate::honest::{Honest, Stretch};
use crate::mix::{Mix, MixArguments};
use crate::process::{Held, Limits, ServeArguments, Service, Site};
use crate::report::{Verdict, ms, table};
use crate::run::{check_store, quiet};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// Bytes of one upload that the service takes here, so that one without end meets its limit soon.
const UPLOAD_BYTES: u64 = 64 << 20;
/// How long a handshake may take, and a little.
const HANDSHAKE: Duration = Duration::from_secs(12);
/// How much longer than the idle limit the service may hold on to something.
const MARGIN: Duration = Duration::from_secs(5);
/// Files and sockets that are not missed.
const SPARE_FILES: u64 = 4;

/// Set hostile clients on the service, beside honest ones
#[derive(Debug, clap::Args)]
pub(crate) struct HostileArguments {
    #[command(flatten)]
    serve: ServeArguments,
    /// Only these attacks
    #[arg(long, value_name = "ATTACK", value_delimiter = ',')]
    only: Vec<Attack>,
    /// Honest clients
    #[arg(long, value_name = "N", default_value_t = 4)]
    honest: usize,
    /// How long honest clients are watched before each attack, seconds
    #[arg(long, value_name = "S", default_value_t = 10.0)]
    before_s: f64,
    /// How long each attack is on, seconds
    #[arg(long, value_name = "S", default_value_t = 15.0)]
    attack_s: f64,
    /// The service's limit on uploads that stall, seconds
    #[arg(long, value_name = "S", default_value_t = 5)]
    idle_s: u64,
    /// Streams that are opened by their headers alone
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    streams: usize,
    /// Connections that say nothing; the service lets in 1024
    #[arg(long, value_name = "N", default_value_t = 1200)]
    silent: usize,
    /// Records of an honest search
    #[arg(long, value_name = "N", default_value_t = 4)]
    records_per_search: usize,
    /// By how much the p99 of honest calls may grow beyond twice of what it was, ms: what is noise
    #[arg(long, value_name = "MS", default_value_t = 50.0)]
    floor_ms: f64,
    /// Write the report here too
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// What came of one attack.
#[derive(Debug, serde::Serialize)]
struct Row {
    attack: &'static str,
    got: BTreeMap<String, u64>,
    before: Stretch,
    during: Stretch,
    held_before: Held,
    held_during: Held,
    held_after: Held,
    /// Time until a client that came new was answered during the attack.
    newcomer_ms: Option<f64>,
    /// Time after the attack until the service had freed what its clients still held.
    freed_s: Option<f64>,
    failures: Vec<String>,
}

/// The service with honest clients on it.
struct Scene {
    arguments: HostileArguments,
    mix: Arc<Mix>,
    honest: Honest,
    service: Service,
}

pub(crate) async fn run(arguments: HostileArguments) -> anyhow::Result<bool> {
    let (attacks, json) = (arguments.only.clone(), arguments.json.clone());
    let attacks = if attacks.is_empty() { Attack::ALL.to_vec() } else { attacks };
    let limits = Limits {
        lines: vec![
            format!("idle_seconds = {}", arguments.idle_s),
            format!("upload_bytes = {UPLOAD_BYTES}"),
        ],
        shutdown_s: 5,
    };
    let site = Site::new(&arguments.serve, &limits)?;
    let service = site.start()?;
    let mix = MixArguments {
        clients: 0,
        records_per_search: arguments.records_per_search,
        whole_every: 1,
        cut_every: 1,
        firearms: 2,
        pause_ms: 0,
        seed: 11,
    };
    let mix = Mix::new(mix, &site, &service).await?;
    println!(
        "{} honest clients get records and search about {} at a time; the idle limit is {} s, an upload has up to 64 MiB.\n\
         Attackers run on the same machine, so what they compute is missing to the service.",
        arguments.honest, arguments.records_per_search, arguments.idle_s
    );
    let honest = Honest::start(&mix, arguments.honest.min(ATTACKER))?;
    let mut scene = Scene { arguments, mix, honest, service };
    let mut verdict = Verdict::default();
    let mut rows = Vec::new();
    for attack in attacks {
        let row = scene.suffer(attack).await?;
        print_row(&row);
        verdict.check(
            row.attack,
            match row.failures.as_slice() {
                [] => Ok("withstood".to_owned()),
                failures => Err(failures.join("; ")),
            },
        );
        rows.push(row);
        if !scene.service.runs() {
            verdict.check("the service", Err("is gone".to_owned()));
            break;
        }
    }
    let Scene { honest, mut service, .. } = scene;
    drop(honest);
    let stopped = service.stop(Duration::from_secs(20))?;
    verdict.check("the service stops on SIGTERM", stopped.map(|_| "exit code 0".to_owned()));
    verdict.check("the service's log", quiet(&site));
    check_store(&site, &mut verdict)?;
    print_summary(&rows);
    let rows: Vec<Value> = rows.iter().map(|row| json!(row)).collect();
    verdict.conclude(json!({"attacks": rows}), json.as_deref())
}

impl Scene {
    async fn suffer(&self, attack: Attack) -> anyhow::Result<Row> {
        let seconds = |seconds: f64| Duration::from_secs_f64(seconds);
        println!("\n{}:", attack.name());
        // 1.
        let held_before = self.held();
        let start = Instant::now();
        tokio::time::sleep(seconds(self.arguments.before_s)).await;
        let before = (start, Instant::now());
        // 2.
        let (stage, staged) = watch::channel(Stage::On);
        let (streams, silent) = (self.arguments.streams, self.arguments.silent);
        let front = Arc::new(Front::new(&self.mix, staged, streams, silent)?);
        let start = Instant::now();
        let attackers = attack.mount(&front);
        tokio::time::sleep(seconds(self.arguments.attack_s / 2.0)).await;
        let held_during = self.held();
        let newcomer = clients::healthy(&self.mix.directory, seconds(self.arguments.attack_s));
        let newcomer_ms = newcomer.await.ok().map(ms);
        tokio::time::sleep(seconds(self.arguments.attack_s).saturating_sub(start.elapsed())).await;
        let during = (start, Instant::now());
        // 3.
        stage.send_replace(Stage::Hold);
        let freed_s = self.freed(attack, &held_before).await;
        // 4.
        drop(attackers);
        let got = front.all_got();
        let settled = self.settled(&held_before).await;
        let health = clients::healthy(&self.mix.directory, HANDSHAKE).await;
        let mut row = Row {
            attack: attack.name(),
            got,
            before: self.honest.between(before.0, before.1),
            during: self.honest.between(during.0, during.1),
            held_before,
            held_during,
            held_after: self.held(),
            newcomer_ms,
            freed_s,
            failures: Vec::new(),
        };
        if let Err(why) = health {
            row.failures.push(format!("the service is not well afterwards: {why}"));
        }
        if let Err(left) = settled {
            row.failures.push(format!("left behind by clients that are gone: {left}"));
        }
        judge(&mut row, self.arguments.floor_ms);
        Ok(row)
    }

    /// What the service holds; read on a thread that may wait.
    fn held(&self) -> Held {
        tokio::task::block_in_place(|| self.service.held())
    }

    /// How long it took the service to free what attackers hold who are still there; `None` if it did not, or that cannot
    /// be known.
    async fn freed(&self, attack: Attack, before: &Held) -> Option<f64> {
        let start = Instant::now();
        let longest = (Duration::from_secs(self.arguments.idle_s) + MARGIN).max(HANDSHAKE + MARGIN);
        let honest = self.arguments.honest as u64;
        while start.elapsed() < longest {
            let now = self.held();
            let calls = now.calls.is_some_and(|calls| calls <= honest);
            let searches = now.searches.is_some_and(|searches| searches <= honest);
            let bytes = now.held_bytes.is_some_and(|bytes| bytes == 0);
            let connections = !attack.of_connections() || now.connections <= before.connections;
            if calls && searches && bytes && connections {
                return Some(start.elapsed().as_secs_f64());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        None
    }

    /// Waits until connections and files of attackers that are gone are gone too, or says what is left.
    async fn settled(&self, before: &Held) -> Result<(), String> {
        let start = Instant::now();
        loop {
            let now = self.held();
            let more = |now: Option<u64>, before: Option<u64>, spare| {
                now.zip(before).is_some_and(|(now, before)| now > before + spare)
            };
            let files = more(now.files, before.files, SPARE_FILES);
            let connections = more(now.connections, before.connections, 0);
            if !files && !connections {
                return Ok(());
            }
            if start.elapsed() > HANDSHAKE + MARGIN {
                let shown =
                    |count: Option<u64>| count.map_or("?".to_owned(), |count| count.to_string());
                return Err(format!(
                    "{} files (before {}), {} connections (before {})",
                    shown(now.files),
                    shown(before.files),
                    shown(now.connections),
                    shown(before.connections)
                ));
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

fn judge(row: &mut Row, floor_ms: f64) {
    let Row { before, during, failures, .. } = row;
    if let Some(first) = during.errors.first() {
        failures.push(format!("{} honest calls failed: {first}", during.errors.len()));
    }
    if let Some(first) = before.errors.first() {
        failures.push(format!("{} honest calls failed before it: {first}", before.errors.len()));
    }
    for (kind, before, during) in [
        ("gets", before.get_p99_ms, during.get_p99_ms),
        ("searches", before.search_p99_ms, during.search_p99_ms),
    ] {
        if during > before * 2.0 + floor_ms {
            failures.push(format!("p99 of honest {kind} from {before} to {during} ms"));
        }
    }
    if during.gets == 0 || during.searches == 0 {
        failures.push("honest clients were not served during it".to_owned());
    }
    if row.newcomer_ms.is_none() {
        failures.push("a client that came new was not let in during it".to_owned());
    }
    if row.freed_s.is_none() {
        failures.push("not freed while its clients stayed".to_owned());
    }
}

fn print_row(row: &Row) {
    for (what, count) in &row.got {
        println!("  {count:>7}  {what}");
    }
    let Stretch { gets, searches, refusals, .. } = row.during;
    println!("  honest clients meanwhile: {gets} gets, {searches} searches, {refusals} refusals");
}

fn print_summary(rows: &[Row]) {
    let heads =
        ["attack", "get p50", "p99", "search p50", "p99", "new", "freed", "MiB", "files", "calls"];
    let mut table = table(&heads);
    for row in rows {
        let (before, during) = (&row.before, &row.during);
        let change = |before: f64, during: f64| format!("{before:.0} > {during:.0}");
        let known =
            |value: Option<f64>| value.map_or("no".to_owned(), |value| format!("{value:.1}"));
        let held = |pick: fn(&Held) -> Option<u64>| {
            let all = [&row.held_before, &row.held_during, &row.held_after].map(pick);
            all.map(|value| value.map_or("?".to_owned(), |value| value.to_string())).join(" > ")
        };
        table.add_row([
            row.attack.to_owned(),
            change(before.get_p50_ms, during.get_p50_ms),
            change(before.get_p99_ms, during.get_p99_ms),
            change(before.search_p50_ms, during.search_p50_ms),
            change(before.search_p99_ms, during.search_p99_ms),
            known(row.newcomer_ms),
            known(row.freed_s),
            held(|held| held.rss_kb.map(|kb| kb / 1024)),
            held(|held| held.files),
            held(|held| held.calls),
        ]);
    }
    println!(
        "\n{table}\nTimes of honest calls in ms, before and during; `new`: ms until a client that came new was answered; \
         `freed`: s until\nthe service had freed by itself what its attackers held; what the service held before, during and \
         after."
    );
}
