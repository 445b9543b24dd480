//! The supergraph: every type with its joins.

use async_graphql_value::Name;

use super::{
    features::{self, Features},
    printer::{Printer, quoted},
};
use crate::compose::model::{
    ContextArgument, GraphId, JoinField, JoinType, Merged, MergedComposite, MergedField, MergedInput, MergedKind,
    MergedMarks, MergedType,
};
use crate::model::ListSize;

/// Prints the supergraph for routers.
pub(crate) fn supergraph(merged: &Merged) -> String {
    let features = Features::of(merged);
    let mut supergraph = Supergraph { merged, printer: Printer::default() };
    supergraph.schema(&features);
    supergraph.specifications(&features);
    for directive in &merged.directives {
        supergraph.printer.directive_definition(directive);
    }
    supergraph.graphs();
    for ty in merged.types.values() {
        supergraph.definition(ty);
    }
    supergraph.printer.finish()
}

struct Supergraph<'a> {
    merged: &'a Merged,
    printer: Printer,
}

impl Supergraph<'_> {
    fn schema(&mut self, features: &Features) {
        self.printer.raw("schema\n");
        self.printer.raw("  @link(url: \"https://specs.apollo.dev/link/v1.0\")\n");
        let join = if features.context { "v0.5" } else { "v0.4" };
        self.printer.put(format_args!("  @link(url: \"https://specs.apollo.dev/join/{join}\", for: EXECUTION)\n"));
        for (link, _) in features.used() {
            self.printer.raw(link);
        }
        for (url, imports) in &self.merged.links {
            let imports: Vec<_> = imports
                .iter()
                .map(|import| match import.name == import.alias {
                    true => quoted(&import.name),
                    false => format!("{{name: {}, as: {}}}", quoted(&import.name), quoted(&import.alias)),
                })
                .collect();
            self.printer.put(format_args!("  @link(url: {}, import: [{}])\n", quoted(url), imports.join(", ")));
        }
        self.printer.raw("{\n");
        for (operation, root) in [("query", "Query"), ("mutation", "Mutation"), ("subscription", "Subscription")] {
            if self.merged.types.contains_key(root) {
                self.printer.put(format_args!("  {operation}: {root}\n"));
            }
        }
        self.printer.raw("}\n");
    }

    fn specifications(&mut self, features: &Features) {
        self.printer.raw(&features::join(features.context));
        for (_, definition) in features.used() {
            self.printer.raw(definition);
        }
    }

    fn graphs(&mut self) {
        self.printer.raw("\nenum join__Graph {\n");
        for graph in &self.merged.graphs {
            let (name, url) = (quoted(&graph.name), quoted(&graph.url));
            self.printer.put(format_args!("  {} @join__graph(name: {name}, url: {url})\n", graph.value));
        }
        self.printer.raw("}\n");
    }

    fn definition(&mut self, ty: &MergedType) {
        self.printer.gap();
        self.printer.description(ty.description.as_ref(), "");
        match &ty.kind {
            MergedKind::Scalar => {
                self.head("scalar", ty);
                self.printer.raw("\n");
            }
            MergedKind::Object(it) => self.composite("type", ty, it),
            MergedKind::Interface(it) => self.composite("interface", ty, it),
            MergedKind::Union(members) => {
                self.head("union", ty);
                for (member, graph) in
                    members.iter().flat_map(|(name, in_graphs)| in_graphs.iter().map(move |it| (name, *it)))
                {
                    let value = self.graph(graph);
                    self.printer.put(format_args!("\n  @join__unionMember(graph: {value}, member: \"{member}\")"));
                }
                let members: Vec<_> = members.keys().map(Name::as_str).collect();
                self.printer.put(format_args!("\n  = {}\n", members.join(" | ")));
            }
            MergedKind::Enum(values) => {
                self.head("enum", ty);
                self.printer.raw("\n{\n");
                for (name, value) in values {
                    self.printer.description(value.description.as_ref(), "  ");
                    self.printer.put(format_args!("  {name}"));
                    for graph in &value.graphs {
                        let graph = self.graph(*graph);
                        self.printer.put(format_args!(" @join__enumValue(graph: {graph})"));
                    }
                    marks(&mut self.printer, &value.marks);
                    self.printer.raw("\n");
                }
                self.printer.raw("}\n");
            }
            MergedKind::Input(fields) => {
                self.head("input", ty);
                self.printer.raw("\n{\n");
                for (name, field) in fields {
                    self.input_field(name, field);
                }
                self.printer.raw("}\n");
            }
        }
    }

    fn graph(&self, graph: GraphId) -> String {
        self.merged.graphs[graph].value.clone()
    }

    /// Keyword, name, interfaces, joins and directives of a type.
    fn head(&mut self, keyword: &str, ty: &MergedType) {
        self.printer.put(format_args!("{keyword} {}", ty.name));
        let implements = ty.kind.composite().map(|composite| &composite.implements);
        if let Some(implements) = implements.filter(|implements| !implements.is_empty()) {
            let names: Vec<_> = implements.keys().map(Name::as_str).collect();
            self.printer.put(format_args!(" implements {}", names.join(" & ")));
        }
        for join in &ty.joins {
            self.join_type(join);
        }
        for (interface, graph) in
            implements.into_iter().flatten().flat_map(|(name, graphs)| graphs.iter().map(move |graph| (name, *graph)))
        {
            let value = self.graph(graph);
            self.printer.put(format_args!("\n  @join__implements(graph: {value}, interface: \"{interface}\")"));
        }
        marks(&mut self.printer, &ty.marks);
    }

    fn join_type(&mut self, join: &JoinType) {
        let graph = self.graph(join.graph);
        self.printer.put(format_args!("\n  @join__type(graph: {graph}"));
        if let Some(key) = &join.key {
            self.printer.put(format_args!(", key: {}", quoted(key)));
        }
        for (on, text) in [
            (join.extension, ", extension: true"),
            (!join.resolvable, ", resolvable: false"),
            (join.interface_object, ", isInterfaceObject: true"),
        ] {
            self.printer.raw(if on { text } else { "" });
        }
        self.printer.raw(")");
    }

    fn composite(&mut self, keyword: &str, ty: &MergedType, composite: &MergedComposite) {
        self.head(keyword, ty);
        self.printer.raw("\n{\n");
        for (name, field) in &composite.fields {
            self.field(name, field);
        }
        self.printer.raw("}\n");
    }

    fn field(&mut self, name: &Name, field: &MergedField) {
        self.printer.description(field.description.as_ref(), "  ");
        self.printer.put(format_args!("  {name}"));
        self.printer.arguments(&field.arguments, "  ", |printer, argument| marks(printer, &argument.marks));
        self.printer.put(format_args!(": {}", field.ty));
        self.join_fields(&field.joins);
        marks(&mut self.printer, &field.marks);
        self.printer.raw("\n");
    }

    fn input_field(&mut self, name: &Name, field: &MergedInput) {
        self.printer.description(field.description.as_ref(), "  ");
        self.printer.raw("  ");
        self.printer.input(name, field);
        self.join_fields(&field.joins);
        marks(&mut self.printer, &field.marks);
        self.printer.raw("\n");
    }

    fn join_fields(&mut self, joins: &[JoinField]) {
        for join in joins {
            let mut arguments = Vec::new();
            if let Some(graph) = join.graph {
                arguments.push(format!("graph: {}", self.graph(graph)));
            }
            let texts = [
                ("requires", &join.requires),
                ("provides", &join.provides),
                ("type", &join.ty),
                ("override", &join.overrides),
                ("overrideLabel", &join.override_label),
            ];
            for (name, text) in texts {
                arguments.extend(text.as_ref().map(|text| format!("{name}: {}", quoted(text))));
            }
            for (name, on) in [("external", join.external), ("usedOverridden", join.used_overridden)] {
                arguments.extend(on.then(|| format!("{name}: true")));
            }
            if !join.context_arguments.is_empty() {
                arguments.push(format!("contextArguments: [{}]", context_arguments(&join.context_arguments)));
            }
            self.printer.raw(" @join__field");
            if !arguments.is_empty() {
                self.printer.put(format_args!("({})", arguments.join(", ")));
            }
        }
    }
}

fn context_arguments(arguments: &[ContextArgument]) -> String {
    let one = |argument: &ContextArgument| {
        format!(
            "{{context: {}, name: {}, type: {}, selection: {}}}",
            quoted(&argument.context),
            quoted(&argument.name),
            quoted(&argument.ty),
            quoted(&argument.selection)
        )
    };
    arguments.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// Directives other than joins.
fn marks(printer: &mut Printer, marks: &MergedMarks) {
    if let Some(url) = &marks.specified_by {
        printer.put(format_args!(" @specifiedBy(url: {})", quoted(url)));
    }
    for (on, text) in
        [(marks.one_of, " @oneOf"), (marks.inaccessible, " @inaccessible"), (marks.authenticated, " @authenticated")]
    {
        printer.raw(if on { text } else { "" });
    }
    for (name, argument, groups) in
        [("requiresScopes", "scopes", &marks.requires_scopes), ("policy", "policies", &marks.policy)]
    {
        if let Some(groups) = groups {
            printer.put(format_args!(" @{name}({argument}: {})", nested(groups)));
        }
    }
    for tag in &marks.tags {
        printer.put(format_args!(" @tag(name: {})", quoted(tag)));
    }
    for context in &marks.contexts {
        printer.put(format_args!(" @context(name: {})", quoted(context)));
    }
    if let Some(weight) = marks.cost {
        printer.put(format_args!(" @cost(weight: {weight})"));
    }
    if let Some(size) = &marks.list_size {
        list_size(printer, size);
    }
    printer.deprecated(marks.deprecated.as_ref());
    for custom in &marks.custom {
        printer.applied(custom);
    }
}

fn list_size(printer: &mut Printer, size: &ListSize) {
    let mut arguments = Vec::new();
    arguments.extend(size.assumed.map(|assumed| format!("assumedSize: {assumed}")));
    for (name, texts) in [("slicingArguments", &size.slicing_arguments), ("sizedFields", &size.sized_fields)] {
        if !texts.is_empty() {
            let texts: Vec<_> = texts.iter().map(|text| quoted(text)).collect();
            arguments.push(format!("{name}: [{}]", texts.join(", ")));
        }
    }
    arguments.extend((!size.require_one).then(|| "requireOneSlicingArgument: false".to_owned()));
    printer.raw(" @listSize");
    if !arguments.is_empty() {
        printer.put(format_args!("({})", arguments.join(", ")));
    }
}

fn nested(groups: &[Vec<String>]) -> String {
    let group = |group: &Vec<String>| {
        let texts: Vec<_> = group.iter().map(|text| quoted(text)).collect();
        format!("[{}]", texts.join(", "))
    };
    let groups: Vec<_> = groups.iter().map(group).collect();
    format!("[{}]", groups.join(", "))
}
