//! What components print: whole lines, each with the component's name, to the terminal and to a file.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};

/// A line that grows longer than this is printed in pieces.
const MAX_LINE: usize = 64 * 1024;

/// The two outputs of one component.
#[derive(Clone)]
pub(crate) struct ComponentLogs {
    stdout: Arc<Sink>,
    stderr: Arc<Sink>,
}

struct Sink {
    prefix: String,
    terminal: bool,
    file: Option<Mutex<File>>,
}

impl ComponentLogs {
    /// Opens `<component>_stdout.txt` and `<component>_stderr.txt` in a folder, for appending.
    pub(crate) fn open(component: &str, folder: Option<&Path>, terminal: bool) -> Result<Self, String> {
        let open = |suffix: &str| -> Result<Arc<Sink>, String> {
            let file = folder.map(|folder| open_file(&folder.join(format!("{component}_{suffix}.txt")))).transpose()?;
            Ok(Arc::new(Sink { prefix: format!("[{component}] "), terminal, file }))
        };
        Ok(Self { stdout: open("stdout")?, stderr: open("stderr")? })
    }

    /// Standard output for one instance.
    pub(crate) fn stdout(&self) -> Output {
        Output(Arc::clone(&self.stdout))
    }

    /// Standard error for one instance.
    pub(crate) fn stderr(&self) -> Output {
        Output(Arc::clone(&self.stderr))
    }
}

fn open_file(path: &Path) -> Result<Mutex<File>, String> {
    let refuse = |error: std::io::Error| format!("the log file {} cannot be written: {error}", path.display());
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(refuse)?;
    }
    File::options().create(true).append(true).open(path).map(Mutex::new).map_err(refuse)
}

impl Sink {
    /// Writes whole lines. A full disk or a closed terminal must not stop a component.
    fn write(&self, lines: &[u8]) {
        if let Some(file) = &self.file {
            let _ = file.lock().unwrap_or_else(PoisonError::into_inner).write_all(lines);
        }
        if self.terminal {
            let mut text = Vec::with_capacity(lines.len() + self.prefix.len());
            for line in lines.split_inclusive(|byte| *byte == b'\n') {
                text.extend_from_slice(self.prefix.as_bytes());
                text.extend_from_slice(line);
            }
            // Standard error, so that standard output keeps to the host's own lines.
            let _ = std::io::stderr().lock().write_all(&text);
        }
    }
}

/// One instance's way to a sink.
pub(crate) struct Output(Arc<Sink>);

impl IsTerminal for Output {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Output {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(Lines { sink: Arc::clone(&self.0), partial: Vec::new() })
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(Lines { sink: Arc::clone(&self.0), partial: Vec::new() })
    }
}

/// Collects bytes until a line is whole.
struct Lines {
    sink: Arc<Sink>,
    partial: Vec<u8>,
}

impl Lines {
    fn push(&mut self, bytes: &[u8]) {
        self.partial.extend_from_slice(bytes);
        let end = match self.partial.iter().rposition(|byte| *byte == b'\n') {
            Some(newline) => newline + 1,
            None if self.partial.len() > MAX_LINE => self.partial.len(),
            None => return,
        };
        let rest = self.partial.split_off(end);
        let mut lines = std::mem::replace(&mut self.partial, rest);
        if !lines.ends_with(b"\n") {
            lines.push(b'\n');
        }
        self.sink.write(&lines);
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        if !self.partial.is_empty() {
            self.push(b"\n");
        }
    }
}

impl AsyncWrite for Lines {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        self.get_mut().push(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for Lines {
    async fn ready(&mut self) {}
}

impl OutputStream for Lines {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.push(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(MAX_LINE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_written_whole_and_the_last_one_is_ended() {
        let folder = tempfile::tempdir().unwrap();
        let logs = ComponentLogs::open("sweep", Some(folder.path()), false).unwrap();
        let mut first = Lines { sink: Arc::clone(&logs.stdout().0), partial: Vec::new() };
        let mut second = Lines { sink: Arc::clone(&logs.stdout().0), partial: Vec::new() };
        first.push(b"one and ");
        second.push(b"other\n");
        first.push(b"more\nhalf");
        drop(first);
        let text = std::fs::read_to_string(folder.path().join("sweep_stdout.txt")).unwrap();
        assert_eq!(text, "other\none and more\nhalf\n");
    }

    #[test]
    fn a_line_without_an_end_does_not_grow_for_ever() {
        let logs = ComponentLogs::open("sweep", None, false).unwrap();
        let mut lines = Lines { sink: Arc::clone(&logs.stderr().0), partial: Vec::new() };
        for _ in 0..10 {
            lines.push(&vec![b'x'; MAX_LINE]);
        }
        assert!(lines.partial.len() <= MAX_LINE);
    }
}
