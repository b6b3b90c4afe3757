//! A spinner for what takes more than a second.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// Something that goes on until it is dropped.
pub(crate) struct Progress {
    running: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Progress {
    /// Starts to wait for the first second; does nothing where nobody looks.
    pub(crate) fn start(activity: &'static str, visible: bool) -> Self {
        let running = visible.then(|| {
            let (done, wait) = mpsc::channel::<()>();
            let thread = std::thread::spawn(move || {
                if wait.recv_timeout(Duration::from_secs(1)) == Err(RecvTimeoutError::Timeout) {
                    let bar = spinner(activity);
                    let _ = wait.recv();
                    bar.finish_and_clear();
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

fn spinner(activity: &'static str) -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
        bar.set_style(style);
    }
    bar.set_message(activity);
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}
