//! What is asked of cells that their user makes, and of no others.
