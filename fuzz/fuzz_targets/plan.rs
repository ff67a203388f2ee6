//! Any text as the plan of a cell: an error, or a plan that is the same behind another pipe, and of which a
//! person reads a line for each step, with nothing in it that a terminal obeys.
//!
//! ```text
//! cargo +nightly fuzz run plan
//! ```
#![no_main]

use confine::plan::Plan;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(plan) = serde_json::from_slice::<Plan>(bytes) else {
        return;
    };
    let text = serde_json::to_vec(&plan).expect("a plan can be written");
    let again: Plan = serde_json::from_slice(&text).expect("what was written is a plan");
    assert_eq!(plan, again);
    for step in &plan.steps {
        plain(&step.to_string());
        step.place();
    }
    // The name is a profile's, of which PAPER has seen to it that it is a word.
    if plan.name.chars().any(char::is_control) {
        return;
    }
    let shown = plan.to_string();
    let program = &plan.program;
    // The name, the network, the user, where and what; the limits have lines of their own.
    let limits = plan.limits.to_string().lines().count();
    let expected = 5 + limits + plan.steps.len() + program.environment.len();
    assert_eq!(shown.matches('\n').count(), expected, "{shown}");
    shown.lines().for_each(plain);
});

fn plain(line: &str) {
    assert!(!line.contains(char::is_control), "{line:?}");
}
