//! Files: what they are called, and that half of one never looks like a whole one.

use std::io::Write;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use super::super::exit::Failure;
use super::super::output::Output;

/// The file itself, or in a folder a file of this name with the date.
pub(crate) fn named(target: &Path, name: &str, ending: &str, now: DateTime<Utc>) -> PathBuf {
    let folder = target.is_dir() || target.as_os_str().to_string_lossy().ends_with('/');
    if folder { target.join(format!("{name}-{}.{ending}", now.format("%Y%m%d"))) } else { target.to_owned() }
}

/// Writes beside the file and renames at the end, so that half an export never looks like a whole one.
pub(crate) fn into_file(file: &Path, write: impl FnOnce(&mut dyn Write) -> Result<(), Failure>) -> Result<(), Failure> {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    let beside = file.with_file_name(name);
    let refuse = |error: std::io::Error| {
        Failure::new(format!("the file {} cannot be written", file.display()))
            .detail(error)
            .next_step("Check the folder and the space left, or choose another file with --output.")
    };
    let result = (|| {
        let mut sink = std::io::BufWriter::new(std::fs::File::create(&beside).map_err(refuse)?);
        write(&mut sink)?;
        sink.into_inner().map_err(|error| refuse(error.into_error()))?.sync_all().map_err(refuse)?;
        std::fs::rename(&beside, file).map_err(refuse)
    })();
    if result.is_err() {
        // What is left of it is of no use; the reason above matters more than a failure here.
        let _ = std::fs::remove_file(&beside);
    }
    result
}

/// What was written to the sink, or why it was not.
pub(crate) fn written(result: std::io::Result<()>) -> Result<(), Failure> {
    result
        .map_err(|error| Failure::new("the export cannot be written").detail(error).next_step("Check the space left."))
}

/// Writes text to a file, or shows it.
pub(crate) fn text_to(file: Option<&Path>, text: &str, output: Output) -> Result<(), Failure> {
    let Some(file) = file else {
        super::super::output::write(text);
        return Ok(());
    };
    into_file(file, |sink| written(sink.write_all(text.as_bytes())))?;
    super::written_to(file, output);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_in_a_folder_has_the_list_and_the_date_in_its_name() {
        let dir = tempfile::tempdir().unwrap();
        let now = "2026-11-23T08:00:00Z".parse().unwrap();
        assert_eq!(named(dir.path(), "accounts", "csv", now), dir.path().join("accounts-20261123.csv"));
        assert_eq!(named(Path::new("no-such/"), "runs", "json", now), Path::new("no-such/runs-20261123.json"));
        assert_eq!(named(Path::new("mine.csv"), "accounts", "csv", now), Path::new("mine.csv"));
    }

    #[test]
    fn a_file_appears_whole_or_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("out.csv");
        let broken = into_file(&file, |sink| {
            sink.write_all(b"half").unwrap();
            Err(Failure::new("broke off"))
        });
        assert!(broken.is_err());
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
        into_file(&file, |sink| written(sink.write_all(b"whole"))).unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "whole");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
