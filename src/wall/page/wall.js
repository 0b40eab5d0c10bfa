// The wallboard: draws what /wall/events tells. How a queue is doing, the server says; nothing is asked for elsewhere, and no
// agent's name comes here.
"use strict";

const SHAPES = { good: "●", warn: "▲", bad: "■", shut: "○", old: "?" };
const STATES = {
  QUEUE_STATE_GOOD: "good", QUEUE_STATE_CLOSED: "shut", QUEUE_STATE_BEYOND: "warn", QUEUE_STATE_STUCK: "bad",
  QUEUE_STATE_NOT_KNOWN: "old",
};
// Worst first. Of a queue whose switch is silent nobody can say more than that it wants asking after.
const URGENCY = ["bad", "warn", "old", "good", "shut"];
const STALE_AFTER = 10;
const RETRY_AFTER = 3;
// A clock that is further off is an administrator's concern, as in the alert.
const SKEW_MAX = 30;
// Cards that can be read from five metres; what does not fit stands in one line each below, and beyond that it is counted.
const CARDS_MAX = 6;
const LINES_MAX = 12;
// Reasons of pauses on a card, and letters of each: a card has other things to say.
const REASONS_MAX = 3;
const REASON_LENGTH_MAX = 24;
// Of a name in the address so much is repeated when no queue has it.
const NAME_MAX = 60;
// Below this width a hand holds the page and scrolls it.
const PHONE = matchMedia("(max-width: 700px)");
// Text that is larger than it must be where there is room, by the number of cards, and how small it may become.
const LARGEST = [1.7, 1.7, 1.7, 1.35, 1.35, 1.1, 1.1];
const SMALLEST = 0.9;

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
let picture = {};
let rest = [];
let fitted = null;
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

function shaped(state, text = "") {
  const made = element("span", SHAPES[state] + text, `shape ${state}`);
  made.setAttribute("aria-hidden", "true");
  return made;
}

const stateOf = (queue) => STATES[queue.state] || "good";
const waitOf = (queue) => (count(queue.waiting) > 0 ? clock(span(queue.oldestJourney)) : words.none);

// For how long nobody has told of a queue: since its switch was heard that was silent for longest.
function silence(queue) {
  const sources = ((picture.hotline || {}).sources || []).filter(({ source }) => (queue.sources || []).includes(source));
  const ages = sources.map(({ dataAge }) => span(dataAge)).filter((age) => age > STALE_AFTER);
  return ages.length > 0 ? Math.max(...ages) : null;
}

function said(queue) {
  if (stateOf(queue) === "shut") return words.shut;
  if (stateOf(queue) === "old") return words.queueOld(clock(silence(queue)));
  const why = words[queue.stateBecause] || words.good;
  return queue.open ? why : `${words.shut} · ${why}`;
}

// Four of five callers who come now wait between these two; why nothing is said where that is news.
function nextWaits(estimate) {
  if (!estimate || estimate.noneBecause) return estimate && estimate.noneBecause === "nobody_there" ? words.nobody_there : words.none;
  return `${clock(span(estimate.low))}–${clock(span(estimate.high))}`;
}

const isKnown = (value) => value !== undefined && value !== null;

// Agents against the plan. Without a plan nothing is said; where no agent is known, nobody can say who is there.
function againstPlan({ agentsThere: there, agentsPlanned: planned }) {
  if (!isKnown(planned)) return null;
  const text = `${isKnown(there) ? count(there) : words.none} ${words.of} ${count(planned)}`;
  return { text, tooFew: isKnown(there) && count(there) < count(planned) };
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

function agentFacts(queue) {
  const agents = queue.agents || {};
  const known = isKnown(queue.agentsThere);
  const of = (...states) => (known ? states.reduce((sum, state) => sum + count(agents[state]), 0) : words.none);
  const noneFree = known && count(agents.available) === 0 && count(queue.waiting) > 0;
  return facts([
    [words.available, of("available"), noneFree],
    [words.ringing, of("ringing")],
    [words.talking, of("talking")],
    [words.wrapUp, of("wrapUp")],
    [words.elsewhere, of("otherCall", "desk")],
    [words.paused, of("paused")],
  ], "agents");
}

// How wide a large figure is, in its own heights, in whatever font this screen has.
const pen = document.createElement("canvas").getContext("2d");
function widthOf(text) {
  pen.font = `700 100px ${getComputedStyle(document.body).fontFamily}`;
  return pen.measureText(text).width / 100;
}

function largeFigures(queue) {
  const quarter = (queue.windows || [])[2] || {};
  const figures = [
    [String(count(queue.waiting)), words.waiting],
    [waitOf(queue), words.oldest],
    [percent(quarter.serviceLevel), words.level],
  ];
  const made = element("div", undefined, "now");
  for (const [value, term] of figures) {
    const big = element("p");
    big.append(element("b", value), element("span", term));
    made.append(big);
  }
  // An hour's wait is wider than a minute's: all three stand side by side whatever they say.
  const ems = figures.reduce((sum, [value]) => sum + Math.max(widthOf(value), 1), 0);
  made.style.setProperty("--ems", (ems + 1.2).toFixed(2));
  return made;
}

// Pauses that last too long, by reason: how many, and the longest. Those of the most agents first; the last takes what is left.
function pauses(queue) {
  const all = (queue.pausedTooLong || []).map(({ reason, agents, longest }) => (
    { reason: reason || words.noReason, agents: count(agents), longest: span(longest) }));
  const rest = all.splice(all.length > REASONS_MAX ? REASONS_MAX - 1 : REASONS_MAX);
  if (rest.length > 0) all.push({
    reason: words.otherReasons,
    agents: rest.reduce((sum, { agents }) => sum + agents, 0),
    longest: Math.max(...rest.map(({ longest }) => longest)),
  });
  const clipped = (reason) => (reason.length > REASON_LENGTH_MAX ? `${reason.slice(0, REASON_LENGTH_MAX - 1)}…` : reason);
  return all.map(({ reason, agents, longest }) => [words.pausedFor(clipped(reason)), `${agents} · ${clock(longest)}`, true]);
}

function card(queue) {
  const state = stateOf(queue);
  const day = queue.day || {};
  const usual = queue.usual;
  const made = element("article", undefined, state);
  const head = element("h2");
  head.append(shaped(state), element("span", queue.queue, "name"), element("span", said(queue), "state"));
  const plan = againstPlan(queue);
  const next = nextWaits(queue.estimate);
  // Nothing out of the ordinary is no figure: what is there wants looking at.
  const shown = [
    [words.tooLong, (queue.tooLong || []).filter((one) => one.state !== "paused").length, true],
    ...pauses(queue),
    [words.twice, count(queue.secondTransfer), true],
    [words.repeat, count(queue.repeatWaiting), true],
  ].filter(([, number]) => number !== 0);
  if (next !== words.none) shown.push([words.next, next]);
  if (plan) shown.push([words.planned, plan.text, plan.tooFew]);
  if (usual) shown.push([words.evening, Math.round(usual.offeredExpected || 0)]);
  made.append(
    head,
    largeFigures(queue),
    agentFacts(queue),
    ...(shown.length > 0 ? [facts(shown, "minute")] : []),
    facts([
      usual ? [words.usual, `${count(day.offered)} (${Math.round(usual.offered || 0)})`] : [words.offered, count(day.offered)],
      [words.today, percent(day.serviceLevel)],
      [words.lost, percent(day.lostRate)],
      [words.asa, clock(span(day.asa))],
    ], "day"),
  );
  return made;
}

// A queue for which there is no card: how it is doing, and who waits.
function line(queue) {
  const state = stateOf(queue);
  const made = element("li", undefined, state);
  const waits = count(queue.waiting) > 0 ? `${count(queue.waiting)} · ${waitOf(queue)}` : words.none;
  made.append(shaped(state), element("span", queue.queue, "name"), element("strong", waits));
  return made;
}

// Of queues for which there is not even a line: how many are doing how.
function counted(queues) {
  const made = element("li");
  made.append(element("span", words.more(queues.length), "name"));
  for (const state of URGENCY) {
    const number = queues.filter((queue) => stateOf(queue) === state).length;
    if (number > 0) made.append(shaped(state, ` ${number}`));
  }
  return made;
}

// A kiosk for two queues must not say how many wait, or were turned away, elsewhere.
function drawHeader(queues) {
  const hotline = picture.hotline || {};
  const heading = document.getElementById("line");
  const waiting = queues.reduce((sum, queue) => sum + count(queue.waiting), 0);
  const oldest = Math.max(0, ...queues.map((queue) => span(queue.oldestJourney) || 0));
  const worst = URGENCY.find((state) => queues.some((queue) => stateOf(queue) === state)) || "shut";
  const many = queues.filter((queue) => stateOf(queue) === worst).length;
  const isOpen = queues.some((queue) => queue.open);
  if (queues.length === 0) heading.replaceChildren(chosen.length > 0 ? words.noneOfThese : words.empty);
  else {
    const number = worst === "good" || worst === "shut" ? "" : ` ${many}`;
    heading.replaceChildren(shaped(worst, number), ` ${isOpen ? words.open : words.shut} · ${words.line(waiting, clock(oldest))}`);
  }
  const sum = (of) => queues.reduce((all, queue) => all + count(of(queue)), 0);
  const [five, today] = chosen.length > 0
    ? [sum((queue) => ((queue.windows || [])[1] || {}).refused), sum((queue) => (queue.day || {}).refused)]
    : [count(((hotline.refused || [])[1] || {}).refused), count(hotline.refusedToday)];
  document.getElementById("refused").replaceChildren(`${words.refused}: `, element("strong", `${five} / ${today}`));
  const plan = chosen.length > 0 ? null : againstPlan(hotline);
  const agents = document.getElementById("agents");
  agents.hidden = plan === null;
  if (plan) agents.replaceChildren(`${words.agentsPlanned}: `, element("strong", plan.text, plan.tooFew ? "mark" : ""));
}

// The switches that matter here: of the queues shown, or all while none has told of a queue.
function sourcesOf(queues) {
  const sources = ((picture.hotline || {}).sources || []).filter((source) => !source.gone);
  const named = new Set(queues.flatMap((queue) => queue.sources || []));
  const theirs = sources.filter((source) => named.has(source.source));
  return chosen.length > 0 && theirs.length > 0 ? theirs : sources;
}

// How many letters are to be changed, left out, put in or swapped with the next, as a share of the longer word.
function unlike(one, other) {
  const rows = [...Array(one.length + 1).keys()].map((row) => [row]);
  rows[0] = [...Array(other.length + 1).keys()];
  for (let row = 1; row <= one.length; row += 1) {
    for (let place = 1; place <= other.length; place += 1) {
      const same = one[row - 1] === other[place - 1] ? 0 : 1;
      rows[row][place] = Math.min(rows[row - 1][place] + 1, rows[row][place - 1] + 1, rows[row - 1][place - 1] + same);
      const isSwapped = row > 1 && place > 1 && one[row - 1] === other[place - 2] && one[row - 2] === other[place - 1];
      if (isSwapped) rows[row][place] = Math.min(rows[row][place], rows[row - 2][place - 2] + 1);
    }
  }
  return rows[one.length][other.length] / Math.max(one.length, other.length, 1);
}

// Names in the address of this board that no queue has, each with the one that was perhaps meant.
function unknownQueues() {
  const names = (picture.queues || []).map(({ queue }) => queue);
  return chosen.filter((name) => !names.includes(name)).map((name) => {
    const asked = name.slice(0, NAME_MAX);
    const distance = (known) => unlike(asked.toLowerCase(), known.toLowerCase());
    const nearest = names.reduce((best, known) => (best === null || distance(known) < distance(best) ? known : best), null);
    return words.unknown(asked, nearest);
  });
}

// What makes figures doubtful though they are not old.
function drawNotes(sources) {
  const notes = unknownQueues().concat(sources.flatMap((source) => {
    const skew = span(source.skew) || 0;
    const off = skew > SKEW_MAX ? [words.behind(source.source, clock(skew))] : [];
    const early = skew < -SKEW_MAX ? [words.ahead(source.source, clock(-skew))] : [];
    const gaps = count(source.gapEvents) > 0 ? [words.gaps(source.source, count(source.gapEvents))] : [];
    return [...off, ...early, ...gaps];
  }));
  const made = document.getElementById("notes");
  made.hidden = notes.length === 0;
  made.textContent = notes.join(" · ");
}

// The queues of the picture that this board is for.
function shown() {
  const all = picture.queues || [];
  return chosen.length > 0 ? all.filter((queue) => chosen.includes(queue.queue)) : all;
}

function draw(told) {
  picture = told;
  heardAt = Date.now();
  const queues = shown();
  drawHeader(queues);
  drawNotes(queues.length > 0 ? sourcesOf(queues) : []);
  // Where not all fit on a screen, those that want looking at come first.
  const urgency = (queue) => URGENCY.indexOf(stateOf(queue));
  const waited = (queue) => (urgency(queue) < 2 ? span(queue.oldestJourney) || 0 : 0);
  const byUrgency = (one, other) => urgency(one) - urgency(other) || waited(other) - waited(one);
  const inOrder = queues.length > CARDS_MAX ? [...queues].sort(byUrgency) : queues;
  const cards = PHONE.matches ? inOrder : inOrder.slice(0, CARDS_MAX);
  const made = document.getElementById("queues");
  const columns = Math.max(1, Math.ceil(Math.sqrt(cards.length)));
  const rows = Math.max(1, Math.ceil(cards.length / columns));
  made.style.setProperty("--columns", String(columns));
  made.style.setProperty("--rows", String(rows));
  made.replaceChildren(...cards.map(card));
  rest = inOrder.slice(cards.length);
  settle();
}

// A banner that comes takes room.
function settle() {
  tick();
  fit();
}

// The queues without a card: as many lines as may be, the last one counts the others.
function drawMore(most) {
  const lines = rest.length > most ? rest.slice(0, most - 1) : rest;
  const more = document.getElementById("more");
  more.hidden = rest.length === 0;
  more.replaceChildren(...lines.map(line), ...(lines.length < rest.length ? [counted(rest.slice(lines.length))] : []));
}

// As large as there is room for: a wall does not scroll. Begun again only when what is to fit is otherwise.
function fit() {
  const root = document.documentElement;
  const cards = document.querySelectorAll("article").length;
  const wide = "article p, article dl, h2";
  const edge = (made) => made.getBoundingClientRect().right;
  const overflows = () => root.scrollHeight > innerHeight
    || [...document.querySelectorAll("article")].some((made) => made.scrollHeight > made.clientHeight + 1)
    || [...document.querySelectorAll(wide)].some((made) => made.scrollWidth > made.clientWidth + 1)
    // The padding must not be written on either.
    || [...document.querySelectorAll(".agents")].some((made) => edge(made.lastElementChild) > edge(made) - 4);
  if (PHONE.matches) return root.style.removeProperty("--scale");
  const banners = ["stale", "notes"].map((id) => document.getElementById(id).hidden);
  const figures = document.querySelectorAll("dl div").length;
  const key = [cards, figures, rest.length, innerWidth, innerHeight, ...banners].join();
  let { scale, lines } = key === fitted?.key ? fitted : { scale: LARGEST[cards] || 1, lines: LINES_MAX };
  const set = () => root.style.setProperty("--scale", scale.toFixed(2));
  set();
  drawMore(lines);
  for (; scale > SMALLEST && overflows(); scale -= 0.05, set());
  for (; lines > 1 && rest.length > 0 && overflows(); drawMore(lines)) lines -= 1;
  fitted = { key, scale, lines };
}

// Once a second: how old is what is shown, and whose silence is it?
function tick() {
  const passed = heardAt === null ? null : Math.max(0, (Date.now() - heardAt) / 1000);
  const sources = sourcesOf(shown()).map(({ source, dataAge }) => ({ source, age: span(dataAge) + passed }));
  const isCut = (Date.now() - (heardAt ?? loadedAt)) / 1000 > STALE_AFTER;
  const old = sources.filter(({ age }) => age > STALE_AFTER);
  const isAllOld = old.length > 0 && old.length === sources.length;
  const age = sources.length > 0 ? Math.max(...sources.map((source) => source.age)) : null;
  document.getElementById("age").replaceChildren(
    `${words.age}: `, element("strong", age === null ? words.none : `${Math.floor(age)} ${words.seconds}`));
  document.body.classList.toggle("old", isAllOld || isCut);
  const names = old.map(({ source, age: of }) => words.for(source, clock(of))).join(", ");
  const stale = document.getElementById("stale");
  stale.hidden = !(isCut || old.length > 0 || (heardAt !== null && age === null));
  const text = isCut ? words.cut : isAllOld ? words.old(names) : old.length > 0 ? words.partlyOld(names) : words.silent;
  if (stale.textContent !== text) stale.textContent = text;
}

// A page that slept finds all at once what was told meanwhile: only the last of it is drawn.
function drawNewest() {
  const told = JSON.parse(newest);
  newest = null;
  draw(told);
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
  settle();
  listenAgain();
}, 1000);
