//! Conducting one run: its order, its clock and its folder.
//!
//! Owns what happens when: the service starts, warms up, rests, is loaded round by round, is read
//! and captured after each, and is ended whatever happens. The only part of leakscope with a clock
//! of its own. Must not know what is in a snapshot, nor what a leak is: it leaves facts behind, as
//! [`recording::Event`]s told to the observer and as files in the [`Folder`].

mod conduct;
mod error;
mod folder;
mod foreign;
mod isolates;
mod order;
mod proof;
mod reading;
mod recorder;
mod room;
mod scripts;
mod settle;
mod stages;
mod walkthrough;
mod warm_up;

pub use conduct::{Advice, Cuts, FurtherStage, conduct};
pub use error::{Error, Failure, stage_name};
pub use folder::{
    Folder, FolderError, LOAD, ORIGINS, PROFILE, REPORT, ScriptText, VERDICT, profile_file,
};
pub use foreign::LoadSource;
pub use order::{Limits, Order, Rounds};
pub use probe::{Process, Ready};
