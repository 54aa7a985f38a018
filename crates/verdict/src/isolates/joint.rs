//! Isolates that run the same script, judged as one.
//!
//! V8's ids mean nothing in another isolate: an object's counterpart there is the one of the same
//! class that is known by the same name, or is reached by the same way. What counterparts gained is
//! added up under the id that one of them has in the isolate that is *shown*: the one that gained
//! most. Its snapshots give names and paths.

use std::collections::{BTreeMap, HashMap, HashSet};

use heap::{ClassGrowth, Dragged, Growth, HolderGrowth, NodeId, RetainedGrowth};
use recording::{ContainerSize, IsolateFacts, Recording, Stage};

use super::{Isolate, Part};
use crate::naming::Namer;
use crate::{Evidence, Snapshots, Sources, Suspect};

/// What an object has in common with its counterparts.
type Key = String;

/// One of several isolates that are judged as one, by what grew in it.
#[derive(Debug)]
pub struct Member {
    isolate: Isolate,
    growth: Vec<(Stage, Growth)>,
    keys: HashMap<NodeId, Key>,
}

impl Member {
    /// From what grew in an isolate, and its last two snapshots.
    #[must_use]
    pub fn of(
        recording: &Recording,
        facts: &IsolateFacts,
        growth: Vec<(Stage, Growth)>,
        snapshots: Option<Snapshots<'_>>,
    ) -> Self {
        let of_growth = growth.iter().flat_map(|(_, growth)| {
            let holders = growth.holders.iter().map(|holder| holder.id);
            holders.chain(growth.retained.iter().map(|retained| retained.id))
        });
        let containers = recording.stages.iter();
        let containers = containers.flat_map(|stage| stage.containers_of(&facts.name));
        let ids = of_growth.chain(containers.map(|container| NodeId(container.id)));
        let ids: HashSet<NodeId> = ids.collect();
        let keys = snapshots.map_or_else(HashMap::new, |pair| {
            let sources = Sources::default();
            let namer = Namer::new(&pair, &sources);
            let key = |id| Some((id, namer.key(pair.last.node_by_id(id)?)));
            ids.into_iter().filter_map(key).collect()
        });
        Self {
            isolate: Isolate::of(facts, recording),
            growth,
            keys,
        }
    }

    fn rounds(&self) -> impl Iterator<Item = &Growth> {
        let rounds = self.growth.iter();
        rounds.filter_map(|(stage, growth)| matches!(stage, Stage::Round(_)).then_some(growth))
    }

    /// What the objects with this key gained over all rounds.
    fn gained(&self, key: &str) -> i64 {
        let holders = self.rounds().flat_map(|growth| &growth.holders);
        let with_key = holders.filter(|h| self.keys.get(&h.id).is_some_and(|k| k == key));
        with_key.map(HolderGrowth::net).sum()
    }

    /// By how many objects a class grew over all rounds.
    fn grew(&self, class: &str) -> i64 {
        let classes = self.rounds().flat_map(|growth| &growth.classes);
        let of_class = classes.filter(|growth| growth.class == class);
        of_class.map(|growth| growth.delta).sum()
    }
}

/// Several isolates as one.
#[derive(Debug)]
pub struct Joint {
    members: Vec<Member>,
    shown: usize,
    recording: Recording,
    growth: Vec<(Stage, Growth)>,
}

impl Joint {
    /// The members as one: there is at least one, and all were read in the same stages.
    #[must_use]
    pub fn of(recording: &Recording, members: Vec<Member>) -> Self {
        let names: Vec<&str> = members.iter().map(|m| m.isolate.name.as_str()).collect();
        let mut view = recording.seen_by(&names);
        let shown = shown(&members);
        let ids = members.get(shown).map(ids_by_key).unwrap_or_default();
        let stages = members.iter().map(|m| m.growth.len()).min().unwrap_or(0);
        let growth = (0..stages).map(|at| {
            let of_members = members.iter().map(|m| (m, &m.growth[at].1));
            (members[shown].growth[at].0, added_up(of_members, &ids))
        });
        let growth = growth.collect();
        for (seen, stage) in view.stages.iter_mut().zip(&recording.stages) {
            let sizes = members
                .iter()
                .map(|m| (m, stage.containers_of(&m.isolate.name)));
            seen.containers = containers(sizes, &ids);
        }
        Self {
            members,
            shown,
            recording: view,
            growth,
        }
    }

    /// The name of the isolate whose last two snapshots [`Joint::judge`] wants.
    #[must_use]
    pub fn shown(&self) -> &str {
        &self.members[self.shown].isolate.name
    }

    /// Judges all members together.
    #[must_use]
    pub fn judge(&self, snapshots: Option<Snapshots<'_>>, sources: &Sources) -> Part {
        let bytes = |growth: Option<&Growth>| growth.map_or(0, |growth| growth.cohort_bytes) as f64;
        let of_shown = bytes(self.members[self.shown].rounds().last());
        let of_all: f64 = self.members.iter().map(|m| bytes(m.rounds().last())).sum();
        let share = if of_all > 0.0 { of_shown / of_all } else { 1.0 };
        let verdict = crate::judge(&Evidence {
            recording: &self.recording,
            growth: &self.growth,
            snapshots: snapshots.map(|pair| Snapshots { share, ..pair }),
            sources,
        });
        let isolates = self.members.iter().map(|m| m.isolate.clone()).collect();
        Part::new(isolates, verdict, |suspect| self.homes(suspect))
    }

    /// The members in which something leaks: those whose part of it grew.
    fn homes(&self, suspect: &Suspect) -> Vec<Isolate> {
        let key = self.members[self.shown]
            .keys
            .get(&NodeId(suspect.holder.id));
        let by_holder = |m: &Member| key.map_or(0, |key| m.gained(key));
        let by_class = |m: &Member| m.grew(&suspect.class);
        let that_grew = |growth: &dyn Fn(&Member) -> i64| -> Vec<Isolate> {
            let grew = self.members.iter().filter(|m| growth(m) > 0);
            grew.map(|m| m.isolate.clone()).collect()
        };
        [&by_holder as &dyn Fn(&Member) -> i64, &by_class]
            .into_iter()
            .map(that_grew)
            .find(|homes| !homes.is_empty())
            .unwrap_or_else(|| that_grew(&|_| 1))
    }
}

/// The member that gained most of what all together gain in every round; of the bytes that were
/// left behind, if nothing does.
fn shown(members: &[Member]) -> usize {
    let mut rounds: BTreeMap<(&str, usize), i64> = BTreeMap::new();
    for member in members {
        for (number, growth) in member.rounds().enumerate() {
            for holder in &growth.holders {
                if let Some(key) = member.keys.get(&holder.id) {
                    *rounds.entry((key, number)).or_default() += holder.net();
                }
            }
        }
    }
    let n_rounds = members
        .iter()
        .map(|m| m.rounds().count())
        .min()
        .unwrap_or(0);
    let always_grows = |key: &str| {
        let mut gained = (0..n_rounds).map(|number| rounds.get(&(key, number)));
        gained.all(|gained| gained.is_some_and(|&gained| gained > 0))
    };
    let weight = |member: &Member| {
        let Some(last) = member.rounds().last() else {
            return (0, 0);
        };
        let telling = last.holders.iter().filter(|holder| {
            let key = member.keys.get(&holder.id);
            key.is_some_and(|key| always_grows(key))
        });
        let telling: u64 = telling.map(|holder| holder.dragged_bytes).sum();
        (telling, last.cohort_bytes)
    };
    let heaviest = members.iter().enumerate().max_by_key(|(_, m)| weight(m));
    heaviest.map_or(0, |(at, _)| at)
}

/// For each key the object that has it; the one that gained most, of several.
fn ids_by_key(member: &Member) -> HashMap<Key, NodeId> {
    let mut gained: HashMap<NodeId, u64> = HashMap::new();
    for holder in member.rounds().flat_map(|growth| &growth.holders) {
        *gained.entry(holder.id).or_default() += holder.gained;
    }
    let weight = |id: &NodeId| (gained.get(id).copied().unwrap_or(0), *id);
    let mut ids: HashMap<Key, NodeId> = HashMap::new();
    for (&id, key) in &member.keys {
        let known = ids.entry(key.clone()).or_insert(id);
        if weight(&id) > weight(known) {
            *known = id;
        }
    }
    ids
}

/// What grew in all members over one stage, under the ids of the one that is shown.
fn added_up<'a>(
    members: impl Iterator<Item = (&'a Member, &'a Growth)>,
    ids: &HashMap<Key, NodeId>,
) -> Growth {
    let mut classes: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
    let mut holders: BTreeMap<NodeId, HolderGrowth> = BTreeMap::new();
    let mut retained: BTreeMap<NodeId, i64> = BTreeMap::new();
    let mut sum = Growth::default();
    for (member, growth) in members {
        let shown_id = |id| ids.get(member.keys.get(&id)?).copied();
        sum.cohort_objects += growth.cohort_objects;
        sum.cohort_bytes += growth.cohort_bytes;
        for class in &growth.classes {
            let known = classes.entry(&class.class).or_default();
            known.0 += class.delta;
            known.1 += class.size_delta;
        }
        for holder in &growth.holders {
            if let Some(id) = shown_id(holder.id) {
                add(holders.entry(id).or_insert_with(|| nothing_at(id)), holder);
            }
        }
        for grown in &growth.retained {
            if let Some(id) = shown_id(grown.id) {
                *retained.entry(id).or_default() += grown.bytes;
            }
        }
    }
    let class = |(class, (delta, size_delta)): (&str, (i64, i64))| ClassGrowth {
        class: class.to_owned(),
        delta,
        size_delta,
    };
    sum.classes = classes.into_iter().map(class).collect();
    sum.holders = holders.into_values().collect();
    sum.holders
        .sort_by_key(|h| (std::cmp::Reverse(h.dragged_bytes), h.id));
    let retained = retained.into_iter();
    sum.retained = retained
        .map(|(id, bytes)| RetainedGrowth { id, bytes })
        .collect();
    sum.retained
        .sort_by_key(|r| (std::cmp::Reverse(r.bytes), r.id));
    sum
}

fn nothing_at(id: NodeId) -> HolderGrowth {
    HolderGrowth {
        id,
        gained: 0,
        lost: 0,
        held: 0,
        dragged: Vec::new(),
        dragged_bytes: 0,
    }
}

fn add(to: &mut HolderGrowth, more: &HolderGrowth) {
    to.gained += more.gained;
    to.lost += more.lost;
    to.held += more.held;
    to.dragged_bytes += more.dragged_bytes;
    for dragged in &more.dragged {
        match to.dragged.iter_mut().find(|d| d.class == dragged.class) {
            Some(Dragged {
                count,
                bytes,
                depth,
                ..
            }) => {
                *count += dragged.count;
                *bytes += dragged.bytes;
                *depth = dragged.depth.min(*depth);
            }
            None => to.dragged.push(dragged.clone()),
        }
    }
}

/// The sizes of counterparts added up, of those that every member has told of.
fn containers<'a>(
    sizes: impl Iterator<Item = (&'a Member, &'a [ContainerSize])>,
    ids: &HashMap<Key, NodeId>,
) -> Vec<ContainerSize> {
    let mut sums: BTreeMap<NodeId, (HashSet<&str>, u64)> = BTreeMap::new();
    let mut members = 0;
    for (member, sizes) in sizes {
        members += 1;
        for container in sizes {
            let key = member.keys.get(&NodeId(container.id));
            if let Some(id) = key.and_then(|key| ids.get(key)) {
                let (of, sum) = sums.entry(*id).or_default();
                of.insert(&member.isolate.name);
                *sum += container.size;
            }
        }
    }
    sums.retain(|_, (of, _)| of.len() == members);
    let size = |(id, (_, size)): (NodeId, (_, u64))| ContainerSize { id: id.0, size };
    sums.into_iter().map(size).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::run;
    use super::*;
    use crate::Outcome;

    /// A member whose array `served`, with this id, gains so much in each round.
    fn member(recording: &Recording, at: usize, id: u64, gains: [u64; 3]) -> Member {
        let growth = |gained: u64| Growth {
            holders: vec![HolderGrowth {
                gained,
                held: 1000,
                dragged: vec![Dragged {
                    class: "Item".into(),
                    count: gained,
                    bytes: 100 * gained,
                    depth: 1,
                }],
                dragged_bytes: 100 * gained,
                ..nothing_at(NodeId(id))
            }],
            classes: vec![ClassGrowth {
                class: "Item".into(),
                delta: gained as i64,
                size_delta: 100 * gained as i64,
            }],
            cohort_bytes: 100 * gained,
            ..Growth::default()
        };
        let rounds = (1..).zip(gains);
        let rounds = rounds.map(|(number, gained)| (Stage::Round(number), growth(gained)));
        let idle = (Stage::Idle, Growth::default());
        Member {
            isolate: Isolate::of(&recording.isolates[at], recording),
            growth: std::iter::once(idle).chain(rounds).collect(),
            keys: [(NodeId(id), "Array served".to_owned())].into(),
        }
    }

    #[test]
    fn what_counterparts_gain_is_added_up_under_the_id_of_the_one_that_gained_most() {
        let recording = run(0);
        // However the sessions are spread, there are 101, 211 and 307 of them.
        let members = vec![
            member(&recording, 0, 7, [60, 90, 100]),
            member(&recording, 1, 9, [41, 121, 207]),
        ];
        let joint = Joint::of(&recording, members);
        assert_eq!(joint.shown(), "child-6");
        let rounds = joint.growth.iter().skip(1);
        let gained: Vec<_> = rounds
            .map(|(_, growth)| {
                let holder = &growth.holders[0];
                (holder.id.0, holder.gained, holder.dragged[0].count)
            })
            .collect();
        assert_eq!(gained, [(9, 101, 101), (9, 211, 211), (9, 307, 307)]);
        assert_eq!(joint.growth[1].1.classes[0].delta, 101);
        assert_eq!(joint.recording.rounds().len(), 3);
    }

    #[test]
    fn a_leak_lives_where_its_part_grew() {
        let recording = run(0);
        let members = vec![
            member(&recording, 0, 7, [101, 211, 307]),
            member(&recording, 1, 9, [0, 0, 0]),
        ];
        let joint = Joint::of(&recording, members);
        let mut suspect = crate::fixture::verdict_of(&[("Item", "served", 1.0)])
            .suspects
            .remove(0);
        let homes = |suspect: &Suspect| -> Vec<String> {
            let homes = joint.homes(suspect).into_iter();
            homes.map(|home| home.name).collect()
        };
        assert_eq!(homes(&suspect), ["child-5"]);
        // An object that gains nothing itself: the class tells.
        suspect.holder.id = 1;
        assert_eq!(homes(&suspect), ["child-5"]);
        suspect.class = "Other".into();
        assert_eq!(homes(&suspect), ["child-5", "child-6"]);
    }

    #[test]
    fn without_snapshots_there_is_nothing_to_name() {
        let recording = run(0);
        let members = vec![member(&recording, 0, 7, [101, 211, 307])];
        let part = Joint::of(&recording, members).judge(None, &Sources::default());
        assert!(part.verdict.suspects.is_empty());
        assert_ne!(part.verdict.outcome, Outcome::Leaking);
    }

    #[test]
    fn containers_are_added_up_where_every_member_tells_of_them() {
        let recording = run(0);
        let members = [
            member(&recording, 0, 7, [1, 1, 1]),
            member(&recording, 1, 9, [1, 1, 1]),
        ];
        let ids = ids_by_key(&members[1]);
        let size = |id, size| [ContainerSize { id, size }];
        let sum = |a: &[ContainerSize], b: &[ContainerSize]| {
            containers([(&members[0], a), (&members[1], b)].into_iter(), &ids)
        };
        assert_eq!(sum(&size(7, 40), &size(9, 50)), size(9, 90));
        assert_eq!(sum(&size(7, 40), &[]), []);
    }
}
