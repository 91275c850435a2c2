//! Relative links in Markdown lead to files of the tree.

use super::Finding;
use super::tree::Tree;

/// Broken links of all Markdown files.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for (path, text) in tree.texts(".md") {
        for (line, target) in targets(text) {
            if !resolves(tree, path, target) {
                let why = format!("link to `{target}` leads nowhere");
                found.push(Finding::new("links", path, line, why));
            }
        }
    }
    found
}

/// Link targets outside code blocks and code spans, with their lines.
fn targets(text: &str) -> Vec<(usize, &str)> {
    let (mut found, mut in_code) = (Vec::new(), false);
    for (i, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        } else if !in_code {
            found.extend(
                targets_of_line(line)
                    .into_iter()
                    .map(|target| (i + 1, target)),
            );
        }
    }
    found
}

fn targets_of_line(line: &str) -> Vec<&str> {
    // Every second piece between backticks is code.
    let prose = line.split('`').step_by(2);
    let inline = prose.flat_map(|piece| piece.split("](").skip(1));
    let mut found: Vec<&str> = inline
        .filter_map(|rest| rest.split([')', ' ']).next())
        .collect();
    if line.starts_with('[')
        && let Some((_, target)) = line.split_once("]: ")
    {
        found.extend(target.split_whitespace().next());
    }
    found
}

fn resolves(tree: &Tree, from: &str, target: &str) -> bool {
    let elsewhere = target.contains("://") || target.starts_with("mailto:");
    let file = target.split('#').next().unwrap_or(target);
    if elsewhere || file.is_empty() {
        return true;
    }
    normalised(from, file).is_some_and(|path| tree.has(&path))
}

/// `target` as seen from the file `from`; none when it leaves the tree.
fn normalised(from: &str, target: &str) -> Option<String> {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in target.trim_end_matches('/').split('/') {
        match part {
            "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(text: &str) -> Vec<usize> {
        let tree = Tree::of(&[("docs/a.md", text), ("docs/b.md", ""), ("top.md", "")]);
        check(&tree).iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn good_links_resolve() {
        let text = "[b](b.md) and [b](./b.md#part)\n[top](../top.md) [folder](../docs/)\n\
                    [web](https://example.com/x) [self](#here)\n[ref]: b.md\n";
        assert_eq!(broken(text), [0; 0]);
    }

    #[test]
    fn bad_links_are_found_with_their_line() {
        assert_eq!(
            broken("text\n[c](c.md)\n[x](../../top.md) [b](b.md)\n[r]: c.md\n"),
            [2, 3, 4]
        );
    }

    #[test]
    fn code_is_not_read_as_links() {
        assert_eq!(broken("```\n[c](c.md)\n```\n`[c](c.md)`\n"), [0; 0]);
    }
}
