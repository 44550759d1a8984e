//! `casemark audit`, and what the other commands write into the log.
//!
//! An entry is durable before anything is changed, and another before a result is printed. On its own machine the program checks no role: who can
//! write the folder can do everything; the log says which user of the machine it was.

use super::args::{
    ActorArguments, AuditCommand, AuditListArguments, AuditOutcome, AuditVerifyArguments,
    CheckpointArguments, LookArguments,
};
use super::output::{print, print_json, print_json_line, table};
use super::remote::{References, SourceArguments};
use super::{Context, Outcome};
use crate::access::Action;
use crate::audit::{
    self, AuditLog, AuditReport, Checkpoint, Entry, Event, Finding, Outcome as Ended, Query,
};
use crate::client::AuditPlace;
use crate::digest::Digest;
use crate::store::DiskStore;
use anyhow::{Context as _, bail, ensure};
use serde::Serialize;
use std::path::Path;

/// Entries read at a time.
const PAGE: usize = 500;
/// Longest detail that is kept, in characters.
const DETAIL_LIMIT: usize = 500;

/// The log of a store, and who writes into it.
pub(super) struct Auditor {
    log: AuditLog,
    actor: String,
    laboratory: String,
}

/// What happened, without who and when.
pub(super) struct Deed {
    pub(super) action: Action,
    pub(super) subject: Option<String>,
    pub(super) detail: Option<String>,
    pub(super) parameters: Option<Digest>,
    pub(super) result: Option<Digest>,
}

impl Deed {
    pub(super) const fn new(action: Action) -> Self {
        Self { action, subject: None, detail: None, parameters: None, result: None }
    }
}

impl Auditor {
    /// Opens the log of a store that is open.
    pub(super) fn open(store: &DiskStore, actor: &ActorArguments) -> anyhow::Result<Self> {
        let log = open(store.path())?;
        let actor_name = format!("local:{}", actor.actor);
        Ok(Self { log, actor: actor_name, laboratory: actor.laboratory().to_owned() })
    }

    /// Writes what was done; durable when it returns.
    pub(super) fn done(&self, deeds: impl IntoIterator<Item = Deed>) -> anyhow::Result<()> {
        let events: Vec<Event> =
            deeds.into_iter().map(|deed| self.event(deed, Ended::Done)).collect();
        self.log.append_all(&events).context("audit log")?;
        Ok(())
    }

    /// Writes what was done (`Ok`) and what failed (`Err`); durable when it returns.
    pub(super) fn record(
        &self,
        deeds: impl IntoIterator<Item = Result<Deed, Deed>>,
    ) -> anyhow::Result<()> {
        let events: Vec<Event> = deeds
            .into_iter()
            .map(|deed| match deed {
                Ok(done) => self.event(done, Ended::Done),
                Err(failed) => self.event(failed, Ended::Failed),
            })
            .collect();
        self.log.append_all(&events).context("audit log")?;
        Ok(())
    }

    /// Writes what is about to be changed; durable when it returns.
    pub(super) fn begin(&self, deeds: impl IntoIterator<Item = Deed>) -> anyhow::Result<()> {
        let events: Vec<Event> =
            deeds.into_iter().map(|deed| self.event(deed, Ended::Begun)).collect();
        self.log.append_all(&events).context("audit log")?;
        Ok(())
    }

    /// Changes something: writes that it begins, and that it failed if it does.
    pub(super) fn change<T>(
        &self,
        deed: impl Fn() -> Deed,
        work: impl FnOnce() -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        self.begin([deed()])?;
        self.attempt(deed, work)
    }

    /// Does something, and writes that it failed if it does.
    pub(super) fn attempt<T>(
        &self,
        deed: impl FnOnce() -> Deed,
        work: impl FnOnce() -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        work().map_err(|error| {
            let detail = format!("{error:#}").chars().take(DETAIL_LIMIT).collect();
            let deed = Deed { detail: Some(detail), ..deed() };
            // The failure is what the user has to see, whether or not the log can be written.
            match self.log.append(&self.event(deed, Ended::Failed)) {
                Ok(_) => error,
                Err(other) => error.context(format!("{other}, and before")),
            }
        })
    }

    fn event(&self, deed: Deed, outcome: Ended) -> Event {
        Event {
            at: jiff::Timestamp::now(),
            actor: self.actor.clone(),
            laboratory: self.laboratory.clone(),
            country: None,
            action: deed.action.to_string(),
            subject: deed.subject,
            outcome,
            request: None,
            detail: deed.detail,
            engine_version: crate::VERSION.to_owned(),
            parameters: deed.parameters,
            result: deed.result,
        }
    }
}

/// Opens the log in a store's folder, and says what a crash had left.
pub(super) fn open(store: &Path) -> anyhow::Result<AuditLog> {
    let log = AuditLog::open(store).with_context(|| store.display().to_string())?;
    let opening = log.opening();
    if opening.cut > 0 {
        eprintln!(
            "warning: {}: {} bytes were cut from the end of the audit log: a write that a crash had torn, acknowledged to no one",
            store.display(),
            opening.cut
        );
    }
    if opening.head_mended {
        eprintln!(
            "warning: {}: a torn line of the audit log's head was written anew",
            store.display()
        );
    }
    Ok(log)
}

pub(super) fn run(context: &Context, command: &AuditCommand) -> anyhow::Result<Outcome> {
    match command {
        AuditCommand::Verify(arguments) => verify(context, arguments),
        AuditCommand::List(arguments) => list(context, arguments),
        AuditCommand::Checkpoint(arguments) => checkpoint(context, arguments),
    }
}

/// Opens the log of a store that has one.
fn open_present(store: &Path) -> anyhow::Result<AuditLog> {
    ensure!(store.join("audit").is_dir(), "{} holds no audit log", store.display());
    open(store)
}

#[derive(Serialize)]
struct Verification {
    sound: bool,
    entries: u64,
    segments: u64,
    bytes: u64,
    torn_bytes: u64,
    checkpoint: Option<Checkpoint>,
    findings: Vec<String>,
    unlisted: u64,
}

fn verify(context: &Context, arguments: &AuditVerifyArguments) -> anyhow::Result<Outcome> {
    let store = &arguments.store.store;
    let expected = arguments.checkpoint.as_deref().map(read_checkpoint).transpose()?;
    let spinner = context.progress.spinner("verifying the audit log");
    let report = audit::verify(store, expected.as_ref(), &mut |_| {})
        .with_context(|| store.display().to_string())?;
    spinner.finish_and_clear();
    let AuditReport { entries, segments, bytes, torn, checkpoint, unlisted, .. } = report;
    let verification = Verification {
        sound: report.is_sound(),
        entries,
        segments,
        bytes,
        torn_bytes: torn,
        checkpoint,
        findings: report.findings.iter().map(Finding::to_string).collect(),
        unlisted,
    };
    if arguments.store.json {
        print_json(&verification)?;
    } else {
        for finding in &verification.findings {
            print(&format!("{finding}\n"))?;
        }
        print(&format!("{entries} entries in {segments} segments, {bytes} bytes\n"))?;
        if torn > 0 {
            print(&format!(
                "{torn} bytes at the end are of a write that a crash tore, acknowledged to no one\n"
            ))?;
        }
    }
    if !verification.sound {
        let count = verification.findings.len() as u64 + unlisted;
        bail!("{}: the audit log is not as it was written: {count} findings", store.display());
    }
    if !arguments.store.json {
        print(if expected.is_some() {
            "the audit log is as it was written, and agrees with the checkpoint\n"
        } else {
            "the audit log is consistent; only --checkpoint excludes that it was written anew\n"
        })?;
    }
    Ok(Outcome::Done)
}

/// A checkpoint as `audit checkpoint` prints it: ENTRIES:HASH, or a file of that or of its JSON.
fn read_checkpoint(text: &str) -> anyhow::Result<Checkpoint> {
    if let Ok(checkpoint) = text.parse() {
        return Ok(checkpoint);
    }
    let content = std::fs::read_to_string(text)
        .with_context(|| format!("{text} is neither ENTRIES:HASH nor a file that can be read"))?;
    if let Ok(checkpoint) = content.parse() {
        return Ok(checkpoint);
    }
    serde_json::from_str(&content).with_context(|| format!("{text}: no checkpoint"))
}

fn checkpoint(context: &Context, arguments: &CheckpointArguments) -> anyhow::Result<Outcome> {
    let LookArguments { source, json } = &arguments.look;
    let checkpoint = match source.resolve()? {
        References::Store(path) => open_present(&path)?.checkpoint(),
        References::Server(settings) => {
            let remote = settings.connect(context)?;
            let place = AuditPlace::Entry(u64::MAX);
            remote.wait(remote.client().audit(&Query::default(), &place, 1))?.checkpoint
        }
    };
    if *json {
        print_json(&checkpoint)?;
    } else {
        print(&format!("{checkpoint}\n"))?;
    }
    Ok(Outcome::Done)
}

/// Reads a log page by page: entries from a place on, at most so many, and the place after them.
type Pages<'a> =
    Box<dyn FnMut(&AuditPlace, usize) -> anyhow::Result<(Vec<Entry>, Option<AuditPlace>)> + 'a>;

/// The pages of a log, of a store or of a server.
fn pages<'a>(
    context: &Context,
    source: &SourceArguments,
    query: &'a Query,
) -> anyhow::Result<Pages<'a>> {
    Ok(match source.resolve()? {
        References::Store(path) => {
            let log = open_present(&path)?;
            Box::new(move |place, limit| {
                let AuditPlace::Entry(from) = place else { bail!("a place of a server's log") };
                let page = log.query(query, *from, limit);
                let page = page.with_context(|| path.display().to_string())?;
                Ok((page.entries, page.next.map(AuditPlace::Entry)))
            })
        }
        References::Server(settings) => {
            let remote = settings.connect(context)?;
            Box::new(move |place, limit| {
                let page = remote.wait(remote.client().audit(query, place, limit))?;
                Ok((page.entries, page.next))
            })
        }
    })
}

fn list(context: &Context, arguments: &AuditListArguments) -> anyhow::Result<Outcome> {
    let LookArguments { source, json } = &arguments.look;
    let query = Query {
        since: arguments.since,
        until: arguments.until,
        actor: arguments.actor.clone(),
        laboratory: arguments.laboratory.clone(),
        action: arguments.action.clone(),
        subject: arguments.subject.clone(),
        outcome: arguments.outcome.map(|outcome| match outcome {
            AuditOutcome::Done => Ended::Done,
            AuditOutcome::Refused => Ended::Refused,
            AuditOutcome::Failed => Ended::Failed,
            AuditOutcome::Cancelled => Ended::Cancelled,
            AuditOutcome::Begun => Ended::Begun,
        }),
        ..Query::default()
    };
    let mut pages = pages(context, source, &query)?;
    let (mut place, mut left) = (AuditPlace::Entry(arguments.from), arguments.limit);
    let mut rows = Vec::new();
    let mut listed = 0_u64;
    while left > 0 {
        let (entries, next) = pages(&place, PAGE.min(left))?;
        left -= entries.len().min(left);
        for entry in entries {
            listed += 1;
            if *json {
                print_json_line(&entry)?;
                continue;
            }
            let event = entry.event;
            let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
            rows.push(vec![
                entry.index.to_string(),
                event.at.to_string(),
                event.actor,
                event.laboratory,
                event.action,
                event.outcome.to_string(),
                or_dash(event.subject),
                or_dash(event.detail),
            ]);
        }
        match next {
            Some(next) => place = next,
            None => break,
        }
    }
    if !json && listed > 0 {
        let header = ["entry", "when", "who", "laboratory", "what", "ended", "of what", "detail"];
        print(&table(&header, rows))?;
    }
    Ok(if listed == 0 { Outcome::NothingFound } else { Outcome::Done })
}
