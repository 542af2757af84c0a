//! What is here has a build script.
