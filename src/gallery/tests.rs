//! Does the gallery follow its store?
