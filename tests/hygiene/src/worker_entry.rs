//! The entry of a worker with rooms of several modules.

::rooms::serve!(crate::documented::Documented, crate::options::All, crate::globs::Globs, crate::shadows::Shadows);
