//! The words of `--lang ru`: what tables say in English, and the same in Russian.
//!
//! Names stay as they are wherever one asks by them: queues, marks, ids of definitions and formulas, kinds of events.

mod counted;
mod survey;

/// Headings, words of closed lists, and phrases with their holes.
const WORDS: &[(&str, &str)] = &[
    // Reports and their parts.
    ("Queues", "Очереди"),
    ("Transfers", "Переводы"),
    ("Waits", "Ожидание"),
    ("Agents", "Специалисты"),
    ("Repeat calls", "Повторные звонки"),
    ("Unserved", "Необслуженные"),
    ("Lines", "Линии"),
    ("Calls", "Звонки"),
    ("Call", "Звонок"),
    ("Kinds", "Виды переводов"),
    ("Pauses", "Перерывы"),
    ("Curve", "Кривая ожидания"),
    ("Shared numbers", "Общие номера"),
    ("Matrix", "Откуда и куда"),
    ("Loops", "Пути по кругу"),
    // What stands around the figures.
    ("{}: {} to {}, {}\n", "{}: с {} по {} (не включая), {}\n"),
    ("no data", "нет данных"),
    ("no data from {} to {}, {}", "нет данных с {} по {}, {}"),
    ("No data in this period.\n", "За этот период данных нет.\n"),
    (
        "Each call once, under the first queue it entered, until its first human or its end\n",
        "Каждый звонок один раз, в первой очереди, куда он попал, до первого ответа человека или до конца\n",
    ),
    (
        "Each arrival, answer and exit in the interval in which it happened\n",
        "Каждое поступление, ответ и выход — в том интервале, когда они произошли\n",
    ),
    (
        "Only while the calendar {} is open: {} h of the period\n",
        "Только в рабочие часы календаря {}: {} ч за период\n",
    ),
    ("Only calls of the lines {}\n", "Только звонки линий: {}\n"),
    ("Only calls of the teams {}\n", "Только звонки групп: {}\n"),
    (
        "quantiles are within {} % of the exact ones; --exact reads every call",
        "квантили отличаются от точных не более чем на {} %; --exact читает каждый звонок",
    ),
    (
        "calls that arrived before {} are kept no more: {}",
        "звонки, поступившие до {}, больше не хранятся: {}",
    ),
    (
        "sums of calls that arrived before {} are kept no more either: {}",
        "суммы по звонкам, поступившим до {}, тоже больше не хранятся: {}",
    ),
    (
        "who made calls that arrived before {} is kept no more: {}",
        "кто звонил до {}, больше не хранится: {}",
    ),
    (
        "all figures of that time lack them",
        "в цифрах за то время их нет",
    ),
    (
        "the figures have their sums, but of history that came in too late to be kept; they themselves are in no list and no way",
        "их суммы в цифрах есть (кроме истории, загруженной уже после срока хранения), самих звонков в списках и путях нет",
    ),
    ("figures of callers lack them", "в цифрах о звонящих их нет"),
    (
        "calls open or not settled yet, counted, and may change: {}",
        "звонки, которые ещё идут или не закрыты (учтены, могут измениться): {}",
    ),
    (
        "of them of a source that is silent, so that nobody knows what became of them: {}",
        "из них от замолчавшего источника, и что с ними стало, неизвестно: {}",
    ),
    (
        "test calls, left out: {}",
        "проверочные звонки, не учтены: {}",
    ),
    (
        "source {} is silent since {}: what happened since then is not in the figures",
        "источник {} молчит с {}: что было после этого, в цифры не вошло",
    ),
    (
        "events of source {}, of whatever time: {}",
        "события источника {} за всё время: {}",
    ),
    ("{} never came", "не пришло: {}"),
    (
        "{} came late and are not in the figures",
        "опоздало и в цифры не вошло: {}",
    ),
    (
        "{} came late and are in the figures since a recompute",
        "опоздало и вошло в цифры после пересчёта: {}",
    ),
    ("{} were rejected", "отклонено: {}"),
    (
        "calls behind the figures: {}, digest {}",
        "звонки, из которых получены цифры: {}, отпечаток {}",
    ),
    (
        "which calls of these queues are behind the sums is not known; --exact reads them and has their digest",
        "по суммам неизвестно, какие именно звонки этих очередей в них вошли; --exact читает их и даёт отпечаток",
    ),
    (
        "settled up to {}: of calls that ended before, nothing is awaited",
        "закрыто по {}: о звонках, закончившихся раньше, ничего больше не ожидается",
    ),
    (
        "settled up to {}, where the slowest source {} stands: of calls that ended before, nothing is awaited",
        "закрыто по {}, где стоит самый медленный источник {}: о звонках, закончившихся раньше, ничего больше не ожидается",
    ),
    ("From", "С"),
    ("When", "Когда"),
    ("monday", "понедельник"),
    ("tuesday", "вторник"),
    ("wednesday", "среда"),
    ("thursday", "четверг"),
    ("friday", "пятница"),
    ("saturday", "суббота"),
    ("sunday", "воскресенье"),
    ("(none)", "(нет)"),
    ("ALL", "ВСЕ"),
    // Another period beside.
    ("\nCompared with {}\n", "\nВ сравнении с периодом {}\n"),
    ("{} to {}", "{} — {}"),
    ("the period before: {}", "прежний период: {}"),
    ("Of", "Что"),
    ("Figure", "Показатель"),
    ("Value", "Значение"),
    ("Before", "Было"),
    ("Difference", "Разница"),
    ("Compared\nwith", "В сравне-\nнии с"),
    ("measured otherwise", "считается иначе"),
    ("95 % interval", "95 %-й интервал"),
    (
        "{} further lines: every figure of every row is in CSV and Excel\n",
        "ещё {} {:строка|строки|строк}: все показатели всех строк — в CSV и Excel\n",
    ),
    (
        "Differences of shares are in points, with Newcombe's 95 % interval; the others are plain differences.\n",
        "Разницы долей — в процентных пунктах, с 95 %-м интервалом Ньюкомба; остальные — простые разности.\n",
    ),
    ("visits offered", "входов в очередь"),
    ("answered", "отвечено"),
    ("abandoned", "не дождались"),
    ("asa", "среднее ожидание ответа"),
    ("wait answered p90", "p90 ожидания отвеченных"),
    ("sl strict", "уровень сервиса strict"),
    ("abandon rate", "доля не дождавшихся"),
    ("lost rate", "доля потерянных"),
    ("calls served", "обслужено звонков"),
    ("transferred call rate", "доля переведённых"),
    ("transfers per call", "переводов на звонок"),
    ("returns", "возвраты"),
    ("wrong door rate", "доля «не та очередь»"),
    ("handled", "обработано"),
    ("handle time", "среднее время обработки"),
    ("answer rate", "доля ответов"),
    ("occupancy", "занятость"),
    ("paused", "перерывы"),
    ("got through", "дозвонились"),
    ("blocked", "отказы «занято»"),
    ("count", "число"),
    ("calls", "звонки"),
    ("calls anonymous", "звонки без номера"),
    ("people", "люди"),
    ("people spoken since", "с кем с тех пор поговорили"),
    ("callbacks promised", "обещано обратных звонков"),
    ("callbacks tried", "сделано попыток перезвонить"),
    ("callbacks reached", "дозвонились обратно"),
    ("callbacks kept", "перезвонили в срок"),
    // Queues.
    ("Queue", "Очередь"),
    ("Line", "Линия"),
    ("Team", "Группа"),
    ("Calendar", "Календарь"),
    ("Calls\narrived", "Звонков\nпоступило"),
    ("Left\nearly", "Ушли\nв меню"),
    ("Visits\noffered", "Вошли в\nочередь"),
    ("Answered", "Отвечено"),
    ("Abandoned", "Не до-\nждались"),
    ("Other\nexits", "Другие\nвыходы"),
    ("Waiting", "Ждут"),
    ("ASA", "Ср. ожид.\nответа"),
    ("p90 of\nanswered", "p90 от-\nвеченных"),
    ("Longest\nwait", "Самое\nдолгое"),
    ("{} SL", "УС {}"),
    ("{} SL\n{}s", "УС {}\n{} с"),
    ("own", "свой"),
    ("Abandon\nrate", "Доля не до-\nждавшихся"),
    ("As {} has it, {}: {}\n", "По счёту {}, {}: {}\n"),
    ("over {} s", "дольше {} с"),
    ("lost", "потеряно"),
    ("Service level, {}: {}\n", "Уровень сервиса, {}: {}\n"),
    ("strict SL", "УС strict"),
    ("Lost\nrate", "Доля\nпотерянных"),
    ("Waits, {}: {}\n", "Ожидание, {}: {}\n"),
    (
        "First queue to first human, {}: mean {} · p90 {}\n",
        "От первой очереди до первого ответа, {}: среднее {} · p90 {}\n",
    ),
    ("Calls, {}: {}\n", "Звонки, {}: {}\n"),
    ("Refused, {}: {} of {} ({})", "Отказано, {}: {} из {} ({})"),
    (
        " · all channels of a line busy for {}",
        " · все каналы линии были заняты {}",
    ),
    // How calls, visits and transfers end.
    ("served", "обслужен"),
    ("self_served", "решил в меню"),
    ("left_before_queue", "ушёл до очереди"),
    ("dismissed", "отправлен ни с чем"),
    ("callback_promised", "обещан обратный звонок"),
    ("message_left", "оставлено сообщение"),
    ("refused", "отказано"),
    ("diverted", "переадресован"),
    ("direct", "напрямую специалисту"),
    ("unknown", "неизвестно"),
    ("open", "идёт"),
    ("waiting", "ждёт"),
    ("abandoned_waiting", "не дождался"),
    ("abandoned_ringing", "не дождался под гудки"),
    ("timeout", "вышло время"),
    ("key_exit", "вышел по кнопке"),
    ("left_empty", "нет специалистов"),
    ("withdrawn", "переставлен"),
    ("callback", "обратный звонок"),
    ("error", "сбой"),
    ("other", "прочее"),
    ("no_answer", "не ответили"),
    ("busy", "занято"),
    ("rejected", "отклонил"),
    ("caller_gone", "звонящий ушёл"),
    ("ring_timeout", "гудки вышли"),
    ("answered_elsewhere", "ответил другой"),
    ("returned", "вернулся"),
    ("failed", "не удался"),
    ("pending", "ещё не ясно"),
    ("over_5", "больше 5"),
    ("blind", "слепой"),
    ("attended", "с консультацией"),
    ("conference", "через конференцию"),
    ("agent", "специалист"),
    ("queue", "очередь"),
    ("line", "линия"),
    ("team", "группа"),
    ("outside", "наружу"),
    ("inbound", "входящий"),
    ("return", "обратный"),
    ("caller", "звонящий"),
    ("pbx", "станция"),
    // Transfers.
    ("Calls\nserved", "Обслужено\nзвонков"),
    ("Trans-\nferred", "Пере-\nведено"),
    ("Rate", "Доля"),
    ("Per\ncall", "На\nзвонок"),
    ("Blind", "Слепые"),
    ("Attended", "С кон-\nсультацией"),
    ("Con-\nference", "Конфе-\nренция"),
    ("Returns", "Возвраты"),
    ("Failed", "Не\nудались"),
    ("Wait\nafter", "Ожидание\nпосле"),
    ("Wrong\ndoor", "Не та\nочередь"),
    ("Exces-\nsive", "Сверх\nмеры"),
    ("Reroutes", "Пере-\nмещения"),
    (
        "Calls by number of transfers, {}: {}\n",
        "Звонки по числу переводов, {}: {}\n",
    ),
    (
        "Calls by number of returns, {}: {}\n",
        "Звонки по числу возвратов, {}: {}\n",
    ),
    ("{} {} (wait {})", "{} {} (ожидание {})"),
    ("After transfers, {}: {}\n", "После переводов, {}: {}\n"),
    ("Failed, {}: {}\n", "Не удались, {}: {}\n"),
    ("From queue", "Из очереди"),
    ("From agent", "От специалиста"),
    ("To", "Куда"),
    ("which is", "что это"),
    ("Callers' time", "Время\nзвонящих"),
    (
        "{} further paths are in --part matrix\n",
        "ещё {} {:путь|пути|путей} — в --part matrix\n",
    ),
    ("Passed around", "Гоняли по кругу"),
    ("First call", "Первый звонок"),
    ("Per call", "На звонок"),
    (
        "{} further ways; the worst are in --part loops\n",
        "ещё {} {:путь|пути|путей}; худшие — в --part loops\n",
    ),
    ("bucket start", "начало"),
    ("definition", "определение"),
    ("kind", "вид"),
    ("target", "куда"),
    ("transfer wait sum", "ожидание после, сумма"),
    ("from kind", "откуда: что это"),
    ("from", "откуда"),
    ("to", "куда именно"),
    ("transfers", "переводы"),
    ("caller time sum", "время звонящих, сумма"),
    ("way", "путь"),
    ("caller time mean", "время звонящих, среднее"),
    ("first calls", "первые звонки"),
    // Waits.
    ("Exit", "Выход"),
    ("Mean", "Среднее"),
    ("≤ {} s", "≤ {} с"),
    ("{} – {} s", "{} – {} с"),
    ("{} s", "{} с"),
    ("any", "любое"),
    ("Time to\nanswer", "Время до\nответа"),
    ("Not\nanswered", "Не\nотвечено"),
    ("of those answered", "среди отвеченных"),
    ("if all stayed (W11)", "если бы все дождались (W11)"),
    ("not reached", "не достигнуто"),
    ("by {} s,\nif all stayed", "за {} с, если\nбы все дождались"),
    ("age", "сколько прождали"),
    ("at risk", "ещё ждали"),
    ("censored", "ушли без ответа"),
    ("survival", "доля ждущих дольше"),
    // Agents.
    ("Agent", "Специалист"),
    ("Handled", "Обрабо-\nтано"),
    ("Talk", "Разговор"),
    ("Hold", "Удер-\nжание"),
    ("of it\nconsult", "из него\nконсультации"),
    ("AHT", "Ср. обра-\nботка"),
    ("Missed", "Пропу-\nщено"),
    ("Busy", "Занято"),
    ("Paused", "Перерывы"),
    ("Wrap-up", "Пост-\nобработка"),
    ("Hung up\nfirst", "Положил\nпервым"),
    ("of them\nshort", "из них\nкоротких"),
    ("Available", "Свободен"),
    ("Ringing", "Звонит"),
    ("Talking", "Говорит"),
    ("Other\ncall", "Другой\nзвонок"),
    ("Desk", "У окна"),
    ("Logged\nout", "Не в\nсистеме"),
    ("reason", "причина"),
    ("Out", "Перевёл"),
    ("In", "Принял"),
    ("no reason told", "причина не названа"),
    ("Pauses of {}: {}\n", "Перерывы, {}: {}\n"),
    // Repeat calls.
    ("People", "Люди"),
    ("Again ≤ {}", "Снова ≤ {}"),
    ("Redial ≤ {}", "Перенабор ≤ {}"),
    ("Called again\nwithin {}", "Перезвонили\nза {}"),
    (
        "* within {}: of {} of {} calls it is not known yet, and they are left out\n",
        "* за {}: о {} из {} звонков это ещё неизвестно, и они не учтены\n",
    ),
    (
        "{} further shared numbers are in --part shared\n",
        "ещё {} {:общий номер|общих номера|общих номеров} — в --part shared\n",
    ),
    ("{}d", "{} дн"),
    ("{}h", "{} ч"),
    ("{}min", "{} мин"),
    ("{}s", "{} с"),
    ("Got through", "Дозвони-\nлись"),
    ("1st", "1-я"),
    ("2nd", "2-я"),
    ("3rd", "3-я"),
    ("later", "позже"),
    ("Lost", "Потеряны"),
    ("Withheld", "Без\nномера"),
    (
        "Shared number {}, left out: {} {:call|calls}\n",
        "Общий номер {}, не учтён: {} {:звонок|звонка|звонков}\n",
    ),
    // The unserved.
    (
        "Nobody who tried was left unserved.\n",
        "Необслуженных не осталось.\n",
    ),
    (
        "Unserved calls: {}, and {} without a number\nPeople: {}, spoken to since {}\n",
        "Необслуженных звонков: {}, и без номера: {}\nЛюдей: {}, из них с тех пор поговорили с: {}\n",
    ),
    (
        "Callbacks promised {}: tried {}, reached {}, in time {}\n",
        "Обещано обратных звонков {}: попыток {}, дозвонились {}, в срок {}\n",
    ),
    ("Caller", "Звонящий"),
    ("Last queue", "Последняя очередь"),
    ("Ended", "Чем кончилось"),
    ("Attempts", "Попытки"),
    ("First try", "Первая попытка"),
    ("Last try", "Последняя попытка"),
    (
        "and {} more: --output csv has all\n",
        "и ещё {} {:человек|человека|человек}: все — в --output csv\n",
    ),
    // Lines.
    ("Arrived", "Поступило"),
    ("Closed", "Закрыто"),
    ("Full", "Пере-\nполнено"),
    ("No agents", "Нет спе-\nциалистов"),
    ("Diverted", "Переадре-\nсовано"),
    ("Channels", "Каналы"),
    ("In use", "В работе"),
    ("All busy", "Все\nзаняты"),
    ("Blocked", "Отказы\n«занято»"),
    ("Erlang-B", "Эрланг B"),
    // Calls, and one call.
    ("Source", "Источник"),
    ("Outcome", "Исход"),
    ("Marks", "Пометки"),
    ("1st wait", "1-е ожи-\nдание"),
    (
        "Callers by the first {} digits of their pseudonym; --caller wants all of them, which --output csv has.\n",
        "Звонящие — по первым {} цифрам псевдонима; для --caller нужны все, они есть в --output csv.\n",
    ),
    (
        "No such calls in this period.\n",
        "Таких звонков за этот период нет.\n",
    ),
    (
        "{} calls shown, up to {} more in this period: raise --limit, or leave it out with --output csv",
        "показано {} {:звонок|звонка|звонков}, за этот период ещё до {}: увеличьте --limit или уберите его с --output csv",
    ),
    (
        "only the timeline is written; a table and JSON hold the explanations, too",
        "записан только ход звонка; объяснения есть в таблице и в JSON",
    ),
    ("{} of {}", "{}, источник {}"),
    ("caller {}", "звонящий {}"),
    ("line {}", "линия {}"),
    ("ended by {}", "закончил: {}"),
    ("may change", "может измениться"),
    ("Told", "Что сообщено"),
    ("At", "Когда"),
    ("Number", "Номер"),
    ("What", "Что"),
    ("Said", "Подробно"),
    ("Visits", "Очереди"),
    ("Visit", "Вход"),
    ("Entered", "Вошёл"),
    ("Left", "Вышел"),
    ("Wait", "Ожидание"),
    ("Offers", "Вызовы специалистов"),
    ("Rang", "Звонил с"),
    ("Until", "До"),
    ("Result", "Итог"),
    ("Legs", "Разговоры"),
    ("Connected", "Соединён"),
    ("Released", "Отпущен"),
    ("By", "Кем"),
    ("Method", "Способ"),
    ("Return", "Возврат"),
    ("yes", "да"),
    ("Counted", "Как учтён"),
];

/// What the server says in sentences.
pub(super) const TOLD: &[(&str, &str)] = &[
    (
        "answers by {} are of no queue, line, team or hours: such a choice has no effect",
        "у ответов канала {} нет очереди, линии, группы и часов работы: такой отбор не действует",
    ),
    (
        "this report has no lens: {} has no effect",
        "в этом отчёте взгляд один: {} не действует",
    ),
    (
        "this report has one basis: {} has no effect",
        "в этом отчёте основа одна: {} не действует",
    ),
    (
        "this report has no teams: calls that nobody answered belong to none",
        "в этом отчёте нет групп: звонки без ответа не относятся ни к одной",
    ),
    (
        "29 February is in one of the two periods only; a year away 28 February stands for it",
        "29 февраля есть лишь в одном из двух периодов; в другом году ему соответствует 28 февраля",
    ),
    (
        "the periods have {} and {} intervals: those without a partner stand alone",
        "интервалов в периодах {} и {}: те, кому нет пары, стоят отдельно",
    ),
    (
        "what counts for queue {} changed at {}: {}; what began before is measured as before",
        "правила очереди {} изменены с {}: {}; что началось раньше, считается по-прежнему",
    ),
    (
        "what counts for queues without their own changed at {}: {}; what began before is measured as before",
        "общие правила очередей изменены с {}: {}; что началось раньше, считается по-прежнему",
    ),
    (
        "what counts for queue {} differs between the two periods: {}; figures that rest on it have no difference",
        "правила очереди {} в двух периодах разные: {}; у показателей, которые от них зависят, разницы нет",
    ),
    (
        "what counts for queues without their own differs between the two periods: {}; figures that rest on it have no difference",
        "общие правила очередей в двух периодах разные: {}; у показателей, которые от них зависят, разницы нет",
    ),
    (
        "what counts for queue {} changed on {}, for the time before, which was over: {}; figures made before that differ",
        "правила очереди {} изменены {} задним числом, за прошедшее время: {}; прежние отчёты отличаются",
    ),
    (
        "what counts for queue {} changed on {}, for the time from {} on, which was over: {}; figures made before that differ",
        "правила очереди {} изменены {} задним числом, начиная с {}: {}; прежние отчёты отличаются",
    ),
    (
        "what counts for queues without their own changed on {}, for the time before, which was over: {}; figures made before that differ",
        "общие правила очередей изменены {} задним числом, за прошедшее время: {}; прежние отчёты отличаются",
    ),
    (
        "what counts for queues without their own changed on {}, for the time from {} on, which was over: {}; figures made before that differ",
        "общие правила очередей изменены {} задним числом, начиная с {}: {}; прежние отчёты отличаются",
    ),
    (
        "the hours of calendar {} changed on {}, for the time before, which was over: {}; figures made before that differ",
        "часы календаря {} изменены {} задним числом, за прошедшее время: {}; прежние отчёты отличаются",
    ),
    (
        "the hours of calendar {} changed on {}, for the time from {} on, which was over: {}; figures made before that differ",
        "часы календаря {} изменены {} задним числом, начиная с {}: {}; прежние отчёты отличаются",
    ),
    (
        "sums of calls that are kept no more were not counted on these thresholds, in seconds: {}; of those calls, who waited within 1 % of one may be on its wrong side",
        "суммы по звонкам, которые больше не хранятся, не считались по этим порогам, с: {}; из тех звонков ждавшие в пределах 1 % от порога могут быть не по ту его сторону",
    ),
    (
        "sums of calls that are kept no more were made with other planned routes than those configured: T8 and T10 of those calls leave out the routes of that time",
        "суммы по звонкам, которые больше не хранятся, считались с другими плановыми маршрутами: T8 и T10 тех звонков не учитывают маршруты того времени",
    ),
    (
        "of calls that are kept no more, some around the change at {} are measured as before it: their sums are by quarters of an hour",
        "из звонков, которые больше не хранятся, некоторые около изменения {} считаются по прежним правилам: их суммы — по четвертям часа",
    ),
    (
        "calls that arrived from {} to {} are in no figure: they are kept no more, and their sums are by quarters of an hour",
        "звонков, поступивших с {} до {}, нет ни в одной цифре: они больше не хранятся, а их суммы — по четвертям часа",
    ),
    (
        "weeks and months that a period cuts off stand alone, unless the other has as many days",
        "недели и месяцы, вошедшие в период не целиком, стоят отдельно, если в другом не столько же дней",
    ),
    (
        "no line {} is configured, and calls are looked for by that number; the nearest that is: {}",
        "линия {} не настроена, звонки ищутся по этому номеру; ближайшая настроенная: {}",
    ),
    (
        "callers were erased, last on {}; their calls, {} of the period and around it, are counted as nobody's, and nobody knows who called again",
        "звонившие удалены, последний раз {}; их звонки ({} за период и вокруг него) считаются ничьими, и кто перезвонил, неизвестно",
    ),
    (
        "callers were erased, last on {}; their calls, {} of whatever time, are counted as nobody's",
        "звонившие удалены, последний раз {}; их звонки ({} за всё время) считаются ничьими",
    ),
    ("and {} more", "и ещё {}"),
    (
        "sums do not tell answers from hang-ups that are closer than 1 %, so W11 is known between two ages, in seconds: {}; --exact reads every call",
        "по суммам не отличить ответы от уходов, если между ними меньше 1 %, поэтому W11 известно лишь между двумя временами, в секундах: {}; --exact читает каждый звонок",
    ),
    (
        "{} of {} from {} on: {} to {}",
        "{} для {} с {}: от {} до {}",
    ),
    (
        "the worst ways are of the first {} different ones: calls of further ways are left out of them, {}",
        "худшие пути выбраны из первых {} разных: звонков, прошедших другими путями и не учтённых, {}",
    ),
    (
        "headline from {} to {}",
        "главная формула: было {}, стало {}",
    ),
    ("calendar from {} to {}", "календарь: был {}, стал {}"),
    ("{} from {} s to {} s", "{}: было {} с, стало {} с"),
    ("{} from {} to {}", "{}: было {}, стало {}"),
    ("{} s then {}", "{} с, затем {}"),
    ("{} then {}", "{}, затем {}"),
    ("always", "всегда"),
    (
        "the formula that stands for the queue: {}",
        "формула, которая представляет очередь: {}",
    ),
    ("{}: each queue has its own", "{}: у каждой очереди своё"),
    ("each queue has its own", "у каждой очереди своя"),
    ("{} = {} s", "{} = {} с"),
];

/// The Russian of a heading, a word or a phrase.
pub(super) fn of(english: &str) -> Option<&'static str> {
    let mut all = WORDS.iter().chain(TOLD).chain(survey::WORDS);
    let found = all.find(|(key, _)| *key == english);
    found.map(|(_, russian)| *russian)
}

/// The Russian of a word that stands beside its number.
pub(super) fn counted(english: &str) -> Option<&'static str> {
    let found = counted::WORDS.iter().find(|(key, _)| *key == english);
    found.map(|(_, russian)| *russian)
}

/// The Russian of a channel of surveys.
pub(super) fn channel(english: &str) -> Option<&'static str> {
    let found = survey::CHANNELS.iter().find(|(key, _)| *key == english);
    found.map(|(_, russian)| *russian)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_phrase_is_there_once_and_has_the_holes_of_its_english() {
        let mut keys = BTreeSet::new();
        for (english, russian) in WORDS.iter().chain(TOLD).chain(survey::WORDS) {
            assert!(keys.insert(english), "{english} twice");
            let bare = |text: &str| text.matches("{}").count();
            assert_eq!(bare(english), bare(russian), "{english}");
            assert_eq!(
                english.ends_with('\n'),
                russian.ends_with('\n'),
                "{english}"
            );
        }
    }
}
