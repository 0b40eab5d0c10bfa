// A real browser in the hand of tests/it/wall.rs: a command a line on stdin, its answer a line on stdout, both JSON.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const require = createRequire(`${process.env.DOZVON_TEST_NODE}/`);
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

// The tests' browser looks at the tests' own pages alone, and a container lets nobody make a sandbox.
const args = ["--no-sandbox", "--force-color-profile=srgb"];
const browser = await chromium.launch({ executablePath: process.env.DOZVON_TEST_CHROMIUM, args });
let page;
let wrong;

// What stands on the page, as text.
function read() {
  const text = (element) => element.textContent.trim();
  const stale = document.getElementById("stale");
  const queue = (article) => ({
    state: article.className,
    name: text(article.querySelector("h2 .name")),
    now: [...article.querySelectorAll(".now b")].map(text),
    facts: Object.fromEntries(
      [...article.querySelectorAll("dl div")].map((pair) => [text(pair.querySelector("dt")), text(pair.querySelector("dd"))])),
    marked: [...article.querySelectorAll("dl div:has(dd.mark) dt")].map(text),
  });
  const agents = document.getElementById("agents");
  return {
    language: document.documentElement.lang,
    line: text(document.getElementById("line")),
    agents: agents.hidden ? null : text(agents),
    refused: text(document.getElementById("refused")),
    notes: document.getElementById("notes").hidden ? null : text(document.getElementById("notes")),
    shape: document.querySelector("#line .shape")?.textContent ?? null,
    more: [...document.querySelectorAll("#more li")].map(text),
    agentsMarked: agents.querySelector(".mark") !== null,
    stale: stale.hidden ? null : text(stale),
    old: document.body.classList.contains("old"),
    queues: [...document.querySelectorAll("article")].map(queue),
  };
}

// What the layout does: sizes in pixels, and what does not fit into its box.
function measure() {
  const visible = [...document.querySelectorAll("body *")].filter((element) => element.offsetParent !== null);
  const size = (element) => parseFloat(getComputedStyle(element).fontSize);
  const written = visible.filter((element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim()));
  const cut = visible.filter((element) => element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0
    || element.tagName === "ARTICLE" && element.scrollHeight > element.clientHeight + 1);
  // Large figures that run into one another, or out of their card.
  const ink = (element) => {
    const range = document.createRange();
    range.selectNodeContents(element);
    return range.getBoundingClientRect();
  };
  // Agents stand side by side; the last must keep off the edge.
  const beyond = [...document.querySelectorAll(".agents")].filter((list) => {
    const { right } = list.lastElementChild.getBoundingClientRect();
    return right > list.getBoundingClientRect().right - 4;
  });
  const crowded = [...document.querySelectorAll("article")].filter((article) => {
    const { left, right } = article.getBoundingClientRect();
    const figures = [...article.querySelectorAll(".now b")].map(ink);
    const apart = figures.every((figure, place) => place === 0 || figures[place - 1].right + figure.height / 10 <= figure.left);
    return !(apart && figures.every((figure) => figure.left >= left && figure.right <= right));
  });
  return {
    crowded: [...crowded.map((article) => article.querySelector(".now")), ...beyond].map((found) => found.textContent),
    width: document.documentElement.scrollWidth,
    height: document.documentElement.scrollHeight,
    smallest: Math.min(...written.map(size)),
    largest: Math.min(...[...document.querySelectorAll(".now b")].map(size)),
    cut: cut.map((element) => `${element.tagName} ${element.textContent.trim()}`),
  };
}

const commands = {
  // Opens a page of a size and notes each request that leaves its origin, and each error.
  async open({ url, width, height, theme }) {
    await page?.context().close();
    const phone = width < 500 ? { isMobile: true, hasTouch: true, deviceScaleFactor: 2 } : {};
    const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme, ...phone });
    page = await context.newPage();
    wrong = [];
    const { origin } = new URL(url);
    page.on("request", (request) => {
      if (new URL(request.url()).origin !== origin) wrong.push(request.url());
    });
    page.on("pageerror", (error) => wrong.push(String(error)));
    page.on("console", (message) => {
      if (message.type() === "error" && !message.text().includes("favicon")) wrong.push(message.text());
    });
    await page.goto(url);
    await page.waitForSelector("article");
    return null;
  },
  shown: () => page.evaluate(read),
  async checked() {
    const layout = await page.evaluate(measure);
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => window.axe.run());
    const said = ({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.html} ${node.failureSummary}`).join(" | ")}`;
    return { ...layout, violations: violations.map(said), wrong };
  },
  // Waits until an expression is true in the page; when that was, in seconds since 1970.
  async until({ expression, seconds }) {
    const deadline = Date.now() + seconds * 1000;
    while (!(await page.evaluate(expression))) {
      if (Date.now() > deadline) throw new Error(`in vain: ${JSON.stringify(await page.evaluate(read))}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return Date.now() / 1000;
  },
  // A laptop that is shut: no script of the page runs.
  async sleep({ asleep }) {
    const session = await page.context().newCDPSession(page);
    await session.send("Page.setWebLifecycleState", { state: asleep ? "frozen" : "active" });
    return null;
  },
  // Notes each number of callers waiting and when it was painted.
  async record() {
    await page.evaluate(() => {
      window.painted = [];
      const look = () => {
        const waiting = document.querySelector(".now b")?.textContent;
        if (window.painted.at(-1)?.[0] !== waiting) window.painted.push([waiting, Date.now() / 1000]);
        requestAnimationFrame(look);
      };
      look();
    });
    return null;
  },
  recorded: () => page.evaluate(() => window.painted),
  async picture({ path }) {
    await page.screenshot({ path });
    return null;
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { command, ...rest } = JSON.parse(line);
  let answer;
  try {
    answer = { answer: await commands[command](rest) };
  } catch (error) {
    answer = { error: String(error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
await browser.close();
