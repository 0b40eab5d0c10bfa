//! What a configuration says, and what it is told when it is wrong.

use std::net::Ipv4Addr;
use std::time::Duration;

use super::*;
use crate::model::Timestamp;

const DEFAULTS: &str = include_str!("../../deploy/dozvon.toml");

/// A file of that text, under a name that shows in errors.
fn load(text: &str, env: &[(&str, &str)], overrides: &Overrides) -> Result<Config, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dozvon.toml");
    fs::write(&path, text).unwrap();
    let env = env
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let prefix = format!("{}/", folder.path().display());
    Config::load(Some(&path), env, overrides)
        .map_err(|error| error.to_string().replace(&prefix, ""))
}

/// What a file of that text says.
pub(super) fn loaded(text: &str) -> Config {
    load(text, &[], &Overrides::default()).unwrap()
}

pub(super) fn wrong(text: &str) -> String {
    load(text, &[], &Overrides::default()).unwrap_err()
}

#[test]
fn the_manual_says_the_defaults() {
    let config = load(DEFAULTS, &[], &Overrides::default());
    assert_eq!(config, Ok(Config::default()));
    assert_eq!(load("", &[], &Overrides::default()), Ok(Config::default()));
}

#[test]
fn the_manual_leaves_no_key_out_and_its_examples_are_right() {
    let mut whole = Config::default();
    whole.privacy.key_file = Some(whole.key_file().unwrap());
    whole.database = DatabaseUrl::new("postgres://dozvon@db.example/dozvon").ok();
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    let day = |text: &str| serde_json::from_value::<ValidFrom>(text.into()).unwrap();
    let change = Since {
        valid_from: day("2026-10-01"),
        target: seconds(15),
        short_abandon: None,
        headline: None,
        excessive_transfers: None,
        calendar: None,
    };
    whole.service_level.calendar = Some("office".into());
    whole.service_level.since = vec![change.clone()];
    let headline = |id: &str| serde_json::from_value::<Headline>(id.into()).ok();
    let days = |days: u64| Some(Duration::from_secs(days * 24 * 60 * 60));
    whole.retention = Retention {
        journal: days(30),
        calls: days(1_100),
        rollups: days(3_650),
        pseudonyms: days(400),
    };
    whole.survey.survey = Some("two-questions".into());
    whole.survey.files = vec!["deploy/surveys/two-questions.toml".into()];
    whole.survey.lines = vec![SurveyLine {
        line: "+78412000000".into(),
        survey: Some("phone-block".into()),
        language: Some("ru".into()),
        invite: Some(Invite::Before),
    }];
    whole.queues = vec![Queue {
        name: "sales".into(),
        target: seconds(30),
        short_abandon: seconds(5),
        headline: headline("answered_only"),
        excessive_transfers: Some(3),
        calendar: Some("office".into()),
        since: vec![Since {
            target: seconds(20),
            headline: headline("strict"),
            ..change
        }],
    }];
    let hours = |text: &str| vec![serde_json::from_value::<FromTo>(text.into()).unwrap()];
    let date = |text: &str| serde_json::from_value::<Day>(text.into()).unwrap();
    let usual = || hours("08:00-17:00");
    whole.calendars = vec![CalendarTable {
        name: "office".into(),
        weekly: Weekly {
            mon: usual(),
            tue: usual(),
            wed: usual(),
            thu: usual(),
            fri: hours("08:00-16:00"),
            sat: hours("10:00-14:00"),
            sun: hours("10:00-14:00"),
        },
        holidays: vec![date("2026-11-04"), date("2027-01-01")],
        exceptions: vec![Exception {
            date: date("2026-12-31"),
            hours: hours("08:00-13:00"),
        }],
    }];
    whole.lines = vec![Line {
        number: "+78462000000".into(),
        name: "jobs line".into(),
    }];
    whole.agents = vec![Agent {
        id: "102".into(),
        name: Some("Anna".into()),
        team: Some("first".into()),
        from: Some(day("2026-01-01")),
        to: Some(day("2026-09-01")),
    }];
    whole.planned_routes = vec![PlannedRoute {
        from: "first line".into(),
        to: "specialists".into(),
    }];
    let shifts = |texts: &[&str]| -> Vec<PlannedShift> {
        serde_json::from_value(serde_json::json!(texts)).unwrap()
    };
    let usual = || shifts(&["08:00-17:00 = 5"]);
    whole.plans = vec![PlanTable {
        queue: Some("sales".into()),
        valid_from: Some(day("2026-10-01")),
        weekly: Weekly {
            mon: shifts(&["08:00-12:00 = 6", "12:00-17:00 = 5"]),
            tue: usual(),
            wed: usual(),
            thu: usual(),
            fri: shifts(&["08:00-16:00 = 5"]),
            sat: shifts(&["10:00-14:00 = 2"]),
            sun: shifts(&["10:00-14:00 = 2"]),
        },
        holidays: vec![date("2026-11-04"), date("2027-01-01")],
        exceptions: vec![Exception {
            date: date("2026-12-31"),
            hours: shifts(&["08:00-13:00 = 3"]),
        }],
    }];
    whole.sources = vec![Source {
        name: "pbx-1".into(),
        country: Country::default(),
        zone: Some(serde_json::from_str("\"Europe/Samara\"").unwrap()),
    }];
    let map = |from: &str, to: &str| [(from.to_owned(), to.to_owned())].into();
    whole.asterisk = vec![Asterisk {
        source: "pbx-1".into(),
        address: "127.0.0.1:5038".into(),
        user: "dozvon".into(),
        secret_file: Some("/etc/dozvon/pbx-1.secret".into()),
        secret_variable: None,
        serve: true,
        server: "127.0.0.1:7440".into(),
        spool: Some("/var/lib/dozvon-spool/pbx-1".into()),
        spool_mib: 256,
        trunk_contexts: vec!["from-trunk".into()],
        survey_contexts: vec!["survey".into()],
        queue_log: Some("/var/log/asterisk/queue_log".into()),
        test_numbers: vec!["+78460000001".into()],
        desk_reasons: vec!["desk".into()],
        tune: true,
        queues: map("400", "jobs"),
        agents: map("Local/104@from-queue/n", "104"),
        wrap_up: [("400".to_owned(), WrapUp(Duration::from_secs(30)))].into(),
        agi: Some(Agi::default()),
    }];
    // Commented keys are `# key = …`, `# [[table]]` and `# [table.in-it]`; prose has neither.
    let is_example = |line: &str| {
        let key = line.split(" = ").next().unwrap_or("");
        let is_table = line.starts_with("[[") || line.starts_with("[asterisk.");
        is_table || (line.contains(" = ") && !key.contains(' '))
    };
    let lines = DEFAULTS.lines().map(|line| match line.strip_prefix("# ") {
        Some(example) if is_example(example) => format!("{example}\n"),
        _ => format!("{line}\n"),
    });
    let text: String = lines.collect();
    assert_eq!(load(&text, &[], &Overrides::default()), Ok(whole.clone()));
    for key in toml::to_string(&whole).unwrap().lines() {
        // A table in a table may be written in one line.
        let key = key
            .trim_matches(['[', ']'])
            .rsplit('.')
            .next()
            .unwrap_or(key);
        let key = key.split(" = ").next().unwrap_or(key);
        assert!(text.contains(key), "{key} is not in the manual");
    }
}

#[test]
fn a_wrong_file_is_told_where_and_what_was_expected() {
    let cases = [
        (
            "[service_level]\n  targt = \"20s\"\n",
            "dozvon.toml:2:3: unknown key \"targt\" in [service_level], did you mean \"target\"?",
        ),
        (
            "[srver]\ngrpc = \"127.0.0.1:1\"\n",
            "dozvon.toml:1:2: unknown key \"srver\" at the top of the file, did you mean \"server\"?",
        ),
        (
            "service_level.limit = 3",
            "dozvon.toml:1:15: unknown key \"limit\" in [service_level]",
        ),
        (
            "[[queue]]\nname = \"a\"\n[[queue]]\nname = \"b\"\ntargte = \"1s\"\n",
            "dozvon.toml:5:1: unknown key \"targte\" in [[queue]], did you mean \"target\"?",
        ),
        (
            "# комментарий\nservice_level = { target = 20 }\n",
            "dozvon.toml:2:28: service_level.target: expected a span such as \"20s\" or \"1m 30s\", got integer `20`",
        ),
        (
            "[calls]\nsettle = \"30 apples\"\n",
            "dozvon.toml:2:10: calls.settle: expected a span such as \"20s\" or \"1m 30s\", got \"30 apples\"",
        ),
        (
            "[[queue]]\nname = \"a\"\ntarget = 5\n",
            "dozvon.toml:3:10: queue.target: expected a span such as \"20s\" or \"1m 30s\", got integer `5`",
        ),
        (
            "[ingest]\nwindow_events = -1\n",
            "dozvon.toml:2:17: ingest.window_events: expected a whole number, got integer `-1`",
        ),
        (
            "[server]\nplain_text_elsewhere = \"yes\"\n",
            "dozvon.toml:2:24: server.plain_text_elsewhere: expected true or false, got string \"yes\"",
        ),
        (
            "[server]\ngrpc = \"7440\"\n",
            "dozvon.toml:2:8: server.grpc: expected an address such as \"127.0.0.1:7440\", got \"7440\"",
        ),
        (
            "zone = \"Europe/Samra\"\n",
            "dozvon.toml:1:8: zone: unknown time zone \"Europe/Samra\", did you mean \"Europe/Samara\"?",
        ),
        (
            "zone = \"samara\"\n",
            "dozvon.toml:1:8: zone: unknown time zone \"samara\", did you mean \"Europe/Samara\"?",
        ),
        (
            "[[source]]\nname = \"a\"\ncountry = \"Russia\"\n",
            "dozvon.toml:3:11: source.country: unknown country \"Russia\", expected a country's two letters, such as \"RU\"",
        ),
        (
            "[log]\nformat = \"jsn\"\n",
            "dozvon.toml:2:10: log.format: expected one of \"text\", \"json\", got \"jsn\", did you mean \"json\"?",
        ),
        (
            "[[queue]]\ntarget = \"5s\"\n",
            "dozvon.toml:1:1: \"name\" is missing in [[queue]]",
        ),
        (
            "[queue]\nname = \"a\"\n",
            "dozvon.toml:1:1: queue: expected a list of tables, each under its own [[…]], got a table",
        ),
        (
            "log = 3\n",
            "dozvon.toml:1:7: log: expected a table, got integer `3`",
        ),
        (
            "zone = \"UTC\"\nzone = \"UTC\"\n",
            "dozvon.toml:2:1: duplicate key",
        ),
    ];
    for (text, message) in cases {
        assert_eq!(wrong(text), message, "{text}");
    }
    assert!(wrong("zone: UTC").starts_with("dozvon.toml:1:"));
}

#[test]
fn what_does_not_fit_together_is_told_at_its_key() {
    let turning_back = "data_dir = \"./data\"\n[privacy]\nkey_file = \"data/../data/key\"\n";
    let cases = [
        (
            "[service_level]\ntarget = \"5s\"\n",
            "dozvon.toml:2:1: service_level.target: must be longer than short_abandon, 5s",
        ),
        (
            "[service_level]\nshort_abandon = \"0s\"\n",
            "dozvon.toml:2:1: service_level.short_abandon: must be longer than nothing",
        ),
        (
            "[[queue]]\nname = \"a\"\ntarget = \"4s\"\n",
            "dozvon.toml:3:1: queue.target: must be longer than short_abandon, 5s",
        ),
        (
            "[[queue]]\nname = \"a\"\nshort_abandon = \"20s\"\n",
            "dozvon.toml:3:1: queue.short_abandon: must be shorter than the target, 20s",
        ),
        (
            "[[queue]]\nname = \"a\"\n[[queue]]\nname = \"a\"\n",
            "dozvon.toml:4:1: queue.name: \"a\" is there twice",
        ),
        (
            "[[queue]]\nname = \"\"\n",
            "dozvon.toml:2:1: queue.name: may not be empty",
        ),
        (
            "[[source]]\nname = \"a\\nb\"\n",
            "dozvon.toml:2:1: source.name: \"a\\nb\" holds a control character",
        ),
        (
            "[[queue]]\nname = \"ALL\"\n",
            "dozvon.toml:2:1: queue.name: \"ALL\" is what reports call the row for all queues; choose another",
        ),
        (
            "[[queue]]\nname = \"other\"\n",
            "dozvon.toml:2:1: queue.name: \"other\" is a label of the metrics; choose another",
        ),
        (
            "[server]\nhttp = \"127.0.0.1:7440\"\n",
            "dozvon.toml:2:1: server.http: 127.0.0.1:7440 is already the address of gRPC",
        ),
        (
            "[ingest]\nbatch_events_max = 10001\n",
            "dozvon.toml:2:1: ingest.batch_events_max: must be from 1 to 10000",
        ),
        (
            "[ingest]\nwindow_events = 100\n",
            "dozvon.toml:2:1: ingest.window_events: must hold a batch: at least batch_events_max, 10000",
        ),
        (
            "[ingest]\nstore_lag_max = 9999\n",
            "dozvon.toml:2:1: ingest.store_lag_max: must hold a batch: at least batch_events_max, 10000",
        ),
        (
            "[ingest]\nlease = \"0s\"\n",
            "dozvon.toml:2:1: ingest.lease: must be longer than nothing",
        ),
        (
            "[calls]\nsettle_events = 0\n",
            "dozvon.toml:2:1: calls.settle_events: must be at least 1",
        ),
        (
            "[calls]\nopen_calls_max = 0\n",
            "dozvon.toml:2:1: calls.open_calls_max: must be at least 1",
        ),
        (
            "[board]\nwrap_up_max = \"0s\"\n",
            "dozvon.toml:2:1: board.wrap_up_max: must be longer than 0s, or whoever works after a call is at it for too long",
        ),
        (
            "[calls]\ncall_deadline = \"10s\"\n",
            "dozvon.toml:2:1: calls.call_deadline: must be longer than settle, 30s",
        ),
        (
            "data_dir = \"/\"\n",
            "configuration: privacy.key_file: must be said: data_dir has no name to put a folder beside",
        ),
        (
            "data_dir = \"./data\"\n[privacy]\nkey_file = \"data/key\"\n",
            "dozvon.toml:3:1: privacy.key_file: lies inside data_dir: whoever copies the databases would have the key as well",
        ),
    ];
    for (text, message) in cases {
        assert_eq!(wrong(text), message, "{text}");
    }
    // The way is compared by its letters, so one that turns back is on the safe side: refused as well.
    assert!(wrong(turning_back).contains("lies inside data_dir"));
}

#[test]
fn thresholds_are_bounded() {
    let queues = |count: u32| -> String {
        let queue = |i| format!("[[queue]]\nname = \"q{i}\"\ntarget = \"{}s\"\n", i + 100);
        (0..count).map(queue).collect()
    };
    let overrides = Overrides::default();
    assert!(
        load(&queues(30), &[], &overrides).is_ok(),
        "with the two defaults 32"
    );
    assert!(wrong(&queues(31)).contains("more than 32 different thresholds"));
}

#[test]
fn doors_to_elsewhere_must_be_asked_for() {
    let text = "[server]\ngrpc = \"0.0.0.0:7440\"\n";
    let message = wrong(text);
    assert!(
        message.starts_with("dozvon.toml:2:1: server.grpc: 0.0.0.0:7440 can be reached"),
        "{message}"
    );
    assert!(
        message.contains("server.plain_text_elsewhere = true"),
        "{message}"
    );
    let asked = format!("{text}plain_text_elsewhere = true\n");
    assert!(load(&asked, &[], &Overrides::default()).is_ok());
    assert!(
        load(
            "[server]\ngrpc = \"[::1]:0\"\nhttp = \"[::1]:0\"",
            &[],
            &Overrides::default()
        )
        .is_ok()
    );
}

#[test]
fn the_later_layer_wins() {
    let text =
        "[server]\ngrpc = \"127.0.0.1:1\"\nhttp = \"127.0.0.1:2\"\n[log]\nlevel = \"warn\"\n";
    let env = [
        ("DOZVON_SERVER_HTTP", "127.0.0.1:3"),
        ("DOZVON_SERVER_GRPC", "127.0.0.1:4"),
        ("DOZVON_LOG_FORMAT", "json"),
        ("DOZVON_ZONE", "Europe/Samara"),
        ("DOZVON_INGEST_WINDOW_EVENTS", "20000"),
        ("DOZVON_SERVER_PLAIN_TEXT_ELSEWHERE", "true"),
        ("DOZVON_PRIVACY_KEY_FILE", "/keys/k"),
        ("DOZVON_SHARED", "somebody else's"),
        ("DOZVON_SERVICE_HOST", "somebody else's"),
        ("HOME", "/"),
    ];
    let overrides = Overrides {
        data_dir: Some("/data".into()),
        grpc: Some((Ipv4Addr::LOCALHOST, 5).into()),
        http: None,
        ..Overrides::default()
    };
    let config = load(text, &env, &overrides).unwrap();
    assert_eq!(config.server.grpc.port(), 5, "flag over variable over file");
    assert_eq!(config.server.http.port(), 3, "variable over file");
    assert_eq!(config.log.level, LogLevel::Warn, "file over default");
    assert_eq!(config.log.format, LogFormat::Json);
    assert_eq!(config.zone.name(), "Europe/Samara");
    assert_eq!(config.ingest.window_events, 20_000);
    assert!(config.server.plain_text_elsewhere);
    assert_eq!(config.data_dir, Path::new("/data"));
    assert_eq!(config.key_file().unwrap(), Path::new("/keys/k"));
}

#[test]
fn a_wrong_variable_or_flag_is_named() {
    let cases = [
        (
            "DOZVON_SERVICE_LEVEL_TARGT",
            "20s",
            "there is no such variable, did you mean DOZVON_SERVICE_LEVEL_TARGET?",
        ),
        (
            "DOZVON_SERVICE_LEVEL_TARGET",
            "20",
            "expected a span such as \"20s\" or \"1m 30s\", got \"20\"",
        ),
        (
            "DOZVON_SERVICE_LEVEL_TARGET",
            "2s",
            "service_level.target: must be longer than short_abandon, 5s",
        ),
        (
            "DOZVON_DATABASE",
            "mysql://u:secret@h/d",
            "expected a URL such as \"postgres://dozvon@db.example/dozvon\"",
        ),
        (
            "DOZVON_INGEST_WINDOW_EVENTS",
            "many",
            "expected a whole number, got \"many\"",
        ),
        (
            "DOZVON_INGEST_WINDOW_EVENTS",
            "-1",
            "expected a whole number, got integer `-1`",
        ),
        (
            "DOZVON_LOG_LEVEL",
            "inf",
            "expected one of \"error\", \"warn\", \"info\", \"debug\", \"trace\", got \"inf\", did you mean \"info\"?",
        ),
    ];
    for (name, value, message) in cases {
        let error = load("", &[(name, value)], &Overrides::default()).unwrap_err();
        assert_eq!(error, format!("{name}: {message}"));
    }
    let overrides = Overrides {
        http: Some((Ipv4Addr::UNSPECIFIED, 1).into()),
        ..Overrides::default()
    };
    let error = load("[server]\nhttp = \"127.0.0.1:2\"", &[], &overrides).unwrap_err();
    assert!(
        error.starts_with("--http: server.http: 0.0.0.0:1 can be reached"),
        "{error}"
    );
}

#[test]
fn a_database_is_chosen_at_every_layer_and_its_password_never_printed() {
    let text = "database = \"postgres://u:secret@one/d\"";
    let env = [
        ("DOZVON_DATABASE", "postgres://u:secret@two/d"),
        ("DOZVON_ZONE", "UTC"),
    ];
    let flag = Overrides {
        database: Some("postgres://u:secret@three/d".into()),
        ..Overrides::default()
    };
    let none = Overrides::default();
    for (env, overrides, host) in [
        (&env[..0], &none, "one"),
        (&env, &none, "two"),
        (&env, &flag, "three"),
    ] {
        let config = load(text, env, overrides).unwrap();
        let url = config.database.clone().unwrap();
        assert_eq!(url.secret(), format!("postgres://u:secret@{host}/d"));
        for printed in [config.to_toml().unwrap(), format!("{config:?}")] {
            assert!(
                printed.contains(&format!("postgres://u:***@{host}/d")),
                "{printed}"
            );
            assert!(!printed.contains("secret"), "{printed}");
        }
    }
    for text in [
        "database = \"mysql://u:secret@h/d\"",
        "database = \"postgres://u:secret@h/d",
        "database = [\"postgres://u:secret@h/d\"]",
    ] {
        let error = wrong(text);
        assert!(error.starts_with("dozvon.toml:1:"), "{error}");
        assert!(!error.contains("secret"), "{error}");
    }
    let flag = Overrides {
        database: Some("postgres://u:secret@h:port/d".into()),
        ..Overrides::default()
    };
    let error = load("", &[], &flag).unwrap_err();
    assert!(
        error.starts_with("--database: expected a URL such as"),
        "{error}"
    );
    assert!(!error.contains("secret"), "{error}");
}

#[test]
fn a_file_that_is_not_there_is_named_with_the_reason() {
    let error = Config::load(Some(Path::new("/no/such.toml")), [], &Overrides::default());
    let chain = format!("{:#}", anyhow::Error::from(error.unwrap_err()));
    assert!(
        chain.starts_with("/no/such.toml: the configuration cannot be read: No such file"),
        "{chain}"
    );
}

#[test]
fn queues_take_what_they_do_not_say_from_the_default() {
    let text = "[service_level]\ntarget = \"30s\"\n\
                [[queue]]\nname = \"a\"\ntarget = \"1m\"\n\
                [[queue]]\nname = \"b\"\nshort_abandon = \"2s\"\n";
    let targets = load(text, &[], &Overrides::default()).unwrap().targets();
    let of = |name: &str| {
        let target = targets.of(&QueueId::new(name), Timestamp::default());
        (
            target.service_level.as_secs(),
            target.short_abandon.as_secs(),
        )
    };
    assert_eq!(of("a"), (60, 5));
    assert_eq!(of("b"), (30, 2));
    assert_eq!(of("any other"), (30, 5));
}

#[test]
fn the_key_lies_beside_the_data_never_inside() {
    let key_file = |data_dir: &str| {
        let config = Config {
            data_dir: data_dir.into(),
            ..Config::default()
        };
        config.key_file().unwrap()
    };
    assert_eq!(
        key_file("./dozvon-data"),
        Path::new("./dozvon-data-key/pseudonym.key")
    );
    assert_eq!(
        key_file("/var/lib/dozvon/"),
        Path::new("/var/lib/dozvon-key/pseudonym.key")
    );
    let here = std::env::current_dir().unwrap();
    let mut beside = here.file_name().unwrap().to_owned();
    beside.push("-key");
    assert_eq!(
        key_file("."),
        here.with_file_name(beside).join("pseudonym.key")
    );
}

#[test]
fn what_is_in_force_reads_back_the_same() {
    let text = "zone = \"Europe/Samara\"\n[calls]\nsettle = \"1m 30s\"\n\
                [[queue]]\nname = \"a \\\"b\\\"\"\ntarget = \"12s 500ms\"\n\
                [[source]]\nname = \"pbx\"\ncountry = \"KZ\"\nzone = \"Asia/Almaty\"\n";
    let mut config = load(text, &[], &Overrides::default()).unwrap();
    let printed = config.to_toml().unwrap();
    config.privacy.key_file = Some(config.key_file().unwrap());
    assert_eq!(load(&printed, &[], &Overrides::default()), Ok(config));
    insta::assert_snapshot!(Config::default().to_toml().unwrap());
}
