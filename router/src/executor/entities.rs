//! Fetches of fields of entities that are already in the answer.

use std::ops::Range;

use async_graphql_value::indexmap::IndexMap;
use async_graphql_value::{ConstValue, Name, Variables};
use futures::future::join_all;
use reel_error::{ErrorCode, Language};

use super::errors::{transport_code, visible};
use super::project::typename;
use super::representations::{Representations, Target, collect};
use super::traverse::{response_path, walk_mut};
use super::{Execution, State, merge, rename};
use crate::path::PathSegment;
use crate::planner::{EntityFetch, EntityOutput};
use crate::transport::{SubgraphError, SubgraphResponse, TransportError};

/// How many places one error of a subgraph may be reported at.
const MOST_PLACES: usize = 20;

type Object = IndexMap<Name, ConstValue>;

/// The answers of one fetch that was sent in parts: for each, where its representations begin.
type Parts = Vec<(usize, Result<SubgraphResponse, TransportError>)>;

impl Execution<'_> {
    pub(super) async fn entities(&self, fetch: &EntityFetch) {
        if fetch.outputs.iter().all(|output| self.wanted(&output.fields).next().is_none()) {
            return;
        }
        let mut inputs: Vec<Representations> = {
            let state = self.state();
            fetch.inputs.iter().map(|input| collect(self.schema, &state.data, input)).collect()
        };
        let largest = inputs.iter().map(|input| input.values.len()).max().unwrap_or(0);
        if largest == 0 {
            return;
        }
        if largest > self.limits.entities_per_fetch {
            tracing::warn!(subgraph = &*fetch.subgraph, entities = largest, "a fetch has too many entities");
            return self.fail(fetch, &inputs, ErrorCode::Overloaded);
        }
        let size = self.limits.entities_per_request.max(1);
        let requests = (0..largest).step_by(size).map(|start| {
            let variables = self.entity_variables(fetch, &mut inputs, start..start.saturating_add(size));
            async move { (start, self.ask(&fetch.subgraph, &fetch.document, variables).await) }
        });
        // Collected first: the requests are built from `inputs` before any is sent.
        let requests: Vec<_> = requests.collect();
        let mut parts = join_all(requests).await;
        self.take(fetch, &inputs, &mut parts);
    }

    fn entity_variables(&self, fetch: &EntityFetch, inputs: &mut [Representations], range: Range<usize>) -> Variables {
        let mut variables = self.variables_of(&fetch.variables);
        for (input, collected) in fetch.inputs.iter().zip(inputs) {
            let end = range.end.min(collected.values.len());
            let part = collected.values.get_mut(range.start.min(end)..end).unwrap_or_default();
            let values = part.iter_mut().map(std::mem::take).collect();
            variables.insert(input.variable.clone(), ConstValue::List(values));
        }
        variables
    }

    fn take(&self, fetch: &EntityFetch, inputs: &[Representations], parts: &mut Parts) {
        if let Some(code) = parts.iter().find_map(|(_, part)| part.as_ref().err().map(transport_code)) {
            self.fail(fetch, inputs, code);
        }
        for (_, part) in parts.iter() {
            let errors = part.iter().flat_map(|response| &response.errors);
            errors.for_each(|error| self.log_error(&fetch.subgraph, error));
        }
        let mut state = self.state();
        for output in &fetch.outputs {
            let input = &inputs[output.input];
            let paths = &fetch.inputs[output.input].paths;
            let mut entities = Entities::new(input, parts, &output.key);
            entities.values.iter_mut().for_each(|entity| rename::rename_all(self.schema, &output.renames, entity));
            let mut targets = input.targets.iter().peekable();
            for (index, path) in paths.iter().enumerate() {
                walk_mut(self.schema, &mut state.data, &path.0, &mut Vec::new(), &mut |object, positions| {
                    // Whatever another fetch has put here since then has no representation and is passed over.
                    if let Some(target) =
                        targets.next_if(|target| target.path == index && input.positions_of(target) == positions)
                        && let ConstValue::Object(entity) = entities.give(target.representation)
                    {
                        self.merge_entity(object, entity);
                    }
                });
                while targets.next_if(|target| target.path == index).is_some() {}
            }
        }
        self.report(fetch, inputs, parts, &mut state);
    }

    /// A subgraph that knows only the interface says its name; whoever knows the object says which it is. That holds.
    fn merge_entity(&self, object: &mut Object, mut entity: Object) {
        let known = |name: &str| self.schema.type_named(name).is_some_and(|ty| !ty.is_abstract());
        let learns = typename(&entity).is_some_and(known) && !typename(object).is_some_and(known);
        if learns && let Some(name) = entity.swap_remove("__typename") {
            object.insert(Name::new("__typename"), name);
        }
        merge::merge_objects(object, entity);
    }

    fn report(&self, fetch: &EntityFetch, inputs: &[Representations], parts: &Parts, state: &mut State) {
        for (start, part) in parts {
            let Ok(response) = part else { continue };
            for error in &response.errors {
                let output = fetch
                    .outputs
                    .iter()
                    .find(|output| matches!(error.path.first(), Some(PathSegment::Key(key)) if *key == output.key));
                match output {
                    Some(output) => self.report_one(fetch, output, &inputs[output.input], *start, error, state),
                    None => self.report_everywhere(fetch, inputs, error, state),
                }
            }
        }
    }

    /// An error with a path: at the entity that it names, or, without an index, where the value is missing.
    fn report_one(
        &self,
        fetch: &EntityFetch,
        output: &EntityOutput,
        input: &Representations,
        start: usize,
        error: &SubgraphError,
        state: &mut State,
    ) {
        let (representation, rest) = match error.path.get(1) {
            Some(PathSegment::Index(index)) => (Some(start + index), &error.path[2..]),
            _ => (None, &error.path[1..]),
        };
        let rest = rename::renamed(&output.renames, rest);
        let paths = &fetch.inputs[output.input].paths;
        let place = |target: &Target| {
            let mut path = response_path(&state.data, &paths[target.path], input.positions_of(target));
            path.extend(rest.iter().cloned());
            path
        };
        let hit = |target: &&Target| match representation {
            Some(index) => target.representation == index,
            None => true,
        };
        let is_missing = |path: &Vec<PathSegment>| representation.is_some() || is_null(&state.data, path);
        let mut places: Vec<_> =
            input.targets.iter().filter(hit).map(place).filter(is_missing).take(MOST_PLACES).collect();
        if places.is_empty() {
            places.extend(input.targets.first().map(place));
        }
        for path in places {
            state.errors.add(visible(error).at(path));
        }
    }

    /// An error that does not say where: each field of the fetch may be hit.
    fn report_everywhere(
        &self,
        fetch: &EntityFetch,
        inputs: &[Representations],
        error: &SubgraphError,
        state: &mut State,
    ) {
        let visible = visible(error);
        for path in self.lost_fields(fetch, inputs, &state.data) {
            state.errors.add(visible.clone().at(path));
        }
    }

    fn fail(&self, fetch: &EntityFetch, inputs: &[Representations], code: ErrorCode) {
        let mut state = self.state();
        for path in self.lost_fields(fetch, inputs, &state.data) {
            state.errors.add_at(code, code.message(Language::English), path);
        }
    }

    /// The first fields that are missing when a fetch gives nothing.
    fn lost_fields(&self, fetch: &EntityFetch, inputs: &[Representations], data: &ConstValue) -> Vec<Vec<PathSegment>> {
        let mut lost = Vec::new();
        for output in &fetch.outputs {
            let (input, paths) = (&inputs[output.input], &fetch.inputs[output.input].paths);
            for target in &input.targets {
                let entity = response_path(data, &paths[target.path], input.positions_of(target));
                for field in self.wanted(&output.fields).filter(|field| field.key != "__typename") {
                    let mut path = entity.clone();
                    path.push(PathSegment::Key(field.key.clone()));
                    if is_null(data, &path) {
                        lost.push(path);
                    }
                    if lost.len() == MOST_PLACES {
                        return lost;
                    }
                }
            }
        }
        lost
    }
}

fn is_null(data: &ConstValue, path: &[PathSegment]) -> bool {
    let mut value = data;
    for segment in path {
        let next = match (segment, value) {
            (PathSegment::Key(key), ConstValue::Object(object)) => object.get(key),
            (PathSegment::Index(index), ConstValue::List(items)) => items.get(*index),
            _ => None,
        };
        match next {
            Some(next) => value = next,
            None => return true,
        }
    }
    *value == ConstValue::Null
}

/// The entities of one output by representation. The last place that wants one gets it without a copy.
struct Entities {
    values: Vec<ConstValue>,
    uses: Vec<usize>,
}

impl Entities {
    fn new(input: &Representations, parts: &mut Parts, key: &Name) -> Self {
        let mut values = vec![ConstValue::Null; input.values.len()];
        for (start, part) in parts {
            let Ok(SubgraphResponse { data: ConstValue::Object(data), .. }) = part else { continue };
            let Some(ConstValue::List(entities)) = data.get_mut(key).map(std::mem::take) else { continue };
            values.iter_mut().skip(*start).zip(entities).for_each(|(value, entity)| *value = entity);
        }
        let mut uses = vec![0; values.len()];
        input.targets.iter().for_each(|target| uses[target.representation] += 1);
        Self { values, uses }
    }

    fn give(&mut self, representation: usize) -> ConstValue {
        self.uses[representation] -= 1;
        let value = &mut self.values[representation];
        if self.uses[representation] == 0 { std::mem::take(value) } else { value.clone() }
    }
}
