//! `casemark certs`: certificates for trying mutual TLS.
//!
//! A development authority (made once, then used again), a certificate for the server (likewise), one for
//! a client of a laboratory. Their private keys lie beside each other in one folder: for a laptop, not for
//! a ministry. A configuration of the service and
//! a profile of the client lie beside them. Nothing is ever overwritten.

use super::Outcome;
use super::args::CertsArguments;
use super::output::print;
use crate::access::Identity;
use anyhow::{Context as _, bail, ensure};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PublicKeyData as _, SanType,
};
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use x509_parser::prelude::{FromDer as _, X509Certificate};

const AUTHORITY_DAYS: i64 = 3650;
/// A clock that is behind by less than this still finds a new certificate valid.
const BEFORE: time::Duration = time::Duration::hours(1);

/// The two files of a certificate.
struct Pair {
    certificate: PathBuf,
    key: PathBuf,
}

impl Pair {
    fn new(folder: &Path, name: &str) -> Self {
        let certificate = folder.join(format!("{name}.pem"));
        Self { certificate, key: folder.join(format!("{name}.key.pem")) }
    }

    /// Whether both are there; one alone is an error.
    fn is_there(&self) -> anyhow::Result<bool> {
        match (self.certificate.exists(), self.key.exists()) {
            (true, true) => Ok(true),
            (false, false) => Ok(false),
            (true, false) => bail!("{} is there without its key", self.certificate.display()),
            (false, true) => bail!("{} is there without its certificate", self.key.display()),
        }
    }

    fn write(&self, certificate: &str, key: &KeyPair) -> anyhow::Result<()> {
        write_new(&self.key, &key.serialize_pem(), 0o600)?;
        write_new(&self.certificate, certificate, 0o644)
    }
}

pub(super) fn run(arguments: &CertsArguments) -> anyhow::Result<Outcome> {
    let folder = &arguments.out;
    let identity =
        Identity::new(&arguments.laboratory, arguments.country, arguments.person.as_deref())?;
    let authority = Pair::new(folder, "authority");
    let server = Pair::new(folder, "server");
    let name = format!("client-{}", file_name(&identity));
    let client = Pair::new(folder, &name);
    let profile = folder.join(format!("{name}.toml"));
    // All refusals before the first file.
    if client.is_there()? {
        bail!("{} is there already: nothing is overwritten", client.certificate.display());
    }
    ensure!(!profile.exists(), "{} is there already: nothing is overwritten", profile.display());
    let known_server = server.is_there()?;
    if known_server && !arguments.server_names.is_empty() {
        bail!("{} is there already: nothing is overwritten", server.certificate.display());
    }
    let known_authority = authority.is_there()?;
    if known_server && !known_authority {
        bail!("{} is there without its authority", server.certificate.display());
    }
    make_folder(folder)?;
    let mut made = Vec::new();
    let issuer = if known_authority {
        read_authority(&authority)?
    } else {
        made.push(&authority);
        make_authority(&authority)?
    };
    let days = i64::from(arguments.days);
    if !known_server {
        make_server(&server, &issuer, &arguments.server_names, days)?;
        made.push(&server);
    }
    make_client(&client, &issuer, &identity, days)?;
    made.push(&client);

    write_new(&profile, &describe_client(&name), 0o644)?;
    let configuration = describe(&server, &authority, arguments);
    let service = folder.join("service.toml");
    let mut text = String::new();
    for pair in made {
        let _ = writeln!(text, "made {} and {}", pair.certificate.display(), pair.key.display());
    }
    let _ = writeln!(text, "the client is {identity}");
    let _ = writeln!(text, "made {}: casemark search --profile {0} QUESTIONED", profile.display());
    if service.exists() {
        let service = service.display();
        let _ =
            write!(text, "\n{service} is there already; what belongs in it:\n\n{configuration}");
    } else {
        write_new(&service, &configuration, 0o644)?;
        let _ = writeln!(text, "made {}: casemark serve --config {0}", service.display());
    }
    print(&text)?;
    Ok(Outcome::Done)
}

/// How the client reaches the service: paths are from the profile's own folder.
fn describe_client(name: &str) -> String {
    format!(
        "server = \"https://127.0.0.1:50051\"\nca = \"authority.pem\"\ncert = \"{name}.pem\"\nkey = \"{name}.key.pem\"\n"
    )
}

/// What the service has to know of the certificates and the laboratory.
fn describe(server: &Pair, authority: &Pair, arguments: &CertsArguments) -> String {
    let (name, country) = (toml(&arguments.laboratory), arguments.country);
    let path = |path: &Path| toml(&path.to_string_lossy());
    format!(
        "# Paths are from the folder in which `casemark serve` is started. All keys: casemark serve --print-config\n\
         [tls]\ncertificate = {}\nkey = {}\nclient_authority = {}\n\n\
         [[laboratory]]\nname = {name}\ncountry = \"{country}\"\nroles = [\"examiner\", \"contributor\"]\n",
        path(&server.certificate),
        path(&server.key),
        path(&authority.certificate),
    )
}

/// A basic string of TOML: JSON's escapes are among its own.
fn toml(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A file's name from an identity: its letters and digits, small, and a part of its hash where that is not
/// all of it.
fn file_name(identity: &Identity) -> String {
    let parts = [Some(identity.laboratory()), identity.person()];
    let text = parts.into_iter().flatten().collect::<Vec<_>>().join("-");
    let plain: String = text
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' })
        .collect();
    if text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | ' '))
        && plain.len() < 100
    {
        return plain;
    }
    let hash = crate::digest::Digest::of(identity.to_string().as_bytes()).to_string();
    let short: String = plain.chars().take(80).collect();
    format!("{short}-{}", &hash[..8])
}

/// Parameters that all certificates share.
fn parameters(name: &str, days: i64) -> anyhow::Result<CertificateParams> {
    let mut parameters = CertificateParams::new(Vec::<String>::new())?;
    let now = time::OffsetDateTime::from_unix_timestamp(jiff::Timestamp::now().as_second())?;
    parameters.not_before = now - BEFORE;
    parameters.not_after = now + time::Duration::days(days);
    parameters.distinguished_name.push(DnType::OrganizationName, "casemark development");
    parameters.distinguished_name.push(DnType::CommonName, name);
    parameters.use_authority_key_identifier_extension = true;
    parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    Ok(parameters)
}

fn make_authority(files: &Pair) -> anyhow::Result<Issuer<'static, KeyPair>> {
    let mut parameters = parameters("casemark development authority", AUTHORITY_DAYS)?;
    parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let key = KeyPair::generate()?;
    files.write(&parameters.self_signed(&key)?.pem(), &key)?;
    Ok(Issuer::new(parameters, key))
}

fn read_authority(files: &Pair) -> anyhow::Result<Issuer<'static, KeyPair>> {
    let read = |path: &Path| fs::read_to_string(path).with_context(|| path.display().to_string());
    let (certificate, key) = (read(&files.certificate)?, read(&files.key)?);
    let key = KeyPair::from_pem(&key).with_context(|| files.key.display().to_string())?;
    let named = || files.certificate.display().to_string();
    let (_, pem) = x509_parser::pem::parse_x509_pem(certificate.as_bytes()).with_context(named)?;
    let (_, parsed) = X509Certificate::from_der(&pem.contents).with_context(named)?;
    ensure!(parsed.is_ca(), "{}: it is no authority's", named());
    ensure!(
        parsed.public_key().raw == key.subject_public_key_info(),
        "{} is not the key of {}",
        files.key.display(),
        named()
    );
    ensure!(parsed.validity().is_valid(), "{}: it is out of its time", named());
    Issuer::from_ca_cert_pem(&certificate, key).with_context(named)
}

fn make_server(
    files: &Pair,
    issuer: &Issuer<'_, KeyPair>,
    names: &[String],
    days: i64,
) -> anyhow::Result<()> {
    let mut parameters = parameters("casemark server", days)?;
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let local = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
    for name in names.iter().chain(local.iter().filter(|name| !names.contains(name))) {
        parameters.subject_alt_names.push(match name.parse() {
            Ok(address) => SanType::IpAddress(address),
            Err(_) => SanType::DnsName(
                name.as_str().try_into().with_context(|| format!("{name} is no host's name"))?,
            ),
        });
    }
    let key = KeyPair::generate()?;
    files.write(&parameters.signed_by(&key, issuer)?.pem(), &key)
}

fn make_client(
    files: &Pair,
    issuer: &Issuer<'_, KeyPair>,
    identity: &Identity,
    days: i64,
) -> anyhow::Result<()> {
    let mut parameters = parameters(identity.person().unwrap_or(identity.laboratory()), days)?;
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let uri = identity.to_string();
    parameters.subject_alt_names.push(SanType::URI(uri.as_str().try_into()?));
    let key = KeyPair::generate()?;
    files.write(&parameters.signed_by(&key, issuer)?.pem(), &key)
}

fn make_folder(folder: &Path) -> anyhow::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).with_context(|| folder.display().to_string())
}

/// Writes a file that is not there yet, with these permissions from its first byte on.
fn write_new(path: &Path, text: &str, mode: u32) -> anyhow::Result<()> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    let written = options
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()));
    written.with_context(|| path.display().to_string())
}
