//! How is the service set up, and where is that said?
//!
//! One TOML file, and for single keys the environment: `CASEMARK__SECTION__KEY` (two underscores) goes
//! before the file, the file before the default. Every key is declared once, in `sections`: the struct,
//! the default, the bounds and the commented file of `casemark config print` follow from that. A key that
//! no one knows is an error, wherever it stands. [`Config::load`] takes texts: it reads no file and no
//! environment itself.

mod error;
mod key;
mod sections;

#[cfg(test)]
mod tests;

pub use error::ConfigError;
pub use key::{Key, Written};
pub use sections::{
    Config, EvidenceConfig, LaboratoryConfig, LimitsConfig, LogConfig, LogFormat, Paths,
    QualityConfig, ServerConfig, ShareWith, SharingConfig, TlsConfig,
};

use crate::access::{Laboratory, Policy};
use crate::parameters::QualityLimits;
use crate::quality::{Name, Rules};
use crate::store::{Audience, Existence, Sharing};
use crate::units::{Angle, Length};
use ::config::{File, FileFormat, Source as _, Value, ValueKind};
use key::Section;
use std::fmt::Write as _;

/// Beginning of the variables that override a key.
pub const VARIABLE_PREFIX: &str = "CASEMARK__";
/// The table that comes once for each laboratory.
const LABORATORY: &str = "laboratory";

/// A file's text and the name to call it by.
#[derive(Clone, Copy, Debug)]
pub struct ConfigFile<'a> {
    /// Its name, for errors.
    pub name: &'a str,
    /// What is in it.
    pub text: &'a str,
}

impl Config {
    /// The configuration from defaults, a file and the variables of the environment.
    ///
    /// 1. Refuses keys that no one knows.
    /// 2. Lays the file over the defaults.
    /// 3. Lays the environment over both.
    /// 4. Holds numbers against their bounds.
    /// 5. Holds keys against each other.
    ///
    /// # Errors
    /// Text that is no TOML; an unknown key, a value of another type or out of bounds, with the key and the
    /// file or variable it stands in; keys that contradict each other.
    pub fn load(
        file: Option<ConfigFile<'_>>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let name = file.map_or("the defaults", |file| file.name);
        let failed = |origin: &str| {
            let origin = origin.to_owned();
            move |source| ConfigError::Value { origin, source: Box::new(source) }
        };
        let mut builder =
            ::config::Config::builder().add_source(File::from_str(&defaults(), FileFormat::Toml));
        // 1., 2.
        if let Some(file) = file {
            let source = File::from_str(file.text, FileFormat::Toml);
            check_keys(file, &source.collect().map_err(failed(file.name))?)?;
            builder = builder.add_source(source);
        }
        let of_files = builder.build_cloned().map_err(failed(name))?;
        of_files.clone().try_deserialize::<Self>().map_err(failed(name))?;
        check_bounds(&of_files, name)?;
        // 3.
        let mut overridden = builder;
        let mut variables = Vec::new();
        for (variable, value) in environment {
            let Some(path) = variable.strip_prefix(VARIABLE_PREFIX) else { continue };
            let Some((section, key)) = find(path) else {
                return Err(ConfigError::UnknownVariable { variable });
            };
            let path = format!("{}.{}", section.name, key.name);
            overridden = overridden.set_override(path, value).map_err(failed(&variable))?;
            variables.push(variable);
        }
        variables.sort();
        let origin = if variables.is_empty() { name.to_owned() } else { variables.join(", ") };
        let all = overridden.build().map_err(failed(&origin))?;
        let config: Self = all.clone().try_deserialize().map_err(failed(&origin))?;
        // 4.
        check_bounds(&all, &origin)?;
        // 5.
        config.check()?;
        Ok(config)
    }

    /// The configuration with every key as it is by default.
    ///
    /// # Errors
    /// None, unless the declarations contradict themselves, which a test excludes.
    pub fn defaults() -> Result<Self, ConfigError> {
        Self::load(None, [])
    }

    /// A complete, commented file with the defaults.
    #[must_use]
    pub fn print() -> String {
        let mut text = String::from(
            "# Configuration of the casemark service. What stands here is the default; a key that begins with # is\n\
             # not set, and shows an example. CASEMARK__SECTION__KEY in the environment goes before this file.\n",
        );
        for section in sections::SECTIONS {
            let _ = write!(text, "\n{}[{}]\n", comment(section.doc), section.name);
            section.keys.iter().for_each(|key| text.push_str(&describe(key, "")));
        }
        let _ = write!(text, "\n{}#[[{LABORATORY}]]\n", comment(LaboratoryConfig::SECTION.doc));
        LaboratoryConfig::SECTION.keys.iter().for_each(|key| text.push_str(&describe(key, "#")));
        text
    }

    /// Who may do what.
    ///
    /// # Errors
    /// A laboratory that is named twice, or whose sharing contradicts itself.
    pub fn policy(&self) -> Result<Policy, ConfigError> {
        let others = self.sharing.sharing("sharing")?;
        let laboratories = self.laboratory.iter().map(|laboratory| {
            let default = &self.sharing;
            let sharing = SharingConfig {
                share_with: laboratory.share_with.unwrap_or(default.share_with),
                countries: laboratory.countries.clone().unwrap_or_else(|| {
                    match laboratory.share_with {
                        None => default.countries.clone(),
                        Some(_) => Vec::new(),
                    }
                }),
                existence: laboratory.existence.unwrap_or(default.existence),
            };
            Ok(Laboratory {
                name: laboratory.name.clone(),
                country: laboratory.country,
                roles: laboratory.roles.iter().copied().collect(),
                sharing: sharing.sharing(LABORATORY)?,
            })
        });
        let laboratories = laboratories.collect::<Result<Vec<_>, ConfigError>>()?;
        Policy::new(laboratories, others).map_err(|source| ConfigError::Policy { source })
    }

    /// Whether there is anyone who could call a service that is set up so.
    ///
    /// # Errors
    /// There is no one.
    pub fn check_callers(&self) -> Result<(), ConfigError> {
        let Self { server, tls, laboratory, .. } = self;
        if server.insecure_open || server.insecure_anonymous_laboratory.is_some() {
            return Ok(());
        }
        if tls.client_authority.is_none() {
            return Err(ConfigError::Contradiction {
                key: "tls.client_authority",
                wanted: "the authority of client certificates, so that it is known who calls (without one nobody may \
                         call; for trying on this machine: --insecure-open)",
            });
        }
        if laboratory.is_empty() {
            return Err(ConfigError::Contradiction {
                key: "[[laboratory]]",
                wanted: "at least one laboratory: nobody else may call",
            });
        }
        Ok(())
    }

    /// Holds keys against each other.
    fn check(&self) -> Result<(), ConfigError> {
        let (server, tls) = (&self.server, &self.tls);
        let contradiction = |key, wanted| Err(ConfigError::Contradiction { key, wanted });
        if tls.certificate.is_some() != tls.key.is_some() {
            return contradiction(
                "tls.certificate",
                "tls.certificate and tls.key, both or neither",
            );
        }
        let encrypted = tls.certificate.is_some();
        if !encrypted && tls.client_authority.is_some() {
            return contradiction("tls.client_authority", "tls.certificate and tls.key with it");
        }
        if !encrypted && !server.address.ip().is_loopback() && !server.insecure_plain_text {
            return contradiction(
                "server.address",
                "a loopback address, or tls.certificate and tls.key, or server.insecure_plain_text = true",
            );
        }
        let insecure = tls.insecure_without_client_certificates;
        if encrypted && tls.client_authority.is_none() && !insecure {
            return contradiction(
                "tls.client_authority",
                "the authority of client certificates, or tls.insecure_without_client_certificates = true",
            );
        }
        if server.insecure_open && (tls.client_authority.is_some() || !self.laboratory.is_empty()) {
            return contradiction(
                "server.insecure_open",
                "no tls.client_authority and no [[laboratory]] beside it: they would mean nothing",
            );
        }
        if let Some(name) = &server.insecure_anonymous_laboratory {
            if !self.laboratory.iter().any(|laboratory| laboratory.name == *name) {
                return contradiction(
                    "server.insecure_anonymous_laboratory",
                    "the name of a [[laboratory]]",
                );
            }
            if tls.client_authority.is_some() && !insecure {
                return contradiction(
                    "server.insecure_anonymous_laboratory",
                    "no tls.client_authority beside it: with one, no one is anonymous",
                );
            }
        }
        for laboratory in &self.laboratory {
            let name = crate::access::Identity::new(&laboratory.name, laboratory.country, None);
            name.map_err(|source| ConfigError::Name { name: laboratory.name.clone(), source })?;
        }
        self.quality.rules()?;
        self.policy().map(|_| ())
    }
}

impl QualityConfig {
    /// What scans are held against.
    ///
    /// # Errors
    /// A limit that is out of its bounds.
    pub fn rules(&self) -> Result<Rules, ConfigError> {
        let limits = QualityLimits {
            greatest_spacing: Length::from_micrometres(self.greatest_spacing_um),
            least_measured: self.least_measured_share,
            greatest_noise: self.greatest_noise_ratio,
            greatest_outliers: self.greatest_outliers_share,
            greatest_saturated: self.greatest_saturated_share,
            greatest_tilt: Angle::from_degrees(self.greatest_tilt_deg),
            least_in_view: self.least_in_view_share,
            greatest_cut: self.greatest_cut_share,
            least_texture: Length::from_micrometres(self.least_texture_um),
            greatest_stored_ncc: self.greatest_stored_ncc,
            oldest_calibration_days: usize::try_from(self.oldest_calibration_days)
                .unwrap_or(usize::MAX),
        };
        limits.check()?;
        let names = |names: &[Name]| names.iter().copied().collect();
        Ok(Rules {
            limits,
            refuse: names(&self.refuse),
            note: names(&self.note),
            near_duplicates: self.near_duplicates,
        })
    }
}

impl SharingConfig {
    fn sharing(&self, section: &'static str) -> Result<Sharing, ConfigError> {
        let countries = !self.countries.is_empty();
        let audience = match self.share_with {
            ShareWith::OwnLaboratory if !countries => Audience::OwnLaboratory,
            ShareWith::Region if !countries => Audience::Region,
            ShareWith::Countries if countries => {
                Audience::Countries(self.countries.iter().copied().collect())
            }
            ShareWith::OwnLaboratory | ShareWith::Region | ShareWith::Countries => {
                let key = if section == LABORATORY {
                    "laboratory.countries"
                } else {
                    "sharing.countries"
                };
                let wanted = "countries where share_with = \"countries\", and nowhere else";
                return Err(ConfigError::Contradiction { key, wanted });
            }
        };
        let existence: Existence = self.existence;
        Ok(Sharing { audience, existence })
    }
}

/// The file of the defaults without its comments.
fn defaults() -> String {
    let mut text = String::new();
    for section in sections::SECTIONS {
        let _ = writeln!(text, "[{}]", section.name);
        for key in section.keys {
            if let Written::Set(value) = key.written {
                let _ = writeln!(text, "{} = {value}", key.name);
            }
        }
    }
    text
}

fn comment(doc: &[&str]) -> String {
    doc.iter().map(|line| format!("#{line}\n")).collect()
}

fn describe(key: &Key, off: &str) -> String {
    let bounds = key
        .bounds
        .map_or_else(String::new, |(minimum, maximum)| format!("# From {minimum} to {maximum}.\n"));
    let (off, value) = match key.written {
        Written::Set(value) => (off, value),
        Written::Unset(example) => ("#", example),
    };
    format!("{}{bounds}{off}{} = {value}\n", comment(key.doc), key.name)
}

/// The key that a variable names after its prefix.
fn find(path: &str) -> Option<(&'static Section, &'static Key)> {
    let (section, key) = path.split_once("__")?;
    // One spelling: capitals.
    let named = |name: &str, wanted: &str| name.to_ascii_uppercase() == wanted;
    let section = sections::SECTIONS.iter().find(|known| named(known.name, section))?;
    Some((section, section.keys.iter().find(|known| named(known.name, key))?))
}

fn check_keys(
    file: ConfigFile<'_>,
    values: &::config::Map<String, Value>,
) -> Result<(), ConfigError> {
    let mut names: Vec<_> = values.iter().collect();
    names.sort_by_key(|(name, _)| *name);
    for (name, value) in names {
        if name == LABORATORY {
            // A single [laboratory] is no list of them.
            let ValueKind::Array(tables) = &value.kind else {
                let (file, key) = (file.name.to_owned(), "[laboratory]".to_owned());
                return Err(ConfigError::NotATable { file, key });
            };
            let check = |table| check_section(file, &LaboratoryConfig::SECTION, table);
            tables.iter().try_for_each(check)?;
            continue;
        }
        let section = sections::SECTIONS.iter().find(|section| section.name == name);
        let unknown = || ConfigError::UnknownKey { file: file.name.to_owned(), key: name.clone() };
        check_section(file, section.ok_or_else(unknown)?, value)?;
    }
    Ok(())
}

fn check_section(
    file: ConfigFile<'_>,
    section: &Section,
    value: &Value,
) -> Result<(), ConfigError> {
    let (file, name) = (file.name.to_owned(), section.name);
    let ValueKind::Table(table) = &value.kind else {
        return Err(ConfigError::NotATable { file, key: name.to_owned() });
    };
    let known = |name: &str| section.keys.iter().any(|key| key.name == name);
    // The first in order, so that the message is always the same.
    match table.keys().filter(|key| !known(key)).min() {
        Some(key) => Err(ConfigError::UnknownKey { file, key: format!("{name}.{key}") }),
        None => Ok(()),
    }
}

fn check_bounds(values: &::config::Config, origin: &str) -> Result<(), ConfigError> {
    for section in sections::SECTIONS {
        for key in section.keys {
            let Some((minimum, maximum)) = key.bounds else { continue };
            let path = format!("{}.{}", section.name, key.name);
            let value = values.get_int(&path).map_err(|source| ConfigError::Value {
                origin: origin.to_owned(),
                source: Box::new(source),
            })?;
            if !u64::try_from(value).is_ok_and(|value| (minimum..=maximum).contains(&value)) {
                let origin = origin.to_owned();
                return Err(ConfigError::OutOfBounds {
                    origin,
                    key: path,
                    value,
                    minimum,
                    maximum,
                });
            }
        }
    }
    Ok(())
}
