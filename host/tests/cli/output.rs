//! Colours, completions and the manual.

use super::*;

fn coloured(text: &str) -> bool {
    text.contains("\u{1b}[")
}

#[test]
fn colours_are_used_on_a_terminal_only_unless_they_are_asked_for() {
    let instance = Instance::new(vec![]);
    for arguments in [&["explain", "x"][..], &["explain", "x", "--color", "auto"], &["explain", "x", "--color=never"]] {
        let ended = instance.run(arguments);
        assert!(!coloured(&ended.err), "{arguments:?}: {ended:?}");
    }
    let ended = instance.run(&["--color", "always", "explain", "x"]);
    ended.expect(1, &["There is nothing here"]);
    assert!(coloured(&ended.err), "{ended:?}");
    let document = instance.run(&["explain", "x", "--json", "--color", "always"]);
    assert!(!coloured(&document.err), "a document for machines has no colours: {document:?}");
}

#[test]
fn help_and_wrong_usage_follow_the_same_choice() {
    let instance = Instance::new(vec![]);
    assert!(!coloured(&instance.run(&["plan", "--help"]).out));
    assert!(!coloured(&instance.run(&["plan", "--wrong", "--color", "never"]).err));
    assert!(coloured(&instance.run(&["plan", "--help", "--color", "always"]).out));
    instance.run(&["plan", "--color", "red"]).expect(1, &["auto", "always", "never"]);
}

#[test]
fn completions_are_printed_for_every_shell() {
    let instance = Instance::new(vec![]);
    for (shell, part) in [
        ("bash", "_seatkeeper()"),
        ("zsh", "#compdef seatkeeper"),
        ("fish", "complete -c seatkeeper"),
        ("elvish", "edit:completion:arg-completer[seatkeeper]"),
        ("powershell", "Register-ArgumentCompleter"),
    ] {
        instance.run(&["completions", shell]).expect(0, &[part, "simulate", "completions"]);
    }
    instance.run(&["completions", "csh"]).expect(1, &["csh"]);
    assert_eq!(instance.lines(), [""; 0]);
}

#[test]
fn the_manual_has_a_page_for_every_command() {
    let instance = Instance::new(vec![]);
    instance.run(&["man", "--output", "man1"]).expect(0, &["Written: man1"]);
    let page = |name: &str| std::fs::read_to_string(instance.dir.path().join("man1").join(name)).unwrap_or_default();
    for name in ["seatkeeper.1", "seatkeeper-plan.1", "seatkeeper-audit-verify.1", "seatkeeper-completions.1"] {
        assert!(page(name).contains(".SH SYNOPSIS"), "{name}");
    }
    assert!(page("seatkeeper-plan.1").contains("Exit codes:"), "{}", page("seatkeeper-plan.1"));
    std::fs::write(instance.dir.path().join("file"), "").unwrap();
    instance.run(&["man", "--output", "file"]).expect(1, &["cannot be written"]);
}
