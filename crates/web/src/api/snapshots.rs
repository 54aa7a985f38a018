//! Questions about whole snapshots.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use explore::{
    ChangePerSession, ClassChange, ClassRow, ObjectRow, PageOf, StatisticsRow, StringsListing,
    TrendBuilder, sessions_between,
};
use heap::Overview;
use serde::{Deserialize, Serialize};

use super::objects::Unfoldable;
use super::{Answer, Api, Changes, Json, Rows};
use crate::{Problem, Workbench};

pub(super) async fn status(State(api): State<Arc<Api>>, Path(at): Path<usize>) -> Answer {
    let status = api.shelf.status(at);
    Json::of(&status.ok_or_else(|| Problem {
        message: format!("there is no snapshot {at}"),
        hint: None,
    })?)
}

/// One of DevTools' filters.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Only {
    only: Option<String>,
}

impl Only {
    fn filter(&self) -> Result<Option<heap::Filter>, Problem> {
        let Some(name) = self.only.as_deref().filter(|name| !name.is_empty()) else {
            return Ok(None);
        };
        let filter = heap::Filter::ALL.into_iter().find(|f| f.name() == name);
        let known = || heap::Filter::ALL.map(heap::Filter::name).join(", ");
        filter.map(Some).ok_or_else(|| Problem {
            message: "there is no such filter".into(),
            hint: Some(format!("the filters are {}", known())),
        })
    }
}

#[derive(Serialize)]
struct SummaryAnswer {
    rows: Vec<ClassRow>,
    page: PageOf,
    nodes: u64,
    edges: u64,
    total_size: u64,
    statistics: StatisticsRow,
}

pub(super) async fn summary(
    State(api): State<Arc<Api>>,
    Path(at): Path<usize>,
    Query(rows): Query<Rows>,
    Query(only): Query<Only>,
) -> Answer {
    let only = only.filter()?;
    let ask = api.shelf.ask(at, move |desk| {
        let overview = match only {
            None => desk.overview(),
            Some(only) => &desk.filtered(only).overview,
        };
        let summary = explore::summary(overview, &rows.listing()?);
        Json::of(&SummaryAnswer {
            rows: summary.classes,
            page: summary.page,
            nodes: summary.nodes,
            edges: summary.edges,
            total_size: summary.total_size,
            statistics: summary.statistics,
        })
    });
    ask.await?
}

#[derive(Debug, Deserialize)]
pub(super) struct ClassName {
    class: String,
    /// Of a comparison: `new` or `deleted`.
    #[serde(default)]
    list: String,
}

#[derive(Serialize)]
struct ObjectsAnswer {
    rows: Vec<Unfoldable<ObjectRow>>,
    page: PageOf,
}

pub(super) async fn class(
    State(api): State<Arc<Api>>,
    Path(at): Path<usize>,
    Query(name): Query<ClassName>,
    Query(rows): Query<Rows>,
    Query(only): Query<Only>,
) -> Answer {
    let only = only.filter()?;
    let ask = api.shelf.ask(at, move |desk| {
        let kept = only.map(|only| &desk.filtered(only).kept);
        let found = desk.class_objects(&name.class, kept, &rows.listing()?)?;
        Json::of(&ObjectsAnswer {
            rows: Unfoldable::contained(desk, found.objects),
            page: found.page,
        })
    });
    ask.await?
}

pub(super) async fn statistics(State(api): State<Arc<Api>>, Path(at): Path<usize>) -> Answer {
    let ask = api
        .shelf
        .ask(at, |desk| Json::of(&explore::statistics(desk.overview())));
    ask.await?
}

#[derive(Debug, Deserialize)]
pub(super) struct StringList {
    list: String,
}

#[derive(Serialize)]
struct StringsAnswer<R> {
    rows: Vec<R>,
    page: PageOf,
    count: u64,
    shallow_size: u64,
    wasted: u64,
}

pub(super) async fn strings(
    State(api): State<Arc<Api>>,
    Path(at): Path<usize>,
    Query(list): Query<StringList>,
    Query(rows): Query<Rows>,
) -> Answer {
    let ask = api.shelf.ask(at, move |desk| {
        let none = Rows {
            top: Some(0),
            ..Rows::default()
        };
        let of = |name: &str| match list.list == name {
            true => &rows,
            false => &none,
        };
        let strings = desk.strings(&StringsListing {
            duplicates: of("duplicates").listing()?,
            largest: of("largest").listing()?,
            pinned: of("pinned").listing()?,
        });
        let (count, shallow_size, wasted) = (strings.count, strings.shallow_size, strings.wasted);
        macro_rules! answer {
            ($rows:ident, $page:ident) => {
                Json::of(&StringsAnswer {
                    rows: strings.$rows,
                    page: strings.$page,
                    count,
                    shallow_size,
                    wasted,
                })
            };
        }
        match &*list.list {
            "largest" => answer!(largest, largest_page),
            "pinned" => answer!(pinned, pinned_page),
            _ => answer!(duplicates, duplicates_page),
        }
    });
    ask.await?
}

#[derive(Serialize)]
struct CompareAnswer {
    rows: Vec<ChangePerSession>,
    page: PageOf,
    /// Sessions between the two snapshots, if they are of one run.
    sessions: Option<u64>,
}

pub(super) async fn compare(
    State(api): State<Arc<Api>>,
    Path(pair): Path<(usize, usize)>,
    Query(rows): Query<Rows>,
) -> Answer {
    let changes = api.changes(pair).await?;
    let sessions = sessions_between(&api.run_snapshots(), pair.0, pair.1);
    let page = rows
        .listing::<ClassChange>()?
        .page(changes.iter().cloned())
        .map(|change| change.per_session(sessions));
    Json::of(&CompareAnswer {
        rows: page.rows,
        page: page.of,
        sessions,
    })
}

pub(super) async fn compare_class(
    State(api): State<Arc<Api>>,
    Path(pair): Path<(usize, usize)>,
    Query(name): Query<ClassName>,
    Query(rows): Query<Rows>,
) -> Answer {
    let is_deleted = name.list == "deleted";
    let ask = api.shelf.ask_both(pair, move |base, newer| {
        let listing = rows.listing()?;
        let found = explore::diff_objects(base, newer, &name.class, &listing)?;
        let (rows, page) = match is_deleted {
            true => (found.deleted, found.deleted_page),
            false => (found.new, found.new_page),
        };
        let expandable = |row: &ObjectRow| !is_deleted && row.id != 0;
        let rows = rows.into_iter().map(|row| Unfoldable {
            expandable: expandable(&row),
            row,
        });
        Json::of(&ObjectsAnswer {
            rows: rows.collect(),
            page,
        })
    });
    ask.await?
}

pub(super) async fn trend(State(api): State<Arc<Api>>, Query(rows): Query<Rows>) -> Answer {
    let shelf = &api.shelf;
    let builder = api
        .trend
        .get_or_try_init(|| async { shelf.read_aside(build_trend).await?.map(Arc::new) })
        .await?;
    Json::of(&builder.trend(&rows.listing()?))
}

/// Reads all snapshots, one at a time. The newest first: plain objects are told apart in all of
/// them as in this one.
fn build_trend(workbench: &Workbench) -> Result<TrendBuilder, Problem> {
    let mut builder = TrendBuilder::default();
    let mut plain = None;
    for file in workbench.snapshots.iter().rev() {
        let opened = (workbench.open)(&file.path)?;
        let (snapshot, mut analysis) = (opened.snapshot, opened.analysis);
        match &plain {
            None => plain = Some(analysis.plain_classes()),
            Some(plain) => analysis = analysis.with_plain_classes(&snapshot, plain),
        }
        let name = file.path.file_name().unwrap_or(file.path.as_os_str());
        builder.add(&name.to_string_lossy(), &Overview::of(&snapshot, &analysis));
    }
    builder.reverse();
    Ok(builder)
}

impl Api {
    /// The classes that changed between two snapshots.
    async fn changes(&self, pair: (usize, usize)) -> Result<Changes, Problem> {
        let known = || {
            let compared = self.compared.lock();
            compared.unwrap_or_else(std::sync::PoisonError::into_inner)
        };
        if let Some(changes) = known().get(&pair) {
            return Ok(Arc::clone(changes));
        }
        let ask = self.shelf.ask_both(pair, |base, newer| {
            explore::class_changes(base.outlined(), newer)
        });
        let changes = Arc::new(ask.await?);
        known().insert(pair, Arc::clone(&changes));
        Ok(changes)
    }
}
