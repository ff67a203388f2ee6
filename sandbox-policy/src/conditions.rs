//! What a condition probably does not mean: rules that nothing gets to, and comparisons that garbage
//! in a register passes.

use policy::{Answer, Case, Comparison, Compiled, Conditions, Decision, Id, Node, Part, Policy};

use crate::vectors::Candidates;

/// Findings about the conditions of the native ABI's calls, a sentence each.
pub(crate) fn findings(compiled: &Compiled) -> Vec<String> {
    let policy = &compiled.policy;
    let table = policy.native();
    let mut findings = Vec::new();
    for rule in table.rules() {
        let Answer::Decision(decision) = rule.answer else {
            continue;
        };
        let Some(call) = syscalls::name(table.abi(), rule.number) else {
            continue;
        };
        let look = Look {
            compiled,
            policy,
            call,
            decision,
        };
        findings.extend(look.shadowed());
        for case in policy.cases(&decision) {
            findings.extend(look.passed_by_garbage(case));
            findings.extend(look.exact_bits(case));
        }
    }
    findings
}

struct Look<'a> {
    compiled: &'a Compiled,
    policy: &'a Policy,
    call: &'a str,
    decision: Decision,
}

impl Look<'_> {
    fn rule(&self, case: &Case) -> String {
        let rule = self.compiled.sources.rule(case.origin);
        rule.unwrap_or_else(|| self.call.to_string())
    }

    /// Cases that no arguments get to, or that always hold.
    fn shadowed(&self) -> Vec<String> {
        let cases = self.policy.cases(&self.decision);
        let mut reached = vec![false; cases.len()];
        let (mut any_false, conditions) = (vec![false; cases.len()], self.policy.conditions());
        let answers = [(self.policy, Answer::Decision(self.decision))];
        let all = Candidates::new(&answers).each(|arguments| {
            for (at, case) in cases.iter().enumerate() {
                if conditions.holds(case.condition, arguments) {
                    reached[at] = true;
                    break;
                }
                any_false[at] = true;
            }
            false
        });
        if !all {
            return Vec::new();
        }
        let never = (0..cases.len()).filter(|&at| !reached[at]);
        let never = never.map(|at| {
            let rule = self.rule(&cases[at]);
            format!(
                "{rule}: never decides: its condition cannot hold, or rules before it decide first"
            )
        });
        let always = (0..cases.len()).filter(|&at| reached[at] && !any_false[at]);
        let always = always.map(|at| {
            let rule = self.rule(&cases[at]);
            format!("{rule}: its condition always holds")
        });
        never.chain(always).collect()
    }

    /// An allow rule that a value in the bits that the kernel ignores makes true, or a deny rule
    /// that it makes false.
    fn passed_by_garbage(&self, case: &Case) -> Option<String> {
        let index = self.unsafe_comparison(case.condition, case.action.runs())?;
        let name = syscalls::arguments(self.call)?
            .nth(usize::from(index))?
            .name;
        Some(format!(
            "{}: the kernel reads fewer bits of arg{index} than are compared, so garbage in the others passes the rule; use {name}",
            self.rule(case)
        ))
    }

    /// The first argument wider than what the kernel reads, in a comparison that garbage decides; to
    /// an allow rule `==` is none, since garbage only makes it false.
    fn unsafe_comparison(&self, id: Id, allows: bool) -> Option<u8> {
        match self.policy.conditions().node(id) {
            Node::All(left, right) | Node::Any(left, right) => self
                .unsafe_comparison(left, allows)
                .or_else(|| self.unsafe_comparison(right, allows)),
            Node::Compare(comparison, left, right) => {
                let (on_left, on_right) = match (allows, comparison) {
                    (false, _) | (true, Comparison::NotEqual) => (true, true),
                    (true, Comparison::Equal) => (false, false),
                    (true, Comparison::Greater | Comparison::GreaterEqual) => (true, false),
                    (true, Comparison::Less | Comparison::LessEqual) => (false, true),
                };
                let left = self.too_wide(left).filter(|_| on_left);
                left.or_else(|| self.too_wide(right).filter(|_| on_right))
            }
            _ => None,
        }
    }

    /// An argument of which more bits are used than the kernel reads.
    fn too_wide(&self, id: Id) -> Option<u8> {
        let (index, used) = match self.policy.conditions().node(id) {
            Node::Binary(_, left, right) => {
                return self.too_wide(left).or_else(|| self.too_wide(right));
            }
            Node::Argument(index, Part::Full | Part::High) => (index, 64),
            Node::Argument(index, Part::Low) => (index, 32),
            _ => return None,
        };
        let argument = syscalls::arguments(self.call)?.nth(usize::from(index))?;
        (argument.bits < used).then_some(index)
    }

    /// A deny rule that asks for exactly these protection bits, which another bit evades.
    fn exact_bits(&self, case: &Case) -> Option<String> {
        const MASKS: [(&str, u8); 3] = [("mmap", 2), ("mprotect", 2), ("pkey_mprotect", 2)];
        let &(_, index) = MASKS.iter().find(|(call, _)| *call == self.call)?;
        let exact = equals(self.policy.conditions(), case.condition, index);
        (!case.action.runs() && exact).then(|| {
            format!(
                "{}: prot is a set of bits, and one more bit passes the rule; use prot &? BITS",
                self.rule(case)
            )
        })
    }
}

/// Whether a bare argument is compared for equality with something other than zero.
fn equals(conditions: &Conditions, id: Id, index: u8) -> bool {
    match conditions.node(id) {
        Node::All(left, right) | Node::Any(left, right) => {
            equals(conditions, left, index) || equals(conditions, right, index)
        }
        Node::Compare(Comparison::Equal, left, right) => {
            let bare = |id| matches!(conditions.node(id), Node::Argument(at, _) if at == index);
            let number = |id| matches!(conditions.node(id), Node::Number(1..));
            bare(left) && number(right) || number(left) && bare(right)
        }
        _ => false,
    }
}
