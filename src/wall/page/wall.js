// The wallboard: draws what /wall/events tells. Nothing is asked for elsewhere; no agent's name comes here.
"use strict";

const WORDS = {
  en: {
    open: "open", shut: "closed", good: "all is well", warn: "callers wait too long", bad: "stuck",
    waiting: "waiting", oldest: "oldest wait", level: "in time, 15 min",
    available: "available", talking: "talking", paused: "paused", wrapUp: "after-call work",
    tooLong: "too long in a state", twice: "passed on twice", repeat: "call again",
    next: "next caller waits", nobody: "nobody there",
    offered: "calls today", usual: "calls today (usual)", today: "in time today", lost: "lost today", asa: "mean answer",
    planned: "agents as planned", of: "of",
    refused: "refused, 5 min / today", age: "data", seconds: "s", none: "–",
    stale: (s) => `Not current: the data is ${s} old`, cut: "No connection to the server",
    line: (n, w) => `${n} waiting · oldest ${w}`, silent: "No data from the switch yet", empty: "No queue is known yet",
  },
  ru: {
    open: "открыто", shut: "закрыто", good: "всё в порядке", warn: "ждут слишком долго", bad: "очередь стоит",
    waiting: "ждут", oldest: "дольше всех", level: "в срок, 15 мин",
    available: "свободны", talking: "говорят", paused: "на паузе", wrapUp: "обработка",
    tooLong: "долго в статусе", twice: "переведены дважды", repeat: "звонят снова",
    next: "новый звонок ждёт", nobody: "никого нет",
    offered: "звонков сегодня", usual: "звонков сегодня (обычно)", today: "в срок сегодня", lost: "потеряно сегодня", asa: "средний ответ",
    planned: "специалисты по плану", of: "из",
    refused: "отказы, 5 мин / сегодня", age: "данные", seconds: "с", none: "–",
    stale: (s) => `Данные устарели: им ${s}`, cut: "Нет связи с сервером",
    line: (n, w) => `ждут: ${n} · дольше всех ${w}`, silent: "От станции ещё нет данных", empty: "Очередей пока нет",
  },
};
const SHAPES = { good: "●", warn: "▲", bad: "■", shut: "○" };
const STALE_AFTER = 10;
const RETRY_AFTER = 3;
const FIT = 6;

const asked = new URLSearchParams(location.search);
const language = asked.get("lang") === "ru" ? "ru" : "en";
const words = WORDS[language];
const chosen = (asked.get("queues") || "").split(",").filter((name) => name !== "");
const wantsLight = asked.has("theme")
  ? asked.get("theme") === "light"
  : matchMedia("(prefers-color-scheme: light)").matches;
document.documentElement.lang = language;
document.documentElement.classList.toggle("light", wantsLight);

// Our own clock when the last picture came; it goes on while the browser sleeps.
const loadedAt = Date.now();
let heardAt = null;
let ageThen = null;
let events = null;
let listenedAt = 0;
let newest = null;

// "12.5s" as the contract's JSON writes a span.
const span = (text) => (text === undefined || text === null ? null : parseFloat(text));
const count = (value) => Number(value || 0);
const clock = (seconds) => {
  if (seconds === null) return words.none;
  const whole = Math.floor(seconds);
  const two = (part) => String(part).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
};
const percent = (share) =>
  share === undefined || share === null ? words.none : `${Math.round(share * 100)}${language === "ru" ? "\u00a0" : ""}%`;

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

// Four of five callers who come now wait between these two; why nothing is said where that is news.
function nextWaits(estimate) {
  if (!estimate || estimate.noneBecause) return estimate && estimate.noneBecause === "nobody_there" ? words.nobody : words.none;
  return `${clock(span(estimate.low))}–${clock(span(estimate.high))}`;
}

// Red: nobody was answered for a minute though somebody waits beyond the threshold, or twice beyond it, or nobody is there.
function stateOf(queue) {
  const waiting = count(queue.waiting);
  const agents = queue.agents || {};
  const oldest = span(queue.oldestWait) || 0;
  const target = span(queue.serviceLevelTarget) || 20;
  const minute = (queue.windows || [])[0] || {};
  const there = ["available", "ringing", "talking", "wrapUp"].reduce((sum, state) => sum + count(agents[state]), 0);
  const known = Object.values(agents).reduce((sum, agentsIn) => sum + count(agentsIn), 0);
  if (waiting > 0) {
    if (oldest > 2 * target || (oldest > target && count(minute.answered) === 0)) return "bad";
    if (known > 0 && there === 0 && oldest > 5) return "bad";
    if (oldest > target) return "warn";
  }
  return queue.open ? "good" : "shut";
}

// Agents against the plan: everybody who is not logged out is there. Without a plan nothing is said.
function againstPlan(all, planned) {
  if (planned === undefined || planned === null) return null;
  const agents = all || {};
  const known = Object.values(agents).reduce((sum, agentsIn) => sum + count(agentsIn), 0);
  const there = known - count(agents.loggedOut);
  // Where no agent is known, nobody can say who is there.
  const text = `${known > 0 ? there : words.none} ${words.of} ${count(planned)}`;
  return { text, tooFew: known > 0 && there < count(planned) };
}

function facts(pairs, className) {
  const list = element("dl", undefined, className);
  for (const [term, value, marked] of pairs) {
    const pair = element("div");
    pair.append(element("dt", term), element("dd", String(value), marked ? "mark" : ""));
    list.append(pair);
  }
  return list;
}

function card(queue) {
  const state = stateOf(queue);
  const agents = queue.agents || {};
  const quarter = (queue.windows || [])[2] || {};
  const day = queue.day || {};
  const usual = queue.usual;
  const made = element("article", undefined, state);
  const head = element("h2");
  const shape = element("span", SHAPES[state]);
  shape.setAttribute("aria-hidden", "true");
  const said = queue.open ? words[state] : `${words.shut}${state === "bad" ? ` · ${words.bad}` : ""}`;
  head.append(shape, element("span", queue.queue, "name"), element("span", said, "state"));
  const now = element("div", undefined, "now");
  for (const [value, term] of [
    [count(queue.waiting), words.waiting],
    [count(queue.waiting) > 0 ? clock(span(queue.oldestJourney)) : words.none, words.oldest],
    [percent(quarter.serviceLevel), words.level],
  ]) {
    const big = element("p");
    big.append(element("b", String(value)), element("span", term));
    now.append(big);
  }
  const plan = againstPlan(queue.agents, queue.agentsPlanned);
  // Nothing out of the ordinary is no line: what is there wants looking at.
  const unusual = [
    [words.tooLong, (queue.tooLong || []).length, true],
    [words.twice, count(queue.secondTransfer), true],
    [words.repeat, count(queue.repeatWaiting), true],
  ].filter(([, number]) => number > 0);
  made.append(
    head,
    now,
    facts([
      [words.available, count(agents.available), count(agents.available) === 0 && count(queue.waiting) > 0],
      [words.talking, count(agents.talking)],
      [words.wrapUp, count(agents.wrapUp)],
      [words.paused, count(agents.paused)],
    ], "agents"),
    ...(unusual.length > 0 ? [facts(unusual, "unusual")] : []),
    facts([
      [words.next, nextWaits(queue.estimate)],
      ...(plan ? [[words.planned, plan.text, plan.tooFew]] : []),
    ], "next"),
    facts([
      usual ? [words.usual, `${count(day.offered)} (${Math.round(usual.offered || 0)})`] : [words.offered, count(day.offered)],
      [words.today, percent(day.serviceLevel)],
      [words.lost, percent(day.abandonRate)],
      [words.asa, clock(span(day.asa))],
    ]),
  );
  return made;
}

function draw(shown) {
  const hotline = shown.hotline || {};
  heardAt = Date.now();
  ageThen = span(hotline.dataAge);
  const all = shown.queues || [];
  const queues = chosen.length > 0 ? all.filter((queue) => chosen.includes(queue.queue)) : all;
  // Of the queues shown: a kiosk for two of them must not say how many wait elsewhere.
  const waiting = queues.reduce((sum, queue) => sum + count(queue.waiting), 0);
  const oldest = Math.max(0, ...queues.map((queue) => span(queue.oldestJourney) || 0));
  const line = document.getElementById("line");
  const isOpen = queues.some((queue) => queue.open);
  if (queues.length === 0) line.textContent = words.empty;
  else line.textContent = `${isOpen ? "●" : "○"} ${isOpen ? words.open : words.shut} · ${words.line(waiting, clock(oldest))}`;
  const five = ((hotline.refused || [])[1] || {}).refused;
  const refused = document.getElementById("refused");
  refused.replaceChildren(`${words.refused}: `, element("strong", `${count(five)} / ${count(hotline.refusedToday)}`));
  const plan = againstPlan(hotline.agents, hotline.agentsPlanned);
  const agents = document.getElementById("agents");
  agents.hidden = plan === null;
  if (plan) agents.replaceChildren(`${words.planned}: `, element("strong", plan.text, plan.tooFew ? "mark" : ""));
  const main = document.getElementById("queues");
  main.classList.toggle("few", queues.length <= 2);
  const columns = Math.max(1, Math.ceil(Math.sqrt(queues.length)));
  main.style.setProperty("--columns", String(columns));
  main.style.setProperty("--rows", String(Math.max(1, Math.ceil(queues.length / columns))));
  // Where not all fit on a screen, those that want looking at come first.
  const urgency = (queue) => ["bad", "warn"].indexOf(stateOf(queue)) + 1 || 3;
  const inOrder = queues.length > FIT ? [...queues].sort((one, other) => urgency(one) - urgency(other)) : queues;
  main.replaceChildren(...inOrder.map(card));
  tick();
}

// Once a second: how old is what is shown?
function tick() {
  const passed = heardAt === null ? null : (Date.now() - heardAt) / 1000;
  const age = passed === null || ageThen === null ? null : ageThen + Math.max(0, passed);
  const isCut = (Date.now() - (heardAt ?? loadedAt)) / 1000 > STALE_AFTER;
  const isOld = age !== null && age > STALE_AFTER;
  document.getElementById("age").replaceChildren(
    `${words.age}: `, element("strong", age === null ? words.none : `${Math.floor(age)} ${words.seconds}`));
  document.body.classList.toggle("old", isOld || isCut);
  const stale = document.getElementById("stale");
  stale.hidden = !(isOld || isCut || (heardAt !== null && ageThen === null));
  const text = isCut ? words.cut : isOld ? words.stale(clock(age)) : words.silent;
  if (stale.textContent !== text) stale.textContent = text;
}

// A page that slept finds all at once what was told meanwhile: only the last of it is drawn.
function drawNewest() {
  const shown = JSON.parse(newest);
  newest = null;
  draw(shown);
}

function listen() {
  events?.close();
  listenedAt = Date.now();
  events = new EventSource("/wall/events");
  events.onmessage = (message) => {
    if (newest === null) setTimeout(drawNewest);
    newest = message.data;
  };
}

// The browser tries again by itself, except when it was turned away, or when the network went without a word.
function listenAgain() {
  const passed = Date.now() - Math.max(listenedAt, heardAt ?? 0);
  const isShut = events.readyState === EventSource.CLOSED;
  if (passed > (isShut ? RETRY_AFTER : STALE_AFTER) * 1000) listen();
}

listen();
setInterval(() => {
  tick();
  listenAgain();
}, 1000);
