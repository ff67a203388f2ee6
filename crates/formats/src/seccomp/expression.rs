//! Conditions in Oz's dialect. Negation is pushed into the comparisons, and tests of some bits of a
//! whole argument are taken apart into those of its halves, because its compiler can do neither.

use policy::{Comparison, Conditions, Id, Node, Operator, Part};

/// The condition that holds where the first of these that holds is a positive one.
pub(super) fn any_of(
    conditions: &Conditions,
    parts: impl DoubleEndedIterator<Item = (Id, bool)>,
) -> Result<String, String> {
    let mut text = String::from("false");
    for (condition, positive) in parts.rev() {
        let part = said(conditions, condition, positive, positive)?;
        text = match (positive, text.as_str()) {
            (_, "false") if !positive => continue,
            (true, "false") => part,
            (true, rest) => format!("{part} || {rest}"),
            (false, rest) => format!("{part} && ({rest})"),
        };
    }
    Ok(text)
}

/// A condition, or where not `wanted` its opposite; `loose` where it need not hold together.
fn said(conditions: &Conditions, id: Id, wanted: bool, loose: bool) -> Result<String, String> {
    let first = conditions.node(id);
    let any = matches!(first, Node::Any(..)) == wanted;
    let sign = if any { " || " } else { " && " };
    let mut parts = Vec::new();
    let mut rest = id;
    // Chains lean to the right and may be long: no recursion along them.
    loop {
        let (part, next) = match (first, conditions.node(rest)) {
            (Node::Any(..), Node::Any(part, next)) | (Node::All(..), Node::All(part, next)) => {
                (part, Some(next))
            }
            (Node::Any(..) | Node::All(..), _) => (rest, None),
            (Node::Constant(constant), _) => return Ok((constant == wanted).to_string()),
            (Node::Compare(comparison, left, right), _) => {
                let comparison = if wanted {
                    comparison
                } else {
                    comparison.negated()
                };
                return compared(conditions, comparison, left, right, loose);
            }
            _ => return Err("not a condition".into()),
        };
        parts.push(said(conditions, part, wanted, false)?);
        match next {
            Some(next) => rest = next,
            None => break,
        }
    }
    let text = parts.join(sign);
    Ok(match loose {
        true => text,
        false => format!("({text})"),
    })
}

fn compared(
    conditions: &Conditions,
    comparison: Comparison,
    left: Id,
    right: Id,
    loose: bool,
) -> Result<String, String> {
    if let Some(halves) = halves(conditions, comparison, left, right) {
        return Ok(match loose {
            true => halves,
            false => format!("({halves})"),
        });
    }
    let left = value(conditions, left, true)?;
    let right = value(conditions, right, true)?;
    let sign = match comparison {
        Comparison::Equal => "==",
        Comparison::NotEqual => "!=",
        Comparison::Less => "<",
        Comparison::LessEqual => "<=",
        Comparison::Greater => ">",
        Comparison::GreaterEqual => ">=",
    };
    Ok(format!("{left} {sign} {right}"))
}

/// `arg0 & MASK == VALUE`, half by half.
fn halves(conditions: &Conditions, comparison: Comparison, left: Id, right: Id) -> Option<String> {
    let sign = match comparison {
        Comparison::Equal => "&&",
        Comparison::NotEqual => "||",
        _ => return None,
    };
    let number = |id| match conditions.node(id) {
        Node::Number(number) => Some(number),
        _ => None,
    };
    let value = number(right)?;
    let Node::Binary(Operator::And, argument, mask) = conditions.node(left) else {
        return None;
    };
    let (Node::Argument(index, Part::Full), Some(mask)) = (conditions.node(argument), number(mask))
    else {
        return None;
    };
    let half = |letter: char, shift: u32| {
        let (mask, value) = (mask >> shift & LOW, value >> shift & LOW);
        let equal = if comparison == Comparison::Equal {
            "=="
        } else {
            "!="
        };
        match (mask, value) {
            (0, 0) => None,
            (LOW, _) => Some(format!("arg{letter}{index} {equal} {value:#x}")),
            _ => Some(format!(
                "(arg{letter}{index} & {mask:#x}) {equal} {value:#x}"
            )),
        }
    };
    match (half('L', 0), half('H', 32)) {
        (None, None) => Some((comparison == Comparison::Equal).to_string()),
        (Some(half), None) | (None, Some(half)) => Some(half),
        (Some(low), Some(high)) => Some(format!("{low} {sign} {high}")),
    }
}

const LOW: u64 = 0xffff_ffff;

/// A number; only directly beside a comparison may it be a whole argument.
fn value(conditions: &Conditions, id: Id, whole: bool) -> Result<String, String> {
    match conditions.node(id) {
        Node::Number(number) if number < 1024 => Ok(number.to_string()),
        Node::Number(number) => Ok(format!("{number:#x}")),
        Node::Argument(index, Part::Full) if whole => Ok(format!("arg{index}")),
        Node::Argument(_, Part::Full) => Err("it calculates with a whole argument".into()),
        Node::Argument(index, Part::Low) => Ok(format!("argL{index}")),
        Node::Argument(index, Part::High) => Ok(format!("argH{index}")),
        Node::Argument(index, Part::Short) => Ok(format!("(argL{index} & 0xffff)")),
        Node::Binary(operator, left, right) => {
            let left = value(conditions, left, false)?;
            let right = value(conditions, right, false)?;
            Ok(format!("({left} {} {right})", sign(operator)))
        }
        _ => Err("not a number".into()),
    }
}

fn sign(operator: Operator) -> &'static str {
    match operator {
        Operator::And => "&",
        Operator::Or => "|",
        Operator::Xor => "^",
        Operator::Left => "<<",
        Operator::Right => ">>",
        Operator::Add => "+",
        Operator::Subtract => "-",
        Operator::Multiply => "*",
        Operator::Divide => "/",
    }
}
