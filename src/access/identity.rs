//! Who does a client certificate name?
//!
//! Its subject alternative names hold one URI
//! `casemark://laboratory/COUNTRY/LABORATORY` or `casemark://laboratory/COUNTRY/LABORATORY/PERSON`:
//! the country as in ISO 3166-1, the others percent-encoded UTF-8 (RFC 3986: letters, digits and `-._~` as
//! they are, all else as `%XX`). An identity has one spelling; another one is refused, so that no two
//! texts of the audit log mean the same person.

use crate::store::{Country, LINE_LIMIT, MetadataError};
use jiff::Timestamp;
use std::fmt::{self, Write as _};
use std::str::FromStr;
use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};

/// The URI's scheme, with what follows it.
pub const SCHEME: &str = "casemark://laboratory/";

/// Why a certificate or a URI names no one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// No URI of ours.
    #[error("{found} is no identity: wanted {SCHEME}COUNTRY/LABORATORY, percent-encoded")]
    Uri {
        /// The text.
        found: String,
    },
    /// A country that is none.
    #[error("the identity names no country")]
    Country {
        /// What is wrong with it.
        #[source]
        source: MetadataError,
    },
    /// A name that no record may hold.
    #[error("the name of the {part} is empty, too long, padded or holds control characters")]
    Name {
        /// Which name.
        part: &'static str,
    },
    /// Bytes that are no certificate.
    #[error("the certificate cannot be read")]
    Certificate,
    /// A certificate out of its time.
    #[error("the certificate is valid from {from} to {until}, not at {at}")]
    OutOfTime {
        /// From when.
        from: Timestamp,
        /// Until when.
        until: Timestamp,
        /// The time asked about.
        at: Timestamp,
    },
    /// A certificate that is not a client's: an authority's, or a server's.
    #[error("the certificate is not one of a client")]
    NotAClient,
    /// None of ours among its names, or more than one.
    #[error("the certificate has {found} identities, wanted one")]
    Count {
        /// How many were found.
        found: usize,
    },
}

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    laboratory: String,
    country: Country,
    person: Option<String>,
}

impl Identity {
    /// A laboratory of a country, or someone in it.
    ///
    /// # Errors
    /// A name that no record may hold.
    pub fn new(
        laboratory: &str,
        country: Country,
        person: Option<&str>,
    ) -> Result<Self, IdentityError> {
        for (part, name) in [("laboratory", Some(laboratory)), ("person", person)] {
            let Some(name) = name else { continue };
            let bad = name.is_empty()
                || name.trim() != name
                || name.contains(char::is_control)
                || name.chars().count() > LINE_LIMIT
                // Steps of a path, which whoever normalises a URI takes away.
                || matches!(name, "." | "..");
            if bad {
                return Err(IdentityError::Name { part });
            }
        }
        let (laboratory, person) = (laboratory.to_owned(), person.map(str::to_owned));
        Ok(Self { laboratory, country, person })
    }

    /// Who a client certificate names, in DER. That it is genuine is for the TLS library to say; its time,
    /// its purpose and its names are looked at here.
    ///
    /// # Errors
    /// Bytes that are no certificate; one that is out of its time, not a client's, or does not name
    /// exactly one identity.
    pub fn from_certificate(der: &[u8], at: Timestamp) -> Result<Self, IdentityError> {
        let (rest, certificate) =
            X509Certificate::from_der(der).map_err(|_| IdentityError::Certificate)?;
        if !rest.is_empty() {
            return Err(IdentityError::Certificate);
        }
        let time =
            |seconds| Timestamp::from_second(seconds).map_err(|_| IdentityError::Certificate);
        let validity = certificate.validity();
        let from = time(validity.not_before.timestamp())?;
        let until = time(validity.not_after.timestamp())?;
        if at < from || at > until {
            return Err(IdentityError::OutOfTime { from, until, at });
        }
        let purposes = certificate.extended_key_usage().map_err(|_| IdentityError::Certificate)?;
        let purpose = purposes.is_none_or(|usage| usage.value.client_auth || usage.value.any);
        if certificate.is_ca() || !purpose {
            return Err(IdentityError::NotAClient);
        }
        let names =
            certificate.subject_alternative_name().map_err(|_| IdentityError::Certificate)?;
        let uris: Vec<&str> = names
            .iter()
            .flat_map(|names| &names.value.general_names)
            .filter_map(|name| if let GeneralName::URI(uri) = name { Some(*uri) } else { None })
            .filter(|uri| {
                uri.get(..9).is_some_and(|scheme| scheme.eq_ignore_ascii_case("casemark:"))
            })
            .collect();
        match uris[..] {
            [uri] => uri.parse(),
            _ => Err(IdentityError::Count { found: uris.len() }),
        }
    }

    /// The laboratory.
    #[must_use]
    pub fn laboratory(&self) -> &str {
        &self.laboratory
    }

    /// Its country.
    #[must_use]
    pub const fn country(&self) -> Country {
        self.country
    }

    /// Who in it, if the certificate says so.
    #[must_use]
    pub fn person(&self) -> Option<&str> {
        self.person.as_deref()
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}{}/{}", self.country, encode(&self.laboratory))?;
        self.person.as_ref().map_or(Ok(()), |person| write!(f, "/{}", encode(person)))
    }
}

impl FromStr for Identity {
    type Err = IdentityError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = || IdentityError::Uri { found: text.chars().take(2 * LINE_LIMIT).collect() };
        let path = text.strip_prefix(SCHEME).ok_or_else(refused)?;
        let parts: Vec<&str> = path.split('/').collect();
        let (country, laboratory, person) = match parts[..] {
            [country, laboratory] => (country, laboratory, None),
            [country, laboratory, person] => (country, laboratory, Some(person)),
            _ => return Err(refused()),
        };
        let country = country.parse().map_err(|source| IdentityError::Country { source })?;
        let laboratory = decode(laboratory).ok_or_else(refused)?;
        let person = person.map(|person| decode(person).ok_or_else(refused)).transpose()?;
        let identity = Self::new(&laboratory, country, person.as_deref())?;
        if identity.to_string() == text { Ok(identity) } else { Err(refused()) }
    }
}

fn encode(name: &str) -> String {
    let mut text = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        if first != b'%' {
            bytes.push(first);
            rest = after;
            continue;
        }
        let (digits, after) = after.split_first_chunk::<2>()?;
        let digit = |digit: u8| char::from(digit).to_digit(16);
        // Two digits of base 16 are below 256.
        bytes.push((digit(digits[0])? * 16 + digit(digits[1])?) as u8);
        rest = after;
    }
    String::from_utf8(bytes).ok()
}
