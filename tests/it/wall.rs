//! The wallboard in a real browser: what stands there is what `GetQueues` says, in every size, language and theme; and it
//! is red, grey and awake again when it must be.
//!
//! `DOZVON_TEST_PICTURES=FOLDER` keeps a picture of each page that is looked at.

use std::time::Duration;

use dozvon::proto::v1::live_service_client::LiveServiceClient;
use dozvon::proto::v1::{AgentState, GetQueuesRequest, GetQueuesResponse, QueueLive};
use serde_json::{Value, json};

use crate::browser::{Browser, Switch, connected, entered};
use crate::harness::Server;
use crate::sender::{SECOND, arrived, ended, now, until};

/// Sizes: a wall, a beamer, a telephone.
pub(crate) const SIZES: [(u32, u32); 3] = [(1920, 1080), (1280, 720), (390, 844)];
/// Six queues of a public hotline, one of them closed.
const QUEUES: [&str; 6] = [
    "Первая линия",
    "Пособия и выплаты",
    "Вакансии",
    "Регистрация безработных",
    "Для работодателей",
    "Ночная",
];
const CONFIG: &str = "
zone = \"Europe/Samara\"
[[calendar]]
name = \"never\"
exceptions = [{ date = \"2020-01-01\", hours = [\"08:00-08:01\"] }]
[[queue]]
name = \"Ночная\"
calendar = \"never\"
[[queue]]
name = \"Пособия и выплаты\"
target = \"10m\"
[[queue]]
name = \"Вакансии\"
target = \"10m\"
";
/// Agents by queue, and in the whole hotline; there are 4 of each queue, of the last three are logged out.
const PLANNED: [(Option<&str>, u64); 4] = [
    (Some("Первая линия"), 6),
    (Some("Вакансии"), 4),
    (Some("Для работодателей"), 2),
    (None, 18),
];

/// The configuration, with the same number of agents planned at all times.
fn config() -> String {
    let mut config = CONFIG.to_owned();
    for (queue, agents) in PLANNED {
        config += "[[plan]]\n";
        if let Some(queue) = queue {
            config += &format!("queue = \"{queue}\"\n");
        }
        for day in ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] {
            config += &format!("weekly.{day} = [\"00:00-24:00 = {agents}\"]\n");
        }
    }
    config
}

/// An hour of a busy floor: all is well in two queues, callers wait too long in one, where others are answered; one is
/// stuck, one is deserted.
async fn busy_floor(switch: &mut Switch) {
    let mut agents = 0;
    for (place, queue) in QUEUES.iter().enumerate().take(5) {
        for number in 0..12_i64 {
            let (call, agent) = (
                format!("{place}-{number}"),
                format!("a{place}{}", number % 4),
            );
            let ago = 3_000 - number * 200 - place as i64;
            let wait = if number % 5 == 0 { 45 } else { 8 };
            let mut told = vec![(ago, arrived()), (ago - 1, entered(queue))];
            if number % 6 == 5 {
                told.push((ago - 31, ended()));
            } else {
                told.push((ago - wait, connected(&agent, queue)));
                told.push((ago - wait - 90, ended()));
            }
            switch.call(&call, told).await;
        }
        for number in 0..4 {
            use AgentState::{Available, Desk, LoggedOut, Paused, WrapUp};
            let states = match place {
                3 => [Paused, Paused, Paused, WrapUp],
                4 => [LoggedOut, LoggedOut, LoggedOut, Paused],
                _ => [Available, Desk, Paused, WrapUp],
            };
            let agent = format!("a{place}{number}");
            // The last one's work after a call wants looking at: a line more on the card.
            // So do pauses, for reasons of their own.
            let (ago, reason) = match (place, states[number]) {
                (3, Paused) => (
                    [2_000, 2_600, 3_000][number],
                    ["lunch", "lunch", "a training of two days or three"][number],
                ),
                _ => ([5, 25, 45, 425][number], ""),
            };
            let state = (states[number], reason);
            switch.agent_for(&agent, queue, state, ago).await;
            agents += 1;
        }
    }
    assert_eq!(agents, 20);
    for (queue, count, ago) in [(1, 2, 9), (2, 3, 605), (3, 14, 754), (4, 1, 41)] {
        for number in 0..count {
            let ago = ago - number;
            let told = vec![(ago + 1, arrived()), (ago, entered(QUEUES[queue]))];
            switch.call(&format!("waits-{queue}-{number}"), told).await;
        }
    }
}

async fn board(server: &Server) -> GetQueuesResponse {
    let mut client = LiveServiceClient::new(server.channel().await);
    let answer = client.get_queues(GetQueuesRequest::default()).await;
    answer.unwrap().into_inner()
}

/// What the page must say of a queue, but for spans that grow with each second.
fn expected(queue: &QueueLive, language: &str) -> Value {
    let russian = language == "ru";
    let share = |share: Option<f64>| match share {
        None => "–".to_owned(),
        Some(share) if russian => format!("{}\u{a0}%", (share * 100.0).round()),
        Some(share) => format!("{}%", (share * 100.0).round()),
    };
    let agents = queue.agents.unwrap();
    let day = queue.day.unwrap();
    // Nobody knows who is there: that is not nobody.
    let said = |count: u64| {
        queue
            .agents_there
            .map_or("–".to_owned(), |_| count.to_string())
    };
    let of = if russian { "из" } else { "of" };
    let planned = queue.agents_planned;
    let planned = planned.map(|planned| format!("{} {of} {planned}", queue.agents_there.unwrap()));
    let names = if russian {
        [
            "свободны",
            "звонит",
            "говорят",
            "другое",
            "пауза",
            "вошли сегодня",
            "в срок сегодня",
            "потеряно сегодня",
            "по плану",
        ]
    } else {
        [
            "free",
            "ringing",
            "talking",
            "other",
            "paused",
            "entered today",
            "in time today",
            "lost today",
            "as planned",
        ]
    };
    let values = [
        said(agents.available).into(),
        said(agents.ringing).into(),
        said(agents.talking).into(),
        said(agents.other_call + agents.desk).into(),
        said(agents.paused).into(),
        day.offered.to_string().into(),
        share(day.service_level).into(),
        share(day.lost_rate).into(),
        // Without a plan nothing stands there.
        planned.map_or(Value::Null, Value::from),
    ];
    let facts: serde_json::Map<String, Value> = names
        .into_iter()
        .zip(values)
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    json!({
        "name": queue.queue,
        "waiting": queue.waiting.to_string(),
        "level": share(queue.windows[2].service_level),
        "facts": facts,
    })
}

/// The same of what stands on the page.
fn found(queue: &Value, expected: &Value) -> Value {
    let names = expected["facts"].as_object().unwrap().keys();
    let facts: serde_json::Map<String, Value> = names
        .map(|name| (name.clone(), queue["facts"][name].clone()))
        .collect();
    json!({
        "name": queue["name"],
        "waiting": queue["now"][0],
        "level": queue["now"][2],
        "facts": facts,
    })
}

/// Compares page and `GetQueues`; again when a window moved in between.
async fn says_the_same(server: &Server, browser: &mut Browser, language: &str) -> Value {
    for attempt in 0.. {
        let page = browser.ask("shown", json!({}));
        let board = board(server).await;
        assert_eq!(page["language"], language);
        let expected = board.queues.iter().map(|queue| expected(queue, language));
        let expected: Vec<Value> = expected.collect();
        let mut found: Vec<Value> = page["queues"]
            .as_array()
            .unwrap()
            .iter()
            .zip(&expected)
            .map(|(queue, expected)| found(queue, expected))
            .collect();
        found.sort_by_key(|queue| queue["name"].to_string());
        if found == expected {
            return page;
        }
        assert!(attempt < 5, "{found:#?}\n{expected:#?}");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    unreachable!("it returns or panics")
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: run tests/run"]
async fn the_wall_says_what_get_queues_says_in_every_size_language_and_theme() {
    let server = Server::start_with(&config()).await;
    let mut switch = Switch::connect(&server).await;
    busy_floor(&mut switch).await;
    let alive = switch.keep_alive(Some(QUEUES[2]));
    let mut browser = Browser::start();
    let url = format!("http://{}/wall", server.http_addr());
    for (width, height) in SIZES {
        for (language, theme) in [
            ("ru", "dark"),
            ("en", "dark"),
            ("ru", "light"),
            ("en", "light"),
        ] {
            let name = format!("{width}-{language}-{theme}");
            browser.open(&format!("{url}?lang={language}"), (width, height), theme);
            let page = says_the_same(&server, &mut browser, language).await;
            let states = page["queues"].as_array().unwrap().iter();
            let mut states: Vec<_> = states
                .map(|queue| {
                    let name = queue["name"].as_str().unwrap();
                    let place = QUEUES.iter().position(|known| *known == name);
                    (place.unwrap(), queue["state"].as_str().unwrap())
                })
                .collect();
            states.sort_unstable();
            let states: Vec<&str> = states.into_iter().map(|(_, state)| state).collect();
            assert_eq!(states, ["good", "good", "warn", "bad", "bad", "shut"]);
            assert_eq!(
                (&page["stale"], &page["old"]),
                (&Value::Null, &false.into())
            );
            agents_against_the_plan(&page);
            pauses_by_reason(&page);
            browser.picture(&name);
            fits(&mut browser, (width, height), &name);
        }
    }
    // A kiosk of one queue, as large as it can be.
    browser.open(
        &format!("{url}?lang=ru&queues={}&theme=dark", QUEUES[3]),
        SIZES[0],
        "light",
    );
    let page = browser.ask("shown", json!({}));
    assert_eq!(page["queues"].as_array().unwrap().len(), 1);
    assert_eq!(page["queues"][0]["now"][0], "14");
    browser.picture("kiosk");
    fits(&mut browser, SIZES[0], "kiosk");
    // Fewer queues have wider cards, and so larger figures: they fit as well.
    for count in 2..QUEUES.len() {
        for size in &SIZES[..2] {
            let queues = QUEUES[..count].join(",");
            let url = format!("{url}?lang=ru&queues={queues}");
            browser.open(&url, *size, "light");
            let page = browser.ask("shown", json!({}));
            assert_eq!(page["queues"].as_array().unwrap().len(), count);
            let name = format!("{count}-queues-{}", size.0);
            browser.picture(&name);
            fits(&mut browser, *size, &name);
        }
    }
    alive.abort();
}

/// Pauses that last too long are told by reason, and are no part of what else is too long.
fn pauses_by_reason(page: &Value) {
    let (paused, long) = match page["language"].as_str() {
        Some("ru") => ("долгая пауза", "долго в статусе"),
        _ => ("paused too long", "too long in a state"),
    };
    let mut queues = page["queues"].as_array().unwrap().iter();
    let facts = &queues.find(|queue| queue["name"] == QUEUES[3]).unwrap()["facts"];
    let said = |reason: &str| {
        let said = &facts[format!("{paused}: {reason}")];
        said.as_str()
            .unwrap_or_else(|| panic!("{reason} in {facts}"))
    };
    assert!(said("lunch").starts_with("2 · 43:"), "{facts}");
    assert!(
        said("a training of two days …").starts_with("1 · 50:"),
        "{facts}"
    );
    assert_eq!(facts[long], "1", "{facts}");
}

/// Fewer than planned are marked; where no plan counts nothing stands.
fn agents_against_the_plan(page: &Value) {
    let (name, of) = match page["language"].as_str() {
        Some("ru") => ("по плану", "из"),
        _ => ("as planned", "of"),
    };
    let queues = page["queues"].as_array().unwrap();
    let mut shown: Vec<_> = queues
        .iter()
        .filter(|queue| !queue["facts"][name].is_null())
        .map(|queue| {
            let marked = queue["marked"].as_array().unwrap();
            let place = QUEUES.iter().position(|known| queue["name"] == *known);
            let text = queue["facts"][name].as_str().unwrap();
            (place, text.to_owned(), marked.contains(&name.into()))
        })
        .collect();
    shown.sort_unstable();
    let expected = [(0, 4, 6, true), (2, 4, 4, false), (4, 1, 2, true)];
    let expected = expected
        .map(|(place, there, planned, few)| (Some(place), format!("{there} {of} {planned}"), few));
    assert_eq!(shown, expected, "{page}");
    let of_all = match of {
        "из" => "специалисты",
        _ => "agents",
    };
    let hotline = format!("{of_all} {name}: 17 {of} 18");
    assert_eq!(page["agents"], hotline, "{page}");
    assert_eq!(page["agentsMarked"], true, "{page}");
}

/// Nothing is cut off or too small to read, nothing leaves the origin, and every rule of axe holds.
pub(crate) fn fits(browser: &mut Browser, (width, height): (u32, u32), name: &str) {
    let page = browser.ask("checked", json!({}));
    let number = |key: &str| page[key].as_f64().unwrap();
    let nothing = json!([]);
    assert_eq!(page["wrong"], nothing, "{name}");
    assert_eq!(page["violations"], nothing, "{name}");
    assert_eq!(page["cut"], nothing, "{name}");
    assert_eq!(page["crowded"], nothing, "{name}");
    assert!(number("width") <= f64::from(width), "{name}: {page}");
    if width > 500 {
        // A wall does not scroll; from five metres one reads what is a fiftieth of its height; labels
        // are known by their places.
        assert!(number("height") <= f64::from(height), "{name}: {page}");
        assert!(
            number("smallest") >= f64::from(height) / 58.0,
            "{name}: {page}"
        );
        assert!(
            number("largest") >= f64::from(height) / 15.0,
            "{name}: {page}"
        );
    } else {
        assert!(number("smallest") >= 12.0, "{name}: {page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: run tests/run"]
async fn the_wall_turns_red_and_grey_and_comes_back_by_itself() {
    let mut server = Server::start().await;
    let mut switch = Switch::connect(&server).await;
    let mut browser = Browser::start();
    // A caller has waited for 15 s of the 20 s; nobody is answered, and nothing more is told of any call.
    let entered_at = now() - 15 * SECOND;
    switch
        .call("stuck", vec![(16, arrived()), (15, entered(QUEUES[0]))])
        .await;
    let alive = switch.keep_alive(None);
    let url = format!("http://{}/wall", server.http_addr());
    browser.open(&url, SIZES[0], "dark");
    let state = |state: &str| format!("document.querySelector('article.{state}') !== null");
    browser.until(&state("good"), 4);
    let red_at = browser.until(&state("bad"), 20);
    let after = (red_at - entered_at) as f64 / SECOND as f64;
    assert!(
        (20.0..30.0).contains(&after),
        "red {after:.1} s after the caller came"
    );
    eprintln!(
        "a stuck queue is red {:.1} s after its caller has waited for T",
        after - 20.0
    );

    // The server dies: within seconds nothing on the wall may pass for current.
    alive.abort();
    let died_at = now();
    server.kill();
    let grey =
        "document.body.classList.contains('old') && !document.getElementById('stale').hidden";
    let grey_at = browser.until(grey, 20);
    let after = (grey_at - died_at) as f64 / SECOND as f64;
    assert!((8.0..14.0).contains(&after), "grey after {after:.1} s");
    let page = browser.ask("shown", json!({}));
    assert!(page["stale"].is_string(), "{page}");
    browser.picture("grey");
    server.restart().await;
    let mut switch = Switch::connect(&server).await;
    switch.sender.heartbeat(now()).await;
    let awake =
        "!document.body.classList.contains('old') && document.getElementById('stale').hidden";
    browser.until(awake, 20);
    browser.until(&state("bad"), 5);

    // The switch alone falls silent: the server says so, and the wall is grey as well.
    browser.until(grey, 20);
    let page = browser.ask("shown", json!({}));
    let stale = page["stale"].as_str().unwrap().to_owned();
    assert!(stale.contains("Not current"), "{stale}");

    // A page sleeps while much happens, and shows the newest at once when it wakes.
    switch.call("stuck", vec![(0, ended())]).await;
    browser.until(awake, 10);
    browser.ask("sleep", json!({ "asleep": true }));
    for number in 0..12 {
        switch
            .call(
                &format!("c{number}"),
                vec![(0, arrived()), (0, entered(QUEUES[0]))],
            )
            .await;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    browser.ask("sleep", json!({ "asleep": false }));
    let woken_at = now();
    let newest = "document.querySelector('.now b').textContent === '12'";
    let shown_at = browser.until(newest, 10);
    assert!(
        shown_at - woken_at < 3 * SECOND,
        "{} µs",
        shown_at - woken_at
    );
    browser.until(awake, 3);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: run tests/run"]
async fn an_event_is_on_the_wall_within_a_second() {
    let server = Server::start().await;
    let mut switch = Switch::connect(&server).await;
    switch
        .call("c0", vec![(0, arrived()), (0, entered(QUEUES[0]))])
        .await;
    let mut browser = Browser::start();
    browser.open(
        &format!("http://{}/wall", server.http_addr()),
        SIZES[0],
        "dark",
    );
    browser.ask("record", json!({}));
    let mut sent = Vec::new();
    for number in 1..40_u64 {
        // At no fixed place of any second.
        tokio::time::sleep(Duration::from_millis(350 + number * 137 % 500)).await;
        sent.push(now());
        let told = vec![(0, arrived()), (0, entered(QUEUES[0]))];
        switch.call(&format!("c{number}"), told).await;
    }
    let painted = until("the last one", || {
        let painted = browser.ask("recorded", json!({}));
        let last = painted.as_array().unwrap().last().unwrap()[0].clone();
        async move { (last == "40").then_some(painted) }
    })
    .await;
    // An event is seen with the first picture that has it or a later one.
    let painted: Vec<(u64, i64)> = painted
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            let at = one[1].as_f64().unwrap() * SECOND as f64;
            (one[0].as_str().unwrap().parse().unwrap(), at as i64)
        })
        .collect();
    let mut took: Vec<i64> = (2..)
        .zip(&sent)
        .map(|(waiting, sent)| {
            let seen = painted.iter().find(|(shown, _)| *shown >= waiting);
            (seen.unwrap().1 - sent) / 1_000
        })
        .collect();
    took.sort_unstable();
    let of = |share: f64| took[((took.len() - 1) as f64 * share) as usize];
    eprintln!(
        "event to pixels: p50 {} ms, p95 {} ms, most {} ms",
        of(0.5),
        of(0.95),
        of(1.0)
    );
    assert!(of(0.5) < 1_000, "{took:?}");
}
