//! An explanation as people read it.

use std::fmt::{self, Display, Formatter};

use super::{ExplainedCondition, ExplainedContext, ExplainedEntities, ExplainedFetch, Explanation, Step};

impl Explanation {
    /// The plan as a tree, a line for each step.
    pub fn plan_text(&self) -> String {
        let mut lines = Vec::new();
        match &self.plan {
            Some(step) => self.tell(step, 0, &mut lines),
            None => lines.push("nothing to fetch".to_owned()),
        }
        lines.join("\n") + "\n"
    }

    /// The fetches, one after the other.
    pub fn fetches_text(&self) -> String {
        if self.fetches.is_empty() {
            return "none\n".to_owned();
        }
        self.fetches.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }

    fn tell(&self, step: &Step, depth: usize, lines: &mut Vec<String>) {
        let indent = "  ".repeat(depth);
        match step {
            Step::Sequence { steps } => {
                lines.push(format!("{indent}sequence"));
                steps.iter().for_each(|step| self.tell(step, depth + 1, lines));
            }
            Step::Parallel { steps } => {
                lines.push(format!("{indent}parallel"));
                steps.iter().for_each(|step| self.tell(step, depth + 1, lines));
            }
            Step::Condition { variable, then, otherwise } => {
                for (says, step) in [("if", then), ("if not", otherwise)] {
                    let Some(step) = step else { continue };
                    lines.push(format!("{indent}{says} ${variable}"));
                    self.tell(step, depth + 1, lines);
                }
            }
            Step::Fetch { number } => {
                let Some(fetch) = self.fetches.get(number - 1) else { return };
                lines.push(format!("{indent}{}", fetch.head()));
                lines.extend(fetch.entities.iter().map(|entities| format!("{indent}  {}", entities.whence())));
                lines.extend(fetch.contexts.iter().map(|context| format!("{indent}  with {}", context.whence())));
            }
        }
    }
}

impl ExplainedFetch {
    /// `fetch 1 from books, if $full (skipped)`.
    fn head(&self) -> String {
        let alternatives: Vec<String> = self.when.iter().map(|all| conjunction(all)).collect();
        let when = if alternatives.is_empty() { String::new() } else { format!(", if {}", alternatives.join(" or ")) };
        let skipped = if self.skipped == Some(true) { " (skipped with these variables)" } else { "" };
        format!("fetch {} from {}{when}{skipped}", self.number, self.subgraph)
    }
}

impl ExplainedEntities {
    fn whence(&self) -> String {
        format!("of each {} by {}", self.paths.join(", "), self.requires)
    }
}

impl ExplainedContext {
    fn whence(&self) -> String {
        format!("${} = {}", self.variable, self.paths.join(", or "))
    }
}

fn conjunction(all: &[ExplainedCondition]) -> String {
    let one = |condition: &ExplainedCondition| match condition.value {
        true => format!("${}", condition.variable),
        false => format!("not ${}", condition.variable),
    };
    all.iter().map(one).collect::<Vec<_>>().join(" and ")
}

impl Display for ExplainedFetch {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        writeln!(out, "{}", self.head())?;
        for entities in &self.entities {
            writeln!(out, "  ${} = {} of each object at:", entities.variable, entities.requires)?;
            entities.paths.iter().try_for_each(|path| writeln!(out, "    {path}"))?;
            for typename in &entities.typenames {
                writeln!(out, "  those of {} are sent as {}", typename.types.join(", "), typename.name)?;
            }
        }
        self.contexts.iter().try_for_each(|context| writeln!(out, "  {}", context.whence()))?;
        match self.entities.as_slice() {
            [] => writeln!(out, "  merged at the top")?,
            _ => writeln!(out, "  merged where the objects are")?,
        }
        let variables: Vec<String> = self.variables.iter().map(|name| format!("${name}")).collect();
        if !variables.is_empty() {
            writeln!(out, "  takes {}", variables.join(", "))?;
        }
        self.renames.iter().try_for_each(|rename| writeln!(out, "  {} becomes {}", rename.path, rename.to))?;
        writeln!(out)?;
        self.operation.lines().try_for_each(|line| match line {
            "" => writeln!(out),
            line => writeln!(out, "  {line}"),
        })
    }
}
