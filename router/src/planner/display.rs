//! Plans as text, for `reelgraph plan` and for tests.

use std::fmt::{self, Display, Formatter};

use super::plan::{EntityFetch, FlattenPath, FlattenSegment, PlanNode, QueryPlan, Requirement, RootFetch};

impl Display for QueryPlan {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match &self.root {
            Some(root) => node(root, 0, formatter),
            None => formatter.write_str("nothing to fetch\n"),
        }
    }
}

fn node(step: &PlanNode, depth: usize, out: &mut Formatter<'_>) -> fmt::Result {
    let indent = "  ".repeat(depth);
    match step {
        PlanNode::Sequence(steps) => block("sequence", steps, depth, out),
        PlanNode::Parallel(steps) => block("parallel", steps, depth, out),
        PlanNode::Condition { variable, then, otherwise } => {
            writeln!(out, "{indent}if ${variable}")?;
            then.iter().try_for_each(|step| node(step, depth + 1, out))?;
            if let Some(step) = otherwise {
                writeln!(out, "{indent}if not ${variable}")?;
                node(step, depth + 1, out)?;
            }
            Ok(())
        }
        PlanNode::Root(fetch) => root(fetch, &indent, out),
        PlanNode::Entities(fetch) => entities(fetch, &indent, out),
    }
}

fn block(name: &str, steps: &[PlanNode], depth: usize, out: &mut Formatter<'_>) -> fmt::Result {
    writeln!(out, "{}{name}", "  ".repeat(depth))?;
    steps.iter().try_for_each(|step| node(step, depth + 1, out))
}

fn root(fetch: &RootFetch, indent: &str, out: &mut Formatter<'_>) -> fmt::Result {
    writeln!(out, "{indent}fetch from {}", fetch.subgraph)?;
    writeln!(out, "{indent}  {}", fetch.document.text.trim())
}

fn entities(fetch: &EntityFetch, indent: &str, out: &mut Formatter<'_>) -> fmt::Result {
    writeln!(out, "{indent}entities from {}", fetch.subgraph)?;
    for input in &fetch.inputs {
        let paths: Vec<String> = input.paths.iter().map(ToString::to_string).collect();
        write!(out, "{indent}  ${} = {} {{", input.variable, paths.join(", "))?;
        requirements(&input.requires, out)?;
        writeln!(out, " }}")?;
    }
    writeln!(out, "{indent}  {}", fetch.document.text.trim())
}

fn requirements(parts: &[Requirement], out: &mut Formatter<'_>) -> fmt::Result {
    for part in parts {
        match part {
            Requirement::Field(field) => {
                write!(out, " {}", field.key)?;
                if field.key != *field.source.name() {
                    write!(out, ": {}", field.source)?;
                }
                braced(&field.parts, out)?;
            }
            Requirement::Fragment { condition, parts } => {
                write!(out, " ... on {condition}")?;
                braced(parts, out)?;
            }
        }
    }
    Ok(())
}

fn braced(parts: &[Requirement], out: &mut Formatter<'_>) -> fmt::Result {
    if parts.is_empty() {
        return Ok(());
    }
    out.write_str(" {")?;
    requirements(parts, out)?;
    out.write_str(" }")
}

impl Display for FlattenPath {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        for (index, segment) in self.0.iter().enumerate() {
            match segment {
                FlattenSegment::Key(key) if index == 0 => write!(out, "{key}")?,
                FlattenSegment::Key(key) => write!(out, ".{key}")?,
                FlattenSegment::Types(types) => {
                    write!(out, "|{}", types.iter().map(String::as_str).collect::<Vec<_>>().join("|"))?;
                }
            }
        }
        Ok(())
    }
}
