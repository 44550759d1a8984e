//! How is `main.xml` opened, and its elements found?
//!
//! The document is bounded in size, nodes and depth before anything is believed. Elements are found by
//! their local names, because writers disagree about the namespace; their order is free. Document
//! types, and so entities, are refused. What the elements mean is for [`super::manifest`].

use crate::format::{FormatError, Limits};
use roxmltree::{Document, Node, ParsingOptions};
use std::collections::BTreeSet;

/// The manifest as text, without a byte order mark.
pub(super) fn text(bytes: &[u8]) -> Result<&str, FormatError> {
    let text = std::str::from_utf8(bytes)
        .map_err(|error| FormatError::ManifestEncoding { valid_up_to: error.valid_up_to() })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// Parses and checks that this is a manifest of bounded size.
pub(super) fn parse<'a>(text: &'a str, limits: &Limits) -> Result<Document<'a>, FormatError> {
    let options = ParsingOptions {
        allow_dtd: false,
        nodes_limit: limits.manifest_nodes,
        ..ParsingOptions::default()
    };
    let document = Document::parse_with_options(text, options).map_err(|error| {
        if matches!(error, roxmltree::Error::DtdDetected) {
            FormatError::ManifestDtd
        } else if matches!(error, roxmltree::Error::NodesLimitReached) {
            FormatError::ManifestNodes { limit: limits.manifest_nodes }
        } else {
            FormatError::ManifestSyntax { source: Box::new(error) }
        }
    })?;
    if depth(&document) > limits.manifest_depth {
        return Err(FormatError::ManifestDepth { limit: limits.manifest_depth });
    }
    // FiX3P writes "ISO5436".
    let found = document.root_element().tag_name().name();
    if found != "ISO5436_2" && found != "ISO5436" {
        return Err(FormatError::ManifestRoot { found: shortened(found) });
    }
    Ok(document)
}

/// The first element of this path below the root.
pub(super) fn node_at<'a, 'input>(
    document: &'a Document<'input>,
    path: &str,
) -> Option<Node<'a, 'input>> {
    path.split('/').try_fold(document.root_element(), |node, name| {
        node.children().find(|child| child.is_element() && child.tag_name().name() == name)
    })
}

/// Checks that none of these elements has two children of one name: two readers could then take
/// different ones.
pub(super) fn check_unique(
    document: &Document<'_>,
    elements: &[&'static str],
) -> Result<(), FormatError> {
    for element in elements {
        let Some(node) = node_at(document, element) else { continue };
        let mut names = BTreeSet::new();
        for child in node.children().filter(Node::is_element) {
            let name = child.tag_name().name();
            if !names.insert(name) {
                return Err(FormatError::ElementNotUnique { element, child: shortened(name) });
            }
        }
    }
    Ok(())
}

/// Text of an element, trimmed; `None` where it is missing or empty.
pub(super) fn text_at(document: &Document<'_>, path: &str) -> Option<String> {
    let node = node_at(document, path)?;
    let text: String = node.children().filter_map(|child| child.text()).collect();
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// Text of an element that must be there.
pub(super) fn required(
    document: &Document<'_>,
    element: &'static str,
) -> Result<String, FormatError> {
    text_at(document, element).ok_or(FormatError::ElementMissing { element })
}

/// Number in an element that must be there; may be infinite or NaN.
pub(super) fn number(document: &Document<'_>, element: &'static str) -> Result<f64, FormatError> {
    let text = required(document, element)?;
    text.parse().map_err(|_| invalid(element, &text, "a number"))
}

/// Finite number in an element that may be missing or empty.
pub(super) fn finite(
    document: &Document<'_>,
    element: &'static str,
) -> Result<Option<f64>, FormatError> {
    let Some(text) = text_at(document, element) else { return Ok(None) };
    let value = text.parse().ok().filter(|value: &f64| value.is_finite());
    value.map(Some).ok_or_else(|| invalid(element, &text, "a finite number"))
}

/// Number from 1 in an element that must be there.
pub(super) fn whole_number(
    document: &Document<'_>,
    element: &'static str,
) -> Result<u64, FormatError> {
    let text = required(document, element)?;
    let value = text.parse().ok().filter(|&value: &u64| value > 0);
    value.ok_or_else(|| invalid(element, &text, "a whole number from 1"))
}

/// The error of an element's text.
pub(super) fn invalid(element: &'static str, found: &str, wanted: &'static str) -> FormatError {
    FormatError::ElementInvalid { element, found: shortened(found), wanted }
}

fn shortened(text: &str) -> String {
    text.chars().take(40).flat_map(char::escape_default).collect()
}

/// Greatest nesting of elements. Parents precede their children, so one pass suffices.
fn depth(document: &Document<'_>) -> usize {
    let mut depths: Vec<usize> = Vec::new();
    for node in document.descendants() {
        let parent = node.parent().and_then(|parent| depths.get(parent.id().get_usize()));
        let depth = parent.map_or(0, |depth| depth + usize::from(node.is_element()));
        depths.resize(node.id().get_usize(), 0);
        depths.push(depth);
    }
    depths.into_iter().max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nesting_is_counted_in_elements() {
        let document = Document::parse("<a>x<b><c/>y</b><d/></a>").unwrap();
        assert_eq!(depth(&document), 3);
    }
}
