//! Which keys are there?

use super::key::{Key, Section, Written, section};
use crate::access::Role;
use crate::quality::Name;
use crate::store::{Country, Existence};
use serde::Deserialize;
use std::net::SocketAddr;
use std::path::PathBuf;

/// All sections but `[[laboratory]]`, in the order of the file.
pub(super) const SECTIONS: &[Section] = &[
    ServerConfig::SECTION,
    TlsConfig::SECTION,
    LimitsConfig::SECTION,
    SharingConfig::SECTION,
    EvidenceConfig::SECTION,
    QualityConfig::SECTION,
    LogConfig::SECTION,
];

/// Everything that is said to the service.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where the service listens.
    pub server: ServerConfig,
    /// How connections are protected.
    pub tls: TlsConfig,
    /// How much is accepted.
    pub limits: LimitsConfig,
    /// How records are shared by default.
    pub sharing: SharingConfig,
    /// What scores are worth.
    pub evidence: EvidenceConfig,
    /// How good scans have to be.
    pub quality: QualityConfig,
    /// What is logged.
    pub log: LogConfig,
    /// Who may do what.
    #[serde(default)]
    pub laboratory: Vec<LaboratoryConfig>,
}

/// One path, or a list of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "OneOrMore")]
pub struct Paths(pub Vec<PathBuf>);

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(PathBuf),
    More(Vec<PathBuf>),
}

impl From<OneOrMore> for Paths {
    fn from(paths: OneOrMore) -> Self {
        Self(match paths {
            OneOrMore::One(path) => vec![path],
            OneOrMore::More(paths) => paths,
        })
    }
}

/// How lines of the log are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For programs: one JSON object a line.
    Json,
}

/// Who sees records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShareWith {
    /// The laboratory that entered them.
    OwnLaboratory,
    /// It, and those of the countries that are listed.
    Countries,
    /// Every laboratory.
    Region,
}

section! {
    /// Where the service listens, and on which store.
    server: ServerConfig {
        /// Address and port of the service. Without TLS a loopback address, unless insecure_plain_text says
        /// otherwise.
        address: SocketAddr = Set("\"127.0.0.1:50051\"");
        /// Address and port of the metrics for Prometheus; not served if not set. It is plain text and asks
        /// for no certificate: keep it on a loopback or management network.
        metrics_address: Option<SocketAddr> = Unset("\"127.0.0.1:9464\"");
        /// The store's folder; made if it is not there.
        store: PathBuf = Set("\"store\"");
        /// Serve plain text on an address that others can reach: they can read and change everything on its
        /// way.
        insecure_plain_text: bool = Set("false");
        /// Callers without a client certificate act for this laboratory, whoever they are; if not set they
        /// are refused.
        insecure_anonymous_laboratory: Option<String> = Unset("\"National Laboratory\"");
        /// Everyone who can connect may do everything, and no one is asked who they are: for trying on one's own
        /// machine.
        insecure_open: bool = Set("false");
        /// Seconds that work in flight is given to end after SIGTERM; what is not done then is refused.
        shutdown_seconds: u64 = Set("20"), 0..=3600;
    }
}

section! {
    /// How connections are protected. Paths of PEM files, from the folder the service is started in;
    /// `casemark certs` makes a set for trying.
    tls: TlsConfig {
        /// The server's certificate, with those of intermediate authorities after it.
        certificate: Option<PathBuf> = Unset("\"certs/server.pem\"");
        /// The server's private key.
        key: Option<PathBuf> = Unset("\"certs/server.key.pem\"");
        /// The authority that client certificates have to come from.
        client_authority: Option<PathBuf> = Unset("\"certs/authority.pem\"");
        /// Serve clients that show no certificate: no one then knows who they are.
        insecure_without_client_certificates: bool = Set("false");
    }
}

section! {
    /// How much is accepted. What is beyond a limit is refused with the limit's name; nothing is queued
    /// without bound.
    limits: LimitsConfig {
        /// Largest message, bytes. Files come in chunks of up to 1 MiB, each a message.
        message_bytes: u64 = Set("4194304"), 1114112..=67108864;
        /// Largest file that is uploaded, bytes.
        upload_bytes: u64 = Set("268435456"), 65536..=4294967296;
        /// Bytes a second of all uploads of one laboratory together, once as many have come at one go as the largest
        /// file may have. Who is faster is not refused but read later.
        upload_bytes_per_s_per_laboratory: u64 = Set("67108864"), 65536..=1099511627776;
        /// Files of uploads and downloads held at the same time, bytes of all laboratories together. With what is
        /// read ahead of them, memory can be two and a half times as much.
        uploads_bytes: u64 = Set("536870912"), 65536..=1099511627776;
        /// Searches of one laboratory that run or wait at the same time.
        concurrent_searches_per_laboratory: u64 = Set("4"), 1..=1024;
        /// Searches that wait for their turn, and as many other pieces of work, of all laboratories together.
        queue_length: u64 = Set("64"), 1..=65536;
        /// Candidates of one search.
        candidates: u64 = Set("1000"), 1..=100000;
        /// Records on one page of a list or of the audit log.
        page: u64 = Set("500"), 1..=10000;
        /// Streams of one connection at the same time.
        streams_per_connection: u64 = Set("32"), 1..=65536;
        /// Connections at the same time. Where all places are taken, one that has said nothing yet makes room.
        connections: u64 = Set("1024"), 1..=65536;
        /// Connections from one address at the same time. Behind a proxy all come from one.
        connections_per_address: u64 = Set("256"), 1..=65536;
        /// Calls at the same time, streams included.
        calls: u64 = Set("1024"), 1..=65536;
        /// Calls of one laboratory at the same time. Who has as many is told so after one to ten seconds.
        calls_per_laboratory: u64 = Set("256"), 1..=65536;
        /// Longest time for a request other than those below, its upload included, seconds. A client's own
        /// deadline holds if it is shorter.
        request_seconds: u64 = Set("300"), 1..=86400;
        /// Longest time for a search, a batch, a verification or a download, seconds.
        search_seconds: u64 = Set("3600"), 1..=86400;
        /// Longest time between two chunks of an upload or two pairs of a batch, and for a client to take the next
        /// message of an answer, seconds.
        idle_seconds: u64 = Set("30"), 1..=86400;
        /// When to come again, as clients are told who are refused for want of room, seconds.
        retry_seconds: u64 = Set("2"), 1..=3600;
        /// Threads that compute for each search that runs, and as many for everything else; 0 is one a processor.
        threads: u64 = Set("0"), 0..=4096;
    }
}

section! {
    /// How records are shared that have no policy of their own, unless their laboratory says otherwise.
    sharing: SharingConfig {
        /// Who sees them: "own_laboratory", "countries" (with those listed below) or "region" (every
        /// laboratory).
        share_with: ShareWith = Set("\"own_laboratory\"");
        /// The countries (ISO 3166-1 alpha-2) of share_with = "countries".
        countries: Vec<Country> = Set("[]");
        /// What a laboratory learns of a record that it may not see: "hidden" (nothing) or "told" (that it
        /// exists, and whose it is).
        existence: Existence = Set("\"hidden\"");
    }
}

section! {
    /// What scores are worth. Paths from the folder the service is started in. Without a calibration, or for
    /// what its population lacks, scores rank and say no more.
    evidence: EvidenceConfig {
        /// The calibration, of `casemark calibrate`; or a list of them, one for each kind of mark.
        calibration: Option<Paths> = Unset("\"calibration.json\"");
        /// Its validation, metrics.json of `casemark evaluate --calibration --criteria`: where that passed,
        /// likelihood ratios are of the class that is statistically validated. For a list of calibrations
        /// a list as long.
        validation: Option<Paths> = Unset("\"metrics.json\"");
    }
}

section! {
    /// How good scans have to be. What is beyond a limit is said to who enters or inspects a scan, as a
    /// warning unless it is named under refuse or note; no score depends on it. `enrol` and `inspect` on a store
    /// of this machine take it by --config.
    quality: QualityConfig {
        /// Findings for which a scan is not entered: spacing, missing, noise, outliers, saturation, tilt,
        /// clipped, texture, calibration, not_metrological, near_duplicate.
        refuse: Vec<Name> = Set("[]");
        /// Findings that are worth knowing and no more.
        note: Vec<Name> = Set("[]");
        /// spacing: greatest distance between samples, um.
        greatest_spacing_um: f64 = Set("12.5");
        /// missing: least share of a mark's samples that were measured.
        least_measured_share: f64 = Set("0.9");
        /// noise: greatest noise as a multiple of the standard deviation of the texture that is compared.
        greatest_noise_ratio: f64 = Set("1.0");
        /// outliers: greatest share of samples that are far off their surroundings.
        greatest_outliers_share: f64 = Set("0.01");
        /// saturation: greatest share of samples at the very ends of the range of heights.
        greatest_saturated_share: f64 = Set("0.005");
        /// tilt: greatest tilt of the mark, degrees.
        greatest_tilt_deg: f64 = Set("3.0");
        /// clipped: least share of a whole head's primer, along its circumference, that is in view.
        least_in_view_share: f64 = Set("0.8");
        /// clipped: greatest share of a side of the frame that a cropped mark may run along.
        greatest_cut_share: f64 = Set("0.3");
        /// texture: least standard deviation of the texture that is compared, um.
        least_texture_um: f64 = Set("0.1");
        /// Hold what is entered against what its laboratory has in the store: about a tenth of a second for
        /// each scan, and 3 us for each record.
        near_duplicates: bool = Set("true");
        /// near_duplicate: greatest NCC with a reference in the store.
        greatest_stored_ncc: f64 = Set("0.95");
        /// calibration: greatest age of the instrument's calibration when the scan was measured, days.
        oldest_calibration_days: u64 = Set("365"), 1..=36500;
    }
}

section! {
    /// What is logged, on standard error.
    log: LogConfig {
        /// "text" for people, "json" for programs.
        format: LogFormat = Set("\"text\"");
        /// What is logged: a level (error, warn, info, debug, trace), or levels of targets as tracing's
        /// EnvFilter writes them.
        filter: String = Set("\"info\"");
    }
}

section! {
    /// Who may do what: one such table for each laboratory. A laboratory that is not here may do nothing.
    laboratory: LaboratoryConfig {
        /// Its name, as in its records and certificates.
        name: String = Set("\"National Laboratory\"");
        /// Its country (ISO 3166-1 alpha-2), as in its certificates.
        country: Country = Set("\"BB\"");
        /// What it may do: any of "reader", "examiner", "contributor", "auditor", "administrator".
        roles: Vec<Role> = Set("[\"examiner\", \"contributor\"]");
        /// Who sees its records, instead of sharing.share_with.
        share_with: Option<ShareWith> = Unset("\"countries\"");
        /// The countries of share_with = "countries".
        countries: Option<Vec<Country>> = Unset("[\"TT\", \"JM\"]");
        /// What others learn of its records, instead of sharing.existence.
        existence: Option<Existence> = Unset("\"told\"");
    }
}
