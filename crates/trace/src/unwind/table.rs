//! A step by the unwind table of a file (DWARF 5, 6.4.3 "Call Frame Instruction Usage").

use gimli::{
    CfaRule, Encoding, EvaluationResult, Format, Register, RegisterRule, UnwindExpression, Value,
};

use super::context::Context;
use super::reader::Reader;
use super::{Found, Step, pointer};
use crate::image::{Module, Row};

/// Operations of an expression: those of compilers and of the C library have less than ten.
const MOST_OPERATIONS: u32 = 200;

/// From a frame to its caller.
pub(super) fn step(
    context: &Context,
    module: &Module,
    address: u64,
    is_called: bool,
    reader: &Reader<'_>,
) -> Step {
    let stepped = module.frames().with_row(address, |row| {
        let rules = Rules {
            row,
            context,
            reader,
        };
        rules.step(is_called)
    });
    match stepped {
        None => Step::Unknown,
        // The row needs what is not known behind a step by frame pointer.
        Some(None) => pointer::step(context, is_called, reader),
        Some(Some(step)) => step,
    }
}

/// A row for a frame.
struct Rules<'a> {
    row: &'a Row<'a>,
    context: &'a Context,
    reader: &'a Reader<'a>,
}

impl Rules<'_> {
    fn step(&self, is_called: bool) -> Option<Step> {
        let machine = self.context.machine;
        let frame = self.frame_address()?;
        let back = self.row.return_column;
        let rule = self.row.rules.register(Register(back));
        let back = match (rule, machine.link()) {
            // So tables mark the first function, and on aarch64 one that has not saved its link.
            (RegisterRule::Undefined, Some(link)) if !is_called => self.context.get(link),
            (RegisterRule::Undefined, _) => return Some(Step::Outermost),
            (rule, _) => self.value(back, &rule, frame),
        };
        let Some(back) = back else {
            return Some(Step::Unknown);
        };
        let mut caller = self.context.caller(back, frame);
        for column in Context::columns() {
            let rule = self.row.rules.register(Register(column));
            caller.set(column, self.value(column, &rule, frame));
        }
        let pointer = machine.stack_pointer();
        if self.row.rules.register(Register(pointer)) == RegisterRule::Undefined {
            caller.set(pointer, Some(frame));
        }
        caller.lowest = caller.get(pointer).unwrap_or(frame);
        Some(Step::To(Box::new(caller), Found::Table))
    }

    /// The canonical frame address.
    fn frame_address(&self) -> Option<u64> {
        match self.row.rules.cfa() {
            CfaRule::RegisterAndOffset { register, offset } => {
                let base = self.context.get(register.0)?;
                Some(base.wrapping_add_signed(*offset))
            }
            CfaRule::Expression(expression) => self.evaluate(*expression, None),
        }
    }

    /// What a register had in the caller.
    fn value(&self, column: u16, rule: &RegisterRule<usize>, frame: u64) -> Option<u64> {
        match rule {
            RegisterRule::Undefined => {
                let kept = self.context.machine.keeps(column);
                self.context.get(column).filter(|_| kept)
            }
            RegisterRule::SameValue => self.context.get(column),
            RegisterRule::Offset(offset) => self.reader.word(frame.wrapping_add_signed(*offset)),
            RegisterRule::ValOffset(offset) => Some(frame.wrapping_add_signed(*offset)),
            RegisterRule::Register(other) => self.context.get(other.0),
            RegisterRule::Expression(expression) => {
                let place = self.evaluate(*expression, Some(frame))?;
                self.reader.word(place)
            }
            RegisterRule::ValExpression(expression) => self.evaluate(*expression, Some(frame)),
            RegisterRule::Constant(value) => Some(*value),
            _ => None,
        }
    }

    /// Runs an expression; rules of registers begin with the frame's address.
    fn evaluate(&self, expression: UnwindExpression<usize>, first: Option<u64>) -> Option<u64> {
        let encoding = Encoding {
            address_size: 8,
            format: Format::Dwarf32,
            version: 5,
        };
        let mut run = expression.get(&self.row.section).ok()?.evaluation(encoding);
        run.set_max_iterations(MOST_OPERATIONS);
        if let Some(first) = first {
            run.set_initial_value(first);
        }
        let mut result = run.evaluate().ok()?;
        loop {
            result = match result {
                EvaluationResult::Complete => return run.value_result()?.to_u64(u64::MAX).ok(),
                EvaluationResult::RequiresRegister { register, .. } => {
                    let value = self.context.get(register.0)?;
                    run.resume_with_register(Value::Generic(value)).ok()?
                }
                EvaluationResult::RequiresMemory {
                    address, size: 8, ..
                } => {
                    let word = self.reader.word(address)?;
                    run.resume_with_memory(Value::Generic(word)).ok()?
                }
                _ => return None,
            };
        }
    }
}
