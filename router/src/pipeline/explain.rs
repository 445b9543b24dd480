//! What the stages make of an operation, for people who want to see it.

use async_graphql_value::Variables;
use reel_error::ErrorCode;

use super::{Checked, Pipeline, Trust, plan, print, variables};
use crate::error::GraphqlError;
use crate::explanation::Explanation;
use crate::grants::Grants;
use crate::planner::PlanError;

impl Pipeline {
    /// Explains an operation for someone who was granted whatever is asked for.
    ///
    /// # Errors
    ///
    /// What is wrong with the document or the variables. The texts may tell what clients do not see.
    pub fn explain(
        &self,
        text: &str,
        operation_name: Option<&str>,
        given: Option<Variables>,
    ) -> Result<Explanation, Vec<GraphqlError>> {
        let everything = Grants::token(self.schema.asked.clone());
        let Checked { operation, split, .. } = self.check(text, operation_name, &everything, Trust::Trusted)?;
        let given = given.map(|given| variables::coerce(&self.schema, &operation.variables, given)).transpose()?;
        let Some(printed) = print::print(&operation, &self.schema) else { return Ok(Explanation::default()) };
        let failed =
            |error: PlanError| vec![GraphqlError::new(ErrorCode::Internal, format!("No plan was found: {error}"))];
        let normalised = self.planner.normalised(&printed).map_err(failed)?;
        let plan = plan::steps::plan(self, &operation, split).map_err(failed)?;
        Ok(Explanation::of(&normalised, &plan, given.as_ref()))
    }
}
