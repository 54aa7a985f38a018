//! Everything about one object, as text.

use explore::ObjectDetails;
use units::{Bytes, Count};

use super::cells;
use super::closures::place_text;
use super::retainers::{object_line, path_lines};
use super::tree::TreeTable;
use crate::{Style, printable};

/// Characters of a preview that are shown.
const LONGEST_PREVIEW: usize = 300;

/// One object with its surroundings.
#[must_use]
pub fn object_details_text(found: &ObjectDetails, style: Style) -> String {
    let mut text = object_line(&found.object) + "\n";
    let mut fact = |name: &str, value: String| text += &format!("  {name:<14}{value}\n");
    fact("class", printable(&cells::cut(&found.object.class, 100)));
    fact("type", printable(&found.object.kind));
    fact("of this class", Count(found.of_class).to_string());
    if found.self_size != found.object.shallow_size {
        let size = Bytes(found.self_size);
        fact("self size", format!("{size} without its backing stores"));
    }
    if let Some(place) = &found.place {
        fact("place", place_text(place));
    }
    if let Some(state) = found.detachedness {
        fact("DOM", state.into());
    }
    if let Some(dominator) = &found.dominator {
        fact("dominated by", cells::object(dominator));
    }
    fact("retainers", Count(found.retainer_count).to_string());
    let preview = cells::cut(&found.preview, LONGEST_PREVIEW);
    fact("preview", printable(&preview));

    text += "\nRetaining path\n";
    text += &path_lines(&found.path);
    let mut edges = TreeTable::new("Reference :: Object");
    for row in &found.edges {
        let edge = printable(&cells::cut(&row.edge, 60));
        let label = format!("{edge} :: {}", cells::object(&row.object));
        edges.object(0, &label, &row.object);
    }
    text += "\nReferences\n";
    text += &edges.text(style);
    text += &cells::rest(found.edges_page, "references");
    let mut retainers = TreeTable::new("Reference in Object");
    for row in &found.retainers {
        let edge = printable(&cells::cut(&row.edge, 60));
        let label = format!("{edge} in {}", cells::object(&row.from));
        retainers.object(0, &label, &row.from);
    }
    text += "\nRetainers\n";
    text += &retainers.text(style);
    text + &cells::rest(found.retainers_page, "retainers")
}
