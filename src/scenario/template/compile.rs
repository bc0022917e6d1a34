//! From what was written to what is rendered: names are resolved against the bindings.

use super::bindings::{Bindings, Later, is_name};
use super::expression::{Expression, Transform};
use super::number::Number;
use super::syntax::{Kind, TemplateError, Written};
use crate::scenario::syntax::{Place, did_you_mean};

/// Functions by name, with how they are called.
const FUNCTIONS: [(&str, &str); 16] = [
    ("random", "random(1, 10)"),
    ("random_of", "random_of('a', 'b')"),
    ("random_text", "random_text(8)"),
    ("uuid", "uuid()"),
    ("now_ms", "now_ms()"),
    ("iteration", "iteration()"),
    ("user", "user()"),
    ("env", "env('NAME', 'default')"),
    ("num", "num(text)"),
    ("int", "int(number)"),
    ("count", "count(list)"),
    ("text", "text(number)"),
    ("upper", "upper(text)"),
    ("lower", "lower(text)"),
    ("trim", "trim(text)"),
    ("base64", "base64(text)"),
];
const MORE_FUNCTIONS: [(&str, &str); 3] = [
    ("urlencode", "urlencode(text)"),
    ("json", "json(text)"),
    ("raw", "raw(text)"),
];

/// An expression with what the builder has to know about it.
pub(super) struct Compiled {
    pub(super) expression: Expression,
    /// Put in without the escapes of its place.
    pub(super) raw: bool,
    /// Holds a value of the environment.
    pub(super) secret: bool,
}

/// Resolves names; `at` is where the template stands, for variables it defines.
pub(super) fn compile(
    written: &Written,
    bindings: &mut Bindings<'_>,
    at: Place,
) -> Result<Compiled, TemplateError> {
    let mut compiler = Compiler {
        bindings,
        at,
        secret: false,
    };
    let (inner, raw) = match &written.kind {
        Kind::Call(name, arguments) if name == "raw" => {
            (compiler.only(written, arguments, "raw(text)")?, true)
        }
        _ => (written, false),
    };
    let expression = compiler.expression(inner)?;
    Ok(Compiled {
        expression,
        raw,
        secret: compiler.secret,
    })
}

struct Compiler<'s, 'a> {
    bindings: &'s mut Bindings<'a>,
    at: Place,
    secret: bool,
}

type Outcome = Result<Expression, TemplateError>;

impl Compiler<'_, '_> {
    fn expression(&mut self, written: &Written) -> Outcome {
        Ok(match &written.kind {
            Kind::Number(number) => Expression::Number(*number),
            Kind::Text(text) => Expression::Text(text.as_str().into()),
            Kind::Name(name) => self.name(written, name)?,
            Kind::Field(set, column) if set == "env" => self.variable(written, column, None)?,
            Kind::Field(set, column) => self.cell(written, set, column)?,
            Kind::Call(name, arguments) => self.call(written, name, arguments)?,
            Kind::Negative(inner) => Expression::Negative(self.operand(inner)?.into()),
            Kind::Binary(operator, left, right) => {
                let (left, right) = (self.operand(left)?, self.operand(right)?);
                Expression::Binary(*operator, left.into(), right.into())
            }
            Kind::Assign(name, value) => self.assign(written, name, value)?,
        })
    }

    fn name(&mut self, written: &Written, name: &str) -> Outcome {
        if let Some(variable) = self.bindings.variable(name) {
            return Ok(Expression::Slot {
                slot: variable.slot,
                name: name.into(),
            });
        }
        if let Some(zone) = self.bindings.zone.as_ref().filter(|_| name == "zone") {
            zone.used.set(true);
            return match &zone.name {
                Some(zone) => Ok(Expression::Text(zone.as_str().into())),
                None => {
                    let message = "`zone` is not known: there is one canary, without a zone";
                    let error = TemplateError::new(written.span.clone(), message);
                    Err(error.help("name the zones: zones = [\"a\", \"b\"]"))
                }
            };
        }
        match name {
            "iteration" => return Ok(Expression::Iteration),
            "user" => return Ok(Expression::User),
            _ => {}
        }
        let error = |message: String| TemplateError::new(written.span.clone(), message);
        match self.bindings.later.get(name) {
            Some(Later::Step(step)) => {
                let message =
                    format!("`{name}` is used before it is captured: step \"{step}\" captures it");
                return Err(error(message).help("move that step before this one"));
            }
            Some(Later::ThisStep) => {
                let message = format!(
                    "`{name}` is used before it is captured: this step captures it from its own answer"
                );
                return Err(error(message).help("it is known from the next step on"));
            }
            None => {}
        }
        if let Some(reason) = self.bindings.no_variables {
            return Err(error(format!("`{name}` is not known here")).help(reason));
        }
        if let Some(set) = self.bindings.data.iter().find(|set| set.name == name) {
            let column = set.columns.first().map_or("column", String::as_str);
            return Err(error(format!(
                "`{name}` is a data set: name a column of it, such as ${{{name}.{column}}}"
            )));
        }
        if let Some((_, usage)) = functions().find(|(function, _)| *function == name) {
            return Err(error(format!("`{name}` is a function: write {usage}")));
        }
        let known = self
            .bindings
            .variables
            .iter()
            .map(|known| known.name.as_str());
        let help = if self.bindings.zone.is_some() {
            "a canary has no earlier step: give it what it needs by uuid(), ${env.NAME} or ${data.column}"
        } else {
            "a step captures it with capture = { name = \"$.path\" }; data is named ${data.column}"
        };
        let error = match did_you_mean(name, known.chain(["iteration", "user"])) {
            Some(meant) => error(format!(
                "nothing named `{name}` is captured before this: did you mean `{meant}`?"
            )),
            None => error(format!("nothing named `{name}` is captured before this")).help(help),
        };
        Err(error)
    }

    fn cell(&mut self, written: &Written, set: &str, column: &str) -> Outcome {
        let data = self.bindings.data;
        let error = |message: String| TemplateError::new(written.span.clone(), message);
        let Some(index) = data.iter().position(|known| known.name == set) else {
            let known = data.iter().map(|known| known.name.as_str());
            return Err(match did_you_mean(set, known.chain(["env"])) {
                Some(meant) => error(format!(
                    "there is no data set `{set}`: did you mean `{meant}`?"
                )),
                None => error(format!("there is no data set `{set}`"))
                    .help(format!("add [data.{set}] with csv = \"file.csv\"")),
            });
        };
        let columns = &data[index].columns;
        match columns.iter().position(|known| known == column) {
            Some(column) => Ok(Expression::Cell { set: index, column }),
            // A data set that could not be read has been reported already.
            None if columns.is_empty() => Ok(Expression::Text("".into())),
            None => {
                let known = columns.iter().map(String::as_str);
                let message = format!("data set `{set}` has no column `{column}`");
                Err(match did_you_mean(column, known) {
                    Some(meant) => error(format!("{message}: did you mean `{meant}`?")),
                    None => error(message).help(format!("its columns: {}", columns.join(", "))),
                })
            }
        }
    }

    fn variable(&mut self, written: &Written, name: &str, default: Option<&str>) -> Outcome {
        self.secret = true;
        let value = self.bindings.surroundings.variable(name);
        match value.as_deref().or(default) {
            Some(value) => Ok(Expression::Text(value.into())),
            None => Err(TemplateError::new(
                written.span.clone(),
                format!("the environment variable `{name}` is not set"),
            )
            .help(format!(
                "set it, or give a default: ${{env('{name}', 'default')}}"
            ))),
        }
    }

    fn assign(&mut self, written: &Written, name: &str, value: &Written) -> Outcome {
        let value = self.expression(value)?;
        if let Some(reason) = self.bindings.no_variables {
            let message = format!("`{name}` cannot be assigned here");
            return Err(TemplateError::new(written.span.clone(), message).help(reason));
        }
        if let Err(message) = check_variable_name(name, self.bindings) {
            return Err(TemplateError::new(written.span.clone(), message));
        }
        let numeric = self.is_numeric(&value);
        let slot = self.bindings.define(name, numeric, self.at);
        Ok(Expression::Assign {
            slot,
            value: value.into(),
        })
    }

    fn is_numeric(&self, expression: &Expression) -> bool {
        is_numeric(expression, self.bindings)
    }

    /// One side of arithmetic: a text literal can never be a number.
    fn operand(&mut self, written: &Written) -> Outcome {
        let operand = self.expression(written)?;
        let never = match &operand {
            Expression::Text(text) => Number::parse(text).is_none(),
            Expression::Uuid | Expression::RandomText(_) => true,
            _ => false,
        };
        if never {
            let message = "arithmetic needs numbers, this is a text";
            return Err(TemplateError::new(written.span.clone(), message)
                .help("texts are joined by writing them one after the other: ${a}${b}"));
        }
        Ok(operand)
    }

    fn call(&mut self, written: &Written, name: &str, arguments: &[Written]) -> Outcome {
        let known = functions().find(|(function, _)| *function == name);
        let Some((_, usage)) = known else {
            return Err(unknown_function(written, name));
        };
        let transform = match name {
            "text" => Some(Transform::Text),
            "upper" => Some(Transform::Upper),
            "lower" => Some(Transform::Lower),
            "trim" => Some(Transform::Trim),
            "base64" => Some(Transform::Base64),
            "urlencode" => Some(Transform::UrlEncode),
            "json" => Some(Transform::Json),
            _ => None,
        };
        if let Some(transform) = transform {
            let argument = self.only(written, arguments, usage)?;
            let inner = self.expression(argument)?;
            return Ok(Expression::Transform(transform, inner.into()));
        }
        Ok(match name {
            "random" => self.random(written, arguments)?,
            "random_of" => self.random_of(written, arguments)?,
            "env" => self.env(written, arguments)?,
            "count" => self.count(written, arguments)?,
            "raw" => {
                let message = "`raw` must be the outermost function: ${raw(…)}";
                return Err(TemplateError::new(written.span.clone(), message));
            }
            "random_text" | "num" | "int" => {
                let argument = self.only(written, arguments, usage)?;
                let inner = Box::new(self.operand(argument)?);
                match name {
                    "random_text" => Expression::RandomText(inner),
                    "num" => Expression::Num(inner),
                    _ => Expression::Int(inner),
                }
            }
            _ => {
                if !arguments.is_empty() {
                    return Err(misused(written, usage));
                }
                match name {
                    "uuid" => Expression::Uuid,
                    "now_ms" => Expression::NowMs,
                    "iteration" => Expression::Iteration,
                    _ => Expression::User,
                }
            }
        })
    }

    fn only<'w>(
        &self,
        written: &Written,
        arguments: &'w [Written],
        usage: &str,
    ) -> Result<&'w Written, TemplateError> {
        match arguments {
            [argument] => Ok(argument),
            _ => Err(misused(written, usage)),
        }
    }

    fn random(&mut self, written: &Written, arguments: &[Written]) -> Outcome {
        let [low, high] = arguments else {
            return Err(misused(written, "random(1, 10)"));
        };
        let (low, high) = (self.operand(low)?, self.operand(high)?);
        if let (Expression::Number(low), Expression::Number(high)) = (&low, &high)
            && low.float() > high.float()
        {
            let message = format!(
                "random({}, {}) has its ends the wrong way round",
                low.float(),
                high.float()
            );
            return Err(TemplateError::new(written.span.clone(), message));
        }
        Ok(Expression::Random(low.into(), high.into()))
    }

    fn random_of(&mut self, written: &Written, arguments: &[Written]) -> Outcome {
        let choices = arguments
            .iter()
            .map(|argument| self.expression(argument))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(match choices.as_slice() {
            [] => return Err(misused(written, "random_of('a', 'b')")),
            [Expression::Slot { slot, name }] => Expression::RandomOfList {
                slot: *slot,
                name: name.clone(),
            },
            _ => Expression::RandomOf(choices.into()),
        })
    }

    fn env(&mut self, written: &Written, arguments: &[Written]) -> Outcome {
        let texts: Vec<&str> = arguments
            .iter()
            .filter_map(|argument| match &argument.kind {
                Kind::Text(text) => Some(text.as_str()),
                _ => None,
            })
            .collect();
        match texts.as_slice() {
            [name] if arguments.len() == 1 => self.variable(written, name, None),
            [name, default] if arguments.len() == 2 => self.variable(written, name, Some(default)),
            _ => Err(misused(written, "env('NAME', 'default')")),
        }
    }

    fn count(&mut self, written: &Written, arguments: &[Written]) -> Outcome {
        let argument = self.only(written, arguments, "count(list)")?;
        match self.expression(argument)? {
            Expression::Slot { slot, name } => Ok(Expression::Count { slot, name }),
            _ => Err(misused(
                written,
                "count(list) of a capture with pick = \"all\"",
            )),
        }
    }
}

/// Whether an expression surely yields a number, given what the bindings's variables hold.
pub(super) fn is_numeric(expression: &Expression, bindings: &Bindings<'_>) -> bool {
    let numeric_slot = |slot: usize| {
        let variable = bindings.variables.iter().find(|known| known.slot == slot);
        variable.is_some_and(|variable| variable.numeric)
    };
    expression.is_numeric(numeric_slot)
}

/// Whether a variable may have this name.
///
/// # Errors
/// Why not.
pub(crate) fn check_variable_name(name: &str, bindings: &Bindings<'_>) -> Result<(), String> {
    if !is_name(name) {
        let better: String = name
            .chars()
            .map(|c| if c.is_alphanumeric() { c } else { '_' })
            .collect();
        return Err(format!(
            "`{name}` cannot be named in ${{…}}: use letters, digits and `_`, such as `{better}`"
        ));
    }
    if name == "env" {
        return Err("`env` names the environment: choose another name".into());
    }
    if bindings.data.iter().any(|set| set.name == name) {
        return Err(format!(
            "`{name}` is already the name of a data set: choose another name"
        ));
    }
    Ok(())
}

fn functions() -> impl Iterator<Item = (&'static str, &'static str)> {
    FUNCTIONS.into_iter().chain(MORE_FUNCTIONS)
}

fn misused(written: &Written, usage: &str) -> TemplateError {
    TemplateError::new(written.span.clone(), format!("this is called as {usage}"))
}

fn unknown_function(written: &Written, name: &str) -> TemplateError {
    let error = |message: String| TemplateError::new(written.span.clone(), message);
    match did_you_mean(name, functions().map(|(function, _)| function)) {
        Some(meant) => error(format!(
            "unknown function `{name}`: did you mean `{meant}`?"
        )),
        None => {
            let known: Vec<&str> = functions().map(|(function, _)| function).collect();
            error(format!("unknown function `{name}`")).help(format!("known: {}", known.join(", ")))
        }
    }
}
