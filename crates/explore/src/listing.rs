//! Which rows of a long list are shown: sorted by a column, filtered by a text, a page at a time.
//!
//! Owns the choice only. A list may have as many rows as a heap has objects, so rows are compared
//! where they lie and only those of the page are kept. Cost: linear in the rows, and `k log k` for
//! the first `k` of them, where the page ends.

use std::cmp::Ordering;
use std::fmt;

use regex::{Regex, RegexBuilder};
use serde::Serialize;

/// What can be listed.
pub trait Listed: Sized {
    /// The columns to sort by; the first is the order that is taken if none is asked for.
    fn columns() -> Vec<Column<Self>>;

    /// Whether a filter lets it through.
    fn passes(&self, filter: &Filter) -> bool;

    /// Bytes that count when only large rows are wanted; `None` for a kind without sizes.
    fn size(&self) -> Option<u64> {
        None
    }

    /// Which of two comes first if the column does not tell.
    fn tie(&self, other: &Self) -> Ordering;
}

/// A column that rows can be sorted by.
#[derive(Debug)]
pub struct Column<T> {
    /// What it is called on the command line and in JSON.
    pub name: &'static str,
    /// The direction that a person expects: names from the first, sizes from the largest.
    pub natural: Direction,
    /// The order from small to large.
    pub order: fn(&T, &T) -> Ordering,
}

/// From which end a column is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Small to large, a to z.
    Ascending,
    /// Large to small, z to a.
    Descending,
}

/// A text that names must hold, whatever its case; or `/…/`, a regular expression.
#[derive(Debug, Clone)]
pub struct Filter(Regex);

/// A list's order, filter and page.
#[derive(Debug)]
pub struct Listing<T> {
    column: Column<T>,
    direction: Direction,
    filter: Option<Filter>,
    least: Option<u64>,
    skip: usize,
    top: Option<usize>,
}

/// What was asked for, before it is known of which list.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// A column's name; `+` in front for ascending, `-` for descending.
    pub sort: Option<String>,
    /// Turns the order around.
    pub reverse: bool,
    /// What names must hold.
    pub filter: Option<Filter>,
    /// Bytes that a row must have at least, in kinds of rows that have a size.
    pub least: Option<u64>,
    /// Rows to leave out at the front.
    pub skip: usize,
    /// Rows to show after them; all if `None`.
    pub top: Option<usize>,
}

/// Some rows of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Which they are.
    pub of: PageOf,
}

/// Which rows of a list a page shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct PageOf {
    /// Rows before the page.
    pub skipped: u64,
    /// Rows of the page.
    pub shown: u64,
    /// Rows that pass the filter, on this page or not.
    pub matching: u64,
    /// All rows.
    pub all: u64,
}

/// The list has no such column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownColumn {
    /// What was asked for.
    pub wanted: String,
    /// What there is.
    pub columns: Vec<&'static str>,
}

impl<T> Column<T> {
    /// A column that is read from its smallest value.
    #[must_use]
    pub fn ascending(name: &'static str, order: fn(&T, &T) -> Ordering) -> Self {
        Self {
            name,
            natural: Direction::Ascending,
            order,
        }
    }

    /// A column that is read from its largest value.
    #[must_use]
    pub fn descending(name: &'static str, order: fn(&T, &T) -> Ordering) -> Self {
        Self {
            name,
            natural: Direction::Descending,
            order,
        }
    }
}

impl Filter {
    /// Reads a filter.
    ///
    /// # Errors
    /// If it is `/…/` with no regular expression inside; the text says why.
    pub fn parse(text: &str) -> Result<Self, String> {
        let pattern = text.strip_prefix('/').filter(|rest| !rest.is_empty());
        let (pattern, any_case) = match pattern.and_then(|rest| rest.rsplit_once('/')) {
            Some((pattern, "")) => (pattern.to_owned(), false),
            Some((pattern, "i")) => (pattern.to_owned(), true),
            _ => (regex::escape(text), true),
        };
        RegexBuilder::new(&pattern)
            .case_insensitive(any_case)
            .build()
            .map(Self)
            .map_err(|error| error.to_string())
    }

    /// Whether a name holds the text.
    #[must_use]
    pub fn passes(&self, name: &str) -> bool {
        self.0.is_match(name)
    }
}

impl fmt::Display for UnknownColumn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no column `{}`", self.wanted)
    }
}

impl std::error::Error for UnknownColumn {}

impl Wanted {
    /// The listing of rows of this kind.
    ///
    /// # Errors
    /// If they have no such column.
    pub fn listing<T: Listed>(&self) -> Result<Listing<T>, UnknownColumn> {
        let (direction, name) = match self.sort.as_deref() {
            None => (None, None),
            Some(sort) => match sort.split_at_checked(1) {
                Some(("+", name)) => (Some(Direction::Ascending), Some(name)),
                Some(("-", name)) => (Some(Direction::Descending), Some(name)),
                _ => (None, Some(sort)),
            },
        };
        let mut columns = T::columns();
        let at = name.map_or(Some(0), |name| {
            let wanted = canonical(name);
            columns
                .iter()
                .position(|column| canonical(column.name) == wanted)
        });
        let Some(at) = at else {
            return Err(UnknownColumn {
                wanted: name.unwrap_or_default().to_owned(),
                columns: columns.iter().map(|column| column.name).collect(),
            });
        };
        let column = columns.swap_remove(at);
        let direction = direction.unwrap_or(column.natural);
        Ok(self.listing_by(column, direction))
    }

    /// The listing of rows of this kind in a view that lists several kinds: a column that this one
    /// has not is meant for the others.
    #[must_use]
    pub fn listing_among<T: Listed>(&self) -> Listing<T> {
        self.listing().unwrap_or_else(|_| {
            let column = T::columns().swap_remove(0);
            let direction = column.natural;
            self.listing_by(column, direction)
        })
    }

    fn listing_by<T>(&self, column: Column<T>, direction: Direction) -> Listing<T> {
        Listing {
            direction: match self.reverse {
                true => direction.turned(),
                false => direction,
            },
            column,
            filter: self.filter.clone(),
            least: self.least,
            skip: self.skip,
            top: self.top,
        }
    }
}

/// A column's name without what differs between the command line, JSON and the titles of tables:
/// `Retained Size`, `retained_size` and `retained` are one.
fn canonical(name: &str) -> String {
    let name = name.to_lowercase().replace(['_', ' '], "-");
    let name = name.replace(['#', '.'], "");
    let name = name.trim_matches('-');
    match name.strip_suffix("-size").unwrap_or(name) {
        "objects" => "count".into(),
        "constructor" => "class".into(),
        name => name.to_owned(),
    }
}

impl Direction {
    fn turned(self) -> Self {
        match self {
            Self::Ascending => Self::Descending,
            Self::Descending => Self::Ascending,
        }
    }
}

impl<T: Listed> Listing<T> {
    /// The rows of the page, in order.
    #[must_use]
    pub fn page(&self, rows: impl IntoIterator<Item = T>) -> Page<T> {
        let end = self.top.map(|top| self.skip.saturating_add(top));
        let mut first = First::new(end.unwrap_or(usize::MAX), |a: &T, b: &T| self.compare(a, b));
        let (mut all, mut matching) = (0, 0);
        for row in rows {
            all += 1;
            if self.passes(&row) {
                matching += 1;
                first.offer(row);
            }
        }
        let mut rows = first.sorted();
        rows.drain(..self.skip.min(rows.len()));
        let of = PageOf {
            skipped: self.skip as u64,
            shown: rows.len() as u64,
            matching,
            all,
        };
        Page { rows, of }
    }

    fn passes(&self, row: &T) -> bool {
        let is_large = |least| row.size().is_none_or(|size| size >= least);
        self.least.is_none_or(is_large)
            && self.filter.as_ref().is_none_or(|filter| row.passes(filter))
    }

    fn compare(&self, a: &T, b: &T) -> Ordering {
        let order = match self.direction {
            Direction::Ascending => (self.column.order)(a, b),
            Direction::Descending => (self.column.order)(b, a),
        };
        order.then_with(|| a.tie(b))
    }
}

impl<T> Page<T> {
    /// The same page with other rows.
    pub fn map<U>(self, row: impl FnMut(T) -> U) -> Page<U> {
        Page {
            rows: self.rows.into_iter().map(row).collect(),
            of: self.of,
        }
    }
}

/// The first `most` of all rows offered.
struct First<T, F> {
    most: usize,
    compare: F,
    /// Up to twice as many as wanted; then the later half goes.
    kept: Vec<T>,
    /// Whether the row at `most - 1` is the last of those wanted: no later one needs to be kept.
    is_cut: bool,
}

impl<T, F: Fn(&T, &T) -> Ordering> First<T, F> {
    fn new(most: usize, compare: F) -> Self {
        Self {
            most,
            compare,
            kept: Vec::new(),
            is_cut: false,
        }
    }

    fn offer(&mut self, row: T) {
        let last = self.most.checked_sub(1);
        let is_late = match last {
            None => true,
            Some(last) => self.is_cut && (self.compare)(&row, &self.kept[last]).is_ge(),
        };
        if is_late {
            return;
        }
        self.kept.push(row);
        if self.kept.len() >= self.most.saturating_mul(2) {
            self.cut();
        }
    }

    fn cut(&mut self) {
        if self.kept.len() > self.most {
            self.kept
                .select_nth_unstable_by(self.most - 1, &self.compare);
            self.kept.truncate(self.most);
            self.is_cut = true;
        }
    }

    fn sorted(mut self) -> Vec<T> {
        self.cut();
        self.kept.sort_by(&self.compare);
        self.kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Listed for (u32, &'static str) {
        fn columns() -> Vec<Column<Self>> {
            vec![
                Column::descending("size", |a, b| a.0.cmp(&b.0)),
                Column::ascending("name", |a, b| a.1.cmp(b.1)),
            ]
        }

        fn passes(&self, filter: &Filter) -> bool {
            filter.passes(self.1)
        }

        fn tie(&self, other: &Self) -> Ordering {
            self.1.cmp(other.1)
        }
    }

    const ROWS: [(u32, &str); 4] = [(1, "beta"), (3, "alpha"), (3, "Alpine"), (2, "delta")];

    fn names(wanted: &Wanted) -> Vec<&'static str> {
        let page = wanted.listing().unwrap().page(ROWS);
        page.rows.into_iter().map(|(_, name)| name).collect()
    }

    fn sorted(sort: &str, reverse: bool) -> Vec<&'static str> {
        names(&Wanted {
            sort: Some(sort.into()),
            reverse,
            ..Wanted::default()
        })
    }

    #[test]
    fn columns_have_a_natural_direction_and_signs_set_it() {
        let by_size = ["Alpine", "alpha", "delta", "beta"];
        assert_eq!(names(&Wanted::default()), by_size);
        assert_eq!(sorted("size", false), by_size);
        assert_eq!(sorted("-size", false), by_size);
        assert_eq!(sorted("+size", false)[0], "beta");
        assert_eq!(sorted("size", true)[0], "beta");
        assert_eq!(sorted("name", false)[0], "Alpine");
        assert_eq!(sorted("-name", false)[0], "delta");
        assert_eq!(sorted("Name", false)[0], "Alpine");
        assert_eq!(canonical("# New"), "new");
        assert_eq!(canonical("Alloc. Size"), canonical("alloc"));
        assert_eq!(canonical("retained_size"), canonical("retained"));
        assert_eq!(canonical("Size Delta"), "size-delta");
        let wanted = Wanted {
            sort: Some("-weight".into()),
            ..Wanted::default()
        };
        let error = wanted.listing::<(u32, &str)>().unwrap_err();
        assert_eq!(error.columns, ["size", "name"]);
        assert_eq!(error.to_string(), "no column `weight`");
        let among = wanted.listing_among::<(u32, &str)>();
        assert_eq!(among.page(ROWS).rows[0].1, "Alpine");
    }

    #[test]
    fn filters_are_texts_in_any_case_or_expressions() {
        let filtered = |text: &str| {
            let page = Wanted {
                filter: Some(Filter::parse(text).unwrap()),
                ..Wanted::default()
            };
            names(&page)
        };
        assert_eq!(filtered("AL"), ["Alpine", "alpha"]);
        assert_eq!(filtered("/^al/"), ["alpha"]);
        assert_eq!(filtered("/^al/i"), ["Alpine", "alpha"]);
        assert_eq!(filtered("a.p"), [""; 0]);
        assert_eq!(filtered("/"), [""; 0]);
        assert!(Filter::parse("/(/").is_err());
    }

    #[test]
    fn pages_follow_one_another_without_gap() {
        let all: Vec<u32> = (0..1000).map(|i| i * 7919 % 1009).collect();
        let rows = || all.iter().map(|&n| (n, ""));
        let mut sorted = all.clone();
        sorted.sort_unstable_by(|a, b| b.cmp(a));
        let mut paged = Vec::new();
        for skip in (0..1000).step_by(30) {
            let wanted = Wanted {
                skip,
                top: Some(30),
                ..Wanted::default()
            };
            let page = wanted.listing().unwrap().page(rows());
            assert_eq!((page.of.all, page.of.matching), (1000, 1000));
            assert_eq!(page.of.shown, page.rows.len() as u64);
            paged.extend(page.rows.into_iter().map(|(n, _)| n));
        }
        assert_eq!(paged, sorted);
        for (skip, top) in [(0, 0), (2000, 10), (usize::MAX, usize::MAX)] {
            let wanted = Wanted {
                skip,
                top: Some(top),
                ..Wanted::default()
            };
            assert!(wanted.listing().unwrap().page(rows()).rows.is_empty());
        }
    }
}
