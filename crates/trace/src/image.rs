//! What a program's file and its mappings say.
