//! One addition out of many, tried as a whole: what allows each call alone need not do so with others.

use super::{Addition, allows};
use crate::call::Call;
use crate::judge::Judge;

/// More items than anyone would copy from a terminal: that is what learning is for.
const MOST: usize = 64;

/// The addition that allows all calls, if there is one.
pub(crate) fn together(judge: &Judge, calls: &[(Call, &Addition)]) -> Option<Addition> {
    let basis = &judge.basis;
    let arch = calls.iter().find_map(|(_, addition)| addition.arch);
    let mut items: Vec<&str> = Vec::new();
    for (_, addition) in calls {
        match &addition.item {
            Some(item) if !items.contains(&item.as_str()) => items.push(item),
            None if addition.arch.is_none() => return None,
            _ => {}
        }
    }
    if items.len() > MOST {
        return None;
    }
    // A condition behind a bare name would take back some of what the name gave.
    items.sort_by_key(|item| !item.contains('('));
    let item = Some(items.join(":")).filter(|item| !item.is_empty());
    let list = basis.with(item.as_deref().unwrap_or_default());
    let policy = basis.policy(&list, arch.or(basis.besides), None)?;
    let all = calls.iter().all(|(call, _)| allows(&policy, call));
    all.then_some(Addition {
        arch,
        item,
        line: None,
        origin: basis.origin,
    })
}
