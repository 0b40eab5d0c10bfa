// What the wallboard says, in its languages.
"use strict";

const WORDS = {
  en: {
    open: "open", shut: "closed", good: "all is well",
    waits_long: "wait too long", many_lost: "many are lost",
    nobody_there: "nobody there", unheeded: "stuck", waits_twice: "stuck", nobody_answered: "nobody answered",
    waiting: "waiting", oldest: "oldest wait", level: "in time, 15 min",
    available: "free", ringing: "ringing", talking: "talking", wrapUp: "wrap-up", elsewhere: "other", paused: "paused",
    tooLong: "too long in a state", twice: "passed on twice", repeat: "call again",
    next: "next caller waits", evening: "by evening",
    offered: "entered today", usual: "entered (usual)", today: "in time today", lost: "lost today", asa: "mean answer",
    planned: "as planned", agentsPlanned: "agents as planned", of: "of",
    refused: "refused, 5 min / today", age: "data", seconds: "s", none: "–",
    line: (n, w) => `${n} waiting · oldest ${w}`, silent: "No data from the switch yet", empty: "No queue is known yet",
    old: (names) => `Not current: no word from ${names}`, partlyOld: (names) => `Partly not current: no word from ${names}`,
    for: (name, s) => `${name} for ${s}`, queueOld: (s) => `no data for ${s}`, cut: "No connection to the server",
    behind: (name, s) => `${name}: clock ${s} behind`, ahead: (name, s) => `${name}: clock ${s} ahead`,
    gaps: (name, n) => `${name}: ${n} events never came`, more: (n) => `and ${n} more`,
  },
  ru: {
    open: "открыто", shut: "закрыто", good: "всё в порядке",
    waits_long: "ждут слишком долго", many_lost: "многие потеряны",
    nobody_there: "никого нет", unheeded: "очередь стоит", waits_twice: "очередь стоит", nobody_answered: "никому не ответили",
    waiting: "ждут", oldest: "дольше всех", level: "в срок, 15 мин",
    available: "свободны", ringing: "звонит", talking: "говорят", wrapUp: "обработка", elsewhere: "другое", paused: "пауза",
    tooLong: "долго в статусе", twice: "переведены дважды", repeat: "звонят снова",
    next: "новый звонок ждёт", evening: "к вечеру",
    offered: "вошли сегодня", usual: "вошли (обычно)", today: "в срок сегодня", lost: "потеряно сегодня", asa: "средний ответ",
    planned: "по плану", agentsPlanned: "специалисты по плану", of: "из",
    refused: "отказы, 5 мин / сегодня", age: "данные", seconds: "с", none: "–",
    line: (n, w) => `ждут: ${n} · дольше всех ${w}`, silent: "От станции ещё нет данных", empty: "Очередей пока нет",
    old: (names) => `Данные устарели: ${names}`, partlyOld: (names) => `Часть данных устарела: ${names}`,
    for: (name, s) => `${name} молчит ${s}`, queueOld: (s) => `нет данных ${s}`, cut: "Нет связи с сервером",
    behind: (name, s) => `${name}: часы отстают на ${s}`, ahead: (name, s) => `${name}: часы спешат на ${s}`,
    gaps: (name, n) => `${name}: пропало событий: ${n}`, more: (n) => `и ещё ${n}`,
  },
};
