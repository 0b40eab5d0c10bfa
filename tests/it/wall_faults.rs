//! The wallboard on a bad day, in a real browser: waits of an hour, queues in which everybody gives up, switches that fall
//! silent or have a wrong clock, more queues than cards.

use std::time::Duration;

use dozvon::proto::v1::call_event::Kind;
use dozvon::proto::v1::{AgentOffered, AgentState, CallRefused, Event, RefusalReason, event::Body};
use serde_json::{Value, json};

use crate::browser::{Browser, Switch, connected, entered};
use crate::harness::Server;
use crate::sender::{SECOND, arrived, ended, now, time};
use crate::wall::{SIZES, fits};

fn rings(agent: &str, queue: &str) -> Kind {
    Kind::AgentOffered(AgentOffered {
        agent: agent.to_owned(),
        queue: queue.to_owned(),
    })
}

fn refused(queue: &str) -> Kind {
    Kind::Refused(CallRefused {
        reason: RefusalReason::Full.into(),
        queue: queue.to_owned(),
        ..CallRefused::default()
    })
}

async fn wait_in(switch: &mut Switch, call: &str, queue: &str, ago: i64) {
    let told = vec![(ago + 1, arrived()), (ago, entered(queue))];
    switch.call(call, told).await;
}

fn opened(browser: &mut Browser, url: &str, size: (u32, u32), name: &str) -> Value {
    browser.open(url, size, "dark");
    browser.picture(name);
    browser.ask("shown", json!({}))
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: run tests/run"]
async fn an_hours_wait_is_read_in_every_size_and_a_kiosk_speaks_of_its_own_queues() {
    let server = Server::start().await;
    let mut switch = Switch::connect(&server).await;
    let queues = ["Регистрация безработных", "Пособия и выплаты", "Вакансии"];
    for (queue, ago) in [(0, 4_100), (1, 3_700), (2, 9)] {
        for number in 0..11 {
            let call = format!("{queue}-{number}");
            wait_in(&mut switch, &call, queues[queue], ago - number).await;
        }
    }
    for (call, queue) in [("r1", queues[1]), ("r2", queues[2]), ("r3", queues[2])] {
        let told = vec![(1, arrived()), (0, refused(queue))];
        switch.call(call, told).await;
    }
    // Served in time, so that the widest figure of all stands beside the others: 100 %.
    for number in 0..40 {
        let call = format!("served-{number}");
        let told = vec![
            (50, arrived()),
            (49, entered(queues[2])),
            (48, connected("anna", queues[2])),
            (30, ended()),
        ];
        switch.call(&call, told).await;
    }
    switch
        .agent("boris", queues[1], AgentState::Available, 20)
        .await;
    switch
        .call("1-0", vec![(0, rings("boris", queues[1]))])
        .await;
    let alive = switch.keep_alive(None);
    let mut browser = Browser::start();
    let url = format!("http://{}/wall?lang=ru", server.http_addr());
    for (width, height) in SIZES {
        for count in 1..=queues.len() {
            let chosen = queues[..count].join(",");
            let name = format!("hour-{count}-{width}");
            let url = format!("{url}&queues={chosen}");
            let page = opened(&mut browser, &url, (width, height), &name);
            let mut oldest = page["queues"].as_array().unwrap().iter();
            let hours = |queue: &Value| queue["now"][1].as_str().unwrap().starts_with("1:0");
            assert!(oldest.any(hours), "{page}");
            fits(&mut browser, (width, height), &name);
        }
    }
    let url = format!("{url}&queues={}", queues[1]);
    let page = opened(&mut browser, &url, SIZES[1], "hour-kiosk");
    let line = page["line"].as_str().unwrap();
    assert!(line.contains("ждут: 11 · дольше всех 1:0"), "{line}");
    assert_eq!(page["refused"], "отказы, 5 мин / сегодня: 1 / 1");
    assert_eq!(page["shape"], "■ 1", "{page}");
    // A ringing telephone is not nobody.
    let facts = &page["queues"][0]["facts"];
    assert_eq!(
        (&facts["свободны"], &facts["звонит"]),
        (&"0".into(), &"1".into())
    );
    alive.abort();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: run tests/run"]
async fn a_queue_turns_red_when_one_caller_after_the_other_gives_up_in_time() {
    let server = Server::start().await;
    let mut switch = Switch::connect(&server).await;
    for (number, ago) in (0..).zip([45, 36, 27]) {
        let told = vec![
            (ago, arrived()),
            (ago, entered("jobs")),
            (ago - 18, ended()),
        ];
        switch.call(&format!("gave-up-{number}"), told).await;
    }
    wait_in(&mut switch, "waits", "jobs", 3).await;
    let alive = switch.keep_alive(None);
    let mut browser = Browser::start();
    let url = format!("http://{}/wall?lang=ru", server.http_addr());
    let page = opened(&mut browser, &url, SIZES[0], "gave-up");
    assert_eq!(page["queues"][0]["state"], "bad", "{page}");
    assert_eq!(page["shape"], "■ 1", "{page}");
    let said = "document.querySelector('h2 .state').textContent === 'никому не ответили'";
    browser.until(said, 3);
    alive.abort();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: run tests/run"]
async fn one_silent_switch_greys_its_own_queues_and_is_named() {
    let server = Server::start().await;
    let mut lost = Switch::connect_as(&server, "pbx9").await;
    // It was red when it was heard last, which says nothing of this moment.
    wait_in(&mut lost, "a", "Архив", 300).await;
    let before = vec![
        (9, arrived()),
        (8, entered("Пособия и выплаты")),
        (5, ended()),
    ];
    lost.call("e", before).await;
    let mut slow = Switch::connect_as(&server, "pbx2").await;
    let at = now() - 600 * SECOND;
    // Two numbers before it were never told.
    let event = Event {
        sequence: 3,
        ..event(at, "b", entered("Для работодателей"))
    };
    assert_eq!(slow.sender.batch_at(at, vec![event]).await.accepted, 1);
    let mut switch = Switch::connect(&server).await;
    wait_in(&mut switch, "c", "Вакансии", 90).await;
    wait_in(&mut switch, "d", "Пособия и выплаты", 95).await;
    let alive = switch.keep_alive(None);
    let slow = tokio::spawn(async move {
        loop {
            slow.sender.heartbeat(now() - 600 * SECOND).await;
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
    });
    let mut browser = Browser::start();
    let url = format!("http://{}/wall", server.http_addr());
    browser.open(&url, SIZES[1], "dark");
    browser.until("document.querySelector('article.old') !== null", 20);
    browser.picture("one-silent");
    let page = browser.ask("shown", json!({}));
    assert_eq!(page["old"], false, "{page}");
    let stale = page["stale"].as_str().unwrap();
    assert!(
        stale.starts_with("Partly not current: no word from pbx9 for 0:1"),
        "{stale}"
    );
    let queues = page["queues"].as_array().unwrap().iter();
    let states = queues.map(|queue| {
        (
            queue["name"].as_str().unwrap(),
            queue["state"].as_str().unwrap(),
        )
    });
    let states: Vec<_> = states
        .filter(|(name, _)| *name != "Для работодателей")
        .collect();
    let expected = [
        ("Архив", "old"),
        ("Вакансии", "bad"),
        // The silent switch told of it as well: that somebody waits by the other one is known.
        ("Пособия и выплаты", "bad"),
    ];
    assert_eq!(states, expected, "{page}");
    assert_eq!(page["shape"], "■ 2", "{page}");
    let notes = page["notes"].as_str().unwrap();
    for note in ["pbx2: clock 10:00 behind", "pbx2: 2 events never came"] {
        assert!(notes.contains(note), "{notes}");
    }
    fits(&mut browser, SIZES[1], "one silent");
    // The same in Russian, with two banners and four queues: it still fits.
    let page = opened(
        &mut browser,
        &format!("{url}?lang=ru"),
        SIZES[1],
        "one-silent-ru",
    );
    let stale = page["stale"].as_str().unwrap();
    assert!(
        stale.starts_with("Часть данных устарела: pbx9 молчит 0:"),
        "{stale}"
    );
    fits(&mut browser, SIZES[1], "one silent, ru");
    // A kiosk whose address names a queue that there is not.
    let address = format!("{url}?queues=Вакансии,Пособие и выплаты");
    let page = opened(&mut browser, &address, SIZES[1], "misspelt");
    let notes = page["notes"].as_str().unwrap();
    let said = "no queue “Пособие и выплаты” is known; the nearest is “Пособия и выплаты”";
    assert_eq!(notes, said, "{page}");
    assert_eq!(page["queues"].as_array().unwrap().len(), 1, "{page}");
    fits(&mut browser, SIZES[1], "misspelt");
    alive.abort();
    slow.abort();
}

fn event(at: i64, call: &str, kind: Kind) -> Event {
    let call = dozvon::proto::v1::CallEvent {
        call_id: call.to_owned(),
        kind: Some(kind),
    };
    Event {
        sequence: 0,
        occurred_at: Some(time(at)),
        body: Some(Body::Call(call)),
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: run tests/run"]
async fn of_many_queues_the_worst_have_cards_and_the_others_a_line_or_are_counted() {
    let server = Server::start().await;
    let mut switch = Switch::connect(&server).await;
    for number in 0..17 {
        // The last three are stuck, the last of them for longest.
        let ago = if number < 14 { 2 } else { 30 + number };
        let queue = format!("Отдел {number:02} и его длинная очередь");
        wait_in(&mut switch, &format!("c{number}"), &queue, ago).await;
    }
    let mut lost = Switch::connect_as(&server, "lost").await;
    wait_in(&mut lost, "lost", "Отдел 99 и его станция", 900).await;
    let alive = switch.keep_alive(None);
    let mut browser = Browser::start();
    let url = format!("http://{}/wall?lang=ru", server.http_addr());
    browser.open(&url, SIZES[0], "dark");
    browser.until("document.querySelector('article.old') !== null", 20);
    for size in &SIZES[..2] {
        let name = format!("many-{}", size.0);
        let page = opened(&mut browser, &url, *size, &name);
        assert_eq!(page["shape"], "■ 3", "{page}");
        let queues = page["queues"].as_array().unwrap();
        assert_eq!(queues.len(), 6, "{page}");
        let first = queues.iter().take(4);
        let first =
            first.map(|queue| queue["name"].as_str().unwrap()["Отдел ".len()..][..2].to_owned());
        assert_eq!(first.collect::<Vec<_>>(), ["16", "15", "14", "99"]);
        let more = page["more"].as_array().unwrap();
        let lines = more.iter().map(|line| line.as_str().unwrap());
        let named = lines.clone().filter(|line| line.contains("Отдел")).count();
        let counted = lines.filter_map(|line| {
            line.strip_prefix("и ещё ")?
                .split('●')
                .next()?
                .trim()
                .parse::<usize>()
                .ok()
        });
        assert_eq!(named + counted.sum::<usize>(), 12, "{page}");
        fits(&mut browser, *size, &name);
    }
    alive.abort();
}
