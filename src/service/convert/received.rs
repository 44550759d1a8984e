//! What do the messages that come mean?

use super::words;
use crate::audit;
use crate::format::{HeightUnit, Limits, ManifestChecksum, ReadOptions, SpacingUnit};
use crate::parameters::Cascade;
use crate::service::pb;
use crate::service::status::{Fault, Problem};
use crate::store::{
    Audience, Country, ExhibitMetadata, Existence, Filter, FirearmMetadata, LINE_LIMIT, MarkKind,
    Sharing, Unknown,
};
use crate::surface::Spacing;
use crate::units::Length;
use jiff::Timestamp;
use prost_types::Timestamp as PbTimestamp;
use std::collections::BTreeSet;
use std::str::FromStr;

/// What the client states about a file; no file may be larger than this limit.
pub(in crate::service) fn read_options(
    field: &'static str,
    options: Option<pb::ReadOptions>,
    limit: u64,
) -> Result<ReadOptions, Fault> {
    let pb::ReadOptions { spacing_um, length_unit, height_unit, accept_edited_manifest } =
        options.unwrap_or_default();
    let named = |name: &str| format!("{field}.options.{name}");
    let spacing = spacing_um.map(|found| {
        if found.is_finite() && found > 0.0 {
            return Ok(Spacing::square(Length::from_micrometres(found)));
        }
        let wanted = "a positive number";
        Err(Fault::field(named("spacing_um"), Problem::OutOfRange { found, wanted }))
    });
    let defaults = Limits::default();
    Ok(ReadOptions {
        limits: Limits { file_bytes: limit.min(defaults.file_bytes), ..defaults },
        spacing: spacing.transpose()?,
        assume: match known(named("length_unit"), length_unit)? {
            pb::LengthUnit::Unspecified => SpacingUnit::AsWritten,
            pb::LengthUnit::Micrometres => SpacingUnit::Micrometres,
            pb::LengthUnit::Either => SpacingUnit::Either,
        },
        height_unit: match known(named("height_unit"), height_unit)? {
            pb::HeightUnit::Unspecified => None,
            pb::HeightUnit::Metres => Some(HeightUnit::Metres),
            pb::HeightUnit::Millimetres => Some(HeightUnit::Millimetres),
            pb::HeightUnit::Micrometres => Some(HeightUnit::Micrometres),
            pb::HeightUnit::Nanometres => Some(HeightUnit::Nanometres),
        },
        manifest_checksum: if accept_edited_manifest {
            ManifestChecksum::Warn
        } else {
            ManifestChecksum::Enforce
        },
        ..ReadOptions::default()
    })
}

/// A value of an enumeration that this version knows.
fn known<T: TryFrom<i32>>(field: impl Into<String>, found: i32) -> Result<T, Fault> {
    T::try_from(found).map_err(|_| Fault::field(field.into(), Problem::UnknownValue { found }))
}

/// What of a scan is downloaded.
pub(in crate::service) fn download_content(
    field: &'static str,
    value: i32,
) -> Result<pb::DownloadContent, Fault> {
    known(field, value)
}

/// An identifier of a record.
pub(in crate::service) fn identifier<T: FromStr>(
    field: &'static str,
    text: &str,
) -> Result<T, Fault> {
    if text.is_empty() {
        return Err(Fault::missing(field));
    }
    text.parse().map_err(|_| Fault::field(field, Problem::NotAnIdentifier))
}

/// How many references go on from stage to stage, for a recall; 0 is the default.
pub(in crate::service) fn cascade(field: &'static str, recall: f64) -> Result<Cascade, Fault> {
    let mut cascade = Cascade::default();
    if recall != 0.0 {
        cascade.target_recall = recall;
    }
    let out_of_range =
        |_| Fault::field(field, Problem::OutOfRange { found: recall, wanted: "0.5 to 1, or 0" });
    cascade.check().map_err(out_of_range)?;
    Ok(cascade)
}

/// A text of 1 to `most` characters.
pub(in crate::service) fn text(field: &'static str, text: &str, most: usize) -> Result<(), Fault> {
    let found = text.chars().count();
    if (1..=most).contains(&found) {
        return Ok(());
    }
    Err(Fault::field(field, Problem::Characters { found, most }))
}

/// A mark that is stated.
pub(in crate::service) fn mark(field: &'static str, value: i32) -> Result<MarkKind, Fault> {
    any_mark(field, value)?.ok_or_else(|| Fault::missing(field))
}

/// A mark, where one is stated.
pub(in crate::service) fn any_mark(
    field: impl Into<String>,
    value: i32,
) -> Result<Option<MarkKind>, Fault> {
    Ok(words::mark_kind(known(field, value)?))
}

fn country(field: &'static str, text: Option<String>) -> Result<Option<Country>, Fault> {
    let parse = |text: String| {
        text.parse().map_err(|source| Fault::field(field, Problem::Metadata { source }))
    };
    text.map(parse).transpose()
}

fn time(field: &'static str, time: Option<PbTimestamp>) -> Result<Option<Timestamp>, Fault> {
    let convert = |time: PbTimestamp| {
        Timestamp::new(time.seconds, time.nanos).map_err(|_| Fault::field(field, Problem::NotATime))
    };
    time.map(convert).transpose()
}

/// What is known of an exhibit; the store checks the texts.
pub(in crate::service) fn exhibit(metadata: pb::ExhibitMetadata) -> Result<ExhibitMetadata, Fault> {
    let incident = metadata.incident.map(|text| {
        text.parse().map_err(|_| Fault::field("metadata.exhibit.incident", Problem::NotADate))
    });
    Ok(ExhibitMetadata {
        laboratory: metadata.laboratory,
        case_number: metadata.case_number,
        label: metadata.label,
        country: country("metadata.exhibit.country", metadata.country)?,
        calibre: metadata.calibre,
        firearm: metadata.firearm.map(|firearm| FirearmMetadata {
            label: firearm.label,
            make: firearm.make,
            model: firearm.model,
        }),
        incident: incident.transpose()?,
        notes: metadata.notes,
    })
}

/// A filter.
pub(in crate::service) fn filter(filter: Option<pb::Filter>) -> Result<Filter, Fault> {
    let filter = filter.unwrap_or_default();
    for (field, value) in [
        ("filter.calibre", &filter.calibre),
        ("filter.laboratory", &filter.laboratory),
        ("filter.case_number", &filter.case_number),
    ] {
        if let Some(value) = value {
            text(field, value, LINE_LIMIT)?;
        }
    }
    Ok(Filter {
        mark: any_mark("filter.mark", filter.mark)?,
        calibre: filter.calibre,
        country: country("filter.country", filter.country)?,
        laboratory: filter.laboratory,
        case_number: filter.case_number,
        entered_from: time("filter.entered_from_time", filter.entered_from_time)?,
        entered_before: time("filter.entered_before_time", filter.entered_before_time)?,
        unknown: if filter.exclude_unknown { Unknown::Excluded } else { Unknown::Included },
        after: None,
    })
}

/// A filter in a few words, for the audit log.
pub(in crate::service) fn describe(filter: &Filter) -> String {
    let Filter {
        mark,
        calibre,
        country,
        laboratory,
        case_number,
        entered_from,
        entered_before,
        unknown,
        after: _,
    } = filter;
    let parts = [
        ("mark", mark.map(|mark| mark.to_string())),
        ("calibre", calibre.clone()),
        ("country", country.map(|country| country.to_string())),
        ("laboratory", laboratory.clone()),
        ("case", case_number.clone()),
        ("from", entered_from.map(|time| time.to_string())),
        ("before", entered_before.map(|time| time.to_string())),
        ("unknown", (*unknown == Unknown::Excluded).then(|| "excluded".to_owned())),
    ];
    let parts: Vec<String> =
        parts.into_iter().filter_map(|(name, value)| Some(format!("{name} {}", value?))).collect();
    if parts.is_empty() { "all records".to_owned() } else { parts.join(", ") }
}

/// A sharing policy.
pub(in crate::service) fn sharing(sharing: pb::Sharing) -> Result<Sharing, Fault> {
    let pb::Sharing { audience, countries, tell_existence } = sharing;
    let audience = known("sharing.audience", audience)?;
    let named = countries.into_iter().map(|text| {
        let country = country("sharing.countries", Some(text))?;
        country.ok_or_else(|| Fault::missing("sharing.countries"))
    });
    let named: BTreeSet<Country> = named.collect::<Result<_, _>>()?;
    let audience = match (audience, named.is_empty()) {
        (pb::Audience::Unspecified, _) => return Err(Fault::missing("sharing.audience")),
        (pb::Audience::OwnLaboratory, true) => Audience::OwnLaboratory,
        (pb::Audience::Region, true) => Audience::Region,
        (pb::Audience::Countries, false) => Audience::Countries(named),
        (pb::Audience::Countries, true) => return Err(Fault::missing("sharing.countries")),
        (pb::Audience::OwnLaboratory | pb::Audience::Region, false) => {
            return Err(Fault::field("sharing.countries", Problem::Unwanted));
        }
    };
    let existence = if tell_existence { Existence::Told } else { Existence::Hidden };
    Ok(Sharing { audience, existence })
}

/// A sharing policy in a few words, for the audit log.
pub(in crate::service) fn describe_sharing(sharing: Option<&Sharing>) -> String {
    let Some(Sharing { audience, existence }) = sharing else {
        return "as the laboratory's others".to_owned();
    };
    let audience = match audience {
        Audience::OwnLaboratory => "own laboratory".to_owned(),
        Audience::Region => "region".to_owned(),
        Audience::Countries(countries) => {
            countries.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
        }
    };
    let told = if *existence == Existence::Told { ", existence told" } else { "" };
    format!("{audience}{told}")
}

/// Which entries of the audit log.
pub(in crate::service) fn audit_query(
    request: pb::QueryAuditRequest,
) -> Result<audit::Query, Fault> {
    let line = LINE_LIMIT;
    for (field, value, most) in [
        ("actor", &request.actor, 5 * line),
        ("laboratory", &request.laboratory, line),
        ("action", &request.action, line),
        ("subject", &request.subject, line),
        ("request_id", &request.request_id, line),
    ] {
        if let Some(value) = value {
            text(field, value, most)?;
        }
    }
    Ok(audit::Query {
        since: time("from_time", request.from_time)?,
        until: time("before_time", request.before_time)?,
        actor: request.actor,
        laboratory: request.laboratory,
        action: request.action,
        subject: request.subject,
        outcome: words::outcome(known("outcome", request.outcome)?),
        request: request.request_id,
    })
}

/// A number of things: 0 is the default, more than the most is the most.
pub(in crate::service) fn count(
    field: &'static str,
    value: i32,
    default: usize,
    most: usize,
) -> Result<usize, Fault> {
    match usize::try_from(value) {
        Ok(0) => Ok(default),
        Ok(count) => Ok(count.min(most)),
        Err(_) => {
            let (found, wanted) = (f64::from(value), "0 or more");
            Err(Fault::field(field, Problem::OutOfRange { found, wanted }))
        }
    }
}
