//! The questions that the page may ask, each by its address; answers are JSON.
//!
//! Owns how a question is written in an address, and how an answer that is too long for a page is
//! cut. Every row comes from `explore`. An answer that cannot be given has the status of its cause
//! and says in words what to do.

mod objects;
mod run;
mod snapshots;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use explore::{ClassChange, Filter, Listed, Listing, TrendBuilder, Unfolding, Unknown, Wanted};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Problem;
use crate::shelf::Shelf;

/// Rows of an answer if it was not said how many.
const ROWS: usize = 100;

/// Rows of an answer at most.
const MOST_ROWS: usize = 1000;

/// Characters of a text at most: a string of a heap may have a million.
const LONGEST_TEXT: usize = 4000;

/// What handlers share.
pub(crate) struct Api {
    shelf: Arc<Shelf>,
    /// Comparisons that were asked for, by their snapshots.
    compared: Mutex<HashMap<(usize, usize), Changes>>,
    /// The classes over all snapshots.
    trend: tokio::sync::OnceCell<Arc<TrendBuilder>>,
}

/// The classes that changed between two snapshots.
type Changes = Arc<Vec<ClassChange>>;

type Answer = Result<Json, Problem>;

/// The routes of all questions.
pub(crate) fn router(shelf: Arc<Shelf>) -> Router {
    let api = Arc::new(Api {
        shelf,
        compared: Mutex::default(),
        trend: tokio::sync::OnceCell::new(),
    });
    Router::new()
        .route("/api/workbench", get(run::workbench))
        .route("/api/verdict", get(run::verdict))
        .route("/api/timeline", get(run::timeline))
        .route("/api/load", get(run::load))
        .route("/api/allocations", get(run::allocations))
        .route("/api/trend", get(snapshots::trend))
        .route("/api/compare/{base}/{newer}", get(snapshots::compare))
        .route(
            "/api/compare/{base}/{newer}/class",
            get(snapshots::compare_class),
        )
        .route("/api/snapshots/{at}/status", get(snapshots::status))
        .route("/api/snapshots/{at}/summary", get(snapshots::summary))
        .route("/api/snapshots/{at}/class", get(snapshots::class))
        .route("/api/snapshots/{at}/statistics", get(snapshots::statistics))
        .route("/api/snapshots/{at}/strings", get(snapshots::strings))
        .route("/api/snapshots/{at}/object", get(objects::object))
        .route("/api/snapshots/{at}/paths", get(objects::paths))
        .route("/api/snapshots/{at}/path-groups", get(objects::path_groups))
        .route("/api/snapshots/{at}/retainers", get(objects::retainers))
        .route("/api/snapshots/{at}/containment", get(objects::containment))
        .route("/api/snapshots/{at}/dominators", get(objects::dominators))
        .route("/api/snapshots/{at}/icicle", get(objects::icicle))
        .route("/api/{*rest}", get(unknown))
        .with_state(api)
}

async fn unknown() -> Problem {
    Problem {
        message: "there is no such question".into(),
        hint: None,
    }
}

/// Which rows are wanted, as an address says it.
#[derive(Debug, Default, Deserialize)]
struct Rows {
    sort: Option<String>,
    filter: Option<String>,
    #[serde(default)]
    skip: usize,
    top: Option<usize>,
    least: Option<u64>,
}

impl Rows {
    fn wanted(&self) -> Result<Wanted, Problem> {
        let filter = self.filter.as_deref().filter(|text| !text.is_empty());
        let filter = filter.map(Filter::parse).transpose();
        Ok(Wanted {
            sort: self.sort.clone().filter(|sort| !sort.is_empty()),
            reverse: false,
            filter: filter.map_err(|error| Problem {
                message: format!("the filter is no regular expression: {error}"),
                hint: Some("a text without slashes is looked for as it is".into()),
            })?,
            least: self.least,
            skip: self.skip,
            top: Some(self.top.unwrap_or(ROWS).min(MOST_ROWS)),
        })
    }

    fn listing<T: Listed>(&self) -> Result<Listing<T>, Problem> {
        Ok(self.wanted()?.listing()?)
    }

    /// One level of a tree.
    fn level<T: Listed>(&self) -> Result<Unfolding<T>, Problem> {
        Ok(self.wanted()?.unfolding(1)?)
    }
}

/// An answer, made into text where it was found out.
struct Json(Vec<u8>);

impl Json {
    fn of(answer: &impl Serialize) -> Answer {
        let mut value = serde_json::to_value(answer).map_err(|_| Problem::bug())?;
        cut(&mut value);
        serde_json::to_vec(&value)
            .map(Self)
            .map_err(|_| Problem::bug())
    }
}

impl IntoResponse for Json {
    fn into_response(self) -> Response {
        ([(header::CONTENT_TYPE, "application/json")], self.0).into_response()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let text = serde_json::to_vec(&self).unwrap_or_default();
        let kind = [(header::CONTENT_TYPE, "application/json")];
        (StatusCode::UNPROCESSABLE_ENTITY, kind, text).into_response()
    }
}

/// Cuts the texts that are too long, and says so in them.
fn cut(value: &mut Value) {
    match value {
        Value::String(text) if text.len() > LONGEST_TEXT => {
            let count = text.chars().count();
            if count > LONGEST_TEXT {
                let kept: String = text.chars().take(LONGEST_TEXT).collect();
                *text = format!("{kept}… ({} more characters)", count - LONGEST_TEXT);
            }
        }
        Value::Array(values) => values.iter_mut().for_each(cut),
        Value::Object(fields) => fields.values_mut().for_each(cut),
        _ => {}
    }
}

impl From<explore::UnknownColumn> for Problem {
    fn from(unknown: explore::UnknownColumn) -> Self {
        Self {
            message: format!("cannot sort: {unknown}"),
            hint: Some(format!("the columns are {}", unknown.columns.join(", "))),
        }
    }
}

impl From<Unknown> for Problem {
    fn from(unknown: Unknown) -> Self {
        match unknown {
            Unknown::Id(id) => Self {
                message: format!("this snapshot has no object @{id}"),
                hint: Some(
                    "ids hold for the snapshots of one process; the object may have been \
                     collected: look in another snapshot"
                        .into(),
                ),
            },
            Unknown::Class(similar) => Self {
                message: "this snapshot has no class of that name".into(),
                hint: (!similar.is_empty()).then(|| format!("like it: {}", similar.join(", "))),
            },
        }
    }
}
