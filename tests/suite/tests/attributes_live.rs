//! Changing accounts through the real admin component on our host, by HTTP and by the command line, with Crowd as the one
//! who renames.
//!
//! The components must be built (`cargo xtask build`) and so must the host.
#![expect(clippy::unwrap_used, reason = "a failed expectation is a failed test")]

use seatkeeper_tests::stage::{
    Install, Running, Site, components_are_built,
    install::{our_host, policy, prepare, start},
    program, tokens,
};
use serde_json::{Value, json};
use std::{fs, path::Path, process::Command};

const BY: (&str, &str) = ("x-seatkeeper-by", "Ada Lovelace");

struct Stage {
    site: Site,
    install: Install,
    running: Running,
    names: Vec<String>,
    folder: tempfile::TempDir,
}

/// A site with Crowd behind it, and some accounts with plain names that Crowd may change.
fn stage() -> Stage {
    components_are_built().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let site = Site::start(200, &tokens().confluence).unwrap();
    let names = {
        let world = site.own.as_ref().unwrap().world();
        let plain = |name: &str| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'.') && name.len() > 5;
        let users = world.users().filter(|(id, user)| {
            let directory = world.directory_of(*id);
            user.active && directory.update_users && plain(&user.username) && !user.lower.starts_with("admin")
        });
        users.map(|(_, user)| user.username.to_string()).take(4).collect()
    };
    let mut process = prepare(our_host(&["--quiet"]).unwrap(), folder.path(), &site, &tokens(), false).unwrap();
    for (name, value) in [
        ("crowd_origin", site.origin()),
        ("crowd_context_path", "/crowd"),
        ("crowd_application", "seatkeeper"),
        ("crowd_password", "crowd-secret"),
    ] {
        process.variables.push((name.to_owned(), value.to_owned()));
    }
    let (running, install) = start(&process, &tokens()).unwrap();
    install.policy(&policy("approve")).unwrap();
    Stage { site, install, running, names, folder }
}

impl Stage {
    fn ask(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let headers = [("content-type", "application/json"), BY];
        let body = body.to_string();
        let answer = self.install.admin.send(method, path, &headers, Some(body.as_bytes())).unwrap();
        (answer.status.as_u16(), serde_json::from_slice(&answer.body).unwrap_or_default())
    }

    fn exists(&self, name: &str) -> bool {
        self.site.own.as_ref().unwrap().world().find_user(name).is_some()
    }

    fn command(&self, args: &[&str]) -> (Option<i32>, String) {
        let mut command = Command::new(program("seatkeeper").unwrap());
        command.args(args).args(["--url", self.running.base(), "--by", BY.1]);
        command.env("SEATKEEPER_ADMIN_TOKEN", tokens().admin);
        let output = command.output().unwrap();
        let (out, told) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        (output.status.code(), format!("{out}{told}"))
    }
}

fn write(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    path.to_string_lossy().into_owned()
}

#[test]
fn accounts_are_renamed_changed_and_changed_back_by_the_real_component_and_the_command_line() {
    let stage = stage();
    let [one, two, three, four] = &stage.names[..] else { panic!("{:?}", stage.names) };

    // A rehearsal writes nothing and tells what would be done.
    let writes = stage.site.writes().unwrap();
    let (status, told) =
        stage.ask("POST", &format!("/admin/users/{one}/rename?dry-run=true"), &json!({"to": "new.one"}));
    assert_eq!((status, stage.site.writes().unwrap()), (200, writes), "{told}");
    // The name that somebody else has is refused, with the place.
    let (status, told) = stage.ask("POST", &format!("/admin/users/{one}/rename"), &json!({"to": two}));
    assert_eq!(status, 422, "{told}");
    assert!(told.to_string().contains(two.as_str()), "{told}");

    let (status, told) = stage.ask("POST", &format!("/admin/users/{one}/rename"), &json!({"to": "new.one"}));
    assert_eq!(status, 200, "{told}");
    assert!(stage.exists("new.one") && !stage.exists(one));
    let (status, told) = stage.ask(
        "PATCH",
        "/admin/users/new.one",
        &json!({"email": "new.one@merged.example", "full-name": "O'New, One", "groups": {"add": ["confluence-users"]}}),
    );
    assert_eq!(status, 200, "{told}");
    let world = || stage.site.own.as_ref().unwrap().world();
    let mail = |name: &str| {
        let world = world();
        world.user(world.find_user(name).unwrap()).email_text()
    };
    assert_eq!(mail("new.one"), "new.one@merged.example");

    // Two accounts exchange their names by a file on the command line, and it is taken back.
    let (before_two, before_three) = (mail(two), mail(three));
    let file =
        write(stage.folder.path(), "people.csv", &format!("username,new-username\n{two},{three}\n{three},{two}\n"));
    let (code, told) = stage.command(&["users", "bulk", &file, "--dry-run"]);
    assert_eq!(code, Some(2), "{told}");
    let (code, told) = stage.command(&["users", "bulk", &file, "--json"]);
    assert_eq!(code, Some(0), "{told}");
    assert_eq!((mail(two), mail(three)), (before_three.clone(), before_two.clone()), "{told}");
    let jobs = stage.install.admin.get("/admin/users/jobs").unwrap().success().unwrap();
    let newest = jobs["jobs"][0]["id"].as_str().unwrap().to_owned();
    let (code, told) = stage.command(&["users", "undo", &newest]);
    assert_eq!(code, Some(0), "{told}");
    assert_eq!((mail(two), mail(three)), (before_two, before_three), "{told}");

    let (code, told) = stage.command(&["users", "set", four, "--email", "not a mail"]);
    assert_eq!(code, Some(5), "{told}");
    let (code, told) = stage.command(&["users", "rename", four, "brand.new"]);
    assert_eq!(code, Some(0), "{told}");
    assert!(stage.exists("brand.new") && !told.contains(&tokens().admin), "{told}");
}
