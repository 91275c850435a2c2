//! Text as a tree.

/// A line and what hangs on it.
pub(super) struct Tree {
    line: String,
    branches: Vec<Tree>,
}

impl Tree {
    pub(super) fn new(line: impl Into<String>) -> Self {
        Self {
            line: line.into(),
            branches: Vec::new(),
        }
    }

    pub(super) fn with(mut self, branches: impl IntoIterator<Item = Self>) -> Self {
        self.branches.extend(branches);
        self
    }

    /// All lines, without a new line at the end.
    pub(super) fn text(&self) -> String {
        let mut text = self.line.clone();
        self.grow("", &mut text);
        text
    }

    fn grow(&self, indent: &str, text: &mut String) {
        for (n, branch) in self.branches.iter().enumerate() {
            let is_last = n + 1 == self.branches.len();
            let (fork, below) = if is_last {
                ("└─ ", "   ")
            } else {
                ("├─ ", "│  ")
            };
            text.push('\n');
            text.push_str(indent);
            text.push_str(fork);
            text.push_str(&branch.line);
            branch.grow(&format!("{indent}{below}"), text);
        }
    }
}
