//! What a reader of an expression may take for something else: operators that associate to the
//! right, and what Oz's own compiler made weaker than it is written (oz.md §7.2).

use alloc::string::String;
use alloc::vec::Vec;

use crate::compile::Compiled;
use crate::tree::{Branch, Expression, Index, Sign};

impl Compiled {
    /// Remarks about the expressions as written, a sentence each with the place; for a linter.
    pub fn remarks(&self) -> Vec<String> {
        let branches = self.tree.branches();
        let remarks = branches.filter_map(|branch| {
            let what = self.remark(branch)?;
            Some(alloc::format!("{}: {what}", self.sources.place(branch.at)))
        });
        remarks.collect()
    }

    fn remark(&self, branch: &Branch) -> Option<&'static str> {
        let in_file = self.sources.in_file(branch.at);
        match branch.expression {
            Expression::Binary(sign, _, right) if self.regroups(branch.at, sign, right) => Some(
                "operators associate to the right here, so this differs from C; use parentheses",
            ),
            Expression::Binary(sign, left, right)
                if !sign.is_number() && !self.depends(left) && !self.depends(right) =>
            {
                Some("this is the same for all arguments")
            }
            Expression::Not(inner) if in_file && self.depends(inner) => {
                Some("Oz's own compiler ignored this \"!\"; here it negates")
            }
            Expression::Complement(inner) if in_file && self.depends(inner) => {
                Some("Oz's own compiler ignored this \"~\"; here it takes the complement")
            }
            Expression::Binary(Sign::Less | Sign::LessEqual, ..) if in_file => {
                Some("Oz's own compiler took < for <= and <= for <; here they are what they say")
            }
            Expression::Not(inner) if in_file && !self.depends(inner) => {
                Some("Oz's own compiler took a rule that is always false for true; here it denies")
            }
            Expression::Within(_, list)
                if self.tree.cells(list).all(|item| !self.depends(item)) =>
            {
                Some("this is the same for all arguments")
            }
            Expression::Truth(_) if !in_file => Some("this is the same for all arguments"),
            Expression::Binary(Sign::HasBits, _, right) if in_file && self.is_computed(right) => {
                Some("Oz's own compiler asked for any of these bits; here all of them are meant")
            }
            Expression::Truth(false) if in_file => {
                Some("Oz's own compiler took a rule that is always false for true; here it denies")
            }
            _ => None,
        }
    }

    /// Whether an operation and the one to its right would be grouped the other way in C, with
    /// another result.
    fn regroups(&self, at: u32, sign: Sign, right: Index) -> bool {
        let Expression::Binary(next, ..) = self.tree.branch(right).expression else {
            return false;
        };
        let differs = matches!(
            (sign, next),
            (Sign::Subtract, Sign::Subtract | Sign::Add)
                | (Sign::Left | Sign::Right, Sign::Left | Sign::Right)
                | (
                    Sign::Divide | Sign::Remainder,
                    Sign::Multiply | Sign::Divide | Sign::Remainder
                )
                | (Sign::Multiply, Sign::Divide | Sign::Remainder)
        );
        let text = self.sources.text().get(at as usize..).unwrap_or_default();
        let signs = |byte: &&u8| b"-<>/*% \t".contains(*byte);
        let behind = text.iter().find(|byte| !signs(byte));
        differs && behind != Some(&b'(')
    }

    /// Whether an expression is a calculation with arguments.
    fn is_computed(&self, index: Index) -> bool {
        let binary = matches!(self.tree.branch(index).expression, Expression::Binary(..));
        binary && self.depends(index)
    }

    /// Whether an expression depends on an argument; words may.
    fn depends(&self, index: Index) -> bool {
        match self.tree.branch(index).expression {
            Expression::Number(_) | Expression::Truth(_) => false,
            Expression::Argument(..) | Expression::Name(..) | Expression::Within(..) => true,
            Expression::Not(inner) | Expression::Complement(inner) => self.depends(inner),
            Expression::Binary(_, left, right) | Expression::Cell(left, right) => {
                self.depends(left) || self.depends(right)
            }
        }
    }
}
