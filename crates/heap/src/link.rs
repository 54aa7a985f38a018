//! Edges: a word for where one leads and of which kind it is, a word for its name.
//!
//! The graph passes read the first only. Three bits for nine kinds: what no view shows and what
//! this engine has no name for share one, and a file has only one of them
//! (`Snapshot::last_kind`). V8 writes neither.

use std::fmt;

use crate::snapshot::{EdgeKind, NodeIx};

/// Edges, column by column.
#[derive(Debug, Default)]
pub(crate) struct Edges {
    /// The bits of [`Link`]s: a column of integers costs no memory before it is written.
    pub(crate) links: Vec<u32>,
    /// String or number, by the kind.
    pub(crate) name: Vec<u32>,
}

/// Where an edge leads and of which kind it is, in 32 bits: graph passes read nothing else.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Link(u32);

impl Link {
    /// There are fewer nodes than this.
    pub(crate) const MOST_NODES: u32 = 1 << 29;

    /// To no node: what damaged files refer to.
    pub(crate) const NOWHERE: u32 = Self::MOST_NODES - 1;

    #[inline]
    pub(crate) fn new(kind: EdgeKind, to: u32) -> Self {
        Self(to << 3 | kind.bits())
    }

    #[inline]
    pub(crate) fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    #[inline]
    pub(crate) fn bits(self) -> u32 {
        self.0
    }

    #[inline]
    pub(crate) fn to(self) -> usize {
        (self.0 >> 3) as usize
    }

    #[inline]
    pub(crate) fn target(self) -> NodeIx {
        NodeIx(self.0 >> 3)
    }

    /// [`EdgeKind::Unknown`] stands for the invisible ones too.
    #[inline]
    pub(crate) fn kind(self) -> EdgeKind {
        const KINDS: [EdgeKind; 8] = [
            EdgeKind::Context,
            EdgeKind::Element,
            EdgeKind::Property,
            EdgeKind::Internal,
            EdgeKind::Hidden,
            EdgeKind::Shortcut,
            EdgeKind::Weak,
            EdgeKind::Unknown,
        ];
        KINDS[(self.0 & 7) as usize]
    }

    #[inline]
    pub(crate) fn is_weak(self) -> bool {
        self.0 & 7 == EdgeKind::Weak.bits()
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} to {}", self.kind(), self.to())
    }
}

impl EdgeKind {
    /// Which this is in a [`Link`].
    #[inline]
    const fn bits(self) -> u32 {
        match self {
            Self::Context => 0,
            Self::Element => 1,
            Self::Property => 2,
            Self::Internal => 3,
            Self::Hidden => 4,
            Self::Shortcut => 5,
            Self::Weak => 6,
            Self::Unknown | Self::Invisible => 7,
        }
    }
}
