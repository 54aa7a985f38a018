//! Colors of the screen: one place, and none of them the only sign of anything.

use ratatui::style::{Color, Modifier, Style};

use crate::question::Tone;

/// How the screen may look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// With the terminal's sixteen colors.
    Colors,
    /// Bold, dim and reversed only.
    Plain,
}

impl Look {
    fn color(self, color: Color) -> Style {
        match self {
            Self::Colors => Style::new().fg(color),
            Self::Plain => Style::new(),
        }
    }

    pub(crate) fn tone(self, tone: Tone) -> Style {
        match tone {
            Tone::Class => Style::new(),
            Tone::Text => self.color(Color::Cyan),
            Tone::Edge => self.color(Color::Magenta),
            Tone::Dim => Style::new().add_modifier(Modifier::DIM),
            Tone::New => self.color(Color::Red),
            Tone::Gone => self.color(Color::Green),
        }
    }

    pub(crate) fn title(self) -> Style {
        self.color(Color::Green).add_modifier(Modifier::BOLD)
    }

    pub(crate) fn header(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD | Modifier::UNDERLINED)
    }

    pub(crate) fn selected(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    pub(crate) fn key(self) -> Style {
        self.color(Color::Cyan).add_modifier(Modifier::BOLD)
    }

    pub(crate) fn trouble(self) -> Style {
        self.color(Color::Red).add_modifier(Modifier::BOLD)
    }

    /// The word that a verdict begins with.
    pub(crate) fn outcome(self, word: &str) -> Style {
        let color = match word {
            "LEAKING" => Color::Red,
            "CLEAN" => Color::Green,
            _ => Color::Yellow,
        };
        self.color(color).add_modifier(Modifier::BOLD)
    }
}
