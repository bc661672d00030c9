//! The entry of a worker with rooms from everywhere.

::rooms::serve!(crate::documented::Documented, crate::options::All, crate::globs::Globs, crate::shadows::Shadows);
