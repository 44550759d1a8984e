//! Does a search find what is there, and does it say what it did?
