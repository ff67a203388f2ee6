//! sandboxify
