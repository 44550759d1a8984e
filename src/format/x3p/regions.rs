//! How do the parts of a head lie in an X3P?
//!
//! As x3ptools (Hofmann et al.) and FiX3P keep them: `bindata/mask.png`, a picture of the size of the matrix,
//! and in Record3 a `Mask` that says which colour is what. Neither is of ISO 25178-72, whose readers pass over
//! them; one that holds the manifest to its schema refuses `Mask`. So that the picture is under a checksum as
//! the points are, `Mask` states its MD5 too, and the manifest is under its own. A mask that names none of our
//! regions is somebody's annotation of something else, and is left alone.

use super::checksum;
use super::container::Container;
use super::document::{invalid, node_at, text_at};
use crate::format::mask_image::decode_png;
use crate::format::region_image::{BACKGROUND, write_regions};
use crate::format::{FormatError, Limits};
use crate::surface::{Region, Regions};
use image::Rgba;
use ndarray::Array2;
use roxmltree::{Document, Node};
use std::fmt::Write as _;

/// The picture's place in the container.
pub(super) const PICTURE: &str = "bindata/mask.png";
const ANNOTATIONS: &str = "Record3/Mask/Annotations";

/// Regions as the two parts of an X3P.
pub(super) struct Written {
    pub(super) picture: Vec<u8>,
    /// The element of Record3.
    pub(super) xml: String,
}

/// Draws regions, and names their colours.
pub(super) fn write(regions: &Regions) -> Result<Written, FormatError> {
    let picture = write_regions(regions)?;
    let mut xml = format!("<Mask>\n<Background>{}</Background>\n<Annotations>\n", hex(BACKGROUND));
    for region in Region::ALL.into_iter().filter(|&region| regions.count(region) > 0) {
        let (colour, name) = (hex(region.colour()), region.name());
        // Writing to a string cannot fail.
        let _ = writeln!(xml, "<Annotation color=\"{colour}\">{name}</Annotation>");
    }
    let md5 = checksum::md5_hex(&picture);
    let _ = write!(
        xml,
        "</Annotations>\n<MaskLink>{PICTURE}</MaskLink><MD5ChecksumMask>{md5}</MD5ChecksumMask>\n</Mask>\n"
    );
    Ok(Written { picture, xml })
}

/// The regions of a matrix of this shape, where the file has some.
pub(super) fn read(
    container: &mut Container<'_>,
    manifest: &Document<'_>,
    shape: (usize, usize),
    limits: &Limits,
) -> Result<Option<Regions>, FormatError> {
    let colours = colours(manifest)?;
    if colours.is_empty() {
        return Ok(None);
    }
    let name = text_at(manifest, "Record3/Mask/MaskLink").unwrap_or_else(|| PICTURE.to_owned());
    let picture = container
        .read(&name, limits.entry_bytes)?
        .ok_or_else(|| FormatError::EntryMissing { name: name.clone() })?;
    if let Some(stated) = text_at(manifest, "Record3/Mask/MD5ChecksumMask") {
        let stated = checksum::first(&name, stated.as_bytes())?;
        checksum::verify(&name, &picture, &stated)?;
    }
    let failed = |source| FormatError::Mask { name: name.clone(), source: Box::new(source) };
    let image = decode_png(&picture, limits).map_err(failed)?;
    let (rows, columns) = (image.height() as usize, image.width() as usize);
    if (rows, columns) != shape {
        return Err(FormatError::MaskSize { name, rows, columns, wanted: shape });
    }
    // A colour that no annotation names is no region: the background, or something else.
    let labels = Array2::from_shape_fn(shape, |(row, column)| {
        // Both are below the image's u32 dimensions.
        let Rgba([red, green, blue, _]) = *image.get_pixel(column as u32, row as u32);
        let named = colours.iter().find(|(colour, _)| *colour == [red, green, blue]);
        named.map(|&(_, region)| region)
    });
    Ok(Some(Regions::new(labels)))
}

/// The colours that stand for one of our regions.
fn colours(manifest: &Document<'_>) -> Result<Vec<([u8; 3], Region)>, FormatError> {
    let mut colours: Vec<([u8; 3], Region)> = Vec::new();
    let Some(annotations) = node_at(manifest, ANNOTATIONS) else { return Ok(colours) };
    for node in annotations.children().filter(Node::is_element) {
        // People write "Breech face".
        let name = node.text().unwrap_or_default().trim().to_lowercase().replace([' ', '-'], "_");
        let Ok(region) = name.parse() else { continue };
        let stated = node.attribute("color").unwrap_or_default();
        let colour =
            colour(stated).ok_or_else(|| invalid(ANNOTATIONS, stated, "a colour as #009e73"))?;
        match colours.iter().find(|(other, _)| *other == colour) {
            Some(&(_, other)) if other != region => {
                return Err(invalid(ANNOTATIONS, stated, "a colour for each region"));
            }
            Some(_) => {}
            None => colours.push((colour, region)),
        }
    }
    Ok(colours)
}

fn hex([red, green, blue]: [u8; 3]) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

fn colour(text: &str) -> Option<[u8; 3]> {
    let digits = text.trim().strip_prefix('#')?;
    if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let part = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).ok();
    Some([part(0)?, part(2)?, part(4)?])
}
