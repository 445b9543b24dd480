//! Sets of subgraphs that mostly fit together: a small world of entities is drawn first, then each subgraph draws its
//! part of that world, with now and then a mistake.

use std::collections::{BTreeMap, BTreeSet};

use reel_composition::Subgraph;

use crate::chance::Chance;

const SCALARS: [&str; 5] = ["Int", "String", "ID", "Boolean", "Float"];

const LINK: &str = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.9\", import: [\"@key\", \
                    \"@requires\", \"@provides\", \"@external\", \"@tag\", \"@inaccessible\", \"@override\", \
                    \"@shareable\", \"@authenticated\", \"@requiresScopes\", \"@cost\", \"@listSize\", \
                    \"@interfaceObject\"])\n\n";

/// What all subgraphs of a set agree on, more or less.
struct World {
    subgraphs: Vec<&'static str>,
    entities: BTreeMap<String, Entity>,
    values: BTreeMap<String, Vec<(String, String)>>,
    has_interface: bool,
    has_union: bool,
    has_enum: bool,
    has_input: bool,
}

struct Entity {
    keys: Vec<&'static str>,
    fields: Vec<Field>,
}

struct Field {
    name: String,
    ty: String,
    /// The named type inside.
    base: String,
    arguments: String,
    owner: usize,
    shared: bool,
}

impl Field {
    fn is_leaf(&self) -> bool {
        SCALARS.contains(&self.base.as_str())
    }

    /// Whether another subgraph may name it in a field set.
    fn is_selectable_from(&self, subgraph: usize) -> bool {
        self.owner != subgraph && self.is_leaf() && self.arguments.is_empty()
    }
}

/// The set of a seed, always the same.
pub(crate) fn subgraphs(seed: u64) -> Vec<Subgraph> {
    let mut chance = Chance::new(seed);
    let world = World::draw(&mut chance);
    (0..world.subgraphs.len())
        .map(|number| {
            let name = world.subgraphs[number];
            let sdl = Part::new(&world, number, &mut chance).draw();
            Subgraph { name: name.to_owned(), url: Some(format!("http://{name}.test/graphql")), sdl }
        })
        .collect()
}

impl World {
    fn draw(chance: &mut Chance) -> Self {
        let subgraphs = ["a", "b", "c", "d"][..2 + chance.below(3)].to_vec();
        let entity_names: Vec<_> = (0..=chance.below(3)).map(|number| format!("E{number}")).collect();
        let value_names: Vec<_> = (0..chance.below(3)).map(|number| format!("V{number}")).collect();
        let mut entities = BTreeMap::new();
        for name in &entity_names {
            let count = 2 + chance.below(4);
            let owners = subgraphs.len();
            let fields = (0..count).map(|number| field(chance, number, &entity_names, &value_names, owners)).collect();
            let keys = if chance.percent(70) { vec!["id"] } else { vec!["id", "k"] };
            entities.insert(name.clone(), Entity { keys, fields });
        }
        let mut values = BTreeMap::new();
        for name in value_names {
            let count = 1 + chance.below(3);
            let fields = (0..count).map(|number| (format!("v{number}"), scalar(chance, 30))).collect();
            values.insert(name, fields);
        }
        let [has_interface, has_union, has_enum, has_input] = [(); 4].map(|()| chance.percent(40));
        Self { subgraphs, entities, values, has_interface, has_union, has_enum, has_input }
    }
}

fn scalar(chance: &mut Chance, non_null: usize) -> String {
    format!("{}{}", chance.pick(&SCALARS), chance.maybe(non_null, "!"))
}

fn field(chance: &mut Chance, number: usize, entities: &[String], values: &[String], owners: usize) -> Field {
    let base = match chance.below(10) {
        0..=5 => (*chance.pick(&SCALARS)).to_owned(),
        6 | 7 => chance.pick(entities).clone(),
        _ if !values.is_empty() => chance.pick(values).clone(),
        _ => "Int".to_owned(),
    };
    let listed = if chance.percent(20) { format!("[{base}{}]", chance.maybe(50, "!")) } else { base.clone() };
    let ty = listed + &chance.maybe(25, "!");
    let owner = chance.below(owners);
    let shared = chance.percent(20);
    let arguments = match chance.below(25) {
        0 => "(x: Int = 0)",
        1 => "(x: Int = 1)",
        2 => "(x: Int!)",
        3 | 4 => "(x: Int)",
        _ => "",
    };
    Field { name: format!("f{number}"), ty, base, arguments: arguments.to_owned(), owner, shared }
}

/// One subgraph's part of the world, while it is drawn.
struct Part<'w, 'c> {
    world: &'w World,
    number: usize,
    chance: &'c mut Chance,
    /// Types that are needed and not drawn yet.
    wanted: Vec<String>,
    drawn: BTreeMap<String, Drawn>,
    /// Leaves of other subgraphs that field sets name, by entity.
    mentions: BTreeMap<String, BTreeSet<String>>,
}

enum Drawn {
    Value(String),
    Entity { keys: Vec<&'static str>, lines: Vec<String>, declared: BTreeSet<String> },
}

impl<'w, 'c> Part<'w, 'c> {
    fn new(world: &'w World, number: usize, chance: &'c mut Chance) -> Self {
        let wanted = world.entities.keys().filter(|_| chance.percent(75)).cloned().collect();
        Self { world, number, chance, wanted, drawn: BTreeMap::new(), mentions: BTreeMap::new() }
    }

    fn draw(mut self) -> String {
        while let Some(name) = self.wanted.pop() {
            if self.drawn.contains_key(&name) {
                continue;
            }
            let drawn = match self.world.entities.get(&name) {
                Some(entity) => self.entity(&name, entity),
                None => self.value(&name),
            };
            self.drawn.insert(name, drawn);
        }
        let mut sdl = LINK.to_owned();
        let mut queries = Vec::new();
        let types: Vec<_> = std::mem::take(&mut self.drawn).into_iter().collect();
        let mut implemented = false;
        for (name, drawn) in &types {
            let (text, implements) = self.definition(name, drawn);
            sdl += &text;
            implemented |= implements;
        }
        let number = self.number;
        if implemented {
            sdl += "interface Node { id: ID! }\n\n";
            queries.push(format!("n{number}: Node"));
            if self.chance.percent(20) {
                queries.push("node: Node @shareable".to_owned());
            }
        }
        let names: Vec<_> = types.into_iter().map(|(name, _)| name).collect();
        self.abstract_and_inputs(&names, &mut sdl, &mut queries);
        for name in &names {
            if self.chance.percent(60) {
                let ty =
                    if self.chance.percent(30) { format!("[{name}] @listSize(assumedSize: 9)") } else { name.clone() };
                queries.push(format!("q{number}{name}: {ty}"));
            }
        }
        if self.chance.percent(10) {
            queries.push(format!("both: Int{}", self.chance.maybe(70, " @shareable")));
        }
        if queries.is_empty() && number == 0 {
            queries.push("only: Int".to_owned());
        }
        if !queries.is_empty() {
            sdl += &format!("type Query {{\n  {}\n}}\n", queries.join("\n  "));
        }
        sdl
    }

    fn value(&mut self, name: &str) -> Drawn {
        let fields = &self.world.values[name];
        let mut lines: Vec<_> = Vec::new();
        for (field, ty) in fields {
            if self.chance.percent(7) {
                continue;
            }
            let ty = match self.chance.below(100) {
                0..=3 => scalar(self.chance, 0),
                4..=13 => ty.replace('!', ""),
                _ => ty.clone(),
            };
            lines.push(format!("  {field}: {ty}"));
        }
        if lines.is_empty() {
            lines.push(format!("  v0: {}", fields[0].1));
        }
        let shareable = self.chance.maybe(95, "@shareable ");
        Drawn::Value(format!("type {name} {shareable}{{\n{}\n}}\n\n", lines.join("\n")))
    }

    fn entity(&mut self, name: &str, entity: &'w Entity) -> Drawn {
        let mut keys =
            if self.chance.percent(90) { vec![*self.chance.pick(&entity.keys)] } else { entity.keys.clone() };
        if self.chance.percent(30) {
            keys.extend(&entity.keys);
        }
        keys.sort_unstable();
        keys.dedup();
        let mut lines: Vec<_> = keys.iter().map(|key| format!("  {key}: ID!")).collect();
        let mut declared = BTreeSet::new();
        for field in &entity.fields {
            if field.owner == self.number || field.shared && self.chance.percent(50) {
                let line = self.field(name, entity, field);
                lines.push(line);
                declared.insert(field.name.clone());
                if !field.is_leaf() {
                    self.wanted.push(field.base.clone());
                }
            }
        }
        Drawn::Entity { keys, lines, declared }
    }

    fn field(&mut self, owner: &str, entity: &Entity, field: &Field) -> String {
        let mut line = format!("  {}{}: {}", field.name, field.arguments, field.ty);
        line += &self.marks(field);
        if self.chance.percent(3) {
            let from = self.chance.pick(&self.world.subgraphs);
            let label = self.chance.maybe(30, ", label: \"percent(10)\"");
            line += &format!(" @override(from: \"{from}\"{label})");
        }
        if self.chance.percent(15) {
            let others: Vec<_> = entity.fields.iter().filter(|it| it.is_selectable_from(self.number)).collect();
            if let Some(other) = (!others.is_empty()).then(|| self.chance.pick(&others)) {
                line += &format!(" @requires(fields: \"{}\")", other.name);
                self.mention(owner, &other.name);
            }
        }
        let target = self.world.entities.get(&field.base);
        if let Some(target) = target.filter(|_| self.chance.percent(15)) {
            let others: Vec<_> = target.fields.iter().filter(|it| it.is_selectable_from(self.number)).collect();
            if let Some(other) = (!others.is_empty()).then(|| self.chance.pick(&others)) {
                line += &format!(" @provides(fields: \"{}\")", other.name);
                self.mention(&field.base, &other.name);
            }
        }
        line
    }

    fn marks(&mut self, field: &Field) -> String {
        let shared = field.owner != self.number || field.shared;
        let mut marks =
            if shared { self.chance.maybe(95, " @shareable") } else { self.chance.maybe(6, " @inaccessible") };
        let number = self.chance.below(3);
        marks += &self.chance.maybe(5, format!(" @tag(name: \"t{number}\")"));
        marks += &self.chance.maybe(6, " @authenticated");
        marks += &self.chance.maybe(5, " @requiresScopes(scopes: [[\"x\"]])");
        marks += &self.chance.maybe(5, format!(" @deprecated(reason: \"r{number}\")"));
        marks += &self.chance.maybe(5, format!(" @cost(weight: {number})"));
        marks
    }

    fn mention(&mut self, entity: &str, field: &str) {
        self.mentions.entry(entity.to_owned()).or_default().insert(field.to_owned());
    }

    /// The text of a type, and whether it implements the interface.
    fn definition(&mut self, name: &str, drawn: &Drawn) -> (String, bool) {
        let (keys, lines, declared) = match drawn {
            Drawn::Value(text) => return (text.clone(), false),
            Drawn::Entity { keys, lines, declared } => (keys, lines, declared),
        };
        let mut lines = lines.clone();
        for mention in self.mentions.get(name).into_iter().flatten().filter(|it| !declared.contains(*it)) {
            let field = self.world.entities[name].fields.iter().find(|field| field.name == **mention);
            let ty = &field.expect("a mention is of a field").ty;
            lines.push(format!("  {mention}: {ty} @external"));
        }
        let implements =
            self.world.has_interface && keys.contains(&"id") && declared.contains("f0") && self.chance.percent(70);
        let extend = self.chance.maybe(15, "extend ");
        let node = if implements { " implements Node" } else { "" };
        let has_keys = self.chance.percent(93);
        let mut keyed = String::new();
        for key in keys.iter().filter(|_| has_keys) {
            let resolvable = self.chance.maybe(5, ", resolvable: false");
            keyed += &format!(" @key(fields: \"{key}\"{resolvable})");
        }
        (format!("{extend}type {name}{node}{keyed} {{\n{}\n}}\n\n", lines.join("\n")), implements)
    }

    fn abstract_and_inputs(&mut self, names: &[String], sdl: &mut String, queries: &mut Vec<String>) {
        let number = self.number;
        if self.world.has_union && names.len() > 1 {
            let mut members: Vec<_> = names.iter().filter(|_| self.chance.percent(80)).map(String::as_str).collect();
            if members.is_empty() {
                members.push(&names[0]);
            }
            *sdl += &format!("union U = {}\n\n", members.join(" | "));
            queries.push(format!("u{number}: U"));
        }
        if self.world.has_enum {
            let (b, c) = (self.chance.maybe(80, " B"), self.chance.maybe(30, " C"));
            *sdl += &format!("enum En {{ A{b}{c} }}\n\n");
            if self.chance.percent(40) {
                queries.push(format!("eo{number}: En"));
            }
            if self.chance.percent(30) {
                queries.push(format!("ei{number}(e: En): Int"));
            }
        }
        if self.world.has_input {
            let default = self.chance.below(2);
            let (required, default) = (self.chance.maybe(20, "!"), self.chance.maybe(20, format!(" = {default}")));
            let (b, c) = (self.chance.maybe(70, " b: String"), self.chance.maybe(20, " c: ID!"));
            *sdl += &format!("input In {{ a: Int{required}{default}{b}{c} }}\n\n");
            let required = self.chance.maybe(20, "!");
            queries.push(format!("i{number}(i: In{required}): Int"));
        }
    }
}
