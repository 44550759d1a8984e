//! How is the service started, looked at from outside, and stopped?
//!
//! `casemark serve` as a child, with a configuration, certificates and a log of its own in a folder that is gone
//! afterwards. What it holds is read from `/proc`, where there is one, and from its metrics, where it serves them.

use crate::world::LABORATORIES;
use anyhow::{Context as _, bail, ensure};
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// Longest wait for the service to say that it listens.
const START: Duration = Duration::from_secs(120);

/// What all that start the service are told.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct ServeArguments {
    /// The store, filled by `fill`
    #[arg(long, value_name = "DIR")]
    pub(crate) store: PathBuf,
    /// The casemark program; by default the one that was built beside this one
    #[arg(long = "serve", value_name = "PATH")]
    program: Option<PathBuf>,
    /// Keep the service's log here
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
}

/// Limits of the service that differ from its defaults.
#[derive(Clone, Debug, Default)]
pub(crate) struct Limits {
    /// Lines of the section `[limits]`.
    pub(crate) lines: Vec<String>,
    /// Seconds that calls in flight are given when it stops.
    pub(crate) shutdown_s: u64,
}

/// The program, and a folder with all that it needs to serve a store.
#[derive(Debug)]
pub(crate) struct Site {
    program: PathBuf,
    pub(crate) store: PathBuf,
    folder: tempfile::TempDir,
    log: PathBuf,
    address: SocketAddr,
    metrics: SocketAddr,
}

/// The service as it runs.
#[derive(Debug)]
pub(crate) struct Service {
    child: Child,
    /// When the process was started.
    pub(crate) started: Instant,
    pub(crate) address: SocketAddr,
    metrics: SocketAddr,
}

impl Site {
    /// 1. finds the program, 2. has it make certificates, 3. writes the configuration.
    pub(crate) fn new(arguments: &ServeArguments, limits: &Limits) -> anyhow::Result<Self> {
        // 1.
        let beside = || {
            let own = std::env::current_exe()?;
            let profile =
                own.parent().and_then(Path::parent).context("this program has no place")?;
            anyhow::Ok(profile.join(format!("casemark{}", std::env::consts::EXE_SUFFIX)))
        };
        let program = arguments.program.clone().map_or_else(beside, Ok)?;
        ensure!(
            program.is_file(),
            "{} is not there: build it, or name it by --serve",
            program.display()
        );
        let store = arguments.store.canonicalize();
        let store = store.with_context(|| arguments.store.display().to_string())?;
        let folder = tempfile::Builder::new().prefix("casemark-load-").tempdir()?;
        let log = arguments.log.clone().unwrap_or_else(|| folder.path().join("log"));
        File::create(&log).with_context(|| log.display().to_string())?;
        let site = Self { program, store, folder, log, address: free()?, metrics: free()? };
        // 2.
        let certificates = site.folder.path().join("certs");
        for (country, name) in LABORATORIES {
            let mut command = Command::new(&site.program);
            command.args(["certs", "--laboratory", name, "--country", country, "--out"]);
            site.done(command.arg(&certificates))?;
        }
        // 3.
        fs::write(site.folder.path().join("casemark.toml"), site.configuration(limits))?;
        Ok(site)
    }

    fn configuration(&self, limits: &Limits) -> String {
        let path = |path: &Path| serde_json::Value::from(path.to_string_lossy()).to_string();
        let pem = |name: &str| path(&self.folder.path().join("certs").join(name));
        let mut text = format!(
            "[server]\nstore = {}\naddress = \"{}\"\nmetrics_address = \"{}\"\nshutdown_seconds = {}\n\n\
             [tls]\ncertificate = {}\nkey = {}\nclient_authority = {}\n\n[limits]\n",
            path(&self.store),
            self.address,
            self.metrics,
            limits.shutdown_s,
            pem("server.pem"),
            pem("server.key.pem"),
            pem("authority.pem"),
        );
        for line in &limits.lines {
            text.push_str(line);
            text.push('\n');
        }
        text.push_str("\n[sharing]\nshare_with = \"region\"\n");
        for (country, name) in LABORATORIES {
            text.push_str(&format!(
                "\n[[laboratory]]\nname = \"{name}\"\ncountry = \"{country}\"\n\
                 roles = [\"examiner\", \"contributor\", \"auditor\"]\n"
            ));
        }
        text
    }

    /// A certificate or key.
    pub(crate) fn pem(&self, name: &str) -> anyhow::Result<Vec<u8>> {
        let path = self.folder.path().join("certs").join(name);
        fs::read(&path).with_context(|| path.display().to_string())
    }

    /// Certificate and key of a laboratory.
    pub(crate) fn identity(&self, laboratory: usize) -> anyhow::Result<(Vec<u8>, Vec<u8>)> {
        let name = LABORATORIES[laboratory].1.to_ascii_lowercase().replace(' ', "-");
        Ok((self.pem(&format!("client-{name}.pem"))?, self.pem(&format!("client-{name}.key.pem"))?))
    }

    /// Starts the service and waits until it listens.
    pub(crate) fn start(&self) -> anyhow::Result<Service> {
        let log = File::options().append(true).open(&self.log)?;
        let mut command = Command::new(&self.program);
        command.arg("serve").arg("--config").arg(self.folder.path().join("casemark.toml"));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
        let started = Instant::now();
        let mut child = command.spawn().with_context(|| self.program.display().to_string())?;
        let output = child.stdout.take().context("the service has no output")?;
        let (sender, receiver) = mpsc::channel();
        // Reads on to the end, so that the service never waits for a reader.
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let address =
                    line.strip_prefix("listening on ").and_then(|a| a.trim().parse().ok());
                if let Some(address) = address {
                    let _ = sender.send(address);
                }
            }
        });
        match receiver.recv_timeout(START) {
            Ok(address) => Ok(Service { child, started, address, metrics: self.metrics }),
            Err(_) => {
                let _ = child.kill();
                let _ = child.wait();
                bail!("the service did not start:\n{}", self.log_end(20))
            }
        }
    }

    /// Runs the program over the store that no one serves now, and says whether it was content.
    pub(crate) fn check(&self, words: &[&str]) -> anyhow::Result<Result<(), String>> {
        let mut command = Command::new(&self.program);
        let output = command.args(words).arg("--store").arg(&self.store).output()?;
        if output.status.success() {
            return Ok(Ok(()));
        }
        let (out, err) = (output.stdout, output.stderr);
        let said = [out, err].map(|text| String::from_utf8_lossy(&text).trim().to_owned());
        Ok(Err(format!(
            "casemark {} ended with {}: {}",
            words.join(" "),
            output.status,
            said.join(" ")
        )))
    }

    fn done(&self, command: &mut Command) -> anyhow::Result<()> {
        let output = command.output().with_context(|| self.program.display().to_string())?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{command:?} ended with {}: {said}", output.status);
        Ok(())
    }

    /// The last lines of the service's log.
    pub(crate) fn log_end(&self, lines: usize) -> String {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().rev().take(lines).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }

    /// What the service's log calls an error, or a panic.
    pub(crate) fn logged_errors(&self) -> Vec<String> {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let bad = |line: &&str| line.contains(" ERROR ") || line.contains("panicked at");
        text.lines().filter(bad).map(str::to_owned).collect()
    }
}

/// A port that nobody listens on at this moment.
fn free() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// What a process holds; `None` where that cannot be known.
#[derive(Clone, Copy, Debug, Default, serde::Serialize)]
pub(crate) struct Held {
    /// Memory, kB.
    pub(crate) rss_kb: Option<u64>,
    /// Open files and sockets.
    pub(crate) files: Option<u64>,
    /// Threads.
    pub(crate) threads: Option<u64>,
    /// Calls in flight, by the metrics.
    pub(crate) calls: Option<u64>,
    /// Searches that run or wait, by the metrics.
    pub(crate) searches: Option<u64>,
    /// Bytes of files in memory, by the metrics.
    pub(crate) held_bytes: Option<u64>,
    /// Connections, by the metrics.
    pub(crate) connections: Option<u64>,
}

impl Service {
    /// Memory, kB.
    pub(crate) fn rss_kb(&self) -> Option<u64> {
        self.status("VmRSS:")
    }

    fn status(&self, key: &str) -> Option<u64> {
        let text = fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = text.lines().find_map(|line| line.strip_prefix(key))?;
        line.split_whitespace().next()?.parse().ok()
    }

    pub(crate) fn held(&self) -> Held {
        let files = fs::read_dir(format!("/proc/{}/fd", self.child.id())).ok();
        let metrics = self.metrics().unwrap_or_default();
        let gauge = |name: &str| {
            let line = metrics.lines().find_map(|line| line.strip_prefix(name))?;
            Some(line.trim().parse::<f64>().ok()? as u64)
        };
        Held {
            rss_kb: self.rss_kb(),
            files: files.map(|files| files.count() as u64),
            threads: self.status("Threads:"),
            calls: gauge("casemark_calls_in_flight "),
            searches: gauge("casemark_searches_running ")
                .zip(gauge("casemark_searches_waiting "))
                .map(|(running, waiting)| running + waiting),
            held_bytes: gauge("casemark_held_bytes "),
            connections: gauge("casemark_connections "),
        }
    }

    /// The page of metrics, where there is one.
    fn metrics(&self) -> Option<String> {
        use std::io::{Read as _, Write as _};
        let wait = Duration::from_secs(2);
        let mut stream = std::net::TcpStream::connect_timeout(&self.metrics, wait).ok()?;
        stream.set_read_timeout(Some(wait)).ok()?;
        let host = self.metrics;
        write!(stream, "GET /metrics HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")
            .ok()?;
        let mut page = String::new();
        stream.read_to_string(&mut page).ok()?;
        Some(page)
    }

    /// Whether the process is there.
    pub(crate) fn runs(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Sends SIGTERM.
    pub(crate) fn terminate(&self) -> anyhow::Result<()> {
        let status = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status()?;
        ensure!(status.success(), "kill ended with {status}");
        Ok(())
    }

    /// Waits for the process to end, for so long.
    pub(crate) fn ended(&mut self, longest: Duration) -> anyhow::Result<Option<ExitStatus>> {
        let started = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(Some(status));
            }
            if started.elapsed() > longest {
                return Ok(None);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// SIGTERM, and how the process ended; a complaint where it did not end well.
    pub(crate) fn stop(&mut self, longest: Duration) -> anyhow::Result<Result<Duration, String>> {
        let started = Instant::now();
        self.terminate()?;
        Ok(match self.ended(longest)? {
            Some(status) if status.success() => Ok(started.elapsed()),
            Some(status) => Err(format!("the service ended with {status} after SIGTERM")),
            None => Err(format!("the service was there {} s after SIGTERM", longest.as_secs())),
        })
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if self.runs() {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}
