//! How is a key declared, once for all that follows from it?

/// What a key is without anyone's saying.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// This, as TOML writes it.
    Set(&'static str),
    /// Nothing; this would be an example.
    Unset(&'static str),
}

/// A key as people see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its name in its section.
    pub name: &'static str,
    /// What it does, line by line.
    pub doc: &'static [&'static str],
    /// Its default.
    pub written: Written,
    /// Least and greatest value of a number.
    pub bounds: Option<(u64, u64)>,
}

/// A section as people see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Section {
    pub(super) name: &'static str,
    pub(super) doc: &'static [&'static str],
    pub(super) keys: &'static [Key],
}

/// A section: `name: Struct { /// doc  key: type = Set("TOML"), least..=greatest; }`.
macro_rules! section {
    (@bounds) => { None };
    (@bounds $minimum:literal $maximum:literal) => { Some(($minimum, $maximum)) };
    ($(#[doc = $section_doc:literal])+ $section:ident: $name:ident {
        $($(#[doc = $doc:literal])+ $key:ident: $type:ty = $written:ident($text:literal)
            $(, $minimum:literal..=$maximum:literal)?;)+
    }) => {
        $(#[doc = $section_doc])+
        #[derive(Clone, Debug, PartialEq, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $($(#[doc = $doc])+ pub $key: $type,)+
        }

        impl $name {
            pub(super) const SECTION: Section = Section {
                name: stringify!($section),
                doc: &[$($section_doc),+],
                keys: &[$(Key {
                    name: stringify!($key),
                    doc: &[$($doc),+],
                    written: Written::$written($text),
                    bounds: section!(@bounds $($minimum $maximum)?),
                }),+],
            };
        }
    };
}
pub(super) use section;
