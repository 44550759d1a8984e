//! Is docs/api.md what the contract says? Renders it from the protos and their comments, after the preface in
//! docs/api-preface.md, and fails where the file differs: `CASEMARK_WRITE=1 cargo test --test service api_document` writes it.

use casemark::access::{MATRIX, Role};
use casemark::service::Rpc;
use protox::prost_reflect::prost_types::field_descriptor_proto::{Label, Type};
use protox::prost_reflect::prost_types::{
    DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorProto,
    ServiceDescriptorProto,
};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// Services in the order in which a reader meets them; others come after.
const ORDER: &[&str] = &["extraction", "comparison", "reference", "search", "batch", "admin"];
const DOCUMENT: &str = "docs/api.md";
const PREFACE: &str = "docs/api-preface.md";
/// Where the preface wants the table of roles.
const ROLES: &str = "<!-- roles -->";
const HINT: &str = "`CASEMARK_WRITE=1 cargo test --test service api_document` writes it anew";

// Numbers of fields in descriptor.proto, of which the paths of comments consist.
const PACKAGE: i32 = 2;
const MESSAGES: i32 = 4;
const ENUMS: i32 = 5;
const SERVICES: i32 = 6;
const METHODS: i32 = 2;
const FIELDS: i32 = 2;
const ONEOFS: i32 = 8;
const VALUES: i32 = 2;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A file of the contract with its comments by path.
struct Source {
    file: FileDescriptorProto,
    comments: BTreeMap<Vec<i32>, String>,
}

impl Source {
    fn new(file: FileDescriptorProto) -> Self {
        let locations = file.source_code_info.iter().flat_map(|info| &info.location);
        let comments = locations
            .filter_map(|at| Some((at.path.clone(), at.leading_comments.clone()?)))
            .collect();
        Self { file, comments }
    }

    /// The comment there, a line a paragraph. Everything has one.
    fn comment(&self, path: &[i32]) -> String {
        let name = self.file.name();
        let comment = self.comments.get(path);
        let comment = comment.unwrap_or_else(|| panic!("{name}: no comment at {path:?}"));
        let lines: Vec<&str> = comment.lines().map(str::trim).collect();
        let paragraphs = lines.split(|line| line.is_empty()).filter(|lines| !lines.is_empty());
        paragraphs.map(|lines| lines.join(" ")).collect::<Vec<_>>().join("\n\n")
    }

    /// The same in a cell of a table.
    fn cell(&self, path: &[i32]) -> String {
        self.comment(path).replace("\n\n", "<br>").replace('|', "\\|")
    }
}

/// Every file of the contract: those with a service first.
fn sources() -> Vec<Source> {
    let package = root().join("proto/casemark/v1");
    let mut files: Vec<PathBuf> =
        fs::read_dir(&package).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 9, "found only {files:?}");
    let set = protox::compile(&files, [root().join("proto")]).unwrap();
    let ours = set.file.into_iter().filter(|file| file.package() == "casemark.v1");
    let mut sources: Vec<Source> = ours.map(Source::new).collect();
    sources.sort_by_key(|source| {
        let stem = source.file.name().rsplit('/').next().unwrap().replace("_service.proto", "");
        let place = ORDER.iter().position(|name| *name == stem).unwrap_or(ORDER.len());
        (source.file.service.is_empty(), place, stem)
    });
    sources
}

/// The name of a type, as a link to its heading if it is ours.
fn link(type_name: &str) -> String {
    match type_name.strip_prefix(".casemark.v1.") {
        Some(name) => format!("[{name}](#{})", name.to_lowercase()),
        None => format!("`{}`", type_name.trim_start_matches('.')),
    }
}

fn type_of(field: &FieldDescriptorProto) -> String {
    let kind = field.r#type();
    let single = if matches!(kind, Type::Message | Type::Enum) {
        link(field.type_name())
    } else {
        // As the language spells it.
        kind.as_str_name().trim_start_matches("TYPE_").to_lowercase()
    };
    if field.label() == Label::Repeated {
        format!("repeated {single}")
    } else if field.proto3_optional() {
        format!("optional {single}")
    } else {
        single
    }
}

fn render_service(text: &mut String, source: &Source, index: usize) {
    let service: &ServiceDescriptorProto = &source.file.service[index];
    let at = [SERVICES, number(index)];
    let _ = write!(text, "\n## {}\n\n{}\n", service.name(), source.comment(&at));
    for (index, method) in service.method.iter().enumerate() {
        let side = |streams: bool, name: &str| {
            format!("{}{}", if streams { "stream of " } else { "" }, link(name))
        };
        let _ = write!(
            text,
            "\n### {}.{}\n\n{} → {}\n\n{}\n",
            service.name(),
            method.name(),
            side(method.client_streaming(), method.input_type()),
            side(method.server_streaming(), method.output_type()),
            source.comment(&[&at[..], &[METHODS, number(index)]].concat()),
        );
    }
}

fn render_message(text: &mut String, source: &Source, index: usize) {
    let message: &DescriptorProto = &source.file.message_type[index];
    assert!(message.nested_type.is_empty() && message.enum_type.is_empty(), "{}", message.name());
    let at = [MESSAGES, number(index)];
    let _ = write!(text, "\n### {}\n\n{}\n", message.name(), source.comment(&at));
    if message.field.is_empty() {
        return;
    }
    text.push_str("\n| no. | field | type | meaning |\n|---|---|---|---|\n");
    let mut told = None;
    for (index, field) in message.field.iter().enumerate() {
        let choice = field.oneof_index.filter(|_| !field.proto3_optional());
        if let Some(choice) = choice.filter(|choice| told != Some(*choice)) {
            let name = message.oneof_decl[usize::try_from(choice).unwrap()].name();
            let meaning = source.cell(&[&at[..], &[ONEOFS, choice]].concat());
            let _ = writeln!(text, "| | one of **{name}** | | {meaning} |");
        }
        told = choice;
        let _ = writeln!(
            text,
            "| {} | {}`{}` | {} | {} |",
            field.number(),
            if choice.is_some() { "– " } else { "" },
            field.name(),
            type_of(field),
            source.cell(&[&at[..], &[FIELDS, number(index)]].concat()),
        );
    }
}

fn render_enum(text: &mut String, source: &Source, index: usize) {
    let values: &EnumDescriptorProto = &source.file.enum_type[index];
    let at = [ENUMS, number(index)];
    let _ = write!(text, "\n### {}\n\n{}\n", values.name(), source.comment(&at));
    text.push_str("\n| no. | value | meaning |\n|---|---|---|\n");
    for (index, value) in values.value.iter().enumerate() {
        let meaning = source.cell(&[&at[..], &[VALUES, number(index)]].concat());
        let _ = writeln!(text, "| {} | `{}` | {meaning} |", value.number(), value.name());
    }
}

fn number(index: usize) -> i32 {
    i32::try_from(index).unwrap()
}

/// Which role may make which call.
fn roles() -> String {
    let mut text = String::from("| call |");
    Role::ALL.iter().for_each(|role| text.push_str(&format!(" {role} |")));
    text.push_str("\n|---|");
    Role::ALL.iter().for_each(|_| text.push_str("---|"));
    for rpc in Rpc::ALL {
        let Some(action) = rpc.action() else { continue };
        let (_, allowed) = MATRIX.iter().find(|(row, _)| *row == action).unwrap();
        let _ = write!(text, "\n| {} |", rpc.name());
        allowed.iter().for_each(|yes| text.push_str(if *yes { " yes |" } else { " |" }));
    }
    text
}

fn document() -> String {
    let sources = sources();
    let preface = read(PREFACE);
    let (before, after) = preface.split_once(ROLES).unwrap();
    let preface = [before, &roles(), after].concat();
    let mut text = format!(
        "<!-- Made by tests/service/api_document.rs from proto/ and {PREFACE}: change those. {HINT}. -->\n\n{preface}",
    );
    text.push_str("\n## Services\n\n| service | calls |\n|---|---|\n");
    for service in sources.iter().flat_map(|source| &source.file.service) {
        let name = service.name();
        let anchor = |method: &str| format!("{name}{method}").to_lowercase();
        let calls = service.method.iter().map(|method| method.name());
        let calls: Vec<String> = calls.map(|call| format!("[{call}](#{})", anchor(call))).collect();
        let _ = writeln!(text, "| [{name}](#{}) | {} |", name.to_lowercase(), calls.join(", "));
    }
    for source in &sources {
        for index in 0..source.file.service.len() {
            render_service(&mut text, source, index);
        }
        if source.file.service.is_empty() {
            let name = source.file.name().rsplit('/').next().unwrap();
            let about = source.comment(&[PACKAGE]);
            let _ = write!(text, "\n## Shared: `{name}`\n\n{about}\n");
        }
        for index in 0..source.file.message_type.len() {
            render_message(&mut text, source, index);
        }
        for index in 0..source.file.enum_type.len() {
            render_enum(&mut text, source, index);
        }
    }
    text
}

#[test]
fn the_document_is_what_the_contract_says() {
    let wanted = document();
    if std::env::var_os("CASEMARK_WRITE").is_some() {
        fs::write(root().join(DOCUMENT), &wanted).unwrap();
        return;
    }
    let found = read(DOCUMENT);
    if let Some((line, (found, wanted))) =
        found.lines().zip(wanted.lines()).enumerate().find(|(_, (found, wanted))| found != wanted)
    {
        let line = line + 1;
        panic!("{DOCUMENT} differs in line {line}: found\n{found}\nwanted\n{wanted}\n{HINT}");
    }
    assert_eq!(found.lines().count(), wanted.lines().count(), "{DOCUMENT} has other lines. {HINT}");
}

#[test]
fn links_lead_somewhere_and_headings_are_told_apart() {
    let document = document();
    let mut anchors = BTreeSet::new();
    for heading in document.lines().filter(|line| line.starts_with('#')) {
        let words = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = words.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        let anchor = kept.collect::<String>().replace(' ', "-");
        assert!(anchors.insert(anchor), "two headings are \"{heading}\"");
    }
    let links: Vec<&str> =
        document.split("](#").skip(1).map(|rest| rest.split(')').next().unwrap()).collect();
    assert!(links.len() > 80, "found only {} links", links.len());
    let lost: Vec<&&str> = links.iter().filter(|link| !anchors.contains(**link)).collect();
    assert!(lost.is_empty(), "links to nowhere: {lost:?}");
}

/// Words in capitals that stand alone between these marks.
fn reasons<'a>(text: &'a str, mark: &str) -> BTreeSet<&'a str> {
    let is_reason = |word: &&str| {
        word.len() > 3
            && word.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
    };
    text.split(mark).skip(1).step_by(2).filter(is_reason).collect()
}

#[test]
fn the_table_of_reasons_has_every_reason_and_no_other() {
    let source = read("src/service/status.rs");
    let code = source.split("#[cfg(test)]").next().unwrap();
    let arms = code.lines().filter_map(|line| line.split_once("=> ")).map(|(_, arm)| arm);
    let given: BTreeSet<&str> = arms.flat_map(|arm| reasons(arm, "\"")).collect();
    assert!(given.len() >= 25, "found only {given:?}");
    let preface = read(PREFACE);
    let (_, table) = preface.split_once("| reason | code |").unwrap();
    let (table, _) = table.split_once("\n\n").unwrap();
    let rows = table.lines().filter_map(|row| row.strip_prefix("| "));
    let listed: BTreeSet<&str> =
        rows.flat_map(|row| reasons(row.split('|').next().unwrap(), "`")).collect();
    assert_eq!(listed, given, "left: the table in {PREFACE}; right: src/service/status.rs");
}
