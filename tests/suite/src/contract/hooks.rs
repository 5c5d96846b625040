//! Events and their signatures.

use super::{Check, Needs::Nothing, scene::Scene};
use crate::stage::install::sign;
use anyhow::{Result, ensure};

/// Checks of this file.
pub const CHECKS: &[Check] = &[
    Check { name: "an event with the right signature is accepted", needs: Nothing, run: right },
    Check { name: "an event without a signature is refused", needs: Nothing, run: missing },
    Check { name: "an event with a wrong signature is refused", needs: Nothing, run: wrong },
    Check { name: "an event with two signatures is refused", needs: Nothing, run: two },
    Check { name: "an event whose signature is for other bytes is refused", needs: Nothing, run: other_bytes },
    Check {
        name: "an event that cannot be read is refused with its signature checked first",
        needs: Nothing,
        run: malformed,
    },
    Check { name: "every byte of an event arrives as its signature was made", needs: Nothing, run: bytes },
];

/// A connection test: it is answered and changes nothing.
const PING: &str = r#"{"test":true}"#;

fn right(scene: &mut Scene) -> Result<()> {
    let install = &scene.install;
    let signature = sign(&install.tokens.hook, PING.as_bytes())?;
    let (_, digits) = signature.split_once('=').unwrap_or_default();
    for accepted in [signature.clone(), digits.to_owned(), format!("sha256={}", digits.to_uppercase())] {
        let answer = install.signed(PING.as_bytes(), &accepted)?.success()?;
        ensure!(answer.pointer("/outcome/is").is_some(), "the ping was answered with {answer}");
    }
    Ok(())
}

fn missing(scene: &mut Scene) -> Result<()> {
    scene.install.anyone.post("/hooks/login", None)?.problem(401, "signature-invalid")?;
    scene.install.anyone.with_token(&scene.install.tokens.admin).post("/hooks/login", None)?.expect(401)?;
    Ok(())
}

fn wrong(scene: &mut Scene) -> Result<()> {
    let install = &scene.install;
    let of_other = sign("another-secret-than-the-one-we-have", PING.as_bytes())?;
    let right = sign(&install.tokens.hook, PING.as_bytes())?;
    let sha1 = right.replace("sha256=", "sha1=");
    let cut = right.chars().take(40).collect::<String>();
    for wrong in [of_other.as_str(), &sha1, &cut, "sha256=", "", "sha256=zz"] {
        install.signed(PING.as_bytes(), wrong)?.problem(401, "signature-invalid")?;
    }
    Ok(())
}

fn two(scene: &mut Scene) -> Result<()> {
    let right = sign(&scene.install.tokens.hook, PING.as_bytes())?;
    let headers = [("x-hub-signature", right.as_str()), ("x-hub-signature", "sha256=00")];
    scene
        .install
        .anyone
        .send("POST", "/hooks/login", &headers, Some(PING.as_bytes()))?
        .problem(401, "signature-invalid")?;
    Ok(())
}

fn other_bytes(scene: &mut Scene) -> Result<()> {
    let install = &scene.install;
    let right = sign(&install.tokens.hook, PING.as_bytes())?;
    for body in [r#"{"test":true} "#, r#"{"test": true}"#, "", r#"{"test":false}"#] {
        install.signed(body.as_bytes(), &right)?.problem(401, "signature-invalid")?;
    }
    Ok(())
}

fn malformed(scene: &mut Scene) -> Result<()> {
    let install = &scene.install;
    for body in ["", "{", "[]", "{}", r#"{"event":"login"}"#, r#"{"event":"login","username":"a","timestamp":"soon"}"#]
    {
        install.event(body)?.problem(400, "event-malformed")?;
        install.signed(body.as_bytes(), "sha256=00")?.problem(401, "signature-invalid")?;
    }
    Ok(())
}

fn bytes(scene: &mut Scene) -> Result<()> {
    for filler in ["Jürgen ✓ \u{1f980}", "\\u0000", "a\\r\\nb", "  \\t  "] {
        scene.install.event(&format!("{{\"event\":\"page_created\",\r\n\t\"filler\":\"{filler}\"}}\n"))?.expect(200)?;
    }
    // Bytes that are no text have a right signature as well, and are then no event.
    let body: Vec<u8> = (0..=255).collect();
    let signature = sign(&scene.install.tokens.hook, &body)?;
    scene.install.signed(&body, &signature)?.problem(400, "event-malformed")?;
    Ok(())
}
