//! A real Prometheus that scrapes a server, and its answers.

use std::collections::BTreeMap;
use std::env;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::sender::until;

/// The labels of a series, its name among them as `__name__`.
pub(crate) type Labels = BTreeMap<String, String>;

/// A running Prometheus with a database of its own.
pub(crate) struct Prometheus {
    child: Child,
    url: String,
    _folder: TempDir,
}

impl Prometheus {
    /// Starts one that scrapes this address, `every` in Prometheus' own words.
    pub(crate) async fn start(target: &str, every: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let config = format!(
            "global: {{ scrape_interval: {every}, scrape_timeout: {every} }}\n\
             scrape_configs: [{{ job_name: dozvon, static_configs: [{{ targets: [\"{target}\"] }}] }}]\n"
        );
        let path = folder.path().join("prometheus.yml");
        std::fs::write(&path, config).unwrap();
        let program = env::var_os("DOZVON_TEST_PROMETHEUS");
        let program = program.expect("DOZVON_TEST_PROMETHEUS is set by tests/run");
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let child = Command::new(program)
            .arg(format!("--config.file={}", path.display()))
            .arg(format!(
                "--storage.tsdb.path={}",
                folder.path().join("data").display()
            ))
            .arg(format!("--web.listen-address={address}"))
            .arg("--log.level=error")
            .stdout(Stdio::null())
            .spawn()
            .expect("Prometheus starts");
        let prometheus = Self {
            child,
            url: format!("http://{address}"),
            _folder: folder,
        };
        until("Prometheus", || async {
            let asked = reqwest::get(format!("{}/-/ready", prometheus.url)).await;
            asked
                .is_ok_and(|answer| answer.status().is_success())
                .then_some(())
        })
        .await;
        prometheus
    }

    /// What one of its addresses answers.
    pub(crate) async fn ask(&self, path: &str, arguments: &[(&str, &str)]) -> Value {
        let asked = reqwest::Client::new().get(format!("{}/api/v1/{path}", self.url));
        let answer = asked.query(arguments).send().await.unwrap();
        let mut answer: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        assert_eq!(answer["status"], "success", "{arguments:?}: {answer}");
        answer["data"].take()
    }

    /// The series that an expression comes to at this moment.
    pub(crate) async fn query(&self, expression: &str) -> Vec<(Labels, f64)> {
        let answer = self.ask("query", &[("query", expression)]).await;
        let series = answer["result"].as_array().unwrap().iter();
        let series = series.map(|series| {
            let labels = series["metric"].as_object().unwrap().iter();
            let labels = labels.map(|(name, value)| (name.clone(), value.as_str().unwrap().into()));
            let value = series["value"][1].as_str().unwrap();
            (labels.collect(), value.parse().unwrap())
        });
        series.collect()
    }

    /// The sum of these series; 0 when there is none.
    pub(crate) async fn sum(&self, series: &str) -> f64 {
        let found = self.query(series).await;
        found.iter().map(|(_, value)| value).sum()
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
