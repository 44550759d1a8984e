//! How are texts and numbers written into a page?
//!
//! Every text from outside goes through [`escape`]; rows of a [`Table`] are markup already.

use crate::digest::Digest;
use std::fmt::Write;

/// Text as HTML shows it, in content and in quoted attributes. Control characters, which HTML has no place for, are shown
/// as U+FFFD.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            control if control.is_control() && control != '\n' && control != '\t' => {
                escaped.push(char::REPLACEMENT_CHARACTER);
            }
            other => escaped.push(other),
        }
    }
    escaped
}

/// A number with so many decimals, a true minus sign and a sign for infinity.
pub(super) fn number(value: f64, decimals: usize) -> String {
    if value.is_nan() {
        return "–".to_owned();
    }
    let size =
        if value.is_infinite() { "∞".to_owned() } else { format!("{:.decimals$}", value.abs()) };
    // What is rounded to nothing has no sign.
    let nothing = size.chars().all(|character| matches!(character, '0' | '.'));
    if value < 0.0 && !nothing { format!("−{size}") } else { size }
}

/// A share in percent.
pub(super) fn percent(share: f64) -> String {
    if share > 0.0 && share < 0.0001 {
        "< 0.01 %".to_owned()
    } else {
        format!("{} %", number(share * 100.0, 2))
    }
}

/// A count with its thousands apart.
pub(super) fn count(value: usize) -> String {
    let digits = value.to_string();
    let mut apart = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            // A narrow space that does not break.
            apart.push('\u{202f}');
        }
        apart.push(digit);
    }
    apart
}

/// The beginning of a digest, with all of it as its title.
pub(super) fn short(digest: &Digest) -> String {
    let text = digest.to_string();
    format!("<code title=\"{text}\">{}…</code>", &text[..12])
}

/// How a column is set.
#[derive(Clone, Copy)]
pub(super) enum Column {
    /// Words, to the left.
    Words(&'static str),
    /// Numbers, to the right.
    Numbers(&'static str),
}

/// A table; its cells are markup.
pub(super) struct Table<'a> {
    pub(super) columns: &'a [Column],
    pub(super) rows: Vec<Vec<String>>,
}

impl Table<'_> {
    pub(super) fn markup(&self) -> String {
        let mut text = "<div class=\"wide\"><table>\n<thead><tr>".to_owned();
        for column in self.columns {
            // A String takes whatever is written.
            let _ = match column {
                Column::Words(title) => write!(text, "<th scope=\"col\">{title}</th>"),
                Column::Numbers(title) => {
                    write!(text, "<th scope=\"col\" class=\"n\">{title}</th>")
                }
            };
        }
        text.push_str("</tr></thead>\n<tbody>\n");
        for row in &self.rows {
            text.push_str("<tr>");
            for (cell, column) in row.iter().zip(self.columns) {
                let _ = match column {
                    Column::Words(_) => write!(text, "<td>{cell}</td>"),
                    Column::Numbers(_) => write!(text, "<td class=\"n\">{cell}</td>"),
                };
            }
            text.push_str("</tr>\n");
        }
        text.push_str("</tbody>\n</table></div>\n");
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_numbers_are_safe() {
        assert_eq!(escape("<a href='x'>&\"\u{0}"), "&lt;a href=&#39;x&#39;&gt;&amp;&quot;\u{fffd}");
        let written = [f64::INFINITY, f64::NEG_INFINITY, f64::NAN, -0.001, -1.25, 2.0]
            .map(|value| number(value, 2));
        assert_eq!(written, ["∞", "−∞", "–", "0.00", "−1.25", "2.00"]);
        assert_eq!([0.0, 0.00001, 0.5].map(percent), ["0.00 %", "< 0.01 %", "50.00 %"]);
        assert_eq!(
            [0, 999, 1000, 1_234_567].map(count),
            ["0", "999", "1\u{202f}000", "1\u{202f}234\u{202f}567"]
        );
    }
}
