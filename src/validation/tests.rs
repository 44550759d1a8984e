//! Are the figures right, and is the page whole and safe?
