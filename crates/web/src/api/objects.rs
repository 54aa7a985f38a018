//! Questions about single objects and what is around them.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use explore::{
    Below, ContainedRow, Desk, DetailsListing, DominatedRow, ObjectRow, PageOf, RetainerRow,
};
use heap::{NodeId, NodeIx};
use serde::{Deserialize, Serialize};

use super::{Answer, Api, Json, Rows};
use crate::Problem;

/// A row of a tree, and whether anything is below it.
#[derive(Serialize)]
pub(super) struct Unfoldable<R> {
    #[serde(flatten)]
    pub(super) row: R,
    pub(super) expandable: bool,
}

impl<R> Unfoldable<R> {
    fn rows(
        desk: &Desk<'_>,
        below: Below,
        rows: Vec<R>,
        object: impl Fn(&R) -> &ObjectRow,
    ) -> Vec<Self> {
        let snapshot = desk.heap().snapshot;
        let is_expandable = |row: &ObjectRow| {
            let node = snapshot.node_by_id(NodeId(row.id));
            node.is_some_and(|node| desk.has_below(node, below))
        };
        rows.into_iter()
            .map(|row| Self {
                expandable: is_expandable(object(&row)),
                row,
            })
            .collect()
    }
}

impl Unfoldable<ObjectRow> {
    /// Objects below which stands what they refer to.
    pub(super) fn contained(desk: &Desk<'_>, rows: Vec<ObjectRow>) -> Vec<Self> {
        Self::rows(desk, Below::Contained, rows, |row| row)
    }
}

/// An object by its id; the root if none is named.
#[derive(Debug, Deserialize)]
pub(super) struct Wanted {
    id: Option<String>,
}

impl Wanted {
    fn node(&self, desk: &Desk<'_>) -> Result<NodeIx, Problem> {
        match &self.id {
            Some(id) => Ok(desk.find(id)?),
            None => Ok(desk.heap().snapshot.root()),
        }
    }
}

#[derive(Serialize)]
struct Level<R> {
    object: ObjectRow,
    rows: Vec<Unfoldable<R>>,
    page: PageOf,
}

pub(super) async fn object(
    State(api): State<Arc<Api>>,
    Path(at): Path<usize>,
    Query(wanted): Query<Wanted>,
) -> Answer {
    let ask = api.shelf.ask(at, move |desk| {
        let none = Rows {
            top: Some(0),
            ..Rows::default()
        };
        let listing = DetailsListing {
            edges: none.listing()?,
            retainers: none.listing()?,
        };
        Json::of(&desk.object_details(wanted.node(desk)?, &listing))
    });
    ask.await?
}

pub(super) async fn paths(
    State(api): State<Arc<Api>>,
    Path(at): Path<usize>,
    Query(wanted): Query<Wanted>,
) -> Answer {
    let ask = api
        .shelf
        .ask(at, move |desk| Json::of(&desk.paths(wanted.node(desk)?)));
    ask.await?
}

#[derive(Debug, Deserialize)]
pub(super) struct ClassName {
    class: String,
}

pub(super) async fn path_groups(
    State(api): State<Arc<Api>>,
    Path(at): Path<usize>,
    Query(name): Query<ClassName>,
    Query(rows): Query<Rows>,
) -> Answer {
    let ask = api.shelf.ask(at, move |desk| {
        Json::of(&desk.path_groups(&name.class, &rows.listing()?)?)
    });
    ask.await?
}

pub(super) async fn retainers(
    State(api): State<Arc<Api>>,
    Path(at): Path<usize>,
    Query(wanted): Query<Wanted>,
    Query(rows): Query<Rows>,
) -> Answer {
    let ask = api.shelf.ask(at, move |desk| {
        let found = desk.retainers(wanted.node(desk)?, &rows.level()?);
        Json::of(&Level::<RetainerRow> {
            object: found.object,
            rows: Unfoldable::rows(desk, Below::Retainers, found.retainers, |row| &row.from),
            page: found.page,
        })
    });
    ask.await?
}

pub(super) async fn containment(
    State(api): State<Arc<Api>>,
    Path(at): Path<usize>,
    Query(wanted): Query<Wanted>,
    Query(rows): Query<Rows>,
) -> Answer {
    let ask = api.shelf.ask(at, move |desk| {
        let found = explore::containment(desk.heap(), wanted.node(desk)?, &rows.level()?);
        Json::of(&Level::<ContainedRow> {
            object: found.object,
            rows: Unfoldable::rows(desk, Below::Contained, found.children, |row| &row.object),
            page: found.page,
        })
    });
    ask.await?
}

pub(super) async fn dominators(
    State(api): State<Arc<Api>>,
    Path(at): Path<usize>,
    Query(wanted): Query<Wanted>,
    Query(rows): Query<Rows>,
) -> Answer {
    let ask = api.shelf.ask(at, move |desk| {
        let found = desk.dominators(wanted.node(desk)?, &rows.level()?);
        Json::of(&Level::<DominatedRow> {
            object: found.object,
            rows: Unfoldable::rows(desk, Below::Dominated, found.children, |row| &row.object),
            page: found.page,
        })
    });
    ask.await?
}

pub(super) async fn icicle(
    State(api): State<Arc<Api>>,
    Path(at): Path<usize>,
    Query(wanted): Query<Wanted>,
) -> Answer {
    let ask = api
        .shelf
        .ask(at, move |desk| Json::of(&desk.icicle(wanted.node(desk)?)));
    ask.await?
}
