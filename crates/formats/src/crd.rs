//! SeccompProfiles of the security-profiles-operator, for Kubernetes; only written.
//!
//! They have no default error but EPERM, and their numbers are signed.

use std::fmt::Write;

use policy::{Action, Errno, Policy};

use crate::Error;
use crate::losses::Losses;
use crate::profile::{Argument, Profile, Rule, spelled};

const HEAD: &str = "\
apiVersion: security-profiles-operator.x-k8s.io/v1beta1
kind: SeccompProfile
metadata:
  name: sandbox
";

pub(crate) fn write(policy: &Policy, losses: &mut Losses) -> Result<String, Error> {
    let mut profile = Profile::of(policy, losses)?;
    if let Action::Errno(errno) = profile.default {
        if Some(errno) != Errno::new(EPERM) {
            losses.lose(
                "the default action",
                format!("{} instead of EPERM", profile.default),
            )?;
        }
    }
    for rule in &mut profile.rules {
        let fits = |number| i64::try_from(number).is_ok();
        let large = |test: &Argument| !fits(test.value) || !test.second.is_none_or(fits);
        if rule.tests.iter().any(large) {
            losses.lose(&rule.names.join(", "), "a number above 0x7fffffffffffffff")?;
            rule.names.clear();
        }
    }
    let mut text = String::new();
    for loss in &losses.all {
        for line in loss.to_string().lines() {
            text.push_str(&format!("# lost: {line}\n"));
        }
    }
    text.push_str(HEAD);
    let action = spelled(profile.default).0;
    // Writing to a String cannot fail.
    let _ = writeln!(text, "spec:\n  defaultAction: {action}\n  architectures:");
    for architecture in &profile.architectures {
        let _ = writeln!(text, "  - {architecture}");
    }
    let rules = profile.rules.iter().filter(|rule| !rule.names.is_empty());
    for (at, rule) in rules.enumerate() {
        text.push_str(if at == 0 { "  syscalls:\n" } else { "" });
        write_rule(&mut text, rule);
    }
    Ok(text)
}

/// What the operator's profiles answer where they name no error.
const EPERM: u32 = 1;

fn write_rule(text: &mut String, rule: &Rule) {
    let (action, errno) = spelled(rule.action);
    let _ = writeln!(text, "  - action: {action}");
    if let Some(errno) = errno.filter(|&errno| u32::from(errno) != EPERM) {
        let _ = writeln!(text, "    errnoRet: {errno}");
    }
    text.push_str("    names:\n");
    for name in &rule.names {
        let _ = writeln!(text, "    - {name}");
    }
    for (at, test) in rule.tests.iter().enumerate() {
        text.push_str(if at == 0 { "    args:\n" } else { "" });
        let _ = writeln!(
            text,
            "    - index: {}\n      value: {}",
            test.index, test.value
        );
        if let Some(second) = test.second {
            let _ = writeln!(text, "      valueTwo: {second}");
        }
        let _ = writeln!(text, "      op: {}", test.operator);
    }
}
