//! A candidate in the words of a programmer: what the holder is called, how it is reached, which
//! line declares it and which line adds to it.

mod below;
mod callers;
mod lines;
mod path;

use heap::{Analysis, Below, NodeIx, RetainingPaths, Snapshot};
use source::Position;

use crate::evidence::{Snapshots, Sources};
use crate::resources::Resource;
use crate::suspects::telling::{is_telling, made_in, main_class};
use crate::suspects::{Candidate, ClassGrowth};
use crate::verdict::{ClassRate, Holder, Suspect, Unit};
use path::Words;

/// The last two snapshots and the service's texts: what names are made from.
pub(crate) struct Namer<'a> {
    pub(crate) base: &'a Snapshot,
    pub(crate) last: &'a Snapshot,
    pub(crate) analysis: &'a Analysis,
    pub(crate) sources: &'a Sources,
    paths: RetainingPaths<'a>,
    pair: Snapshots<'a>,
}

impl<'a> Namer<'a> {
    pub(crate) fn new(pair: &Snapshots<'a>, sources: &'a Sources) -> Self {
        let Snapshots {
            base,
            last,
            analysis,
            ..
        } = *pair;
        Self {
            base,
            last,
            analysis,
            sources,
            paths: RetainingPaths::of(last),
            pair: *pair,
        }
    }

    pub(crate) fn suspect(&self, rank: usize, candidate: &Candidate) -> Suspect {
        let own_class = self.own_class(candidate);
        let main = own_class.or_else(|| main_class(&candidate.classes));
        let way_up = self.paths.to(candidate.holder).unwrap_or_default();
        let words = Words::of(self, &way_up, candidate.holder);
        let last = (self.last, self.analysis);
        let all_below = main.map(|_| Below::of(self.base, last, candidate.holder));
        let way_to = |class: &ClassGrowth| {
            let way = all_below.as_ref().and_then(|b| b.way_to(&class.class));
            way.unwrap_or_default()
        };
        let (mut bound_below, mut direct) = (None, true);
        if let (Some(class), Some(all_below), true) = (main, &all_below, candidate.of_class) {
            let way_down = way_to(class);
            bound_below = below::bound(self, all_below, &way_down);
            direct = below::is_direct(self, all_below, &way_down);
        }
        let mut nearest: Vec<&ClassGrowth> = candidate.classes.iter().collect();
        nearest.sort_by_key(|class| class.depth);
        let own = self.class(candidate.holder);
        let nearest = nearest.iter().map(|class| class.class.as_str());
        let nearest: Vec<&str> = std::iter::once(own.as_str()).chain(nearest).collect();
        let growing = lines::Growing {
            binding: &words.binding,
            below: bound_below.as_ref(),
            direct,
            classes: &nearest,
            of_class: candidate.of_class,
            inside: candidate.inside,
        };
        let places = lines::places(self, &growing);
        let made = places.writer.as_ref().filter(|_| !candidate.of_class);
        let main = made
            .and_then(|line| made_in(&line.text, &candidate.classes))
            .or(main);
        let mut told = words.steps;
        told.extend(main.map_or_else(Vec::new, |class| below::words(self, &way_to(class))));
        let rate = main.map_or(&candidate.gains, |class| &class.rate);
        Suspect {
            rank,
            class: match main {
                Some(class) => self.growing_class(&class.class),
                None if candidate.in_bytes => self.class(candidate.holder),
                None => "number".to_owned(),
            },
            per_session: rate.per_session,
            per_round: rate.per_round.clone(),
            bytes_per_session: candidate.bytes_per_session,
            in_bytes: candidate.in_bytes,
            unit: candidate.unit.as_ref().map(|(name, rate)| Unit {
                name: name.clone(),
                gains: rate.per_session,
            }),
            gains_per_second: None,
            classes: candidate
                .classes
                .iter()
                .map(|c| self.class_rate(c))
                .collect(),
            holder: Holder {
                class: own.clone(),
                name: words.binding.name().map(str::to_owned),
                id: self.last.node_id(candidate.holder).0,
                gains_per_session: own_class.map_or(&candidate.gains, |c| &c.rate).per_session,
            },
            path_text: told.join(" \u{2500} "),
            path: told,
            mechanism: words.binding.mechanism(&own),
            grade: candidate.grade,
            source: places.source,
            writer: places.writer,
            in_package: places.in_package,
            package: places.package,
            isolate: recording::MAIN.into(),
            isolates: Vec::new(),
            accepted: None,
            proof: None,
            cut: crate::proof::cut(&self.pair, candidate.holder),
        }
    }

    /// What an object has in common with its counterparts in other isolates: its class, and the
    /// name that it is known by, or else the way to it.
    pub(crate) fn key(&self, node: NodeIx) -> String {
        let way_up = self.paths.to(node).unwrap_or_default();
        let words = Words::of(self, &way_up, node);
        let class = self.class(node);
        match words.binding.name() {
            Some(name) => format!("{class} `{name}`"),
            None => format!("{class}: {}", words.steps.join(" ")),
        }
    }

    /// Whether the text tells of a bound that the holder may have: see
    /// [`source::SourceFile::may_be_bounded`].
    pub(crate) fn may_be_bounded(&self, candidate: &Candidate) -> bool {
        let way_up = self.paths.to(candidate.holder).unwrap_or_default();
        let words = Words::of(self, &way_up, candidate.holder);
        lines::may_be_bounded(self, &words.binding)
    }

    /// An object's class as it is said: `{a, b}` becomes `Object {a, b}`.
    pub(crate) fn class(&self, node: NodeIx) -> String {
        let class = self.analysis.class_name(self.analysis.class_of(node));
        if class.starts_with('{') {
            format!("Object {class}")
        } else {
            self.original_class(class, node)
        }
    }

    fn class_rate(&self, class: &ClassGrowth) -> ClassRate {
        ClassRate {
            class: self.growing_class(&class.class),
            per_session: class.rate.per_session,
        }
    }

    /// What the authors called a class, where a build made its name short. `object` is one of it.
    fn original_class(&self, class: &str, object: NodeIx) -> String {
        let original = self.last.location(object).and_then(|at| {
            let script = self.sources.script(at.script_id)?;
            let start = Position {
                line: at.line,
                column: at.column,
            };
            self.sources.function(script, start, class)
        });
        original.unwrap_or_else(|| class.to_owned())
    }

    /// The same for a class of which objects pile up.
    fn growing_class(&self, class: &str) -> String {
        let is_named = is_telling(class) && self.sources.have_maps();
        let last = (self.last, self.analysis);
        is_named
            .then(|| heap::example_of_class(self.base, last, class))
            .flatten()
            .map_or_else(
                || class.to_owned(),
                |object| self.original_class(class, object),
            )
    }

    /// Where classes pile up and no object is seen to gain them: the nearest that the service's
    /// authors wrote.
    fn own_class<'c>(&self, candidate: &'c Candidate) -> Option<&'c ClassGrowth> {
        let last = (self.last, self.analysis);
        let is_own = |class: &&ClassGrowth| {
            let object = heap::example_of_class(self.base, last, &class.class);
            let at = object.and_then(|object| self.last.location(object));
            let script = at.and_then(|at| self.sources.script(at.script_id));
            script.is_some_and(|script| !script.is_of_package())
        };
        let classes = candidate.classes.iter().filter(|_| candidate.of_class);
        let named = classes.filter(|class| is_telling(&class.class));
        named.filter(is_own).min_by_key(|class| class.depth)
    }
}

/// What the kernel counts for the process, as a suspect: no object of the heap holds it.
pub(crate) fn of_resource(rank: usize, resource: &Resource, sources: &Sources) -> Suspect {
    let noun = resource.noun;
    let (writer, package) = lines::opening(sources, noun);
    let path = vec!["process".to_owned(), format!("open {noun}s")];
    Suspect {
        rank,
        class: noun.to_owned(),
        per_session: resource.gains.per_session,
        per_round: resource.gains.per_round.clone(),
        bytes_per_session: 0.0,
        in_bytes: false,
        unit: None,
        gains_per_second: None,
        classes: Vec::new(),
        holder: Holder {
            class: "process".into(),
            name: Some(format!("open {noun}s")),
            id: 0,
            gains_per_session: resource.gains.per_session,
        },
        path_text: path.join(" \u{2500} "),
        path,
        mechanism: format!("{noun}s that are opened and never closed"),
        grade: resource.grade,
        source: writer.clone(),
        writer,
        in_package: None,
        package,
        isolate: recording::MAIN.into(),
        isolates: Vec::new(),
        accepted: None,
        proof: None,
        cut: recording::Cut::default(),
    }
}
