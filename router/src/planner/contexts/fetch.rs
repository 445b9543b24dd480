use std::sync::OnceLock;

use async_graphql_value::Name;
use hive_router_query_planner::planner::plan_nodes as library;

use super::super::PlanError;
use super::super::plan::EntityFetch;
use super::template::Template;
use super::{ContextValue, Entry};

/// How many different choices of values one request carries, each with an `_entities` field of its own.
pub(crate) const CHOICES_PER_REQUEST: usize = 10;

/// A fetch of a field of entities, with arguments that take their values from what is around each entity.
#[derive(Debug)]
pub struct ContextualFetch {
    /// The values.
    pub values: Vec<ContextValue>,
    template: Template,
    entry: Entry,
    of_one: EntityFetch,
    /// For two and more choices; they are made when they are needed.
    of_more: [OnceLock<EntityFetch>; CHOICES_PER_REQUEST - 1],
}

impl ContextualFetch {
    /// The fetch of an entry's root field, as one of entities.
    pub(in super::super) fn of_root(fetch: &library::FetchNode, entry: &Entry) -> Result<Self, PlanError> {
        let template = Template::of(fetch, entry)?;
        let of_one = template.fetch(entry, 1)?;
        Ok(Self { values: entry.values.clone(), template, entry: entry.clone(), of_one, of_more: Default::default() })
    }

    /// The fetch for entities that are all given the same values.
    pub fn of_one(&self) -> &EntityFetch {
        &self.of_one
    }

    /// The fetch for so many different choices of values, at most as many as one request carries, each with an input of
    /// its own.
    ///
    /// # Errors
    ///
    /// [`PlanError::Unsupported`], if [`of_one`](Self::of_one) can be parsed and this cannot.
    pub fn of(&self, choices: usize) -> Result<&EntityFetch, PlanError> {
        let Some(made) = choices.checked_sub(2).and_then(|place| self.of_more.get(place)) else {
            return Ok(&self.of_one);
        };
        if let Some(made) = made.get() {
            return Ok(made);
        }
        let fetch = self.template.fetch(&self.entry, choices)?;
        Ok(made.get_or_init(|| fetch))
    }

    /// The variable that carries a value of one of the choices.
    pub fn variable(value: &ContextValue, choice: usize) -> Name {
        Name::new(format!("{}{choice}", value.variable))
    }
}
