//! The policy: read, replaced, refused.

use super::{Check, Needs::Simulator, scene::Scene};
use crate::stage::{
    client::{list, number, text},
    install::policy,
};
use anyhow::{Result, ensure};

/// Checks of this file.
pub const CHECKS: &[Check] = &[
    Check { name: "a policy is stored and comes back as it was sent", needs: Simulator, run: round_trip },
    Check { name: "a policy is replaced only in the version that was read", needs: Simulator, run: versions },
    Check {
        name: "a policy with mistakes is refused with all of them, and the old one stays",
        needs: Simulator,
        run: invalid,
    },
    Check { name: "a policy without a sender is refused", needs: Simulator, run: unsigned },
    Check { name: "the installation can be checked", needs: Simulator, run: doctor },
];

fn round_trip(scene: &mut Scene) -> Result<()> {
    let install = &scene.install;
    // Line ends and letters beyond ASCII must survive the store.
    let sent = format!("# Änderung für die Prüfung\r\n{}", policy("dry-run"));
    let stored = install.policy(&sent)?;
    ensure!(text(&stored, "/mode")? == "dry-run", "the answer is {stored}");
    let read = install.admin.get("/admin/policy")?.success()?;
    ensure!(text(&read, "/text")? == sent, "the policy came back changed: {read}");
    ensure!(text(&read, "/by")? == "contract", "the sender is not remembered: {read}");
    ensure!(number(&read, "/version")? == number(&stored, "/version")?, "the version differs: {read}");
    let file = install.admin.get("/admin/policy?format=toml")?.expect(200)?;
    ensure!(file.text()? == sent, "the file came back changed");
    Ok(())
}

fn versions(scene: &mut Scene) -> Result<()> {
    let install = &scene.install;
    let first = number(&install.policy(&policy("dry-run"))?, "/version")?;
    let wrong = format!("\"{}\"", first + 7);
    let changed = format!("{}# changed\n", policy("dry-run"));
    install.admin.put("/admin/policy", &[("if-match", &wrong)], &changed)?.problem(412, "policy-conflict")?;
    let right = format!("\"{first}\"");
    let answer = install.admin.put("/admin/policy", &[("if-match", &right)], &changed)?.expect(200)?;
    ensure!(answer.header("etag") == format!("\"{}\"", first + 1), "the new version is {:?}", answer.header("etag"));
    install.admin.put("/admin/policy", &[("if-match", &right)], &policy("dry-run"))?.problem(412, "policy-conflict")?;
    Ok(())
}

fn invalid(scene: &mut Scene) -> Result<()> {
    let install = &scene.install;
    install.policy(&policy("dry-run"))?;
    let before = install.admin.get("/admin/policy")?.success()?;
    let mistakes = "version = 1\nlicence-groups = []\ninactive.after-days = 0\nzone = \"Mars\"\n";
    let problem = install.admin.put("/admin/policy", &[], mistakes)?.problem(422, "policy-invalid")?;
    let fields = list(&problem, "/problems")?;
    for field in ["licence-groups", "inactive", "zone"] {
        ensure!(
            fields.iter().any(|problem| text(problem, "/field").is_ok_and(|name| name.contains(field))),
            "the mistake in {field} is not told: {problem}"
        );
    }
    install.admin.put("/admin/policy", &[], "version = = 1")?.problem(422, "policy-invalid")?;
    install.admin.put("/admin/policy", &[], "")?.problem(422, "policy-invalid")?;
    ensure!(install.admin.get("/admin/policy")?.success()? == before, "a refused policy changed something");
    Ok(())
}

fn unsigned(scene: &mut Scene) -> Result<()> {
    let install = &scene.install;
    let sent = policy("dry-run");
    install.admin.send("PUT", "/admin/policy", &[], Some(sent.as_bytes()))?.problem(400, "by-missing")?;
    Ok(())
}

fn doctor(scene: &mut Scene) -> Result<()> {
    let install = &scene.install;
    install.policy(&policy("dry-run"))?;
    let found = install.admin.get("/admin/check")?.success()?;
    ensure!(found.to_string().contains(crate::stage::site::BOT), "the account is not told: {found}");
    ensure!(list(&found, "/groups")?.len() >= 2, "the groups are not told: {found}");
    Ok(())
}
