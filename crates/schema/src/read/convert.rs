//! A checked document as a type.
//!
//! The checks have been made; what is still not as expected gives no document, never a panic.

use std::sync::Arc;
use std::time::Duration;

use model::{
    ApplicationName, ClusterName, Delivery, FanOut, FileId, GroupPath, NameError, NamespaceName,
    Scalar, ScalarKind, Span,
};

use crate::document::{
    ApplicationDocument, ClusterDocument, Cover, Document, ExpressionText, FleetDocument,
    FluxLayout, GroupDocument, Kind, LayoutDocument, Metadata, NamespaceDocument, Override, Pairs,
    RoleDocument, Rule, Spanned, Verb, Vocabulary,
};
use crate::shape::syntax::{parse_allow, parse_duration, parse_percent, parse_subject};
use crate::yaml::{Content, Node, Style};

/// For how long a site may hold back a release, unless the fleet says otherwise.
const MAX_HOLD: Duration = Duration::from_secs(24 * 3_600);

/// Converts a document that was checked against the table of its kind.
pub(super) fn document(file: FileId, kind: Kind, node: &Node) -> Option<Document> {
    let root = Part { file, node: Some(node) };
    Some(match kind {
        Kind::Fleet => Document::Fleet(fleet(root)?),
        Kind::Cluster => Document::Cluster(Arc::new(cluster(root)?)),
        Kind::Group => Document::Group(group(root)?),
        Kind::Namespace => Document::Namespace(namespace(root)?),
        Kind::Application => Document::Application(application(root)?),
        Kind::Role => Document::Role(role(root)?),
    })
}

/// A part of a document, which may not be there.
#[derive(Clone, Copy)]
struct Part<'a> {
    file: FileId,
    node: Option<&'a Node>,
}

impl<'a> Part<'a> {
    fn get(self, name: &str) -> Self {
        let node = self.node.and_then(|node| node.get(name)).filter(|node| !node.is_null());
        Self { file: self.file, node }
    }

    fn span(self) -> Span {
        self.node.map_or(Span::new(self.file, 0, 0), |node| {
            Span::new(self.file, node.range.start, node.range.end)
        })
    }

    fn str(self) -> Option<&'a str> {
        self.node?.as_str()
    }

    fn text(self) -> Option<Spanned<Box<str>>> {
        Some(Spanned::new(self.str()?.into(), self.span()))
    }

    fn parse<T>(self, parse: impl Fn(&str) -> Option<T>) -> Option<Spanned<T>> {
        Some(Spanned::new(parse(self.str()?)?, self.span()))
    }

    /// A scalar with its kind.
    fn scalar(self) -> Option<Spanned<Scalar>> {
        let node = self.node?;
        let Content::Scalar { text, .. } = &node.content else { return None };
        Some(Spanned::new(Scalar { text: text.clone(), kind: node.scalar_kind()? }, self.span()))
    }

    /// An expression; its span leaves simple quotes out, so that offsets in the text are places
    /// in the file.
    fn expression(self) -> Option<ExpressionText> {
        let mut expression = self.text()?;
        let range = &self.node?.range;
        let quoted = matches!(
            &self.node?.content,
            Content::Scalar { style: Style::Single | Style::Double, .. }
        );
        if quoted && range.len() == expression.value.len() + 2 {
            expression.span = Span::new(self.file, range.start + 1, range.end - 1);
        }
        Some(expression)
    }

    fn items(self) -> impl Iterator<Item = Part<'a>> {
        let items = self.node.and_then(Node::items).unwrap_or_default();
        items.iter().map(move |node| Part { file: self.file, node: Some(node) })
    }

    fn list<T>(self, parse: impl Fn(&str) -> Option<T>) -> Option<Vec<Spanned<T>>> {
        self.items().map(|item| item.parse(&parse)).collect()
    }

    fn entries(self) -> impl Iterator<Item = (Part<'a>, Part<'a>)> {
        let pairs = self.node.and_then(Node::pairs).unwrap_or_default();
        pairs.iter().map(move |(key, value)| {
            let part = |node| Part { file: self.file, node: Some(node) };
            (part(key), part(value))
        })
    }

    /// Values: each keeps its kind.
    fn values(self) -> Option<Pairs> {
        self.entries().map(|(key, value)| Some((key.text()?, value.scalar()?))).collect()
    }

    /// Labels and quantities: strings, whatever they look like.
    fn strings(self) -> Option<Pairs> {
        let mut pairs = self.values()?;
        for (_, scalar) in &mut pairs {
            scalar.value.kind = ScalarKind::String;
        }
        Some(pairs)
    }

    fn flag(self) -> bool {
        matches!(self.str(), Some("true" | "True" | "TRUE"))
    }
}

fn name<N>(parse: fn(&str) -> Result<N, NameError>) -> impl Fn(&str) -> Option<N> {
    move |text| parse(text).ok()
}

fn metadata<N>(root: Part<'_>, parse: fn(&str) -> Result<N, NameError>) -> Option<Metadata<N>> {
    let metadata = root.get("metadata");
    Some(Metadata {
        name: metadata.get("name").parse(name(parse))?,
        former: metadata.get("formerName").parse(name(parse)),
        labels: metadata.get("labels").strings()?,
        span: root.span(),
    })
}

fn cluster(root: Part<'_>) -> Option<ClusterDocument> {
    let spec = root.get("spec");
    Some(ClusterDocument {
        metadata: metadata(root, ClusterName::parse)?,
        description: spec.get("description").scalar(),
        groups: spec.get("groups").list(name(GroupPath::parse))?,
        time_zone: spec.get("timeZone").scalar(),
        values: spec.get("values").values()?,
        capacity: spec.get("capacity").strings()?,
        agent_keys: spec.get("agent").get("keys").list(|key| Some(key.into()))?,
        decommission: spec.get("decommission").flag(),
    })
}

fn group(root: Part<'_>) -> Option<GroupDocument> {
    let (metadata, spec) = (root.get("metadata"), root.get("spec"));
    let parent = spec.get("parent").parse(name(GroupPath::parse));
    let above = parent.as_ref().map_or("", |parent| parent.value.as_str());
    let path = |last: &str| GroupPath::parse(&format!("{above}/{last}")).ok();
    Some(GroupDocument {
        metadata: Metadata {
            name: metadata.get("name").parse(path)?,
            former: metadata.get("formerPath").parse(name(GroupPath::parse)),
            labels: metadata.get("labels").strings()?,
            span: root.span(),
        },
        description: spec.get("description").scalar(),
        parent,
        clusters: spec.get("clusters").expression(),
        values: spec.get("values").values()?,
    })
}

fn overrides(part: Part<'_>) -> Option<Vec<Override>> {
    let one = |item: Part<'_>| {
        Some(Override {
            clusters: item.get("clusters").expression()?,
            values: item.get("values").values()?,
        })
    };
    part.items().map(one).collect()
}

fn namespace(root: Part<'_>) -> Option<NamespaceDocument> {
    let spec = root.get("spec");
    Some(NamespaceDocument {
        metadata: metadata(root, NamespaceName::parse)?,
        description: spec.get("description").scalar(),
        clusters: spec.get("clusters").expression(),
        values: spec.get("values").values()?,
        overrides: overrides(spec.get("overrides"))?,
        capacity: spec.get("capacity").strings()?,
        allow: spec.get("allow").list(parse_allow)?,
    })
}

fn application(root: Part<'_>) -> Option<ApplicationDocument> {
    let spec = root.get("spec");
    Some(ApplicationDocument {
        metadata: metadata(root, ApplicationName::parse)?,
        description: spec.get("description").scalar(),
        namespace: spec.get("namespace").parse(name(NamespaceName::parse))?,
        template: spec.get("template").text()?,
        version: spec.get("version").text(),
        owner: spec.get("owner").scalar(),
        clusters: spec.get("clusters").expression(),
        values: spec.get("values").values()?,
        overrides: overrides(spec.get("overrides"))?,
        depends_on: spec.get("dependsOn").list(name(ApplicationName::parse))?,
    })
}

fn role(root: Part<'_>) -> Option<RoleDocument> {
    let (spec, any) = (root.get("spec"), |text: &str| Ok::<_, NameError>(text.into()));
    let approvals = spec.get("approvals");
    Some(RoleDocument {
        metadata: metadata(root, any)?,
        subjects: spec.get("subjects").list(parse_subject)?,
        rules: spec.get("rules").items().map(rule).collect::<Option<_>>()?,
        approvals: approvals.get("count").str().map_or(Some(0), |count| count.parse().ok())?,
        not_author: approvals.get("notAuthor").node.is_none() || approvals.get("notAuthor").flag(),
    })
}

fn rule(part: Part<'_>) -> Option<Rule> {
    let verbs = part.get("verbs").list(Verb::parse)?;
    let kinds = part.get("kinds").list(Kind::parse)?;
    Some(Rule {
        verbs: verbs.into_iter().map(|verb| verb.value).collect(),
        kinds: kinds.into_iter().map(|kind| kind.value).collect(),
        groups: cover(part.get("groups"), name(GroupPath::parse))?,
        namespaces: cover(part.get("namespaces"), name(NamespaceName::parse))?,
    })
}

fn cover<T>(part: Part<'_>, parse: impl Fn(&str) -> Option<T>) -> Option<Cover<Spanned<T>>> {
    match part.str() {
        Some("all") => Some(Cover::All),
        _ => part.list(parse).map(Cover::Only),
    }
}

fn fleet(root: Part<'_>) -> Option<FleetDocument> {
    let (metadata, spec) = (root.get("metadata"), root.get("spec"));
    let deletions = spec.get("budgets").get("deletions").str();
    Some(FleetDocument {
        name: metadata.get("name").text()?,
        uid: metadata.get("uid").parse(|text| text.parse().ok()),
        engine: spec.get("engine").str().map_or(Some(1), |engine| engine.parse().ok())?,
        vocabulary: vocabulary(spec.get("labels"))?,
        values: spec.get("values").values()?,
        layout: layout(spec.get("layout")),
        delivery: delivery(spec.get("delivery"))?,
        deletion_budget_ppm: deletions.map_or(Some(10_000), parse_percent)?,
        max_hold: spec.get("maxHold").str().map_or(Some(MAX_HOLD), parse_duration)?,
    })
}

fn vocabulary(part: Part<'_>) -> Option<Option<Vocabulary>> {
    if part.node.is_none() {
        return Some(None);
    }
    let one = |(key, values): (Part<'_>, Part<'_>)| {
        let values = match values.str() {
            Some(_) => None,
            None => Some(values.list(|value| Some(value.into()))?),
        };
        Some((key.text()?, values))
    };
    part.entries().map(one).collect::<Option<_>>().map(Some)
}

fn layout(part: Part<'_>) -> LayoutDocument {
    let is_flux = part.node.is_some_and(|node| node.get("flux").is_some());
    if !is_flux {
        return LayoutDocument::Manifests;
    }
    let flux = part.get("flux");
    LayoutDocument::Flux(FluxLayout {
        bootstrap: flux.get("bootstrap").text(),
        source: flux.get("source").str().unwrap_or("flux-system").into(),
        compatibility_0_20: flux.get("compatibility").node.is_some(),
        lint: flux.get("lint").flag(),
    })
}

fn delivery(part: Part<'_>) -> Option<Spanned<Delivery>> {
    let directory = part.get("directory");
    if directory.node.is_none() {
        return Some(Spanned::new(Delivery::Branches, part.span()));
    }
    let fan_out = match directory.get("fanOut").str() {
        Some("hex2") => FanOut::Hex2,
        _ => FanOut::None,
    };
    let delivery = Delivery::Directory {
        branch: directory.get("branch").str()?.to_owned(),
        path: directory.get("path").str().unwrap_or("").to_owned(),
        fan_out,
    };
    Some(Spanned::new(delivery, part.span()))
}
