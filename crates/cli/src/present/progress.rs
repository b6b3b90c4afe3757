//! A bar for what takes more than a second; a spinner while nobody knows how much it is.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use model::Counter;

/// How often the bar looks how far it is.
const TICK: Duration = Duration::from_millis(120);

/// What is shown while the amount is not known, and where it is.
const SPINNER: &str = "{spinner} {msg} ({elapsed})";
const BAR: &str = "{spinner} {msg} [{bar:30}] {human_pos}/{human_len} ({elapsed})";

/// Something that goes on until it is dropped.
pub(crate) struct Progress {
    running: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Progress {
    /// Starts to wait for the first second; does nothing where nobody looks. What is counted before
    /// is forgotten.
    pub(crate) fn start(activity: &'static str, counter: Arc<Counter>, visible: bool) -> Self {
        counter.begin(0);
        let running = visible.then(|| {
            let (done, wait) = mpsc::channel::<()>();
            let thread = std::thread::spawn(move || {
                if wait.recv_timeout(Duration::from_secs(1)) == Err(RecvTimeoutError::Timeout) {
                    show(activity, &counter, &wait);
                }
            });
            (done, thread)
        });
        Self { running }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((done, thread)) = self.running.take() {
            drop(done);
            let _ = thread.join();
        }
    }
}

/// Shows a bar until the other end goes away.
fn show(activity: &'static str, counter: &Counter, wait: &Receiver<()>) {
    let bar = ProgressBar::new_spinner();
    bar.set_message(activity);
    let mut is_measured = None;
    loop {
        let read = counter.read();
        if is_measured != Some(read.is_some()) {
            is_measured = Some(read.is_some());
            let template = if read.is_some() { BAR } else { SPINNER };
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style);
            }
        }
        if let Some((done, total)) = read {
            bar.set_length(total as u64);
            bar.set_position(done as u64);
        }
        bar.tick();
        if wait.recv_timeout(TICK) != Err(RecvTimeoutError::Timeout) {
            return bar.finish_and_clear();
        }
    }
}
