//! The page of the whiteboard while thirty people move on it at once, next to the same page with five.
//!
//! What counts is how many frames a second the page of one of them draws, and how long it takes until that page shows a
//! move that another page made. Everyone but these two is a client without a page.

use std::process::Command;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use super::{Comparison, Options, table};
use crate::{
    process,
    server::{Server, State},
    tools::{self, Tools},
    worker::{Profile, Worker},
};

/// How many people are on the board that is measured, and on the one that it is compared with.
const PEOPLE: [u64; 2] = [30, 5];

pub(super) fn run(options: &Options) -> Result<()> {
    let tools = Tools::install()?;
    tools::install_packages(&tools::root().join("tests"))?;
    let browser = tools::install_chromium()?;
    let whiteboard = Worker::example("whiteboard")?;
    whiteboard.build(Profile::Release, &tools)?;
    let server = Server::start_anywhere(&whiteboard, State::temporary()?)?;

    println!("whiteboard: a page while all people of its board move");
    let mut command = Command::new("node");
    command.arg(tools::root().join("xtask/bench/whiteboard/page.mjs")).arg(server.url()).arg(browser);
    command
        .args([options.rounds.to_string(), options.seconds.to_string()])
        .args(PEOPLE.map(|people| people.to_string()));
    let mut results = Results::default();
    let mut read = Ok(());
    let status = process::run_by_line(&mut command, |line| {
        eprintln!("{line}");
        if read.is_ok() {
            read = results.read(line);
        }
    })?;
    read?;
    if !status.success() {
        bail!("`{}` failed ({status})", process::title(&command));
    }
    println!("{}", results.summary());
    Ok(())
}

/// The results of the rounds so far.
#[derive(Debug, Default)]
struct Results {
    /// The first figures of a round, which those of the other board are compared with.
    many: Option<[f64; 2]>,
    frames: Comparison,
    seen: Comparison,
}

impl Results {
    fn read(&mut self, line: &str) -> Result<()> {
        let round: Value = serde_json::from_str(line).with_context(|| format!("`{line}` is no result"))?;
        let figure = |name: &str| round[name].as_f64().with_context(|| format!("`{line}` has no `{name}`"));
        let figures = [figure("frames")?, figure("seen")?];
        match self.many.take() {
            None => self.many = Some(figures),
            Some([frames, seen]) => {
                self.frames.push(frames, figures[0]);
                self.seen.push(seen, figures[1]);
            }
        }
        Ok(())
    }

    fn summary(&self) -> String {
        let row = |name: &str, comparison: &Comparison| {
            let (many, few) = (comparison.subject(), comparison.reference());
            vec![name.to_owned(), format!("{many:.1}"), format!("{few:.1}"), format!("{:.2}", comparison.ratio())]
        };
        let [many, few] = PEOPLE.map(|people| format!("{people} people"));
        table(&[
            vec![String::new(), many, few, "ratio".to_owned()],
            row("frames a second", &self.frames),
            row("ms from move to seen", &self.seen),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boards_are_compared_round_by_round() {
        let mut results = Results::default();
        for line in [
            r#"{"round":1,"people":30,"frames":30.0,"seen":100.0}"#,
            r#"{"round":1,"people":5,"frames":60.0,"seen":50.0}"#,
        ] {
            results.read(line).expect("it is a result");
        }
        let summary = results.summary();
        let rows: Vec<Vec<_>> = summary.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(rows[1], ["frames", "a", "second", "30.0", "60.0", "0.50"]);
        assert_eq!(rows[2], ["ms", "from", "move", "to", "seen", "100.0", "50.0", "2.00"]);
        assert!(results.read("hello").is_err());
    }
}
